// Generated from crates/wire by `cargo xtask codegen`; a test fails when it is stale. Do not edit.

export type ErrorCode = "connect" | "dns" | "tls" | "timeout" | "http" | "unauthorized" | "not_prometheus" | "not_alertmanager" | "not_expected" | "unsupported" | "too_large" | "truncated" | "malformed" | "query" | "limit" | "cancelled" | "unknown_source" | "unknown_concept" | "unbound_concept" | "secret_missing" | "secret_unreadable" | "partial" | "skew" | "warned" | "targets" | "scrape" | "config" | "unknown_board" | "search" | "log_query" | "refused" | "store" | "unknown_alert" | "unknown_trace" | "trace_closed" | "no_expression" | "no_metric" | "read_only" | "internal";

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

export type VariableView = { 
/**
 * Used as `$id`.
 */
id: string, 
/**
 * Locale key of its name, or the id.
 */
label: string, 
/**
 * What can be chosen: values of labels, hostile input.
 */
values: Array<string>, 
/**
 * What is; empty: everything.
 */
chosen: Array<string>, 
/**
 * Several may be chosen.
 */
multi: boolean, };

export type HappenedView = "alert" | "acknowledged" | "deployment" | "configuration" | "maintenance" | "note";

export type AnnotationView = { 
/**
 * Unique.
 */
id: string, 
/**
 * What kind.
 */
kind: HappenedView, 
/**
 * When.
 */
at: number, 
/**
 * Until when; `None` for a moment, or while it goes on.
 */
until: number | null, 
/**
 * What.
 */
title: string, 
/**
 * Where.
 */
place: Array<string>, 
/**
 * Who said so.
 */
source: string, 
/**
 * How bad.
 */
severity: SeverityView, 
/**
 * Simulated.
 */
demo: boolean, };

export type SloView = { 
/**
 * Percent of good events.
 */
objective: number, 
/**
 * Over so many days.
 */
days: number, 
/**
 * Pairs of windows that say that the budget burns too fast, fastest first.
 */
burns: Array<BurnView>, };

export type BurnView = { 
/**
 * The query that answers while it burns faster.
 */
id: string, 
/**
 * The query with the share of bad events over the longer window, which is its name (`1h`).
 */
long: string, 
/**
 * The window that confirms.
 */
short: string, 
/**
 * Times what uses the budget up exactly.
 */
rate: number, 
/**
 * Whether somebody must come at once.
 */
page: boolean, };

export type ForecastView = { 
/**
 * `model::board::ForecastMethod` in snake_case.
 */
method: string, 
/**
 * How far, ms.
 */
ahead: number, 
/**
 * Length of a season, ms.
 */
season: number, };

export type LinkView = { 
/**
 * `board`, `logs` or `traces`.
 */
to: string, 
/**
 * Board, query of the log search, or service; `$label` stands for a label of the row.
 */
target: string, 
/**
 * Values of the board's variables.
 */
variables: { [key in string]: string }, };

export type TopologyNode = { 
/**
 * Its name.
 */
name: string, 
/**
 * Left edge.
 */
x: number, 
/**
 * Upper edge.
 */
y: number, 
/**
 * Width.
 */
width: number, 
/**
 * Series that speak of it: number of the query and of its series.
 */
series: Array<[number, number]>, };

export type TopologyEdge = { 
/**
 * Index of the node that calls.
 */
from: number, 
/**
 * Index of the called one.
 */
to: number, 
/**
 * From node to node.
 */
points: Array<[number, number]>, 
/**
 * It runs to the left.
 */
backward: boolean, 
/**
 * Series that speak of it: number of the query and of its series.
 */
series: Array<[number, number]>, };

export type TopologyView = { 
/**
 * Width of everything.
 */
width: number, 
/**
 * Height of everything.
 */
height: number, 
/**
 * Height of a node.
 */
node: number, 
/**
 * Names are values of labels: hostile input.
 */
nodes: Array<TopologyNode>, 
/**
 * Who calls whom.
 */
edges: Array<TopologyEdge>, 
/**
 * Edges that are left out because there are too many.
 */
hidden: number, };

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
 * Width of its time axis in ms.
 */
window: number, 
/**
 * What an objective promises.
 */
slo: SloView | null, 
/**
 * How a forecast looks ahead.
 */
forecast: ForecastView | null, 
/**
 * Which alerts an alert list shows.
 */
filter: string | null, 
/**
 * Where more is known.
 */
links: Array<LinkView>, 
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

export type KioskMode = "single" | "rotating" | "paused" | "held" | "failing";

export type KioskWhy = { 
/**
 * The alert.
 */
alert: number, 
/**
 * Its level.
 */
level: LevelView, 
/**
 * `model::board::Domain` in snake_case, if it is known.
 */
domain: string | null, 
/**
 * What it says; from outside.
 */
title: string, 
/**
 * Other alerts as urgent as would move the wall.
 */
others: number, 
/**
 * Somebody has it.
 */
acked: boolean, };

export type PartView = { 
/**
 * Screens beside each other.
 */
columns: number, 
/**
 * Screens above each other.
 */
rows: number, 
/**
 * From the left.
 */
column: number, 
/**
 * From the top.
 */
row: number, };

export type KioskView = { 
/**
 * Name or number of its output; empty for the only one.
 */
screen: string, 
/**
 * Place of the board in the rotation, from 0.
 */
index: number, 
/**
 * Boards that take part now.
 */
of: number, 
/**
 * In which way it shows its board.
 */
mode: KioskMode, 
/**
 * When the next board comes.
 */
until: number | null, 
/**
 * The board that comes in a moment, or with the next key: it may be laid out beforehand.
 */
coming: string | null, 
/**
 * Why it left its rotation.
 */
why: KioskWhy | null, 
/**
 * Which part of the board.
 */
part: PartView, 
/**
 * 1: as it is; 0: black.
 */
brightness: number, 
/**
 * Dark, because nobody is there.
 */
off: boolean, 
/**
 * Where the picture stands, device pixels to the right and down, against burning in.
 */
shift: [number, number], 
/**
 * How far it can be moved at most, device pixels.
 */
shift_room: number, 
/**
 * A PIN is needed to leave.
 */
locked: boolean, };

export type LeaveAnswer = "left" | "wrong" | "wait";

export type LeaveView = { 
/**
 * What came of it.
 */
answer: LeaveAnswer, 
/**
 * How long to wait before the next try, ms.
 */
wait: number, };

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

export type SourceHealth = "unknown" | "ok" | "degraded" | "failed";

export type RemarkView = { "kind": "old", 
/**
 * How many.
 */
series: number, 
/**
 * Of how many.
 */
of: number, 
/**
 * Data time of the oldest, if it is known.
 */
since: number | null, } | { "kind": "missing", 
/**
 * Its name.
 */
source: string, 
/**
 * Since when.
 */
since: number, 
/**
 * Why.
 */
error: ErrorView, } | { "kind": "warned", 
/**
 * Its name.
 */
source: string, 
/**
 * It could not reach all of its own data.
 */
partial: boolean, 
/**
 * What it warned of, in its own words. Hostile input: text nodes, never markup.
 */
texts: Array<string>, } | { "kind": "cut", 
/**
 * So many are shown and judged.
 */
shown: number, 
/**
 * So many are not.
 */
dropped: number, };

export type TargetView = { 
/**
 * Label `job`.
 */
job: string, 
/**
 * Label `instance`.
 */
instance: string, 
/**
 * The address that is asked.
 */
url: string, 
/**
 * `unknown` before the first scrape, `degraded` when the store refused samples of it.
 */
health: SourceHealth, 
/**
 * Why the last scrape failed.
 */
error: ErrorView | null, 
/**
 * When the last scrape began.
 */
last: number | null, 
/**
 * Samples on the last page that was taken.
 */
samples: number, };

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
 * What is to be said beside the look.
 */
remarks: Array<RemarkView>, 
/**
 * Where a topology stands, when its edges are others than before.
 */
topology: TopologyView | null, 
/**
 * Queries that changed.
 */
queries: Array<QueryFrame>, };

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
 * Why it does not, or what is not well with it.
 */
error: ErrorView | null, 
/**
 * What it warned of in its last answers, in its own words. Hostile input: text nodes, never markup.
 */
warnings: Array<string>, 
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
 * Panels whose data is old, whose source fails or of which a part is not known: it cannot be said that all is well.
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

export type RegistryService = { 
/**
 * Its name; text of the registry.
 */
name: string, 
/**
 * How many instances are registered.
 */
instances: number, 
/**
 * How many of them are well.
 */
healthy: number, };

export type RegistryView = { 
/**
 * Its name in the configuration.
 */
name: string, 
/**
 * `etcd` or `consul`.
 */
kind: string, 
/**
 * Address without credentials.
 */
address: string, 
/**
 * Whether it answers; `degraded` when only its keys cannot be watched.
 */
health: SourceHealth, 
/**
 * Why it does not.
 */
error: ErrorView | null, 
/**
 * When it last answered.
 */
last_ok: number | null, 
/**
 * Services, first those that are not whole, at most 200.
 */
services: Array<RegistryService>, 
/**
 * Instances that are scraped.
 */
targets: number, 
/**
 * Changes of keys since the program's start.
 */
changes: number, };

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
 * Why secrets cannot be read at all.
 */
secrets_error: ErrorView | null, 
/**
 * All sources.
 */
sources: Array<SourceView>, 
/**
 * Pages that the program scrapes itself: first those that fail, at most 200.
 */
targets: Array<TargetView>, 
/**
 * All concepts.
 */
concepts: Array<ConceptView>, 
/**
 * Registries of services.
 */
registries: Array<RegistryView>, 
/**
 * Problems in files: boards, concepts.
 */
problems: Array<ErrorText>, };

export type Param = { "kind": "text", "value": string } | { "kind": "time", "value": number } | { "kind": "duration", "value": number } | { "kind": "number", "value": number } | { "kind": "key", "value": string } | { "kind": "keys", "value": Array<string> } | { "kind": "texts", "value": Array<string> };

export type Sentence = { 
/**
 * Locale key.
 */
key: string, 
/**
 * Placeholders.
 */
params: { [key in string]: Param }, };

export type LevelView = "p0" | "p1" | "p2" | "p3";

export type AlertLook = "open" | "acked" | "suppressed" | "resolved";

export type NextView = { 
/**
 * When, ms.
 */
at: number, 
/**
 * What: a sentence without the time (`alert.next.…`, placeholders `to`, `channels`).
 */
what: Sentence, };

export type AlertRow = { 
/**
 * Episode.
 */
id: number, 
/**
 * Identity, 16 hexadecimal digits.
 */
fingerprint: string, 
/**
 * Urgency.
 */
level: LevelView, 
/**
 * Which look.
 */
look: AlertLook, 
/**
 * What it says: summary, or the rule's name.
 */
title: string, 
/**
 * The rule's name.
 */
rule: string, 
/**
 * Where it is, most telling first: values of service, channel, instance, …
 */
place: Array<string>, 
/**
 * How many sources report it.
 */
sources: number, 
/**
 * Since when it holds.
 */
starts_at: number, 
/**
 * Until when somebody must have responded; `None` when somebody has.
 */
respond_by: number | null, 
/**
 * Until when it should be over; `None` where there is no such limit.
 */
resolve_by: number | null, 
/**
 * When it was over.
 */
resolved_at: number | null, 
/**
 * Who has it.
 */
acked_by: string | null, 
/**
 * What they said.
 */
ack_comment: string | null, 
/**
 * Until when they have it.
 */
ack_until: number | null, 
/**
 * Whose it is.
 */
assignee: string | null, 
/**
 * The foremost reason why it is quiet.
 */
quiet: Sentence | null, 
/**
 * What comes next.
 */
next: NextView | null, 
/**
 * It comes and goes.
 */
flapping: boolean, 
/**
 * All its sources are lost: what is shown is what they last said.
 */
unverified: boolean, 
/**
 * Made by the simulator.
 */
demo: boolean, };

