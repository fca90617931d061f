//! `cargo xtask bench`: figures of the release build, and whether they reach their targets.

mod alerts;
mod boards;
mod decode;
mod figure;
mod investigation;
mod logs;
mod logs_patterns;
mod logs_pg;
mod logs_tail;
mod promql;
mod refresh;
mod render;
mod rota;
mod slow_sources;
mod start;
mod traces;
mod traces_view;
mod tsdb;
mod wall;
mod watchdog;

pub use figure::{Figure, Limit, Report};

use crate::args::Args;
use crate::packages::Need;
use crate::{say, setup};
use anyhow::Result;

/// A measurement: its name, what it says, what it does.
type Bench = (
    &'static str,
    &'static str,
    &'static str,
    fn(&mut Report, bool) -> Result<()>,
);

const BENCHES: &[Bench] = &[
    (
        "decode",
        "解码 1000 条曲线 × 720 点的应答",
        "decoding an answer of 1,000 series × 720 points",
        decode::measure,
    ),
    (
        "tsdb",
        "内置时序库与 PromQL",
        "the embedded store and PromQL",
        tsdb::measure,
    ),
    (
        "promql",
        "PromQL 与 Prometheus 的一致程度",
        "how far PromQL agrees with Prometheus",
        promql::measure,
    ),
    (
        "start",
        "从进程启动到第一块活的面板",
        "from process start to the first live panel",
        start::measure,
    ),
    (
        "refresh-bytes",
        "一次刷新的字节数",
        "bytes of a refresh",
        refresh::measure,
    ),
    (
        "wall",
        "24 块面板 × 4 条曲线 × 720 点，每秒更新：CPU 与内存",
        "24 panels × 4 series × 720 points, one update a second: CPU and memory",
        wall::measure,
    ),
    (
        "wall-48",
        "48 块面板 × 4 条曲线 × 720 点，每秒更新：CPU 与内存",
        "48 panels × 4 series × 720 points, one update a second: CPU and memory",
        wall::measure_full,
    ),
    (
        "boards",
        "换一块大屏：到全部画好",
        "another board: until all of it is painted",
        boards::measure,
    ),
    (
        "watchdog",
        "大屏页面被杀、被停、空转：多久回来",
        "a page of the wall that is killed, stopped, or spins: how soon it is back",
        watchdog::measure,
    ),
    (
        "alerts",
        "告警台：1 万与 5 万条告警、弹窗与确认的时延",
        "the alert desk: 10,000 and 50,000 alerts, how soon a pop-up, how soon acknowledged",
        alerts::measure,
    ),
    (
        "logs",
        "内置日志库：写入、检索、直方图",
        "the embedded log store: ingest, search, histogram",
        logs::measure,
    ),
    (
        "rota",
        "值班：一年的空缺、一个季度的排班",
        "the rota: gaps of a year, a plan of a quarter",
        rota::measure,
    ),
    (
        "logs-pg",
        "PostgreSQL 中的一千万行日志：写入、检索、直方图",
        "ten million lines of logs in PostgreSQL: writing, searching, histogram",
        logs_pg::measure,
    ),
    (
        "traces",
        "链路：5 万个跨度的排布、关键路径、火焰图、对比，依赖图布局",
        "traces: 50,000 spans arranged, merged, compared; a large graph laid out",
        traces::measure,
    ),
    (
        "investigation",
        "现场：一项告警的一切收集完要多久",
        "everything about an alert: until it is gathered",
        investigation::measure,
    ),
    (
        "logs-tail",
        "日志实时：每秒 5000 行，10 分钟",
        "live tail of logs: 5,000 lines a second for 10 minutes",
        logs_tail::measure,
    ),
    (
        "traces-view",
        "链路页：5 万个 span 从收到到显示、滚动、内存",
        "the page of traces: 50,000 spans from received to shown, scrolling, memory",
        traces_view::measure,
    ),
    (
        "render",
        "不用显示器画面板，周报",
        "a panel without a display, the weekly report",
        render::measure,
    ),
    (
        "slow-sources",
        "挂住、30 秒才答、发来 100 MB 的数据源：别的面板最长隔多久",
        "sources that hang, answer after 30 s, send 100 MB: the greatest gap of other panels",
        slow_sources::measure,
    ),
    (
        "logs-patterns",
        "日志归并成模式：每秒行数",
        "log patterns: lines a second",
        logs_patterns::measure,
    ),
];

/// `cargo xtask bench [NAME…] [--quick]`.
///
/// # Errors
/// When a measurement cannot be made. A target that is missed is a result, not an error.
pub fn main(mut args: Args) -> Result<()> {
    let quick = args.flag("--quick");
    let names: Vec<&str> = BENCHES.iter().map(|b| b.0).collect();
    let only = args.words(&names)?;
    args.finish()?;
    setup::ensure(Need::Bench)?;
    let mut report = Report::new()?;
    for (name, zh, en, measure) in BENCHES {
        if only.is_empty() || only.iter().any(|o| o == name) {
            say::step(zh, en);
            measure(&mut report, quick)?;
        }
    }
    report.table();
    Ok(())
}
