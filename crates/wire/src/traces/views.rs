//! Ways to look at whole traces: flame graph, statistics, the comparison of two. Times and keys as in [`super`].

use super::{TraceItem, TraceStepView};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Which part of a flame graph is shown.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct TraceFlameAsk {
    /// Which trace.
    pub key: String,
    /// The frame that takes the whole width; `None`: all.
    pub focus: Option<u32>,
    /// Width in pixels: frames narrower than one are left out.
    pub width: u32,
}

/// Spans with the same path of services and operations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct TraceFrameView {
    /// Its number; several frames too narrow to draw have none and stand together.
    pub frame: Option<u32>,
    /// How many frames it stands for.
    pub frames: u32,
    /// Levels above it.
    pub depth: u32,
    /// Left edge as a share of the width.
    pub x: f64,
    /// Width as a share of the width.
    pub width: f64,
    /// Index of its service.
    pub service: u32,
    /// What it does.
    pub operation: String,
    /// Its spans.
    pub spans: u32,
    /// Those that failed.
    pub errors: u32,
    /// Time of all of them, ns.
    pub total: f64,
    /// Time of their own work, ns.
    pub self_time: f64,
    /// The longest of its spans: a row.
    pub longest: u32,
}

/// A flame graph.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct TraceFlameView {
    /// Frames from the root down.
    pub frames: Vec<TraceFrameView>,
    /// Levels that there are.
    pub depth: u32,
    /// Levels that `frames` can have: those below are left out.
    pub drawn: u32,
    /// What the whole width stands for, ns.
    pub total: f64,
    /// From the root to the frame in focus.
    pub path: Vec<TraceStepView>,
}

/// Which statistics.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct TraceStatisticsAsk {
    /// Which trace.
    pub key: String,
    /// `service`, `operation` or `tag`.
    pub by: String,
    /// The tag, for `tag`.
    pub tag: String,
    /// `self`, `total`, `count`, `errors`, `average`, `p95`, `max` or `name`.
    pub order: String,
}

/// Spans that have something in common.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct TraceGroupView {
    /// Index of the service; `None` where there are several.
    pub service: Option<u32>,
    /// The operation or the tag's value; empty for a service as a whole.
    pub name: String,
    /// Spans without the tag.
    pub without: bool,
    /// How many.
    pub spans: u32,
    /// Those that failed.
    pub errors: u32,
    /// Time of all of them, ns.
    pub total: f64,
    /// Time of their own work, ns.
    pub self_time: f64,
    /// Mean, ns.
    pub average: f64,
    /// Median, ns.
    pub p50: f64,
    /// 95th percentile, ns.
    pub p95: f64,
    /// Longest, ns.
    pub max: f64,
    /// Part of the whole trace's own work, 0 to 1.
    pub share: f64,
    /// The row of the longest.
    pub longest: u32,
}

/// Statistics of a trace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct TraceStatisticsView {
    /// The groups; at most 2,000.
    pub groups: Vec<TraceGroupView>,
    /// How many there are.
    pub total: u32,
    /// Tags that spans have, the frequent ones first.
    pub tags: Vec<String>,
}

/// What became of a path from one trace to the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum TraceChange {
    /// Only in the second.
    Added,
    /// Only in the first.
    Removed,
    /// Took notably longer.
    Slower,
    /// Took notably less.
    Faster,
    /// As long as before, but another number of spans or of failures.
    Counts,
    /// Nothing that matters.
    Same,
}

/// A path in both traces.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct TraceDiffRow {
    /// Levels above it.
    pub depth: u32,
    /// The service.
    pub service: String,
    /// What it does.
    pub operation: String,
    /// What became of it.
    pub change: TraceChange,
    /// Whether something below it changed.
    pub below: bool,
    /// Spans in each.
    pub spans: [u32; 2],
    /// Failed ones in each.
    pub errors: [u32; 2],
    /// Time in each, ns.
    pub total: [f64; 2],
    /// Time of own work in each, ns.
    pub self_time: [f64; 2],
    /// Own work on the critical path in each, ns.
    pub critical: [f64; 2],
    /// The longest of its spans in each: a row.
    pub longest: [Option<u32>; 2],
}

/// Two traces beside each other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct TraceDiffView {
    /// Both.
    pub traces: Vec<TraceItem>,
    /// Paths in the order of a tree; at most 5,000.
    pub rows: Vec<TraceDiffRow>,
    /// How many there are.
    pub total: u32,
    /// Paths of each change: added, removed, slower, faster, counts, same.
    pub counts: [u32; 6],
}
