/** Which way an arrow key leads. */
const WAYS: Record<string, [number, number]> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }

const middle = (element: Element): number => {
  const box = element.getBoundingClientRect()
  return box.left + box.width / 2
}

/**
 * The place that an arrow key leads to from another: along a lane, over the end of a week into the next one, or to what stands
 * above or below it. Null for other keys and at the ends.
 */
export function arrowTo(root: ParentNode, from: Element, key: string): HTMLElement | null {
  const way = WAYS[key]
  const lane = from.closest<HTMLElement>('[data-lane]')
  if (way === undefined || lane === null) return null
  const slots = (element: ParentNode): HTMLElement[] => [...element.querySelectorAll<HTMLElement>('[data-slot]')]
  if (way[0] !== 0) {
    const all = [...root.querySelectorAll<HTMLElement>('[data-lane]')].filter((one) => one.dataset.lane === lane.dataset.lane).flatMap(slots)
    return all[all.findIndex((one) => one === from) + way[0]] ?? null
  }
  const lanes = [...root.querySelectorAll<HTMLElement>('[data-lane]')].filter((one) => one === lane || slots(one).length > 0)
  const next = lanes[lanes.indexOf(lane) + way[1]]
  if (next === undefined) return null
  const here = middle(from)
  return slots(next).reduce<HTMLElement | null>((best, one) => (best === null || Math.abs(middle(one) - here) < Math.abs(middle(best) - here) ? one : best), null)
}
