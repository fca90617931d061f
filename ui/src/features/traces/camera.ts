/** Where one looks from: a point of the drawing at (px - x) / k. */
export interface Camera {
  x: number
  y: number
  k: number
}

/** The whole drawing in the middle, never larger than it is drawn. */
export function fit(width: number, height: number, boxWidth: number, boxHeight: number, margin = 28): Camera {
  if (!(width > 0) || !(height > 0) || !(boxWidth > 0) || !(boxHeight > 0)) return { x: margin, y: margin, k: 1 }
  const k = Math.max(0.08, Math.min(1.25, (boxWidth - 2 * margin) / width, (boxHeight - 2 * margin) / height))
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

/** The point in the middle of a way. */
export function middle(points: readonly (readonly number[])[]): [number, number] {
  const n = points.length
  const at = (i: number): Point => [points[i]?.[0] ?? 0, points[i]?.[1] ?? 0]
  if (n === 0) return [0, 0]
  if (n % 2 === 1) return [...at((n - 1) / 2)] as [number, number]
  const [a, b] = [at(n / 2 - 1), at(n / 2)]
  return [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2]
}
