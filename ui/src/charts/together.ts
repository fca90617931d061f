/** Reads sizes, and gives back what changes the page; null when there is nothing to change. */
export type Read = () => (() => void) | null

let waiting: Read[] = []

/**
 * Once the page's own changes are made: first everything that reads sizes, then everything that changes the page. WebKit lays the page out
 * anew when a size is read after a change, with 48 charts 48 times.
 */
export function together(read: Read): void {
  if (waiting.push(read) > 1) return
  queueMicrotask(() => {
    const all = waiting
    waiting = []
    for (const write of all.map(attempt)) if (write != null) attempt(write)
  })
}

/** What fails is said and keeps no other from its turn. */
function attempt<T>(what: () => T): T | null {
  try {
    return what()
  } catch (error) {
    console.error(error)
    return null
  }
}
