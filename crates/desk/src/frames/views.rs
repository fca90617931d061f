//! The engine's state in the page's words.

use super::{cut, series_name};
use engine::machine::Verdict as EngineVerdict;
use engine::panels::{QueryStatus, State};
use engine::source_state::SourceState;
use engine::{Failure, Health, Remark, Shown};
use model::Thresholds;
use model::board::{BURNS, Board, Forecast, Link, Panel, PanelKind, Query, Slo};
use serde::Serialize;
use wire::{
    Abnormal, AreaView, BoardView, BurnView, ErrorCode, ErrorView, ForecastView, LinkView,
    PanelState, PanelView, QueryView, RemarkView, SloView, SourceHealth, SourceView, Verdict,
};

/// Warnings of a source that reach the page.
const MAX_WARNINGS: usize = 5;

pub(super) fn state_view(state: &State) -> PanelState {
    match state {
        State::Loading => PanelState::Loading,
        State::NoData(reason) => PanelState::NoData {
            reason: reason.as_ref().map(error_view),
        },
        State::Stale(since) => PanelState::Stale {
            since: *since as f64,
        },
        State::Failed(since, why) => PanelState::Failed {
            since: *since as f64,
            error: error_view(why),
        },
        State::Data => PanelState::Data,
    }
}

/// The code of a failure on the wire.
pub fn error_view(failure: &Failure) -> ErrorView {
    let code = serde_json::from_value(serde_json::Value::String(failure.code.to_owned()))
        .unwrap_or(ErrorCode::Internal);
    let view = ErrorView::new(code);
    failure
        .params
        .iter()
        .fold(view, |v, (n, value)| v.with(n, value))
}

/// A source as the page sees it.
pub fn source_view(source: &SourceState) -> SourceView {
    let (health, error) = match &source.health {
        Health::Unknown => (SourceHealth::Unknown, None),
        Health::Ok => (SourceHealth::Ok, None),
        Health::Degraded(why) => (SourceHealth::Degraded, Some(error_view(why))),
        Health::Failed(_, why) => (SourceHealth::Failed, Some(error_view(why))),
    };
    SourceView {
        name: source.spec.name.clone(),
        kind: source.spec.kind.clone(),
        address: source.spec.address.clone(),
        health,
        error,
        warnings: warnings(source),
        version: source.version.as_deref().map(cut),
        demo: source.spec.demo,
        last_ok: source.last_ok.map(|t| t as f64),
        newest: source.newest.map(|t| t as f64),
        latency: source.latency.map(|t| t as f64),
        skew: (source.skew != 0).then_some(source.skew as f64),
        bound: u32::try_from(source.bindings.len()).unwrap_or(u32::MAX),
    }
}

/// The warnings of all its last answers, each once.
fn warnings(source: &SourceState) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for text in source.caveats.values().flat_map(|c| &c.texts) {
        let text = cut(text);
        if out.len() < MAX_WARNINGS && !out.contains(&text) {
            out.push(text);
        }
    }
    out
}

/// What is said of a panel, as the page sees it.
pub(super) fn remark_view(remark: &Remark) -> RemarkView {
    match remark {
        Remark::Old { series, of, since } => RemarkView::Old {
            series: *series,
            of: *of,
            since: since.map(|t| t as f64),
        },
        Remark::Missing { source, since, why } => RemarkView::Missing {
            source: source.clone(),
            since: *since as f64,
            error: error_view(why),
        },
        Remark::Warned { source, caveat } => RemarkView::Warned {
            source: source.clone(),
            partial: caveat.partial,
            texts: caveat
                .texts
                .iter()
                .take(MAX_WARNINGS)
                .map(|t| cut(t))
                .collect(),
        },
        Remark::Cut { shown, dropped } => RemarkView::Cut {
            shown: *shown,
            dropped: *dropped,
        },
    }
}

pub(super) fn verdict_view(engine: &Shown<'_>, verdict: &EngineVerdict) -> Verdict {
    let abnormal: Vec<Abnormal> = verdict
        .abnormal
        .iter()
        .take(50)
        .filter_map(|a| abnormal_view(engine, a))
        .collect();
    let mut domains: Vec<String> = Vec::new();
    for a in &verdict.abnormal {
        let domain = engine
            .board()
            .and_then(|b| b.panels.get(a.panel))
            .and_then(|p| p.domain);
        if let Some(name) = domain.map(|d| snake(&d)).filter(|n| !domains.contains(n)) {
            domains.push(name);
        }
    }
    Verdict {
        severity: verdict
            .abnormal
            .iter()
            .map(|a| a.judged.severity)
            .max()
            .unwrap_or_default()
            .into(),
        warning: verdict.count(model::Severity::Warning),
        critical: verdict.count(model::Severity::Critical),
        emergency: verdict.count(model::Severity::Emergency),
        unknown: verdict.unknown,
        domains,
        abnormal,
        data_at: verdict.data_at.map(|t| t as f64),
    }
}

