import type { Dragged } from './words'

/** So far the pointer goes before a press is a drag, px. */
const BEGINS = 5

/**
 * Dragging by pointer: it works with a mouse, a pen and a finger, and the window's own drag and drop, which the shell keeps for
 * files, is not needed. `over` is told the key of the place beneath the pointer, `drop` the place where it was let go.
 */
export class Drag {
  /** What is dragged; null while nothing is. */
  item = $state.raw<Dragged | null>(null)
  label = $state('')
  x = $state(0)
  y = $state(0)
  /** The place beneath the pointer. */
  target = $state<string | null>(null)
  private begun: { item: Dragged; label: string; x: number; y: number; id: number } | null = null
  private ended = false

  constructor(
    private readonly over: (item: Dragged, key: string | null) => void,
    private readonly drop: (item: Dragged, key: string | null) => void,
  ) {}

  /** The pointer is pressed on something that can be dragged. */
  press(event: PointerEvent, item: Dragged, label: string): void {
    if (event.button !== 0) return
    this.ended = false
    this.begun = { item, label, x: event.clientX, y: event.clientY, id: event.pointerId }
  }

  /** The pointer moves, anywhere. */
  move(event: PointerEvent): void {
    const begun = this.begun
    if (begun === null || event.pointerId !== begun.id) return
    if (this.item === null) {
      if (Math.hypot(event.clientX - begun.x, event.clientY - begun.y) < BEGINS) return
      this.item = begun.item
      this.label = begun.label
    }
    this.x = event.clientX
    this.y = event.clientY
    const place = document.elementFromPoint(event.clientX, event.clientY)?.closest<HTMLElement>('[data-slot]')?.dataset.slot ?? null
    if (place === this.target) return
    this.target = place
    this.over(begun.item, place)
  }

  /** The pointer is let go. */
  up(): void {
    const item = this.item
    const place = this.target
    this.cancel()
    if (item === null) return
    this.ended = true
    // The click, if there is one, comes before any timer; a later press of a key is none of it.
    window.setTimeout(() => (this.ended = false), 0)
    this.drop(item, place)
  }

  /** Nothing is dragged any more. */
  cancel(): void {
    this.begun = null
    this.item = null
    this.target = null
  }

  /** Whether the click that comes now only ends a drag. */
  swallow(): boolean {
    return this.ended
  }
}
