//! The platform's parts, one file each: which series there are and what law each follows.

mod business;
mod cache;
mod container;
mod database;
mod experience;
mod host;
mod host_io;
mod kubernetes;
mod network;
mod probe;
mod queue;
mod runtime;
mod service;
mod telemetry;
mod user;
mod web;

pub(crate) use container::{NAMESPACE, PODS, Pod, down};

use crate::registry::Builder;

/// Adds every series of the platform. `start_ms` dates what has been up for days.
pub(crate) fn build(b: &mut Builder, start_ms: i64) {
    let booted_s = (start_ms as f64 / 1000.0 - crate::registry::UPTIME_S).floor();
    host::build(b, booted_s);
    container::build(b, booted_s);
    network::build(b, booted_s);
    web::build(b);
    runtime::build(b, booted_s);
    database::build(b, booted_s);
    cache::build(b);
    queue::build(b);
    user::build(b);
    business::build(b);
    service::build(b);
    experience::build(b);
    probe::build(b, booted_s);
    telemetry::build(b);
}
