//! Who calls whom, laid out as on the wall, coloured only where it is abnormal.

use super::{How, Known, series};
use crate::frames::topology;
use crate::render::words::grade;
use chart::panel::{Body, Figure, Node, Way, Web};
use engine::{Engine, PanelStatus};
use model::board::Panel;
use model::{Labels, Severity};

/// Ways that have their values written unless they are abnormal; more would run into each other.
const WRITTEN: usize = 40;

pub(super) fn body(engine: &Engine, panel: &Panel, status: &PanelStatus, how: &How) -> Body {
    let known: Vec<Known<'_>> = panel
        .queries
        .iter()
        .zip(&status.queries)
        .map(|(query, status)| Known {
            query,
            status,
            unit: query.unit.unwrap_or(panel.unit),
        })
        .collect();
    let all: Vec<Vec<_>> = known
        .iter()
        .map(|k| series(engine, &[k], None, how))
        .collect();
    let labels: Vec<Vec<&Labels>> = all
        .iter()
        .map(|s| s.iter().map(|s| s.labels).collect())
        .collect();
    let view = topology::view(panel, &labels);
    // The worst of what is said of a node or a way; else what the board names first.
    let said = |speaks: &[(u32, u32)]| {
        let found = speaks.iter().filter_map(|(q, s)| {
            let one = all.get(*q as usize)?.get(*s as usize)?;
            (!one.judged.value.is_nan()).then_some(one)
        });
        found.reduce(|best, one| {
            if one.judged.severity > best.judged.severity {
                one
            } else {
                best
            }
        })
    };
    let figure = |speaks: &[(u32, u32)]| -> (Option<Figure>, Severity, f64) {
        let first = speaks
            .first()
            .and_then(|(q, s)| all.get(*q as usize)?.get(*s as usize));
        let rate = first.map_or(f64::NAN, |s| s.judged.value);
        let one = said(speaks);
        (
            one.map(|s| super::shown(&s.judged, s.of.unit, how)),
            one.map_or(Severity::Normal, |s| s.judged.severity),
            rate,
        )
    };
    let many = view.edges.len() > WRITTEN;
    let ways = view.edges.iter().map(|edge| {
        let (figure, severity, rate) = figure(&edge.series);
        Way {
            points: edge.points.clone(),
            figure: figure.filter(|_| !many || severity != Severity::Normal),
            grade: grade(severity),
            thick: weight(rate),
        }
    });
    let nodes = view.nodes.iter().map(|node| {
        let (figure, severity, _) = figure(&node.series);
        Node {
            name: node.name.clone(),
            x: node.x,
            y: node.y,
            width: node.width,
            figure,
            grade: grade(severity),
        }
    });
    let hidden = usize::try_from(view.hidden).unwrap_or(usize::MAX);
    Body::Web(Web {
        size: (view.width, view.height),
        node: view.node,
        nodes: nodes.collect(),
        ways: ways.collect(),
        rest: super::rows::rest(hidden, 0, view.edges.len(), how),
    })
}

/// Width of a line for a rate, in units of design: tenfold traffic is one more.
fn weight(rate: f64) -> f64 {
    if rate > 0.0 {
        (1.6 + rate.log10() * 0.8).clamp(1.0, 5.0)
    } else {
        1.0
    }
}
