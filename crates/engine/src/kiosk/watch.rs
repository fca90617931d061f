//! Whether a page lives, proved by what it has painted, and what to do when it does not.
//!
//! A page counts the pictures that it has really painted and says the count with each question. A page that asks but does not paint is as
//! dead as one that does not ask.

/// Limits of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Without a painted picture for so long a page is dead, ms, on a machine that is not busy.
    pub silence_ms: i64,
    /// The same for a page whose process has been stopped, or that WebKit itself finds unresponsive.
    pub stopped_ms: i64,
    /// A page that has never painted gets so long, ms.
    pub first_paint_ms: i64,
    /// From this memory on the page is replaced in a quiet moment, bytes; 0: never.
    pub soft_bytes: u64,
    /// From this memory on at once; 0: never.
    pub hard_bytes: u64,
    /// Between two planned replacements, ms.
    pub recycle_apart_ms: i64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            silence_ms: 2_000,
            stopped_ms: 1_200,
            first_paint_ms: 20_000,
            soft_bytes: 512 << 20,
            hard_bytes: 1 << 30,
            recycle_apart_ms: 600_000,
        }
    }
}

/// What is seen of a page. Times are ms of a clock that never jumps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pulse {
    /// How many pictures it has painted, as it said last.
    pub painted: u64,
    /// When it said that, ms. Whoever looks now and then would take its pauses for longer than they are.
    pub painted_at: i64,
    /// WebKit said that its process ended.
    pub gone: bool,
    /// The system says that its process is stopped.
    pub stopped: bool,
    /// WebKit finds that it does not respond.
    pub unresponsive: bool,
    /// Its memory, bytes, if it has been measured.
    pub memory: Option<u64>,
    /// It can paint: its window is on a screen and not minimised.
    pub visible: bool,
    /// The machine has more to do than it can: a page waits for its turn.
    pub busy: bool,
}

/// Why a page is begun anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Its process ended.
    Gone,
    /// Its process is stopped.
    Stopped,
    /// It paints no more.
    Silent,
    /// It never painted.
    NeverPainted,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// End the page's process, if it lives, and begin the page anew.
    Revive(Cause),
    /// Build a second page, and change to it when it has painted; `hard`: memory is short, do not wait for a quiet moment.
    Recycle {
        /// Over the hard limit.
        hard: bool,
    },
    /// The page does not come back: tell somebody.
    Tell,
    /// It paints again, `ms` after its last picture.
    Back {
        /// Time without a picture, ms.
        ms: i64,
        /// Somebody had been told.
        told: bool,
    },
}

/// Attempts without a picture in between after which somebody is told.
const TELL_AFTER: u32 = 2;
/// The longest pause between two attempts, ms.
const LONGEST_PAUSE: i64 = 60_000;
/// No machine is so busy that a page may be silent longer, ms.
const MOST_PATIENCE: i64 = 10_000;
/// A page that has just begun lays out its first board, ms.
const BEGINNING: i64 = 15_000;
/// And may be silent for so long meanwhile, ms.
const BEGINNING_PATIENCE: i64 = 6_000;
/// A page's longest pause counts for so long, ms.
const REMEMBER_PAUSE: i64 = 300_000;

/// What is known of one page.
#[derive(Clone, Debug)]
pub struct Watch {
    limits: Limits,
    painted: u64,
    /// When the count last rose; when the page was begun, if it never did.
    alive_at: i64,
    /// Since its (new) beginning it has painted.
    lives: bool,
    /// The last picture before it was begun anew.
    last_picture: Option<i64>,
    attempts: u32,
    revived_at: Option<i64>,
    told: bool,
    /// The longest pause between two pictures, and when it was.
    pause: (i64, i64),
    /// When it painted its first picture.
    first_at: i64,
    /// It has said its first picture only: that is said at once and the second with a question, so the time between them is no pause.
    first_only: bool,
    recycled_at: i64,
}

