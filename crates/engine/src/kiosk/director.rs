//! Which board stands on which screen: the rotation, what a person wants, and above both what fails.

use super::domains::{Failing, board_for};
use super::plan::{Plan, Stop, Surface};
use model::Level;
use model::board::{Board, Concept, Domain};
use std::collections::{BTreeMap, BTreeSet};

/// Boards that come next are asked for so long before, ms, so that they are complete when they come.
const PREPARE: i64 = 8_000;
/// The next board is laid out so long before it comes, ms: long enough for two pictures of the page, short enough that its numbers are new.
const LAY_OUT: i64 = 2_500;
/// Who has turned to another board by hand will soon turn on: for so long, ms, the next in that direction is kept ready.
const BY_HAND: i64 = 30_000;
/// No board stands shorter, ms.
const SHORTEST: i64 = 1_000;

/// What a person wants of the wall.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// This board, until told otherwise.
    Show(String),
    /// The next board of the rotation.
    Next,
    /// The one before.
    Previous,
    /// Stay where it is.
    Pause,
    /// Go on.
    Resume,
}

/// Why a command is not carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// No such board.
    #[error("no such board")]
    UnknownBoard,
    /// No such screen.
    #[error("no such screen")]
    UnknownScreen,
}

/// Why a screen left its rotation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Why {
    /// The alert that brought it here.
    pub alert: i64,
    /// Its level.
    pub level: Level,
    /// What fails.
    pub domain: Option<Domain>,
    /// What it says, from outside.
    pub title: String,
    /// Other alerts that would move the wall.
    pub others: usize,
    /// Somebody has it.
    pub acked: bool,
}

/// In which way a screen shows its board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mode {
    /// It has but one.
    Single,
    /// One after the other.
    Rotating,
    /// A person has stopped the rotation.
    Paused,
    /// A person has chosen this board.
    Held,
    /// Something fails.
    Failing(Why),
}

/// What stands on a surface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SurfaceState {
    /// As in the plan.
    pub name: String,
    /// The board.
    pub board: String,
    /// Its place in the rotation, from 0.
    pub index: usize,
    /// How many boards take part now.
    pub of: usize,
    /// In which way.
    pub mode: Mode,
    /// When the next board comes, ms; `None`: nothing moves it.
    pub until: Option<i64>,
    /// The board that comes in a moment, or with the next key.
    pub coming: Option<String>,
}

#[derive(Clone, Debug, Default)]
struct Place {
    /// Index of the stop.
    at: usize,
    /// Since when, ms.
    since: i64,
    /// In which direction a person has turned last, and when, ms.
    turned: Option<(i64, i64)>,
    paused: bool,
    held: Option<String>,
    /// Board and alert that brought it there.
    jump: Option<(String, i64)>,
    /// Alerts from which a person has turned this screen away.
    turned_away: BTreeSet<i64>,
}

/// All screens of the wall.
#[derive(Clone, Debug)]
pub struct Director {
    plan: Plan,
    places: Vec<Place>,
    failing: Vec<Failing>,
    /// Which board shows a domain.
    by_domain: BTreeMap<Domain, String>,
    boards: BTreeSet<String>,
    /// Since when nothing fails, ms, while some screen still shows what did.
    calm_since: Option<i64>,
    now: i64,
}

impl Director {
    /// Begins with each surface's first board whose hours it is.
    pub fn new(plan: Plan, now: i64) -> Self {
        let places = plan.surfaces.iter().map(|_| Place {
            since: now,
            ..Place::default()
        });
        let mut director = Self {
            places: places.collect(),
            plan,
            failing: Vec::new(),
            by_domain: BTreeMap::new(),
            boards: BTreeSet::new(),
            calm_since: None,
            now,
        };
        for i in 0..director.places.len() {
            if !director.takes_part(i, 0) {
                director.step(i, 1);
            }
        }
        director
    }

    /// The boards that there are; called again when their files change.
    pub fn boards(
        &mut self,
        boards: &BTreeMap<String, Board>,
        concepts: &BTreeMap<String, Concept>,
        now: i64,
    ) {
        self.boards = boards.keys().cloned().collect();
        let domains = concepts.values().map(|c| c.domain);
        let of_panels = boards.values().flat_map(|b| &b.panels);
        let all: BTreeSet<Domain> = domains.chain(of_panels.filter_map(|p| p.domain)).collect();
        let found = all.into_iter().filter_map(|d| {
            let board = board_for(boards, concepts, d)?;
            Some((d, board.to_owned()))
        });
        self.by_domain = found.collect();
        for place in &mut self.places {
            place.held = place.held.take().filter(|b| self.boards.contains(b));
        }
        self.tick(now);
    }

    /// All open alerts that may move the wall; less urgent ones are left out here.
    pub fn alerts(&mut self, mut failing: Vec<Failing>, now: i64) {
        let least = self.plan.director;
        failing.retain(|f| least.is_some_and(|least| f.level <= least));
        failing.retain(|f| self.plan.stay_acknowledged || !f.acked);
        failing.sort_by_key(|f| (f.level, f.acked, std::cmp::Reverse(f.since), f.id));
        for place in &mut self.places {
            place
                .turned_away
                .retain(|id| failing.iter().any(|f| f.id == *id));
        }
        self.failing = failing;
        self.tick(now);
    }

