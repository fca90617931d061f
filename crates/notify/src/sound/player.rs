//! The thread that owns the sound device: a device's handle must stay on the thread that opened it, and opening one can hang.

use super::alarms::{Alarms, Step};
use super::output::{Output, OutputError};
use super::tone::{self, Sound};
use crate::channel::Receipt;
use crate::error::{Code, SendError};
use model::duty::NoticeId;
use parking_lot::Mutex;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// Opens an output; called on the sound thread.
pub type Opener = Box<dyn Fn() -> Result<Box<dyn Output>, OutputError> + Send + Sync>;

/// How long a caller waits for the device.
const PATIENCE: Duration = Duration::from_secs(3);
/// Commands waiting for the thread.
const QUEUE: usize = 256;
/// Between two tries to open a device for an alarm that goes on, ms.
const RETRY_MS: u64 = 5000;
/// A device that plays nothing for so long is given back, so that the machine's sound can sleep.
const KEEP_OPEN: Duration = Duration::from_secs(20);
/// Nothing sounds and nothing is open.
const FOREVER: Duration = Duration::from_secs(86_400);
/// How long a probe's answer holds, ms: opening a device can be heard.
const PROBE_HOLDS: u64 = 60_000;

enum Command {
    Start {
        notice: NoticeId,
        sound: Sound,
        answer: oneshot::Sender<Result<Receipt, SendError>>,
    },
    Stop(NoticeId),
    Mute(Duration),
    Probe(oneshot::Sender<Result<String, SendError>>),
}

/// A handle on the thread. The thread begins with the first command and ends with the handle.
pub(super) struct Player {
    thread: Mutex<Option<SyncSender<Command>>>,
    /// What the thread begins with; taken when it begins.
    seed: Mutex<Option<Seed>>,
}

struct Seed {
    open: Opener,
    volume: f32,
    alarms: Alarms,
}

impl Player {
    pub fn new(open: Opener, volume: f32, longest: Duration) -> Self {
        let longest = u64::try_from(longest.as_millis()).unwrap_or(u64::MAX);
        Self {
            thread: Mutex::new(None),
            seed: Mutex::new(Some(Seed {
                open,
                volume,
                alarms: Alarms::new(longest),
            })),
        }
    }

    fn tell(&self, command: Command) -> Result<(), SendError> {
        let mut slot = self.thread.lock();
        if let Some(seed) = self.seed.lock().take() {
            let (sender, receiver) = sync_channel(QUEUE);
            std::thread::Builder::new()
                .name("sound".to_owned())
                .spawn(move || Thread::new(seed).run(&receiver))
                .map_err(|e| {
                    SendError::after(Code::SoundDeviceFailed, 60).with("detail", e.kind())
                })?;
            *slot = Some(sender);
        }
        let Some(sender) = &*slot else {
            return Err(SendError::never(Code::Closed));
        };
        sender.try_send(command).map_err(|e| match e {
            TrySendError::Full(_) => hangs(),
            TrySendError::Disconnected(_) => SendError::never(Code::Closed),
        })
    }

    pub async fn start(&self, notice: &NoticeId, sound: Sound) -> Result<Receipt, SendError> {
        let (answer, answered) = oneshot::channel();
        self.tell(Command::Start {
            notice: *notice,
            sound,
            answer,
        })?;
        match tokio::time::timeout(PATIENCE, answered).await {
            Ok(Ok(answer)) => answer,
            _ => Err(hangs()),
        }
    }

    pub fn stop(&self, notice: &NoticeId) {
        // without a thread nothing sounds
        if self.thread.lock().is_some() {
            let stopped = self.tell(Command::Stop(*notice));
            if let Err(error) = stopped {
                tracing::warn!(%error, "a sound could not be stopped");
            }
        }
    }

    pub fn mute(&self, how_long: Duration) {
        if let Err(error) = self.tell(Command::Mute(how_long)) {
            tracing::warn!(%error, "sound could not be muted");
        }
    }

