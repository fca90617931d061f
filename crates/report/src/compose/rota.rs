//! 值班: who had how much duty, and how shifts were handed over.

use super::heads;
use crate::data::{Data, Duty};
use crate::document::{Block, Cell, Section, Table};
use crate::figure;
use crate::say::Writer;
use chart::panel::Grade;

/// People that are listed.
const LISTED: usize = 40;

pub(super) fn section(data: &Data, w: &Writer) -> Option<Section> {
    let rota = data.rota.as_ref()?;
    let (signed, late, unsigned) = rota.handovers;
    let mut blocks = vec![Block::Text(w.say(
        "rota.handovers",
        &[
            ("all", &(signed + late + unsigned).to_string()),
            ("signed", &signed.to_string()),
            ("late", &late.to_string()),
            ("unsigned", &unsigned.to_string()),
        ],
    ))];
    if rota.gaps > 0 {
        blocks.push(Block::Text(
            w.say("rota.gaps", &[("time", &w.length(rota.gaps))]),
        ));
    }
    let row = |d: &Duty| {
        let hours = figure::digits((d.on_duty as f64 / 360_000.0).round() / 10.0);
        vec![
            d.person.clone().into(),
            d.rota.clone().into(),
            w.say("rota.hours", &[("n", &hours)]).into(),
            d.nights.to_string().into(),
            Cell::of(d.days_off.to_string(), Grade::Normal),
        ]
    };
    blocks.push(Block::Table(Table {
        head: heads(&["person", "rota", "on_duty", "nights", "days_off"], w),
        rows: rota.people.iter().take(LISTED).map(row).collect(),
    }));
    Some(Section {
        title: w.plain("section.rota"),
        blocks,
    })
}
