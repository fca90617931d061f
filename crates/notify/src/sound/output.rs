//! Where sound goes.

use super::tone;
use rodio::buffer::SamplesBuffer;
use rodio::cpal::traits::{DeviceTrait as _, HostTrait as _};
use rodio::{DeviceSinkBuilder, MixerDeviceSink};
use std::num::NonZero;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// No sound.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OutputError {
    /// There is no device, or it cannot be opened.
    #[error("no sound device: {0}")]
    NoDevice(String),
    /// It failed while it was used.
    #[error("sound device failed: {0}")]
    Failed(String),
}

/// Plays samples. It lives on the thread that opened it.
pub trait Output {
    /// The device's name.
    fn name(&self) -> &str;

    /// Begins to play these samples ([`tone::RATE`], one channel) in place of whatever plays, and returns at once.
    ///
    /// # Errors
    /// The device is gone.
    fn play(&mut self, samples: Vec<f32>) -> Result<(), OutputError>;

    /// Falls silent.
    fn stop(&mut self);
}

/// The system's default device (ALSA and whatever stands behind it, CoreAudio, WASAPI).
pub struct Speaker {
    name: String,
    sink: MixerDeviceSink,
    player: Option<rodio::Player>,
    broken: Arc<AtomicBool>,
}

impl Speaker {
    /// Opens it.
    ///
    /// # Errors
    /// There is none, or it cannot be opened.
    pub fn open() -> Result<Box<dyn Output>, OutputError> {
        // ALSA writes a dozen lines to standard error for each device that is not there; this thread's go nowhere, the error says enough
        #[cfg(target_os = "linux")]
        let _heard = alsa::Output::local_error_handler();
        let no = |e: &dyn std::fmt::Display| OutputError::NoDevice(e.to_string());
        let device = rodio::cpal::default_host()
            .default_output_device()
            .ok_or_else(|| OutputError::NoDevice(String::new()))?;
        let name = device
            .description()
            .map(|d| d.name().to_owned())
            .unwrap_or_default();
        let broken = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&broken);
        let mut sink = DeviceSinkBuilder::from_device(device)
            .map_err(|e| no(&e))?
            .with_error_callback(move |error| {
                tracing::warn!(%error, "sound device");
                seen.store(true, Ordering::Relaxed);
            })
            .open_stream()
            .map_err(|e| no(&e))?;
        sink.log_on_drop(false);
        Ok(Box::new(Self {
            name,
            sink,
            player: None,
            broken,
        }))
    }
}

impl Output for Speaker {
    fn name(&self) -> &str {
        &self.name
    }

    fn play(&mut self, samples: Vec<f32>) -> Result<(), OutputError> {
        if self.broken.load(Ordering::Relaxed) {
            return Err(OutputError::Failed(self.name.clone()));
        }
        self.stop();
        let (Some(one), Some(rate)) = (NonZero::new(1), NonZero::new(tone::RATE)) else {
            return Err(OutputError::Failed(self.name.clone()));
        };
        let player = rodio::Player::connect_new(self.sink.mixer());
        player.append(SamplesBuffer::new(one, rate, samples));
        self.player = Some(player);
        Ok(())
    }

    fn stop(&mut self) {
        if let Some(player) = self.player.take() {
            player.stop();
        }
    }
}
