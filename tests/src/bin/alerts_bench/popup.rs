//! From a webhook's notification to the pop-up: at rest, and for an emergency in the middle of a storm.
//!
//! A person is told of no more than ten things a minute one by one. So at rest twenty persons have ten emergencies each, with policies of
//! their own; in the storm all is one person's, and of its emergencies five pass by themselves, so there are five.

use super::{percentile, say};
use serde_json::{Value, json};
use shouwang_tests::alertmanager::{rfc3339, sample};
use shouwang_tests::notifications::{Manner, NotificationServer};
use shouwang_tests::{http, now_ms};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::File;
use std::io::Write as _;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use xtask::display::{Display, Size};
use xtask::fixture;
use xtask::procs::{self, Service};

const TOKEN: &str = "a-token-of-the-bench";
const PATH: &str = "/api/v1/webhook/alertmanager";
/// Emergencies of one person.
const EACH: usize = 10;
/// Alerts of the storm, and how many come at a time.
const STORM: usize = 10_000;
const AT_A_TIME: usize = 500;
/// Emergencies in the storm.
const URGENT: usize = 5;

struct Desk {
    // dropped in this order
    _program: Service,
    server: NotificationServer,
    _display: Display,
    port: u16,
}

impl Desk {
    fn start(persons: usize) -> Self {
        let display = Display::start(Size::FULL_HD).expect("a display");
        let program =
            PathBuf::from(std::env::var_os("SHOUWANG_BIN").expect("SHOUWANG_BIN is the program"));
        let port = fixture::free_port().expect("a free port");
        let config = display.dir().join("config.toml");
        std::fs::write(&config, configuration(persons, port))
            .expect("the configuration can be written");
        let log = File::create(display.dir().join("program.log")).expect("a log");
        let command = |args: &[&str]| {
            let mut command = procs::tied(&program);
            command
                .arg("--config")
                .arg(&config)
                .args(args)
                .env("SHOUWANG_DATA", display.dir().join("data"))
                .env("SHOUWANG_NO_KEYRING", "1")
                .env("HOME", display.dir())
                .env("LANG", "zh_CN.UTF-8")
                .stdin(Stdio::null())
                .stdout(log.try_clone().expect("the log can be shared"))
                .stderr(log.try_clone().expect("the log can be shared"));
            display.apply(&mut command);
            command
        };
        store_token(&mut command(&["secret", "set", "webhook-token"]));
        let address = bus(&mut command(&[]));
        let server = NotificationServer::start(&address, Manner::able());
        let mut program =
            Service::start("shouwang", &mut command(&["--desk"])).expect("the program starts");
        let begun = procs::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let alive = program.check().is_ok() && begun.elapsed() < Duration::from_secs(60);
            assert!(
                alive,
                "the listener does not come up\n{}",
                words(display.dir())
            );
            std::thread::sleep(Duration::from_millis(100));
        }
        // the window opens meanwhile
        std::thread::sleep(Duration::from_secs(8));
        Self {
            _program: program,
            server,
            _display: display,
            port,
        }
    }

    /// Posts one notification as an Alertmanager does: again after 503.
    fn post(&self, alerts: &[Value]) {
        let body = json!({
            "version": "4", "groupKey": "{}:{}", "truncatedAlerts": 0, "status": "firing", "receiver": "desk", "groupLabels": {},
            "commonLabels": {}, "commonAnnotations": {}, "externalURL": "http://am.example:9093", "alerts": alerts,
        })
        .to_string();
        let token = format!("Bearer {TOKEN}");
        let headers = [
            ("Content-Type", "application/json"),
            ("Authorization", token.as_str()),
        ];
        loop {
            let reply = http::request(self.port, "POST", PATH, &headers, body.as_bytes())
                .expect("an answer");
            match reply.status {
                200..300 => return,
                503 => std::thread::sleep(Duration::from_millis(50)),
                other => panic!("{other}: {}", reply.text()),
            }
        }
    }

    /// How long after its time in `sent` each was put to the notification server, ms; the key stands in the pop-up's title.
    fn latencies(&self, sent: &BTreeMap<String, Instant>) -> Vec<f64> {
        let begun = procs::now();
        loop {
            let notes = self.server.notes();
            let of = |(key, at): (&String, &Instant)| {
                let note = notes.iter().find(|n| n.title.contains(key.as_str()))?;
                Some(note.at.duration_since(*at).as_secs_f64() * 1_000.0)
            };
            let found: Vec<f64> = sent.iter().filter_map(of).collect();
            if found.len() == sent.len() || begun.elapsed() > Duration::from_secs(20) {
                // what never came misses every target
                let missing = sent.len() - found.len();
                return [found, vec![f64::INFINITY; missing]].concat();
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

fn words(dir: &Path) -> String {
    std::fs::read_to_string(dir.join("program.log")).unwrap_or_default()
}

fn store_token(command: &mut Command) {
    let mut child = command
        .stdin(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut input = child.stdin.take().expect("piped");
    input
        .write_all(TOKEN.as_bytes())
        .expect("it reads the token");
    drop(input);
    assert!(
        child.wait().expect("it ends").success(),
        "the token was not stored"
    );
}

fn bus(command: &mut Command) -> String {
    let found = command
        .get_envs()
        .find(|(name, _)| *name == "DBUS_SESSION_BUS_ADDRESS");
    let address = found
        .and_then(|(_, address)| address)
        .expect("the display has a bus");
    address.to_string_lossy().into_owned()
}

fn configuration(persons: usize, port: u16) -> String {
    let mut text = format!(
        "[embedded]\nhost = false\n[duty]\nbuiltin_rules = false\nlisten = \"127.0.0.1:{port}\"\nlisten_secret = \"webhook-token\"\n"
    );
    for i in 0..persons {
        let _ = write!(
            text,
            "[[person]]\nid = \"p{i}\"\nname = \"值班{i}\"\n[[policy]]\nname = \"lane{i}\"\nlevel = \"P0\"\nmatchers = [\"lane=l{i}\"]\n\
             [[policy.step]]\nafter_minutes = 0.0\nto = [\"p{i}\"]\nchannels = [\"popup\"]\n"
        );
    }
    text.push_str(
        "[[policy]]\nname = \"storm\"\nlevel = \"P1\"\n[[policy.step]]\nafter_minutes = 0.0\nto = [\"p0\"]\nchannels = [\"popup\"]\n",
    );
    text
}

fn urgent(key: &str, lane: usize) -> Value {
    json!({
        "status": "firing", "startsAt": rfc3339(now_ms()), "endsAt": "0001-01-01T00:00:00Z",
        "labels": { "alertname": "PaymentDown", "severity": "critical", "case": key, "lane": format!("l{lane}") },
        "annotations": { "summary": format!("支付中断 {key}") }, "generatorURL": "http://prometheus.example/graph",
    })
}

/// Both.
pub fn measure(quick: bool) {
    at_rest(if quick { 3 } else { 20 });
    storm();
}

fn at_rest(persons: usize) {
    let desk = Desk::start(persons);
    let mut sent = BTreeMap::new();
    for i in 0..persons * EACH {
        let key = format!("K{i:04}K");
        let alert = urgent(&key, i / EACH);
        sent.insert(key, procs::now());
        desk.post(&[alert]);
        std::thread::sleep(Duration::from_millis(100));
    }
    let took = desk.latencies(&sent);
    say(
        &json!({ "webhook_to_notify": { "rest_p50_ms": percentile(&took, 50), "rest_p99_ms": percentile(&took, 99),
        "rest_max_ms": percentile(&took, 100), "posts": took.len() } }),
    );
}

fn storm() {
    let desk = Desk::start(1);
    let starts = rfc3339(now_ms());
    let alerts: Vec<Value> = (0..STORM)
        .map(|i| {
            let mut alert = sample(i);
            // emergencies are measured, so the storm has none of its own
            if alert["labels"]["severity"] == "critical" {
                alert["labels"]["severity"] = "high".into();
            }
            alert["status"] = "firing".into();
            alert["startsAt"] = starts.clone().into();
            alert["endsAt"] = "0001-01-01T00:00:00Z".into();
            alert
        })
        .collect();
    let posted = AtomicUsize::new(0);
    let begun = procs::now();
    let sent = std::thread::scope(|scope| {
        scope.spawn(|| {
            for some in alerts.chunks(AT_A_TIME) {
                desk.post(some);
                posted.fetch_add(1, Ordering::SeqCst);
            }
        });
        let mut sent = BTreeMap::new();
        for i in 0..URGENT {
            // spread over the storm, the first once it has begun
            while posted.load(Ordering::SeqCst) < 1 + i * STORM / AT_A_TIME / (URGENT + 1) {
                std::thread::sleep(Duration::from_millis(5));
            }
            let key = format!("S{i:04}S");
            let alert = urgent(&key, 0);
            sent.insert(key, procs::now());
            desk.post(&[alert]);
        }
        sent
    });
    let seconds = begun.elapsed().as_secs_f64();
    let took = desk.latencies(&sent);
    say(
        &json!({ "webhook_to_notify": { "storm_p50_ms": percentile(&took, 50), "storm_max_ms": percentile(&took, 100),
        "storm_alerts": STORM, "storm_kept_s": seconds, "popups": desk.server.notes().len() } }),
    );
}