export type AlertItem = { "kind": "group", 
/**
 * What folds and unfolds it.
 */
key: string, 
/**
 * Name of the rule, source or level; a value of an alert, hostile.
 */
title: string, 
/**
 * Its most urgent level.
 */
level: LevelView, 
/**
 * Alerts in it.
 */
count: number, 
/**
 * Of these nobody has.
 */
open: number, 
/**
 * Whether its alerts follow.
 */
unfolded: boolean, } | { "kind": "alert", 
/**
 * The alert.
 */
row: AlertRow, };

export type AlertTab = "open" | "unacked" | "mine" | "suppressed" | "resolved";

export type AlertGrouping = "none" | "rule" | "level" | "source" | "service";

export type AlertOrder = "urgency" | "newest" | "oldest" | "title";

export type AlertQuery = { 
/**
 * Which.
 */
tab: AlertTab, 
/**
 * Search: words, `label=value`, `label!=value`, `label=~regex`, `level<=P1`; all must hold. At most 1,000 characters.
 */
text: string, 
/**
 * Only these levels; empty: all.
 */
levels: Array<LevelView>, 
/**
 * How it is put together.
 */
group: AlertGrouping, 
/**
 * In which order.
 */
order: AlertOrder, 
/**
 * Keys of groups whose alerts are wanted.
 */
unfolded: Array<string>, 
/**
 * First entry wanted.
 */
offset: number, 
/**
 * How many; at most 200.
 */
limit: number, 
/**
 * What the page has already, from the last page with the same question; 0: nothing.
 */
cursor: number, };

export type LevelCount = { 
/**
 * That hold and are not suppressed (acknowledged ones count).
 */
open: number, 
/**
 * Of these nobody has.
 */
unacked: number, };

export type TabCounts = { open: number, unacked: number, mine: number, suppressed: number, resolved: number, };

export type PersonView = { 
/**
 * Id.
 */
id: string, 
/**
 * Name.
 */
name: string, };

export type AlertSourceView = { 
/**
 * Its name.
 */
name: string, 
/**
 * `alertmanager`, `prometheus`, `rules`, `webhook`.
 */
kind: string, 
/**
 * `None`: not asked yet.
 */
ok: boolean | null, 
/**
 * Why not.
 */
error: ErrorView | null, 
/**
 * When it last answered.
 */
last_ok: number | null, 
/**
 * Alerts it reports.
 */
alerts: number, 
/**
 * Whether silences can be made there.
 */
silences: boolean, };

export type ChannelView = { 
/**
 * Its kind: `popup`, `sound`, `webhook`, …; its name is locale key `channel.<kind>.name`.
 */
kind: string, 
/**
 * `None`: not tried yet.
 */
ok: boolean | null, 
/**
 * What it says of itself (the notification server's name), or why it does not work.
 */
detail: Sentence | null, };

export type DutyView = { 
/**
 * Counts P0, P1, P2, P3.
 */
levels: [LevelCount, LevelCount, LevelCount, LevelCount], 
/**
 * Suppressed alerts.
 */
suppressed: number, 
/**
 * The next thing that will happen, of all alerts.
 */
next: NextView | null, 
/**
 * Who uses this desk.
 */
me: PersonView, 
/**
 * Everybody.
 */
people: Array<PersonView>, 
/**
 * Who is told first now (the first step's targets).
 */
on_duty: Array<PersonView>, 
/**
 * Who has which role on which rota now; empty where there is no rota.
 */
rota: Array<OnDutyView>, 
/**
 * Sources of alerts.
 */
sources: Array<AlertSourceView>, 
/**
 * Channels.
 */
channels: Array<ChannelView>, 
/**
 * Sounds are off until then.
 */
muted_until: number | null, 
/**
 * The database cannot be written: nothing is told until it can.
 */
store_error: ErrorView | null, 
/**
 * What whoever plans the rota must know: a year whose holidays are not known. Empty while nothing is missing.
 */
rota_warnings: Array<Sentence>, 
/**
 * How long the program had been away before it started, ms, and when it started: shown for ten minutes.
 */
caught_up: [number, number] | null, };

export type WantedView = { 
/**
 * Which.
 */
alert: number, 
/**
 * When it was asked for, ms; the page shows it once for each such time.
 */
at: number, };

export type WantedPlace = { 
/**
 * `logs` or `traces`.
 */
page: string, 
/**
 * The query of the log search, or the service whose traces are wanted.
 */
query: string, 
/**
 * When it was asked for, ms; the page goes there once for each such time.
 */
at: number, };

export type AlertPage = { 
/**
 * The host's clock.
 */
now: number, 
/**
 * To be sent with the next question.
 */
cursor: number, 
/**
 * Entries that the question has, groups' heads included.
 */
total: number, 
/**
 * Alerts among them (also those in folded groups).
 */
alerts: number, 
/**
 * Number of the first entry.
 */
offset: number, 
/**
 * The entries; `None` when nothing has changed since the cursor.
 */
items: Array<AlertItem> | null, 
/**
 * Counts of the tabs.
 */
tabs: TabCounts, 
/**
 * The desk.
 */
duty: DutyView, 
/**
 * Language, theme, zone: these windows ask for no frame of the wall.
 */
settings: ViewSettings, 
/**
 * An alert that was asked for from outside of the window.
 */
wanted: WantedView | null, 
/**
 * A page of the desk that was asked for from outside of the window.
 */
place: WantedPlace | null, 
/**
 * Why the search cannot be understood; the list is then empty.
 */
error: ErrorView | null, };

export type FailingView = { 
/**
 * Episode.
 */
id: number, 
/**
 * Urgency.
 */
level: LevelView, 
/**
 * `model::board::Domain` in snake_case, if it is known.
 */
domain: string | null, 
/**
 * The board that it names itself.
 */
board: string | null, 
/**
 * What it says; from outside.
 */
title: string, 
/**
 * Since when it holds, ms.
 */
since: number, 
/**
 * Somebody has it.
 */
acked: boolean, };

export type AlertBand = { 
/**
 * Counts P0, P1, P2, P3.
 */
levels: [LevelCount, LevelCount, LevelCount, LevelCount], 
/**
 * P0 and P1 that nobody has, most urgent first, at most 6.
 */
urgent: Array<AlertRow>, 
/**
 * The ticker: all open ones, most urgent first, at most 30.
 */
ticker: Array<AlertRow>, 
/**
 * Who is told first now.
 */
on_duty: Array<string>, 
/**
 * Who has which role on which rota now; empty where there is no rota.
 */
rota: Array<OnDutyView>, 
/**
 * What comes next.
 */
next: NextView | null, 
/**
 * Alert sources that do not answer.
 */
lost: Array<string>, 
/**
 * What may move the wall: open P0 and P1, also those that somebody has, most urgent first, at most 100.
 */
failing: Array<FailingView>, };

export type LabelView = { 
/**
 * Name.
 */
name: string, 
/**
 * Value.
 */
value: string, };

export type SightView = { 
/**
 * The source.
 */
source: string, 
/**
 * `firing`, `suppressed` or `resolved`.
 */
state: string, 
/**
 * When it last said so.
 */
seen_at: number, 
/**
 * Where it can be looked at (http or https).
 */
url: string | null, };

export type TimelineItem = { 
/**
 * When.
 */
at: number, 
/**
 * How it is drawn: `fired`, `told`, `failed`, `held`, `acted`, `resolved`, `note`.
 */
tone: string, 
/**
 * What.
 */
what: Sentence, 
/**
 * A comment of a person.
 */
comment: string | null, };

export type NoticeView = { 
/**
 * Which.
 */
id: string, 
/**
 * Whom (name).
 */
to: string, 
/**
 * Channel kind.
 */
channel: string, 
/**
 * When it came to be.
 */
created_at: number, 
/**
 * Why (`notice.kind.…`).
 */
why: Sentence, 
/**
 * `waiting`, `sending`, `sent`, `failed`, `dropped`.
 */
state: string, 
/**
 * When that came, or until when it waits.
 */
at: number | null, 
/**
 * What became of it.
 */
outcome: Sentence, };

export type FindingView = { 
/**
 * `source`, `level`, `policy`, `quiet`, `step`, `notice`, `you`.
 */
stage: string, 
/**
 * Whether it speaks for telling, against it, or neither.
 */
verdict: string, 
/**
 * When.
 */
at: number | null, 
/**
 * What.
 */
what: Sentence, };

export type AlertDetail = { 
/**
 * The host's clock.
 */
now: number, 
/**
 * Its row.
 */
row: AlertRow, 
/**
 * Description.
 */
description: string | null, 
/**
 * Runbook (http or https).
 */
runbook: string | null, 
/**
 * Further texts.
 */
annotations: Array<LabelView>, 
/**
 * Labels.
 */
labels: Array<LabelView>, 
/**
 * By what it has its level.
 */
level_reason: Sentence, 
/**
 * The rule's expression, if known.
 */
expr: string | null, 
/**
 * What each source says.
 */
sights: Array<SightView>, 
/**
 * All reasons to keep quiet.
 */
quiet: Array<Sentence>, 
/**
 * The policy's steps: what each is, with `at` once it has a time.
 */
steps: Array<NextView>, 
/**
 * What happened.
 */
timeline: Array<TimelineItem>, 
/**
 * Who was told what by which channel.
 */
notices: Array<NoticeView>, 
/**
 * Why (not) me.
 */
findings: Array<FindingView>, };

export type AlertChart = { 
/**
 * Begin of the axis.
 */
from: number, 
/**
 * End of the axis.
 */
to: number, 
/**
 * Distance of two points.
 */
step: number, 
/**
 * Series and their points from `from` on; `None` is a gap.
 */
series: Array<[SeriesView, Array<number | null>]>, 
/**
 * The limit in the rule's expression, if it is a comparison with a number.
 */
limit: number | null, 
/**
 * What is drawn: the expression without its comparison.
 */
expr: string, 
/**
 * When it began to fire.
 */
fired_at: number, 
/**
 * When it was over.
 */
resolved_at: number | null, };

export type MatcherView = { 
/**
 * The label's name.
 */
name: string, 
/**
 * Value or regular expression.
 */
value: string, 
/**
 * Whether it is a regular expression.
 */
is_regex: boolean, 
/**
 * False: must not match.
 */
is_equal: boolean, };

export type AlertAct = { "do": "ack", 
/**
 * Which.
 */
alerts: number[], 
/**
 * 我来处理, …
 */
comment: string, 
/**
 * Lapses after so many ms; `None`: the configured time.
 */
for_ms: number | null, 
/**
 * Mirror it to the Alertmanagers as a silence over these labels.
 */
mirror: Array<string> | null, } | { "do": "unack", 
/**
 * Which.
 */
alerts: number[], } | { "do": "assign", 
/**
 * Which.
 */
alerts: number[], 
/**
 * To whom; `None`: to nobody.
 */
to: string | null, 
/**
 * Why.
 */
comment: string, } | { "do": "snooze", 
/**
 * Which.
 */
alerts: number[], 
/**
 * For so many ms; 0 ends it.
 */
for_ms: number, } | { "do": "resolve", 
/**
 * Which.
 */
alerts: number[], 
/**
 * Why.
 */
comment: string, } | { "do": "comment", 
/**
 * Which.
 */
alerts: number[], 
/**
 * What.
 */
comment: string, } | { "do": "mute", 
/**
 * Maintenance, or a silence.
 */
maintenance: boolean, 
/**
 * All must match.
 */
matchers: Array<MatcherView>, 
/**
 * From; `None`: now.
 */
from: number | null, 
/**
 * Until.
 */
until: number, 
/**
 * Why.
 */
comment: string, } | { "do": "unmute", 
/**
 * Which.
 */
id: number, } | { "do": "hush", 
/**
 * ms.
 */
for_ms: number, } | { "do": "me", 
/**
 * The person.
 */
person: string, };

