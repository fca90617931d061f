// Generated from crates/wire by `cargo xtask codegen`; a test fails when it is stale. Do not edit.

export type ErrorCode = "connect" | "dns" | "tls" | "timeout" | "http" | "unauthorized" | "not_prometheus" | "too_large" | "truncated" | "malformed" | "query" | "limit" | "cancelled" | "unknown_source" | "unknown_concept" | "unbound_concept" | "secret_missing" | "config" | "unknown_board" | "internal";

export type ErrorView = { 
/**
 * What failed.
 */
code: ErrorCode, 
/**
 * Placeholders of the sentence.
 */
params: { [key in string]: string }, };

export type SeverityView = "normal" | "warning" | "critical" | "emergency";

export type Freshness = "fresh" | "old" | "unknown";

export type ThresholdsView = { 
/**
 * Where 警告 begins.
 */
warning: number | null, 
/**
 * Where 严重 begins.
 */
critical: number | null, 
/**
 * Where 紧急 begins.
 */
emergency: number | null, 
/**
 * True when smaller is worse.
 */
below: boolean, };

export type AreaView = { x: number, y: number, w: number, h: number, };

export type QueryView = { 
/**
 * Unique in its panel.
 */
id: string, 
/**
 * `main`, `note` or `check`.
 */
role: string, 
/**
 * Locale key.
 */
label: string | null, 
/**
 * `model::board::Unit` in snake_case.
 */
unit: string, 
/**
 * `model::board::Reduce` in snake_case.
 */
reduce: string, 
/**
 * Limits in force.
 */
thresholds: ThresholdsView | null, };

export type PanelView = { 
/**
 * Unique on the board.
 */
id: string, 
/**
 * `model::board::PanelKind` in snake_case.
 */
kind: string, 
/**
 * Locale key.
 */
title: string, 
/**
 * Locale key.
 */
subtitle: string | null, 
/**
 * Where it stands.
 */
at: AreaView, 
/**
 * `model::board::Domain` in snake_case.
 */
domain: string | null, 
/**
 * `model::board::Unit` in snake_case.
 */
unit: string, 
/**
 * Limits in force.
 */
thresholds: ThresholdsView | null, 
/**
 * Lower end of the axis.
 */
min: number | null, 
/**
 * Upper end of the axis.
 */
max: number | null, 
/**
 * At most so many rows.
 */
limit: number, 
/**
 * Only what is outside its band.
 */
abnormal_only: boolean, 
/**
 * Locale key of a text panel's text.
 */
text: string | null, 
/**
 * Its queries.
 */
queries: Array<QueryView>, };

export type BoardView = { 
/**
 * Unique.
 */
id: string, 
/**
 * Locale key.
 */
title: string, 
/**
 * Width of the time axis in ms.
 */
window: number, 
/**
 * Columns of the grid.
 */
columns: number, 
/**
 * Rows of the grid.
 */
rows: number, 
/**
 * What stands on it.
 */
panels: Array<PanelView>, };

export type BoardName = { 
/**
 * Unique.
 */
id: string, 
/**
 * Locale key.
 */
title: string, 
/**
 * Why its file could not be read in its newest form (the older form stays in use): file, line, remedy.
 */
problem: ErrorText | null, };

export type ErrorText = { 
/**
 * The file's name.
 */
file: string, 
/**
 * From 1; 0 when it concerns the whole file.
 */
line: number, 
/**
 * Locale key under `problem.`.
 */
key: string, 
/**
 * Placeholders of the sentence.
 */
params: { [key in string]: string }, };

export type ViewSettings = { 
/**
 * `zh-CN` or `en`.
 */
locale: string, 
/**
 * `dark` or `calm`.
 */
theme: string, 
/**
 * IANA name of the zone in which times are shown.
 */
time_zone: string, 
/**
 * No cursor, no menus.
 */
kiosk: boolean, 
/**
 * Factor on type size for the viewing distance; 1 is made for 1920×1080 at arm's length.
 */
type_scale: number, 
/**
 * All boards.
 */
boards: Array<BoardName>, };

export type PanelState = { "kind": "loading" } | { "kind": "no_data", 
/**
 * Why, if known.
 */
reason: ErrorView | null, } | { "kind": "stale", 
/**
 * The data's own time.
 */
since: number, } | { "kind": "failed", 
/**
 * Since when.
 */
since: number, 
/**
 * Why.
 */
error: ErrorView, } | { "kind": "data" };

export type Mark = { 
/**
 * By the data's own time.
 */
freshness: Freshness, 
/**
 * By the query's limits.
 */
severity: SeverityView, };

export type SeriesView = { 
/**
 * By the query's legend, or from the labels. Hostile input: a text node, never markup.
 */
name: string, 
/**
 * All labels.
 */
labels: { [key in string]: string }, 
/**
 * The source's name.
 */
source: string, 
/**
 * Made by the simulator: must be marked 演示.
 */
demo: boolean, };

export type Patch = { 
/**
 * Time of the first point, ms. Points the page has at or after it are replaced.
 */
from: number, 
/**
 * Distance of two points, ms.
 */
step: number, 
/**
 * Points a series.
 */
count: number, 
/**
 * Where in the block; series i begins at `offset + i * count`.
 */
offset: number, };

