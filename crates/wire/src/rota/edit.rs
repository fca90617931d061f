//! What somebody does to the rota, what that would change, and plans.

use super::{
    AbsenceView, LayerView, LoadView, MemberEdit, ProblemView, RotaView, ShiftView, SlotView,
};
use crate::alert::Sentence;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Side of a handover.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum SideView {
    /// The old shift.
    Giving,
    /// The new shift.
    Taking,
}

/// From what a plan is made. The same question makes the same plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct PlanAsk {
    /// Which rota.
    pub rota: String,
    /// First day.
    pub from: String,
    /// Last day; at most 184 after the first.
    pub until: String,
    /// Who can be planned; none named: everybody whom the rota names.
    pub people: Vec<String>,
    /// Most nights in a row.
    pub nights_in_a_row: u32,
    /// Least hours between two shifts of one person.
    pub rest_hours: u32,
    /// Another number, another plan.
    pub seed: u32,
    /// How much heavier nights, weekends and holidays are; `None`: as [`super::RotaPage::weights`].
    pub weights: Option<WeightsView>,
    /// So many days before the plan are evened out with it, at most 1096; `None`: 90.
    pub history_days: Option<u32>,
}

/// How much an hour of duty counts. 0 to 100 each.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct WeightsView {
    /// From 22:00 to 06:00 of a workday.
    pub night: f64,
    /// On a weekend's day.
    pub weekend: f64,
    /// On a holiday.
    pub holiday: f64,
    /// All of it times this for who is not the primary.
    pub standby: f64,
}

/// A plan before it is adopted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct PlanView {
    /// Shifts that it makes.
    pub shifts: Vec<ShiftView>,
    /// Duty as it is now.
    pub before: Vec<LoadView>,
    /// Duty with the plan.
    pub after: Vec<LoadView>,
    /// Largest score less the smallest, now.
    pub spread_before: f64,
    /// The same with the plan.
    pub spread_after: f64,
    /// Largest score less the smallest of the planned time and the past that counts together, now: what a plan evens out.
    pub total_before: f64,
    /// The same with the plan.
    pub total_after: f64,
    /// What is wrong in it.
    pub problems: Vec<ProblemView>,
    /// What it could not keep to.
    pub notes: Vec<Sentence>,
}

/// Something somebody does to the rota.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "edit", rename_all = "snake_case")]
pub enum RotaEdit {
    /// Enters a person or changes one.
    PutMember {
        /// Who.
        member: MemberEdit,
    },
    /// Removes a person whom no rota and no shift to come names.
    RemoveMember {
        /// Who.
        person: String,
    },
    /// Makes a rota with the four shifts of the handbook: 工作日 09:00–18:00, 夜间 18:00–09:00, 周末 24 小时, 节假日 24 小时.
    BeginRota {
        /// A new id: letters, digits, `-` and `_`.
        id: String,
        /// As shown.
        name: String,
        /// Who takes turns.
        people: Vec<String>,
        /// Who stands behind them as 主管.
        managers: Vec<String>,
    },
    /// Makes a rota, or replaces its name, zone, calendar, rules and layers.
    PutRota {
        /// As it shall be.
        rota: RotaView,
    },
    /// Removes a rota with its overrides and swaps.
    RemoveRota {
        /// Which.
        rota: String,
    },
    /// Makes a layer (number 0) or replaces one.
    PutLayer {
        /// On which rota.
        rota: String,
        /// As it shall be.
        layer: LayerView,
    },
    /// Removes a layer.
    RemoveLayer {
        /// On which rota.
        rota: String,
        /// Which.
        #[ts(type = "number")]
        layer: i64,
    },
    /// Enters an absence (number 0) or replaces one.
    PutAbsence {
        /// As it shall be.
        absence: AbsenceView,
    },
    /// Removes an absence.
    RemoveAbsence {
        /// Which.
        #[ts(type = "number")]
        absence: i64,
    },
    /// Puts somebody on duty for a time: a person dragged to a shift.
    Assign {
        /// Where, when and who.
        slot: SlotView,
        /// Whose place it is; `None`: everybody's who has the role then.
        replaces: Option<String>,
        /// Why.
        why: String,
    },
    /// Removes an override.
    RemoveOverride {
        /// Which.
        #[ts(type = "number")]
        id: i64,
    },
    /// Changes two people's stretches at once: one shift dragged onto another.
    Exchange {
        /// One side.
        one: SlotView,
        /// The other.
        other: SlotView,
        /// Why.
        why: String,
    },
    /// Asks somebody to take a shift.
    RequestSwap {
        /// What is given away.
        give: SlotView,
        /// Who is asked.
        with: String,
        /// What is taken in return.
        take: Option<SlotView>,
        /// Why.
        why: String,
    },
    /// Accepts or declines.
    AnswerSwap {
        /// Which.
        #[ts(type = "number")]
        swap: i64,
        /// Yes or no.
        accept: bool,
        /// A word with it.
        answer: String,
    },
    /// Takes a request back.
    WithdrawSwap {
        /// Which.
        #[ts(type = "number")]
        swap: i64,
    },
    /// Makes the plan and lays it over the rota.
    AdoptPlan {
        /// From what.
        plan: PlanAsk,
    },
    /// What the old shift writes to the new one.
    WriteHandover {
        /// Which.
        #[ts(type = "number")]
        handover: i64,
        /// The text.
        notes: String,
    },
    /// Signs.
    SignHandover {
        /// Which.
        #[ts(type = "number")]
        handover: i64,
        /// For which side.
        side: SideView,
    },
    /// Writes a note into the duty record.
    AddNote {
        /// On which rota.
        rota: String,
        /// What.
        text: String,
        /// Alerts that it is about.
        #[ts(type = "number[]")]
        alerts: Vec<i64>,
        /// Words to find it by.
        tags: Vec<String>,
    },
    /// Corrects a note of one's own.
    AlterNote {
        /// Which.
        #[ts(type = "number")]
        note: i64,
        /// What it says now.
        text: String,
        /// Words to find it by.
        tags: Vec<String>,
    },
    /// Removes a note of one's own.
    RemoveNote {
        /// Which.
        #[ts(type = "number")]
        note: i64,
    },
    /// Says which days of the week are off by a calendar.
    SetWeekend {
        /// Which calendar.
        calendar: String,
        /// 1 Monday to 7 Sunday; none named: Saturday and Sunday.
        weekend: Vec<u8>,
    },
    /// Puts back what a change has touched.
    Undo {
        /// Which.
        #[ts(type = "number")]
        change: i64,
    },
}

/// What an edit would do to the stretch shown. Nothing is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct RotaPreview {
    /// Shifts as they would be.
    pub shifts: Vec<ShiftView>,
    /// What would be wrong that is not now.
    pub new: Vec<ProblemView>,
    /// What is wrong now and would not be.
    pub gone: Vec<ProblemView>,
}
