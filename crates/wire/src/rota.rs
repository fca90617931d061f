//! The rota as the page sees it: who is on duty when, what is wrong with it, and what somebody can do about it. Times are ms since the epoch,
//! days are `YYYY-MM-DD` and times of the wall clock `HH:MM` in the rota's zone. Roles are `primary`, `secondary`, `manager` or any other name.

mod edit;
mod files;

pub use edit::*;
pub use files::*;

use crate::alert::{LevelView, Sentence};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What the calendar asks, once a second and after each change.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct RotaQuery {
    /// Which rota; `None`: the first.
    pub rota: Option<String>,
    /// First day shown, in the rota's zone; `None`: the first of this month.
    pub from: Option<String>,
    /// How many days; at most 100.
    pub days: u32,
    /// First day of which duty is counted, in the rota's zone: a month shown in whole weeks is counted without the days of others. `None`: the
    /// first day shown.
    #[serde(default)]
    pub count_from: Option<String>,
    /// How many days are counted; 0: all that are shown.
    #[serde(default)]
    pub count_days: u32,
    /// [`RotaPage::revision`] of what the page has; the answer is `None` while nothing is different.
    pub have: Option<String>,
}

/// A rota by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RotaName {
    /// Which.
    pub id: String,
    /// As shown.
    pub name: String,
}

/// A calendar of holidays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct CalendarView {
    /// Which.
    pub id: String,
    /// As shown.
    pub name: String,
    /// Years of which it has the notice, in order.
    pub years: Vec<i32>,
    /// Days of the week that are off, 1 Monday to 7 Sunday.
    pub weekend: Vec<u8>,
}

/// When the next turn of a rotation begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "every", rename_all = "snake_case")]
pub enum CadenceView {
    /// After this many days.
    Days {
        /// 1 to 366.
        days: u16,
    },
    /// After this many weeks, on a day of the week.
    Weeks {
        /// 1 to 52.
        weeks: u16,
        /// 1 Monday to 7 Sunday.
        weekday: u8,
    },
    /// After this many of the layer's own shifts.
    Shifts {
        /// 1 to 366.
        shifts: u16,
    },
    /// Each turn lasts its own number of days.
    Cycle {
        /// 1 to 366 each, as many as there are turns.
        days: Vec<u16>,
    },
}

/// Who is there on one planned day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct PlannedDay {
    /// The day on which the shift begins.
    pub day: String,
    /// Who.
    pub people: Vec<String>,
}

/// Who takes which turn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum RotationView {
    /// In turn, over and over.
    Turns {
        /// In order; a turn is one person or several.
        turns: Vec<Vec<String>>,
        /// When the next one begins.
        cadence: CadenceView,
    },
    /// Each day of the week has its people.
    Weekdays {
        /// Monday to Sunday: seven lists.
        people: Vec<Vec<String>>,
    },
    /// Laid down day by day, as a plan does.
    Planned {
        /// In order.
        days: Vec<PlannedDay>,
    },
}

/// Shifts of one role and who takes turns in them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LayerView {
    /// Which; 0 in an edit that makes it.
    #[ts(type = "number")]
    pub id: i64,
    /// As shown: 工作日白班.
    pub name: String,
    /// As what.
    pub role: String,
    /// Larger wins.
    pub priority: i32,
    /// `workday`, `weekend`, `holiday`: days on which it begins; none named: all.
    pub kinds: Vec<String>,
    /// Days of the week on which it begins, 1 Monday to 7 Sunday; none named: all.
    pub weekdays: Vec<u8>,
    /// Begin, `HH:MM`.
    pub from: String,
    /// End, `HH:MM`; not after `from`: on the next day.
    pub to: String,
    /// Who.
    pub rotation: RotationView,
    /// When the turn changes; `None`: with the shift.
    pub handoff: Option<String>,
    /// First day.
    pub first_day: String,
    /// Last day.
    pub last_day: Option<String>,
    /// Zone, if not the rota's.
    pub zone: Option<String>,
    /// Calendar, if not the rota's.
    pub calendar: Option<String>,
}

/// Who is on duty for something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RotaView {
    /// Which.
    pub id: String,
    /// As shown.
    pub name: String,
    /// IANA name of its zone.
    pub zone: String,
    /// Calendar of holidays.
    pub calendar: Option<String>,
    /// In order.
    pub layers: Vec<LayerView>,
    /// Roles that somebody must have at each instant.
    pub required: Vec<String>,
    /// How long after a change of shift both must have signed, minutes; `None`: handovers are not signed.
    pub grace_minutes: Option<u32>,
}

/// A person on rotas; contacts masked (138****1234), empty where there is none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct MemberView {
    /// Unique.
    pub id: String,
    /// As shown.
    pub name: String,
    /// Telephone number.
    pub phone: String,
    /// E-mail address.
    pub email: String,
    /// 钉钉 id.
    pub dingtalk: String,
    /// 企业微信 id.
    pub wecom: String,
    /// Zone, if not the rota's.
    pub zone: Option<String>,
    /// Roles that the person can take; none named: all.
    pub roles: Vec<String>,
    /// Teams.
    pub teams: Vec<String>,
}

