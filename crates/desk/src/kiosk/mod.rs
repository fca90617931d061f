//! The wall as a screen that nobody sits before: which board stands where, how bright, how one leaves it, what it knew when it ended.

mod alarm;
mod autostart;
mod memory;
mod pin;
mod plan;
mod procfs;
mod registry;
pub mod watchdog;

pub use alarm::{DEAD_RULE, SOURCE, dead_pages};
pub use autostart::{Autostart, AutostartError};
pub use memory::{keep, keep_notes, recall, recall_notes};
pub use pin::{Pin, PinError, SECRET as PIN_SECRET, set as set_pin};
pub use plan::{Output, limits, night, outputs, part, plan};
pub use registry::{MOST_SCREENS, Registry, Seen, label_of, screen_of, twin_of};

use engine::kiosk::{
    Command, CommandError, Director, Failing, Mode, Night, NightPlan, SurfaceState,
};
use model::board::{Board, Concept, Domain};
use std::collections::{BTreeMap, BTreeSet};
use wire::{AlertBand, ErrorCode, ErrorView, FailingView, KioskMode, KioskView, KioskWhy};

/// The name of a domain on the wire.
pub fn domain_name(domain: Domain) -> String {
    match serde_json::to_value(domain) {
        Ok(serde_json::Value::String(name)) => name,
        _ => String::new(),
    }
}

/// What a screen shows, with the revision of the last change.
#[derive(Clone, Debug, Default)]
pub struct ScreenNow {
    /// The board.
    pub board: String,
    /// When it changed to this board, as a revision of the engine.
    pub switched: u64,
    /// As the page sees it.
    pub view: KioskView,
    /// When that changed.
    pub changed: u64,
}

/// The wall's screens: decisions of the director in the page's words.
#[derive(Debug)]
pub struct Kiosk {
    director: Director,
    outputs: Vec<Output>,
    night: NightPlan,
    kiosk: bool,
    locked: bool,
    screens: Vec<ScreenNow>,
}

impl Kiosk {
    /// As the plan begins. `kiosk`: full screen, so that the picture moves against burning in.
    pub fn new(director: Director, outputs: Vec<Output>, night: NightPlan, kiosk: bool) -> Self {
        let screens = outputs.iter().map(|_| ScreenNow::default()).collect();
        Self {
            director,
            outputs,
            night,
            kiosk,
            locked: false,
            screens,
        }
    }

    /// The boards that there are.
    pub fn boards(
        &mut self,
        boards: &BTreeMap<String, Board>,
        concepts: &BTreeMap<String, Concept>,
        now: i64,
    ) {
        self.director.boards(boards, concepts, now);
    }

    /// What the alert desk says.
    pub fn band(&mut self, band: &AlertBand, now: i64) {
        self.director
            .alerts(band.failing.iter().map(failing).collect(), now);
    }

    /// A PIN is set, or none.
    pub fn lock(&mut self, locked: bool) {
        self.locked = locked;
    }

    /// The wall is no kiosk any more, or again.
    pub fn set_kiosk(&mut self, kiosk: bool) {
        self.kiosk = kiosk;
    }

    /// Carries a command out, on a screen by its index, or on all.
    ///
    /// # Errors
    /// When there is no such board or screen.
    pub fn command(
        &mut self,
        screen: Option<usize>,
        command: &Command,
        now: i64,
    ) -> Result<(), ErrorView> {
        let unknown = || ErrorView::new(ErrorCode::Refused).with("reason_key", "refused.no_screen");
        let surface = match screen {
            Some(i) => Some(self.outputs.get(i).ok_or_else(unknown)?.surface),
            None => None,
        };
        let done = self.director.command(surface, command, now);
        done.map_err(|e| match (e, command) {
            (CommandError::UnknownBoard, Command::Show(board)) => {
                ErrorView::new(ErrorCode::UnknownBoard).with("board", board)
            }
            _ => unknown(),
        })
    }

    /// The index of a screen by its number from 1 or its output's name; `None` when there is none.
    pub fn find(&self, name: &str) -> Option<usize> {
        let by_name = self.outputs.iter().position(|o| o.name == name);
        let number = name.parse::<usize>().ok().and_then(|n| n.checked_sub(1));
        by_name.or(number.filter(|n| *n < self.outputs.len()))
    }

    /// Lets time pass and notes what has changed, as of `revision`. The boards to be asked for.
    pub fn tick(&mut self, now: i64, revision: u64) -> BTreeSet<String> {
        self.director.tick(now);
        let states = self.director.state();
        let night = self.night.at(now, self.director.is_urgent());
        for (output, screen) in self.outputs.iter().zip(&mut self.screens) {
            let Some(state) = states.get(output.surface) else {
                continue;
            };
            if screen.board != state.board {
                screen.board.clone_from(&state.board);
                screen.switched = revision;
            }
            let mut view = view(output, state, night);
            view.locked = self.locked;
            if self.kiosk {
                view.shift_room = u32::from(self.night.shift_pixels);
            } else {
                view.shift = [0, 0];
            }
            if view != screen.view {
                screen.view = view;
                screen.changed = revision;
            }
        }
        self.director.needed()
    }

