use super::*;
use crate::error::Retry;
use crate::message::{Kind, Recipient};
use model::alert::Level;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::mpsc;

/// What a server does with one connection after it has read the request.
type Manner = fn(&mut TcpStream);

/// A server of these manners, one after the other; the last one stays. Requests come by the receiver.
fn server(manners: &[Manner]) -> (u16, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("bound").port();
    let manners = manners.to_vec();
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        for (i, stream) in listener.incoming().flatten().enumerate() {
            let manner = manners[i.min(manners.len() - 1)];
            let sender = sender.clone();
            std::thread::spawn(move || serve(stream, manner, &sender));
        }
    });
    (port, receiver)
}

fn serve(mut stream: TcpStream, manner: Manner, sender: &mpsc::Sender<String>) {
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&request).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|l| {
                    l.to_ascii_lowercase()
                        .strip_prefix("content-length: ")
                        .map(str::to_owned)
                })
                .and_then(|l| l.parse::<usize>().ok())
                .unwrap_or(0);
            if body.len() >= length {
                break;
            }
        }
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => return,
            Ok(n) => request.extend_from_slice(&buffer[..n]),
        }
    }
    let _ = sender.send(String::from_utf8_lossy(&request).into_owned());
    manner(&mut stream);
    let _ = stream.shutdown(Shutdown::Write);
}

