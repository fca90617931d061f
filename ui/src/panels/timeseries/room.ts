/** What a chart's parts need, all in the same unit. */
export interface Parts {
  /** Height of the whole panel. */
  panel: number
  /** Height of what stands under the title. */
  body: number
  /** Width of the chart. */
  width: number
  /** Height of a line of the legend. */
  line: number
  /** Height of the times below the plot, and of the edge above it. */
  clock: number
  edge: number
  /** Width that a name with its value needs to be read. */
  item: number
}

/** What stands around the plot. */
export interface Around {
  /** Lines of the legend. */
  lines: 0 | 1 | 2
  /** Whether the times are written. */
  clock: boolean
  /** How many names the legend has. */
  named: number
}

/** The plot's least part of a panel's height. */
const LEAST = 0.45

/**
 * What of legend and times leaves the plot enough of the panel: first the legend's second line goes, then the times (the
 * panels of a board show the same stretch of time), and at last the legend.
 */
export function around(parts: Parts, series: number): Around {
  const { panel, body, width, line, clock, edge, item } = parts
  const fit = (need: number): number => Math.floor(width / Math.max(1, need))
  // Two shortened names are worth more than one in full.
  const inLine = Math.max(1, fit(item), Math.min(2, fit(item * 0.7)))
  const leaves = (lines: number, times: boolean): boolean => body - lines * line - (times ? clock : 0) - edge >= LEAST * panel
  const two = series > inLine || series > 4
  const choice: [0 | 1 | 2, boolean][] = two ? [[2, true], [1, true], [1, false]] : [[1, true], [1, false]]
  const [lines, times] = choice.find(([lines, times]) => leaves(lines, times)) ?? [0, false]
  if (lines === 0) return { lines, clock: times, named: 0 }
  // In two lines the names stand in two columns, so that they can be told apart.
  const places = lines === 2 ? 4 : lines * inLine
  return { lines, clock: times, named: series <= places ? series : Math.max(1, lines === 2 ? 3 : places) }
}
