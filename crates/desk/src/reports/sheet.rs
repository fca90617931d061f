//! A report as the page shows it: the same words, charts as pictures.

use chart::panel::Grade;
use report::document::{Block, Cell, Chart, Document, KeyFigure, Section};
use report::{ReportError, chart_svg, spark};
use wire::{
    ReportBlock, ReportCell, ReportChart, ReportFigure, ReportSection, ReportSheet, SeverityView,
};

/// The field of a course: as [`ReportFigure::course`] promises.
const FIELD: (f64, f64) = (100.0, 24.0);

/// Draws the charts.
///
/// # Errors
/// When a chart cannot be drawn; `chart::face::install` has to be called before.
pub(super) fn sheet(document: &Document) -> Result<ReportSheet, ReportError> {
    let sections: Result<Vec<_>, _> = document.sections.iter().map(section).collect();
    Ok(ReportSheet {
        locale: document.locale.clone(),
        title: document.title.clone(),
        subtitle: document.subtitle.clone(),
        verdict: document.verdict.clone(),
        grade: severity(document.grade),
        lead: document.lead.clone(),
        figures: document.figures.iter().map(figure).collect(),
        sections: sections?,
        foot: document.foot.clone(),
    })
}

fn severity(grade: Grade) -> SeverityView {
    match grade {
        Grade::Normal => SeverityView::Normal,
        Grade::Warning => SeverityView::Warning,
        Grade::Critical => SeverityView::Critical,
        Grade::Emergency => SeverityView::Emergency,
    }
}

fn figure(of: &KeyFigure) -> ReportFigure {
    let run = |points: &Vec<(f64, f64)>| {
        let points = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}"));
        points.collect::<Vec<_>>().join(" ")
    };
    ReportFigure {
        name: of.name.clone(),
        text: of.text.clone(),
        unit: of.unit.clone(),
        note: of.note.clone(),
        grade: severity(of.grade),
        course: spark(&of.course, FIELD.0, FIELD.1)
            .iter()
            .map(run)
            .collect(),
    }
}

fn section(of: &Section) -> Result<ReportSection, ReportError> {
    let blocks: Result<Vec<_>, _> = of.blocks.iter().map(block).collect();
    Ok(ReportSection {
        title: of.title.clone(),
        blocks: blocks?,
    })
}

fn block(of: &Block) -> Result<ReportBlock, ReportError> {
    let drawn = |chart: &Chart, half| {
        chart_svg(chart, half).map(|(svg, _)| ReportChart {
            title: chart.title.clone(),
            svg,
        })
    };
    Ok(match of {
        Block::Text(text) => ReportBlock::Text { text: text.clone() },
        Block::Note(text) => ReportBlock::Note { text: text.clone() },
        Block::Chart(chart) => ReportBlock::Charts {
            charts: vec![drawn(chart, false)?],
        },
        Block::Pair(left, right) => ReportBlock::Charts {
            charts: vec![drawn(left, true)?, drawn(right, true)?],
        },
        Block::Table(table) => ReportBlock::Table {
            head: table.head.clone(),
            rows: table
                .rows
                .iter()
                .map(|row| row.iter().map(cell).collect())
                .collect(),
        },
    })
}

fn cell(of: &Cell) -> ReportCell {
    ReportCell {
        text: of.text.clone(),
        grade: severity(of.grade),
    }
}
