import { invoke, isTauri } from '@tauri-apps/api/core'
import { decode, type Frame } from './frame'
import type { ErrorView, HealthView } from './wire'

/** What the page may ask of the program. It only reads, and changes how the wall looks. */
export interface Host {
  /** What is new since the cursor. */
  pull(cursor: number): Promise<Frame>
  /** Finer data of one panel between two times (ms), about `points` points a series. */
  panelRange(panel: string, from: number, to: number, points: number): Promise<Frame>
  /** The health page. */
  health(): Promise<HealthView>
  /** Shows another board. */
  openBoard(board: string): Promise<void>
  /** `zh-CN` or `en`. */
  setLocale(locale: string): Promise<void>
  /** `dark` or `calm`. */
  setTheme(theme: string): Promise<void>
  /** Proof of life: so many panels with data have really been painted. */
  painted(panels: number): Promise<void>
}

/** What the commands answer: bytes, or JSON. */
export type Call = (command: string, args?: Record<string, unknown>) => Promise<unknown>

function bytes(answer: unknown): ArrayBuffer {
  if (answer instanceof ArrayBuffer) return answer
  // Without the custom protocol the answer comes as an array of numbers.
  if (Array.isArray(answer)) return new Uint8Array(answer as number[]).buffer
  if (ArrayBuffer.isView(answer)) {
    return new Uint8Array(new Uint8Array(answer.buffer, answer.byteOffset, answer.byteLength)).buffer
  }
  throw new TypeError('the host answered no bytes')
}

/** The commands of the program over any transport. */
export function hostOver(call: Call): Host {
  return {
    pull: async (cursor) => decode(bytes(await call('pull', { cursor }))),
    panelRange: async (panel, from, to, points) =>
      decode(bytes(await call('panel_range', { panel, from, to, points }))),
    health: async () => (await call('health')) as HealthView,
    openBoard: async (board) => void (await call('open_board', { board })),
    setLocale: async (locale) => void (await call('set_locale', { locale })),
    setTheme: async (theme) => void (await call('set_theme', { theme })),
    painted: async (panels) => void (await call('painted', { panels })),
  }
}

/** Tells an answer of the program from a fault of the transport. */
export function asErrorView(error: unknown): ErrorView {
  if (typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string') {
    const params = 'params' in error && typeof error.params === 'object' && error.params !== null ? error.params : {}
    return { code: error.code, params } as ErrorView
  }
  return { code: 'internal', params: { detail: String(error).slice(0, 300) } }
}

/** The program around the page; while developing in a browser, a stand-in that is not part of the built page. */
export async function connect(): Promise<Host> {
  if (import.meta.env.MODE !== 'production' && !isTauri()) {
    const { fakeCall } = await import('./fake')
    return hostOver(fakeCall())
  }
  return hostOver(invoke)
}