export type MuteView = { 
/**
 * Which; 0 when it stands in the configuration.
 */
id: number, 
/**
 * Maintenance, or a silence.
 */
maintenance: boolean, 
/**
 * Conditions.
 */
matchers: Array<MatcherView>, 
/**
 * From.
 */
from: number, 
/**
 * Until.
 */
until: number, 
/**
 * Who.
 */
by: string, 
/**
 * Why.
 */
comment: string, 
/**
 * Alerts that it holds now.
 */
holds: number, };

export type HistoryQuery = { 
/**
 * Episodes that began from here on …
 */
from: number, 
/**
 * … to before here.
 */
to: number, 
/**
 * As in [`AlertQuery::text`].
 */
text: string, 
/**
 * Who acknowledged, owned or was told.
 */
person: string | null, 
/**
 * Only these levels; empty: all.
 */
levels: Array<LevelView>, 
/**
 * Where the last page ended: time and episode.
 */
before: [number, number] | null, 
/**
 * How many; at most 200.
 */
limit: number, };

export type HistoryPage = { 
/**
 * Rows.
 */
rows: Array<AlertRow>, 
/**
 * How to ask for the next page; `None`: this is the last.
 */
before: [number, number] | null, };

export type Kept = { 
/**
 * Kept.
 */
met: number, 
/**
 * Of so many.
 */
of: number, };

export type Spread = { 
/**
 * How many.
 */
count: number, 
/**
 * Mean.
 */
mean: number | null, 
/**
 * Median.
 */
median: number | null, 
/**
 * 95th percentile.
 */
p95: number | null, };

export type WeekFigures = { 
/**
 * Its Monday, 00:00 in the configured zone.
 */
from: number, 
/**
 * Episodes that began, P0 to P3.
 */
fired: [number, number, number, number], 
/**
 * Time to the first response (MTTA).
 */
response: Spread, 
/**
 * Time to the end (MTTR).
 */
resolution: Spread, 
/**
 * Nobody has ever responded (and it is over).
 */
unanswered: number, 
/**
 * Still open.
 */
open: number, 
/**
 * Response limits kept, P0 to P3.
 */
response_kept: [Kept, Kept, Kept, Kept], 
/**
 * Resolution limits kept, P0 to P3.
 */
resolution_kept: [Kept, Kept, Kept, Kept], };

export type FiguresView = { 
/**
 * Weeks, oldest first.
 */
weeks: Array<WeekFigures>, 
/**
 * The rules that fired most: name, episodes.
 */
noisy: Array<[string, number]>, 
/**
 * Acknowledgements by person: name, how many.
 */
acks: Array<[string, number]>, };

export type PreviewView = { 
/**
 * How many alerts.
 */
total: number, 
/**
 * The most urgent of them, at most 50.
 */
rows: Array<AlertRow>, };

export type RotaQuery = { 
/**
 * Which rota; `None`: the first.
 */
rota: string | null, 
/**
 * First day shown, in the rota's zone; `None`: the first of this month.
 */
from: string | null, 
/**
 * How many days; at most 100.
 */
days: number, 
/**
 * First day of which duty is counted, in the rota's zone: a month shown in whole weeks is counted without the days of others. `None`: the
 * first day shown.
 */
count_from: string | null, 
/**
 * How many days are counted; 0: all that are shown.
 */
count_days: number, 
/**
 * [`RotaPage::revision`] of what the page has; the answer is `None` while nothing is different.
 */
have: string | null, };

export type RotaName = { 
/**
 * Which.
 */
id: string, 
/**
 * As shown.
 */
name: string, };

export type CalendarView = { 
/**
 * Which.
 */
id: string, 
/**
 * As shown.
 */
name: string, 
/**
 * Years of which it has the notice, in order.
 */
years: Array<number>, 
/**
 * Days of the week that are off, 1 Monday to 7 Sunday.
 */
weekend: Array<number>, };

export type WeightsView = { 
/**
 * From 22:00 to 06:00 of a workday.
 */
night: number, 
/**
 * On a weekend's day.
 */
weekend: number, 
/**
 * On a holiday.
 */
holiday: number, 
/**
 * All of it times this for who is not the primary.
 */
standby: number, };

export type CadenceView = { "every": "days", 
/**
 * 1 to 366.
 */
days: number, } | { "every": "weeks", 
/**
 * 1 to 52.
 */
weeks: number, 
/**
 * 1 Monday to 7 Sunday.
 */
weekday: number, } | { "every": "shifts", 
/**
 * 1 to 366.
 */
shifts: number, } | { "every": "cycle", 
/**
 * 1 to 366 each, as many as there are turns.
 */
days: Array<number>, };

export type PlannedDay = { 
/**
 * The day on which the shift begins.
 */
day: string, 
/**
 * Who.
 */
people: Array<string>, };

export type RotationView = { "kind": "turns", 
/**
 * In order; a turn is one person or several.
 */
turns: Array<Array<string>>, 
/**
 * When the next one begins.
 */
cadence: CadenceView, } | { "kind": "weekdays", 
/**
 * Monday to Sunday: seven lists.
 */
people: Array<Array<string>>, } | { "kind": "planned", 
/**
 * In order.
 */
days: Array<PlannedDay>, };

export type LayerView = { 
/**
 * Which; 0 in an edit that makes it.
 */
id: number, 
/**
 * As shown: 工作日白班.
 */
name: string, 
/**
 * As what.
 */
role: string, 
/**
 * Larger wins.
 */
priority: number, 
/**
 * `workday`, `weekend`, `holiday`: days on which it begins; none named: all.
 */
kinds: Array<string>, 
/**
 * Days of the week on which it begins, 1 Monday to 7 Sunday; none named: all.
 */
weekdays: Array<number>, 
/**
 * Begin, `HH:MM`.
 */
from: string, 
/**
 * End, `HH:MM`; not after `from`: on the next day.
 */
to: string, 
/**
 * Who.
 */
rotation: RotationView, 
/**
 * When the turn changes; `None`: with the shift.
 */
handoff: string | null, 
/**
 * First day.
 */
first_day: string, 
/**
 * Last day.
 */
last_day: string | null, 
/**
 * Zone, if not the rota's.
 */
zone: string | null, 
/**
 * Calendar, if not the rota's.
 */
calendar: string | null, };

export type RotaView = { 
/**
 * Which.
 */
id: string, 
/**
 * As shown.
 */
name: string, 
/**
 * IANA name of its zone.
 */
zone: string, 
/**
 * Calendar of holidays.
 */
calendar: string | null, 
/**
 * In order.
 */
layers: Array<LayerView>, 
/**
 * Roles that somebody must have at each instant.
 */
required: Array<string>, 
/**
 * How long after a change of shift both must have signed, minutes; `None`: handovers are not signed.
 */
grace_minutes: number | null, };

export type MemberView = { 
/**
 * Unique.
 */
id: string, 
/**
 * As shown.
 */
name: string, 
/**
 * Telephone number.
 */
phone: string, 
/**
 * E-mail address.
 */
email: string, 
/**
 * 钉钉 id.
 */
dingtalk: string, 
/**
 * 企业微信 id.
 */
wecom: string, 
/**
 * Zone, if not the rota's.
 */
zone: string | null, 
/**
 * Roles that the person can take; none named: all.
 */
roles: Array<string>, 
/**
 * Teams.
 */
teams: Array<string>, };

export type ContactView = { 
/**
 * Telephone number.
 */
phone: string, 
/**
 * E-mail address.
 */
email: string, 
/**
 * 钉钉 id.
 */
dingtalk: string, 
/**
 * 企业微信 id.
 */
wecom: string, };

export type MemberEdit = { 
/**
 * Unique.
 */
id: string, 
/**
 * As shown.
 */
name: string, 
/**
 * Telephone number.
 */
phone: string | null, 
/**
 * E-mail address.
 */
email: string | null, 
/**
 * 钉钉 id.
 */
dingtalk: string | null, 
/**
 * 企业微信 id.
 */
wecom: string | null, 
/**
 * Zone, if not the rota's.
 */
zone: string | null, 
/**
 * Roles that the person can take; none named: all.
 */
roles: Array<string>, 
/**
 * Teams.
 */
teams: Array<string>, };

export type OnDutyView = { 
/**
 * On which rota.
 */
rota: string, 
/**
 * As what.
 */
role: string, 
/**
 * Who.
 */
person: string, 
/**
 * As shown.
 */
name: string, 
/**
 * Since when.
 */
from: number, 
/**
 * Until when.
 */
until: number, 
/**
 * Why.
 */
why: Sentence, 
/**
 * Names of those who have the role next; empty: nobody.
 */
next: Array<string>, };

export type ShiftView = { 
/**
 * As what.
 */
role: string, 
/**
 * Who.
 */
person: string, 
/**
 * As shown.
 */
name: string, 
/**
 * From.
 */
from: number, 
/**
 * Until.
 */
until: number, 
/**
 * `layer`, `holiday`, `override`, `swap`, `stand_in`.
 */
by: string, 
/**
 * Why, in words.
 */
why: Sentence, 
/**
 * The override, if it is one: it can be removed.
 */
override: number | null, 
/**
 * The layer whose shift it is.
 */
layer: number | null, 
/**
 * The layer's name.
 */
layer_name: string | null, 
/**
 * The day on which that shift begins.
 */
day: string | null, 
/**
 * Names of those whose turn it would be.
 */
instead_of: Array<string>, };

export type DayView = { 
/**
 * Which.
 */
date: string, 
/**
 * Its midnight.
 */
from: number, 
/**
 * The next midnight.
 */
until: number, 
/**
 * `workday`, `weekend`, `holiday`.
 */
kind: string, 
/**
 * The holiday to which it belongs.
 */
name: string | null, 
/**
 * A weekend's day that is worked (调休上班).
 */
make_up: boolean, 
/**
 * Whether the calendar has that year's notice.
 */
known: boolean, };

export type ProblemView = { 
/**
 * `gap`, `double`, `absent`, `several`, `unknown`, `lacks`.
 */
kind: string, 
/**
 * As what.
 */
role: string, 
/**
 * Ids of people concerned.
 */
people: Array<string>, 
/**
 * From.
 */
from: number, 
/**
 * Until.
 */
until: number, 
/**
 * In words.
 */
what: Sentence, };

export type AbsenceView = { 
/**
 * Which; 0 in an edit that makes it.
 */
id: number, 
/**
 * Who.
 */
person: string, 
/**
 * From.
 */
from: number, 
/**
 * Until.
 */
until: number, 
/**
 * Who stands in.
 */
stand_in: string | null, 
/**
 * Why.
 */
why: string, };

export type SlotView = { 
/**
 * On which rota.
 */
rota: string, 
/**
 * As what.
 */
role: string, 
/**
 * Whose.
 */
person: string, 
/**
 * From.
 */
from: number, 
/**
 * Until.
 */
until: number, };

export type SwapView = { 
/**
 * Which.
 */
id: number, 
/**
 * `requested`, `accepted`, `declined`, `withdrawn`.
 */
state: string, 
/**
 * What the one who asks gives away.
 */
give: SlotView, 
/**
 * Who is asked.
 */
with: string, 
/**
 * What the one who asks takes in return.
 */
take: SlotView | null, 
/**
 * Why.
 */
why: string, 
/**
 * Name of who has asked.
 */
by: string, 
/**
 * When.
 */
at: number, 
/**
 * What the other said.
 */
answer: string, 
/**
 * Whether I can accept or decline it.
 */
can_answer: boolean, 
/**
 * Whether I can take it back.
 */
can_withdraw: boolean, };

export type LoadView = { 
/**
 * Who.
 */
person: string, 
/**
 * As shown.
 */
name: string, 
/**
 * Hours on duty.
 */
hours: number, 
/**
 * Nights.
 */
nights: number, 
/**
 * Weekend days.
 */
weekends: number, 
/**
 * Holidays.
 */
holidays: number, 
/**
 * Hours by weight: a night, a weekend, a holiday count more.
 */
score: number, };