impl Watch {
    /// A page that begins now.
    pub fn new(limits: Limits, now: i64) -> Self {
        Self {
            limits,
            painted: 0,
            alive_at: now,
            lives: false,
            last_picture: None,
            attempts: 0,
            revived_at: None,
            told: false,
            pause: (0, now),
            first_at: now,
            first_only: true,
            recycled_at: now,
        }
    }

    /// Whether it has painted since it was begun, and is not overdue.
    pub fn lives(&self) -> bool {
        self.lives
    }

    /// Times it was begun anew since it last painted.
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// The watcher itself did not run for `ms`: the machine slept or was too busy. Nothing can be concluded from that time.
    pub fn slept(&mut self, ms: i64) {
        self.alive_at = self.alive_at.saturating_add(ms);
    }

    /// How long it may be silent: twice its longest pause of the last minutes, so that a busy machine is not taken for a dead page.
    fn patience(&self, pulse: &Pulse, now: i64) -> i64 {
        if pulse.stopped || pulse.unresponsive {
            return self.limits.stopped_ms;
        }
        if pulse.busy {
            return MOST_PATIENCE;
        }
        let least = if now - self.first_at < BEGINNING {
            BEGINNING_PATIENCE
        } else {
            self.limits.silence_ms
        };
        (2 * self.pause.0).min(MOST_PATIENCE).max(least)
    }

    /// What is to be done now. `quiet`: nobody looks closely and nothing burns.
    pub fn judge(&mut self, pulse: &Pulse, quiet: bool, now: i64) -> Option<Action> {
        if now - self.pause.1 > REMEMBER_PAUSE {
            self.pause = (0, now);
        }
        if pulse.painted != self.painted && !pulse.gone {
            let at = pulse.painted_at.max(self.alive_at).min(now);
            return self.has_painted(pulse.painted, at);
        }
        if !pulse.visible && !pulse.gone {
            // It cannot paint, and that is no fault of its.
            self.alive_at = now;
            return None;
        }
        if let Some(cause) = self.cause(pulse, now) {
            return self.revive(cause, now);
        }
        self.recycle(pulse, quiet, now)
    }

    fn has_painted(&mut self, painted: u64, at: i64) -> Option<Action> {
        self.painted = painted;
        let silent = at - self.alive_at;
        self.alive_at = at;
        if self.lives {
            if silent > self.pause.0 && !self.first_only {
                self.pause = (silent, at);
            }
            self.first_only = false;
            self.attempts = 0;
            return None;
        }
        self.lives = true;
        self.first_at = at;
        self.first_only = true;
        let before = self.last_picture.take();
        let told = std::mem::take(&mut self.told);
        before.map(|last| Action::Back {
            ms: at - last,
            told,
        })
    }

    fn cause(&self, pulse: &Pulse, now: i64) -> Option<Cause> {
        let silent = now - self.alive_at;
        if pulse.gone {
            return Some(Cause::Gone);
        }
        if !self.lives {
            let overdue = silent > self.limits.first_paint_ms;
            return overdue.then_some(Cause::NeverPainted);
        }
        if silent <= self.patience(pulse, now) {
            None
        } else if pulse.stopped {
            Some(Cause::Stopped)
        } else {
            Some(Cause::Silent)
        }
    }

    fn revive(&mut self, cause: Cause, now: i64) -> Option<Action> {
        if self.attempts > TELL_AFTER && !self.told {
            self.told = true;
            return Some(Action::Tell);
        }
        // The first attempt is made at once; a page that dies again and again is begun ever more rarely.
        let pause = match self.attempts.checked_sub(1) {
            None => 0,
            Some(n) => (500_i64 << n.min(10)).min(LONGEST_PAUSE),
        };
        if self.revived_at.is_some_and(|at| now - at < pause) {
            return None;
        }
        if cause == Cause::Silent {
            // If it was only slow, it gets more time from now on.
            self.pause = (now - self.alive_at, now);
        }
        self.last_picture.get_or_insert(self.alive_at);
        self.revived_at = Some(now);
        self.attempts = self.attempts.saturating_add(1);
        // The new page counts from the beginning.
        self.painted = 0;
        self.alive_at = now;
        self.lives = false;
        Some(Action::Revive(cause))
    }

