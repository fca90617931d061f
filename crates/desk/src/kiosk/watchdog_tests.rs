//! From a page that does not come back to the duty engineer: the windows are none, everything else is what runs.

use super::*;
use crate::core::Request;
use crate::kiosk::alarm::DEAD_RULE;
use engine::duty::Duty;
use model::Level;
use parking_lot::Mutex;
use tokio::sync::mpsc;

/// Windows of which only is written down what was done with them.
#[derive(Default)]
struct Fake(Mutex<Vec<String>>);

impl Windows for Fake {
    fn are_full_screen(&self) -> bool {
        true
    }

    fn revive(&self, label: &str) {
        self.0.lock().push(label.to_owned());
    }

    fn prepare(&self, _: &str, _: &str) {}

    fn change(&self, _: &str, _: &str) {}

    fn give_up(&self, _: &str) {}
}

struct Room {
    dog: Watchdog,
    windows: Arc<Fake>,
    registry: Registry,
    duty: mpsc::Receiver<DutyMessage>,
    now: i64,
}

impl Room {
    fn new() -> Self {
        let (wall, mut asked) = Handle::channel();
        tokio::spawn(async move {
            while let Some(message) = asked.recv().await {
                if let Message::Request(Request::Calm(reply)) = message {
                    let _ = reply.send(true);
                }
            }
        });
        let (duty, told, _band) = DutyHandle::channel();
        let windows = Arc::new(Fake::default());
        let registry = Registry::default();
        registry.begun("wall");
        let dog = Watchdog {
            parts: Parts {
                registry: registry.clone(),
                windows: windows.clone(),
                wall,
                duty,
                limits: Limits::default(),
                words: Words::new("zh-CN", chrono_tz::Asia::Shanghai),
            },
            begun: clock::instant(),
            pages: BTreeMap::new(),
            stopped: Vec::new(),
            memory: BTreeMap::new(),
            processes: Vec::new(),
            processors: 1,
            searched: 0,
            counted: i64::MIN / 2,
            measured: 0,
            told: Vec::new(),
            calm: true,
            busy: false,
        };
        Self {
            dog,
            windows,
            registry,
            duty: told,
            now: 0,
        }
    }

    /// Looks as often as the watchdog does, for so long (ms of its clock); `paints`: the page does.
    async fn pass(&mut self, ms: i64, paints: bool) {
        let end = self.now + ms;
        while self.now < end {
            self.now += LOOK.as_millis() as i64;
            if paints {
                let painted = self.registry.all()["wall"].painted + 1;
                let now = self.dog.begun + Duration::from_millis(self.now.unsigned_abs());
                self.registry.painted("wall", painted, false, now);
            }
            self.dog.look(self.now).await;
        }
    }

    /// What the alert desk was told.
    fn told(&mut self) -> Vec<Event> {
        let mut events = Vec::new();
        while let Ok(message) = self.duty.try_recv() {
            if let DutyMessage::Event(event) = message {
                events.push(event);
            }
        }
        events
    }
}

#[tokio::test]
async fn the_duty_engineer_is_told_of_a_page_that_does_not_come_back_and_when_it_does() {
    let mut room = Room::new();
    let mut desk = Duty::new();
    let at = clock::now_ms();
    desk.handle(Event::Configured(Box::default()), at);
    let open = |desk: &Duty| -> Vec<(String, Level)> {
        let all = desk.alerts().filter(|a| a.is_open());
        all.map(|a| (a.name().to_owned(), a.level)).collect()
    };
    room.pass(5_000, true).await;
    assert!(room.told().is_empty() && room.windows.0.lock().is_empty());
    // It paints no more, and being begun anew does not help.
    room.pass(180_000, false).await;
    let attempts = room.windows.0.lock().len();
    assert!(attempts >= 3, "{attempts} attempts");
    for event in room.told() {
        desk.handle(event, at);
    }
    assert_eq!(open(&desk), [(DEAD_RULE.to_owned(), Level::P1)]);
    room.pass(10_000, true).await;
    let over = room.told();
    assert_eq!(over.len(), 1, "once: {over:?}");
    for event in over {
        desk.handle(event, at + 1_000);
    }
    // The desk may wait a moment before it believes that something is over.
    desk.handle(Event::Wakeup, at + 3_600_000);
    assert!(open(&desk).is_empty(), "{:?}", open(&desk));
}
