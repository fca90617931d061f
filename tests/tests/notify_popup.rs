//! Pop-ups over a real bus, to a server that answers as real ones do.

use model::alert::Level;
use model::duty::NoticeId;
use notify::error::Code;
use notify::message::ActionId;
use notify::popup::{DbusHost, Gone, Popup, PopupAction, PopupChannel, PopupEvent, PopupHost};
use notify::{Action, Channel as _, Kind, Message, Recipient};
use shouwang_tests::notifications::{Bus, Manner, NotificationServer, forge};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

struct Desk {
    channel: PopupChannel,
    host: DbusHost,
    events: mpsc::Receiver<PopupEvent>,
}

impl Desk {
    fn at(address: &str) -> Self {
        let (sender, events) = mpsc::channel(64);
        let host = DbusHost::new(Some(address.to_owned()), "守望", sender);
        Self {
            channel: PopupChannel::new(Some(Arc::new(host.clone()))),
            host,
            events,
        }
    }

    async fn event(&mut self) -> PopupEvent {
        tokio::time::timeout(Duration::from_secs(10), self.events.recv())
            .await
            .expect("an event in time")
            .expect("the host lives")
    }

    async fn quiet(&mut self) {
        let heard = tokio::time::timeout(Duration::from_millis(300), self.events.recv()).await;
        assert!(heard.is_err(), "nothing should have come: {heard:?}");
    }
}

fn id(n: u32) -> NoticeId {
    NoticeId(n.into())
}

fn message(n: u32, level: Level) -> Message {
    let action = |id, title: &str| Action {
        id,
        title: title.into(),
    };
    Message {
        id: id(n),
        kind: Kind::Fired,
        level,
        title: format!("{level} · 微信支付成功率过低"),
        body: vec![
            "成功率 <b>93.2%</b> & 低于 \"95%\"".into(),
            "持续 4 分钟（15:24 起）".into(),
        ],
        facts: Vec::new(),
        actions: vec![
            action(ActionId::Ack, "确认"),
            action(ActionId::View, "查看"),
        ],
        link: None,
        to: Recipient::default(),
        counts: [0; 4],
        alerts: Vec::new(),
        total: 1,
        locale: "zh-CN".into(),
        written_at: 0,
    }
}

fn closed(why: Gone) -> PopupAction {
    PopupAction::Closed(why)
}

