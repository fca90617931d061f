/** Pixels of the tile that boxes are painted in: small, because all charts of a page share it as long as the page lives. */
const WIDE = 512
const HIGH = 128

/** Edges in pixels of a canvas; right and bottom are the first that are outside. */
export interface Edges {
  left: number
  top: number
  right: number
  bottom: number
}

/** Boxes on a canvas, in its pixels: left, top, right and bottom of each, one after the other. */
export type Boxes = number[]

/** Boxes of one opaque colour, as a style sheet writes it. */
export interface Layer {
  boxes: Boxes
  colour: string
}

interface Tile {
  ctx: CanvasRenderingContext2D
  /** The pixels in the two ways in which they are needed: one number for each, alpha, blue, green, red from the highest byte down; and bytes. */
  pixels: Uint32Array
  bytes: Uint8ClampedArray<ArrayBuffer>
}

let shared: Tile | null = null
const colours = new Map<string, number>()

/**
 * Fills boxes with their colours, those of the first layer lowest, within `clip`. What `fillRect` would do for each of them costs WebKit ten
 * times as much, and a chart has hundreds: here they are pixels of an image first. Edges between two pixels are as soft as there.
 */
export function fillBoxes(ctx: CanvasRenderingContext2D, layers: readonly Layer[], clip: Edges): void {
  const tile = (shared ??= makeTile())
  if (tile === null) return
  const all = bounds(layers, clip)
  for (let top = all.top; top < all.bottom; top += HIGH) {
    for (let left = all.left; left < all.right; left += WIDE) {
      const width = Math.min(WIDE, all.right - left)
      const height = Math.min(HIGH, all.bottom - top)
      tile.pixels.fill(0, 0, width * height)
      const part = { left, top, right: left + width, bottom: top + height }
      for (const { boxes, colour } of layers) cover(tile.pixels, part, boxes, numberOf(tile.ctx, colour), clip)
      tile.ctx.putImageData(new ImageData(tile.bytes.subarray(0, 4 * width * height), width, height), 0, 0)
      ctx.drawImage(tile.ctx.canvas, 0, 0, width, height, left, top, width, height)
    }
  }
}

/**
 * Lays boxes over `pixels`, which show `part` of the canvas row by row: each pixel as opaque as boxes cover it, in the colour `rgb` (as
 * {@link Tile} has it, without alpha).
 */
export function cover(pixels: Uint32Array, part: Edges, boxes: Boxes, rgb: number, clip: Edges): void {
  const stride = part.right - part.left
  const within: Edges = {
    left: Math.max(part.left, clip.left),
    top: Math.max(part.top, clip.top),
    right: Math.min(part.right, clip.right),
    bottom: Math.min(part.bottom, clip.bottom),
  }
  const solid = rgb | (255 << 24)
  for (let i = 0; i < boxes.length; i += 4) {
    const left = Math.max(boxes[i] as number, within.left)
    const top = Math.max(boxes[i + 1] as number, within.top)
    const right = Math.min(boxes[i + 2] as number, within.right)
    const bottom = Math.min(boxes[i + 3] as number, within.bottom)
    if (!(left < right && top < bottom)) continue
    const first = Math.floor(top)
    const last = Math.ceil(bottom) - 1
    // How much of the first row and of the last one is covered; those between are whole.
    const upper = Math.min(first + 1, bottom) - top
    const lower = bottom - last
    for (let x = Math.floor(left); x < right; x += 1) {
      const across = Math.min(x + 1, right) - Math.max(x, left)
      let at = (first - part.top) * stride + x - part.left
      pixels[at] = over(pixels[at] as number, across * upper, rgb)
      const end = at + (last - first) * stride
      at += stride
      if (across === 1) for (; at < end; at += stride) pixels[at] = solid
      else for (; at < end; at += stride) pixels[at] = over(pixels[at] as number, across, rgb)
      if (last > first) pixels[end] = over(pixels[end] as number, across * lower, rgb)
    }
  }
}

/** A pixel of which `share` is covered once more, in the colour `rgb`: source over destination, as canvases do it. */
function over(pixel: number, share: number, rgb: number): number {
  const before = pixel >>> 24
  const alpha = before + (255 - before) * share
  if (before === 0 || (pixel & 0xffffff) === rgb || alpha <= 0) return rgb | ((alpha + 0.5) << 24)
  const part = (255 * share) / alpha
  const mixed = (shift: number): number => {
    const old = (pixel >>> shift) & 0xff
    return (old + (((rgb >>> shift) & 0xff) - old) * part + 0.5) << shift
  }
  return mixed(0) | mixed(8) | mixed(16) | ((alpha + 0.5) << 24)
}

/** The whole pixels that boxes touch within `clip`; nothing is touched where right is not right of left. */
function bounds(layers: readonly Layer[], clip: Edges): Edges {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity]
  for (const { boxes } of layers) {
    for (let i = 0; i < boxes.length; i += 4) {
      left = Math.min(left, boxes[i] as number)
      top = Math.min(top, boxes[i + 1] as number)
      right = Math.max(right, boxes[i + 2] as number)
      bottom = Math.max(bottom, boxes[i + 3] as number)
    }
  }
  return {
    left: Math.floor(Math.max(left, clip.left)),
    top: Math.floor(Math.max(top, clip.top)),
    right: Math.ceil(Math.min(right, clip.right)),
    bottom: Math.ceil(Math.min(bottom, clip.bottom)),
  }
}

function makeTile(): Tile | null {
  const canvas = document.createElement('canvas')
  canvas.width = WIDE
  canvas.height = HIGH
  // Its pixels come from memory each time; a canvas of the graphics processor would have to be sent them.
  const ctx = canvas.getContext('2d', { willReadFrequently: true })
  if (ctx === null) return null
  const pixels = new Uint32Array(WIDE * HIGH)
  return { ctx, pixels, bytes: new Uint8ClampedArray(pixels.buffer) }
}

/** A colour of the style sheet as a pixel; black where the canvas does not know it. */
function numberOf(ctx: CanvasRenderingContext2D, colour: string): number {
  let found = colours.get(colour)
  if (found === undefined) {
    ctx.fillStyle = '#000000'
    ctx.fillStyle = colour
    // A canvas says an opaque colour as #rrggbb, whatever it was told.
    const hex = /^#([0-9a-f]{6})$/i.exec(String(ctx.fillStyle))?.[1] ?? '000000'
    const rgb = Number.parseInt(hex, 16)
    found = ((rgb & 0xff) << 16) | (rgb & 0xff00) | (rgb >> 16)
    colours.set(colour, found)
  }
  return found
}