export type PackAlertView = { 
/**
 * Episode.
 */
alert: number, 
/**
 * What it says.
 */
title: string, 
/**
 * Urgency.
 */
level: LevelView, 
/**
 * Since when.
 */
since: number, 
/**
 * Who has it.
 */
by: string | null, 
/**
 * When the acknowledgement lapses.
 */
until: number | null, };

export type PackSilenceView = { 
/**
 * Why.
 */
comment: string, 
/**
 * Who made it.
 */
by: string, 
/**
 * When it ends.
 */
until: number, };

export type PackRuleView = { 
/**
 * The rule's name.
 */
name: string, 
/**
 * Episodes during the shift.
 */
episodes: number, 
/**
 * Notices sent during the shift.
 */
notices: number, };

export type SignatureView = { 
/**
 * As shown.
 */
name: string, 
/**
 * When.
 */
at: number, };

export type HandoverView = { 
/**
 * Which.
 */
id: number, 
/**
 * On which rota.
 */
rota: string, 
/**
 * When the shift changes.
 */
at: number, 
/**
 * When both must have signed.
 */
due: number, 
/**
 * `coming`, `open`, `given`, `taken`, `signed`, `overdue`.
 */
state: string, 
/**
 * Names of those who hand over.
 */
from: Array<string>, 
/**
 * Names of those who take over.
 */
to: Array<string>, 
/**
 * When the pack was put together.
 */
made_at: number, 
/**
 * Open alerts, most urgent first.
 */
open: Array<PackAlertView>, 
/**
 * How many are open altogether.
 */
open_count: number, 
/**
 * Acknowledgements that lapse next.
 */
lapsing: Array<PackAlertView>, 
/**
 * Silences that end during the next shift.
 */
silences: Array<PackSilenceView>, 
/**
 * Noisy rules.
 */
noisy: Array<PackRuleView>, 
/**
 * Notes of the old shift.
 */
records: Array<NoteView>, 
/**
 * What the old shift writes to the new one.
 */
notes: string, 
/**
 * The old shift's signature.
 */
given: SignatureView | null, 
/**
 * The new shift's signature.
 */
taken: SignatureView | null, 
/**
 * Whether I can sign as the old shift.
 */
can_give: boolean, 
/**
 * Whether I can sign as the new shift.
 */
can_take: boolean, };

export type NoteView = { 
/**
 * Which.
 */
id: number, 
/**
 * On which rota.
 */
rota: string, 
/**
 * When.
 */
at: number, 
/**
 * Name of who wrote it.
 */
by: string, 
/**
 * What. Hostile text.
 */
text: string, 
/**
 * Alerts that it is about.
 */
alerts: number[], 
/**
 * Words to find it by.
 */
tags: Array<string>, 
/**
 * Whether it is mine, so that I can correct it.
 */
mine: boolean, };

export type RotaChangeView = { 
/**
 * Which.
 */
id: number, 
/**
 * When.
 */
at: number, 
/**
 * Who.
 */
by: string, 
/**
 * What.
 */
what: Sentence, 
/**
 * Whether it can be undone now.
 */
can_undo: boolean, };

export type RotaPage = { 
/**
 * Changes when anything on the page does; opaque.
 */
revision: string, 
/**
 * When it was put together.
 */
now: number, 
/**
 * All rotas.
 */
rotas: Array<RotaName>, 
/**
 * All calendars of holidays.
 */
calendars: Array<CalendarView>, 
/**
 * The one asked for; `None`: there is none yet.
 */
rota: RotaView | null, 
/**
 * Everybody.
 */
people: Array<MemberView>, 
/**
 * Who uses this desk.
 */
me: string, 
/**
 * Who has which role now.
 */
on_duty: Array<OnDutyView>, 
/**
 * Shifts in the stretch asked for, by begin.
 */
shifts: Array<ShiftView>, 
/**
 * Its days.
 */
days: Array<DayView>, 
/**
 * What is wrong in it.
 */
problems: Array<ProblemView>, 
/**
 * Absences that touch it.
 */
absences: Array<AbsenceView>, 
/**
 * Swaps that touch it, and all that wait for an answer.
 */
swaps: Array<SwapView>, 
/**
 * How duty is spread from [`Self::counted_from`] to [`Self::counted_until`].
 */
loads: Array<LoadView>, 
/**
 * Begin of what is counted.
 */
counted_from: number, 
/**
 * End of what is counted.
 */
counted_until: number, 
/**
 * The weights that it is counted with.
 */
weights: WeightsView, 
/**
 * Largest score less the smallest.
 */
spread: number, 
/**
 * The handover under way, coming within an hour, or the last one.
 */
handover: HandoverView | null, 
/**
 * What the person who plans must know: years without a notice.
 */
warnings: Array<Sentence>, 
/**
 * The latest change, if it can be undone.
 */
undo: RotaChangeView | null, };

export type SideView = "giving" | "taking";

export type PlanAsk = { 
/**
 * Which rota.
 */
rota: string, 
/**
 * First day.
 */
from: string, 
/**
 * Last day; at most 184 after the first.
 */
until: string, 
/**
 * Who can be planned; none named: everybody whom the rota names.
 */
people: Array<string>, 
/**
 * Most nights in a row.
 */
nights_in_a_row: number, 
/**
 * Least hours between two shifts of one person.
 */
rest_hours: number, 
/**
 * Another number, another plan.
 */
seed: number, 
/**
 * How much heavier nights, weekends and holidays are; `None`: as [`super::RotaPage::weights`].
 */
weights: WeightsView | null, 
/**
 * So many days before the plan are evened out with it, at most 1096; `None`: 90.
 */
history_days: number | null, };

export type PlanView = { 
/**
 * Shifts that it makes.
 */
shifts: Array<ShiftView>, 
/**
 * Duty as it is now.
 */
before: Array<LoadView>, 
/**
 * Duty with the plan.
 */
after: Array<LoadView>, 
/**
 * Largest score less the smallest, now.
 */
spread_before: number, 
/**
 * The same with the plan.
 */
spread_after: number, 
/**
 * Largest score less the smallest of the planned time and the past that counts together, now: what a plan evens out.
 */
total_before: number, 
/**
 * The same with the plan.
 */
total_after: number, 
/**
 * What is wrong in it.
 */
problems: Array<ProblemView>, 
/**
 * What it could not keep to.
 */
notes: Array<Sentence>, };

export type RotaEdit = { "edit": "put_member", 
/**
 * Who.
 */
member: MemberEdit, } | { "edit": "remove_member", 
/**
 * Who.
 */
person: string, } | { "edit": "begin_rota", 
/**
 * A new id: letters, digits, `-` and `_`.
 */
id: string, 
/**
 * As shown.
 */
name: string, 
/**
 * Who takes turns.
 */
people: Array<string>, 
/**
 * Who stands behind them as 主管.
 */
managers: Array<string>, } | { "edit": "put_rota", 
/**
 * As it shall be.
 */
rota: RotaView, } | { "edit": "remove_rota", 
/**
 * Which.
 */
rota: string, } | { "edit": "put_layer", 
/**
 * On which rota.
 */
rota: string, 
/**
 * As it shall be.
 */
layer: LayerView, } | { "edit": "remove_layer", 
/**
 * On which rota.
 */
rota: string, 
/**
 * Which.
 */
layer: number, } | { "edit": "put_absence", 
/**
 * As it shall be.
 */
absence: AbsenceView, } | { "edit": "remove_absence", 
/**
 * Which.
 */
absence: number, } | { "edit": "assign", 
/**
 * Where, when and who.
 */
slot: SlotView, 
/**
 * Whose place it is; `None`: everybody's who has the role then.
 */
replaces: string | null, 
/**
 * Why.
 */
why: string, } | { "edit": "remove_override", 
/**
 * Which.
 */
id: number, } | { "edit": "exchange", 
/**
 * One side.
 */
one: SlotView, 
/**
 * The other.
 */
other: SlotView, 
/**
 * Why.
 */
why: string, } | { "edit": "request_swap", 
/**
 * What is given away.
 */
give: SlotView, 
/**
 * Who is asked.
 */
with: string, 
/**
 * What is taken in return.
 */
take: SlotView | null, 
/**
 * Why.
 */
why: string, } | { "edit": "answer_swap", 
/**
 * Which.
 */
swap: number, 
/**
 * Yes or no.
 */
accept: boolean, 
/**
 * A word with it.
 */
answer: string, } | { "edit": "withdraw_swap", 
/**
 * Which.
 */
swap: number, } | { "edit": "adopt_plan", 
/**
 * From what.
 */
plan: PlanAsk, } | { "edit": "write_handover", 
/**
 * Which.
 */
handover: number, 
/**
 * The text.
 */
notes: string, } | { "edit": "sign_handover", 
/**
 * Which.
 */
handover: number, 
/**
 * For which side.
 */
side: SideView, } | { "edit": "add_note", 
/**
 * On which rota.
 */
rota: string, 
/**
 * What.
 */
text: string, 
/**
 * Alerts that it is about.
 */
alerts: number[], 
/**
 * Words to find it by.
 */
tags: Array<string>, } | { "edit": "alter_note", 
/**
 * Which.
 */
note: number, 
/**
 * What it says now.
 */
text: string, 
/**
 * Words to find it by.
 */
tags: Array<string>, } | { "edit": "remove_note", 
/**
 * Which.
 */
note: number, } | { "edit": "set_weekend", 
/**
 * Which calendar.
 */
calendar: string, 
/**
 * 1 Monday to 7 Sunday; none named: Saturday and Sunday.
 */
weekend: Array<number>, } | { "edit": "undo", 
/**
 * Which.
 */
change: number, };

export type RotaPreview = { 
/**
 * Shifts as they would be.
 */
shifts: Array<ShiftView>, 
/**
 * What would be wrong that is not now.
 */
new: Array<ProblemView>, 
/**
 * What is wrong now and would not be.
 */
gone: Array<ProblemView>, };

export type NotesQuery = { 
/**
 * Only of this rota.
 */
rota: string | null, 
/**
 * Words; all must be in the text or the tags.
 */
text: string, 
/**
 * Not before.
 */
from: number | null, 
/**
 * Before.
 */
until: number | null, 
/**
 * Only older than this note.
 */
before: number | null, 
/**
 * At most; 200.
 */
limit: number, };

export type NotesPage = { 
/**
 * Newest first.
 */
notes: Array<NoteView>, 
/**
 * Whether there are older ones.
 */
more: boolean, };

export type ImportKind = "people" | "overrides" | "overrides_ical" | "holidays" | "holidays_ical";

export type ImportAsk = { 
/**
 * What it is.
 */
kind: ImportKind, 
/**
 * For overrides: the rota, in CSV where the file names none. For holidays: the calendar, a new or an existing one; none: for JSON China's, for
 * iCalendar a new one.
 */
target: string | null, 
/**
 * Its bytes in base64; at most 10 MB.
 */
content: string, 
/**
 * Only look whether it could be.
 */
dry_run: boolean, };

export type ImportError = { 
/**
 * Line, from 1.
 */
line: number, 
/**
 * Column, from 1; `None`: the whole line.
 */
column: number | null, 
/**
 * What is wrong and what to do.
 */
what: Sentence, };

export type ImportView = { 
/**
 * Entries read.
 */
entries: number, 
/**
 * What is wrong, at most 100.
 */
errors: Array<ImportError>, 
/**
 * How many errors there are altogether.
 */
error_count: number, 
/**
 * What to know before it is kept, and no fault: columns that are not read, years of a calendar that are replaced.
 */
notes: Array<Sentence>, 
/**
 * For holidays: the calendar into which they go.
 */
calendar: RotaName | null, 
/**
 * For overrides and holidays that are only looked at: what would be wrong or right with them on any rota, over the stretch that they
 * concern. Without shifts.
 */
preview: RotaPreview | null, };

