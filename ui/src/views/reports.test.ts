import { flushSync, unmount } from 'svelte'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { FakeDesk } from '../api/fake-desk'
import { hostOver } from '../api/host'
import { isDay, span } from '../features/reports/words'
import { open as show } from '../open'

const settings = { locale: 'zh-CN', theme: 'dark', time_zone: 'Asia/Shanghai', kiosk: false, type_scale: 1, boards: [] }
let app: Record<string, unknown> | null = null
let asked: { command: string; args: Record<string, unknown> }[] = []

async function pass(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms)
  flushSync()
}
async function open(query = ''): Promise<void> {
  location.hash = '#desk/reports'
  asked = []
  const desk = new FakeDesk(new URLSearchParams(query), () => settings)
  const host = hostOver(async (command, args = {}) => {
    if (command.startsWith('report_')) asked.push({ command, args })
    return desk.answer(command, args) ?? null
  })
  const target = document.createElement('div')
  document.body.append(target)
  app = await show(host, target)
  // The page comes as a file of its own.
  await vi.dynamicImportSettled()
  await pass(300)
}
const one = (selector: string): HTMLElement => {
  const found = document.querySelector<HTMLElement>(selector)
  if (found === null) throw new Error(`no ${selector}`)
  return found
}
const click = async (selector: string): Promise<void> => {
  one(selector).click()
  await pass(100)
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance', 'requestAnimationFrame', 'Date'] })
  Object.defineProperty(document, 'fonts', { value: { ready: Promise.resolve() }, configurable: true })
})
afterEach(async () => {
  if (app !== null) await unmount(app)
  app = null
  document.body.replaceChildren()
  location.hash = ''
  vi.useRealTimers()
})

describe('报表', () => {
  it('lists what is there, shows the newest as it was written, and every text stays text', async () => {
    await open()
    expect(document.querySelectorAll('[data-report]').length).toBe(3)
    expect(one('[data-report]').textContent).toContain('定时生成')
    expect(document.querySelectorAll('[data-plan]').length).toBe(2)
    const paper = one('[data-paper]')
    expect(one('[data-verdict]').textContent).toContain('1 项服务质量未达标')
    expect(paper.textContent).toContain('<img src=x onerror=')
    expect(paper.textContent).not.toMatch(/\u202e/)
    // A chart is an image: what stands in it is no part of the page.
    const images = [...paper.querySelectorAll('img')]
    expect(images.length).toBe(3)
    expect(images.every((image) => image.src.startsWith('data:image/svg+xml'))).toBe(true)
    expect(paper.querySelectorAll('script, iframe').length).toBe(0)
    expect('hacked' in window).toBe(false)
  })

  it('says of a report without a sheet that there are only files', async () => {
    await open()
    await click('[data-report="1/m1"]')
    expect(one('[data-sheet]').textContent).toContain('只有文件')
    expect((one('[data-send]') as HTMLButtonElement).disabled).toBe(true)
  })

  it('makes one beside everything else, one at a time, and opens it', async () => {
    await open()
    await click('[data-make]')
    await click('[data-kind=weekly]')
    await click('[data-when=last]')
    await click('[data-submit]')
    expect(asked.at(-1)).toEqual({ command: 'report_make', args: { ask: { kind: 'weekly', day: null, locale: 'zh-CN' } } })
    expect(one('[data-making]').textContent).toContain('正在生成周报')
    expect((one('[data-make]') as HTMLButtonElement).disabled).toBe(true)
    await pass(5_000)
    expect(document.querySelector('[data-making]')).toBeNull()
    expect(one('[data-sheet]').dataset.sheet).toBe('0/made-1')
    expect(one('[data-report][aria-current]').dataset.report).toBe('0/made-1')
  })

  it('takes no day that is none, or has not come', async () => {
    await open()
    await click('[data-make]')
    await click('[data-when=day]')
    const field = one('[data-day]') as HTMLInputElement
    const write = async (text: string): Promise<boolean> => {
      field.value = text
      field.dispatchEvent(new Event('input', { bubbles: true }))
      await pass(50)
      return !(one('[data-submit]') as HTMLButtonElement).disabled
    }
    expect(await write('2026-02-30')).toBe(false)
    expect(await write('9999-01-01')).toBe(false)
    expect(await write('2020-02-29')).toBe(true)
    await click('[data-submit]')
    expect(asked.at(-1)?.args).toEqual({ ask: { kind: 'daily', day: '2020-02-29', locale: 'zh-CN' } })
  })

  it('says why one was not made, by hand or on schedule', async () => {
    await open('nodisk')
    expect(one('[data-plan-failed]').textContent).toContain('Permission denied')
    await click('[data-make]')
    await click('[data-submit]')
    await pass(5_000)
    expect(one('[data-failed]').textContent).toBe('没有生成：写不进 /data/reports/by-hand/x.pdf：No space left on device。请检查目录权限与磁盘空间')
  })

  it('mails it only to those who were named before', async () => {
    await open()
    await click('[data-send]')
    expect([...document.querySelectorAll('[data-receivers] li')].map((li) => li.textContent)).toEqual(['boss@example.com', 'ops@example.com'])
    expect(asked.some((ask) => ask.command === 'report_send')).toBe(false)
    await click('[data-submit]')
    expect(asked.at(-1)).toEqual({ command: 'report_send', args: { id: '1/d1', to: ['boss@example.com', 'ops@example.com'] } })
    expect(document.querySelector('[data-dialog]')).toBeNull()
    await click('[data-save-report]')
    expect(one('[data-saved]').textContent).toContain('exports/report.pdf')
  })

  it('cannot mail without a server', async () => {
    await open('nomail')
    const button = one('[data-send]') as HTMLButtonElement
    expect(button.disabled).toBe(true)
    expect(button.title).toContain('[mail]')
  })

  it('says how to begin where there is nothing', async () => {
    await open('empty')
    expect(one('[data-feature=reports]').textContent).toContain('还没有报表')
    expect(one('[data-feature=reports]').textContent).toContain('没有定时报表')
  })
})

describe('words of reports', () => {
  it('knows days of the calendar', () => {
    expect(['2026-11-20', '2024-02-29'].every(isDay)).toBe(true)
    expect(['2026-11-31', '2026-1-1', '20261120', '', '2023-02-29'].some(isDay)).toBe(false)
  })

  it('writes periods', () => {
    expect(span({ kind: 'daily', first: '2026-11-20', last: '2026-11-20' })).toBe('2026-11-20')
    expect(span({ kind: 'weekly', first: '2026-11-16', last: '2026-11-22' })).toBe('2026-11-16 至 11-22')
    expect(span({ kind: 'weekly', first: '2026-12-28', last: '2027-01-03' })).toBe('2026-12-28 至 2027-01-03')
    expect(span({ kind: 'monthly', first: '2026-10-01', last: '2026-10-31' })).toBe('2026-10')
  })
})
