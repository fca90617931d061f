//! Alarm sounds at this machine. A P0 sounds until it is withdrawn; the tones are computed, so there are no files to be missing.

mod alarms;
mod output;
mod player;
pub mod tone;

pub use output::{Output, OutputError, Speaker};
pub use player::Opener;

use crate::channel::{Channel, ChannelHealth, Descriptor, Field, FieldKind, Health};
use crate::channel::{Sending, Withdrawing};
use crate::error::{Code, SendError};
use crate::message::{Kind, Message};
use crate::registry::{BuildError, Entry, Settings, Surroundings};
use futures::FutureExt as _;
use model::duty::NoticeId;
use player::Player;
use serde::Deserialize;
use std::sync::Arc;
use std::time::Duration;

/// How it sounds.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SoundSettings {
    /// Loudness, 0 to 100, relative to the system's.
    pub volume: u8,
    /// A P0 falls silent after this many minutes even if nobody withdraws it, 1 to 240.
    pub max_minutes: u16,
}

impl Default for SoundSettings {
    fn default() -> Self {
        Self {
            volume: 80,
            max_minutes: 15,
        }
    }
}

const DESCRIPTOR: Descriptor = Descriptor {
    kind: "sound",
    fields: &[
        Field {
            name: "volume",
            kind: FieldKind::Number { min: 0, max: 100 },
            required: false,
        },
        Field {
            name: "max_minutes",
            kind: FieldKind::Number { min: 1, max: 240 },
            required: false,
        },
    ],
    two_way: false,
    urgent: true,
    local: true,
    needs_address: false,
    codes: &[Code::NoSoundDevice, Code::SoundDeviceFailed, Code::Closed],
};

/// Its line in the registry.
pub(crate) const ENTRY: Entry = Entry {
    descriptor: DESCRIPTOR,
    build,
};

fn build(settings: &Settings, _: &Surroundings) -> Result<Arc<dyn Channel>, BuildError> {
    let settings: SoundSettings = settings.read(DESCRIPTOR.kind)?;
    let out_of_range = |field| BuildError::Value {
        kind: DESCRIPTOR.kind,
        field,
        problem: "out_of_range",
    };
    if settings.volume > 100 {
        return Err(out_of_range("volume"));
    }
    if !(1..=240).contains(&settings.max_minutes) {
        return Err(out_of_range("max_minutes"));
    }
    Ok(Arc::new(SoundChannel::new(&settings)))
}

/// The channel. The sound device is opened when something is to be heard and given back afterwards.
pub struct SoundChannel {
    player: Player,
}

impl SoundChannel {
    /// Over the system's default device.
    pub fn new(settings: &SoundSettings) -> Self {
        Self::over(settings, Box::new(Speaker::open))
    }

    /// Over any output.
    pub fn over(settings: &SoundSettings, open: Opener) -> Self {
        let longest = Duration::from_secs(u64::from(settings.max_minutes) * 60);
        Self {
            player: Player::new(open, f32::from(settings.volume.min(100)) / 100.0, longest),
        }
    }

    /// Silent for this long, whatever comes (静音 30 分钟); zero ends it. What sounds now falls silent too and goes on afterwards if it still
    /// holds.
    pub fn mute(&self, how_long: Duration) {
        self.player.mute(how_long);
    }
}

impl Channel for SoundChannel {
    fn descriptor(&self) -> Descriptor {
        DESCRIPTOR
    }

    fn send<'a>(&'a self, message: &'a Message) -> Sending<'a> {
        async move {
            let over = matches!(message.kind, Kind::Resolved | Kind::Test);
            let sound = if over {
                tone::Sound::Over
            } else {
                tone::Sound::Alarm(message.level)
            };
            self.player.start(&message.id, sound).await
        }
        .boxed()
    }

    fn withdraw<'a>(&'a self, notice: &'a NoticeId) -> Withdrawing<'a> {
        async move {
            self.player.stop(notice);
            Ok(())
        }
        .boxed()
    }

    fn health(&self) -> Health<'_> {
        async move {
            match self.player.probe().await {
                Ok(device) => ChannelHealth::good("sound_device").with("name", &device),
                Err(error) => ChannelHealth::from(error),
            }
        }
        .boxed()
    }
}

impl From<OutputError> for SendError {
    fn from(error: OutputError) -> Self {
        match error {
            OutputError::NoDevice(detail) => {
                SendError::after(Code::NoSoundDevice, 60).with("detail", detail)
            }
            OutputError::Failed(detail) => {
                SendError::after(Code::SoundDeviceFailed, 10).with("detail", detail)
            }
        }
    }
}
