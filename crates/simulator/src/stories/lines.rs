//! Lines of all the platform's logs.

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
