//! The embedded store behind its HTTP API, on a free loopback port, for tests that speak to it from outside.

use embedded::api::{Options as ApiOptions, Server};
use embedded::tsdb::{Options, Tsdb};
use serde_json::Value;
use shouwang_tests::now_ms;
use std::sync::Arc;
use std::thread::JoinHandle;
use tokio::sync::oneshot;

/// The API with its store; both end when this is dropped.
pub struct Embedded {
    pub port: u16,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// A store in memory on the machine's clock.
pub fn embedded() -> Embedded {
    with(Arc::new(Tsdb::in_memory(Options::new(Arc::new(now_ms)))))
}

/// The API of this store.
pub fn with(tsdb: Arc<Tsdb>) -> Embedded {
    let (stop, stopped) = oneshot::channel();
    let (told, port) = std::sync::mpsc::channel();
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build();
        runtime.expect("a runtime").block_on(async {
            let options = ApiOptions::new(([127, 0, 0, 1], 0).into());
            let engine = promql::Engine::default();
            let server = Server::bind(options, tsdb, engine, Arc::new(now_ms))
                .await
                .expect("a free port");
            told.send(server.local_addr().port())
                .expect("the test waits");
            let stop = async {
                let _ = stopped.await;
            };
            server.run(stop).await.expect("it serves");
        });
    });
    let port = port.recv().expect("the API listens");
    Embedded {
        port,
        stop: Some(stop),
        thread: Some(thread),
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// `text` as part of a URL.
pub fn url(text: &str) -> String {
    let mut out = String::new();
    for b in text.bytes() {
        if b.is_ascii_alphanumeric() {
            out.push(char::from(b));
        } else {
            out.push_str(&format!("%{b:02X}"));
        }
    }
    out
}

/// Whether two answers say the same: numbers to 1e-9 (the order of a sum is nobody's promise), all else exactly.
pub fn alike(a: &Value, b: &Value) -> bool {
    let number = |v: &Value| v.as_str().and_then(|s| s.parse::<f64>().ok());
    match (a, b) {
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(x, y)| alike(x, y))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(k, x)| b.get(k).is_some_and(|y| alike(x, y)))
        }
        _ => match (number(a), number(b)) {
            (Some(x), Some(y)) if x.is_finite() => (x - y).abs() <= 1e-9 * x.abs().max(y.abs()),
            _ => a == b,
        },
    }
}

/// An answer of `/query`, `/series` … with what has no order brought into one: series by their labels, samples kept.
pub fn ordered(mut body: Value) -> Value {
    let kind = &body["data"]["resultType"];
    let instant = kind == "vector" || kind == "matrix";
    let list = if instant {
        &mut body["data"]["result"]
    } else {
        &mut body["data"]
    };
    if let Value::Array(list) = list {
        list.sort_by_key(|v| {
            if instant {
                v["metric"].to_string()
            } else {
                v.to_string()
            }
        });
    }
    body
}
