//! Where a graph of services is drawn: layers from left to right, so that calls run to the right wherever they can.
//!
//! The method is that of Sugiyama, Tagawa and Toda ("Methods for Visual Understanding of Hierarchical System Structures", IEEE
//! SMC 1981) in the steps of Gansner, Koutsofios, North and Vo ("A Technique for Drawing Directed Graphs", IEEE TSE 1993): rings
//! are broken (`acyclic`), nodes get layers (`layers`), layers an order with few crossings (`order`), nodes a place in it
//! (`place`). The same graph is always drawn in the same way.

mod acyclic;
mod crossings;
mod layers;
mod order;
mod pack;
mod place;
mod route;

use crate::graph::Graph;
use layers::Layered;

/// More nodes than this are not laid out: nobody could read it, and the surroundings of one ([`Graph::around`]) or groups
/// ([`Graph::grouped`]) can be.
pub const MOST_NODES: usize = 5_000;
/// More edges than this are not laid out.
pub const MOST_EDGES: usize = 20_000;

/// Sizes, in any unit.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// How wide nodes are that `widths` does not name.
    pub width: f64,
    /// How wide each node is, by index; may be shorter than the nodes.
    pub widths: Vec<f64>,
    /// How high a node is.
    pub height: f64,
    /// Between the layers, from the widest node of one to the next.
    pub layer_gap: f64,
    /// Between nodes of a layer.
    pub node_gap: f64,
    /// Between lines that pass a layer.
    pub line_gap: f64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            width: 160.0,
            widths: Vec::new(),
            height: 44.0,
            layer_gap: 96.0,
            node_gap: 20.0,
            line_gap: 12.0,
        }
    }
}

impl Options {
    fn width_of(&self, node: u32) -> f64 {
        let width = self.widths.get(node as usize).copied();
        width
            .filter(|w| w.is_finite() && *w > 0.0)
            .unwrap_or(self.width)
    }
}

/// A node that has its place.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Placed {
    /// Left edge.
    pub x: f64,
    /// Upper edge.
    pub y: f64,
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
    /// Its layer, from 0 at the left, within its connected part of the graph.
    pub layer: u32,
}

/// An edge that has its way.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Routed {
    /// From the caller's edge to the called one's: straight pieces between the layers, or the corners for a curve.
    pub points: Vec<(f64, f64)>,
    /// Whether it runs to the left, because it closes a ring.
    pub backward: bool,
}

/// A graph laid out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Layout {
    /// By index of the graph's nodes.
    pub nodes: Vec<Placed>,
    /// By index of the graph's edges.
    pub edges: Vec<Routed>,
    /// Right edge of everything; the left one is 0.
    pub width: f64,
    /// Lower edge of everything; the upper one is 0.
    pub height: f64,
    /// How often lines cross.
    pub crossings: u64,
    /// How often they crossed before layers were put in order.
    pub crossings_at_first: u64,
}

/// A graph is too large to be laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLarge {
    /// Its nodes; [`MOST_NODES`] are possible.
    pub nodes: usize,
    /// Its edges; [`MOST_EDGES`] are possible.
    pub edges: usize,
}

impl std::fmt::Display for TooLarge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { nodes, edges } = self;
        write!(
            f,
            "{nodes} nodes and {edges} edges cannot be laid out, at most {MOST_NODES} and {MOST_EDGES}: take the surroundings of a node, or groups"
        )
    }
}

impl std::error::Error for TooLarge {}

/// Lays a graph out.
///
/// # Errors
/// [`TooLarge`].
pub fn layout(graph: &Graph, options: &Options) -> Result<Layout, TooLarge> {
    let (nodes, edges) = (graph.nodes.len(), graph.edges.len());
    if nodes > MOST_NODES || edges > MOST_EDGES {
        return Err(TooLarge { nodes, edges });
    }
    let parts = pack::parts(graph);
    let mut pieces = Vec::with_capacity(parts.len());
    let (mut crossings, mut crossings_at_first) = (0, 0);
    for part in parts {
        let directed = acyclic::directed(graph, &part);
        let mut layered = Layered::of(&part, &directed);
        let crossed = order::arrange(&mut layered);
        crossings_at_first += crossed.before;
        crossings += crossed.after;
        let y = place::place(&layered, options);
        pieces.push(route::piece(&part, &layered, &y, options));
    }
    let mut out = pack::pack(graph, pieces, options);
    (out.crossings, out.crossings_at_first) = (crossings, crossings_at_first);
    Ok(out)
}
