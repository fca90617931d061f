//! The platform's requests, as traces and as log lines **of the same requests**.
//!
//! [`Stories`] has no clock and does no I/O: it is asked for a stretch of time and gives what was finished in it. The same seed,
//! rate and incidents give the same answer however the time is cut into stretches, so the past can be made when a program starts.
//!
//! Requests come by the rhythm of the day ([`Rhythm`]); what goes wrong is what goes wrong for [`crate::Platform`] at the same
//! moment with the same seed. All that is made carries `demo: true`. There is no personal data: guests are numbers, telephone
//! numbers are masked and made up, addresses are those kept for documentation.

mod cast;
mod checkout;
mod dice;
mod edge;
mod faults;
mod jobs;
mod lines;
mod messages;
mod nutrition;
mod requests;
mod services;
mod sources;
mod tape;

pub use lines::{Source, json_line};

use crate::incident::Incident;
use crate::noise;
use crate::world::World;
use dice::Dice;
use model::log::LogLine;
use model::trace::Trace;
use tape::Tape;

/// Time is cut into slots; what begins in a slot is decided by the seed and the slot's number.
const SLOT_NS: i64 = 100_000_000;
/// No story takes longer than this, queues included.
const LONGEST_NS: i64 = 120_000_000_000;
/// A stretch longer than this gives only its end: it is not asked for on purpose.
const LONGEST_STRETCH_NS: i64 = 24 * 3_600_000_000_000;
/// Times are taken as lying within the years 1843 to 2096, so that nothing overflows.
const FARTHEST_NS: i64 = 4_000_000_000_000_000_000;
/// Lines that a request writes on average, measured at noon on a calm day.
const LINES_PER_REQUEST: f64 = 2.15;
/// Share of all lines that belong to requests; the rest are the servers' own.
const SHARE_OF_REQUESTS: f64 = 0.7;
/// More than this many lines a second are no demonstration.
const MOST_LINES_PER_SECOND: f64 = 200_000.0;

/// How the rate of lines goes through the day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rhythm {
    /// As guests come: the rate is that of a weekday's lunch, a quiet night has about a tenth of it.
    #[default]
    Day,
    /// Always the same, for tests of load.
    Steady,
}

/// What [`Stories`] are made by.
#[derive(Clone, Debug, PartialEq)]
pub struct StoryOptions {
    /// The same seed gives the same stories.
    pub seed: u64,
    /// Lines a second on average (see [`Rhythm`]); incidents add to it. Clamped to 0..=200,000.
    pub lines_per_second: f64,
    /// How the rate goes through the day.
    pub rhythm: Rhythm,
    /// Whether the gentle incidents of [`crate::Scenario::ambient`] show.
    pub ambient: bool,
}

impl Default for StoryOptions {
    fn default() -> Self {
        Self {
            seed: 42,
            lines_per_second: 20.0,
            rhythm: Rhythm::Day,
            ambient: true,
        }
    }
}

/// What was finished in a stretch of time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    /// Traces whose last span ended in it, in that order.
    pub traces: Vec<Trace>,
    /// Lines that were written in it, in that order. A line's own time may be a few milliseconds off, as its host's clock is.
    /// `seq` is 0: the store gives it.
    pub lines: Vec<LogLine>,
}

/// Something that is given at its time.
#[derive(Clone, Debug)]
struct Due<T> {
    /// True time.
    at_ns: i64,
    what: T,
}

/// The generator. Going on where it stopped costs only the new stretch; any other beginning costs two minutes more, in which
/// what still runs began.
#[derive(Debug)]
pub struct Stories {
    options: StoryOptions,
    /// Until where it was asked; `None` at first.
    until_ns: Option<i64>,
    /// From where the present question asks: what was due before it is not kept, so that the two minutes made beforehand need
    /// no memory.
    from_ns: i64,
    /// The first slot that was not made yet.
    next_slot: i64,
    traces: Vec<Due<Trace>>,
    lines: Vec<Due<LogLine>>,
}

impl Stories {
    /// Stories by these options.
    pub fn new(options: StoryOptions) -> Self {
        Self {
            options,
            until_ns: None,
            from_ns: 0,
            next_slot: 0,
            traces: Vec::new(),
            lines: Vec::new(),
        }
    }

