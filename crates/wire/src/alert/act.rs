//! What a person does about alerts, and what that would hold.

use super::AlertRow;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A condition on a label.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct MatcherView {
    /// The label's name.
    pub name: String,
    /// Value or regular expression.
    pub value: String,
    /// Whether it is a regular expression.
    pub is_regex: bool,
    /// False: must not match.
    pub is_equal: bool,
}

/// Something a person does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum AlertAct {
    /// 确认
    Ack {
        /// Which.
        #[ts(type = "number[]")]
        alerts: Vec<i64>,
        /// 我来处理, …
        comment: String,
        /// Lapses after so many ms; `None`: the configured time.
        for_ms: Option<f64>,
        /// Mirror it to the Alertmanagers as a silence over these labels.
        mirror: Option<Vec<String>>,
    },
    /// 撤回确认
    Unack {
        /// Which.
        #[ts(type = "number[]")]
        alerts: Vec<i64>,
    },
    /// 转交
    Assign {
        /// Which.
        #[ts(type = "number[]")]
        alerts: Vec<i64>,
        /// To whom; `None`: to nobody.
        to: Option<String>,
        /// Why.
        comment: String,
    },
    /// 稍后提醒
    Snooze {
        /// Which.
        #[ts(type = "number[]")]
        alerts: Vec<i64>,
        /// For so many ms; 0 ends it.
        for_ms: f64,
    },
    /// 手动关闭
    Resolve {
        /// Which.
        #[ts(type = "number[]")]
        alerts: Vec<i64>,
        /// Why.
        comment: String,
    },
    /// 备注
    Comment {
        /// Which.
        #[ts(type = "number[]")]
        alerts: Vec<i64>,
        /// What.
        comment: String,
    },
    /// 静默 or 维护窗口
    Mute {
        /// Maintenance, or a silence.
        maintenance: bool,
        /// All must match.
        matchers: Vec<MatcherView>,
        /// From; `None`: now.
        from: Option<f64>,
        /// Until.
        until: f64,
        /// Why.
        comment: String,
    },
    /// End a silence or maintenance window.
    Unmute {
        /// Which.
        #[ts(type = "number")]
        id: i64,
    },
    /// No sounds on this desk for so many ms; 0 ends it.
    Hush {
        /// ms.
        for_ms: f64,
    },
    /// Who uses this desk.
    Me {
        /// The person.
        person: String,
    },
}

/// A silence or maintenance window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct MuteView {
    /// Which; 0 when it stands in the configuration.
    #[ts(type = "number")]
    pub id: i64,
    /// Maintenance, or a silence.
    pub maintenance: bool,
    /// Conditions.
    pub matchers: Vec<MatcherView>,
    /// From.
    pub from: f64,
    /// Until.
    pub until: f64,
    /// Who.
    pub by: String,
    /// Why.
    pub comment: String,
    /// Alerts that it holds now.
    pub holds: u32,
}

/// What a silence would hold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct PreviewView {
    /// How many alerts.
    pub total: u32,
    /// The most urgent of them, at most 50.
    pub rows: Vec<AlertRow>,
}
