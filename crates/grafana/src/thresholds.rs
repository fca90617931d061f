//! Limits: steps with colours in a dashboard, severities with a direction in a board.
//!
//! A dashboard's step holds from its value on, ours beyond it; they differ for a value that equals the limit only.

use crate::colour::{Meaning, meaning};
use crate::fault::LossKind;
use crate::read::{Losses, Node};
use model::{Direction, Thresholds};
use serde_json::{Value, json};

/// A step: from which value on (`None`: from below everything), and what its colour means.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Step {
    from: Option<f64>,
    meaning: Meaning,
}

/// The limits of steps that get worse in one direction; `None` when they do not.
fn from_steps(steps: &[Step]) -> Option<Thresholds> {
    let rises = steps.windows(2).all(|w| w[0].meaning <= w[1].meaning);
    let falls = steps.windows(2).all(|w| w[0].meaning >= w[1].meaning);
    if !rises && !falls {
        return None;
    }
    let direction = if rises {
        Direction::Above
    } else {
        Direction::Below
    };
    // (what it means beyond the limit, the limit), from harmless to worst
    let mut limits: Vec<(Meaning, f64)> = Vec::new();
    for w in steps.windows(2) {
        let (worse, limit) = if rises {
            (w[1].meaning, w[1].from)
        } else {
            (w[0].meaning, w[1].from)
        };
        if w[0].meaning != w[1].meaning
            && let Some(limit) = limit
        {
            limits.push((worse, limit));
        }
    }
    if falls {
        limits.reverse();
    }
    let mut out = Thresholds {
        direction,
        ..Thresholds::default()
    };
    for (i, (meaning, limit)) in limits.iter().enumerate() {
        let milder_before = i > 0;
        let slot = match (meaning, i) {
            (_, 2..) | (Meaning::Worst, _) => &mut out.emergency,
            (Meaning::Bad, _) | (Meaning::Orange, 1) => &mut out.critical,
            _ if milder_before => &mut out.critical,
            _ => &mut out.warning,
        };
        if slot.is_none() {
            *slot = Some(*limit);
        }
    }
    (out.is_ordered()).then_some(out)
}

/// `{mode, steps: [{color, value}]}` of a field's configuration. `ends`: the axis, for limits in percent of it.
pub(crate) fn from_field(
    node: &Node<'_>,
    ends: (Option<f64>, Option<f64>),
    panel: &str,
    losses: &mut Losses,
) -> Option<Thresholds> {
    let percentage = node.get("mode").text() == Some("percentage");
    let mut steps: Vec<Step> = node
        .get("steps")
        .list(losses, Some(panel))
        .iter()
        .map(|step| Step {
            from: step.get("value").number(),
            meaning: meaning(step.get("color").text().unwrap_or_default()),
        })
        .collect();
    if percentage && steps.len() > 1 {
        let (Some(min), Some(max)) = ends else {
            losses.add(Some(panel), &node.path, LossKind::ThresholdsPercent);
            return None;
        };
        for step in &mut steps {
            step.from = step.from.map(|p| min + (max - min) * p / 100.0);
        }
    }
    set(&steps, node, panel, losses)
}

fn set(steps: &[Step], node: &Node<'_>, panel: &str, losses: &mut Losses) -> Option<Thresholds> {
    match from_steps(steps) {
        Some(found) => Some(found).filter(Thresholds::is_set),
        None => {
            losses.add(Some(panel), &node.path, LossKind::Thresholds);
            None
        }
    }
}

/// The `thresholds` of an old graph: `[{value, op, colorMode}]`.
pub(crate) fn from_graph(node: &Node<'_>, panel: &str, losses: &mut Losses) -> Option<Thresholds> {
    let all = node.list(losses, Some(panel));
    let mut out = Thresholds::default();
    let mut directions: Vec<Direction> = Vec::new();
    for limit in &all {
        let Some(value) = limit.get("value").number() else {
            continue;
        };
        let slot = match limit.get("colorMode").text() {
            Some("warning") => &mut out.warning,
            Some("ok") => continue,
            Some("custom") => match meaning(limit.get("fillColor").text().unwrap_or_default()) {
                Meaning::Good => continue,
                Meaning::Mild | Meaning::Orange => &mut out.warning,
                Meaning::Bad => &mut out.critical,
                Meaning::Worst => &mut out.emergency,
            },
            _ => &mut out.critical,
        };
        if slot.is_none() {
            *slot = Some(value);
        }
        directions.push(match limit.get("op").text() {
            Some("lt") => Direction::Below,
            _ => Direction::Above,
        });
    }
    let first = *directions.first()?;
    out.direction = first;
    if directions.iter().any(|d| *d != first) || !out.is_ordered() {
        losses.add(Some(panel), &node.path, LossKind::Thresholds);
        return None;
    }
    Some(out)
}

/// `"80,90"` with three colours of an old single value.
pub(crate) fn from_single(node: &Node<'_>, panel: &str, losses: &mut Losses) -> Option<Thresholds> {
    let text = node.get("thresholds").text()?.to_owned();
    let colours = node.get("colors").list(losses, Some(panel));
    let limits = text.split(',').filter_map(|t| t.trim().parse::<f64>().ok());
    let from = std::iter::once(None).chain(limits.filter(|l| l.is_finite()).map(Some));
    let steps: Vec<Step> = from
        .zip(&colours)
        .map(|(from, colour)| Step {
            from,
            meaning: meaning(colour.text().unwrap_or_default()),
        })
        .collect();
    set(&steps, node, panel, losses)
}