    /// What was finished from `from_ns` up to, without, `to_ns` (ns since the epoch), while `incidents` were in force. Needs
    /// memory for all of it: ask for long times in pieces. Of more than a day the last day is given. Empty when `to_ns` is not
    /// after `from_ns`.
    pub fn between(&mut self, from_ns: i64, to_ns: i64, incidents: &[Incident]) -> Batch {
        let to_ns = to_ns.clamp(-FARTHEST_NS, FARTHEST_NS);
        let from_ns = from_ns
            .clamp(-FARTHEST_NS, FARTHEST_NS)
            .max(to_ns - LONGEST_STRETCH_NS);
        if to_ns <= from_ns {
            return Batch::default();
        }
        if self.until_ns != Some(from_ns) {
            self.traces.clear();
            self.lines.clear();
            self.next_slot = from_ns.saturating_sub(LONGEST_NS).div_euclid(SLOT_NS);
        }
        self.from_ns = from_ns;
        let end = to_ns.saturating_sub(1).div_euclid(SLOT_NS);
        let mut slot = self.next_slot;
        while slot <= end {
            self.make(slot, incidents);
            slot += 1;
        }
        self.next_slot = slot;
        self.until_ns = Some(to_ns);
        Batch {
            traces: due(&mut self.traces, from_ns, to_ns),
            lines: due(&mut self.lines, from_ns, to_ns),
        }
    }

    /// Makes all that begins in a slot.
    fn make(&mut self, slot: i64, incidents: &[Incident]) {
        let seed = self.options.seed;
        let begin_ns = slot.saturating_mul(SLOT_NS);
        let world = World::at(
            seed,
            begin_ns.div_euclid(1_000_000),
            incidents,
            self.options.ambient,
        );
        let rate = if self.options.lines_per_second.is_finite() {
            self.options
                .lines_per_second
                .clamp(0.0, MOST_LINES_PER_SECOND)
        } else {
            0.0
        };
        let (busy, quiet) = match self.options.rhythm {
            Rhythm::Day => (world.activity.max(0.02), 0.3 + 0.7 * world.activity),
            Rhythm::Steady => (1.0, 1.0),
        };
        let seconds = SLOT_NS as f64 / 1e9;
        let mut dice = Dice::new(seed, noise::key(&["slot"]), slot as u64);
        let requests = dice.count(rate * busy * SHARE_OF_REQUESTS / LINES_PER_REQUEST * seconds);
        let others = rate * quiet * (1.0 - SHARE_OF_REQUESTS) * seconds;
        let key = noise::key(&["request"]);
        for nth in 0..requests {
            let at_ns = begin_ns + dice.range(0, SLOT_NS);
            let number = (slot as u64).wrapping_mul(1 << 20).wrapping_add(nth as u64);
            let mut tape = Tape::new(&world, seed, key, number, at_ns);
            requests::play(&mut tape);
            self.keep(tape, &world, begin_ns);
        }
        for tape in jobs::due(&world, seed, begin_ns, begin_ns + SLOT_NS) {
            self.keep(tape, &world, begin_ns);
        }
        let latest = tape::latest(begin_ns);
        for line in sources::lines(&world, &mut dice, others, begin_ns, SLOT_NS) {
            push(&mut self.lines, line, (begin_ns, latest), self.from_ns);
        }
    }

    /// Keeps what was recorded, and what followed from it.
    fn keep(&mut self, mut tape: Tape<'_>, world: &World, born_ns: i64) {
        let latest = tape::latest(born_ns);
        for message in std::mem::take(&mut tape.messages) {
            let mut next = messages::take(world, self.options.seed, &message);
            // what a message leads to is recorded with it; longer chains are not played
            next.messages.clear();
            self.put(next, born_ns, latest);
        }
        self.put(tape, born_ns, latest);
    }

    fn put(&mut self, tape: Tape<'_>, born_ns: i64, latest_ns: i64) {
        let (trace, lines) = tape.finish();
        if let Some(trace) = trace {
            push(&mut self.traces, trace, (born_ns, latest_ns), self.from_ns);
        }
        for line in lines {
            push(&mut self.lines, line, (born_ns, latest_ns), self.from_ns);
        }
    }
}

/// A story's parts are given within its bounds, so that no cut of the time can miss one.
fn push<T>(all: &mut Vec<Due<T>>, mut one: Due<T>, (born_ns, latest_ns): (i64, i64), from_ns: i64) {
    one.at_ns = one.at_ns.clamp(born_ns, latest_ns);
    if one.at_ns >= from_ns {
        all.push(one);
    }
}

/// Takes out what is due before `to_ns`, in order, without what was due before `from_ns`.
fn due<T>(all: &mut Vec<Due<T>>, from_ns: i64, to_ns: i64) -> Vec<T> {
    let mut ready: Vec<Due<T>> = all.extract_if(.., |d| d.at_ns < to_ns).collect();
    ready.retain(|d| d.at_ns >= from_ns);
    // stable: what is due at the same time stays in the order in which it was made
    ready.sort_by_key(|d| d.at_ns);
    ready.into_iter().map(|d| d.what).collect()
}
