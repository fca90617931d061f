/** Where one looks from: a point of the drawing at (px - x) / k. */
export interface Camera {
  x: number
  y: number
  k: number
}

/** The whole drawing in the middle, never larger than it is drawn. */
export function fit(width: number, height: number, boxWidth: number, boxHeight: number, margin = 28, least = 0.08): Camera {
  if (!(width > 0) || !(height > 0) || !(boxWidth > 0) || !(boxHeight > 0)) return { x: margin, y: margin, k: 1 }
  const k = Math.max(least, Math.min(1.25, (boxWidth - 2 * margin) / width, (boxHeight - 2 * margin) / height))
  return { k, x: (boxWidth - width * k) / 2, y: (boxHeight - height * k) / 2 }
}

type Point = readonly [number, number]

/** A smooth way along points from left to right: horizontal where it leaves and where it arrives. */
export function curve(points: readonly (readonly number[])[]): string {
  const all = points.map((p): Point => [p[0] ?? 0, p[1] ?? 0])
  const [first, ...rest] = all
  if (first === undefined) return ''
  let out = `M${round(first[0])} ${round(first[1])}`
  let [x, y] = first
  for (const [nx, ny] of rest) {
    const half = (nx - x) / 2
    out += Math.abs(ny - y) < 0.5 ? `L${round(nx)} ${round(ny)}` : `C${round(x + half)} ${round(y)} ${round(nx - half)} ${round(ny)} ${round(nx)} ${round(ny)}`
    ;[x, y] = [nx, ny]
  }
  return out
}

const round = (n: number): number => Math.round(n * 10) / 10

/** Shares of the way at which figures stand, so that those of lines from one service do not lie on each other. */
const SHARES = [0.5, 0.36, 0.64, 0.43, 0.57]

/** A place on the longest piece of a way, on the curve that is drawn; `n` counts the lines that leave the same node. */
export function middle(points: readonly (readonly number[])[], n = 0): [number, number] {
  const at = (i: number): Point => [points[i]?.[0] ?? 0, points[i]?.[1] ?? 0]
  let [from, to] = [at(0), at(points.length > 1 ? 1 : 0)]
  for (let i = 1; i < points.length; i += 1) {
    const [a, b] = [at(i - 1), at(i)]
    if (Math.abs(b[0] - a[0]) > Math.abs(to[0] - from[0])) [from, to] = [a, b]
  }
  const s = SHARES[n % SHARES.length] ?? 0.5
  const along = 1.5 * s * (1 - s) * (1 - s) + 1.5 * s * s * (1 - s) + s * s * s
  return [from[0] + (to[0] - from[0]) * along, from[1] + (to[1] - from[1]) * (3 * s * s - 2 * s * s * s)]
}
