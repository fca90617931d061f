//! What finding patterns costs, a line of JSON: `cargo run --release -p logs --example patterns_bench`. One core, messages of all kinds, in
//! Chinese and English, made up before the clock starts.

use logs::patterns::Miner;
use std::time::Instant;

const LINES: usize = 400_000;
const ROUNDS: usize = 5;

/// Numbers that are the same in every run.
struct Dice(u64);

impl Dice {
    fn next(&mut self, below: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }

    fn of<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words
            .get(self.next(words.len() as u64) as usize)
            .copied()
            .unwrap_or_default()
    }
}

fn message(dice: &mut Dice) -> String {
    let (a, b, c) = (dice.next(1 << 31), dice.next(100_000), dice.next(255));
    let name = dice.of(&[
        "alice", "bob", "chenwei", "deploy", "erin", "fang", "guo", "hao", "ivan",
    ]);
    let dish = dice.of(&[
        "宫保鸡丁",
        "番茄炒蛋",
        "清蒸鲈鱼",
        "麻婆豆腐",
        "白灼菜心",
        "糙米饭",
    ]);
    match dice.next(16) {
        0 => format!("订单 {a} 创建成功，用户 {b}，金额 {}.{c:02} 元", b / 7),
        1 => format!("支付回调失败：订单号=ORD{a}，渠道=wechat，错误码 {c}，耗时 {b}ms"),
        2 => format!("用户{name}登录成功，来源IP 10.2.{c}.{}", b % 255),
        3 => format!("推荐菜品“{dish}”给用户 {b}，得分 0.{c:03}"),
        4 => format!("GET /api/v1/orders/{a} 200 {b} \"Mozilla/5.0 (X11; Linux x86_64)\" 0.{c:03}"),
        5 => format!("[HikariPool-1] Connection is not available, request timed out after {b}ms."),
        6 => format!("Failed password for invalid user {name} from 192.168.{c}.7 port {b} ssh2"),
        7 => format!("Received block blk_{a} of size {b} from /10.250.{c}.7"),
        8 => format!(
            "user_id={b} trace_id={a:016x}{b:016x} action=checkout status={c} duration={}us",
            a % 9_000
        ),
        9 => format!(
            "slow query ({b} ms): SELECT * FROM orders WHERE user_id = {a} ORDER BY created_at DESC LIMIT 20"
        ),
        10 => format!(
            "java.net.ConnectException: Connection refused: inventory-service-{c}.svc/10.1.{c}.9:8080"
        ),
        11 => format!("缓存未命中 key=menu:{a}:{dish} 回源耗时 {b} 毫秒"),
        12 => format!(
            "Consumer {name}-{c} rebalanced: assigned partitions [{}, {}, {}]",
            b % 9,
            b % 5,
            b % 3
        ),
        13 => format!(
            "2026-11-21T10:{:02}:{:02}.{c:03}Z checkpoint complete: wrote {b} buffers (4.{c}%)",
            b % 60,
            a % 60
        ),
        14 => format!(
            "healthcheck ok upstream=order-service-{}.internal:8080 latency={c}ms",
            b % 40
        ),
        _ => format!("营养师 {name} 接诊 {b}，等待 {c} 秒，患者备注 {dish} 过敏"),
    }
}

fn unlike(dice: &mut Dice) -> String {
    let mut word = || -> String {
        (0..6)
            .map(|_| char::from(b'a' + dice.next(26) as u8))
            .collect()
    };
    let words: Vec<String> = (0..12).map(|_| word()).collect();
    words.join(" ")
}

#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
fn main() {
    let mut dice = Dice(7);
    let messages: Vec<String> = (0..LINES).map(|_| message(&mut dice)).collect();
    let bytes: usize = messages.iter().map(String::len).sum();
    let mut best = f64::INFINITY;
    let mut patterns = 0;
    for _ in 0..ROUNDS {
        let mut miner = Miner::new();
        let start = Instant::now();
        for message in &messages {
            std::hint::black_box(miner.add(message));
        }
        best = best.min(start.elapsed().as_secs_f64());
        patterns = miner.patterns().len();
    }
    println!(
        "{{\"patterns_lines_per_second\":{:.0}}}",
        LINES as f64 / best
    );
    println!(
        "{{\"patterns_megabytes_per_second\":{:.1}}}",
        bytes as f64 / best / 1e6
    );
    println!("{{\"patterns_found\":{patterns}}}");
    // messages that have nothing in common: every one is a new pattern, and most are forgotten
    let unlike: Vec<String> = (0..LINES / 8).map(|_| unlike(&mut dice)).collect();
    let start = Instant::now();
    let mut miner = Miner::new();
    for message in &unlike {
        std::hint::black_box(miner.add(message));
    }
    let seconds = start.elapsed().as_secs_f64();
    println!(
        "{{\"patterns_unlike_lines_per_second\":{:.0}}}",
        unlike.len() as f64 / seconds
    );
    if std::env::args().any(|a| a == "--show") {
        let mut miner = Miner::new();
        messages.iter().for_each(|m| {
            miner.add(m);
        });
        for pattern in miner.patterns() {
            println!("{:>8} {}", pattern.count, pattern.template());
        }
    }
}
