//! Traces, spans, what is asked of a store of traces, and what it answers.

mod id;
mod question;
mod span;

pub use id::{SpanId, TraceId};
pub use question::{Dependency, Operation, ServiceShare, TraceList, TraceQuery, TraceSummary};
pub use span::{Link, Process, Span, SpanEvent, SpanKind, Tag, TagValue, Trace};