#[tokio::test(flavor = "multi_thread")]
async fn levels_look_as_they_should() {
    let bus = Bus::start();
    let server = NotificationServer::start(bus.address(), Manner::able());
    let desk = Desk::at(bus.address());
    for (n, level) in (1..).zip(Level::ALL) {
        let receipt = desk.channel.send(&message(n, level)).await.expect("taken");
        assert_eq!(receipt.0, n.to_string());
    }
    let mut over = message(5, Level::P0);
    over.kind = Kind::Resolved;
    desk.channel.send(&over).await.expect("taken");

    let notes = server.wait_for(5);
    let looks: Vec<_> = notes
        .iter()
        .map(|n| (n.urgency, n.expire, n.icon.as_str()))
        .collect();
    assert_eq!(
        looks,
        [
            (Some(2), 0, "dialog-error"),
            (Some(1), -1, "dialog-warning"),
            (Some(0), -1, "dialog-warning"),
            (Some(0), -1, "dialog-information"),
            (Some(1), -1, "dialog-error"),
        ]
    );
    let p0 = &notes[0];
    assert_eq!(p0.application, "守望");
    assert_eq!(p0.title, "P0 · 微信支付成功率过低");
    assert_eq!(p0.actions, ["ack", "确认", "view", "查看"]);
    assert_eq!(
        p0.body,
        "成功率 &lt;b&gt;93.2%&lt;/b&gt; &amp; 低于 &quot;95%&quot;\n持续 4 分钟（15:24 起）",
        "a server that interprets markup gets none from a label"
    );
    assert!(p0.hints.iter().any(|h| h == "resident"));
    assert!(
        notes
            .iter()
            .all(|n| n.hints.iter().any(|h| h == "suppress-sound"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_press_comes_back_and_a_withdrawn_one_is_closed() {
    let bus = Bus::start();
    let server = NotificationServer::start(bus.address(), Manner::able());
    let mut desk = Desk::at(bus.address());
    for n in 1..=4 {
        desk.channel
            .send(&message(n, Level::P1))
            .await
            .expect("taken");
    }
    server.press(2, "ack");
    let pressed = desk.event().await;
    assert_eq!((pressed.notice, pressed.action), (id(2), PopupAction::Ack));
    assert_eq!(desk.event().await.action, closed(Gone::Dismissed));

    server.press(1, "view");
    let pressed = desk.event().await;
    assert_eq!((pressed.notice, pressed.action), (id(1), PopupAction::View));
    assert_eq!(desk.event().await.notice, id(1));

    server.close(3, 1);
    let gone = desk.event().await;
    assert_eq!((gone.notice, gone.action), (id(3), closed(Gone::Expired)));

    desk.channel.withdraw(&id(4)).await.expect("closed");
    server.wait_closed(4);
    desk.channel.withdraw(&id(4)).await.expect("closed already");
    desk.channel.withdraw(&id(99)).await.expect("never shown");
    server.press(4, "ack");
    server.press(77, "ack");
    desk.quiet().await;
    assert_eq!(server.closed(), [4]);
}

#[tokio::test(flavor = "multi_thread")]
async fn sent_again_it_takes_the_same_place() {
    let bus = Bus::start();
    let server = NotificationServer::start(bus.address(), Manner::able());
    let mut desk = Desk::at(bus.address());
    for _ in 0..3 {
        desk.channel
            .send(&message(1, Level::P0))
            .await
            .expect("taken");
    }
    let notes = server.wait_for(3);
    let places: Vec<_> = notes.iter().map(|n| (n.id, n.replaces)).collect();
    assert_eq!(places, [(1, 0), (1, 1), (1, 1)]);
    server.press(1, "ack");
    assert_eq!(desk.event().await.action, PopupAction::Ack);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_program_presses_nothing() {
    let bus = Bus::start();
    let server = NotificationServer::start(bus.address(), Manner::able());
    let mut desk = Desk::at(bus.address());
    desk.channel
        .send(&message(1, Level::P0))
        .await
        .expect("taken");
    forge(bus.address(), 1, "ack");
    desk.quiet().await;
    server.press(1, "ack");
    assert_eq!(desk.event().await.action, PopupAction::Ack);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_press_before_the_answer_is_heard() {
    let bus = Bus::start();
    let quick = Manner {
        press: Some("ack".into()),
        delay: Duration::from_millis(50),
        ..Manner::able()
    };
    let _server = NotificationServer::start(bus.address(), quick);
    let mut desk = Desk::at(bus.address());
    for n in 1..=20 {
        desk.channel
            .send(&message(n, Level::P2))
            .await
            .expect("taken");
        let pressed = desk.event().await;
        assert_eq!((pressed.notice, pressed.action), (id(n), PopupAction::Ack));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_started_again_counts_from_one_and_is_told_apart() {
    let bus = Bus::start();
    let first = NotificationServer::start(bus.address(), Manner::able());
    let mut desk = Desk::at(bus.address());
    desk.channel
        .send(&message(1, Level::P0))
        .await
        .expect("taken");
    drop(first);
    let gone = desk.event().await;
    assert_eq!(
        (gone.notice, gone.action),
        (id(1), closed(Gone::ServerEnded))
    );
    let error = desk
        .channel
        .send(&message(1, Level::P0))
        .await
        .expect_err("nobody there");
    assert_eq!(error.code, Code::NoNotificationServer);
    assert!(!desk.channel.health().await.ok);

    let second = NotificationServer::start(bus.address(), Manner::plain());
    desk.channel
        .send(&message(2, Level::P0))
        .await
        .expect("taken");
    let note = second.wait_for(1).remove(0);
    assert_eq!((note.id, note.replaces), (1, 0));
    // the new server's abilities hold, not those of the former
    assert!(note.actions.is_empty());
    desk.channel
        .withdraw(&id(1))
        .await
        .expect("gone with its server");
    assert!(second.closed().is_empty(), "id 1 is another notice now");
    second.press(1, "default");
    let pressed = desk.event().await;
    assert_eq!((pressed.notice, pressed.action), (id(2), PopupAction::View));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_buttons_is_told_where_to_acknowledge() {
    let bus = Bus::start();
    let server = NotificationServer::start(bus.address(), Manner::plain());
    let desk = Desk::at(bus.address());
    let can = desk.host.abilities().await.expect("a server");
    assert!(!can.buttons && !can.markup);
    let health = desk.channel.health().await;
    assert!(health.ok);
    assert_eq!(health.code, "no_buttons");
    assert_eq!(health.params["name"], "test");
    desk.channel
        .send(&message(1, Level::P0))
        .await
        .expect("taken");
    let note = server.wait_for(1).remove(0);
    assert!(note.actions.is_empty());
    assert_eq!(
        note.body, "成功率 <b>93.2%</b> & 低于 \"95%\"\n持续 4 分钟（15:24 起）\n请打开告警台确认",
        "a server without markup shows entities as they are, so there are none"
    );
    server.behave(Manner::able());
    assert_eq!(
        desk.channel.health().await.code,
        "no_buttons",
        "asked once a server"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_there_is_known_at_once() {
    let bus = Bus::start();
    let desk = Desk::at(bus.address());
    let error = desk
        .channel
        .send(&message(1, Level::P0))
        .await
        .expect_err("nobody");
    assert_eq!(error.code, Code::NoNotificationServer);
    assert!(error.retry_after().is_some(), "one may be started later");
    let health = desk.channel.health().await;
    assert_eq!(
        (health.ok, health.code.as_str()),
        (false, "no_notification_server")
    );

    let nowhere = Desk::at("unix:path=/nonexistent/bus");
    let error = nowhere
        .channel
        .send(&message(1, Level::P0))
        .await
        .expect_err("no bus");
    assert_eq!(error.code, Code::NoSessionBus);
    assert_eq!(nowhere.channel.health().await.code, "no_session_bus");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bus_may_end_and_come_back() {
    let bus = Bus::start();
    let server = NotificationServer::start(bus.address(), Manner::able());
    let mut desk = Desk::at(bus.address());
    desk.channel
        .send(&message(1, Level::P0))
        .await
        .expect("taken");
    drop(bus);
    assert_eq!(desk.event().await.action, closed(Gone::ServerEnded));
    let error = desk
        .channel
        .send(&message(1, Level::P0))
        .await
        .expect_err("no bus");
    assert_eq!(error.code, Code::NoSessionBus);
    drop(server);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_server_neither_holds_the_desk_nor_shows_twice() {
    let bus = Bus::start();
    let slow = Manner {
        delay: Duration::from_millis(3500),
        ..Manner::able()
    };
    let server = NotificationServer::start(bus.address(), slow);
    let mut desk = Desk::at(bus.address());
    for _ in 0..2 {
        let error = desk
            .channel
            .send(&message(1, Level::P0))
            .await
            .expect_err("too slow");
        assert_eq!(error.code, Code::NotificationServerSlow);
    }
    assert_eq!(server.notes().len(), 1, "not asked again while it thinks");
    tokio::time::sleep(Duration::from_millis(2000)).await;
    server.behave(Manner::able());
    // what came late is known all the same
    server.press(1, "ack");
    let pressed = desk.event().await;
    assert_eq!((pressed.notice, pressed.action), (id(1), PopupAction::Ack));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_told() {
    let bus = Bus::start();
    let refusing = Manner {
        refuse: Some("too many".into()),
        ..Manner::able()
    };
    let server = NotificationServer::start(bus.address(), refusing);
    let desk = Desk::at(bus.address());
    let error = desk
        .channel
        .send(&message(1, Level::P0))
        .await
        .expect_err("refused");
    assert_eq!(error.code, Code::NotificationRefused);
    assert_eq!(error.params["detail"], "org.freedesktop.DBus.Error.Failed");
    server.behave(Manner::able());
    desk.channel
        .send(&message(1, Level::P0))
        .await
        .expect("taken now");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_is_bounded_and_a_p0_stays() {
    let bus = Bus::start();
    let server = NotificationServer::start(bus.address(), Manner::able());
    let desk = Desk::at(bus.address());
    desk.channel
        .send(&message(1, Level::P0))
        .await
        .expect("taken");
    for n in 2..=100 {
        let popup = Popup::of(&message(n, Level::P3));
        desk.host.show(&popup).await.expect("taken");
    }
    server.wait_closed(41);
    let closed = server.closed();
    assert_eq!(closed.len(), 40, "{closed:?}");
    assert!(!closed.contains(&1));
}
