//! The webhook listener, posted to by hand and by a real Alertmanager.

use desk::clock;
use desk::listener::{Figures, HAPPENED, ListenError, Listener, NotKept, Options, PATH};
use model::Secret;
use model::alert::Reported;
use serde_json::{Value, json};
use shouwang_tests::alertmanager::{self as am, rfc3339};
use shouwang_tests::http::{self, Reply};
use shouwang_tests::{now_ms, servers};
use source::webhook::Batch;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{Notify, oneshot};

const TOKEN: &str = "a-token-of-the-test";
const KEEP: u8 = 0;
const FAIL: u8 = 1;
const HANG: u8 = 2;
const WAIT: u8 = 3;

/// What the loop behind the listener does with what it gets.
#[derive(Default)]
struct Loop {
    mode: AtomicU8,
    /// In [`WAIT`], keeps when told.
    go: Notify,
    kept: Mutex<Vec<Batch>>,
    seen: AtomicU8,
}

impl Loop {
    fn kept(&self) -> Vec<Batch> {
        self.kept.lock().expect("not poisoned").clone()
    }

    fn set(&self, mode: u8) {
        self.mode.store(mode, Ordering::SeqCst);
    }

    async fn keep(&self, batch: Batch) -> Result<(), NotKept> {
        self.seen.fetch_add(1, Ordering::SeqCst);
        match self.mode.load(Ordering::SeqCst) {
            FAIL => return Err(NotKept("disk full".into())),
            HANG => std::future::pending::<()>().await,
            WAIT => self.go.notified().await,
            _ => {}
        }
        self.kept.lock().expect("not poisoned").push(batch);
        Ok(())
    }
}

struct Running {
    port: u16,
    figures: Box<dyn Fn() -> Figures + Send + Sync>,
    stop: Option<oneshot::Sender<()>>,
    ended: tokio::task::JoinHandle<()>,
}

impl Running {
    fn figures(&self) -> Figures {
        (self.figures)()
    }

    async fn post(&self, body: impl Into<Vec<u8>>) -> Reply {
        let (port, body) = (self.port, body.into());
        let bearer = format!("Bearer {TOKEN}");
        let ask = move || http::request(port, "POST", PATH, &[("Authorization", &bearer)], &body);
        tokio::task::spawn_blocking(ask)
            .await
            .expect("no panic")
            .expect("an answer")
    }

