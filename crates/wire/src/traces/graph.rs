//! The graph of services: who calls whom, how often, how slowly. Times as in [`super`].

use crate::alert::Sentence;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Which graph of services.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct TraceGraphAsk {
    /// Which place of the page asks.
    pub lane: String,
    /// Which store; `None`: the first.
    pub source: Option<String>,
    /// Until when.
    pub to: f64,
    /// How long before, ms.
    pub lookback: f64,
    /// Computed from traces that are fetched, even if the store keeps a graph.
    pub sampled: bool,
    /// Only this service and its neighbours.
    pub focus: Option<String>,
    /// How far from it, 1 to 5.
    pub hops: u32,
    /// All services, also when there are more than can be read: to see the whole and to go on from there.
    pub whole: bool,
    /// Asked of the store again.
    pub again: bool,
}

/// A service in the graph.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct TraceNodeView {
    /// Its name.
    pub name: String,
    /// Middle, in units of the drawing.
    pub x: f64,
    /// Middle.
    pub y: f64,
    /// Width of its box.
    pub width: f64,
    /// Height of its box.
    pub height: f64,
    /// Calls to it.
    pub calls: f64,
    /// Neighbours that are not shown.
    pub hidden: u32,
    /// Whether it calls itself.
    pub own: bool,
    /// Whether it is only known from those who call it: a database, a queue.
    pub inferred: bool,
    /// Services that it stands for.
    pub members: u32,
}

/// Calls from one service to another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct TraceEdgeView {
    /// Index of who calls.
    pub from: u32,
    /// Index of who is called.
    pub to: u32,
    /// How often.
    pub calls: f64,
    /// Share of failed calls among the traces that were fetched, 0 to 1.
    pub errors: Option<f64>,
    /// Median of them, ns.
    pub p50: Option<f64>,
    /// 95th percentile of them, ns.
    pub p95: Option<f64>,
    /// Calls that the latter are made of.
    pub measured: u32,
    /// Whether it goes through a queue.
    pub queue: bool,
    /// Part of a circle.
    pub circle: bool,
    /// Its way: points in units of the drawing.
    pub points: Vec<[f64; 2]>,
    /// The most frequent operations that are called.
    pub operations: Vec<String>,
}

/// Who calls whom.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct TraceGraphView {
    /// The store that was asked.
    pub source: String,
    /// Made up.
    pub demo: bool,
    /// Whether it is computed from traces that were fetched; otherwise it is the store's own.
    pub sampled: bool,
    /// Traces that figures are computed from.
    pub traces: u32,
    /// Width of the drawing.
    pub width: f64,
    /// Height of the drawing.
    pub height: f64,
    /// Services shown.
    pub nodes: Vec<TraceNodeView>,
    /// Calls shown.
    pub edges: Vec<TraceEdgeView>,
    /// All services, sorted.
    pub services: Vec<String>,
    /// All calls.
    pub all_edges: u32,
    /// The service in the middle: the one asked for, or the busiest one when the whole would be too large to read.
    pub focus: Option<String>,
    /// What is to be said of it.
    pub notes: Vec<Sentence>,
    /// From when.
    pub from: f64,
    /// Until when.
    pub to: f64,
}
