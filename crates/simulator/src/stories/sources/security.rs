//! The firewall, the intrusion detection, and what staff do in the back office.

use super::{Habit, often};
use crate::stories::dice::Dice;
use crate::stories::lines::{Source, line};
use crate::world::World;
use model::log::{LogCategory, LogLevel, LogLine};
use serde_json::{Value, json};

pub(super) const HABITS: [Habit; 6] = [
    often(4.0, denied),
    often(1.5, allowed),
    often(1.1, attack),
    often(0.5, brute_force),
    often(2.0, staff),
    often(0.4, permission),
];

fn firewall(level: LogLevel, service: &str, message: String, attrs: Value) -> LogLine {
    line(
        Source::Firewall,
        LogCategory::Security,
        level,
        service,
        "sw-fw-01",
        message,
        attrs,
    )
}

fn outside(dice: &mut Dice) -> String {
    let net = dice.pick(&["203.0.113", "198.51.100", "192.0.2"]);
    format!("{net}.{}", dice.range(1, 254))
}

fn session(action: &str, level: LogLevel, ports: &[i64], dice: &mut Dice) -> LogLine {
    let (src, sport) = (outside(dice), dice.range(1024, 65_000));
    let dport = dice.pick(ports);
    let policy = dice.range(1, 48);
    firewall(
        level,
        "firewall",
        format!(
            "%%01POLICY/6/POLICY{}(l):vsys=public, protocol=6, source-ip={src}, source-port={sport}, destination-ip=198.51.100.10, destination-port={dport}, time={}, source-zone=untrust, destination-zone=dmz, rule-name=R{policy:02}.",
            action.to_uppercase(),
            dice.range(1_000_000, 9_999_999)
        ),
        json!({"event": "firewall", "action": action, "src_ip": src, "src_port": sport, "dst_port": dport, "rule": format!("R{policy:02}"), "protocol": "tcp"}),
    )
}

fn denied(_: &World, dice: &mut Dice) -> LogLine {
    session(
        "deny",
        LogLevel::Warn,
        &[22, 23, 445, 1433, 3306, 3389, 5432, 6379, 8088],
        dice,
    )
}

fn allowed(_: &World, dice: &mut Dice) -> LogLine {
    session("permit", LogLevel::Info, &[80, 443], dice)
}

fn attack(_: &World, dice: &mut Dice) -> LogLine {
    let src = outside(dice);
    let (name, signature) = dice.pick(&[
        ("SQL 注入", 950_001),
        ("跨站脚本", 941_100),
        ("目录遍历", 930_120),
        ("Log4Shell 探测", 944_150),
        ("恶意爬虫", 913_100),
    ]);
    let severity = dice.pick(&["medium", "high", "critical"]);
    let level = if severity == "critical" {
        LogLevel::Error
    } else {
        LogLevel::Warn
    };
    firewall(
        level,
        "waf",
        format!(
            "WAF 拦截 {name} 攻击：来源 {src}，规则 {signature}，路径 /api/v1/search，处置 block"
        ),
        json!({"event": "attack_blocked", "attack": name, "src_ip": src, "signature": signature, "severity": severity, "action": "block"}),
    )
}

fn brute_force(_: &World, dice: &mut Dice) -> LogLine {
    let src = outside(dice);
    let tries = dice.range(20, 400);
    firewall(
        LogLevel::Error,
        "ids",
        format!(
            "IDS 告警：来源 {src} 在 5 分钟内登录失败 {tries} 次，疑似暴力破解，已加入黑名单 30 分钟"
        ),
        json!({"event": "brute_force", "src_ip": src, "attempts": tries, "action": "ban", "severity": "high"}),
    )
}

fn staff(_: &World, dice: &mut Dice) -> LogLine {
    let who = format!("staff{:02}", dice.range(1, 36));
    let dish = dice.range(1001, 1015);
    let (action, said, resource) = match dice.range(0, 5) {
        0 => ("update", format!("修改菜品 {dish} 价格"), "dish"),
        1 => (
            "export",
            format!("导出订单报表 {} 行", dice.range(100, 9000)),
            "report",
        ),
        2 => (
            "update",
            format!("调整营养师 N{:03} 排班", dice.range(1, 29)),
            "schedule",
        ),
        3 => (
            "refund",
            format!("发起退款 {:.2} 元", dice.range(1500, 16_000) as f64 / 100.0),
            "order",
        ),
        _ => ("login", "登录管理后台".to_owned(), "session"),
    };
    let ip = format!("10.0.9.{}", dice.range(2, 200));
    line(
        Source::Audit,
        LogCategory::Security,
        LogLevel::Info,
        "admin-console",
        "sw-web-01",
        format!("审计：员工 {who} {said}，来源 {ip}，结果成功"),
        json!({"event": "audit", "user_id": who, "action": action, "resource": resource, "client_ip": ip, "result": "success"}),
    )
}

fn permission(_: &World, dice: &mut Dice) -> LogLine {
    let who = format!("staff{:02}", dice.range(1, 36));
    let ip = format!("10.0.9.{}", dice.range(2, 200));
    line(
        Source::Audit,
        LogCategory::Security,
        LogLevel::Warn,
        "admin-console",
        "sw-web-01",
        format!("审计：员工 {who} 越权访问 /admin/users/export 被拒绝，来源 {ip}"),
        json!({"event": "audit", "user_id": who, "action": "export", "resource": "users", "client_ip": ip, "result": "denied"}),
    )
}
