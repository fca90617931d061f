import type { FrameHead } from './wire'

/** Why bytes are no frame. */
export class FrameError extends Error {
  constructor(
    readonly reason: 'too_short' | 'magic' | 'length' | 'head' | 'offset',
    detail: string,
  ) {
    super(`frame: ${reason}: ${detail}`)
  }
}

/** A frame: the head, and the numbers its offsets point into. NaN is a gap. */
export interface Frame {
  head: FrameHead
  block: Float64Array
}

const MAGIC = 0x31465753 // "SWF1", little endian
const MAX_HEAD = 64 * 1024 * 1024

/**
 * Reads the binary frame of `crates/wire/src/frame.rs`: magic, u32 length of the head, the head as JSON padded to eight bytes,
 * then f64 little endian. The block is a view into the same buffer, nothing is copied. Throws [`FrameError`].
 */
export function decode(buffer: ArrayBuffer): Frame {
  if (buffer.byteLength < 8) throw new FrameError('too_short', `${buffer.byteLength} bytes`)
  const view = new DataView(buffer)
  if (view.getUint32(0, true) !== MAGIC) throw new FrameError('magic', view.getUint32(0, true).toString(16))
  const length = view.getUint32(4, true)
  if (length % 8 !== 0 || length > MAX_HEAD || 8 + length > buffer.byteLength) {
    throw new FrameError('length', `head of ${length} in ${buffer.byteLength} bytes`)
  }
  if ((buffer.byteLength - 8 - length) % 8 !== 0) throw new FrameError('length', 'block is not a multiple of 8')
  let head: FrameHead
  try {
    head = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, length))) as FrameHead
  } catch (error) {
    throw new FrameError('head', String(error))
  }
  const block = new Float64Array(buffer, 8 + length)
  check(head, block.length)
  return { head, block }
}

/** Every offset must point into the block: a wrong one would draw somebody else's numbers. */
function check(head: FrameHead, size: number): void {
  if (typeof head !== 'object' || head === null || !Array.isArray(head.panels) || !Number.isFinite(head.now)) {
    throw new FrameError('head', 'not a frame head')
  }
  for (const panel of [...head.panels, ...(head.coming?.panels ?? [])]) {
    for (const query of panel.queries) {
      const count = query.marks.length
      if (query.latest + 2 * count > size || query.reduced + 2 > size) {
        throw new FrameError('offset', `${panel.id}/${query.id} latest`)
      }
      const patch = query.patch
      if (patch !== null && (patch.offset + patch.count * count > size || !(patch.step > 0))) {
        throw new FrameError('offset', `${panel.id}/${query.id} patch`)
      }
    }
  }
}

/** The reverse of [`decode`], for the development host and tests. */
export function encode(head: FrameHead, block: number[]): ArrayBuffer {
  const json = new TextEncoder().encode(JSON.stringify(head))
  const length = Math.ceil(json.length / 8) * 8
  const buffer = new ArrayBuffer(8 + length + 8 * block.length)
  const bytes = new Uint8Array(buffer)
  const view = new DataView(buffer)
  view.setUint32(0, MAGIC, true)
  view.setUint32(4, length, true)
  bytes.fill(0x20, 8, 8 + length)
  bytes.set(json, 8)
  new Float64Array(buffer, 8 + length).set(block)
  return buffer
}