export type ExportAsk = { "what": "people" } | { "what": "rota", 
/**
 * Which.
 */
rota: string, } | { "what": "shifts", 
/**
 * Which.
 */
rota: string, 
/**
 * First day, in the rota's zone.
 */
from: string, 
/**
 * Last day; at most 366 after the first.
 */
until: string, } | { "what": "person", 
/**
 * Who.
 */
person: string, };

export type ExportView = { 
/**
 * The file.
 */
path: string, 
/**
 * Address on this machine; `None`: there is no listener (`duty.calendar_listen` is empty), or it is no calendar.
 */
url: string | null, };

export type TraceSourceView = { 
/**
 * Its name in the configuration.
 */
name: string, 
/**
 * `jaeger`.
 */
kind: string, 
/**
 * Address without credentials.
 */
address: string, 
/**
 * Whether its traces are made up.
 */
demo: boolean, 
/**
 * Whether it answers; `None`: not asked yet.
 */
ok: boolean | null, 
/**
 * Why it does not.
 */
error: ErrorView | null, 
/**
 * Which API it speaks: `classic` or `v3`.
 */
api: string | null, 
/**
 * When it last answered.
 */
last_ok: number | null, 
/**
 * How long its last answer to a probe took, ms.
 */
latency: number | null, };

export type TraceChoicesView = { 
/**
 * The store that was asked.
 */
source: string, 
/**
 * All services, or the operations of one.
 */
names: Array<string>, 
/**
 * Whether there are more than are told.
 */
more: boolean, };

export type TraceSearch = { 
/**
 * Which place of the page asks.
 */
lane: string, 
/**
 * Which store; `None`: the first.
 */
source: string | null, 
/**
 * The service.
 */
service: string, 
/**
 * Only spans of this operation.
 */
operation: string | null, 
/**
 * As it was written: `http.status_code=500 error=true note="two words"`.
 */
tags: string, 
/**
 * As it was written: `200ms`, `1.5s`; empty: any.
 */
min_duration: string, 
/**
 * As it was written; empty: any.
 */
max_duration: string, 
/**
 * From this time on.
 */
from: number, 
/**
 * Until this time.
 */
to: number, 
/**
 * Traces at most, 1 to 1,500.
 */
limit: number, };

export type TraceShareView = { 
/**
 * The service.
 */
name: string, 
/**
 * Its spans.
 */
spans: number, 
/**
 * Those that failed.
 */
errors: number, };

export type TraceItem = { 
/**
 * Its id, 32 hexadecimal digits.
 */
id: string, 
/**
 * Service of the first root.
 */
service: string, 
/**
 * Operation of the first root.
 */
operation: string, 
/**
 * When it began.
 */
at: number, 
/**
 * How long it took, ns.
 */
duration: number, 
/**
 * Its spans.
 */
spans: number, 
/**
 * Those that failed.
 */
errors: number, 
/**
 * Spans whose parent is not there.
 */
orphans: number, 
/**
 * Who took part, the one with most spans first; some of them.
 */
shares: Array<TraceShareView>, 
/**
 * How many took part.
 */
services: number, };

export type TraceListView = { 
/**
 * The store that was asked.
 */
source: string, 
/**
 * Made up.
 */
demo: boolean, 
/**
 * The traces.
 */
traces: Array<TraceItem>, 
/**
 * Whether as many came as were asked for, so that there may be more.
 */
capped: boolean, 
/**
 * What the store warned of, in its own words.
 */
warnings: Array<string>, 
/**
 * How long it took, ms.
 */
took: number, };

export type TraceNear = { 
/**
 * Hostile: text.
 */
service: string, 
/**
 * ms.
 */
at: number, };

export type TraceOpen = { 
/**
 * Which place of the page asks.
 */
lane: string, 
/**
 * Which store; `None`: all are asked, the first that has it counts.
 */
source: string | null, 
/**
 * Its id, hexadecimal.
 */
id: string, 
/**
 * With hosts' clocks moved so that children lie within their parents.
 */
adjusted: boolean, 
/**
 * Asked of the store again, although it is open.
 */
again: boolean, 
/**
 * Where it may be, when the id is the lower half of the trace's.
 */
near: TraceNear | null, };

export type TraceServiceView = { 
/**
 * Its name.
 */
name: string, 
/**
 * Its spans.
 */
spans: number, 
/**
 * Those that failed.
 */
errors: number, 
/**
 * Time in which it did work of its own, ns.
 */
self_time: number, };

export type TraceBucketView = { 
/**
 * Spans that touch it.
 */
spans: number, 
/**
 * Those that failed.
 */
errors: number, 
/**
 * Which share of it is on the critical path, 0 to 1.
 */
critical: number, };

export type TraceHead = { 
/**
 * To ask on.
 */
key: string, 
/**
 * Its id, 32 hexadecimal digits.
 */
id: string, 
/**
 * Where it is from.
 */
source: string, 
/**
 * Made up.
 */
demo: boolean, 
/**
 * Service of the first root.
 */
service: string, 
/**
 * Operation of the first root.
 */
operation: string, 
/**
 * When it began.
 */
at: number, 
/**
 * How long it took, ns.
 */
duration: number, 
/**
 * Its spans.
 */
spans: number, 
/**
 * Those that failed.
 */
errors: number, 
/**
 * Levels of spans below one another.
 */
depth: number, 
/**
 * Rows that stand at the left edge.
 */
roots: number, 
/**
 * Who took part, the one with most time of its own first.
 */
services: Array<TraceServiceView>, 
/**
 * What is to be said of it: orphans, rings, clocks, what the store warned of.
 */
notes: Array<Sentence>, 
/**
 * Whether clocks are moved.
 */
adjusted: boolean, 
/**
 * Whether moving clocks would change anything.
 */
skewed: boolean, 
/**
 * Rows as things are folded.
 */
rows: number, 
/**
 * Length of the critical path's own work by service, ns, in the order of `services`.
 */
critical: Array<number>, 
/**
 * The whole time in pieces of the same length.
 */
minimap: Array<TraceBucketView>, 
/**
 * Bytes of the store's answer.
 */
bytes: number, 
/**
 * From the question to the whole answer, and until it was arranged, ms.
 */
took: [number, number], };

export type TraceFold = { "fold": "toggle", 
/**
 * Which.
 */
row: number, } | { "fold": "depth", 
/**
 * Levels that stay, 1 or more.
 */
levels: number, } | { "fold": "none" } | { "fold": "reveal", 
/**
 * Which.
 */
row: number, };

export type TraceRowsAsk = { 
/**
 * Which trace.
 */
key: string, 
/**
 * First of the rows that are not folded away.
 */
first: number, 
/**
 * How many, at most 1,000.
 */
count: number, 
/**
 * To be folded before.
 */
fold: TraceFold | null, 
/**
 * The part of the trace's time that is drawn, ns from its begin; the critical path is told so fine as it can be drawn there.
 */
view: [number, number], };

export type TraceRow = { 
/**
 * Its number among all rows.
 */
row: number, 
/**
 * Levels above it.
 */
depth: number, 
/**
 * Spans directly below it.
 */
children: number, 
/**
 * Spans below it.
 */
below: number, 
/**
 * Whether they are folded away.
 */
folded: boolean, 
/**
 * Failed spans that are folded away below it.
 */
errors_below: number, 
/**
 * Index of its service among [`TraceHead::services`].
 */
service: number, 
/**
 * What it does.
 */
operation: string, 
/**
 * `internal`, `server`, `client`, `producer`, `consumer`.
 */
kind: string, 
/**
 * When it began, ns from the trace's begin.
 */
start: number, 
/**
 * How long it took, ns; negative as it was recorded.
 */
duration: number, 
/**
 * Its own work, ns.
 */
self_time: number, 
/**
 * Where the critical path goes through its own work: begin and end, ns from the trace's begin.
 */
critical: Array<[number, number]>, 
/**
 * A set; bit n: 0 failed, 1 orphan, 2 ring cut here, 3 id twice, 4 id shared with its client, 5 negative duration, 6 begins
 * before its parent, 7 ends after it, 8 not waited for, 9 warned of, 10 clock moved, 11 links, 12 events.
 */
marks: number, };

export type TraceRowsView = { 
/**
 * Number of the first among the rows that are not folded away.
 */
first: number, 
/**
 * All that are not folded away.
 */
total: number, 
/**
 * Rises with each folding.
 */
revision: number, 
/**
 * Where the row that was to be revealed or toggled stands, if one was.
 */
at: number | null, 
/**
 * The rows.
 */
rows: Array<TraceRow>, };

export type TraceFind = { 
/**
 * Which trace.
 */
key: string, 
/**
 * In names, tags, events, ids; without regard to case.
 */
text: string, 
/**
 * Only failed ones.
 */
errors: boolean, 
/**
 * Only of this service (an index).
 */
service: number | null, 
/**
 * From this row on.
 */
from: number | null, 
/**
 * Backwards.
 */
back: boolean, };

export type TraceFound = { 
/**
 * How many spans.
 */
total: number, 
/**
 * Which of them `row` is, from 1; 0: none.
 */
nth: number, 
/**
 * The next one.
 */
row: number | null, 
/**
 * Rows that were found; the first 2,000.
 */
rows: Array<number>, };

export type TraceTagView = { 
/**
 * Its name.
 */
key: string, 
/**
 * Its value as text.
 */
value: string, 
/**
 * `text`, `bool`, `number`, `binary`.
 */
kind: string, 
/**
 * Whether the value goes on.
 */
cut: boolean, };

export type TraceEventView = { 
/**
 * When, ns from the trace's begin.
 */
at: number, 
/**
 * Its name, or the first of its fields that has the sense of one.
 */
name: string, 
/**
 * What it says.
 */
fields: Array<TraceTagView>, };

export type TraceLinkView = { 
/**
 * Its trace.
 */
trace: string, 
/**
 * The span.
 */
span: string, 
/**
 * Its row, when it is in this trace.
 */
row: number | null, };

export type TraceStepView = { 
/**
 * Its row.
 */
row: number, 
/**
 * Index of its service.
 */
service: number, 
/**
 * What it does.
 */
operation: string, };

export type TraceSpanView = { 
/**
 * As it stands in the waterfall.
 */
row: TraceRow, 
/**
 * Its id, 16 hexadecimal digits.
 */
id: string, 
/**
 * The parent that it names.
 */
parent: string | null, 
/**
 * From the root to its parent: the first and the last of them.
 */
path: Array<TraceStepView>, 
/**
 * Steps that are left out of `path` in its middle.
 */
path_cut: number, 
/**
 * When it began.
 */
at: number, 
/**
 * By how much its clock is moved, ns.
 */
shift: number, 
/**
 * What it says of itself; at most 300.
 */
tags: Array<TraceTagView>, 
/**
 * What ran it.
 */
process: Array<TraceTagView>, 
/**
 * What it noted; at most 300.
 */
events: Array<TraceEventView>, 
/**
 * Events and tags that are not told.
 */
left_out: number, 
/**
 * Other spans.
 */
links: Array<TraceLinkView>, 
/**
 * What is odd about it.
 */
notes: Array<Sentence>, 
/**
 * What the store found odd, in its own words.
 */
warnings: Array<string>, };

export type TraceFlameAsk = { 
/**
 * Which trace.
 */
key: string, 
/**
 * The frame that takes the whole width; `None`: all.
 */
focus: number | null, 
/**
 * Width in pixels: frames narrower than one are left out.
 */
width: number, };

export type TraceFrameView = { 
/**
 * Its number; several frames too narrow to draw have none and stand together.
 */
frame: number | null, 
/**
 * How many frames it stands for.
 */
frames: number, 
/**
 * Levels above it.
 */
depth: number, 
/**
 * Left edge as a share of the width.
 */
x: number, 
/**
 * Width as a share of the width.
 */
width: number, 
/**
 * Index of its service.
 */
service: number, 
/**
 * What it does.
 */
operation: string, 
/**
 * Its spans.
 */
spans: number, 
/**
 * Those that failed.
 */
errors: number, 
/**
 * Time of all of them, ns.
 */
total: number, 
/**
 * Time of their own work, ns.
 */
self_time: number, 
/**
 * The longest of its spans: a row.
 */
longest: number, };

