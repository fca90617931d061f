//! One value: great, or on an arc.

use super::{How, Known, Window, first_limit, limit_note, series, shown, worst_first};
use chart::panel::{Arc_, Body, Figure, Grade, Hero, nice_step};
use engine::Engine;
use model::Direction;
use model::board::{Panel, PanelKind, Role, Unit};

pub(super) fn hero(
    engine: &Engine,
    panel: &Panel,
    known: &[Known<'_>],
    window: &Window,
    how: &How,
) -> Body {
    // A tile shows its main value, unless a further check is worse.
    let mut head = known.iter().find(|k| k.query.role == Role::Main);
    if panel.kind == PanelKind::Tile {
        for check in known.iter().filter(|k| k.query.role == Role::Check) {
            let severity = |k: &Known<'_>| k.status.reduced.severity;
            if !check.status.reduced.value.is_nan()
                && head.is_none_or(|h| severity(check) > severity(h))
            {
                head = Some(check);
            }
        }
    }
    let Some(head) = head else {
        return Body::Words(Vec::new());
    };
    let mut notes = Vec::new();
    if panel.kind == PanelKind::Tile {
        let label = head.query.label.as_deref().map(|key| how.words.plain(key));
        notes.extend(label.map(|l| (l, Figure::default())));
    } else {
        let limit = head
            .status
            .limits
            .and_then(|l| limit_note(&l, head.unit, how));
        notes.extend(limit.map(|(name, text)| {
            (
                name,
                Figure {
                    text,
                    ..Figure::default()
                },
            )
        }));
    }
    for note in known.iter().filter(|k| k.query.role == Role::Note) {
        let name = note
            .query
            .label
            .as_deref()
            .map_or_else(String::new, |key| how.words.plain(key));
        notes.push((name, shown(&note.status.reduced, note.unit, how)));
    }
    let main: Vec<&Known<'_>> = known
        .iter()
        .filter(|k| k.query.role == Role::Main)
        .take(1)
        .collect();
    let mut past = series(engine, &main, Some(window), how);
    past.sort_by(worst_first);
    Body::Hero(Hero {
        figure: shown(&head.status.reduced, head.unit, how),
        notes,
        past: past.into_iter().next().map_or_else(Vec::new, |s| s.points),
        limit: main
            .first()
            .and_then(|k| k.status.limits)
            .as_ref()
            .and_then(first_limit),
        marks: window.shares(how),
    })
}

pub(super) fn gauge(panel: &Panel, main: &[&Known<'_>], how: &How) -> Body {
    let Some(head) = main.first() else {
        return Body::Words(Vec::new());
    };
    let (value, limits) = (head.status.reduced.value, head.status.limits);
    let natural = match head.unit {
        Unit::Percent => Some(100.0),
        Unit::Ratio | Unit::UpDown => Some(1.0),
        Unit::Score => Some(5.0),
        _ => None,
    };
    let marks = || {
        limits
            .into_iter()
            .flat_map(|l| [l.warning, l.critical, l.emergency])
            .flatten()
    };
    let most = marks()
        .chain([value])
        .filter(|v| v.is_finite())
        .fold(0.0, f64::max);
    let step = nice_step(most * 1.1 / 4.0, false);
    let low = panel.min.unwrap_or(0.0);
    let high = panel
        .max
        .or(natural)
        .unwrap_or((most * 1.1 / step).ceil() * step);
    let share = |v: f64| ((v - low) / (high - low).max(1e-12)).clamp(0.0, 1.0);
    let zones = limits.map_or_else(Vec::new, |l| {
        let at = [
            (l.warning, Grade::Warning),
            (l.critical, Grade::Critical),
            (l.emergency, Grade::Emergency),
        ];
        let zone = |(limit, grade): (Option<f64>, Grade)| {
            let at = share(limit?);
            Some(if l.direction == Direction::Below {
                (0.0, at, grade)
            } else {
                (at, 1.0, grade)
            })
        };
        at.into_iter().filter_map(zone).collect()
    });
    let note = limits.and_then(|l| limit_note(&l, head.unit, how));
    Body::Arc(Arc_ {
        figure: shown(&head.status.reduced, head.unit, how),
        share: if value.is_nan() { 0.0 } else { share(value) },
        zones,
        note: note.map_or_else(String::new, |(name, value)| format!("{name} {value}")),
    })
}