/// A person's contacts in full, shown on purpose only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ContactView {
    /// Telephone number.
    pub phone: String,
    /// E-mail address.
    pub email: String,
    /// 钉钉 id.
    pub dingtalk: String,
    /// 企业微信 id.
    pub wecom: String,
}

/// What is written of a person; a contact that is `None` stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct MemberEdit {
    /// Unique.
    pub id: String,
    /// As shown.
    pub name: String,
    /// Telephone number.
    pub phone: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// 钉钉 id.
    pub dingtalk: Option<String>,
    /// 企业微信 id.
    pub wecom: Option<String>,
    /// Zone, if not the rota's.
    pub zone: Option<String>,
    /// Roles that the person can take; none named: all.
    pub roles: Vec<String>,
    /// Teams.
    pub teams: Vec<String>,
}

/// Somebody who has a role now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct OnDutyView {
    /// On which rota.
    pub rota: String,
    /// As what.
    pub role: String,
    /// Who.
    pub person: String,
    /// As shown.
    pub name: String,
    /// Since when.
    pub from: f64,
    /// Until when.
    pub until: f64,
    /// Why.
    pub why: Sentence,
    /// Names of those who have the role next; empty: nobody.
    pub next: Vec<String>,
}

/// One person's stretch of one shift.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct ShiftView {
    /// As what.
    pub role: String,
    /// Who.
    pub person: String,
    /// As shown.
    pub name: String,
    /// From.
    pub from: f64,
    /// Until.
    pub until: f64,
    /// `layer`, `holiday`, `override`, `swap`, `stand_in`.
    pub by: String,
    /// Why, in words.
    pub why: Sentence,
    /// The override, if it is one: it can be removed.
    #[ts(type = "number | null")]
    pub r#override: Option<i64>,
    /// The layer whose shift it is.
    #[ts(type = "number | null")]
    pub layer: Option<i64>,
    /// The layer's name.
    pub layer_name: Option<String>,
    /// The day on which that shift begins.
    pub day: Option<String>,
    /// Names of those whose turn it would be.
    pub instead_of: Vec<String>,
}

/// One day of the calendar.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct DayView {
    /// Which.
    pub date: String,
    /// Its midnight.
    pub from: f64,
    /// The next midnight.
    pub until: f64,
    /// `workday`, `weekend`, `holiday`.
    pub kind: String,
    /// The holiday to which it belongs.
    pub name: Option<String>,
    /// A weekend's day that is worked (调休上班).
    pub make_up: bool,
    /// Whether the calendar has that year's notice.
    pub known: bool,
}

/// Something that is wrong with the rota.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct ProblemView {
    /// `gap`, `double`, `absent`, `several`, `unknown`, `lacks`.
    pub kind: String,
    /// As what.
    pub role: String,
    /// Ids of people concerned.
    pub people: Vec<String>,
    /// From.
    pub from: f64,
    /// Until.
    pub until: f64,
    /// In words.
    pub what: Sentence,
}

/// Somebody is not there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct AbsenceView {
    /// Which; 0 in an edit that makes it.
    #[ts(type = "number")]
    pub id: i64,
    /// Who.
    pub person: String,
    /// From.
    pub from: f64,
    /// Until.
    pub until: f64,
    /// Who stands in.
    pub stand_in: Option<String>,
    /// Why.
    pub why: String,
}

/// A stretch of one person's duty.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct SlotView {
    /// On which rota.
    pub rota: String,
    /// As what.
    pub role: String,
    /// Whose.
    pub person: String,
    /// From.
    pub from: f64,
    /// Until.
    pub until: f64,
}

/// A request to swap.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct SwapView {
    /// Which.
    #[ts(type = "number")]
    pub id: i64,
    /// `requested`, `accepted`, `declined`, `withdrawn`.
    pub state: String,
    /// What the one who asks gives away.
    pub give: SlotView,
    /// Who is asked.
    pub with: String,
    /// What the one who asks takes in return.
    pub take: Option<SlotView>,
    /// Why.
    pub why: String,
    /// Name of who has asked.
    pub by: String,
    /// When.
    pub at: f64,
    /// What the other said.
    pub answer: String,
    /// Whether I can accept or decline it.
    pub can_answer: bool,
    /// Whether I can take it back.
    pub can_withdraw: bool,
}

/// How much duty one person has in the stretch shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct LoadView {
    /// Who.
    pub person: String,
    /// As shown.
    pub name: String,
    /// Hours on duty.
    pub hours: f64,
    /// Nights.
    pub nights: u32,
    /// Weekend days.
    pub weekends: u32,
    /// Holidays.
    pub holidays: u32,
    /// Hours by weight: a night, a weekend, a holiday count more.
    pub score: f64,
}

/// An alert in a handover's pack.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct PackAlertView {
    /// Episode.
    #[ts(type = "number")]
    pub alert: i64,
    /// What it says.
    pub title: String,
    /// Urgency.
    pub level: LevelView,
    /// Since when.
    pub since: f64,
    /// Who has it.
    pub by: Option<String>,
    /// When the acknowledgement lapses.
    pub until: Option<f64>,
}

