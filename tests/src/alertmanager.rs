//! Fills a real Alertmanager with alerts, reads them back without our own client, and configures one that posts to a webhook.

use crate::http::{self, Reply};
use serde_json::{Value, json};
use std::io;

/// Alerts in one request; an Alertmanager takes about 20,000 a second so.
const BATCH: usize = 1_000;
const JSON: [(&str, &str); 1] = [("Content-Type", "application/json")];

/// Posts alerts (`[{"labels":…,"annotations":…,"startsAt":…,"endsAt":…}]`), as a Prometheus does.
///
/// # Errors
/// When the connection breaks or the answer is not 200.
pub fn post(port: u16, alerts: &[Value]) -> io::Result<()> {
    for batch in alerts.chunks(BATCH) {
        let body = serde_json::to_vec(batch)?;
        let reply = http::request(port, "POST", "/api/v2/alerts", &JSON, &body)?;
        if reply.status != 200 {
            return Err(io::Error::other(format!(
                "status {}: {}",
                reply.status,
                reply.text()
            )));
        }
    }
    Ok(())
}

/// The `i`-th alert of [`load`]: about 870 bytes in the Alertmanager's answer, like a real one; each has its own labels.
pub fn sample(i: usize) -> Value {
    const NAMES: [(&str, &str, &str); 5] = [
        ("HostDown", "critical", "主机离线"),
        ("DiskAlmostFull", "warning", "磁盘空间不足"),
        ("HighErrorRate", "high", "错误率过高"),
        ("QueueBacklog", "warning", "队列积压"),
        ("CertificateExpiring", "info", "证书即将到期"),
    ];
    let (name, severity, summary) = NAMES.get(i % NAMES.len()).copied().unwrap_or(NAMES[0]);
    let (a, b) = (i / 250 % 250, i % 250);
    let store = i % 3_000;
    json!({
        "labels": {
            "alertname": name, "severity": severity, "instance": format!("10.{}.{a}.{b}:9100", i / 62_500),
            "job": "node", "cluster": format!("cn-east-{}", i % 3), "service": format!("svc-{}", i % 40),
            "store": format!("门店{store:04}"), "id": format!("{i:07}"),
        },
        "annotations": {
            "summary": format!("{summary}：门店{store:04}"),
            "description": format!("门店{store:04} 的 10.{}.{a}.{b} 已超过 5 分钟，当前值 {}。", i / 62_500, i % 97),
            "runbook_url": format!("https://runbooks.example/{name}"),
        },
        "generatorURL": "http://prometheus.example:9090/graph?g0.expr=up%7Bjob%3D%22node%22%7D+%3D%3D+0&g0.tab=1",
    })
}

/// Makes `n` alerts fire for an hour.
///
/// # Errors
/// As [`post`].
pub fn load(port: u16, n: usize) -> io::Result<()> {
    let ends = rfc3339(crate::now_ms() + 3_600_000);
    let alerts: Vec<Value> = (0..n)
        .map(|i| {
            let mut alert = sample(i);
            alert["endsAt"] = ends.clone().into();
            alert
        })
        .collect();
    post(port, &alerts)
}

/// `GET` of a path of the API v2 (`alerts`, `silences`), as JSON.
///
/// # Errors
/// When the connection breaks or the answer is not JSON.
pub fn read(port: u16, path: &str) -> io::Result<Value> {
    let reply: Reply = http::get(port, &format!("/api/v2/{path}"))?;
    Ok(serde_json::from_slice(&reply.body)?)
}

/// A time as the API has it.
pub fn rfc3339(ms: i64) -> String {
    // days from civil, after Howard Hinnant's "chrono-Compatible Low-Level Date Algorithms"
    let (days, rest) = (ms.div_euclid(86_400_000), ms.rem_euclid(86_400_000));
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let (day, month) = (
        doy - (153 * mp + 2) / 5 + 1,
        if mp < 10 { mp + 3 } else { mp - 9 },
    );
    let year = yoe + era * 400 + i64::from(month <= 2);
    let (s, ms) = (rest / 1_000, rest % 1_000);
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{ms:03}Z",
        s / 3_600,
        s / 60 % 60,
        s % 60
    )
}

/// Configuration of an Alertmanager that posts every group to `url` with this bearer token, at once and again every second,
/// with `max_alerts` in one notification (0: all) and one inhibition: `severity="critical"` keeps `severity="warning"` of the same
/// `store` quiet.
pub fn config_with_webhook(url: &str, token: &str, max_alerts: usize) -> String {
    format!(
        "route:\n  receiver: desk\n  group_by: [alertname]\n  group_wait: 0s\n  group_interval: 1s\n  repeat_interval: 1h\n\
         receivers:\n- name: desk\n  webhook_configs:\n  - url: {url}\n    send_resolved: true\n    max_alerts: {max_alerts}\n    \
         http_config:\n      authorization:\n        credentials: {token}\n\
         inhibit_rules:\n- source_matchers: ['severity=\"critical\"']\n  target_matchers: ['severity=\"warning\"']\n  equal: [store]\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_the_api_has_them() {
        assert_eq!(rfc3339(1_795_260_328_922), "2026-11-21T11:25:28.922Z");
        assert_eq!(rfc3339(951_782_400_000), "2000-02-29T00:00:00.000Z");
        assert_eq!(rfc3339(-1), "1969-12-31T23:59:59.999Z");
    }
}
