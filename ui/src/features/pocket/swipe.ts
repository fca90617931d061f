/** Sideways before it counts as a swipe and no longer as a tap or as scrolling, CSS pixels. */
const BEGIN = 10
/** A swipe acts from this share of the card's width on. */
const SHARE = 0.33
/** How far the card follows at most, as a share of its width. */
const FOLLOW = 0.6

/** A swipe to the left as it goes on. */
export interface Swipe {
  /** Where the pointer went down. */
  x: number
  y: number
  /** How far the card has moved: 0 or less. */
  shift: number
  /** `unclear` until it is known whether this is a swipe or something else. */
  kind: 'unclear' | 'swipe' | 'other'
}

/** The pointer went down. */
export const begun = (x: number, y: number): Swipe => ({ x, y, shift: 0, kind: 'unclear' })

/** The pointer moved. Once it went up, down or to the right first, it stays something else. */
export function moved(swipe: Swipe, x: number, y: number, width: number): Swipe {
  const dx = x - swipe.x
  const dy = y - swipe.y
  let { kind } = swipe
  if (kind === 'unclear') {
    if (Math.abs(dy) > BEGIN || dx > BEGIN) kind = 'other'
    else if (dx < -BEGIN && Math.abs(dx) > Math.abs(dy)) kind = 'swipe'
  }
  const shift = kind === 'swipe' ? Math.max(-FOLLOW * width, Math.min(0, dx)) : 0
  return { ...swipe, shift, kind }
}

/** Whether letting go now acts. */
export const acts = (swipe: Swipe, width: number): boolean => swipe.kind === 'swipe' && width > 0 && -swipe.shift >= SHARE * width
