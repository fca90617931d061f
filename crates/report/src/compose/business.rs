//! 业务: orders, money, users.

use super::{course, find, heads, of_group, row};
use crate::data::{Data, Group, Measured};
use crate::document::{Block, Chart, Section, Table};
use crate::figure;
use crate::say::Writer;
use chart::panel::{Body, Figure, Slice};
use model::board::Unit;

pub(super) fn section(data: &Data, w: &Writer) -> Section {
    let mut blocks = Vec::new();
    let orders = find(data, "orders");
    if let Some(orders) = orders {
        blocks.push(Block::Chart(Box::new(course(data, orders, w))));
    }
    let rows = of_group(data, Group::Business)
        .into_iter()
        .map(|m| row(m, w))
        .collect();
    blocks.push(Block::Table(Table {
        head: heads(&["measure", "now", "before", "change", "peak"], w),
        rows,
    }));
    let amount = find(data, "amount").map(|m| {
        let mut chart = course(data, m, w);
        chart.height = 0.62;
        chart
    });
    match (amount, orders.and_then(|m| shares(m, w))) {
        (Some(amount), Some(shares)) => {
            blocks.push(Block::Pair(Box::new(amount), Box::new(shares)))
        }
        (Some(one), None) | (None, Some(one)) => blocks.push(Block::Chart(Box::new(one))),
        (None, None) => {}
    }
    Section {
        title: w.plain("section.business"),
        blocks,
    }
}

/// Parts of the whole, the largest first.
fn shares(m: &Measured, w: &Writer) -> Option<Chart> {
    let mut parts: Vec<(String, f64)> = m
        .parts
        .iter()
        .filter_map(|(name, track)| Some((name.clone(), track.total_per_minute()?)))
        .filter(|(_, total)| *total > 0.0)
        .collect();
    parts.sort_by(|a, b| b.1.total_cmp(&a.1));
    let whole: f64 = parts.iter().map(|(_, v)| v).sum();
    if parts.len() < 2 || whole <= 0.0 {
        return None;
    }
    let slice = |(name, total): (String, f64)| {
        let shown = figure::show(total.round(), Unit::Count, &w.locale);
        Slice {
            name: w.part(&name),
            figure: Figure {
                text: shown.text,
                unit: shown.unit,
                ..Figure::default()
            },
            share: total / whole,
        }
    };
    Some(Chart {
        title: w.plain("chart.by_channel"),
        subtitle: String::new(),
        body: Body::Ring(parts.into_iter().take(8).map(slice).collect()),
        height: 0.62,
    })
}
