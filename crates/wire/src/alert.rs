//! What the alert desk's windows see: rows, details, what can be done. All times are milliseconds since the epoch.
//!
//! Texts of alerts (titles, labels, comments) are hostile input: text nodes, never markup.

mod act;
mod past;

pub use act::*;
pub use past::*;

use crate::{ErrorView, OnDutyView, SeriesView, ViewSettings};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use ts_rs::TS;

/// A value inside a sentence; the page formats it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", content = "value", rename_all = "snake_case")]
pub enum Param {
    /// As it stands.
    Text(String),
    /// A point in time, ms.
    Time(f64),
    /// A length of time, ms.
    Duration(f64),
    /// A number.
    Number(f64),
    /// A locale key, to be said in its place.
    Key(String),
    /// Several, said one after the other as the language lists things.
    Keys(Vec<String>),
    /// Several texts, as the language lists things.
    Texts(Vec<String>),
}

/// A sentence to be written by the page: locale key and what goes into it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct Sentence {
    /// Locale key.
    pub key: String,
    /// Placeholders.
    pub params: BTreeMap<String, Param>,
}

/// `model::Level` as the page sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum LevelView {
    /// 严重影响核心业务功能
    P0,
    /// 显著影响用户体验
    P1,
    /// 潜在风险，需要关注
    P2,
    /// 一般性问题，定期处理
    P3,
}

impl From<model::Level> for LevelView {
    fn from(level: model::Level) -> Self {
        match level {
            model::Level::P0 => Self::P0,
            model::Level::P1 => Self::P1,
            model::Level::P2 => Self::P2,
            model::Level::P3 => Self::P3,
        }
    }
}

impl From<LevelView> for model::Level {
    fn from(level: LevelView) -> Self {
        match level {
            LevelView::P0 => Self::P0,
            LevelView::P1 => Self::P1,
            LevelView::P2 => Self::P2,
            LevelView::P3 => Self::P3,
        }
    }
}

/// In which of the four looks a row stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum AlertLook {
    /// Nobody has it.
    Open,
    /// Somebody has it.
    Acked,
    /// Something keeps it quiet.
    Suppressed,
    /// It is over.
    Resolved,
}

/// What happens next to an alert if nobody does anything.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct NextView {
    /// When, ms.
    pub at: f64,
    /// What: a sentence without the time (`alert.next.…`, placeholders `to`, `channels`).
    pub what: Sentence,
}

/// One line of the list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct AlertRow {
    /// Episode.
    #[ts(type = "number")]
    pub id: i64,
    /// Identity, 16 hexadecimal digits.
    pub fingerprint: String,
    /// Urgency.
    pub level: LevelView,
    /// Which look.
    pub look: AlertLook,
    /// What it says: summary, or the rule's name.
    pub title: String,
    /// The rule's name.
    pub rule: String,
    /// Where it is, most telling first: values of service, channel, instance, …
    pub place: Vec<String>,
    /// How many sources report it.
    pub sources: u32,
    /// Since when it holds.
    pub starts_at: f64,
    /// Until when somebody must have responded; `None` when somebody has.
    pub respond_by: Option<f64>,
    /// Until when it should be over; `None` where there is no such limit.
    pub resolve_by: Option<f64>,
    /// When it was over.
    pub resolved_at: Option<f64>,
    /// Who has it.
    pub acked_by: Option<String>,
    /// What they said.
    pub ack_comment: Option<String>,
    /// Until when they have it.
    pub ack_until: Option<f64>,
    /// Whose it is.
    pub assignee: Option<String>,
    /// The foremost reason why it is quiet.
    pub quiet: Option<Sentence>,
    /// What comes next.
    pub next: Option<NextView>,
    /// It comes and goes.
    pub flapping: bool,
    /// All its sources are lost: what is shown is what they last said.
    pub unverified: bool,
    /// Made by the simulator.
    pub demo: bool,
}

/// One entry of a list: a group's head, or an alert.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum AlertItem {
    /// A group.
    Group {
        /// What folds and unfolds it.
        key: String,
        /// Name of the rule, source or level; a value of an alert, hostile.
        title: String,
        /// Its most urgent level.
        level: LevelView,
        /// Alerts in it.
        count: u32,
        /// Of these nobody has.
        open: u32,
        /// Whether its alerts follow.
        unfolded: bool,
    },
    /// An alert.
    Alert {
        /// The alert.
        row: Box<AlertRow>,
    },
}

/// Which alerts are wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum AlertTab {
    /// 未关闭: all that hold, but those that are suppressed by more than an acknowledgement.
    #[default]
    Open,
    /// 未确认
    Unacked,
    /// 我的: acknowledged by or assigned to me.
    Mine,
    /// 已抑制
    Suppressed,
    /// 最近恢复
    Resolved,
}

/// How the list is put together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum AlertGrouping {
    /// Not at all.
    #[default]
    None,
    /// By the rule's name.
    Rule,
    /// By level.
    Level,
    /// By source.
    Source,
    /// By the label `service`.
    Service,
}