    fn recycle(&mut self, pulse: &Pulse, quiet: bool, now: i64) -> Option<Action> {
        let memory = pulse.memory.filter(|_| self.lives)?;
        let over = |limit: u64| limit > 0 && memory >= limit;
        let apart = now - self.recycled_at;
        let hard = over(self.limits.hard_bytes);
        // Also over the hard limit not all the time: a page that is that large when it begins would be replaced for ever.
        let due = if hard {
            apart >= self.limits.recycle_apart_ms / 10
        } else {
            quiet && over(self.limits.soft_bytes) && apart >= self.limits.recycle_apart_ms
        };
        if !due {
            return None;
        }
        self.recycled_at = now;
        Some(Action::Recycle { hard })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TICK: i64 = 250;

    struct Page {
        watch: Watch,
        pulse: Pulse,
        now: i64,
    }

    impl Page {
        fn new() -> Self {
            Self {
                watch: Watch::new(Limits::default(), 0),
                pulse: Pulse {
                    visible: true,
                    ..Pulse::default()
                },
                now: 0,
            }
        }

        /// Lets `ms` pass; the page paints `every` ms (0: not at all). What happened, with its time.
        fn pass(&mut self, ms: i64, every: i64) -> Vec<(i64, Action)> {
            let mut done = Vec::new();
            for _ in 0..ms / TICK {
                self.now += TICK;
                if every > 0 && self.now % every == 0 {
                    self.pulse.painted += 1;
                    self.pulse.painted_at = self.now;
                }
                let action = self.watch.judge(&self.pulse, true, self.now);
                if matches!(action, Some(Action::Revive(_))) {
                    self.pulse.painted = 0;
                }
                done.extend(action.map(|a| (self.now, a)));
            }
            done
        }
    }

    #[test]
    fn a_page_that_paints_is_left_alone() {
        let mut page = Page::new();
        assert_eq!(page.pass(600_000, 1_000), []);
        assert!(page.watch.lives());
    }

    #[test]
    fn a_dead_process_is_replaced_at_once_and_a_stopped_one_soon() {
        let mut page = Page::new();
        page.pass(10_000, 1_000);
        page.pulse.gone = true;
        assert_eq!(page.pass(250, 0), [(10_250, Action::Revive(Cause::Gone))]);
        page.pulse.gone = false;
        let back = page.pass(1_750, 1_000);
        assert_eq!(
            back,
            [(
                11_000,
                Action::Back {
                    ms: 1_000,
                    told: false
                }
            )]
        );

        page.pulse.stopped = true;
        let [(at, Action::Revive(Cause::Stopped))] = page.pass(2_000, 0)[..] else {
            panic!("not revived");
        };
        assert!(at - 12_000 <= 1_500, "{at}");
    }

    #[test]
    fn a_page_that_asks_but_does_not_paint_is_dead() {
        let mut page = Page::new();
        page.pass(20_000, 1_000);
        let [(at, Action::Revive(Cause::Silent))] = page.pass(3_000, 0)[..] else {
            panic!("not revived");
        };
        assert!(at - 20_000 <= 2_250, "{at}");
    }

    #[test]
    fn a_pause_is_as_long_as_the_page_makes_it_and_not_as_long_as_the_looks_are_apart() {
        let mut page = Page::new();
        // Pictures shortly before a look and shortly after one: seen two seconds apart, and more.
        // The first is said at once, the second only after the next question.
        for n in 1..=30 {
            let at = if n == 1 { 300 } else { n * 1_100 };
            let late = if n % 2 == 0 { 0 } else { 1_050 };
            page.pulse.painted += 1;
            page.pulse.painted_at = at;
            assert_eq!(page.watch.judge(&page.pulse, true, at + late), None);
        }
        let last = page.pulse.painted_at;
        assert_eq!(page.watch.judge(&page.pulse, true, last + 2_200), None);
        let silent = page.watch.judge(&page.pulse, true, last + 2_201);
        assert_eq!(silent, Some(Action::Revive(Cause::Silent)));
        page.pulse.painted = 1;
        page.pulse.painted_at = last + 3_000;
        let back = page.watch.judge(&page.pulse, true, last + 3_240);
        let (ms, told) = (3_000, false);
        assert_eq!(back, Some(Action::Back { ms, told }));
    }

    #[test]
    fn a_busy_machine_is_not_taken_for_a_dead_page() {
        let mut page = Page::new();
        page.pass(10_000, 1_000);
        assert_eq!(page.pass(100_000, 1_750), [], "slow, but within patience");
        // and even slower, because it has been slow before
        assert_eq!(page.pass(30_000, 3_000), []);
        // ten minutes later it is held to the usual time again
        page.pass(700_000, 1_000);
        assert!(!page.pass(3_000, 0).is_empty());
    }

    #[test]
    fn a_page_that_begins_gets_time_to_lay_out_its_board() {
        let mut page = Page::new();
        page.pass(1_000, 1_000);
        assert_eq!(page.pass(6_000, 0), []);
        assert!(!page.pass(1_000, 0).is_empty());
    }

    #[test]
    fn on_a_machine_that_has_too_much_to_do_a_page_gets_all_patience_but_a_stopped_one_none() {
        let mut page = Page::new();
        page.pass(20_000, 1_000);
        page.pulse.busy = true;
        assert_eq!(page.pass(9_000, 0), []);
        page.pulse.stopped = true;
        assert_eq!(page.pass(250, 0).len(), 1);
    }

    #[test]
    fn a_watcher_that_slept_concludes_nothing() {
        let mut page = Page::new();
        page.pass(20_000, 1_000);
        page.now += 3_600_000;
        page.watch.slept(3_600_000);
        assert_eq!(page.pass(1_000, 1_000), []);
    }

    #[test]
    fn a_hidden_page_cannot_paint_and_need_not() {
        let mut page = Page::new();
        page.pass(10_000, 1_000);
        page.pulse.visible = false;
        assert_eq!(page.pass(60_000, 0), []);
        page.pulse.visible = true;
        assert_eq!(page.pass(1_000, 0), [], "it has just come back");
        page.pulse.gone = true;
        assert_eq!(page.pass(250, 0).len(), 1);
    }

    #[test]
    fn a_page_that_does_not_come_back_is_told_once_and_tried_ever_more_rarely() {
        let mut page = Page::new();
        page.pass(10_000, 1_000);
        page.pulse.gone = true;
        let done = page.pass(300_000, 0);
        let told: Vec<i64> = done
            .iter()
            .filter(|(_, a)| *a == Action::Tell)
            .map(|(t, _)| *t)
            .collect();
        assert_eq!(told.len(), 1, "{done:?}");
        assert!(told[0] - 10_000 < 10_000, "{told:?}");
        let tries = done.len() - 1;
        assert!((6..=16).contains(&tries), "{tries}");
        page.pulse.gone = false;
        let back = page.pass(1_000, 1_000);
        assert!(
            matches!(back[..], [(_, Action::Back { told: true, .. })]),
            "{back:?}"
        );
    }

    #[test]
    fn memory_is_looked_at_in_quiet_moments_and_at_the_hard_limit_always() {
        let mut page = Page::new();
        page.pass(10_000, 1_000);
        page.pulse.memory = Some(600 << 20);
        assert_eq!(
            page.pass(60_000, 1_000),
            [],
            "not so soon after the beginning"
        );
        page.pass(540_000, 1_000);
        // recycled once; then again after ten minutes
        let again = page.pass(1_300_000, 1_000);
        assert_eq!(again.len(), 2, "{again:?}");
        assert!(
            again
                .iter()
                .all(|(_, a)| *a == Action::Recycle { hard: false })
        );

        let mut busy = Page::new();
        busy.pass(10_000, 1_000);
        busy.pulse.memory = Some(2 << 30);
        let hard = busy.pass(120_000, 1_000);
        assert!(
            hard.iter()
                .all(|(_, a)| *a == Action::Recycle { hard: true })
                && hard.len() <= 2,
            "{hard:?}"
        );
        assert!(!hard.is_empty());
    }
}
