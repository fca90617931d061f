//! Records one request: its spans and its lines while time goes on. Both get the ids of the span that is open when they are made.

use super::cast::{Guest, address, language, port, skew_ns};
use super::dice::Dice;
use super::lines::{self, Source};
use super::{Due, LONGEST_NS};
use crate::noise;
use crate::parts::{NAMESPACE, Pod};
use crate::world::World;
use model::log::{LogCategory, LogLevel, LogLine};
use model::trace::{
    Link, Process, Span, SpanEvent, SpanId, SpanKind, Tag, TagValue, Trace, TraceId,
};
use serde_json::{Value, json};
use std::sync::Arc;

/// What can be the value of a tag.
pub(super) trait Said {
    fn said(self) -> TagValue;
}

impl Said for &str {
    fn said(self) -> TagValue {
        TagValue::Text(self.into())
    }
}

impl Said for String {
    fn said(self) -> TagValue {
        TagValue::Text(self.into())
    }
}

impl Said for i64 {
    fn said(self) -> TagValue {
        TagValue::Int(self)
    }
}

impl Said for bool {
    fn said(self) -> TagValue {
        TagValue::Bool(self)
    }
}

impl Said for f64 {
    fn said(self) -> TagValue {
        TagValue::Float(self)
    }
}

/// A tag.
pub(super) fn tag(key: &str, value: impl Said) -> Tag {
    Tag {
        key: key.into(),
        value: value.said(),
    }
}

/// A message that was put into a queue; whoever takes it out begins a story of its own.
#[derive(Clone, Debug)]
pub(super) struct Message {
    pub(super) queue: &'static str,
    pub(super) id: String,
    pub(super) from: Link,
    /// When it was put there, by true time.
    pub(super) at_ns: i64,
    pub(super) guest_id: i64,
    pub(super) order_id: String,
}

/// What went wrong, as its program writes it.
pub(super) struct Fault {
    /// The exception's type.
    pub(super) kind: &'static str,
    pub(super) text: String,
    /// The stack under it, without the first line.
    pub(super) stack: &'static str,
}

impl Fault {
    /// As the runtime prints it.
    pub(super) fn whole(&self) -> String {
        format!("{}: {}\n{}", self.kind, self.text, self.stack)
    }
}

/// The recorder.
pub(super) struct Tape<'w> {
    pub(super) world: &'w World,
    pub(super) dice: Dice,
    /// True time; hosts' clocks may be off.
    pub(super) now: i64,
    pub(super) guest: Guest,
    /// What was put into queues.
    pub(super) messages: Vec<Message>,
    id: TraceId,
    spans: Vec<Span>,
    processes: Vec<Process>,
    pods: Vec<&'static Pod>,
    open: Vec<usize>,
    last_ns: i64,
    lines: Vec<Due<LogLine>>,
}

impl<'w> Tape<'w> {
    /// A request that begins at `at_ns`; `key` and `n` decide all that happens by chance.
    pub(super) fn new(world: &'w World, seed: u64, key: u64, n: u64, at_ns: i64) -> Self {
        let mut dice = Dice::new(seed, key, n);
        let high = u128::from(noise::hash(seed, key ^ 0x7472_6163, n) | 1 << 63);
        let id = TraceId(high << 64 | u128::from(dice.next()));
        let guest = Guest::any(&mut dice);
        Self {
            world,
            dice,
            now: at_ns,
            guest,
            messages: Vec::new(),
            id,
            spans: Vec::new(),
            processes: Vec::new(),
            pods: Vec::new(),
            open: Vec::new(),
            last_ns: at_ns,
            lines: Vec::new(),
        }
    }

    /// The trace's id.
    pub(super) fn id(&self) -> TraceId {
        self.id
    }

