/** Colours and sizes of the tokens, as canvases need them. */
export class Look {
  private readonly cache = new Map<string, string>()

  constructor(private readonly style: CSSStyleDeclaration) {}

  /** A colour token, for instance `--calm`. */
  colour(token: string): string {
    let found = this.cache.get(token)
    if (found === undefined) {
      found = this.style.getPropertyValue(token).trim()
      this.cache.set(token, found)
    }
    return found
  }
}

let look: Look | null = null

/** The tokens in force. */
export function currentLook(): Look {
  look ??= new Look(getComputedStyle(document.documentElement))
  return look
}

/** To be called when the theme changed. */
export function forgetLook(): void {
  look = null
}

/** One unit in CSS pixels; the same rules as `--u` in tokens.css. */
export function unit(): number {
  const { innerWidth: width, innerHeight: height } = window
  switch (document.documentElement.dataset.window) {
    case 'desk':
      return Math.max(0.88, Math.min(width / 1600, height / 960))
    case 'pocket':
      return Math.max(0.82, Math.min(width / 390, height / 780))
    case 'takeover':
      return Math.max(0.25, Math.min(width / 1920, height / 1080), Math.min(width / 1150, height / 1900))
    default:
      return Math.max(0.25, Math.min(width / 1920, height / 1080))
  }
}

/** Factor of the type for the viewing distance, `--ts`. */
export const typeScale = (): number => Number(document.documentElement.style.getPropertyValue('--ts')) || 1

/** Size of an axis' type in CSS pixels; the same rule as `--fs-axis` in tokens.css. */
export const axisFont = (): number => 14 * unit() * typeScale()

/** Series' colours in order (Wong). */
export const SERIES = ['--s1', '--s2', '--s3', '--s4', '--s5', '--s6', '--s7', '--s8'] as const

/** Token of the i-th series. */
export const seriesToken = (i: number): string => SERIES[i % SERIES.length] as string

/** Gives a canvas the pixels of its box; false when it has none. */
export function fitCanvas(canvas: HTMLCanvasElement, width: number, height: number): boolean {
  const ratio = window.devicePixelRatio || 1
  const w = Math.round(width * ratio)
  const h = Math.round(height * ratio)
  if (w < 2 || h < 2) return false
  if (canvas.width !== w) canvas.width = w
  if (canvas.height !== h) canvas.height = h
  return true
}