fn abnormal_view(engine: &Shown<'_>, a: &engine::panels::Abnormal) -> Option<Abnormal> {
    let panel = engine.board()?.panels.get(a.panel)?;
    let query = panel.queries.get(a.query)?;
    let limits = engine.panels().get(a.panel)?.queries.get(a.query)?.limits?;
    Some(Abnormal {
        panel: panel.id.clone(),
        title: panel.title.clone(),
        check: query.label.clone(),
        series: if a.labels.is_empty() {
            String::new()
        } else {
            series_name(query.legend.as_deref(), &a.labels, &a.source)
        },
        severity: a.judged.severity.into(),
        value: if a.judged.value.is_finite() {
            a.judged.value
        } else {
            f64::MAX.copysign(a.judged.value)
        },
        unit: snake(&query.unit.unwrap_or(panel.unit)),
        limit: crossed(&limits, a.judged.severity)?,
        below: limits.direction == model::Direction::Below,
        since: a.since as f64,
        demo: engine.source(&a.source).is_some_and(|s| s.spec.demo),
    })
}

fn crossed(limits: &Thresholds, severity: model::Severity) -> Option<f64> {
    match severity {
        model::Severity::Normal => None,
        model::Severity::Warning => limits.warning,
        model::Severity::Critical => limits.critical,
        model::Severity::Emergency => limits.emergency,
    }
}

/// The name of a unit-only enum as serde writes it.
fn snake(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(s)) => s,
        _ => String::new(),
    }
}

/// The board's layout for the page.
pub(super) fn board_view(board: &Board, engine: &Shown<'_>) -> BoardView {
    let panels = board
        .panels
        .iter()
        .zip(engine.panels())
        .map(|(p, status)| PanelView {
            id: p.id.clone(),
            kind: snake(&p.kind),
            title: p.title.clone(),
            subtitle: p.subtitle.clone(),
            at: AreaView {
                x: p.at.x,
                y: p.at.y,
                w: p.at.w,
                h: p.at.h,
            },
            domain: p.domain.map(|d| snake(&d)),
            unit: snake(&p.unit),
            thresholds: status
                .queries
                .first()
                .and_then(|q| q.limits)
                .map(Into::into),
            min: p.min,
            max: p.max,
            limit: p.limit.unwrap_or(8),
            abnormal_only: p.abnormal_only,
            text: p.text.clone(),
            window: f64::from(p.window(board)) * 1000.0,
            slo: p.slo.as_ref().map(slo_view),
            forecast: forecast_view(p),
            filter: p.filter.clone(),
            links: p.links.iter().map(link_view).collect(),
            queries: p
                .queries
                .iter()
                .zip(&status.queries)
                .map(|(q, s)| query_view(p, q, s))
                .collect(),
        });
    BoardView {
        id: board.id.clone(),
        title: board.title.clone(),
        window: f64::from(board.window_seconds) * 1000.0,
        columns: board.columns,
        rows: board.rows,
        panels: panels.collect(),
    }
}

fn slo_view(slo: &Slo) -> SloView {
    let burns = BURNS.iter().map(|burn| BurnView {
        id: burn.id.to_owned(),
        long: burn.long.to_owned(),
        short: burn.short.to_owned(),
        rate: slo.rate(burn),
        page: burn.page,
    });
    SloView {
        objective: slo.objective,
        days: slo.days,
        burns: burns.collect(),
    }
}

/// A forecast panel looks ahead also when its file does not say how.
fn forecast_view(panel: &Panel) -> Option<ForecastView> {
    let forecast = panel
        .forecast
        .or((panel.kind == PanelKind::Forecast).then(Forecast::default))?;
    Some(ForecastView {
        method: snake(&forecast.method),
        ahead: f64::from(forecast.ahead_seconds) * 1000.0,
        season: f64::from(forecast.season_seconds) * 1000.0,
    })
}

fn link_view(link: &Link) -> LinkView {
    LinkView {
        to: snake(&link.to),
        target: link.target.clone(),
        variables: link.variables.clone(),
    }
}

fn query_view(panel: &Panel, query: &Query, status: &QueryStatus) -> QueryView {
    QueryView {
        id: query.id.clone(),
        role: snake(&query.role),
        label: query.label.clone(),
        unit: snake(&query.unit.unwrap_or(panel.unit)),
        reduce: snake(&query.reduce),
        thresholds: status.limits.map(Into::into),
    }
}