export type TraceFlameView = { 
/**
 * Frames from the root down.
 */
frames: Array<TraceFrameView>, 
/**
 * Levels that there are.
 */
depth: number, 
/**
 * Levels that `frames` can have: those below are left out.
 */
drawn: number, 
/**
 * What the whole width stands for, ns.
 */
total: number, 
/**
 * From the root to the frame in focus.
 */
path: Array<TraceStepView>, };

export type TraceStatisticsAsk = { 
/**
 * Which trace.
 */
key: string, 
/**
 * `service`, `operation` or `tag`.
 */
by: string, 
/**
 * The tag, for `tag`.
 */
tag: string, 
/**
 * `self`, `total`, `count`, `errors`, `average`, `p95`, `max` or `name`.
 */
order: string, };

export type TraceGroupView = { 
/**
 * Index of the service; `None` where there are several.
 */
service: number | null, 
/**
 * The operation or the tag's value; empty for a service as a whole.
 */
name: string, 
/**
 * Spans without the tag.
 */
without: boolean, 
/**
 * How many.
 */
spans: number, 
/**
 * Those that failed.
 */
errors: number, 
/**
 * Time of all of them, ns.
 */
total: number, 
/**
 * Time of their own work, ns.
 */
self_time: number, 
/**
 * Mean, ns.
 */
average: number, 
/**
 * Median, ns.
 */
p50: number, 
/**
 * 95th percentile, ns.
 */
p95: number, 
/**
 * Longest, ns.
 */
max: number, 
/**
 * Part of the whole trace's own work, 0 to 1.
 */
share: number, 
/**
 * The row of the longest.
 */
longest: number, };

export type TraceStatisticsView = { 
/**
 * The groups; at most 2,000.
 */
groups: Array<TraceGroupView>, 
/**
 * How many there are.
 */
total: number, 
/**
 * Tags that spans have, the frequent ones first.
 */
tags: Array<string>, };

export type TraceChange = "added" | "removed" | "slower" | "faster" | "counts" | "same";

export type TraceDiffRow = { 
/**
 * Levels above it.
 */
depth: number, 
/**
 * The service.
 */
service: string, 
/**
 * What it does.
 */
operation: string, 
/**
 * What became of it.
 */
change: TraceChange, 
/**
 * Whether something below it changed.
 */
below: boolean, 
/**
 * Spans in each.
 */
spans: [number, number], 
/**
 * Failed ones in each.
 */
errors: [number, number], 
/**
 * Time in each, ns.
 */
total: [number, number], 
/**
 * Time of own work in each, ns.
 */
self_time: [number, number], 
/**
 * Own work on the critical path in each, ns.
 */
critical: [number, number], 
/**
 * The longest of its spans in each: a row.
 */
longest: [number | null, number | null], };

export type TraceDiffView = { 
/**
 * Both.
 */
traces: Array<TraceItem>, 
/**
 * Paths in the order of a tree; at most 5,000.
 */
rows: Array<TraceDiffRow>, 
/**
 * How many there are.
 */
total: number, 
/**
 * Paths of each change: added, removed, slower, faster, counts, same.
 */
counts: [number, number, number, number, number, number], };

export type TraceGraphAsk = { 
/**
 * Which place of the page asks.
 */
lane: string, 
/**
 * Which store; `None`: the first.
 */
source: string | null, 
/**
 * Until when.
 */
to: number, 
/**
 * How long before, ms.
 */
lookback: number, 
/**
 * Computed from traces that are fetched, even if the store keeps a graph.
 */
sampled: boolean, 
/**
 * Only this service and its neighbours.
 */
focus: string | null, 
/**
 * How far from it, 1 to 5.
 */
hops: number, 
/**
 * All services, also when there are more than can be read: to see the whole and to go on from there.
 */
whole: boolean, 
/**
 * Asked of the store again.
 */
again: boolean, };

export type TraceNodeView = { 
/**
 * Its name.
 */
name: string, 
/**
 * Middle, in units of the drawing.
 */
x: number, 
/**
 * Middle.
 */
y: number, 
/**
 * Width of its box.
 */
width: number, 
/**
 * Height of its box.
 */
height: number, 
/**
 * Calls to it.
 */
calls: number, 
/**
 * Neighbours that are not shown.
 */
hidden: number, 
/**
 * Whether it calls itself.
 */
own: boolean, 
/**
 * Whether it is only known from those who call it: a database, a queue.
 */
inferred: boolean, 
/**
 * Services that it stands for.
 */
members: number, };

export type TraceEdgeView = { 
/**
 * Index of who calls.
 */
from: number, 
/**
 * Index of who is called.
 */
to: number, 
/**
 * How often.
 */
calls: number, 
/**
 * Share of failed calls among the traces that were fetched, 0 to 1.
 */
errors: number | null, 
/**
 * Median of them, ns.
 */
p50: number | null, 
/**
 * 95th percentile of them, ns.
 */
p95: number | null, 
/**
 * Calls that the latter are made of.
 */
measured: number, 
/**
 * Whether it goes through a queue.
 */
queue: boolean, 
/**
 * Part of a circle.
 */
circle: boolean, 
/**
 * Its way: points in units of the drawing.
 */
points: Array<[number, number]>, 
/**
 * The most frequent operations that are called.
 */
operations: Array<string>, };

export type TraceGraphView = { 
/**
 * The store that was asked.
 */
source: string, 
/**
 * Made up.
 */
demo: boolean, 
/**
 * Whether it is computed from traces that were fetched; otherwise it is the store's own.
 */
sampled: boolean, 
/**
 * Traces that figures are computed from.
 */
traces: number, 
/**
 * Width of the drawing.
 */
width: number, 
/**
 * Height of the drawing.
 */
height: number, 
/**
 * Services shown.
 */
nodes: Array<TraceNodeView>, 
/**
 * Calls shown.
 */
edges: Array<TraceEdgeView>, 
/**
 * All services, sorted.
 */
services: Array<string>, 
/**
 * All calls.
 */
all_edges: number, 
/**
 * The service in the middle: the one asked for, or the busiest one when the whole would be too large to read.
 */
focus: string | null, 
/**
 * What is to be said of it.
 */
notes: Array<Sentence>, 
/**
 * From when.
 */
from: number, 
/**
 * Until when.
 */
to: number, };

export type ComingBoard = { 
/**
 * How it is laid out.
 */
board: BoardView, 
/**
 * All of its panels, with all points; offsets are of this frame's block.
 */
panels: Array<PanelFrame>, };

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
 * The page must forget what it has of the board: this frame holds all of it.
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
 * The alert desk, when changed.
 */
alerts: AlertBand | null, 
/**
 * This screen, when changed.
 */
kiosk: KioskView | null, 
/**
 * What can be chosen for the board, and what is, when either is another.
 */
variables: Array<VariableView> | null, 
/**
 * What happened lately, oldest first, when changed.
 */
annotations: Array<AnnotationView> | null, 
/**
 * Panels that changed.
 */
panels: Array<PanelFrame>, 
/**
 * The board that [`KioskView::coming`] names, whole, for a page that does not have it yet.
 */
coming: ComingBoard | null, };

export type ReadyBoard = { 
/**
 * The board's id.
 */
board: string, 
/**
 * [`FrameHead::cursor`] of the last frame that it has.
 */
cursor: number, };

export type Baseline = "day" | "week";

export type InvestigationGap = { 
/**
 * A store or a service by its name. Hostile: text.
 */
what: string, 
/**
 * Why it is missing.
 */
error: ErrorView, };

export type InvestigationMetric = { 
/**
 * The metric; `None` with `error`.
 */
chart: AlertChart | null, 
/**
 * The metric's first series as it was before: points at the chart's times, `None` is a gap. Only what is known.
 */
baselines: Array<[Baseline, Array<number | null>]>, 
/**
 * Earlier stretches that did not come in time.
 */
late: Array<Baseline>, 
/**
 * Why there is none.
 */
error: ErrorView | null, 
/**
 * How long it took.
 */
took_ms: number, };

export type InvestigationPattern = { 
/**
 * What they have in common; what differs stands as `<number>`, `<ip>`, … Hostile: text.
 */
template: string, 
/**
 * One of them. Hostile: text.
 */
example: string, 
/**
 * Who wrote them; of several the most frequent. Hostile: text.
 */
service: string, 
/**
 * So many since shortly before the firing.
 */
count: number, 
/**
 * So many in the hour before.
 */
before: number, 
/**
 * When the first of them that was read was written.
 */
first: number, 
/**
 * A trace that one of them belongs to; empty: none.
 */
trace_id: string, };

export type InvestigationLogs = { 
/**
 * Whose lines these are; empty: there is no store.
 */
store: string, 
/**
 * All stores that were asked, the preferred one first.
 */
asked: Array<string>, 
/**
 * Whether its lines are made up.
 */
demo: boolean, 
/**
 * What was asked, in the query language.
 */
query: string, 
/**
 * Whether the query is about what the alert names; false: about everything, because nothing was found about that.
 */
narrow: boolean, 
/**
 * Looked at from here.
 */
from: number, 
/**
 * To here.
 */
to: number, 
/**
 * Lines of warnings and worse in that time that were read.
 */
lines: number, 
/**
 * Whether those were all; else counts are floors, and the first line of a pattern may be older.
 */
exact: boolean, 
/**
 * Whether all lines of the hour before were read.
 */
before_exact: boolean, 
/**
 * Patterns that were not there in the hour before, the most frequent first: all of it was read, or the store was asked for them.
 */
new: Array<InvestigationPattern>, 
/**
 * Patterns that were not among what was read of the hour before, where that is not all of it.
 */
unsure: Array<InvestigationPattern>, 
/**
 * Patterns that were there and are more than three times as frequent now.
 */
more: Array<InvestigationPattern>, 
/**
 * Stores that did not answer, and the hour before when it could not be read.
 */
gaps: Array<InvestigationGap>, 
/**
 * Why nothing is known.
 */
error: ErrorView | null, 
/**
 * How long it took.
 */
took_ms: number, };

export type InvestigationTrace = { 
/**
 * 32 hexadecimal digits.
 */
id: string, 
/**
 * Service of its root. Hostile: text.
 */
service: string, 
/**
 * Operation of its root. Hostile: text.
 */
operation: string, 
/**
 * When it began.
 */
start: number, 
/**
 * How long it took, ms.
 */
duration: number, 
/**
 * Its spans.
 */
spans: number, 
/**
 * Spans that failed.
 */
errors: number, };

export type InvestigationTraces = { 
/**
 * Whose traces these are; empty: there is no source.
 */
source: string, 
/**
 * All sources that were asked, the preferred one first.
 */
asked: Array<string>, 
/**
 * Whether its traces are made up.
 */
demo: boolean, 
/**
 * Services that were asked about.
 */
services: Array<string>, 
/**
 * Whether the alert names them; false: the alert names none that is known there, so all were asked.
 */
narrow: boolean, 
/**
 * Looked at from here.
 */
from: number, 
/**
 * To here.
 */
to: number, 
/**
 * Traces that were looked at; a source gives some that match, not all.
 */
looked_at: number, 
/**
 * Half of them took less than this, ms; `None` without any.
 */
median: number | null, 
/**
 * Failed ones, the newest first.
 */
failed: Array<InvestigationTrace>, 
/**
 * The slowest.
 */
slow: Array<InvestigationTrace>, 
/**
 * Sources and services that did not answer.
 */
gaps: Array<InvestigationGap>, 
/**
 * Why nothing is known.
 */
error: ErrorView | null, 
/**
 * How long it took.
 */
took_ms: number, };

export type InvestigationAlert = { 
/**
 * The alert.
 */
row: AlertRow, 
/**
 * How much later than this one it fired, ms; negative: before it.
 */
after: number, 
/**
 * Values of places that both have: service, host, …
 */
shared: Array<string>, };