/// In which order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum AlertOrder {
    /// Not yet taken first, then level, then the next deadline.
    #[default]
    Urgency,
    /// Youngest first.
    Newest,
    /// Oldest first.
    Oldest,
    /// By title.
    Title,
}

/// What the list asks, once a second and after each key.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct AlertQuery {
    /// Which.
    pub tab: AlertTab,
    /// Search: words, `label=value`, `label!=value`, `label=~regex`, `level<=P1`; all must hold. At most 1,000 characters.
    pub text: String,
    /// Only these levels; empty: all.
    pub levels: Vec<LevelView>,
    /// How it is put together.
    pub group: AlertGrouping,
    /// In which order.
    pub order: AlertOrder,
    /// Keys of groups whose alerts are wanted.
    pub unfolded: Vec<String>,
    /// First entry wanted.
    pub offset: u32,
    /// How many; at most 200.
    pub limit: u32,
    /// What the page has already, from the last page with the same question; 0: nothing.
    #[ts(type = "number")]
    pub cursor: u64,
}

/// How many alerts of a level there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LevelCount {
    /// That hold and are not suppressed (acknowledged ones count).
    pub open: u32,
    /// Of these nobody has.
    pub unacked: u32,
}

/// How many alerts each tab has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[allow(missing_docs)] // the tabs' names
pub struct TabCounts {
    pub open: u32,
    pub unacked: u32,
    pub mine: u32,
    pub suppressed: u32,
    pub resolved: u32,
}

/// A person for menus.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct PersonView {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
}

/// A source of alerts and whether it answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct AlertSourceView {
    /// Its name.
    pub name: String,
    /// `alertmanager`, `prometheus`, `rules`, `webhook`.
    pub kind: String,
    /// `None`: not asked yet.
    pub ok: Option<bool>,
    /// Why not.
    pub error: Option<ErrorView>,
    /// When it last answered.
    pub last_ok: Option<f64>,
    /// Alerts it reports.
    pub alerts: u32,
    /// Whether silences can be made there.
    pub silences: bool,
}

/// A way to tell people and whether it works.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct ChannelView {
    /// Its kind: `popup`, `sound`, `webhook`, …; its name is locale key `channel.<kind>.name`.
    pub kind: String,
    /// `None`: not tried yet.
    pub ok: Option<bool>,
    /// What it says of itself (the notification server's name), or why it does not work.
    pub detail: Option<Sentence>,
}

/// The state of the desk as every window shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct DutyView {
    /// Counts P0, P1, P2, P3.
    pub levels: [LevelCount; 4],
    /// Suppressed alerts.
    pub suppressed: u32,
    /// The next thing that will happen, of all alerts.
    pub next: Option<NextView>,
    /// Who uses this desk.
    pub me: PersonView,
    /// Everybody.
    pub people: Vec<PersonView>,
    /// Who is told first now (the first step's targets).
    pub on_duty: Vec<PersonView>,
    /// Who has which role on which rota now; empty where there is no rota.
    pub rota: Vec<OnDutyView>,
    /// Sources of alerts.
    pub sources: Vec<AlertSourceView>,
    /// Channels.
    pub channels: Vec<ChannelView>,
    /// Sounds are off until then.
    pub muted_until: Option<f64>,
    /// The database cannot be written: nothing is told until it can.
    pub store_error: Option<ErrorView>,
    /// What whoever plans the rota must know: a year whose holidays are not known. Empty while nothing is missing.
    pub rota_warnings: Vec<Sentence>,
    /// How long the program had been away before it started, ms, and when it started: shown for ten minutes.
    pub caught_up: Option<(f64, f64)>,
}

/// An alert that a window shall show: 查看 in a pop-up, or in another window.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct WantedView {
    /// Which.
    #[ts(type = "number")]
    pub alert: i64,
    /// When it was asked for, ms; the page shows it once for each such time.
    pub at: f64,
}

/// A page of the desk that a panel of the wall leads to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct WantedPlace {
    /// `logs` or `traces`.
    pub page: String,
    /// The query of the log search, or the service whose traces are wanted.
    pub query: String,
    /// When it was asked for, ms; the page goes there once for each such time.
    pub at: f64,
}

/// The list's answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct AlertPage {
    /// The host's clock.
    pub now: f64,
    /// To be sent with the next question.
    #[ts(type = "number")]
    pub cursor: u64,
    /// Entries that the question has, groups' heads included.
    pub total: u32,
    /// Alerts among them (also those in folded groups).
    pub alerts: u32,
    /// Number of the first entry.
    pub offset: u32,
    /// The entries; `None` when nothing has changed since the cursor.
    pub items: Option<Vec<AlertItem>>,
    /// Counts of the tabs.
    pub tabs: TabCounts,
    /// The desk.
    pub duty: DutyView,
    /// Language, theme, zone: these windows ask for no frame of the wall.
    pub settings: ViewSettings,
    /// An alert that was asked for from outside of the window.
    pub wanted: Option<WantedView>,
    /// A page of the desk that was asked for from outside of the window.
    pub place: Option<WantedPlace>,
    /// Why the search cannot be understood; the list is then empty.
    pub error: Option<ErrorView>,
}