/// Limits times `factor`.
pub(crate) fn scaled(t: Thresholds, factor: f64) -> Thresholds {
    let by = |limit: Option<f64>| limit.map(|l| l * factor);
    Thresholds {
        warning: by(t.warning),
        critical: by(t.critical),
        emergency: by(t.emergency),
        direction: t.direction,
    }
}

/// The steps of `t`; no limits are one green step.
pub(crate) fn to_field(t: Option<&Thresholds>) -> Value {
    let t = t.copied().unwrap_or_default();
    // Orange after yellow would read as a second warning: red follows it, and dark red is worse than red.
    let limits: Vec<(&str, f64)> = [
        ("yellow", t.warning),
        ("red", t.critical),
        ("dark-red", t.emergency),
    ]
    .into_iter()
    .filter_map(|(colour, limit)| Some((colour, limit?)))
    .collect();
    let step = |colour: &str, value: Option<f64>| json!({"color": colour, "value": value});
    let mut steps = Vec::new();
    match t.direction {
        Direction::Above => {
            steps.push(step("green", None));
            steps.extend(limits.iter().map(|(c, l)| step(c, Some(*l))));
        }
        Direction::Below => {
            let mut from = None;
            for (colour, limit) in limits.iter().rev() {
                steps.push(step(colour, from));
                from = Some(*limit);
            }
            steps.push(step("green", from));
        }
    }
    json!({"mode": "absolute", "steps": steps})
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(value: &Value, ends: (Option<f64>, Option<f64>)) -> (Option<Thresholds>, Losses) {
        let mut losses = Losses::default();
        let node = Node {
            value,
            path: "$".into(),
        };
        (from_field(&node, ends, "p", &mut losses), losses)
    }

    fn limits(w: Option<f64>, c: Option<f64>, e: Option<f64>, direction: Direction) -> Thresholds {
        Thresholds {
            warning: w,
            critical: c,
            emergency: e,
            direction,
        }
    }

    #[test]
    fn steps_become_severities() {
        let steps = |all: &[(&str, Option<f64>)]| {
            let steps: Vec<Value> = all
                .iter()
                .map(|(c, v)| json!({"color": c, "value": v}))
                .collect();
            read(&json!({"steps": steps}), (None, None))
        };
        let (found, _) = steps(&[
            ("green", None),
            ("rgba(237, 129, 40, 0.89)", Some(85.0)),
            ("rgba(245, 54, 54, 0.9)", Some(95.0)),
        ]);
        let expected = limits(Some(85.0), Some(95.0), None, Direction::Above);
        assert_eq!(found, Some(expected));
        let (found, _) = steps(&[("red", None), ("yellow", Some(0.9)), ("green", Some(0.99))]);
        let expected = limits(Some(0.99), Some(0.9), None, Direction::Below);
        assert_eq!(found, Some(expected));
        let (found, _) = steps(&[
            ("green", None),
            ("yellow", Some(1.0)),
            ("orange", Some(2.0)),
            ("red", Some(3.0)),
        ]);
        let expected = limits(Some(1.0), Some(2.0), Some(3.0), Direction::Above);
        assert_eq!(found, Some(expected));
        let (found, losses) = steps(&[("red", None), ("green", Some(1.0)), ("red", Some(2.0))]);
        assert_eq!(
            (found, losses.all[0].kind.clone()),
            (None, LossKind::Thresholds)
        );
        assert_eq!(steps(&[("green", None)]).0, None);
    }

    #[test]
    fn limits_in_percent_need_the_ends_of_the_axis() {
        let value = json!({"mode": "percentage", "steps": [{"color": "green"}, {"color": "red", "value": 50}]});
        let (found, _) = read(&value, (Some(100.0), Some(300.0)));
        assert_eq!(found.unwrap().critical, Some(200.0));
        let (found, losses) = read(&value, (None, Some(1.0)));
        assert_eq!(found, None);
        assert_eq!(losses.all[0].kind, LossKind::ThresholdsPercent);
    }

    #[test]
    fn old_forms_are_read() {
        let mut losses = Losses::default();
        let value = json!([{"value": 5, "op": "gt", "colorMode": "critical"}, {"value": "3", "op": "gt", "colorMode": "warning"}]);
        let node = Node {
            value: &value,
            path: "$".into(),
        };
        let expected = limits(Some(3.0), Some(5.0), None, Direction::Above);
        assert_eq!(from_graph(&node, "p", &mut losses), Some(expected));
        let value = json!({"thresholds": "0.5, 0.8", "colors": ["#d44a3a", "rgba(237, 129, 40, 0.89)", "#299c46"]});
        let node = Node {
            value: &value,
            path: "$".into(),
        };
        let expected = limits(Some(0.8), Some(0.5), None, Direction::Below);
        assert_eq!(from_single(&node, "p", &mut losses), Some(expected));
        assert_eq!(losses.all, []);
    }

    #[test]
    fn what_is_written_is_read_back() {
        for t in [
            limits(Some(1.0), Some(2.0), Some(3.0), Direction::Above),
            limits(Some(3.0), Some(2.0), Some(1.0), Direction::Below),
            limits(None, Some(2.0), None, Direction::Below),
            limits(Some(7.0), None, Some(9.0), Direction::Above),
        ] {
            assert_eq!(read(&to_field(Some(&t)), (None, None)).0, Some(t));
        }
    }
}