export type InvestigationView = { 
/**
 * The alert itself: labels, texts, runbook, timeline.
 */
alert: AlertDetail, 
/**
 * The metric around the firing.
 */
metric: InvestigationMetric, 
/**
 * Error patterns.
 */
logs: InvestigationLogs, 
/**
 * Slow and failed traces.
 */
traces: InvestigationTraces, 
/**
 * What else fired, the most likely to belong to it first.
 */
others: Array<InvestigationAlert>, 
/**
 * Why some of these are missing.
 */
others_error: ErrorView | null, 
/**
 * Who is on duty.
 */
on_duty: Array<OnDutyView>, 
/**
 * How long gathering took.
 */
took_ms: number, };

export type LogLevelView = "trace" | "debug" | "info" | "warn" | "error" | "fatal";

export type LogCategoryView = "app" | "system" | "security";

export type LogStoreView = { 
/**
 * Its name in the configuration.
 */
name: string, 
/**
 * `embedded`, `postgresql`, `loki`, …
 */
kind: string, 
/**
 * Whether its lines are made up.
 */
demo: boolean, 
/**
 * Whether it answers; `None`: not asked yet.
 */
ok: boolean | null, 
/**
 * Why it does not.
 */
error: ErrorView | null, 
/**
 * What somebody should know of its files although it answers.
 */
notes: Array<Sentence>, 
/**
 * Its version.
 */
version: string | null, 
/**
 * The store whose old lines these are, in files that are read slowly and only when somebody asks.
 */
cold_of: string | null, 
/**
 * The oldest line's time.
 */
oldest: number | null, 
/**
 * The newest line's time, where nothing is added any more.
 */
newest: number | null, 
/**
 * Lines it has.
 */
lines: number | null, 
/**
 * Bytes on its disk.
 */
bytes: number | null, 
/**
 * When it last answered.
 */
last_ok: number | null, 
/**
 * How long its last answer to a probe took, ms.
 */
latency: number | null, 
/**
 * How its partitions are kept, where the program does that.
 */
keeping: LogKeepingView | null, };

export type LogKeepingView = { 
/**
 * When they were last looked at; `None`: not yet.
 */
looked: number | null, 
/**
 * Why they are not kept.
 */
error: Sentence | null, 
/**
 * What somebody should know.
 */
findings: Array<Sentence>, 
/**
 * What was done since the program runs, the last first.
 */
steps: Array<LogStepView>, };

export type LogStepView = { 
/**
 * When.
 */
at: number, 
/**
 * What.
 */
what: Sentence, 
/**
 * Why it came to nothing.
 */
error: Sentence | null, };

export type LogTermView = { 
/**
 * By its name in queries.
 */
field: string, 
/**
 * As text.
 */
value: string, 
/**
 * Lines that have it are left out.
 */
exclude: boolean, };

export type LogScope = { 
/**
 * Which store; `None`: the first.
 */
store: string | null, 
/**
 * Only this kind of log.
 */
category: LogCategoryView | null, 
/**
 * In the language of queries; empty: all.
 */
query: string, 
/**
 * Beside the query.
 */
terms: Array<LogTermView>, 
/**
 * From this time on.
 */
from: number, 
/**
 * Before this time.
 */
to: number, };

export type LogPageAsk = { 
/**
 * Which place of the page asks.
 */
lane: string, 
/**
 * Which lines.
 */
scope: LogScope, 
/**
 * Only beyond this place; `None`: from the end, or the beginning when `newer`.
 */
beyond: string | null, 
/**
 * To later lines.
 */
newer: boolean, 
/**
 * Lines at most; at most 1,000.
 */
limit: number, 
/**
 * Fields to show as cells, at most 12.
 */
columns: Array<string>, };

export type LogLineView = { 
/**
 * Its place, opaque; unique in its store.
 */
place: string, 
/**
 * When it was written.
 */
at: number, 
/**
 * How serious.
 */
level: LogLevelView | null, 
/**
 * Which kind of log.
 */
category: LogCategoryView, 
/**
 * What wrote it.
 */
service: string, 
/**
 * Where.
 */
host: string, 
/**
 * Its text, at most 2,000 characters.
 */
message: string, 
/**
 * Whether the text goes on.
 */
cut: boolean, 
/**
 * The trace that it belongs to; empty: none.
 */
trace_id: string, 
/**
 * The span.
 */
span_id: string, 
/**
 * What the columns asked for say, in their order; empty where a line lacks the field.
 */
cells: Array<string>, };

export type LogPageView = { 
/**
 * The lines.
 */
lines: Array<LogLineView>, 
/**
 * Whether there are more that way.
 */
more: boolean, 
/**
 * What to mark in messages, compared without regard to the case of ASCII letters.
 */
phrases: Array<string>, 
/**
 * Whether the store says that parts are missing.
 */
partial: boolean, 
/**
 * What the store warned of.
 */
warnings: Array<string>, 
/**
 * How long it took, ms.
 */
took: number, };

export type LogReadingView = { 
/**
 * Whether it is reading.
 */
busy: boolean, 
/**
 * Lines that it has looked at.
 */
lines: number, 
/**
 * Lines that it has to look at, at most.
 */
of: number, 
/**
 * For so long, ms.
 */
took: number, };

export type LogDetailView = { 
/**
 * The line as in a list, without cells.
 */
line: LogLineView, 
/**
 * Its time in full, RFC 3339 with nanoseconds, UTC.
 */
time: string, 
/**
 * Its text, at most 256 KiB.
 */
message: string, 
/**
 * Bytes of text that are not shown.
 */
left_out: number, 
/**
 * Its fields by their names in queries, in order, at most 500.
 */
fields: Array<[string, string]>, 
/**
 * Everything but the text as JSON, at most 256 KiB; `null` when it is larger.
 */
attrs: unknown, 
/**
 * The line as one JSON object, as an export writes it.
 */
raw: string, };

export type LogHistogramAsk = { 
/**
 * Which place of the page asks.
 */
lane: string, 
/**
 * Which lines.
 */
scope: LogScope, 
/**
 * About so many buckets; at most 400.
 */
buckets: number, };

export type LogHistogramView = { 
/**
 * When the first bucket begins.
 */
start: number, 
/**
 * Length of a bucket, ms.
 */
step: number, 
/**
 * One row for each bucket: no level, trace, debug, info, warn, error, fatal.
 */
counts: Array<[number, number, number, number, number, number, number]>, 
/**
 * All lines.
 */
total: number, 
/**
 * False: some lines were not counted, the numbers are a floor.
 */
exact: boolean, 
/**
 * How long it took, ms.
 */
took: number, };

export type LogFacetsAsk = { 
/**
 * Which place of the page asks.
 */
lane: string, 
/**
 * Which lines.
 */
scope: LogScope, 
/**
 * Which fields, at most 20; none: those that say most.
 */
fields: Array<string>, 
/**
 * Values of each at most; at most 100.
 */
limit: number, };

export type LogFacetValue = { 
/**
 * The value.
 */
value: string, 
/**
 * Lines.
 */
lines: number, };

export type LogFacetView = { 
/**
 * Which field.
 */
field: string, 
/**
 * The most frequent first.
 */
values: Array<LogFacetValue>, 
/**
 * Whether every line was looked at.
 */
exact: boolean, 
/**
 * When not: whether the numbers are estimates for all lines; else they are those of the newest ones.
 */
estimated: boolean, };

export type LogFacetsView = { 
/**
 * In the order asked for.
 */
facets: Array<LogFacetView>, 
/**
 * All fields that the lines have, the frequent ones first.
 */
fields: Array<string>, };

export type LogTailAsk = { 
/**
 * Which place of the page asks.
 */
lane: string, 
/**
 * Which lines; its times do not matter.
 */
scope: LogScope, 
/**
 * Where the last answer ended; `None`: begin now.
 */
mark: string | null, 
/**
 * Lines at most; at most 1,000.
 */
limit: number, 
/**
 * Fields to show as cells.
 */
columns: Array<string>, };

export type LogTailView = { 
/**
 * The newest of what arrived.
 */
lines: Array<LogLineView>, 
/**
 * Where to go on.
 */
mark: string, 
/**
 * Lines that arrived and are not among `lines`.
 */
left_out: number, 
/**
 * What to mark in messages.
 */
phrases: Array<string>, };

export type LogPatternsAsk = { 
/**
 * Which place of the page asks.
 */
lane: string, 
/**
 * Which lines.
 */
scope: LogScope, 
/**
 * Patterns at most; at most 500.
 */
limit: number, };

export type LogPatternPart = { 
/**
 * The same in every line, or what kind of thing stands there.
 */
text: string, 
/**
 * Whether it differs from line to line.
 */
any: boolean, };

export type LogPatternView = { 
/**
 * Which.
 */
id: string, 
/**
 * What they say.
 */
parts: Array<LogPatternPart>, 
/**
 * How many lines.
 */
lines: number, 
/**
 * Their share of all that were looked at, 0..1.
 */
share: number, 
/**
 * The most serious level among them.
 */
level: LogLevelView | null, 
/**
 * Services that write it, at most 5.
 */
services: Array<string>, 
/**
 * Lines by time, 24 buckets over what was looked at.
 */
spark: Array<number>, 
/**
 * The first line's time.
 */
first: number, 
/**
 * The last line's.
 */
last: number, 
/**
 * One of the lines.
 */
example: string, 
/**
 * A query that finds them; empty when nothing in them stays the same.
 */
query: string, };

export type LogPatternsView = { 
/**
 * The patterns.
 */
patterns: Array<LogPatternView>, 
/**
 * Lines that were looked at: the newest ones.
 */
looked_at: number, 
/**
 * Whether that is all there are.
 */
whole: boolean, 
/**
 * From when on lines were looked at.
 */
since: number, 
/**
 * Patterns that are left out.
 */
left_out: number, };

export type LogNumbersAsk = { 
/**
 * Which place of the page asks.
 */
lane: string, 
/**
 * Which lines.
 */
scope: LogScope, 
/**
 * The field whose values make groups.
 */
by: string, 
/**
 * The field that is a number.
 */
number: string, 
/**
 * Groups at most; at most 100.
 */
limit: number, };

export type LogNumbersRow = { 
/**
 * The value that its lines share.
 */
value: string, 
/**
 * Its lines that have the number.
 */
lines: number, 
/**
 * Mean.
 */
mean: number, 
/**
 * Half are below.
 */
p50: number, 
/**
 * 95 of 100 are below.
 */
p95: number, 
/**
 * The largest.
 */
max: number, };

export type LogNumbersView = { 
/**
 * The groups.
 */
rows: Array<LogNumbersRow>, 
/**
 * Lines that were looked at: the newest ones.
 */
looked_at: number, 
/**
 * Whether that is all there are.
 */
whole: boolean, };

export type LogCompleteAsk = { 
/**
 * Which place of the page asks.
 */
lane: string, 
/**
 * The query as it is, and where its values come from.
 */
scope: LogScope, 
/**
 * Where the cursor is, in the page's units of text (UTF-16).
 */
caret: number, };

export type LogProposalKind = "field" | "value" | "phrase" | "operator";

export type LogProposal = { 
/**
 * What is put in.
 */
insert: string, 
/**
 * What it is.
 */
kind: LogProposalKind, 
/**
 * Lines that have it, where that is known.
 */
lines: number | null, };

export type LogFault = { 
/**
 * From this unit of text on (UTF-16).
 */
from: number, 
/**
 * Before this one.
 */
to: number, 
/**
 * What.
 */
error: ErrorView, };

export type LogCompletion = { 
/**
 * What is replaced: from this unit of text on (UTF-16).
 */
from: number, 
/**
 * Before this one.
 */
to: number, 
/**
 * Proposals, the likeliest first.
 */
proposals: Array<LogProposal>, 
/**
 * What is wrong with the query as it is.
 */
fault: LogFault | null, };

