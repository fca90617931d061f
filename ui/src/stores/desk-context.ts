import { getContext, setContext } from 'svelte'
import type { Host } from '../api/host'
import type { Clock } from '../shared/say'
import type { Zone } from '../shared/time'
import type { Asking } from './asking'
import type { DeskStore } from './desk.svelte'
import type { Doing } from './doing.svelte'
import type { LogsStore } from './logs.svelte'
import type { Places } from './places.svelte'
import type { RotaStore } from './rota.svelte'
import type { TracesStore } from './traces.svelte'

/** What the windows of the alert desk share. */
export interface DeskShared {
  host: Host
  desk: DeskStore
  asking: Asking
  doing: Doing
  /** Who is on duty when; asked for only while somebody looks at it. */
  rota: RotaStore
  /** The page of logs; asks only while somebody looks at it. */
  logs: LogsStore
  /** What 链路 shows; kept while another page is looked at. */
  traces: TracesStore
  /** Which page is shown, and what one asks of another. */
  places: Places
  /** The zone in which times are shown. */
  readonly zone: Zone
  /** Zone and the host's clock, for sentences. */
  readonly clock: Clock
  /** Rises when the colours or the size of the unit change: canvases are drawn anew. */
  readonly look: number
}

const KEY = Symbol('desk')

/** Offers the shared things to all components below. */
export const provideDesk = (shared: DeskShared): DeskShared => setContext(KEY, shared)

/** The shared things. */
export const deskShared = (): DeskShared => getContext<DeskShared>(KEY)
