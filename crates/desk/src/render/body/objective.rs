//! Objectives: what is left of each error budget, and how fast it burns ("The Site Reliability Workbook", chapter 5).

use super::rows::rest;
use super::{How, Known, Series, series};
use crate::render::words::grade;
use chart::panel::{Body, Budget, Budgets, Burning};
use engine::Engine;
use model::Severity;
use model::board::{BURNS, Panel, Slo, Unit};

/// What is said of an objective that has not been rounded to words yet.
struct One {
    name: String,
    bad: f64,
    severity: Severity,
    rates: Vec<(&'static str, f64, f64, Severity)>,
}

pub(super) fn body(engine: &Engine, panel: &Panel, known: &[Known<'_>], how: &How) -> Body {
    let Some(slo) = panel.slo else {
        return Body::Words(Vec::new());
    };
    let of = |id: &str| -> Vec<Series<'_>> {
        let found = known.iter().find(|k| k.query.id == id);
        found.map_or_else(Vec::new, |k| series(engine, &[k], None, how))
    };
    let allowed = slo.allowed();
    let rates: Vec<_> = BURNS
        .iter()
        .map(|burn| (burn, of(burn.long), of(burn.id)))
        .collect();
    let mut all: Vec<One> = of("budget")
        .into_iter()
        .map(|budget| {
            let named = |all: &[Series<'_>]| {
                let found = all.iter().find(|s| s.name == budget.name);
                found.map(|s| s.judged)
            };
            let rate = |(burn, long, judging): &(&model::board::Burn, Vec<_>, Vec<_>)| {
                let bad = named(long).map_or(f64::NAN, |j| j.value);
                // The query answers only while both windows of the pair burn too fast.
                let told = named(judging).map_or(Severity::Normal, |j| j.severity);
                (burn.long, bad / allowed, slo.rate(burn), told)
            };
            let rates: Vec<_> = rates.iter().map(rate).collect();
            let spent = if 1.0 - budget.judged.value / allowed > 0.0 {
                Severity::Normal
            } else {
                budget.judged.severity
            };
            One {
                severity: rates.iter().fold(spent, |worst, r| worst.max(r.3)),
                name: budget.name,
                bad: budget.judged.value,
                rates,
            }
        })
        .collect();
    all.sort_by(|a, b| {
        let worse = b.severity.cmp(&a.severity);
        worse.then(b.bad.total_cmp(&a.bad))
    });
    let wanted = all.len();
    all.truncate(usize::from(panel.limit.unwrap_or(8).max(1)));
    let alone = wanted == 1;
    let budget = |one: &One| budget(one, &slo, alone, how);
    let objective = how.words.line(slo.objective, Unit::Percent);
    let promise = [
        ("objective".to_owned(), objective),
        ("days".to_owned(), slo.days.to_string()),
    ];
    Body::Budgets(Budgets {
        all: all.iter().map(budget).collect(),
        left: how.words.plain("ui.slo.left"),
        promise: how.words.say("ui.slo.objective", promise),
        rest: rest(wanted - all.len(), 0, all.len(), how),
    })
}

fn budget(one: &One, slo: &Slo, alone: bool, how: &How) -> Budget {
    let left = 1.0 - one.bad / slo.allowed();
    let percent = |share: f64| {
        how.words
            .line((share * 1_000.0).round() / 10.0, Unit::Percent)
    };
    let rate = |(window, rate, limit, told): &(&str, f64, f64, Severity)| Burning {
        window: (*window).to_owned(),
        times: if rate.is_finite() {
            format!(
                "{}×",
                report::figure::digits((rate * 100.0).round() / 100.0)
            )
        } else {
            "–".to_owned()
        },
        // Four fifths of the bar are where somebody is told.
        share: if rate.is_finite() {
            rate / (limit * 1.25)
        } else {
            0.0
        },
        grade: grade(*told),
    };
    let pace = one.rates.get(1).map_or(f64::NAN, |r| r.1);
    let good = how.words.line(100.0 * (1.0 - one.bad), Unit::Percent);
    let about = [
        format!("{} {good}", how.words.plain("ui.slo.good")),
        until(left, pace, slo, how),
    ];
    Budget {
        name: if alone {
            String::new()
        } else {
            one.name.clone()
        },
        left: if left.is_finite() {
            percent(left.max(-9.99))
        } else {
            "–".to_owned()
        },
        share: if left.is_finite() { left } else { 0.0 },
        grade: grade(one.severity),
        about: about
            .into_iter()
            .filter(|w| !w.is_empty())
            .collect::<Vec<_>>()
            .join(" · "),
        rates: one.rates.iter().map(rate).collect(),
    }
}

/// How long the rest lasts at the pace of the last six hours.
fn until(left: f64, pace: f64, slo: &Slo, how: &How) -> String {
    if left.is_nan() || pace.is_nan() {
        return String::new();
    }
    if left <= 0.0 {
        return how.words.plain("ui.slo.spent");
    }
    let days = left * f64::from(slo.days) / pace;
    if !days.is_finite() || days <= 0.0 || days > 3.0 * f64::from(slo.days) {
        return how.words.plain("ui.slo.lasts");
    }
    let time = how.words.line(days * 86_400.0, Unit::Seconds);
    how.words.with("ui.slo.until", "time", &time)
}
