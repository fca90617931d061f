//! Lines of all the platform's logs.

use chrono::{DateTime, SecondsFormat};
use model::log::{Attrs, LogCategory, LogLevel, LogLine, LogPosition};
use serde_json::Value;

/// Which of the platform's logs a line is of: the attribute `source`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// What guests and staff do: 业务操作日志.
    Business,
    /// Errors and exceptions with their stacks: 错误异常日志.
    Fault,
    /// Durations, garbage collections, pools: 性能统计日志.
    Performance,
    /// Who did what, logins: 安全审计日志.
    Audit,
    /// `/var/log` of the hosts: kernel, sshd, cron, systemd.
    Os,
    /// Containers: kubelet, containerd.
    Container,
    /// Switches and routers.
    Network,
    /// The firewall and the intrusion detection.
    Firewall,
    /// The web server.
    Nginx,
    /// The database.
    PostgreSql,
    /// The cache.
    Redis,
    /// The message queue.
    RabbitMq,
    /// The load balancer.
    LoadBalancer,
}

impl Source {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::Business,
        Self::Fault,
        Self::Performance,
        Self::Audit,
        Self::Os,
        Self::Container,
        Self::Network,
        Self::Firewall,
        Self::Nginx,
        Self::PostgreSql,
        Self::Redis,
        Self::RabbitMq,
        Self::LoadBalancer,
    ];

    /// The value of the attribute `source`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Business => "business",
            Self::Fault => "error",
            Self::Performance => "performance",
            Self::Audit => "audit",
            Self::Os => "os",
            Self::Container => "container",
            Self::Network => "network",
            Self::Firewall => "firewall",
            Self::Nginx => "nginx",
            Self::PostgreSql => "postgresql",
            Self::Redis => "redis",
            Self::RabbitMq => "rabbitmq",
            Self::LoadBalancer => "loadbalancer",
        }
    }
}

/// A line as programs write it into a file: one JSON object with the time as RFC 3339, the attributes beside the rest. Without
/// the line feed at its end.
pub fn json_line(line: &LogLine) -> String {
    let mut all = line.attrs.clone();
    let time = DateTime::from_timestamp_nanos(line.position.at_ns);
    let text = |value: &str| Value::String(value.to_owned());
    all.insert(
        "time".into(),
        Value::String(time.to_rfc3339_opts(SecondsFormat::Nanos, true)),
    );
    if let Some(level) = line.level {
        all.insert("level".into(), text(level.name()));
    }
    all.insert("category".into(), text(line.category.name()));
    all.insert("service".into(), text(&line.service));
    all.insert("host".into(), text(&line.host));
    all.insert("message".into(), text(&line.message));
    for (key, id) in [("trace_id", &line.trace_id), ("span_id", &line.span_id)] {
        if !id.is_empty() {
            all.insert(key.into(), text(id));
        }
    }
    Value::Object(all).to_string()
}

/// The fields of a JSON object; empty for anything else.
pub(super) fn object(value: Value) -> Attrs {
    match value {
        Value::Object(map) => map,
        _ => Attrs::new(),
    }
}

/// A line, marked as demonstration, without time.
pub(super) fn line(
    source: Source,
    category: LogCategory,
    level: LogLevel,
    service: &str,
    host: &str,
    message: String,
    attrs: Value,
) -> LogLine {
    let mut attrs = object(attrs);
    attrs.insert("demo".into(), true.into());
    attrs.insert("source".into(), source.name().into());
    LogLine {
        position: LogPosition::default(),
        level: Some(level),
        category,
        service: service.to_owned(),
        host: host.to_owned(),
        message,
        trace_id: String::new(),
        span_id: String::new(),
        attrs,
    }
}
