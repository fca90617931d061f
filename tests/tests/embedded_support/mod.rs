//! The embedded store behind its HTTP API, on a free loopback port, for tests that speak to it from outside.

use embedded::api::{Options as ApiOptions, Server};
use embedded::tsdb::{Options, Tsdb};
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
