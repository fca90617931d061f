//! 资源与容量: what it runs on, and when a disk is full.

use super::{heads, of_group, row};
use crate::data::{Data, Disk, Group};
use crate::document::{Block, Cell, Section, Table};
use crate::figure;
use crate::say::Writer;
use chart::panel::Grade;
use model::board::Unit;

/// Full disks are looked for this far ahead, days.
const AHEAD: f64 = 365.0;
/// Sooner than this is told above all, days.
const SOON: f64 = 30.0;
/// A line that explains less of the variation than this is not drawn on, 0 to 1.
const EXPLAINED: f64 = 0.3;
/// Disks that are listed.
const LISTED: usize = 12;

/// Days until a disk is full if it goes on like this.
fn full_in(disk: &Disk) -> Option<f64> {
    let fit = disk.used.fit()?;
    if fit.r2 < EXPLAINED {
        return None;
    }
    fit.days_until(100.0, AHEAD)
}

pub(super) fn lead(data: &Data, w: &Writer) -> Option<String> {
    let soonest = data
        .disks
        .iter()
        .filter_map(|d| Some((d, full_in(d)?)))
        .filter(|(_, days)| *days < SOON)
        .min_by(|a, b| a.1.total_cmp(&b.1))?;
    let days = figure::digits(soonest.1.floor());
    Some(w.say(
        "lead.capacity",
        &[("disk", &soonest.0.name), ("days", &days)],
    ))
}

pub(super) fn section(data: &Data, w: &Writer) -> Section {
    let rows = of_group(data, Group::Resource)
        .into_iter()
        .map(|m| row(m, w))
        .collect();
    let mut blocks = vec![Block::Table(Table {
        head: heads(&["measure", "highest", "before", "change", "peak"], w),
        rows,
    })];
    if data.disks.is_empty() {
        blocks.push(Block::Note(w.plain("capacity.none")));
    } else {
        let mut disks: Vec<&Disk> = data.disks.iter().collect();
        let soon = |d: &Disk| full_in(d).unwrap_or(f64::INFINITY);
        let used = |d: &Disk| d.used.summary().map_or(0.0, |s| s.max);
        disks.sort_by(|a, b| {
            soon(a)
                .total_cmp(&soon(b))
                .then(used(b).total_cmp(&used(a)))
        });
        blocks.push(Block::Table(Table {
            head: heads(&["disk", "used", "per_day", "full"], w),
            rows: disks
                .iter()
                .take(LISTED)
                .map(|d| disk(data, d, w))
                .collect(),
        }));
        if disks.len() > LISTED {
            let count = (disks.len() - LISTED).to_string();
            blocks.push(Block::Note(w.say("capacity.more", &[("count", &count)])));
        }
        blocks.push(Block::Note(w.plain("capacity.linear")));
    }
    Section {
        title: w.plain("section.capacity"),
        blocks,
    }
}

fn disk(data: &Data, disk: &Disk, w: &Writer) -> Vec<Cell> {
    let newest = disk
        .used
        .points
        .iter()
        .rev()
        .copied()
        .flatten()
        .find(|v| v.is_finite());
    let used = newest.map_or_else(
        || figure::NOTHING.to_owned(),
        |v| figure::line(v, Unit::Percent, &w.locale),
    );
    let grade = match newest {
        Some(v) if v > 95.0 => Grade::Emergency,
        Some(v) if v > 90.0 => Grade::Critical,
        Some(v) if v > 85.0 => Grade::Warning,
        _ => Grade::Normal,
    };
    let per_day = disk.used.fit().map_or_else(
        || figure::NOTHING.to_owned(),
        |fit| w.say("points", &[("n", &format!("{:+.2}", fit.per_day))]),
    );
    let full = match full_in(disk) {
        None => Cell::from(w.plain("capacity.not_within")),
        Some(days) => {
            let at = w.time(
                data.period
                    .until
                    .saturating_add((days * 86_400_000.0) as i64),
                "%Y-%m-%d",
            );
            let said = w.say(
                "capacity.in_days",
                &[("days", &figure::digits(days.floor())), ("date", &at)],
            );
            Cell::of(
                said,
                if days < SOON {
                    Grade::Critical
                } else {
                    Grade::Normal
                },
            )
        }
    };
    vec![
        disk.name.clone().into(),
        Cell::of(used, grade),
        per_day.into(),
        full,
    ]
}