fn answer(stream: &mut TcpStream, head: &str) {
    let _ = write!(
        stream,
        "HTTP/1.1 {head}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    );
}

fn settings(port: u16) -> WebhookSettings {
    WebhookSettings {
        allow: vec!["127.0.0.1".into()],
        allow_http: true,
        timeout_seconds: 1,
        per_minute: 0,
        ..WebhookSettings::to(format!("http://127.0.0.1:{port}/hook?team=ops"))
    }
}

fn to(port: u16) -> Webhook {
    Webhook::new(
        settings(port),
        Some(Secret::new("sign-me")),
        Some(Secret::new("token-1")),
    )
    .expect("settings are right")
}

fn message() -> Message {
    Message {
        id: NoticeId(0x0011_2233_4455_6677_8899_aabb_ccdd_eeff),
        kind: Kind::Fired,
        level: Level::P0,
        title: "P0 · 微信支付成功率过低".into(),
        body: vec!["持续 4 分钟".into()],
        facts: Vec::new(),
        actions: Vec::new(),
        link: None,
        to: Recipient::default(),
        counts: [1, 0, 0, 0],
        alerts: Vec::new(),
        total: 1,
        locale: "zh-CN".into(),
        written_at: 1_795_233_600_999,
    }
}

#[tokio::test]
async fn the_document_is_posted_and_signed() {
    let (port, requests) = server(&[|s| answer(s, "204 No Content")]);
    let hook = to(port);
    assert_eq!(hook.health().await.code, "not_tried");
    let receipt = hook.send(&message()).await.expect("taken");
    assert_eq!(receipt, Receipt("HTTP 204".into()));
    let request = requests.recv().expect("a request");
    let (head, body) = request.split_once("\r\n\r\n").expect("head and body");
    assert!(head.starts_with("POST /hook?team=ops HTTP/1.1"), "{head}");
    let head = head.to_ascii_lowercase();
    let signed = signature(&Secret::new("sign-me"), "1795233600", body.as_bytes());
    for line in [
        "x-shouwang-notice: 00112233445566778899aabbccddeeff",
        "x-shouwang-timestamp: 1795233600",
        &format!("x-shouwang-signature: {signed}"),
        "authorization: bearer token-1",
        "content-type: application/json; charset=utf-8",
    ] {
        assert!(head.contains(line), "{line} is not in {head}");
    }
    let document: serde_json::Value = serde_json::from_str(body).expect("JSON");
    let expected = serde_json::json!({
        "version": "1", "notice": "00112233445566778899aabbccddeeff", "kind": "fired", "level": "P0",
        "title": "P0 · 微信支付成功率过低", "body": ["持续 4 分钟"], "facts": [], "link": null,
        "to": {"id": "", "name": "", "address": null}, "locale": "zh-CN", "written_at": 1_795_233_600_999_i64,
        "total": 1, "counts": {"P0": 1, "P1": 0, "P2": 0, "P3": 0}, "alerts": []
    });
    assert_eq!(document, expected);
    assert_eq!(hook.health().await.params["status"], "204");
}

#[tokio::test]
async fn the_status_decides_whether_to_try_again() {
    use Retry::{After, Never};
    let secs = |s| After(Duration::from_secs(s));
    let cases: [(Manner, Code, Retry); 14] = [
        (|s| answer(s, "400 Bad Request"), Code::Rejected, Never),
        (|s| answer(s, "401 Unauthorized"), Code::Unauthorized, Never),
        (|s| answer(s, "403 Forbidden"), Code::Unauthorized, Never),
        (|s| answer(s, "404 Not Found"), Code::Rejected, Never),
        (|s| answer(s, "413 Too Large"), Code::Rejected, Never),
        (|s| answer(s, "408 Timeout"), Code::Busy, secs(15)),
        (|s| answer(s, "425 Too Early"), Code::Busy, secs(15)),
        (
            |s| answer(s, "429 Slow\r\nRetry-After: 7"),
            Code::Busy,
            secs(7),
        ),
        (
            |s| answer(s, "429 Slow\r\nRetry-After: 99999999999999999999"),
            Code::Busy,
            secs(3600),
        ),
        (
            |s| answer(s, "429 Slow\r\nRetry-After: soon"),
            Code::Busy,
            secs(60),
        ),
        (
            |s| {
                answer(
                    s,
                    "503 Busy\r\nDate: Sat, 21 Nov 2026 12:00:00 GMT\r\nRetry-After: Sat, 21 Nov 2026 12:02:00 GMT",
                );
            },
            Code::Busy,
            secs(120),
        ),
        (
            |s| answer(s, "503 Busy\r\nRetry-After: -5"),
            Code::Busy,
            secs(1),
        ),
        (|s| answer(s, "500 Error"), Code::ServerError, secs(30)),
        (
            |s| answer(s, "302 Found\r\nLocation: http://169.254.169.254/"),
            Code::Redirected,
            Never,
        ),
    ];
    for (manner, code, retry) in cases {
        let (port, _requests) = server(&[manner]);
        let hook = to(port);
        let error = hook.send(&message()).await.expect_err("refused");
        assert_eq!((error.code, error.retry), (code, retry), "{error:?}");
        assert!(!hook.health().await.ok);
    }
}

#[tokio::test]
async fn a_hostile_server_costs_little() {
    let cases: [(Manner, Code); 5] = [
        (|_| {}, Code::Broken),
        (
            |s| drop(s.write_all(b"SSH-2.0-OpenSSH_9\r\n")),
            Code::Broken,
        ),
        (
            |s| std::thread::sleep(Duration::from_secs(if s.nodelay().is_ok() { 3 } else { 0 })),
            Code::Timeout,
        ),
        // one byte of a head now and then
        (
            |s| {
                for byte in b"HTTP/1.1 200 OK\r\nX-Slow: aaaaaaaaaaaaaaaaaaaa" {
                    if s.write_all(&[*byte]).is_err() {
                        return;
                    }
                    std::thread::sleep(Duration::from_millis(100));
                }
            },
            Code::Timeout,
        ),
        // a head without end
        (
            |s| {
                let _ = s.write_all(b"HTTP/1.1 200 OK\r\n");
                while s.write_all(&[b'a'; 4096]).is_ok() {}
            },
            Code::Broken,
        ),
    ];
    for (i, (manner, code)) in cases.into_iter().enumerate() {
        let (port, _requests) = server(&[manner]);
        let error = to(port).send(&message()).await.expect_err("no answer");
        assert_eq!(error.code, code, "case {i}: {error:?}");
        assert!(error.retry_after().is_some(), "case {i}");
        assert!(!format!("{error:?} {error}").contains("sign-me"));
    }
    // a body without end is not waited for
    let (port, _requests) = server(&[|s| {
        let _ = s.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n");
        while s.write_all(&[b'a'; 4096]).is_ok() {}
    }]);
    assert!(to(port).send(&message()).await.is_ok());
}

#[tokio::test]
async fn nobody_there_is_worth_another_try() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("bound").port();
    drop(listener);
    let error = to(port).send(&message()).await.expect_err("nobody");
    assert_eq!(
        (error.code, error.params["host"].as_str()),
        (Code::Connect, "127.0.0.1")
    );
}

