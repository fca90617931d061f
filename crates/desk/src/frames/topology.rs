//! Where the nodes and edges of a topology panel stand: from the labels of its series to a drawing in layers.

use super::cut;
use model::Labels;
use model::board::Panel;
use std::collections::{BTreeMap, BTreeSet};
use traces::{Edge, Graph, Node, Options, Origin};
use wire::{TopologyEdge, TopologyNode, TopologyView};

/// More edges than this say nothing on a wall; the first ones by name are drawn.
const MOST_EDGES: usize = 200;
/// Height of a node and the least and greatest width of one, in the drawing's own units.
const HEIGHT: f64 = 46.0;
const WIDTHS: (f64, f64) = (96.0, 220.0);
/// Width of a letter of 16 units, of a Han character, and what stands beside the name.
const LETTER: (f64, f64) = (8.5, 16.0);
const BESIDE: f64 = 30.0;

/// Which series speak of a node or an edge.
type Speaks = Vec<(u32, u32)>;

/// The drawing for series with these labels, query after query.
pub(crate) fn view(panel: &Panel, series: &[Vec<&Labels>]) -> TopologyView {
    let ends = panel.ends.clone().unwrap_or_default();
    let mut edges: BTreeMap<(&str, &str), Speaks> = BTreeMap::new();
    let mut alone: BTreeMap<&str, Speaks> = BTreeMap::new();
    for (q, labels) in (0u32..).zip(series) {
        for (s, labels) in (0u32..).zip(labels) {
            let said = |name: &str| labels.get(name).filter(|v| !v.is_empty());
            match (said(&ends.from), said(&ends.to)) {
                (Some(from), Some(to)) => edges.entry((from, to)).or_default().push((q, s)),
                (None, Some(node)) | (Some(node), None) => {
                    alone.entry(node).or_default().push((q, s));
                }
                (None, None) => {}
            }
        }
    }
    let hidden = edges.len().saturating_sub(MOST_EDGES);
    let shown: Vec<_> = edges.into_iter().take(MOST_EDGES).collect();
    let ends: BTreeSet<&str> = shown.iter().flat_map(|((f, t), _)| [*f, *t]).collect();
    // A node without edges is drawn as well, as long as there is room for it.
    let room = MOST_EDGES.saturating_sub(ends.len());
    let free: Vec<&str> = alone
        .keys()
        .filter(|n| !ends.contains(*n))
        .take(room)
        .copied()
        .collect();
    let names: Vec<&str> = ends
        .into_iter()
        .chain(free)
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect();
    let mut view = placed(&names, &shown);
    for node in &mut view.nodes {
        node.name = cut(&node.name);
    }
    for (node, name) in view.nodes.iter_mut().zip(&names) {
        node.series = alone.remove(name).unwrap_or_default();
    }
    view.hidden = u32::try_from(hidden).unwrap_or(u32::MAX);
    view
}

fn placed(names: &[&str], edges: &[((&str, &str), Speaks)]) -> TopologyView {
    let index = |name: &str| {
        let at = names.binary_search(&name).unwrap_or_default();
        u32::try_from(at).unwrap_or_default()
    };
    let node = |name: &&str| Node {
        name: (*name).into(),
        members: 1,
        ..Node::default()
    };
    let edge = |((from, to), _): &((&str, &str), Speaks)| Edge::between(index(from), index(to), 1);
    let graph = Graph {
        nodes: names.iter().map(node).collect(),
        edges: edges.iter().map(edge).collect(),
        origin: Origin::Store,
    };
    let widths: Vec<f64> = names.iter().map(|n| width(n)).collect();
    let options = Options {
        widths: widths.clone(),
        height: HEIGHT,
        layer_gap: 84.0,
        node_gap: 18.0,
        ..Options::default()
    };
    let layout = traces::layout(&graph, &options).unwrap_or_default();
    let nodes = names
        .iter()
        .zip(&layout.nodes)
        .map(|(name, at)| TopologyNode {
            name: (*name).to_owned(),
            x: at.x,
            y: at.y,
            width: at.width,
            series: Vec::new(),
        });
    let lines = edges
        .iter()
        .zip(&layout.edges)
        .map(|(((from, to), series), way)| TopologyEdge {
            from: index(from),
            to: index(to),
            points: way.points.clone(),
            backward: way.backward,
            series: series.clone(),
        });
    TopologyView {
        width: layout.width,
        height: layout.height,
        node: HEIGHT,
        nodes: nodes.collect(),
        edges: lines.collect(),
        hidden: 0,
    }
}

/// Room for a name: Han characters are as wide as they are high.
fn width(name: &str) -> f64 {
    let letters = name
        .chars()
        .take(40)
        .map(|c| if c.is_ascii() { LETTER.0 } else { LETTER.1 });
    (BESIDE + letters.sum::<f64>()).clamp(WIDTHS.0, WIDTHS.1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::board::PanelKind;

    fn labels(pairs: &[(&str, &str)]) -> Labels {
        Labels::from_pairs(pairs.iter().copied())
    }

    #[test]
    fn edges_and_nodes_know_the_series_that_speak_of_them() {
        let panel = Panel {
            kind: PanelKind::Topology,
            ..Panel::default()
        };
        let calls = [
            labels(&[("client", "gateway"), ("server", "order")]),
            labels(&[("client", "order"), ("server", "payment")]),
            labels(&[("job", "nothing")]),
        ];
        let errors = [labels(&[("client", "order"), ("server", "payment")])];
        let load = [
            labels(&[("server", "payment")]),
            labels(&[("server", "印章")]),
        ];
        let all: Vec<Vec<&Labels>> = [&calls[..], &errors[..], &load[..]]
            .iter()
            .map(|s| s.iter().collect())
            .collect();
        let view = view(&panel, &all);
        let names: Vec<&str> = view.nodes.iter().map(|n| n.name.as_str()).collect();
        assert_eq!(names, ["gateway", "order", "payment", "印章"]);
        assert_eq!(view.nodes[2].series, [(2, 0)]);
        assert_eq!(view.edges[1].series, [(0, 1), (1, 0)]);
        assert!(view.nodes[0].x < view.nodes[1].x && view.nodes[1].x < view.nodes[2].x);
        assert!(view.nodes.iter().all(|n| n.x + n.width <= view.width + 0.5));
    }

    #[test]
    fn a_flood_of_edges_is_bounded_and_said() {
        let many: Vec<Labels> = (0..500)
            .map(|i| labels(&[("client", &*format!("c{i}")), ("server", "s")]))
            .collect();
        let view = view(&Panel::default(), &[many.iter().collect()]);
        assert_eq!((view.edges.len(), view.hidden), (MOST_EDGES, 300));
        assert!(view.nodes.len() <= MOST_EDGES + 1);
    }
}