    /// Whether something fails that moves the wall.
    pub fn is_urgent(&self) -> bool {
        !self.failing.is_empty()
    }

    /// Does what a person wants, on the surface of this index or on all.
    ///
    /// # Errors
    /// When there is no such board or surface.
    pub fn command(
        &mut self,
        surface: Option<usize>,
        command: &Command,
        now: i64,
    ) -> Result<(), CommandError> {
        if let Command::Show(board) = command
            && !self.boards.contains(board)
        {
            return Err(CommandError::UnknownBoard);
        }
        if surface.is_some_and(|s| s >= self.places.len()) {
            return Err(CommandError::UnknownScreen);
        }
        self.now = self.now.max(now);
        // A board without a screen named goes to the first one; everything else is meant for the whole wall.
        let only = surface.or(matches!(command, Command::Show(_)).then_some(0));
        for i in (0..self.places.len()).filter(|i| only.is_none_or(|o| o == *i)) {
            self.obey(i, command, now);
        }
        self.tick(now);
        Ok(())
    }

    fn obey(&mut self, i: usize, command: &Command, now: i64) {
        let known: Vec<i64> = self.failing.iter().map(|f| f.id).collect();
        let Some(place) = self.places.get_mut(i) else {
            return;
        };
        match command {
            Command::Show(board) => {
                place.held = Some(board.clone());
                // Whoever turns to another board has seen what fails.
                place.turned_away.extend(known);
                place.jump = None;
            }
            Command::Next | Command::Previous => {
                let was_elsewhere = place.held.take().is_some() | place.jump.take().is_some();
                place.turned_away.extend(known);
                place.since = now;
                let direction = if *command == Command::Next { 1 } else { -1 };
                place.turned = Some((direction, now));
                if !was_elsewhere {
                    self.step(i, direction);
                }
            }
            Command::Pause => place.paused = true,
            Command::Resume => {
                place.paused = false;
                place.held = None;
                place.turned_away.clear();
                place.since = now;
            }
        }
    }

    fn surface(&self, i: usize) -> Option<&Surface> {
        self.plan.surfaces.get(i)
    }

    fn stop(&self, i: usize, at: usize) -> Option<&Stop> {
        self.surface(i)?.stops.get(at)
    }

    fn takes_part(&self, i: usize, at: usize) -> bool {
        let known = |board: &String| self.boards.is_empty() || self.boards.contains(board);
        self.stop(i, at)
            .is_some_and(|s| s.hours.contain(self.now, self.plan.zone) && known(&s.board))
    }

    /// The stop that follows in a direction; the same one when no other takes part.
    fn following(&self, i: usize, direction: i64) -> usize {
        let (Some(place), Some(surface)) = (self.places.get(i), self.surface(i)) else {
            return 0;
        };
        let count = surface.stops.len() as i64;
        let found = (1..count)
            .map(|k| (place.at as i64 + direction * k).rem_euclid(count))
            .filter_map(|at| usize::try_from(at).ok())
            .find(|at| self.takes_part(i, *at));
        found.unwrap_or(place.at)
    }

    fn step(&mut self, i: usize, direction: i64) {
        let to = self.following(i, direction);
        let now = self.now;
        if let Some(place) = self.places.get_mut(i) {
            place.at = to;
            place.since = now;
        }
    }

    fn dwell(&self, i: usize) -> i64 {
        let at = self.places.get(i).map_or(0, |p| p.at);
        self.stop(i, at)
            .map_or(SHORTEST, |s| s.dwell_ms.max(SHORTEST))
    }

    /// Lets time pass. A machine that slept moves one board on, not many.
    pub fn tick(&mut self, now: i64) {
        self.now = now;
        self.follow_failing(now);
        for i in 0..self.places.len() {
            let Some(place) = self.places.get_mut(i) else {
                continue;
            };
            // The clock was set back: what has passed is not known.
            place.since = place.since.min(now);
            place.turned = place
                .turned
                .filter(|(_, t)| (0..BY_HAND).contains(&(now - t)));
            if place.jump.is_some() || place.held.is_some() || place.paused {
                // What stands still comes back for its whole time.
                place.since = now;
                continue;
            }
            let over = now - place.since >= self.dwell(i);
            let at = self.places.get(i).map_or(0, |p| p.at);
            if over || !self.takes_part(i, at) {
                let to = self.following(i, 1);
                if to != at || over {
                    self.step(i, 1);
                }
            }
        }
    }

    /// Sends the screens that follow to what fails, and back when all is over.
    fn follow_failing(&mut self, now: i64) {
        if self.failing.is_empty() {
            let anywhere = self.places.iter().any(|p| p.jump.is_some());
            let since = *self.calm_since.get_or_insert(now);
            let back = now - since >= self.plan.return_after_ms || now < since;
            if !anywhere || back {
                self.places.iter_mut().for_each(|p| p.jump = None);
                self.calm_since = None;
            }
            return;
        }
        self.calm_since = None;
        let mut taken: BTreeSet<String> = BTreeSet::new();
        for i in 0..self.places.len() {
            if !self.surface(i).is_some_and(|s| s.follows) {
                continue;
            }
            let wanted = self.wanted(i, &taken);
            if let Some((board, _)) = &wanted {
                taken.insert(board.clone());
            }
            if let Some(place) = self.places.get_mut(i) {
                place.jump = wanted;
            }
        }
    }