    async fn ask(
        &self,
        method: &'static str,
        path: &'static str,
        header: (&'static str, String),
    ) -> u16 {
        let port = self.port;
        let ask = move || http::request(port, method, path, &[(header.0, &header.1)], b"{}");
        let reply = tokio::task::spawn_blocking(ask).await.expect("no panic");
        reply.expect("an answer").status
    }
}

fn options() -> Options {
    let bind = "127.0.0.1:0".parse().expect("an address");
    Options::new(bind, Secret::new(TOKEN))
}

async fn start(options: Options) -> (Arc<Loop>, Running) {
    let behind = Arc::new(Loop::default());
    let sink = {
        let behind = behind.clone();
        move |batch: Batch| {
            let behind = behind.clone();
            async move { behind.keep(batch).await }
        }
    };
    let listener = Listener::bind(options, Arc::new(sink), clock::now_ms)
        .await
        .expect("it listens");
    let (stop, stopped) = oneshot::channel::<()>();
    let figures = listener.figures();
    let running = Running {
        port: listener.local_addr().port(),
        figures: Box::new(move || figures.lock().clone()),
        stop: Some(stop),
        ended: tokio::spawn(listener.run(async move {
            let _ = stopped.await;
        })),
    };
    (behind, running)
}

fn notification(version: &str) -> String {
    json!({
        "version": version, "groupKey": "g", "receiver": "desk", "status": "firing", "externalURL": "http://am", "truncatedAlerts": 0,
        "alerts": [{ "status": "firing", "labels": { "alertname": "A", "store": "门店1" }, "annotations": {},
            "startsAt": "2026-11-21T11:25:28Z", "endsAt": "0001-01-01T00:00:00Z", "generatorURL": "", "fingerprint": "" }],
    })
    .to_string()
}

fn code(reply: &Reply) -> String {
    let body: Value = serde_json::from_slice(&reply.body).expect("JSON");
    body["code"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_only_after_the_alerts_are_kept() {
    let (behind, listener) = start(options()).await;
    behind.set(WAIT);
    let body = notification("4");
    let mut post = Box::pin(listener.post(body.clone()));
    let early = tokio::time::timeout(Duration::from_millis(500), &mut post).await;
    assert!(early.is_err(), "answered before it was kept: {early:?}");
    assert_eq!(
        (behind.seen.load(Ordering::SeqCst), behind.kept().len()),
        (1, 0)
    );
    behind.go.notify_one();
    let reply = post.await;
    assert_eq!(reply.status, 200);
    let told: Value = serde_json::from_slice(&reply.body).expect("JSON");
    assert_eq!(told, json!({ "accepted": 1, "refused": 0 }));
    assert_eq!(behind.kept().len(), 1);

    behind.set(FAIL);
    let reply = listener.post(body.clone()).await;
    assert_eq!((reply.status, code(&reply)), (503, "not_kept".into()));
    assert_eq!(behind.kept().len(), 1);
    let figures = listener.figures();
    assert_eq!((figures.kept, figures.alerts), (1, 1));
    assert_eq!(figures.refused.get("not_kept"), Some(&1));
    assert!(figures.last_kept.is_some_and(|t| t <= now_ms()));
}

#[tokio::test(flavor = "multi_thread")]
async fn keeping_that_takes_too_long_and_too_many_at_once_are_503() {
    let mut options = options();
    options.keep_timeout = Duration::from_millis(1_500);
    options.in_flight = 2;
    let (behind, listener) = start(options).await;
    behind.set(HANG);
    let mut waiting = vec![
        Box::pin(listener.post(notification("4"))),
        Box::pin(listener.post(notification("4"))),
    ];
    let second = waiting.pop().expect("two");
    let first = waiting.pop().expect("two");
    let third = async {
        while behind.seen.load(Ordering::SeqCst) < 2 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        listener.post(notification("4")).await
    };
    let (first, second, third) = tokio::join!(first, second, third);
    assert_eq!((third.status, code(&third)), (503, "busy".into()));
    for slow in [first, second] {
        assert_eq!((slow.status, code(&slow)), (503, "not_kept".into()));
    }
    behind.set(KEEP);
    assert_eq!(listener.post(notification("4")).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_has_the_token_and_comes_from_here() {
    let (behind, listener) = start(options()).await;
    let right = format!("Bearer {TOKEN}");
    for wrong in ["Bearer nope", "Basic abc", ""] {
        let status = listener
            .ask("POST", PATH, ("Authorization", wrong.into()))
            .await;
        assert_eq!(status, 401, "{wrong}");
    }
    assert_eq!(listener.figures().refused.get("unauthorized"), Some(&3));
    let token = || ("Authorization", right.clone());
    assert_eq!(listener.ask("GET", PATH, token()).await, 405);
    assert_eq!(listener.ask("POST", "/elsewhere", token()).await, 404);
    assert_eq!(
        listener
            .ask("POST", HAPPENED, ("Authorization", "".into()))
            .await,
        401
    );
    assert_eq!(listener.ask("GET", HAPPENED, token()).await, 405);
    // Nothing that happened: it has no title.
    assert_eq!(listener.ask("POST", HAPPENED, token()).await, 400);
    let nobody = ("X-Nobody", String::new());
    assert_eq!(listener.ask("GET", "/healthz", nobody).await, 200);
    let page = ("Origin", "https://evil.example".to_owned());
    assert_eq!(listener.ask("GET", "/healthz", page).await, 403);
    assert!(behind.kept().is_empty());

    let mut other = options();
    other.bind = "0.0.0.0:0".parse().expect("an address");
    let sink = |_: Batch| async { Ok::<(), NotKept>(()) };
    let refused = Listener::bind(other.clone(), Arc::new(sink), clock::now_ms).await;
    assert!(matches!(
        refused.map(|_| ()),
        Err(ListenError::NotLoopback { .. })
    ));
    other.allow_remote = true;
    assert!(
        Listener::bind(other.clone(), Arc::new(sink), clock::now_ms)
            .await
            .is_ok()
    );
    other.token = Secret::new("");
    let refused = Listener::bind(other, Arc::new(sink), clock::now_ms).await;
    assert!(matches!(refused.map(|_| ()), Err(ListenError::NoToken)));
    let mut taken = options();
    taken.bind.set_port(listener.port);
    let refused = Listener::bind(taken, Arc::new(sink), clock::now_ms).await;
    assert!(matches!(refused.map(|_| ()), Err(ListenError::Io { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_bodies_are_400_and_never_tried_again() {
    let (behind, listener) = start(options()).await;
    for (body, expected) in [
        (String::new(), "truncated"),
        ("{".into(), "truncated"),
        ("<html>".into(), "malformed"),
        (notification("3"), "version"),
        (r#"{"text":"自定义"}"#.into(), "custom"),
        (
            notification("4").replace("门店1\"", "门店1\u{1}\""),
            "malformed",
        ),
    ] {
        let reply = listener.post(body.clone()).await;
        assert_eq!(
            (reply.status, code(&reply)),
            (400, expected.into()),
            "{body}"
        );
    }
    let markup = notification("4").replace("门店1", "<script>alert(1)</script>\\u0007");
    assert_eq!(listener.post(markup).await.status, 200);
    let kept = behind.kept();
    assert_eq!(kept.len(), 1);
    let store = kept[0].alerts[0].labels.get("store");
    assert_eq!(store, Some("<script>alert(1)</script>\u{7}"));
}

/// Sends `head` and as much of an endless body as the listener takes; answers what came back.
fn flood(port: u16, head: &str, max: usize) -> (String, usize) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
    let limit = Some(Duration::from_secs(10));
    stream.set_read_timeout(limit).expect("a limit");
    stream.set_write_timeout(limit).expect("a limit");
    stream
        .write_all(head.as_bytes())
        .expect("the head is taken");
    let chunk = [b' '; 16 << 10];
    let framed = [b"4000\r\n".as_slice(), &chunk, b"\r\n"].concat();
    let mut sent = 0;
    let mut answer = Vec::new();
    let mut reader = stream.try_clone().expect("a second handle");
    let reading = std::thread::spawn(move || {
        let _ = reader.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    });
    while sent < max && stream.write_all(&framed).is_ok() {
        sent += chunk.len();
    }
    (reading.join().expect("no panic"), sent)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_megabytes_are_refused_early() {
    let (behind, listener) = start(options()).await;
    let port = listener.port;
    let head = |length: &str| {
        format!(
            "POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {TOKEN}\r\n{length}\r\n\r\n"
        )
    };
    let announced = head("Content-Length: 104857600");
    let (answer, _) = tokio::task::spawn_blocking(move || flood(port, &announced, 0))
        .await
        .expect("no panic");
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    assert!(answer.contains("\"code\":\"too_large\""), "{answer}");
    let chunked = head("Transfer-Encoding: chunked");
    let (answer, sent) = tokio::task::spawn_blocking(move || flood(port, &chunked, 100 << 20))
        .await
        .expect("no panic");
    assert!(sent < 32 << 20, "{sent} bytes were taken");
    // the peer may see the connection close before it reads the answer
    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 413"),
        "{answer}"
    );
    assert_eq!(listener.figures().refused.get("too_large"), Some(&2));
    assert!(behind.kept().is_empty());
    assert_eq!(listener.post(notification("4")).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_peers_do_not_hold_it() {
    let mut options = options();
    options.read_timeout = Duration::from_millis(700);
    options.in_flight = 1;
    let (behind, listener) = start(options).await;
    let port = listener.port;
    // heads that never end, more than there are connections
    let stuck: Vec<TcpStream> = (0..80)
        .map(|_| {
            let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
            stream.write_all(b"POST / HTTP/1.1\r\nX-").expect("taken");
            stream
        })
        .collect();
    assert_eq!(listener.post(notification("4")).await.status, 200);
    drop(stuck);
    // a body that never ends
    let head = format!(
        "POST {PATH} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\nContent-Length: 100\r\n\r\n{{"
    );
    let answer = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
        stream.write_all(head.as_bytes()).expect("taken");
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer);
        answer
    })
    .await
    .expect("no panic");
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    assert!(answer.to_lowercase().contains("retry-after: "), "{answer}");
    assert!(answer.contains("\"slow\""), "{answer}");
    assert_eq!(behind.kept().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn ending_lets_a_running_request_end() {
    let (behind, mut listener) = start(options()).await;
    behind.set(WAIT);
    let stop = listener.stop.take();
    let post = listener.post(notification("4"));
    let ending = async {
        while behind.seen.load(Ordering::SeqCst) == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        drop(stop);
        tokio::time::sleep(Duration::from_millis(100)).await;
        behind.go.notify_one();
    };
    let (reply, ()) = tokio::join!(post, ending);
    assert_eq!(reply.status, 200);
    let ended = tokio::time::timeout(Duration::from_secs(5), listener.ended).await;
    assert!(ended.is_ok(), "it ends when nothing runs any more");
    assert!(TcpStream::connect(("127.0.0.1", listener.port)).is_err());
}

/// Waits at most 20 s.
async fn until(what: &str, holds: impl Fn() -> bool) {
    for _ in 0..400 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("never: {what}");
}

fn webhook_to(port: u16, token: &str, max_alerts: usize) -> servers::Server {
    let url = format!("http://127.0.0.1:{port}{PATH}");
    servers::alertmanager(Some(&am::config_with_webhook(&url, token, max_alerts)))
}

fn alert(store: &str) -> Value {
    json!({ "labels": { "alertname": "HostDown", "store": store }, "annotations": { "summary": "主机离线" } })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_alertmanager_delivers_firing_and_resolved() {
    let (behind, listener) = start(options()).await;
    let server = webhook_to(listener.port, TOKEN, 0);
    am::post(server.port(), &[alert("门店1")]).expect("taken");
    until("delivered", || !behind.kept().is_empty()).await;
    let first = behind.kept().remove(0);
    assert_eq!(
        (first.status, first.receiver.as_str()),
        (Reported::Firing, "desk")
    );
    assert_eq!(first.oddities, Default::default());
    assert!(first.external_url.is_some());
    let [fired] = &first.alerts[..] else {
        panic!("{first:?}")
    };
    assert_eq!(fired.labels.get("store"), Some("门店1"));
    assert_eq!((fired.state, fired.ends_at), (Reported::Firing, None));
    assert_eq!(fired.annotations["summary"], "主机离线");

    let mut over = alert("门店1");
    over["endsAt"] = rfc3339(now_ms() - 100).into();
    am::post(server.port(), &[over]).expect("taken");
    let resolved = |b: &Batch| b.status == Reported::Resolved;
    until("resolved", || behind.kept().iter().any(resolved)).await;
    let batch = behind.kept().into_iter().find(resolved).expect("just seen");
    assert_eq!(batch.alerts[0].fingerprint(), fired.fingerprint());
    assert_eq!(batch.alerts[0].state, Reported::Resolved);
    assert!(batch.alerts[0].ends_at.is_some_and(|t| t <= now_ms()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_alertmanager_tries_again_until_the_alerts_are_kept() {
    let (behind, listener) = start(options()).await;
    behind.set(FAIL);
    let server = webhook_to(listener.port, TOKEN, 0);
    am::post(server.port(), &[alert("门店1")]).expect("taken");
    until("refused twice", || behind.seen.load(Ordering::SeqCst) >= 2).await;
    assert!(behind.kept().is_empty());
    behind.set(KEEP);
    until("kept", || !behind.kept().is_empty()).await;
    assert!(
        listener
            .figures()
            .refused
            .get("not_kept")
            .is_some_and(|n| *n >= 2)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_alertmanager_with_a_wrong_token_or_a_limit() {
    let (behind, listener) = start(options()).await;
    let stranger = webhook_to(listener.port, "another-token", 0);
    am::post(stranger.port(), &[alert("门店1")]).expect("taken");
    until("refused", || {
        listener.figures().refused.contains_key("unauthorized")
    })
    .await;
    assert!(behind.kept().is_empty());

    let server = webhook_to(listener.port, TOKEN, 2);
    let five: Vec<Value> = (0..5).map(|i| alert(&format!("门店{i}"))).collect();
    am::post(server.port(), &five).expect("taken");
    until("the whole group", || {
        behind
            .kept()
            .iter()
            .any(|b| b.alerts.len() as u64 + b.truncated == 5)
    })
    .await;
    assert!(behind.kept().iter().all(|b| b.alerts.len() <= 2));
}
