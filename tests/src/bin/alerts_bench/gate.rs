//! A door between the desk and a server: shut, every connection breaks; open, bytes pass, and it is noted when a large answer was complete.

use shouwang_tests::now_ms;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};

/// An answer larger than this is a list of alerts.
const LARGE: usize = 100_000;

#[derive(Default)]
struct State {
    open: AtomicBool,
    /// When the latest byte of a large answer was handed to the desk, ms.
    complete: AtomicI64,
    /// Bytes of the answer to the latest request.
    bytes: AtomicUsize,
}

/// A door. Its threads end with the program.
pub struct Gate {
    port: u16,
    state: Arc<State>,
}

impl Gate {
    /// Before the server at this port of 127.0.0.1, shut.
    pub fn before(server: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let state = Arc::new(State::default());
        let shared = state.clone();
        std::thread::spawn(move || {
            for desk in listener.incoming().flatten() {
                if !shared.open.load(Ordering::SeqCst) {
                    continue;
                }
                if let Ok(server) = TcpStream::connect(("127.0.0.1", server)) {
                    pass(&desk, &server, &shared);
                }
            }
        });
        Self { port, state }
    }

    /// Where the desk finds it.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// From now on bytes pass.
    pub fn open(&self) {
        self.state.open.store(true, Ordering::SeqCst);
    }

    /// When the desk had the latest list of alerts whole, ms since the epoch; 0: not yet.
    pub fn complete_at(&self) -> i64 {
        self.state.complete.load(Ordering::SeqCst)
    }
}

fn pass(desk: &TcpStream, server: &TcpStream, state: &Arc<State>) {
    let pairs = desk.try_clone().and_then(|d| Ok((d, server.try_clone()?)));
    let Ok((mut from_desk, mut to_server)) = pairs else {
        return;
    };
    let pairs = desk.try_clone().and_then(|d| Ok((d, server.try_clone()?)));
    let Ok((mut to_desk, mut from_server)) = pairs else {
        return;
    };
    let asked = state.clone();
    std::thread::spawn(move || {
        copy(&mut from_desk, &mut to_server, |_| {
            asked.bytes.store(0, Ordering::SeqCst);
        });
    });
    let answered = state.clone();
    std::thread::spawn(move || {
        copy(&mut from_server, &mut to_desk, |n| {
            if answered.bytes.fetch_add(n, Ordering::SeqCst) + n > LARGE {
                answered.complete.store(now_ms(), Ordering::SeqCst);
            }
        });
    });
}

/// Until one side ends; `passed` hears of each piece.
fn copy(from: &mut TcpStream, to: &mut TcpStream, passed: impl Fn(usize)) {
    let mut piece = vec![0; 256 << 10];
    while let Ok(n) = from.read(&mut piece) {
        let Some(read) = piece.get(..n).filter(|_| n > 0) else {
            break;
        };
        if to.write_all(read).is_err() {
            break;
        }
        passed(n);
    }
    // the other side may have gone first
    let _ = to.shutdown(Shutdown::Write);
}