    /// Where surface `i` is to go. It stays where it is as long as that fails and nothing more urgent does; several surfaces share what
    /// fails among them.
    fn wanted(&self, i: usize, taken: &BTreeSet<String>) -> Option<(String, i64)> {
        let place = self.places.get(i)?;
        let open = self
            .failing
            .iter()
            .filter(|f| !place.turned_away.contains(&f.id));
        let mut choices = open.filter_map(|f| Some((f, self.board_of(f)?)));
        let worst = choices.clone().next()?;
        let stays = place.jump.as_ref().and_then(|(board, _)| {
            let same = choices
                .clone()
                .find(|(f, b)| b == board && f.level == worst.0.level)?;
            (!taken.contains(board)).then_some(same)
        });
        let (alert, board) = stays
            .or_else(|| choices.find(|(_, b)| !taken.contains(*b)))
            .unwrap_or(worst);
        Some((board.to_owned(), alert.id))
    }

    fn board_of<'a>(&'a self, f: &'a Failing) -> Option<&'a str> {
        let own = f.board.as_deref().filter(|b| self.boards.contains(*b));
        own.or_else(|| self.by_domain.get(&f.domain?).map(String::as_str))
    }

    // ---- what readers see -------------------------------------------------------------------------------------------------

    /// What stands where.
    pub fn state(&self) -> Vec<SurfaceState> {
        (0..self.places.len())
            .filter_map(|i| self.state_of(i))
            .collect()
    }

    fn state_of(&self, i: usize) -> Option<SurfaceState> {
        let (place, surface) = (self.places.get(i)?, self.surface(i)?);
        let part: Vec<usize> = (0..surface.stops.len())
            .filter(|at| self.takes_part(i, *at))
            .collect();
        let own = surface.stops.get(place.at)?.board.clone();
        let (board, mode) = match (&place.jump, &place.held) {
            (Some((board, alert)), _) => (board.clone(), self.mode_of(*alert)),
            (None, Some(board)) => (board.clone(), Mode::Held),
            (None, None) if place.paused => (own, Mode::Paused),
            (None, None) if part.len() < 2 => (own, Mode::Single),
            (None, None) => (own, Mode::Rotating),
        };
        let until = (mode == Mode::Rotating).then(|| place.since + self.dwell(i));
        Some(SurfaceState {
            name: surface.name.clone(),
            index: part.iter().position(|at| *at == place.at).unwrap_or(0),
            of: part.len().max(1),
            coming: self.coming(i, &mode, until).filter(|next| *next != board),
            board,
            mode,
            until,
        })
    }

    /// The board to be laid out beforehand.
    fn coming(&self, i: usize, mode: &Mode, until: Option<i64>) -> Option<String> {
        let turned = self.places.get(i)?.turned.map(|(direction, _)| direction);
        let direction = match mode {
            Mode::Rotating if until.is_some_and(|t| t - self.now <= LAY_OUT) => Some(1),
            Mode::Rotating | Mode::Paused => turned,
            Mode::Single | Mode::Held | Mode::Failing(_) => None,
        };
        let stop = self.stop(i, self.following(i, direction?))?;
        Some(stop.board.clone())
    }

    fn mode_of(&self, alert: i64) -> Mode {
        let Some(f) = self.failing.iter().find(|f| f.id == alert) else {
            // It is over; the wall returns in a moment.
            return Mode::Held;
        };
        Mode::Failing(Why {
            alert,
            level: f.level,
            domain: f.domain,
            title: f.title.clone(),
            others: self.failing.len() - 1,
            acked: f.acked,
        })
    }

    /// Boards whose questions are to be asked now: those on screens, and those that come in a moment.
    pub fn needed(&self) -> BTreeSet<String> {
        let mut all = BTreeSet::new();
        for (i, state) in self.state().into_iter().enumerate() {
            if state.until.is_some_and(|t| t - self.now <= PREPARE)
                && let Some(next) = self.stop(i, self.following(i, 1))
            {
                all.insert(next.board.clone());
            }
            all.extend(state.coming);
            all.insert(state.board);
        }
        all
    }

    /// When to call [`Director::tick`] next, ms, at the latest: the hours of the day are looked at twice a minute.
    pub fn next_wakeup(&self) -> i64 {
        let back = self.calm_since.map(|t| t + self.plan.return_after_ms);
        let turns = self.state().into_iter().filter_map(|s| s.until);
        let prepare = |t: i64| [t - PREPARE, t - LAY_OUT, t];
        turns
            .flat_map(prepare)
            .chain(back)
            .filter(|t| *t > self.now)
            .min()
            .unwrap_or(i64::MAX)
            .min(self.now + 30_000)
    }
}

#[cfg(test)]
mod tests;
