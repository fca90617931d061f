//! Containers: kubelet, containerd, the Docker engine of the web hosts.

use super::{Habit, often, when};
use crate::incident::IncidentKind;
use crate::parts::{NAMESPACE, PODS, down};
use crate::stories::cast::address;
use crate::stories::dice::Dice;
use crate::stories::lines::{Source, line};
use crate::world::World;
use model::log::{LogCategory, LogLevel, LogLine};
use serde_json::{Value, json};

pub(super) const HABITS: [Habit; 6] = [
    often(5.0, probed),
    often(1.4, image),
    often(1.0, sandbox),
    often(0.8, docker),
    when(IncidentKind::PodCrashLoop, 4.0, 0.0, crashing),
    when(IncidentKind::EventLoopLag, 2.0, 0.02, slow_probe),
];

fn container(level: LogLevel, service: &str, host: &str, message: String, attrs: Value) -> LogLine {
    line(
        Source::Container,
        LogCategory::System,
        level,
        service,
        host,
        message,
        attrs,
    )
}

fn probed(w: &World, dice: &mut Dice) -> LogLine {
    let pod = &PODS[dice.range(0, PODS.len() as i64) as usize];
    let up = !down(w, pod.suffers);
    let ms = dice.around(6.0, 1.7).round();
    let (level, said, health) = if up {
        (LogLevel::Debug, "succeeded", "up")
    } else {
        (LogLevel::Warn, "failed", "down")
    };
    container(
        level,
        "kubelet",
        pod.node,
        format!(
            "Readiness probe {said} pod=\"{NAMESPACE}/{}\" probe=http-get http://{}/healthz latency={ms}ms",
            pod.name,
            address(pod)
        ),
        json!({"event": "health_check", "health": health, "target": pod.owner, "pod": pod.name, "namespace": NAMESPACE, "duration_ms": ms}),
    )
}

fn image(_: &World, dice: &mut Dice) -> LogLine {
    let pod = &PODS[dice.range(0, PODS.len() as i64) as usize];
    let ms = dice.range(90, 2400);
    container(
        LogLevel::Info,
        "containerd",
        pod.node,
        format!(
            "level=info msg=\"PullImage \\\"registry.example/{}:2.8.1\\\" returns image reference sha256:{}\" duration={ms}ms",
            pod.owner,
            dice.hex(64)
        ),
        json!({"image": format!("registry.example/{}:2.8.1", pod.owner), "duration_ms": ms}),
    )
}

fn sandbox(_: &World, dice: &mut Dice) -> LogLine {
    let pod = &PODS[dice.range(0, PODS.len() as i64) as usize];
    let text = match dice.range(0, 3) {
        0 => format!(
            "SyncLoop (PLEG): event for pod=\"{NAMESPACE}/{}\" event={{ContainerStarted {}}}",
            pod.name,
            dice.hex(12)
        ),
        1 => format!(
            "Cleaned up orphaned pod volumes dir podUID=\"{}\"",
            dice.hex(32)
        ),
        _ => format!(
            "Image garbage collection succeeded, freed {} MiB",
            dice.range(20, 900)
        ),
    };
    container(
        LogLevel::Info,
        "kubelet",
        pod.node,
        text,
        json!({"pod": pod.name, "namespace": NAMESPACE}),
    )
}

fn docker(_: &World, dice: &mut Dice) -> LogLine {
    let host = dice.pick(&["sw-web-01", "sw-web-02"]);
    let id = dice.hex(12);
    container(
        LogLevel::Info,
        "dockerd",
        host,
        format!(
            "time=\"{}\" level=info msg=\"Container {id} health status: healthy\" name=nginx",
            dice.range(1000, 9999)
        ),
        json!({"event": "health_check", "health": "up", "target": "nginx", "container_id": id}),
    )
}

fn crashing(_: &World, dice: &mut Dice) -> LogLine {
    let Some(pod) = PODS
        .iter()
        .find(|p| p.suffers == Some(IncidentKind::PodCrashLoop))
    else {
        return sandbox_of_nobody();
    };
    let restarts = dice.range(3, 40);
    let (level, text) = match dice.range(0, 3) {
        0 => (
            LogLevel::Error,
            format!(
                "Error syncing pod, skipping err=\"failed to \\\"StartContainer\\\" for \\\"{}\\\" with CrashLoopBackOff: back-off 5m0s restarting failed container={} pod={}_{NAMESPACE}\"",
                pod.owner, pod.owner, pod.name
            ),
        ),
        1 => (
            LogLevel::Warn,
            format!(
                "Back-off restarting failed container {} in pod {} (restart #{restarts}, last exit code 137, reason OOMKilled)",
                pod.owner, pod.name
            ),
        ),
        _ => (
            LogLevel::Warn,
            format!(
                "Readiness probe failed pod=\"{NAMESPACE}/{}\" err=\"Get http://{}:8080/healthz: dial tcp: connect: connection refused\"",
                pod.name,
                address(pod)
            ),
        ),
    };
    container(
        level,
        "kubelet",
        pod.node,
        text,
        json!({"event": "crash_loop", "health": "down", "target": pod.owner, "pod": pod.name, "namespace": NAMESPACE, "restarts": restarts, "reason": "CrashLoopBackOff"}),
    )
}

fn sandbox_of_nobody() -> LogLine {
    container(
        LogLevel::Warn,
        "kubelet",
        "sw-app-01",
        "pod not found".into(),
        json!({}),
    )
}

fn slow_probe(_: &World, dice: &mut Dice) -> LogLine {
    let pod = &PODS[dice.range(0, 2) as usize];
    container(
        LogLevel::Warn,
        "kubelet",
        pod.node,
        format!(
            "Liveness probe failed pod=\"{NAMESPACE}/{}\" err=\"Get http://{}:3000/healthz: context deadline exceeded (Client.Timeout exceeded while awaiting headers)\"",
            pod.name,
            address(pod)
        ),
        json!({"event": "health_check", "health": "down", "target": pod.owner, "pod": pod.name, "namespace": NAMESPACE, "duration_ms": 1000}),
    )
}