export type QueryFrame = { 
/**
 * The query in its panel.
 */
id: string, 
/**
 * Another number than before: the series are others, forget the points.
 */
epoch: number, 
/**
 * The series, when `epoch` is new to the page.
 */
series: Array<SeriesView> | null, 
/**
 * Points before this time leave the window, ms.
 */
start: number, 
/**
 * New points; none for queries without history.
 */
patch: Patch | null, 
/**
 * Where in the block the newest values begin: value and data time (ms, NaN when unknown) of each series in turn.
 */
latest: number, 
/**
 * Freshness and severity, for each series.
 */
marks: Array<Mark>, 
/**
 * The reduced value of the query is at this f64 of the block, its data time after it.
 */
reduced: number, 
/**
 * Freshness and severity of the reduced value.
 */
reduced_mark: Mark, };

export type PanelFrame = { 
/**
 * The panel.
 */
id: string, 
/**
 * Which look.
 */
state: PanelState, 
/**
 * The worst of its queries.
 */
severity: SeverityView, 
/**
 * Whether any of its series is simulated.
 */
demo: boolean, 
/**
 * Queries that changed.
 */
queries: Array<QueryFrame>, };

export type SourceHealth = "unknown" | "ok" | "degraded" | "failed";

export type SourceView = { 
/**
 * Its name in the configuration.
 */
name: string, 
/**
 * `prometheus`, `embedded`, `simulator`.
 */
kind: string, 
/**
 * Address without credentials; empty for those inside the program.
 */
address: string, 
/**
 * Whether it answers.
 */
health: SourceHealth, 
/**
 * Why it does not.
 */
error: ErrorView | null, 
/**
 * What answers, and its version.
 */
version: string | null, 
/**
 * Made by the simulator.
 */
demo: boolean, 
/**
 * When it last answered.
 */
last_ok: number | null, 
/**
 * Newest data time seen.
 */
newest: number | null, 
/**
 * Time of the last answer in ms.
 */
latency: number | null, 
/**
 * Its clock minus ours in ms.
 */
skew: number | null, 
/**
 * Concepts bound here.
 */
bound: number, };

export type Abnormal = { 
/**
 * The panel that shows it.
 */
panel: string, 
/**
 * Locale key of the panel's title.
 */
title: string, 
/**
 * Locale key of the check, if it has a name of its own.
 */
check: string | null, 
/**
 * Name of the series.
 */
series: string, 
/**
 * How bad.
 */
severity: SeverityView, 
/**
 * The value (finite).
 */
value: number, 
/**
 * `model::board::Unit` in snake_case.
 */
unit: string, 
/**
 * The limit that is crossed.
 */
limit: number, 
/**
 * True when smaller is worse.
 */
below: boolean, 
/**
 * Since when it is at least this bad.
 */
since: number, 
/**
 * Simulated.
 */
demo: boolean, };

export type Verdict = { 
/**
 * The worst.
 */
severity: SeverityView, 
/**
 * How many 警告.
 */
warning: number, 
/**
 * How many 严重.
 */
critical: number, 
/**
 * How many 紧急.
 */
emergency: number, 
/**
 * Panels whose data is old or whose source fails: it cannot be said that all is well.
 */
unknown: number, 
/**
 * Domains concerned, worst first.
 */
domains: Array<string>, 
/**
 * What is outside its band, worst and newest first.
 */
abnormal: Array<Abnormal>, 
/**
 * Data time of the oldest of the newest values on the board.
 */
data_at: number | null, };

export type ConceptView = { 
/**
 * Its id.
 */
id: string, 
/**
 * Locale key.
 */
title: string, 
/**
 * `model::board::Domain` in snake_case.
 */
domain: string, 
/**
 * Source name to dialect name.
 */
bound: { [key in string]: string }, };

export type HealthView = { 
/**
 * The program's version.
 */
version: string, 
/**
 * Configuration file in use, if any.
 */
config: string | null, 
/**
 * Where data is kept; `None` when only in memory.
 */
data: string | null, 
/**
 * `keyring`, `vault` or `none`.
 */
secrets: string, 
/**
 * Why the vault and not the keyring: locale key under `secrets.keyring.`.
 */
secrets_reason: string | null, 
/**
 * All sources.
 */
sources: Array<SourceView>, 
/**
 * All concepts.
 */
concepts: Array<ConceptView>, 
/**
 * Problems in files: boards, concepts.
 */
problems: Array<ErrorText>, };

export type FrameHead = { 
/**
 * The host's clock, ms since the epoch. The page shows this clock, not its own.
 */
now: number, 
/**
 * To be sent with the next pull.
 */
cursor: number, 
/**
 * The page must forget what it has: this frame holds everything.
 */
full: boolean, 
/**
 * When changed.
 */
settings: ViewSettings | null, 
/**
 * When changed.
 */
board: BoardView | null, 
/**
 * When changed.
 */
sources: Array<SourceView> | null, 
/**
 * When changed.
 */
verdict: Verdict | null, 
/**
 * Panels that changed.
 */
panels: Array<PanelFrame>, };
