//! A server that misbehaves on purpose: any status, headers and body, cut off, dripping or without end.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// A request as it came.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// `GET`, `POST`, …
    pub method: String,
    /// Path with query.
    pub path: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, at most 16 MB.
    pub body: Vec<u8>,
}

impl Request {
    /// The value of a header (`name` in lower case).
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, v)| v.as_str())
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// How the body is sent.
#[derive(Debug, Clone)]
pub enum Body {
    /// Whole, with its length.
    Full(Vec<u8>),
    /// The length promises `declared` bytes, but the connection closes after `sent`.
    Truncated {
        /// What `Content-Length` says.
        declared: usize,
        /// What really comes.
        sent: Vec<u8>,
    },
    /// Chunked transfer that closes without its last chunk.
    ChunkedCut(Vec<u8>),
    /// One byte after the other with a pause between.
    Drip {
        /// What to send.
        bytes: Vec<u8>,
        /// The pause.
        every: Duration,
    },
    /// `first`, then `again` for ever (until the client hangs up).
    Endless {
        /// Sent once.
        first: Vec<u8>,
        /// Sent again and again.
        again: Vec<u8>,
    },
    /// Nothing at all: the connection stays open and silent this long.
    Silence(Duration),
    /// The connection is closed before a single byte of an answer.
    HangUp,
}

/// What a handler answers.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// Headers on top of the length.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Body,
}

impl Answer {
    /// Status with a whole JSON body.
    pub fn json(status: u16, text: impl Into<String>) -> Self {
        Self::with(
            status,
            "application/json",
            Body::Full(text.into().into_bytes()),
        )
    }

    /// Status with any body of a content type.
    pub fn with(status: u16, content_type: &str, body: Body) -> Self {
        Self {
            status,
            headers: vec![("Content-Type".into(), content_type.into())],
            body,
        }
    }
}

type Handler = dyn Fn(&Request) -> Answer + Send + Sync;

/// The server; ends when dropped.
pub struct Hostile {
    port: u16,
    requests: Arc<Mutex<Vec<Request>>>,
    stop: Arc<AtomicBool>,
}

impl Hostile {
    /// Starts one that answers every request with what `handler` says.
    ///
    /// # Panics
    /// When no loopback port can be had.
    pub fn start(handler: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a loopback port");
        let port = listener.local_addr().expect("the port's number").port();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let stop = Arc::new(AtomicBool::new(false));
        let handler: Arc<Handler> = Arc::new(handler);
        let (seen, ended) = (requests.clone(), stop.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if ended.load(Ordering::Relaxed) {
                    return;
                }
                let (handler, seen, ended) = (handler.clone(), seen.clone(), ended.clone());
                std::thread::spawn(move || {
                    // a client that hangs up is what these tests are about, not a failure of the server
                    let _ = serve(stream, &*handler, &seen, &ended);
                });
            }
        });
        Self {
            port,
            requests,
            stop,
        }
    }

    /// Always the same answer.
    pub fn always(answer: Answer) -> Self {
        Self::start(move |_| answer.clone())
    }

    /// Its port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// `http://127.0.0.1:port`.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// All requests so far.
    pub fn requests(&self) -> Vec<Request> {
        self.requests
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Drop for Hostile {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // wakes the accepting thread so that it sees the flag
        let _ = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port));
    }
}

fn serve(
    stream: TcpStream,
    handler: &Handler,
    seen: &Mutex<Vec<Request>>,
    ended: &AtomicBool,
) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    stream.set_write_timeout(Some(Duration::from_secs(10)))?;
    let request = read_request(&mut BufReader::new(&stream))?;
    let answer = handler(&request);
    seen.lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(request);
    send(&stream, &answer, ended)?;
    stream.shutdown(Shutdown::Write)
}

fn read_request(reader: &mut impl BufRead) -> std::io::Result<Request> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut parts = line.split_whitespace();
    let mut request = Request {
        method: parts.next().unwrap_or_default().into(),
        path: parts.next().unwrap_or_default().into(),
        ..Request::default()
    };
    loop {
        line.clear();
        if reader.read_line(&mut line)? == 0 || line.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':') {
            request
                .headers
                .push((name.trim().to_ascii_lowercase(), value.trim().into()));
        }
    }
    let length: u64 = request
        .header("content-length")
        .and_then(|v| v.parse().ok())
        .unwrap_or(0);
    reader
        .take(length.min(16 << 20))
        .read_to_end(&mut request.body)?;
    Ok(request)
}

fn send(mut out: &TcpStream, answer: &Answer, ended: &AtomicBool) -> std::io::Result<()> {
    let framing = match &answer.body {
        Body::Silence(time) => {
            std::thread::sleep(*time);
            return Ok(());
        }
        Body::HangUp => return Ok(()),
        Body::Full(bytes) => format!("Content-Length: {}\r\n", bytes.len()),
        Body::Drip { bytes, .. } => format!("Content-Length: {}\r\n", bytes.len()),
        Body::Truncated { declared, .. } => format!("Content-Length: {declared}\r\n"),
        Body::ChunkedCut(_) => "Transfer-Encoding: chunked\r\n".into(),
        Body::Endless { .. } => String::new(),
    };
    let mut head = format!(
        "HTTP/1.1 {} Test\r\nConnection: close\r\n{framing}",
        answer.status
    );
    for (name, value) in &answer.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    out.write_all(head.as_bytes())?;
    match &answer.body {
        Body::Full(bytes) | Body::Truncated { sent: bytes, .. } => out.write_all(bytes),
        Body::ChunkedCut(bytes) => {
            out.write_all(format!("{:x}\r\n", bytes.len()).as_bytes())?;
            out.write_all(bytes)?;
            out.write_all(b"\r\n")
        }
        Body::Drip { bytes, every } => bytes.iter().try_for_each(|byte| {
            std::thread::sleep(*every);
            out.write_all(&[*byte])
        }),
        Body::Endless { first, again } => {
            out.write_all(first)?;
            while !ended.load(Ordering::Relaxed) {
                out.write_all(again)?;
            }
            Ok(())
        }
        Body::Silence(_) | Body::HangUp => Ok(()),
    }
}
