import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const styles = join(process.cwd(), 'src/styles')
const tokens = readFileSync(join(styles, 'tokens.css'), 'utf8')
const base = readFileSync(join(styles, 'base.css'), 'utf8')

/** Colours of a theme, by token. */
function theme(name: 'dark' | 'calm'): Record<string, string> {
  const from = tokens.indexOf(`[data-theme='${name}']`)
  const body = tokens.slice(tokens.indexOf('{', from) + 1, tokens.indexOf('\n}', from))
  return Object.fromEntries([...body.matchAll(/(--[\w-]+):\s*(#[0-9a-f]{6})\s*;/g)].map((m) => [m[1] as string, m[2] as string]))
}

type Rgb = [number, number, number]

const rgb = (hex: string): Rgb => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16) / 255) as Rgb
const linear = (c: number): number => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
/** Relative luminance (WCAG 2.2). */
const luminance = (hex: string): number => {
  const [r, g, b] = rgb(hex).map(linear) as Rgb
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}
const contrast = (a: string, b: string): number => {
  const [hi, lo] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number]
  return (hi + 0.05) / (lo + 0.05)
}

/** What an eye without one kind of cone sees of linear light (Machado, Oliveira, Fernandes 2009, severity 1). */
const EYES: Record<string, readonly Rgb[]> = {
  protan: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deutan: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritan: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
}
/** CIE L*a*b* of linear light, D65. */
function lab([r, g, b]: Rgb): Rgb {
  const xyz: Rgb = [(0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.95047, 0.2126 * r + 0.7152 * g + 0.0722 * b, (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.08883]
  const [x, y, z] = xyz.map((v) => (v > 0.008856 ? Math.cbrt(v) : 7.787 * v + 16 / 116)) as Rgb
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)]
}
/** How far two colours are for an eye; 2.3 can just be told apart beside each other. */
function distance(a: string, b: string, eye: readonly Rgb[] | null): number {
  const seen = (hex: string): Rgb => {
    const light = rgb(hex).map(linear) as Rgb
    const left = eye === null ? light : (eye.map((row) => Math.max(0, Math.min(1, row[0] * light[0] + row[1] * light[1] + row[2] * light[2]))) as Rgb)
    return lab(left)
  }
  const [p, q] = [seen(a), seen(b)]
  return Math.hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2])
}

const SEVERITIES = ['--warn', '--serious', '--emergency'] as const

describe.each(['dark', 'calm'] as const)('the theme %s', (name) => {
  const colours = theme(name)
  const of = (token: string): string => {
    const found = colours[token]
    if (found === undefined) throw new Error(`${token} is not in ${name}`)
    return found
  }

  it('can be read: 4.5 to 1 for text, 3 to 1 for what is large, quiet or drawn', () => {
    for (const ground of ['--bg', '--panel']) {
      for (const text of ['--text', '--text-2']) expect(contrast(of(text), of(ground)), `${text} on ${ground}`).toBeGreaterThanOrEqual(4.5)
      for (const mark of ['--text-3', '--calm', ...SEVERITIES]) expect(contrast(of(mark), of(ground)), `${mark} on ${ground}`).toBeGreaterThanOrEqual(3)
    }
    for (const series of ['--s1', '--s2', '--s3', '--s4', '--s6', '--s7']) expect(contrast(of(series), of('--panel')), series).toBeGreaterThanOrEqual(2.8)
  })

  it('has severities that every eye tells from each other and from what is normal', () => {
    for (const [eye, matrix] of [['usual', null], ...Object.entries(EYES)] as const) {
      for (const [i, a] of SEVERITIES.entries()) {
        // Shape and word say it too; colour alone must still not lie.
        for (const b of SEVERITIES.slice(i + 1)) expect(distance(of(a), of(b), matrix), `${a} and ${b}, ${eye}`).toBeGreaterThan(10)
        expect(distance(of(a), of('--calm'), matrix), `${a} and what is normal, ${eye}`).toBeGreaterThan(20)
      }
    }
  })
})

describe('motion', () => {
  const files = (readdirSync(join(process.cwd(), 'src'), { recursive: true }) as string[]).filter((one) => one.endsWith('.svelte'))

  it('ends for whoever asks for less of it', () => {
    const at = base.indexOf('@media (prefers-reduced-motion: reduce)')
    const rule = base.slice(at, base.indexOf('\n}', at))
    expect(rule).toMatch(/\*,\s+\*::before,\s+\*::after/)
    expect(rule).toContain('animation: none !important')
    expect(rule).toContain('transition: none !important')
    // The rule has no exception: nothing else may be as important.
    for (const name of files) {
      const text = readFileSync(join(process.cwd(), 'src', name), 'utf8')
      expect(text, name).not.toMatch(/(animation|transition)[^;{]*!important/)
    }
  })
})

describe('numbers', () => {
  it('have digits of one width wherever the class for them stands', () => {
    const rule = base.slice(base.indexOf('\n.num {'), base.indexOf('}', base.indexOf('\n.num {')))
    expect(rule).toContain('font-variant-numeric: tabular-nums')
    const value = readFileSync(join(process.cwd(), 'src/shared/Value.svelte'), 'utf8')
    expect(value).toMatch(/class=("|\{\[')[^>]*\bnum\b/)
  })
})
