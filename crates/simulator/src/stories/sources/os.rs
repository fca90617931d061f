//! `/var/log` of the hosts, and what their agents measure.

use super::{Habit, often, when};
use crate::incident::IncidentKind;
use crate::stories::dice::Dice;
use crate::stories::lines::{Source, line};
use crate::world::{HOSTS, World};
use model::log::{LogCategory, LogLevel, LogLine};
use serde_json::{Value, json};

pub(super) const HABITS: [Habit; 11] = [
    often(5.0, usage),
    often(4.0, cron),
    often(3.0, systemd),
    often(2.0, ssh_in),
    often(1.6, ssh_refused),
    often(1.0, kernel),
    often(0.7, clock),
    often(0.8, sudo),
    when(IncidentKind::HostCpu, 3.0, 0.0, stalled),
    when(IncidentKind::DiskFilling, 3.0, 0.0, disk_full),
    when(IncidentKind::PodCrashLoop, 1.6, 0.0, out_of_memory),
];

fn host(dice: &mut Dice) -> (usize, &'static str) {
    let i = dice.range(0, HOSTS.len() as i64) as usize;
    (i, HOSTS[i].name)
}

fn system(level: LogLevel, service: &str, host: &str, message: String, attrs: Value) -> LogLine {
    line(
        Source::Os,
        LogCategory::System,
        level,
        service,
        host,
        message,
        attrs,
    )
}

fn percent(share: f64) -> f64 {
    (share * 1000.0).round() / 10.0
}

fn usage(w: &World, dice: &mut Dice) -> LogLine {
    let (i, name) = host(dice);
    let (now, spec) = (w.hosts[i], HOSTS[i]);
    let (cpu, memory, disk) = (
        percent(now.cpu),
        percent(now.memory),
        percent(now.root_used.max(now.data_used)),
    );
    let load = (now.cpu * spec.cores as f64 * 120.0).round() / 100.0;
    let level = if cpu > 85.0 || memory > 90.0 || disk > 90.0 {
        LogLevel::Warn
    } else {
        LogLevel::Info
    };
    let message = format!(
        "资源使用：CPU {cpu}% 内存 {memory}% 磁盘 {disk}% 磁盘繁忙 {}% 负载 {load}",
        percent(now.io)
    );
    let attrs = json!({
        "event": "resource_usage", "cpu_percent": cpu, "memory_percent": memory, "disk_percent": disk,
        "io_percent": percent(now.io), "load1": load, "rx_bytes_per_s": now.received.round(), "tx_bytes_per_s": now.sent.round(),
    });
    system(level, "node-agent", name, message, attrs)
}

fn cron(_: &World, dice: &mut Dice) -> LogLine {
    let (_, name) = host(dice);
    let pid = dice.range(900, 65_000);
    let command = dice.pick(&[
        "test -x /usr/sbin/anacron || run-parts /etc/cron.hourly",
        "/usr/local/bin/backup-wal.sh >> /var/log/backup.log 2>&1",
        "/usr/sbin/logrotate /etc/logrotate.conf",
        "/usr/lib/sysstat/debian-sa1 1 1",
        "/opt/restaurant/bin/cleanup-tmp --older 24h",
    ]);
    system(
        LogLevel::Info,
        "cron",
        name,
        format!("CRON[{pid}]: (root) CMD ({command})"),
        json!({"pid": pid, "user": "root"}),
    )
}

fn systemd(_: &World, dice: &mut Dice) -> LogLine {
    let (_, name) = host(dice);
    let unit = dice.pick(&[
        "apt-daily.service - Daily apt download activities",
        "logrotate.service - Rotate log files",
        "node-agent.service - Host metrics agent",
        "systemd-tmpfiles-clean.service - Cleanup of Temporary Directories",
        "filebeat.service - Ships log files",
    ]);
    let verb = dice.pick(&[
        "Starting",
        "Started",
        "Finished",
        "Deactivated successfully:",
    ]);
    system(
        LogLevel::Info,
        "systemd",
        name,
        format!("systemd[1]: {verb} {unit}."),
        json!({"pid": 1, "unit": unit.split(' ').next()}),
    )
}

fn security(level: LogLevel, service: &str, host: &str, message: String, attrs: Value) -> LogLine {
    line(
        Source::Os,
        LogCategory::Security,
        level,
        service,
        host,
        message,
        attrs,
    )
}

fn ssh_in(_: &World, dice: &mut Dice) -> LogLine {
    let (_, name) = host(dice);
    let (pid, port) = (dice.range(900, 65_000), dice.range(32_000, 61_000));
    let user = dice.pick(&["ops01", "ops02", "deploy", "dba01"]);
    let ip = format!("10.0.8.{}", dice.range(11, 40));
    system_login(
        name,
        format!(
            "sshd[{pid}]: Accepted publickey for {user} from {ip} port {port} ssh2: ED25519 SHA256:{}",
            dice.hex(24)
        ),
        json!({"event": "ssh_login", "result": "success", "user": user, "src_ip": ip, "src_port": port, "pid": pid}),
    )
}

fn system_login(host: &str, message: String, attrs: Value) -> LogLine {
    security(LogLevel::Info, "sshd", host, message, attrs)
}