    /// Whether something on a screen has changed as of `revision`.
    pub fn changed(&self, revision: u64) -> bool {
        self.screens.iter().any(|s| s.changed == revision)
    }

    /// When [`Kiosk::tick`] is to be called at the latest, ms.
    pub fn next_wakeup(&self) -> i64 {
        self.director.next_wakeup()
    }

    /// A screen by its index; the first one where there is none.
    pub fn screen(&self, index: usize) -> Option<&ScreenNow> {
        self.screens.get(index).or(self.screens.first())
    }

    /// All screens.
    pub fn screens(&self) -> &[ScreenNow] {
        &self.screens
    }

    /// Nothing fails that moves the wall.
    pub fn is_calm(&self) -> bool {
        !self.director.is_urgent()
    }
}

fn failing(view: &FailingView) -> Failing {
    let domain = view.domain.clone().map(serde_json::Value::String);
    Failing {
        id: view.id,
        level: view.level.into(),
        domain: domain.and_then(|d| serde_json::from_value(d).ok()),
        board: view.board.clone(),
        title: view.title.clone(),
        since: view.since,
        acked: view.acked,
    }
}

fn view(output: &Output, state: &SurfaceState, night: Night) -> KioskView {
    let (mode, why) = match &state.mode {
        Mode::Single => (KioskMode::Single, None),
        Mode::Rotating => (KioskMode::Rotating, None),
        Mode::Paused => (KioskMode::Paused, None),
        Mode::Held => (KioskMode::Held, None),
        Mode::Failing(why) => {
            let why = KioskWhy {
                alert: why.alert,
                level: why.level.into(),
                domain: why.domain.map(domain_name),
                title: why.title.clone(),
                others: u32::try_from(why.others).unwrap_or(u32::MAX),
                acked: why.acked,
            };
            (KioskMode::Failing, Some(why))
        }
    };
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let (x, y) = night.shift;
    KioskView {
        screen: output.name.clone(),
        index: count(state.index),
        of: count(state.of),
        mode,
        until: state.until.map(|t| t as f64),
        coming: state.coming.clone(),
        why,
        part: output.part,
        brightness: night.brightness,
        off: night.off,
        shift: [i32::from(x), i32::from(y)],
        shift_room: 0,
        locked: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use chrono_tz::Asia::Shanghai;

    const NOW: i64 = 1_795_219_200_000;

    fn kiosk(toml: &str) -> Kiosk {
        let file = std::path::Path::new("c.toml");
        let (config, _): (Config, _) = crate::config::check::parse(file, toml);
        let (plan, outputs) = plan(&config, Shanghai);
        let mut kiosk = Kiosk::new(
            Director::new(plan, NOW),
            outputs,
            night(&config, Shanghai),
            true,
        );
        let library = crate::boards::load(None);
        kiosk.boards(&library.boards, &library.concepts, NOW);
        kiosk
    }

    #[test]
    fn a_change_of_board_and_a_change_of_look_have_revisions_of_their_own() {
        let mut kiosk = kiosk("[wall]\nshift_minutes = 1\n");
        assert_eq!(kiosk.tick(NOW, 3), BTreeSet::from(["overview".to_owned()]));
        let now = kiosk.screen(0).unwrap().clone();
        assert_eq!(
            (now.board.as_str(), now.switched, now.changed),
            ("overview", 3, 3)
        );
        kiosk.tick(NOW + 60_000, 9);
        let later = kiosk.screen(0).unwrap();
        assert_eq!(
            (later.switched, later.changed),
            (3, 9),
            "the picture has moved"
        );
        assert_eq!(kiosk.find("1"), Some(0));
        assert_eq!(kiosk.find("2"), None);
        let e = kiosk.command(None, &Command::Show("nope".into()), NOW);
        assert_eq!(e.unwrap_err().code, ErrorCode::UnknownBoard);
    }

    #[test]
    fn a_p0_of_the_band_moves_the_wall_to_a_board_of_its_domain() {
        let mut kiosk = kiosk("");
        let band = AlertBand {
            failing: vec![FailingView {
                id: 7,
                level: wire::LevelView::P0,
                domain: Some("payment".into()),
                board: None,
                title: "支付失败".into(),
                since: NOW,
                acked: false,
            }],
            ..AlertBand::default()
        };
        kiosk.band(&band, NOW);
        kiosk.tick(NOW, 1);
        let view = &kiosk.screen(0).unwrap().view;
        let why = view.why.as_ref().expect("a reason");
        assert_eq!((view.mode, why.alert), (KioskMode::Failing, 7));
        assert_eq!(why.domain.as_deref(), Some("payment"));
    }
}
