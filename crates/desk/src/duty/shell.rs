//! What the alert desk wants of the machine it runs on: windows, tray. Implemented by the shell; nothing happens without one.

use model::duty::AlertId;
use wire::LevelCount;

/// The desk as the tray and the windows of the system show it. It is told whenever it changes, as a whole: a missed change never matters.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ShellState {
    /// Counts P0, P1, P2, P3.
    pub levels: [LevelCount; 4],
    /// P0 that were told and that nobody has taken: while there is any, a window stands on every screen.
    pub takeover: Vec<AlertId>,
    /// Sounds are off until then, ms.
    pub muted_until: Option<i64>,
    /// `zh-CN` or `en`.
    pub locale: String,
}

/// A window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// 大屏
    Wall,
    /// 告警台
    Desk,
    /// 掌上告警
    Pocket,
}

/// The machine around the desk. Calls return at once and never fail: what cannot be done is logged there.
pub trait Shell: Send + Sync {
    /// The state has changed.
    fn update(&self, state: &ShellState);

    /// Bring this window to the front; the desk and the pocket show this alert, if one is named.
    fn show(&self, window: Window, alert: Option<AlertId>);
}

/// No windows at all.
#[derive(Clone, Copy, Debug, Default)]
pub struct Headless;

impl Shell for Headless {
    fn update(&self, _: &ShellState) {}

    fn show(&self, _: Window, _: Option<AlertId>) {}
}
