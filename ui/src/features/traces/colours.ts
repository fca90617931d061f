/** Colours there are for services. */
export const COLOURS = 10

/** Token of the colour of a trace's n-th service. */
export const serviceToken = (n: number): string => `--svc-${n % COLOURS}`

/** The same as CSS. */
export const serviceColour = (n: number): string => `var(${serviceToken(n)})`

/** A number for a name, the same every time, for places where services have no numbers. */
export function colourOf(name: string): number {
  let h = 0
  for (let i = 0; i < name.length; i += 1) h = (Math.imul(h, 31) + name.charCodeAt(i)) | 0
  return (h >>> 0) % COLOURS
}