/// What the wall shows of the desk: part of its frame.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct AlertBand {
    /// Counts P0, P1, P2, P3.
    pub levels: [LevelCount; 4],
    /// P0 and P1 that nobody has, most urgent first, at most 6.
    pub urgent: Vec<AlertRow>,
    /// The ticker: all open ones, most urgent first, at most 30.
    pub ticker: Vec<AlertRow>,
    /// Who is told first now.
    pub on_duty: Vec<String>,
    /// Who has which role on which rota now; empty where there is no rota.
    pub rota: Vec<OnDutyView>,
    /// What comes next.
    pub next: Option<NextView>,
    /// Alert sources that do not answer.
    pub lost: Vec<String>,
    /// What may move the wall: open P0 and P1, also those that somebody has, most urgent first, at most 100.
    pub failing: Vec<FailingView>,
}

/// An alert that may move the wall to the board of what fails.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct FailingView {
    /// Episode.
    #[ts(type = "number")]
    pub id: i64,
    /// Urgency.
    pub level: LevelView,
    /// `model::board::Domain` in snake_case, if it is known.
    pub domain: Option<String>,
    /// The board that it names itself.
    pub board: Option<String>,
    /// What it says; from outside.
    pub title: String,
    /// Since when it holds, ms.
    #[ts(type = "number")]
    pub since: i64,
    /// Somebody has it.
    pub acked: bool,
}

/// A label and its value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
pub struct LabelView {
    /// Name.
    pub name: String,
    /// Value.
    pub value: String,
}

/// What one source says of an alert.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct SightView {
    /// The source.
    pub source: String,
    /// `firing`, `suppressed` or `resolved`.
    pub state: String,
    /// When it last said so.
    pub seen_at: f64,
    /// Where it can be looked at (http or https).
    pub url: Option<String>,
}

/// A line of the timeline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct TimelineItem {
    /// When.
    pub at: f64,
    /// How it is drawn: `fired`, `told`, `failed`, `held`, `acted`, `resolved`, `note`.
    pub tone: String,
    /// What.
    pub what: Sentence,
    /// A comment of a person.
    pub comment: Option<String>,
}

/// A notice and what became of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct NoticeView {
    /// Which.
    pub id: String,
    /// Whom (name).
    pub to: String,
    /// Channel kind.
    pub channel: String,
    /// When it came to be.
    pub created_at: f64,
    /// Why (`notice.kind.…`).
    pub why: Sentence,
    /// `waiting`, `sending`, `sent`, `failed`, `dropped`.
    pub state: String,
    /// When that came, or until when it waits.
    pub at: Option<f64>,
    /// What became of it.
    pub outcome: Sentence,
}

/// One line of "为什么通知/没有通知我".
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct FindingView {
    /// `source`, `level`, `policy`, `quiet`, `step`, `notice`, `you`.
    pub stage: String,
    /// Whether it speaks for telling, against it, or neither.
    pub verdict: String,
    /// When.
    pub at: Option<f64>,
    /// What.
    pub what: Sentence,
}

/// Everything about one alert.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct AlertDetail {
    /// The host's clock.
    pub now: f64,
    /// Its row.
    pub row: AlertRow,
    /// Description.
    pub description: Option<String>,
    /// Runbook (http or https).
    pub runbook: Option<String>,
    /// Further texts.
    pub annotations: Vec<LabelView>,
    /// Labels.
    pub labels: Vec<LabelView>,
    /// By what it has its level.
    pub level_reason: Sentence,
    /// The rule's expression, if known.
    pub expr: Option<String>,
    /// What each source says.
    pub sights: Vec<SightView>,
    /// All reasons to keep quiet.
    pub quiet: Vec<Sentence>,
    /// The policy's steps: what each is, with `at` once it has a time.
    pub steps: Vec<NextView>,
    /// What happened.
    pub timeline: Vec<TimelineItem>,
    /// Who was told what by which channel.
    pub notices: Vec<NoticeView>,
    /// Why (not) me.
    pub findings: Vec<FindingView>,
}

/// The metric around the firing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct AlertChart {
    /// Begin of the axis.
    pub from: f64,
    /// End of the axis.
    pub to: f64,
    /// Distance of two points.
    pub step: f64,
    /// Series and their points from `from` on; `None` is a gap.
    pub series: Vec<(SeriesView, Vec<Option<f64>>)>,
    /// The limit in the rule's expression, if it is a comparison with a number.
    pub limit: Option<f64>,
    /// What is drawn: the expression without its comparison.
    pub expr: String,
    /// When it began to fire.
    pub fired_at: f64,
    /// When it was over.
    pub resolved_at: Option<f64>,
}
