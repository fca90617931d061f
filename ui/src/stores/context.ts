import { getContext, setContext } from 'svelte'
import type { Host } from '../api/host'
import type { Zone } from '../shared/time'
import type { WallStore } from './wall.svelte'

/** What panels and views share. */
export interface Shared {
  host: Host
  wall: WallStore
  /** The zone in which times are shown. */
  readonly zone: Zone
  /** Rises when the colours or the size of the unit change: canvases are drawn anew. */
  readonly look: number
}

const KEY = Symbol('wall')

/** Offers the shared things to all components below. */
export const provide = (shared: Shared): Shared => setContext(KEY, shared)

/** The shared things. */
export const shared = (): Shared => getContext<Shared>(KEY)