    /// The pod whose span is open.
    pub(super) fn here(&self) -> Option<&'static Pod> {
        let span = self.spans.get(*self.open.last()?)?;
        self.pods.get(span.process as usize).copied()
    }

    /// Begins a span in `pod` under the one that is open.
    pub(super) fn open(&mut self, pod: &'static Pod, name: &str, kind: SpanKind) -> SpanId {
        let process = self.process(pod);
        let id = SpanId(self.dice.next() | 1);
        let parent = self.open.last().map(|i| self.spans[*i].id);
        self.open.push(self.spans.len());
        self.spans.push(Span {
            id,
            parent,
            links: Vec::new(),
            process,
            operation: name.into(),
            kind,
            start_ns: self.now + skew_ns(pod.node),
            duration_ns: 0,
            error: false,
            tags: Vec::with_capacity(8),
            events: Vec::new(),
            warnings: Vec::new(),
        });
        id
    }

    /// Ends the open span now.
    pub(super) fn close(&mut self) {
        if let Some(i) = self.open.pop() {
            let process = self.spans[i].process as usize;
            let skew = self.pods.get(process).map_or(0, |p| skew_ns(p.node));
            let span = &mut self.spans[i];
            span.duration_ns = self.now + skew - span.start_ns;
            self.last_ns = self.last_ns.max(self.now);
        }
    }

    /// Something that the pod does by itself, as a span around it.
    pub(super) fn within<T>(&mut self, name: &str, f: impl FnOnce(&mut Self) -> T) -> T {
        let Some(pod) = self.here() else {
            return f(self);
        };
        self.open(pod, name, SpanKind::Internal);
        let answer = f(self);
        self.close();
        answer
    }

    /// Two things at once: time goes on when both are done.
    pub(super) fn both<A, B>(
        &mut self,
        a: impl FnOnce(&mut Self) -> A,
        b: impl FnOnce(&mut Self) -> B,
    ) -> (A, B) {
        let begun = self.now;
        let first = a(self);
        let first_done = self.now;
        self.now = begun;
        let second = b(self);
        self.now = self.now.max(first_done);
        (first, second)
    }

    /// What happens later and apart, without time going on for those who did not wait for it.
    pub(super) fn aside(&mut self, after_ms: f64, f: impl FnOnce(&mut Self)) {
        let now = self.now;
        self.pass(after_ms);
        f(self);
        self.now = now;
    }

    /// Lets about `median_ms` pass.
    pub(super) fn work(&mut self, median_ms: f64) {
        let ms = self.dice.around(median_ms, 1.45);
        self.pass(ms);
    }

    /// Lets exactly so much pass.
    pub(super) fn pass(&mut self, ms: f64) {
        self.now += (ms.clamp(0.0, 60_000.0) * 1e6) as i64;
    }

    /// Says something of the open span.
    pub(super) fn tag(&mut self, key: &str, value: impl Said) {
        if let Some(span) = self.top() {
            span.tags.push(tag(key, value));
        }
    }

    /// The open span refers to another one.
    pub(super) fn link(&mut self, link: Link) {
        if let Some(span) = self.top() {
            span.links.push(link);
        }
    }

    /// The open span notes something.
    pub(super) fn event(&mut self, name: &str, mut fields: Vec<Tag>) {
        let skew = self.here().map_or(0, |p| skew_ns(p.node));
        let at_ns = self.now + skew;
        fields.insert(0, tag("event", name));
        if let Some(span) = self.top() {
            span.events.push(SpanEvent { at_ns, fields });
        }
    }

    /// The open span failed, without an exception.
    pub(super) fn failed(&mut self, kind: &str) {
        self.tag("error.type", kind);
        if let Some(span) = self.top() {
            span.error = true;
        }
    }

    /// The open span failed with an exception, which its program writes into its log as well.
    pub(super) fn throw(&mut self, fault: &Fault, said: &str, attrs: Value) {
        let whole = fault.whole();
        self.event(
            "exception",
            vec![
                tag("exception.type", fault.kind),
                tag("exception.message", &*fault.text),
                tag("exception.stacktrace", &*whole),
            ],
        );
        self.failed(fault.kind);
        let mut attrs = lines::object(attrs);
        // by the name that OpenTelemetry gives it, as in the span
        attrs.insert("exception".into(), json!({"type": fault.kind}));
        self.say(
            LogLevel::Error,
            Source::Fault,
            format!("{said}\n{whole}"),
            Value::Object(attrs),
        );
    }

    /// The open span's pod writes a line.
    pub(super) fn say(&mut self, level: LogLevel, source: Source, message: String, attrs: Value) {
        let Some(pod) = self.here() else { return };
        let category = if source == Source::Audit {
            LogCategory::Security
        } else {
            LogCategory::App
        };
        let span = self.open.last().map(|i| self.spans[*i].id);
        let mut line = lines::line(source, category, level, pod.owner, pod.name, message, attrs);
        line.trace_id = self.id.to_string();
        line.span_id = span.map_or_else(String::new, |s| s.to_string());
        self.put(line, pod.node);
    }

    /// A server that is no pod (the load balancer, a database) writes a line of this request.
    pub(super) fn put_of_trace(&mut self, mut line: LogLine) {
        line.trace_id = self.id.to_string();
        let host = line.host.clone();
        self.put(line, &host);
    }

    fn put(&mut self, mut line: LogLine, node: &str) {
        line.position.at_ns = self.now + skew_ns(node);
        self.lines.push(Due {
            at_ns: self.now,
            what: line,
        });
    }

    fn top(&mut self) -> Option<&mut Span> {
        self.spans.get_mut(*self.open.last()?)
    }

    fn process(&mut self, pod: &'static Pod) -> u32 {
        if let Some(i) = self.pods.iter().position(|p| p.name == pod.name) {
            return i as u32;
        }
        self.pods.push(pod);
        self.processes.push(process_of(pod));
        (self.pods.len() - 1) as u32
    }

    /// What was recorded. Now and then a span got lost on its way, so that its children are orphans.
    pub(super) fn finish(mut self) -> (Option<Due<Trace>>, Vec<Due<LogLine>>) {
        while !self.open.is_empty() {
            self.close();
        }
        if self.spans.is_empty() {
            return (None, self.lines);
        }
        if self.spans.len() > 5 && self.dice.chance(0.012) {
            let parents: Vec<SpanId> = self.spans.iter().filter_map(|s| s.parent).collect();
            let inner = |s: &Span| s.parent.is_some() && parents.contains(&s.id);
            if let Some(lost) = self.spans.iter().position(inner) {
                self.spans.remove(lost);
            }
        }
        let trace = Trace {
            id: self.id,
            spans: self.spans,
            processes: self.processes,
            warnings: Vec::new(),
        };
        let due = Due {
            at_ns: self.last_ns,
            what: trace,
        };
        (Some(due), self.lines)
    }
}

/// How a pod presents itself.
fn process_of(pod: &'static Pod) -> Process {
    let made_of = language(pod.owner);
    let ip = address(pod);
    Process {
        service: Arc::from(pod.owner),
        tags: vec![
            tag("service.version", "2.8.1"),
            tag("service.namespace", NAMESPACE),
            tag("deployment.environment.name", "demo"),
            tag("host.name", pod.node),
            tag("k8s.pod.name", pod.name),
            tag("k8s.namespace.name", NAMESPACE),
            tag("ip", &*ip),
            tag("service.instance.id", format!("{ip}:{}", port(pod.owner))),
            tag("telemetry.sdk.language", made_of.name()),
            tag("telemetry.sdk.name", "opentelemetry"),
            tag("demo", true),
        ],
    }
}

/// The last moment at which something of a story that began at `born_ns` may be given.
pub(super) fn latest(born_ns: i64) -> i64 {
    born_ns.saturating_add(LONGEST_NS)
}
