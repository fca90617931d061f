//! How many pop-ups a second go to a notification server, and how long each takes.
//!
//! `cargo run --release -p shouwang-tests --example popup_bench [how many]`

use model::alert::Level;
use model::duty::NoticeId;
use notify::Action;
use notify::message::ActionId;
use notify::popup::{DbusHost, Popup, PopupHost as _, Urgency};
use shouwang_tests::notifications::{Bus, Manner, NotificationServer};
use std::time::{Duration, Instant};

fn popup(n: usize, level: Level) -> Popup {
    let action = |id, title: &str| Action {
        id,
        title: title.into(),
    };
    Popup {
        notice: NoticeId(n as u128),
        level,
        title: format!("{level} · 微信支付成功率过低"),
        body: vec!["当前值 93.2".into(), "持续 4 分钟（15:24 起）".into()],
        actions: vec![
            action(ActionId::Ack, "确认"),
            action(ActionId::View, "查看"),
        ],
        urgency: Urgency::Normal,
        stays: false,
        without_buttons: String::new(),
    }
}

fn show(what: &str, took: &mut [Duration], all: Duration) {
    took.sort_unstable();
    let at = |p: usize| took[(took.len() * p / 100).min(took.len() - 1)];
    let a_second = took.len() as f64 / all.as_secs_f64();
    println!(
        "{what}: {} in {all:.2?}, {a_second:.0}/s; p50 {:.2?}, p95 {:.2?}, p99 {:.2?}, max {:.2?}",
        took.len(),
        at(50),
        at(95),
        at(99),
        at(100)
    );
}

#[expect(clippy::disallowed_methods, reason = "it measures real time")]
fn now() -> Instant {
    Instant::now()
}

#[tokio::main]
async fn main() {
    let many: usize = std::env::args()
        .nth(1)
        .and_then(|a| a.parse().ok())
        .unwrap_or(5000);
    let bus = Bus::start();
    let server = NotificationServer::start(bus.address(), Manner::able());
    let (events, _kept) = tokio::sync::mpsc::channel(64);
    let host = DbusHost::new(Some(bus.address().to_owned()), "守望", events);

    let began = now();
    host.show(&popup(0, Level::P0)).await.expect("taken");
    println!("first, with connecting: {:.2?}", began.elapsed());

    // one after the other; each also closes the oldest once sixty are up
    let mut took = Vec::with_capacity(many);
    let began = now();
    for n in 1..=many {
        let one = now();
        host.show(&popup(n, Level::P2)).await.expect("taken");
        took.push(one.elapsed());
    }
    show("one after the other", &mut took, began.elapsed());

    // at rest: ten a second, to the moment the server has it
    let before = server.notes().len();
    let mut sent = Vec::new();
    for n in 0..50 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        sent.push(now());
        host.show(&popup(many + 1 + n, Level::P1))
            .await
            .expect("taken");
    }
    let notes = server.wait_for(before + 50);
    let mut took: Vec<Duration> = notes[before..]
        .iter()
        .zip(&sent)
        .map(|(note, sent)| note.at.duration_since(*sent))
        .collect();
    let all = took.iter().sum();
    show("at rest, until Notify arrives", &mut took, all);
}
