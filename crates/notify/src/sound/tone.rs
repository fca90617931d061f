//! The tones, computed. Pulses after IEC 60601-1-8, which hospital alarms follow: ten quick ones for high priority, three for medium, one or two
//! for low, each a fundamental between 150 and 1000 Hz with harmonics, because a pure sine is hard to locate by ear.

use model::alert::Level;

/// Samples per second, one channel.
pub const RATE: u32 = 44_100;

/// What is to be heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sound {
    /// Something holds.
    Alarm(Level),
    /// Something is over.
    Over,
}

impl Sound {
    /// How often it is played; `None`: until withdrawn.
    pub fn times(self) -> Option<u32> {
        match self {
            Self::Alarm(Level::P0) => None,
            Self::Alarm(Level::P1) => Some(3),
            Self::Alarm(Level::P2 | Level::P3) | Self::Over => Some(1),
        }
    }

    /// Silence after it until it is played again, ms.
    pub fn pause_ms(self) -> u64 {
        match self {
            Self::Alarm(Level::P0) => 1500,
            _ => 4000,
        }
    }

    /// Pulses: Hz, ms of tone, ms of silence after it.
    fn pulses(self) -> &'static [(f32, u32, u32)] {
        const C5: f32 = 523.25;
        const E5: f32 = 659.25;
        const G5: f32 = 783.99;
        const A4: f32 = 440.0;
        match self {
            Self::Alarm(Level::P0) => &[
                (C5, 120, 60),
                (E5, 120, 60),
                (G5, 120, 240),
                (C5, 120, 60),
                (G5, 120, 500),
                (C5, 120, 60),
                (E5, 120, 60),
                (G5, 120, 240),
                (C5, 120, 60),
                (G5, 120, 0),
            ],
            Self::Alarm(Level::P1) => &[(E5, 180, 120), (C5, 180, 120), (A4, 180, 0)],
            Self::Alarm(Level::P2) => &[(E5, 200, 150), (C5, 200, 0)],
            Self::Alarm(Level::P3) => &[(A4, 220, 0)],
            Self::Over => &[(C5, 120, 60), (G5, 240, 0)],
        }
    }
}

/// The samples, between -1 and 1, at [`RATE`], for a loudness of 0 to 1.
pub fn samples(sound: Sound, volume: f32) -> Vec<f32> {
    let mut out = Vec::new();
    for (hertz, tone, silence) in sound.pulses() {
        pulse(&mut out, *hertz, *tone, volume.clamp(0.0, 1.0));
        out.resize(out.len() + count(*silence), 0.0);
    }
    out
}

/// How long the samples last, ms.
pub fn length_ms(sound: Sound) -> u64 {
    let pulses = sound.pulses().iter();
    pulses.map(|(_, tone, rest)| u64::from(tone + rest)).sum()
}

fn count(ms: u32) -> usize {
    (RATE / 100 * ms / 10) as usize
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a pulse has some thousands of samples"
)]
fn pulse(out: &mut Vec<f32>, hertz: f32, ms: u32, volume: f32) {
    // fundamental and three harmonics; the sum of the weights is 1, so that nothing is clipped
    const WEIGHTS: [f32; 4] = [0.55, 0.25, 0.12, 0.08];
    let n = count(ms);
    // 10 ms up and down, without which a pulse clicks
    let edge = (count(10) as f32).min(n as f32 / 2.0);
    for i in 0..n {
        let t = i as f32 / RATE as f32;
        let wave: f32 = WEIGHTS
            .iter()
            .zip(1u8..)
            .map(|(w, k)| w * (std::f32::consts::TAU * hertz * f32::from(k) * t).sin())
            .sum();
        let up = i as f32 / edge;
        let down = (n - i) as f32 / edge;
        out.push(wave * up.min(down).min(1.0) * volume);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Sound; 5] = [
        Sound::Alarm(Level::P0),
        Sound::Alarm(Level::P1),
        Sound::Alarm(Level::P2),
        Sound::Alarm(Level::P3),
        Sound::Over,
    ];

    #[test]
    fn they_are_heard_and_never_clipped() {
        for sound in ALL {
            let s = samples(sound, 1.0);
            let peak = s.iter().fold(0.0f32, |m, v| m.max(v.abs()));
            assert!((0.3..=1.0).contains(&peak), "{sound:?} peaks at {peak}");
            let ms = s.len() as u64 * 1000 / u64::from(RATE);
            assert_eq!(ms, length_ms(sound));
            assert!(s.first().is_some_and(|v| v.abs() < 0.01));
            assert!(s.last().is_some_and(|v| v.abs() < 0.2));
            assert!(samples(sound, 0.0).iter().all(|v| *v == 0.0));
        }
    }

    #[test]
    fn only_the_most_urgent_sounds_until_withdrawn() {
        let endless: Vec<_> = ALL.iter().filter(|s| s.times().is_none()).collect();
        assert_eq!(endless, [&Sound::Alarm(Level::P0)]);
    }

    #[test]
    fn a_p0_sounds_in_its_pitch() {
        // Goertzel's algorithm at the first pulse's pitch and beside it
        let s = samples(Sound::Alarm(Level::P0), 1.0);
        let pulse = &s[..count(120)];
        let power = |hertz: f32| {
            let w = 2.0 * (std::f32::consts::TAU * hertz / RATE as f32).cos();
            let (a, b) = pulse
                .iter()
                .fold((0.0f32, 0.0f32), |(a, b), x| (x + w * a - b, a));
            a * a + b * b - w * a * b
        };
        assert!(power(523.25) > 20.0 * power(600.0));
    }
}