fn ssh_refused(_: &World, dice: &mut Dice) -> LogLine {
    let (_, name) = host(dice);
    let (pid, port) = (dice.range(900, 65_000), dice.range(32_000, 61_000));
    let user = dice.pick(&["root", "admin", "oracle", "test", "postgres", "git"]);
    let ip = format!("203.0.113.{}", dice.range(200, 254));
    let known = user == "root" || user == "postgres";
    let who = if known {
        user.to_owned()
    } else {
        format!("invalid user {user}")
    };
    security(
        LogLevel::Warn,
        "sshd",
        name,
        format!("sshd[{pid}]: Failed password for {who} from {ip} port {port} ssh2"),
        json!({"event": "ssh_login", "result": "failure", "user": user, "src_ip": ip, "src_port": port, "pid": pid}),
    )
}

fn sudo(_: &World, dice: &mut Dice) -> LogLine {
    let (_, name) = host(dice);
    let user = dice.pick(&["ops01", "ops02", "dba01"]);
    let command = dice.pick(&[
        "/usr/bin/systemctl status nginx",
        "/usr/bin/journalctl -u kubelet -n 200",
        "/usr/bin/df -h",
        "/usr/bin/kubectl -n restaurant get pods",
    ]);
    security(
        LogLevel::Info,
        "sudo",
        name,
        format!(
            "sudo: {user} : TTY=pts/{} ; PWD=/tmp ; USER=root ; COMMAND={command}",
            dice.range(0, 5)
        ),
        json!({"event": "sudo", "user": user, "command": command}),
    )
}

fn kernel(_: &World, dice: &mut Dice) -> LogLine {
    let (_, name) = host(dice);
    let up = dice.range(400_000, 9_000_000);
    let (level, text) = match dice.range(0, 4) {
        0 => (
            LogLevel::Warn,
            format!(
                "TCP: request_sock_TCP: Possible SYN flooding on port {}. Sending cookies.",
                dice.pick(&[80, 443, 3000])
            ),
        ),
        1 => (
            LogLevel::Info,
            format!(
                "IPv6: ADDRCONF(NETDEV_CHANGE): veth{}: link becomes ready",
                dice.hex(8)
            ),
        ),
        2 => (
            LogLevel::Info,
            format!(
                "cni0: port {}(veth{}) entered forwarding state",
                dice.range(2, 14),
                dice.hex(8)
            ),
        ),
        _ => (
            LogLevel::Info,
            format!(
                "EXT4-fs (sda{}): re-mounted. Quota mode: none.",
                dice.range(1, 4)
            ),
        ),
    };
    system(
        level,
        "kernel",
        name,
        format!("kernel: [{up}.{:06}] {text}", dice.range(0, 999_999)),
        json!({"facility": "kern"}),
    )
}

fn clock(_: &World, dice: &mut Dice) -> LogLine {
    let (_, name) = host(dice);
    let offset = dice.range(-900, 900) as f64 / 1e6;
    system(
        LogLevel::Info,
        "chronyd",
        name,
        format!(
            "chronyd[{}]: Selected source 10.0.0.{} ; offset {offset:+.6} seconds",
            dice.range(600, 900),
            dice.range(1, 4)
        ),
        json!({"offset_seconds": offset}),
    )
}

fn stalled(w: &World, dice: &mut Dice) -> LogLine {
    let cpu = percent(w.hosts[2].cpu);
    if dice.chance(0.4) {
        let seconds = dice.range(21, 48);
        return system(
            LogLevel::Error,
            "kernel",
            "sw-app-01",
            format!(
                "kernel: watchdog: BUG: soft lockup - CPU#{} stuck for {seconds}s! [java:{}]",
                dice.range(0, 4),
                dice.range(2000, 60_000)
            ),
            json!({"event": "soft_lockup", "facility": "kern"}),
        );
    }
    system(
        LogLevel::Warn,
        "node-agent",
        "sw-app-01",
        format!(
            "CPU 使用率 {cpu}% 超过阈值 85%，运行队列 {}，占用最高：java（order-service）",
            dice.range(9, 40)
        ),
        json!({"event": "cpu_high", "cpu_percent": cpu}),
    )
}

fn disk_full(w: &World, dice: &mut Dice) -> LogLine {
    let used = percent(w.hosts[4].data_used);
    if w.level(IncidentKind::DiskFilling) > 2.2 && dice.chance(0.4) {
        return system(
            LogLevel::Fatal,
            "kernel",
            "sw-db-01",
            format!(
                "kernel: EXT4-fs warning (device sdb1): ext4_da_writepages: block allocation failed for inode #{}: No space left on device",
                dice.range(100_000, 900_000)
            ),
            json!({"event": "disk_full", "device": "sdb1"}),
        );
    }
    system(
        LogLevel::Warn,
        "node-agent",
        "sw-db-01",
        format!(
            "数据盘 /var/lib/postgresql 已用 {used}%，超过阈值 85%，预计 {} 分钟后写满",
            dice.range(12, 90)
        ),
        json!({"event": "disk_filling", "disk_percent": used, "mount": "/var/lib/postgresql"}),
    )
}

fn out_of_memory(_: &World, dice: &mut Dice) -> LogLine {
    let pid = dice.range(20_000, 64_000);
    system(
        LogLevel::Error,
        "kernel",
        "sw-app-01",
        format!(
            "kernel: Memory cgroup out of memory: Killed process {pid} (python3) total-vm:{}kB, anon-rss:{}kB, oom_score_adj:985",
            dice.range(6_000_000, 7_900_000),
            dice.range(4_000_000, 4_190_000)
        ),
        json!({"event": "oom_kill", "pid": pid, "process": "python3"}),
    )
}
