import { describe, expect, it } from 'vitest'
import { cover, type Boxes, type Edges } from './boxes'

const RGB = 0x30_20_10
/** A part of a canvas, five by four pixels from (10, 20). */
const PART: Edges = { left: 10, top: 20, right: 15, bottom: 24 }

/** How opaque each pixel of the part is, 0 to 255, row by row. */
function alphas(boxes: Boxes, clip: Edges = PART): number[][] {
  const pixels = new Uint32Array(5 * 4)
  cover(pixels, PART, boxes, RGB, clip)
  for (const pixel of pixels) expect(pixel === 0 || (pixel & 0xffffff) === RGB).toBe(true)
  return Array.from({ length: 4 }, (_, y) => [...pixels.slice(5 * y, 5 * y + 5)].map((pixel) => pixel >>> 24))
}

describe('boxes as pixels', () => {
  it('are opaque where they cover a pixel and as soft as they cover it', () => {
    expect(alphas([11, 21, 13.5, 22.25])).toEqual([
      [0, 0, 0, 0, 0],
      [0, 255, 255, 128, 0],
      [0, 64, 64, 32, 0],
      [0, 0, 0, 0, 0],
    ])
  })

  it('lie over each other like paint', () => {
    expect(alphas([10, 20, 11, 20.5, 10, 20, 11, 20.5])[0]?.[0]).toBe(192)
    expect(alphas([10, 20, 11, 20.5, 10, 20, 11, 21])[0]?.[0]).toBe(255)
  })

  it('mix their colours where one covers a part of a pixel of another', () => {
    const mixed = (first: number[], second: number[]): number => {
      const pixels = new Uint32Array(5 * 4)
      cover(pixels, PART, first, 0x00_00_ff, PART)
      cover(pixels, PART, second, 0xff_00_00, PART)
      return pixels[0] as number
    }
    expect(mixed([10, 20, 11, 21], [10, 20, 11, 21])).toBe(0xff_ff_00_00)
    expect(mixed([10, 20, 11, 21], [10, 20, 11, 20.5])).toBe(0xff_80_00_80)
    // Half of the pixel is red, and half of what is left blue: 3/4 are covered, 2/3 of that by the upper one.
    expect(mixed([10, 20, 11, 20.5], [10, 20, 11, 20.5])).toBe(0xc0_aa_00_55)
  })

  it('are cut at the part and at the edges of the plot', () => {
    expect(alphas([-1e6, -1e6, 1e6, 1e6])).toEqual(Array.from({ length: 4 }, () => [255, 255, 255, 255, 255]))
    const clip: Edges = { left: 12, top: 0, right: 100, bottom: 21.5 }
    expect(alphas([0, 0, 50, 50], clip)).toEqual([
      [0, 0, 255, 255, 255],
      [0, 0, 128, 128, 128],
      [0, 0, 0, 0, 0],
      [0, 0, 0, 0, 0],
    ])
    expect(alphas([12, 22, 12, 23, NaN, 20, 15, 24, 14, 20, 11, 24]).flat().every((a) => a === 0)).toBe(true)
  })
})