export type LogExportFormat = "ndjson" | "csv";

export type LogExportAsk = { 
/**
 * Which lines.
 */
scope: LogScope, 
/**
 * How.
 */
format: LogExportFormat, 
/**
 * Lines at most; at most 200,000.
 */
limit: number, 
/**
 * Columns of a CSV beside the usual ones.
 */
columns: Array<string>, };

export type LogExportView = { 
/**
 * Where.
 */
path: string, 
/**
 * Lines in it.
 */
lines: number, 
/**
 * Whether those are all; else the newest.
 */
whole: boolean, };

export type LogSavedView = { 
/**
 * Its name, unique.
 */
name: string, 
/**
 * Which store; `None`: the first.
 */
store: string | null, 
/**
 * Only this kind of log.
 */
category: LogCategoryView | null, 
/**
 * The query.
 */
query: string, 
/**
 * Columns beside time, level, service and message.
 */
columns: Array<string>, 
/**
 * How far back, ms.
 */
back: number, };

export type LogPanelKind = "count" | "histogram" | "series" | "top" | "numbers" | "lines" | "patterns";

export type LogSeriesView = { 
/**
 * Locale key of its name, or the name.
 */
title: string, 
/**
 * Which lines, beside the panel's query.
 */
query: string, };

export type LogPanelView = { 
/**
 * Unique in its board.
 */
id: string, 
/**
 * Locale key of its title, or the title.
 */
title: string, 
/**
 * How it shows them.
 */
kind: LogPanelKind, 
/**
 * Which lines.
 */
query: string, 
/**
 * Field of `top`, group of `numbers`.
 */
field: string, 
/**
 * Number of `numbers`.
 */
number: string, 
/**
 * Unit of that number.
 */
unit: string, 
/**
 * Lines of `series`.
 */
series: Array<LogSeriesView>, 
/**
 * Columns of `lines`.
 */
columns: Array<string>, 
/**
 * Width in twelfths of the board.
 */
width: number, 
/**
 * Height in rows.
 */
height: number, };

export type LogBoardView = { 
/**
 * Unique.
 */
id: string, 
/**
 * Locale key of its title, or the title.
 */
title: string, 
/**
 * Its panels, in reading order.
 */
panels: Array<LogPanelView>, };

export type LogsHome = { 
/**
 * All stores; the first is asked when none is named.
 */
stores: Array<LogStoreView>, 
/**
 * All boards.
 */
boards: Array<LogBoardView>, 
/**
 * Kept views, by name.
 */
views: Array<LogSavedView>, 
/**
 * What is wrong with files of boards or views.
 */
problems: Array<ErrorText>, };

export type LogViewEdit = { "do": "keep", 
/**
 * Which.
 */
view: LogSavedView, } | { "do": "drop", 
/**
 * Which.
 */
name: string, };

export type EditorListed = { 
/**
 * Unique.
 */
id: string, 
/**
 * Locale key, or the title itself.
 */
title: string, 
/**
 * It stands in the user's directory; else it is built in, and saving makes the user's own of it.
 */
own: boolean, 
/**
 * How many panels it has.
 */
panels: number, };

export type EditorConcept = { 
/**
 * Its id, written `${id}`.
 */
id: string, 
/**
 * Locale key.
 */
title: string, 
/**
 * `model::board::Unit` in snake_case.
 */
unit: string, };

export type EditorHome = { 
/**
 * All boards.
 */
boards: Array<EditorListed>, 
/**
 * Where boards are saved; `None`: nowhere, there is no data directory.
 */
directory: string | null, 
/**
 * All concepts.
 */
concepts: Array<EditorConcept>, 
/**
 * Names of the sources, in order of preference.
 */
sources: Array<string>, };

export type EditorOpened = { 
/**
 * The board.
 */
board: unknown, 
/**
 * Which text of its file this is; empty while there is no file of the user's.
 */
version: string, 
/**
 * The file that saving will write.
 */
file: string | null, };

export type EditorProblem = { 
/**
 * The panel's id; `None`: the board itself.
 */
panel: string | null, 
/**
 * The query's id.
 */
query: string | null, 
/**
 * The field (`expr`, `at`, `thresholds`, `title`, …).
 */
field: string, 
/**
 * Sentence under `problem.`.
 */
key: string, 
/**
 * Its values.
 */
params: { [key in string]: string }, };

export type EditorSave = { 
/**
 * The board.
 */
board: unknown, 
/**
 * The version that the file has to have; `None` overwrites whatever is there.
 */
version: string | null, };

export type EditorSaved = { "kind": "saved", 
/**
 * The file.
 */
file: string, 
/**
 * Its version now.
 */
version: string, 
/**
 * Comments that stood inside of what changed and are gone.
 */
comments_lost: number, } | { "kind": "conflict", 
/**
 * The file.
 */
file: string, } | { "kind": "refused", 
/**
 * What is wrong.
 */
problems: Array<EditorProblem>, } | { "kind": "failed", 
/**
 * The system's words.
 */
detail: string, };

export type EditorCompleteAsk = { 
/**
 * What stands before the caret.
 */
before: string, 
/**
 * Of this source only.
 */
source: string | null, };

export type EditorProposalKind = "metric" | "label" | "value" | "function" | "concept" | "duration";

export type EditorProposal = { 
/**
 * What it is.
 */
kind: EditorProposalKind, 
/**
 * What is shown.
 */
text: string, 
/**
 * What is put in instead of the letters before the caret.
 */
insert: string, 
/**
 * What a source or the locale (a key) says about it.
 */
detail: string | null, };

export type EditorCompletion = { 
/**
 * So many UTF-16 units before the caret are replaced.
 */
replace: number, 
/**
 * Best first.
 */
proposals: Array<EditorProposal>, };

export type EditorReason = { 
/**
 * The sentence.
 */
code: string, 
/**
 * Its values.
 */
params: { [key in string]: string }, };

export type EditorLoss = { 
/**
 * Title of the panel; `None`: of the whole.
 */
panel: string | null, 
/**
 * Its place in the file.
 */
path: string, 
/**
 * Why, and what to do: under `grafana.loss.`.
 */
reason: EditorReason, 
/**
 * The whole panel is missing.
 */
whole: boolean, };

export type EditorImported = { 
/**
 * Why it could not be read at all: under `grafana.refused.`.
 */
refused: EditorReason | null, 
/**
 * The dashboard's title.
 */
title: string, 
/**
 * Boards, several where it does not fit one screen.
 */
boards: unknown[], 
/**
 * Panels that the dashboard has.
 */
found: number, 
/**
 * Panels that were taken.
 */
taken: number, 
/**
 * What was not.
 */
losses: Array<EditorLoss>, };

export type EditorExported = { 
/**
 * The file.
 */
path: string, 
/**
 * What it cannot say.
 */
losses: Array<EditorLoss>, };

export type ReportKind = "daily" | "weekly" | "monthly";

export type ReportBy = "schedule" | "hand";

export type ReportFile = { 
/**
 * `pdf`, `html`.
 */
format: string, 
/**
 * Its size.
 */
bytes: number, };

export type ReportSent = { 
/**
 * When.
 */
at: number, 
/**
 * Addresses.
 */
to: Array<string>, };

export type ReportRow = { 
/**
 * Names it to [`ReportSheet`] and to whatever is done with it.
 */
id: string, 
/**
 * Its period's length.
 */
kind: ReportKind, 
/**
 * The period's first day.
 */
first: string, 
/**
 * Its last day.
 */
last: string, 
/**
 * Its files.
 */
files: Array<ReportFile>, 
/**
 * When it was made.
 */
made_at: number, 
/**
 * By whom; `None`: the command line, or an older program.
 */
by: ReportBy | null, 
/**
 * Whether it can be shown on the page.
 */
readable: boolean, 
/**
 * The last time that it was mailed.
 */
sent: ReportSent | null, 
/**
 * Who would get it by mail: the addresses of the configuration's reports of this kind, else of all.
 */
receivers: Array<string>, };

export type ReportPlan = { 
/**
 * Its period's length.
 */
kind: ReportKind, 
/**
 * When the next one is due.
 */
next: number | null, 
/**
 * Its formats.
 */
formats: Array<string>, 
/**
 * Where its files go.
 */
folder: string, 
/**
 * Who gets it by mail.
 */
mail_to: Array<string>, 
/**
 * Why the last one was not made; it is tried again.
 */
failed: ErrorView | null, };

export type ReportStage = "gathering" | "writing";

export type ReportMaking = { 
/**
 * Its period's length.
 */
kind: ReportKind, 
/**
 * The period's first day.
 */
first: string, 
/**
 * For whom.
 */
by: ReportBy, 
/**
 * Since when.
 */
since: number, 
/**
 * How far it is.
 */
stage: ReportStage, };

export type ReportOutcome = { "kind": "made", 
/**
 * [`ReportRow::id`].
 */
id: string, } | { "kind": "failed", 
/**
 * Why.
 */
error: ErrorView, };

export type ReportsPage = { 
/**
 * The host's clock.
 */
now: number, 
/**
 * Reports, the one that was made last first.
 */
rows: Array<ReportRow>, 
/**
 * There are more than are listed.
 */
more: boolean, 
/**
 * The configuration's reports.
 */
plans: Array<ReportPlan>, 
/**
 * Whether a mail server is configured and its settings can be.
 */
mail: boolean, 
/**
 * What is being made.
 */
making: ReportMaking | null, 
/**
 * What came of the last one made by hand since the program began.
 */
outcome: ReportOutcome | null, 
/**
 * How many were made by hand since the program began: a rise says that `outcome` is new.
 */
count: number, 
/**
 * Where reports made by hand go; `None`: there is no data directory.
 */
folder: string | null, };

export type ReportMake = { 
/**
 * The period's length.
 */
kind: ReportKind, 
/**
 * A day of the period; `None`: the last period that is over.
 */
day: string | null, 
/**
 * In which language: `zh-CN` or `en`.
 */
locale: string, };

export type ReportFigure = { 
/**
 * What it is.
 */
name: string, 
/**
 * Digits.
 */
text: string, 
/**
 * What stands small beside them.
 */
unit: string, 
/**
 * Against the period before, or the limit.
 */
note: string, 
/**
 * How bad.
 */
grade: SeverityView, 
/**
 * Its course: runs of points `x,y` in a field of 100 by 24; gaps part runs.
 */
course: Array<string>, };

export type ReportCell = { 
/**
 * What stands there.
 */
text: string, 
/**
 * How bad.
 */
grade: SeverityView, };

export type ReportChart = { 
/**
 * What is drawn.
 */
title: string, 
/**
 * The drawing; to be shown as an image and never as part of the page.
 */
svg: string, };

export type ReportBlock = { "kind": "text", 
/**
 * Its words.
 */
text: string, } | { "kind": "note", 
/**
 * Its words.
 */
text: string, } | { "kind": "charts", 
/**
 * One or two.
 */
charts: Array<ReportChart>, } | { "kind": "table", 
/**
 * Names of the columns.
 */
head: Array<string>, 
/**
 * Rows.
 */
rows: Array<Array<ReportCell>>, };

export type ReportSection = { 
/**
 * Its head.
 */
title: string, 
/**
 * What stands in it.
 */
blocks: Array<ReportBlock>, };

export type ReportSheet = { 
/**
 * `zh-CN` or `en`.
 */
locale: string, 
/**
 * 守望 周报
 */
title: string, 
/**
 * The period.
 */
subtitle: string, 
/**
 * How it went, in a few words.
 */
verdict: string, 
/**
 * How bad.
 */
grade: SeverityView, 
/**
 * What a reader in a hurry has to know.
 */
lead: Array<string>, 
/**
 * The great numbers.
 */
figures: Array<ReportFigure>, 
/**
 * The rest.
 */
sections: Array<ReportSection>, 
/**
 * At its end.
 */
foot: string, };

export type ReportSaved = { 
/**
 * Where they are.
 */
paths: Array<string>, };
