//! Routers and switches, as their syslog has it.

use super::{Habit, often};
use crate::stories::dice::Dice;
use crate::stories::lines::{Source, line};
use crate::world::World;
use model::log::{LogCategory, LogLevel, LogLine};
use serde_json::{Value, json};

pub(super) const HABITS: [Habit; 4] = [
    often(2.0, traffic),
    often(1.2, neighbour),
    often(1.0, interface),
    often(0.8, login),
];

const CORES: [&str; 2] = ["sw-core-01", "sw-core-02"];

fn device(level: LogLevel, host: &str, message: String, attrs: Value) -> LogLine {
    line(
        Source::Network,
        LogCategory::System,
        level,
        "switch",
        host,
        message,
        attrs,
    )
}

fn interface(_: &World, dice: &mut Dice) -> LogLine {
    let host = dice.pick(&CORES);
    let port = format!("10GE1/0/{}", dice.range(5, 24));
    let up = dice.chance(0.96);
    let state = if up { "UP" } else { "DOWN" };
    device(
        if up { LogLevel::Info } else { LogLevel::Warn },
        host,
        format!(
            "%%01IFNET/4/LINK_STATE(l)[{}]:The line protocol IP on the interface {port} has entered the {state} state.",
            dice.range(1000, 99_999)
        ),
        json!({"event": "link_state", "interface": port, "state": state}),
    )
}

fn neighbour(_: &World, dice: &mut Dice) -> LogLine {
    let host = dice.pick(&["sw-edge-rt", "sw-core-01", "sw-core-02"]);
    let peer = format!("10.0.0.{}", dice.range(1, 4));
    device(
        LogLevel::Info,
        host,
        format!(
            "%%01OSPF/6/NBR_CHANGE_E(l)[{}]:Neighbor changes event: neighbor status changed. (NeighborAddress={peer}, NeighborEvent=HelloReceived, NeighborCurrentState=Full)",
            dice.range(1000, 99_999)
        ),
        json!({"event": "ospf", "peer": peer}),
    )
}

fn traffic(w: &World, dice: &mut Dice) -> LogLine {
    let host = dice.pick(&["sw-edge-rt", "sw-core-01", "sw-core-02"]);
    let capacity = if host == "sw-edge-rt" {
        1000.0
    } else {
        10_000.0
    };
    let mbit = (w.rps * 130_000.0 * 8.0 / 1e6 * (0.8 + 0.4 * dice.unit())).round();
    let percent = (mbit / capacity * 1000.0).round() / 10.0;
    let level = if percent > 70.0 {
        LogLevel::Warn
    } else {
        LogLevel::Info
    };
    device(
        level,
        host,
        format!(
            "接口 uplink 带宽使用率 {percent}%（{mbit} Mbit/s），丢包 {} 个",
            dice.range(0, 4)
        ),
        json!({"event": "bandwidth", "interface": "uplink", "utilization_percent": percent, "mbit_per_s": mbit}),
    )
}

fn login(_: &World, dice: &mut Dice) -> LogLine {
    let host = dice.pick(&["sw-edge-rt", "sw-core-01", "sw-core-02"]);
    let ip = format!("10.0.8.{}", dice.range(11, 40));
    device(
        LogLevel::Info,
        host,
        format!(
            "%%01SHELL/5/CMDRECORD(s)[{}]:Recorded command information. (Task=VTY0, Ip={ip}, User=netops, Command=\"display interface brief\")",
            dice.range(1000, 99_999)
        ),
        json!({"event": "cli", "user": "netops", "src_ip": ip}),
    )
}
