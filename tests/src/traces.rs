//! A store of traces that answers what a test gives it, as Jaeger's classic API does, whatever that is.

use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// The store. Its threads end with the program.
#[derive(Debug)]
pub struct FakeStore {
    port: u16,
    sent_at: Arc<AtomicI64>,
}

struct Answers {
    services: String,
    id: String,
    trace: Vec<u8>,
    sent_at: Arc<AtomicI64>,
}

impl FakeStore {
    /// Knows these services and one trace, a value of the classic API.
    ///
    /// # Panics
    /// When no port is free.
    pub fn start(services: Vec<String>, trace: Value) -> Self {
        let id = trace["traceID"].as_str().unwrap_or_default().to_owned();
        let body = json!({"data": [trace], "total": 0, "limit": 0, "offset": 0, "errors": null});
        Self::with_body(services, id, body.to_string().into_bytes())
    }

    /// Knows these services and one trace, by the bytes of the answer.
    ///
    /// # Panics
    /// When no port is free.
    pub fn with_body(services: Vec<String>, id: String, trace: Vec<u8>) -> Self {
        let services =
            json!({"data": services, "total": 1, "limit": 0, "offset": 0, "errors": null});
        let sent_at = Arc::new(AtomicI64::new(0));
        let answers = Arc::new(Answers {
            services: services.to_string(),
            id,
            trace,
            sent_at: sent_at.clone(),
        });
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let answers = answers.clone();
                std::thread::spawn(move || serve(stream, &answers));
            }
        });
        Self { port, sent_at }
    }

    /// When the last byte of the trace was handed over, ms since the epoch; 0: not yet.
    pub fn sent_at(&self) -> i64 {
        self.sent_at.load(Ordering::SeqCst)
    }

    /// Where it is.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

/// Answers one question after another, until the other side ends.
fn serve(stream: TcpStream, answers: &Answers) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut out = stream;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let path = line.split(' ').nth(1)?.to_owned();
        loop {
            let mut header = String::new();
            reader.read_line(&mut header).ok()?;
            if header.trim().is_empty() {
                break;
            }
        }
        let (status, body) = answer(answers, path.split('?').next()?);
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        out.write_all(head.as_bytes()).ok()?;
        out.write_all(body).ok()?;
        if std::ptr::eq(body, answers.trace.as_slice()) {
            answers.sent_at.store(crate::now_ms(), Ordering::SeqCst);
        }
    }
}

fn answer<'a>(answers: &'a Answers, path: &str) -> (&'static str, &'a [u8]) {
    const NONE: &[u8] = br#"{"data":[],"total":0,"limit":0,"offset":0,"errors":null}"#;
    const MISSING: &[u8] = br#"{"data":null,"total":0,"limit":0,"offset":0,"errors":[{"code":404,"msg":"trace not found"}]}"#;
    match path {
        "/api/services" => ("200 OK", answers.services.as_bytes()),
        "/api/traces" | "/api/operations" | "/api/dependencies" => ("200 OK", NONE),
        _ => match path.strip_prefix("/api/traces/") {
            Some(id) if id.trim_start_matches('0') == answers.id.trim_start_matches('0') => {
                ("200 OK", &answers.trace)
            }
            Some(_) => ("404 Not Found", MISSING),
            None => ("404 Not Found", b"404 page not found\n"),
        },
    }
}
