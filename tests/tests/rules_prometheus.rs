//! Rules against Prometheus: texts, built-in rules, states on given samples (`promtool test rules`), and a running server.

#[path = "rules/builtin.rs"]
mod builtin;
#[path = "rules/incidents.rs"]
mod incidents;
#[path = "rules/judge.rs"]
mod judge;
#[path = "rules/live.rs"]
mod live;
#[path = "rules/promtool.rs"]
mod promtool;
#[path = "rules/replay.rs"]
mod replay;
#[path = "rules/templates.rs"]
mod templates;