#[tokio::test]
async fn addresses_that_are_not_allowed_are_never_called() {
    let (port, requests) = server(&[|s| answer(s, "200 OK")]);
    for host in [
        "127.0.0.1",
        "localhost",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "2130706433",
        "0x7f.1",
    ] {
        let settings = WebhookSettings {
            allow: Vec::new(),
            ..settings(port)
        };
        let settings = WebhookSettings {
            url: format!("http://{host}:{port}/"),
            ..settings
        };
        let hook = Webhook::new(settings, None, None).expect("settings are right");
        let error = hook.send(&message()).await.expect_err("refused");
        assert_eq!(
            (error.code, error.retry),
            (Code::AddressRefused, Retry::Never),
            "{host}"
        );
    }
    assert!(requests.try_recv().is_err(), "nothing came");
    // a name is judged by what it leads to
    let settings = WebhookSettings {
        url: format!("http://localhost:{port}/"),
        allow: vec!["127.0.0.0/8".into(), "::1".into()],
        ..settings(port)
    };
    let hook = Webhook::new(settings, None, None).expect("settings are right");
    assert!(hook.send(&message()).await.is_ok());
}

#[tokio::test]
async fn the_budget_holds() {
    let (port, requests) = server(&[|s| answer(s, "200 OK")]);
    let settings = WebhookSettings {
        per_minute: 6,
        ..settings(port)
    };
    let hook = Webhook::new(settings, None, None).expect("settings are right");
    for _ in 0..2 {
        assert!(hook.send(&message()).await.is_ok());
    }
    let error = hook.send(&message()).await.expect_err("too many");
    assert_eq!(error.code, Code::RateLimited);
    let wait = error.retry_after().expect("later").as_secs();
    assert!((9..=10).contains(&wait), "{wait}");
    assert_eq!(requests.iter().take(2).count(), 2);
    assert!(requests.try_recv().is_err());
}

#[test]
fn settings_that_cannot_be_are_refused_by_name() {
    let wrong = |change: fn(&mut WebhookSettings)| {
        let mut s = settings(1);
        change(&mut s);
        match Webhook::new(s, None, None) {
            Err(BuildError::Value { field, problem, .. }) => (field, problem),
            Err(other) => panic!("{other}"),
            Ok(_) => panic!("taken"),
        }
    };
    assert_eq!(wrong(|s| s.url = "nonsense".into()), ("url", "url"));
    assert_eq!(wrong(|s| s.url = "ftp://h/".into()), ("url", "url_scheme"));
    assert_eq!(
        wrong(|s| s.url = "https://u:p@h/".into()),
        ("url", "url_credentials")
    );
    assert_eq!(wrong(|s| s.allow_http = false), ("url", "http_not_allowed"));
    assert_eq!(
        wrong(|s| s.allow = vec!["office".into()]),
        ("allow", "network")
    );
    assert_eq!(wrong(|s| s.ca = vec!["x".into()]), ("ca", "certificate"));
    assert_eq!(
        wrong(|s| s.timeout_seconds = 0),
        ("timeout_seconds", "out_of_range")
    );
    assert_eq!(
        wrong(|s| s.per_minute = 6001),
        ("per_minute", "out_of_range")
    );
}

#[test]
fn a_large_document_is_cut_to_size() {
    let mut m = message();
    let brief = crate::message::AlertBrief {
        id: model::duty::AlertId(1),
        fingerprint: model::alert::Fingerprint(1),
        level: Level::P0,
        state: "firing",
        starts_at: 0,
        ends_at: None,
        value: None,
        labels: (0..40).map(|i| (i.to_string(), "值".repeat(300))).collect(),
        annotations: std::collections::BTreeMap::new(),
        acknowledged_by: None,
    };
    m.alerts = vec![brief; 50];
    m.total = 50;
    let body = body::encode(&m);
    assert!(body.len() <= 256 << 10);
    let document: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
    assert_eq!(document["total"], 50);
    let kept = document["alerts"].as_array().expect("alerts").len();
    assert!((1..50).contains(&kept));
}