/// A silence in a pack.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct PackSilenceView {
    /// Why.
    pub comment: String,
    /// Who made it.
    pub by: String,
    /// When it ends.
    pub until: f64,
}

/// A noisy rule in a pack.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct PackRuleView {
    /// The rule's name.
    pub name: String,
    /// Episodes during the shift.
    pub episodes: u32,
    /// Notices sent during the shift.
    pub notices: u32,
}

/// Somebody has signed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct SignatureView {
    /// As shown.
    pub name: String,
    /// When.
    pub at: f64,
}

/// One change of shift.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct HandoverView {
    /// Which.
    #[ts(type = "number")]
    pub id: i64,
    /// On which rota.
    pub rota: String,
    /// When the shift changes.
    pub at: f64,
    /// When both must have signed.
    pub due: f64,
    /// `coming`, `open`, `given`, `taken`, `signed`, `overdue`.
    pub state: String,
    /// Names of those who hand over.
    pub from: Vec<String>,
    /// Names of those who take over.
    pub to: Vec<String>,
    /// When the pack was put together.
    pub made_at: f64,
    /// Open alerts, most urgent first.
    pub open: Vec<PackAlertView>,
    /// How many are open altogether.
    pub open_count: u32,
    /// Acknowledgements that lapse next.
    pub lapsing: Vec<PackAlertView>,
    /// Silences that end during the next shift.
    pub silences: Vec<PackSilenceView>,
    /// Noisy rules.
    pub noisy: Vec<PackRuleView>,
    /// Notes of the old shift.
    pub records: Vec<NoteView>,
    /// What the old shift writes to the new one.
    pub notes: String,
    /// The old shift's signature.
    pub given: Option<SignatureView>,
    /// The new shift's signature.
    pub taken: Option<SignatureView>,
    /// Whether I can sign as the old shift.
    pub can_give: bool,
    /// Whether I can sign as the new shift.
    pub can_take: bool,
}

/// A note of the duty record (值班记录).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct NoteView {
    /// Which.
    #[ts(type = "number")]
    pub id: i64,
    /// On which rota.
    pub rota: String,
    /// When.
    pub at: f64,
    /// Name of who wrote it.
    pub by: String,
    /// What. Hostile text.
    pub text: String,
    /// Alerts that it is about.
    #[ts(type = "number[]")]
    pub alerts: Vec<i64>,
    /// Words to find it by.
    pub tags: Vec<String>,
    /// Whether it is mine, so that I can correct it.
    pub mine: bool,
}

/// One line of the change log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct RotaChangeView {
    /// Which.
    #[ts(type = "number")]
    pub id: i64,
    /// When.
    pub at: f64,
    /// Who.
    pub by: String,
    /// What.
    pub what: Sentence,
    /// Whether it can be undone now.
    pub can_undo: bool,
}

/// Everything the rota's page shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct RotaPage {
    /// Changes when anything on the page does; opaque.
    pub revision: String,
    /// When it was put together.
    pub now: f64,
    /// All rotas.
    pub rotas: Vec<RotaName>,
    /// All calendars of holidays.
    pub calendars: Vec<CalendarView>,
    /// The one asked for; `None`: there is none yet.
    pub rota: Option<RotaView>,
    /// Everybody.
    pub people: Vec<MemberView>,
    /// Who uses this desk.
    pub me: String,
    /// Who has which role now.
    pub on_duty: Vec<OnDutyView>,
    /// Shifts in the stretch asked for, by begin.
    pub shifts: Vec<ShiftView>,
    /// Its days.
    pub days: Vec<DayView>,
    /// What is wrong in it.
    pub problems: Vec<ProblemView>,
    /// Absences that touch it.
    pub absences: Vec<AbsenceView>,
    /// Swaps that touch it, and all that wait for an answer.
    pub swaps: Vec<SwapView>,
    /// How duty is spread from [`Self::counted_from`] to [`Self::counted_until`].
    pub loads: Vec<LoadView>,
    /// Begin of what is counted.
    pub counted_from: f64,
    /// End of what is counted.
    pub counted_until: f64,
    /// The weights that it is counted with.
    pub weights: WeightsView,
    /// Largest score less the smallest.
    pub spread: f64,
    /// The handover under way, coming within an hour, or the last one.
    pub handover: Option<HandoverView>,
    /// What the person who plans must know: years without a notice.
    pub warnings: Vec<Sentence>,
    /// The latest change, if it can be undone.
    pub undo: Option<RotaChangeView>,
}

/// Which notes of the duty record are wanted, newest first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct NotesQuery {
    /// Only of this rota.
    pub rota: Option<String>,
    /// Words; all must be in the text or the tags.
    pub text: String,
    /// Not before.
    pub from: Option<f64>,
    /// Before.
    pub until: Option<f64>,
    /// Only older than this note.
    #[ts(type = "number | null")]
    pub before: Option<i64>,
    /// At most; 200.
    pub limit: u32,
}

/// A part of the duty record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct NotesPage {
    /// Newest first.
    pub notes: Vec<NoteView>,
    /// Whether there are older ones.
    pub more: bool,
}
