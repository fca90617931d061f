use super::*;
use model::alert::Level;
use std::sync::Arc;

#[derive(Debug, PartialEq)]
enum Heard {
    Opened,
    Played(usize),
    Stopped,
}

#[derive(Clone, Default)]
struct Room {
    heard: Arc<Mutex<Vec<Heard>>>,
    broken: Arc<Mutex<bool>>,
}

struct Loudspeaker(Room);

impl Output for Loudspeaker {
    fn name(&self) -> &str {
        "test"
    }

    fn play(&mut self, samples: Vec<f32>) -> Result<(), OutputError> {
        if *self.0.broken.lock() {
            return Err(OutputError::Failed("unplugged".into()));
        }
        self.0.heard.lock().push(Heard::Played(samples.len()));
        Ok(())
    }

    fn stop(&mut self) {
        self.0.heard.lock().push(Heard::Stopped);
    }
}

impl Room {
    fn player(&self) -> Player {
        let room = self.clone();
        let open = move || {
            if *room.broken.lock() {
                return Err(OutputError::NoDevice("none".into()));
            }
            room.heard.lock().push(Heard::Opened);
            let output: Box<dyn Output> = Box::new(Loudspeaker(room.clone()));
            Ok(output)
        };
        Player::new(Box::new(open), 0.5, Duration::from_secs(60))
    }

    async fn until(&self, wanted: impl Fn(&[Heard]) -> bool) {
        for _ in 0..500 {
            if wanted(&self.heard.lock()) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("never: {:?}", self.heard.lock());
    }
}

fn n(i: u32) -> NoticeId {
    NoticeId(i.into())
}

const P0: Sound = Sound::Alarm(Level::P0);

#[tokio::test]
async fn it_plays_and_stops_when_withdrawn() {
    let room = Room::default();
    let player = room.player();
    assert_eq!(player.start(&n(1), P0).await, Ok(Receipt::default()));
    room.until(|h| h.len() >= 2).await;
    player.stop(&n(1));
    room.until(|h| h.last() == Some(&Heard::Stopped)).await;
    let length = tone::samples(P0, 0.5).len();
    assert_eq!(
        *room.heard.lock(),
        [Heard::Opened, Heard::Played(length), Heard::Stopped]
    );
    assert_eq!(player.probe().await, Ok("test".to_owned()));
}

#[tokio::test]
async fn without_a_device_nothing_counts_as_told() {
    let room = Room::default();
    *room.broken.lock() = true;
    let player = room.player();
    let error = player
        .start(&n(1), P0)
        .await
        .expect_err("nothing to play on");
    assert_eq!(error.code, Code::NoSoundDevice);
    assert_eq!(
        player.probe().await.expect_err("none").code,
        Code::NoSoundDevice
    );
    *room.broken.lock() = false;
    assert!(player.start(&n(1), P0).await.is_ok(), "plugged in later");
}

#[tokio::test]
async fn muted_is_told_and_silent() {
    let room = Room::default();
    let player = room.player();
    player.mute(Duration::from_secs(60));
    assert_eq!(player.start(&n(1), P0).await, Ok(Receipt("muted".into())));
    assert_eq!(*room.heard.lock(), [Heard::Opened]);
    player.mute(Duration::ZERO);
    room.until(|h| matches!(h.last(), Some(Heard::Played(_))))
        .await;
}

#[tokio::test]
async fn a_device_that_hangs_does_not_hang_the_desk() {
    let open = || {
        std::thread::sleep(Duration::from_secs(8));
        Err(OutputError::NoDevice(String::new()))
    };
    let player = Player::new(Box::new(open), 0.5, Duration::from_secs(60));
    let error = player.start(&n(1), P0).await.expect_err("hangs");
    assert_eq!(error.code, Code::SoundDeviceFailed);
}
