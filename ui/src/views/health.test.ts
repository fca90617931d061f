import { flushSync, unmount } from 'svelte'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { FakeDesk } from '../api/fake-desk'
import { FakeLogs } from '../api/fake-logs'
import { hostOver } from '../api/host'
import { open as show } from '../open'

const settings = { locale: 'zh-CN', theme: 'dark', time_zone: 'Asia/Shanghai', kiosk: false, type_scale: 1, boards: [] }
let app: Record<string, unknown> | null = null

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance', 'requestAnimationFrame', 'Date'] })
  Object.defineProperty(document, 'fonts', { value: { ready: Promise.resolve() }, configurable: true })
  location.hash = '#desk/health'
})
afterEach(async () => {
  if (app !== null) await unmount(app)
  app = null
  document.body.replaceChildren()
  location.hash = ''
  vi.useRealTimers()
})

it('健康 says what became of lines that a log store could not keep', async () => {
  const logs = new FakeLogs()
  const desk = new FakeDesk(new URLSearchParams(), () => settings)
  const health = { version: '1', config: null, data: null, secrets: 'keyring', secrets_reason: null, secrets_error: null, sources: [], concepts: [], registries: [], targets: [], problems: [] }
  const host = hostOver(async (command, args = {}) => (command === 'health' ? health : (logs.answer(command, args) ?? desk.answer(command, args) ?? null)))
  const target = document.createElement('div')
  document.body.append(target)
  app = await show(host, target)
  await vi.advanceTimersByTimeAsync(600)
  flushSync()
  const store = document.querySelector('[data-health-logs] [data-log-store]')
  expect(store?.querySelector('[data-note="logs.health.note.refused"]')?.textContent).toBe('启动以来有 12 行没有写成')
})