    pub async fn probe(&self) -> Result<String, SendError> {
        let (answer, answered) = oneshot::channel();
        self.tell(Command::Probe(answer))?;
        match tokio::time::timeout(PATIENCE, answered).await {
            Ok(Ok(answer)) => answer,
            _ => Err(hangs()),
        }
    }
}

fn hangs() -> SendError {
    SendError::after(Code::SoundDeviceFailed, 10).with("detail", "timeout")
}

/// What lives on the thread.
struct Thread {
    seed: Seed,
    output: Option<Box<dyn Output>>,
    /// The last probe's answer and when it was had.
    probed: Option<(u64, Result<String, SendError>)>,
    began: Instant,
}

impl Thread {
    #[expect(
        clippy::disallowed_methods,
        reason = "the thread that plays lives in real time; what it decides is in `alarms`, where time is a parameter"
    )]
    fn new(seed: Seed) -> Self {
        Self {
            seed,
            output: None,
            probed: None,
            began: Instant::now(),
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn run(mut self, commands: &Receiver<Command>) {
        loop {
            let wait = self.play();
            match commands.recv_timeout(wait) {
                Ok(command) => self.obey(command),
                Err(RecvTimeoutError::Timeout) => {
                    if wait == KEEP_OPEN {
                        self.output = None;
                    }
                }
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// Plays what is due. How long until something may be due again.
    fn play(&mut self) -> Duration {
        loop {
            let now = self.now();
            match self.seed.alarms.step(now) {
                Step::Play(sound) => {
                    if let Err(error) = self.sound(sound) {
                        tracing::warn!(%error, "an alarm cannot be heard");
                        self.seed.alarms.failed(now, RETRY_MS);
                    }
                }
                Step::Stop => {
                    if let Some(output) = &mut self.output {
                        output.stop();
                    }
                }
                Step::Wait(until) => return Duration::from_millis(until.saturating_sub(now)),
                Step::Idle => {
                    let open = self.output.is_some();
                    return if open { KEEP_OPEN } else { FOREVER };
                }
            }
        }
    }

    fn sound(&mut self, sound: Sound) -> Result<(), OutputError> {
        let samples = tone::samples(sound, self.seed.volume);
        let output = match &mut self.output {
            Some(output) => output,
            None => self.output.insert((self.seed.open)()?),
        };
        let played = output.play(samples);
        if played.is_err() {
            // opened anew at the next try
            self.output = None;
        }
        played
    }

    fn obey(&mut self, command: Command) {
        let now = self.now();
        match command {
            Command::Start {
                notice,
                sound,
                answer,
            } => {
                let opened = self.opened();
                let answered = opened.map(|()| {
                    let heard = self.seed.alarms.start(notice, sound, now);
                    Receipt(if heard {
                        String::new()
                    } else {
                        "muted".to_owned()
                    })
                });
                // who asked may have given up waiting
                let _ = answer.send(answered.map_err(SendError::from));
            }
            Command::Stop(notice) => self.seed.alarms.stop(&notice),
            Command::Mute(how_long) => {
                let ms = u64::try_from(how_long.as_millis()).unwrap_or(u64::MAX);
                self.seed.alarms.mute(now.saturating_add(ms));
            }
            Command::Probe(answer) => {
                let _ = answer.send(self.probe(now));
            }
        }
    }

    /// A device is needed before an alarm counts as told.
    fn opened(&mut self) -> Result<(), OutputError> {
        if self.output.is_none() {
            self.output = Some((self.seed.open)()?);
        }
        Ok(())
    }

    fn probe(&mut self, now: u64) -> Result<String, SendError> {
        if let Some(output) = &self.output {
            return Ok(output.name().to_owned());
        }
        if let Some((at, answer)) = &self.probed
            && now.saturating_sub(*at) < PROBE_HOLDS
        {
            return answer.clone();
        }
        let answer = (self.seed.open)()
            .map(|output| output.name().to_owned())
            .map_err(SendError::from);
        self.probed = Some((now, answer.clone()));
        answer
    }
}

#[cfg(test)]
mod tests;
