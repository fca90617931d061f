import { flushSync, unmount } from 'svelte'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { FakeDesk } from '../api/fake-desk'
import { hostOver } from '../api/host'
import type { RotaEdit } from '../api/wire'
import { open as show } from '../open'

const settings = { locale: 'zh-CN', theme: 'dark', time_zone: 'Asia/Shanghai', kiosk: false, type_scale: 1, boards: [] }
let app: Record<string, unknown> | null = null
let edits: RotaEdit[] = []
let previews: RotaEdit[] = []
let refuse: { edit: string; error: unknown } | null = null

async function open(): Promise<void> {
  location.hash = '#desk/rota'
  const desk = new FakeDesk(new URLSearchParams(''), () => settings)
  const host = hostOver(async (command, args = {}) => {
    if (command === 'rota_preview') {
      previews.push(args.edit as RotaEdit)
      if (refuse?.edit === (args.edit as RotaEdit).edit) throw refuse.error
    }
    if (command === 'rota_edit') edits.push(args.edit as RotaEdit)
    return desk.answer(command, args) ?? null
  })
  const target = document.createElement('div')
  document.body.append(target)
  app = await show(host, target)
  await pass(300)
}
async function pass(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms)
  flushSync()
}
const all = (selector: string): HTMLElement[] => [...document.querySelectorAll<HTMLElement>(selector)]
const one = (selector: string): HTMLElement => {
  const found = document.querySelector<HTMLElement>(selector)
  if (found === null) throw new Error(`no ${selector}`)
  return found
}
const click = async (selector: string): Promise<void> => {
  one(selector).click()
  await pass(400)
}
const verdict = (within: string): string | undefined => one(`${within} [data-verdict-of-edit]`).dataset.verdictOfEdit

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance', 'requestAnimationFrame', 'Date'] })
  vi.setSystemTime(Date.UTC(2026, 9, 9, 2, 30))
  Object.defineProperty(document, 'fonts', { value: { ready: Promise.resolve() }, configurable: true })
  vi.spyOn(HTMLElement.prototype, 'clientHeight', 'get').mockReturnValue(900)
  edits = []
  previews = []
  refuse = null
})
afterEach(async () => {
  if (app !== null) await unmount(app)
  app = null
  document.body.replaceChildren()
  location.hash = ''
  vi.restoreAllMocks()
  vi.useRealTimers()
})

describe('what it would break is said before', () => {
  it('a layer is removed', async () => {
    await open()
    await click('[data-rota-tab="rules"]')
    await click('[data-layer="1"] [data-edit-layer]')
    await click('[data-remove-layer]')
    expect(previews.at(-1)).toEqual({ edit: 'remove_layer', rota: 'ops', layer: 1 })
    expect(verdict('[data-dialog]')).toBe('wrong')
    expect(edits).toEqual([])
    await click('[data-remove-layer-yes]')
    expect(edits).toEqual([{ edit: 'remove_layer', rota: 'ops', layer: 1 }])
  })

  it('an override is removed', async () => {
    await open()
    const put = all('[data-role="primary"] [data-person="lisi"]').find((bar) => bar.dataset.slot?.includes(String(Date.UTC(2026, 9, 8, 1))))
    if (put === undefined) throw new Error('no override')
    put.click()
    await pass(200)
    await click('[data-command="remove"]')
    expect(edits).toEqual([])
    expect(previews.at(-1)).toEqual({ edit: 'remove_override', id: 13 })
    expect(['wrong', 'well']).toContain(verdict('[data-dialog]'))
    await click('[data-command="remove-yes"]')
    expect(edits).toEqual([{ edit: 'remove_override', id: 13 }])
    expect(document.querySelector('[data-dialog]')).toBeNull()
  })

  it('an absence is removed, and it can be left there', async () => {
    await open()
    await click('[data-absence="1"] [data-remove-absence]')
    expect(previews.at(-1)).toEqual({ edit: 'remove_absence', absence: 1 })
    expect(['wrong', 'well']).toContain(verdict('[data-absence="1"]'))
    await click('[data-absence="1"] [data-remove-absence]')
    expect(document.querySelector('[data-remove-absence-yes]')).toBeNull()
    expect(edits).toEqual([])
    await click('[data-absence="1"] [data-remove-absence]')
    await click('[data-remove-absence-yes]')
    expect(edits).toEqual([{ edit: 'remove_absence', absence: 1 }])
    expect(document.querySelector('[data-absence="1"]')).toBeNull()
  })

  it('a swap is asked for, as if it were agreed to', async () => {
    await open()
    all('[data-role="primary"] [data-person="lisi"]').at(-1)?.click()
    await pass(200)
    await click('[data-command="swap"]')
    await click('[data-pick="qianqi"]')
    expect(previews.at(-1)).toMatchObject({ edit: 'request_swap', give: { person: 'lisi' }, with: 'qianqi', take: null })
    expect(['wrong', 'well']).toContain(verdict('[data-dialog]'))
  })

  it('a swap is agreed to: what is wrong stands beside the answer', async () => {
    await open()
    expect(previews).toContainEqual({ edit: 'answer_swap', swap: 21, accept: true, answer: '' })
    expect(['wrong', 'well']).toContain(verdict('[data-swap="21"]'))
    expect(edits).toEqual([])
  })

  it('and why it cannot be at all', async () => {
    refuse = { edit: 'answer_swap', error: { code: 'refused', params: { reason_key: 'refused.rota.absent', person: '李四' } } }
    await open()
    expect(verdict('[data-swap="21"]')).toBe('refused')
    expect(one('[data-swap="21"]').textContent).toContain('李四 那时请假')
  })
})

describe('the log of changes', () => {
  it('takes a change back by its own button, and shows what is left', async () => {
    await open()
    await click('[data-absence="1"] [data-remove-absence]')
    await click('[data-remove-absence-yes]')
    await click('[data-rota-tab="changes"]')
    expect(all('[data-change]').length).toBe(1)
    const change = Number(one('[data-change]').dataset.change)
    await click(`[data-change="${change}"] [data-undo-change]`)
    expect(edits.at(-1)).toEqual({ edit: 'undo', change })
    await pass(1500)
    expect(all('[data-change]').length).toBe(0)
    await click('[data-rota-tab="calendar"]')
    expect(document.querySelector('[data-absence="1"]')).not.toBeNull()
  })

  it('has no button where a change stands', async () => {
    await open()
    for (const id of [1, 2]) {
      await click(`[data-absence="${id}"] [data-remove-absence]`)
      await click('[data-remove-absence-yes]')
    }
    await click('[data-rota-tab="changes"]')
    // The development host takes back the newest only.
    expect(all('[data-change]').map((one) => one.querySelector('[data-undo-change]') !== null)).toEqual([true, false])
  })
})
