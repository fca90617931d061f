//! What is to be heard when. No I/O; time is a parameter (ms of a clock that goes forward).

use super::tone::{Sound, length_ms};
use model::duty::NoticeId;
use std::collections::BTreeMap;

/// Sounds waiting; more than this many cannot be told apart anyway.
const MOST: usize = 200;

#[derive(Debug)]
struct Wanted {
    sound: Sound,
    since: u64,
    /// How often it is still to be played; `None`: until withdrawn.
    left: Option<u32>,
}

/// All that is to be heard.
#[derive(Debug)]
pub(super) struct Alarms {
    wanted: BTreeMap<NoticeId, Wanted>,
    muted_until: u64,
    longest_ms: u64,
    /// What plays now, and when it may be followed by the next.
    playing: Option<(Sound, u64)>,
}

/// What to do now.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Play this, in place of what may still be playing.
    Play(Sound),
    /// Be silent.
    Stop,
    /// Nothing until this time.
    Wait(u64),
    /// Nothing until something is asked for.
    Idle,
}

impl Alarms {
    pub fn new(longest_ms: u64) -> Self {
        Self {
            wanted: BTreeMap::new(),
            muted_until: 0,
            longest_ms,
            playing: None,
        }
    }

    /// Whether it will be heard at once: not while muted.
    pub fn start(&mut self, notice: NoticeId, sound: Sound, now: u64) -> bool {
        if self.wanted.len() >= MOST && sound.times().is_some() {
            return now >= self.muted_until;
        }
        let left = sound.times();
        self.wanted.insert(
            notice,
            Wanted {
                sound,
                since: now,
                left,
            },
        );
        now >= self.muted_until
    }

    pub fn stop(&mut self, notice: &NoticeId) {
        self.wanted.remove(notice);
    }

    pub fn mute(&mut self, until: u64) {
        self.muted_until = until;
    }

    /// What could not be played is not counted as played.
    pub fn failed(&mut self, now: u64, retry_ms: u64) {
        self.playing = self.playing.map(|(sound, _)| (sound, now + retry_ms));
    }

    /// The next step. `Play` counts as played.
    pub fn step(&mut self, now: u64) -> Step {
        let longest = self.longest_ms;
        self.wanted
            .retain(|_, w| w.left != Some(0) && now.saturating_sub(w.since) < longest);
        if now < self.muted_until {
            // what is not endless is not made up for when the quiet ends
            self.wanted.retain(|_, w| w.left.is_none());
            if self.playing.take().is_some() {
                return Step::Stop;
            }
            return if self.wanted.is_empty() {
                Step::Idle
            } else {
                Step::Wait(self.muted_until)
            };
        }
        let most_urgent = self.wanted.values().map(|w| w.sound).min();
        match (self.playing, most_urgent) {
            (None, None) => Step::Idle,
            (Some((sound, until)), None) => {
                // a short sound is let finish; an endless one was withdrawn
                if now < until && sound.times().is_some() {
                    return Step::Wait(until);
                }
                self.playing = None;
                Step::Stop
            }
            (Some((playing, until)), Some(next)) if now < until && next >= playing => {
                let withdrawn =
                    !self.wanted.values().any(|w| w.sound == playing) && playing.times().is_none();
                if withdrawn {
                    return self.play(next, now);
                }
                Step::Wait(until)
            }
            (_, Some(next)) => self.play(next, now),
        }
    }

    /// All of the same sound are served by playing it once.
    fn play(&mut self, sound: Sound, now: u64) -> Step {
        for wanted in self.wanted.values_mut().filter(|w| w.sound == sound) {
            if let Some(left) = &mut wanted.left {
                *left -= 1;
            }
        }
        self.playing = Some((sound, now + length_ms(sound) + sound.pause_ms()));
        Step::Play(sound)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::alert::Level;

    const P0: Sound = Sound::Alarm(Level::P0);
    const P1: Sound = Sound::Alarm(Level::P1);
    const P3: Sound = Sound::Alarm(Level::P3);

    fn n(i: u32) -> NoticeId {
        NoticeId(i.into())
    }

    /// What is played and when, until nothing more is due or `end`.
    fn run(a: &mut Alarms, mut now: u64, end: u64) -> Vec<(u64, Step)> {
        let mut out = Vec::new();
        while now < end {
            match a.step(now) {
                Step::Wait(at) => {
                    assert!(at > now, "no waiting for the past");
                    now = at;
                }
                Step::Idle => break,
                other => out.push((now, other)),
            }
        }
        out
    }

    #[test]
    fn a_p0_sounds_until_withdrawn_and_no_longer_than_allowed() {
        let mut a = Alarms::new(60_000);
        assert!(a.start(n(1), P0, 0));
        let heard = run(&mut a, 0, 200_000);
        let every = length_ms(P0) + 1500;
        assert!(heard.len() as u64 >= 60_000 / every);
        assert_eq!(heard.last().map(|(_, s)| s), Some(&Step::Stop));
        assert!(heard.iter().all(|(at, _)| *at < 60_000 + every));

        a.start(n(2), P0, 300_000);
        assert_eq!(a.step(300_000), Step::Play(P0));
        a.stop(&n(2));
        assert_eq!(a.step(300_100), Step::Stop, "at once, not after the round");
        assert_eq!(a.step(300_100), Step::Idle);
    }

    #[test]
    fn one_that_is_more_urgent_interrupts_and_the_other_follows() {
        let mut a = Alarms::new(60_000);
        a.start(n(1), P1, 0);
        assert_eq!(a.step(0), Step::Play(P1));
        a.start(n(2), P0, 100);
        assert_eq!(a.step(100), Step::Play(P0));
        a.stop(&n(2));
        assert_eq!(a.step(200), Step::Play(P1));
    }

    #[test]
    fn the_rest_sounds_a_few_times() {
        let mut a = Alarms::new(600_000);
        a.start(n(1), P1, 0);
        a.start(n(2), P3, 0);
        let heard = run(&mut a, 0, 200_000);
        let played: Vec<_> = heard.into_iter().map(|(_, s)| s).collect();
        use Step::Play;
        assert_eq!(played, [Play(P1), Play(P1), Play(P1), Play(P3), Step::Stop]);
    }

    #[test]
    fn a_hundred_at_once_are_one_sound() {
        let mut a = Alarms::new(600_000);
        for i in 0..1000 {
            a.start(n(i), P3, 0);
        }
        assert_eq!(run(&mut a, 0, 100_000).len(), 2);
    }

    #[test]
    fn muted_is_silent_and_what_still_holds_goes_on_afterwards() {
        let mut a = Alarms::new(600_000);
        a.start(n(1), P0, 0);
        assert_eq!(a.step(0), Step::Play(P0));
        a.mute(60_000);
        assert_eq!(a.step(10), Step::Stop);
        assert!(!a.start(n(2), P1, 20));
        assert_eq!(a.step(20), Step::Wait(60_000));
        assert_eq!(a.step(60_000), Step::Play(P0));
        a.stop(&n(1));
        assert_eq!(a.step(60_010), Step::Stop);
        assert_eq!(
            a.step(60_010),
            Step::Idle,
            "a P1 of then is not made up for"
        );
    }
}
