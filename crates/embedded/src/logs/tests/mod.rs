//! The store beside a slow reference, and what goes wrong.

mod faults;
mod reference;
mod tailing;

use super::{LogStore, Options};
use model::log::{Filter, LogCategory, LogLevel, LogLine, LogPosition, LogRange};
use serde_json::json;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// 2026-11-21T12:00:00Z, ms.
const NOW_MS: i64 = 1_795_262_400_000;
const NOW: i64 = NOW_MS * 1_000_000;
const SECOND: i64 = 1_000_000_000;
const HOUR: i64 = 3_600 * SECOND;
/// The number of the first arrival in an empty folder.
const FIRST: u64 = 1_024;

/// A clock that tests set.
fn clock(at_ms: i64) -> (crate::Clock, Arc<AtomicI64>) {
    let now = Arc::new(AtomicI64::new(at_ms));
    let read = now.clone();
    (Arc::new(move || read.load(Ordering::Relaxed)), now)
}

fn options(folder: &Path) -> Options {
    let mut options = Options::new(folder, clock(NOW_MS).0);
    options.linger = std::time::Duration::from_millis(1);
    options
}

fn open(folder: &Path) -> LogStore {
    LogStore::open(options(folder)).expect("the store opens")
}

fn all_of(filter: Filter) -> LogRange {
    LogRange {
        from_ns: i64::MIN,
        to_ns: i64::MAX,
        filter,
    }
}

fn text(phrase: &str) -> Filter {
    Filter::Text(phrase.into())
}

fn line(at_ns: i64, message: &str) -> LogLine {
    LogLine {
        position: LogPosition { at_ns, seq: 0 },
        message: message.into(),
        ..LogLine::default()
    }
}

/// Numbers that look random, the same for the same seed (splitmix64).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n.max(1)
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        let at = self.below(all.len() as u64) as usize;
        all[at]
    }
}

/// A line of some writer, mostly a little after the one before, sometimes late, early or at the same time.
fn any_line(dice: &mut Dice, at_ns: &mut i64) -> LogLine {
    *at_ns += match dice.below(10) {
        0..4 => 0,
        4..9 => dice.below(20 * SECOND as u64) as i64,
        _ => -(dice.below(40 * SECOND as u64) as i64),
    };
    let stray = if dice.below(50) == 0 {
        dice.below(30 * HOUR as u64) as i64
    } else {
        0
    };
    let order = dice.below(90_000_000);
    let message = match dice.below(8) {
        0 => format!("下单失败，连接超时 order=PO{order:08}"),
        1 => format!("支付完成 {order} 用时 {}ms", dice.below(900)),
        2 => format!(
            "ConnectTimeout in OrderServiceImpl trace {:016x}",
            dice.next()
        ),
        3 => "库存不足".to_owned(),
        4 => format!("GET /api/orders/{order} 200"),
        5 => "a b c 超".to_owned(),
        6 => String::new(),
        _ => format!("用户{order}登录 ok 时"),
    };
    let attrs = match dice.below(4) {
        0 => json!({}),
        1 => json!({"http": {"status": dice.of(&[200, 404, 502]), "path": "/x"}}),
        2 => json!({"user": dice.of(&["Li", "Wang"]), "ms": dice.below(2_000), "ratio": 0.25}),
        _ => json!({"ok": dice.below(2) == 0, "tags": ["a"], "none": null}),
    };
    let trace = dice.below(3);
    LogLine {
        position: LogPosition {
            at_ns: *at_ns - stray,
            seq: 0,
        },
        level: dice.of(&[
            None,
            Some(LogLevel::Info),
            Some(LogLevel::Warn),
            Some(LogLevel::Error),
        ]),
        category: dice.of(&LogCategory::ALL),
        service: dice.of(&["", "order-service", "payment"]).to_owned(),
        host: dice.of(&["", "node-1", "node-2"]).to_owned(),
        message,
        trace_id: if trace == 0 {
            format!("{:032x}", dice.below(20))
        } else {
            String::new()
        },
        span_id: String::new(),
        attrs: attrs.as_object().cloned().unwrap_or_default(),
    }
}
