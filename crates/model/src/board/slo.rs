//! The questions behind an objective: budget and burn rates over several windows.
//!
//! Windows and burn rates are those of "The Site Reliability Workbook" (O'Reilly 2018), chapter 5, table 5-8, "multiwindow,
//! multi-burn-rate alerts": 2 % of the budget in an hour, 5 % in six hours, 10 % in three days, each confirmed by a twelfth of its
//! window so that it ends soon after its cause.

use super::{Panel, PanelKind, Query, Reduce, Role, Slo};
use crate::{Direction, Thresholds};

/// Stands for the length of time in an objective's query.
pub const WINDOW: &str = "$window";

/// One pair of windows that says that the budget burns too fast.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Burn {
    /// Name of the query that says it.
    pub id: &'static str,
    /// The window that judges.
    pub long: &'static str,
    /// The window that must agree.
    pub short: &'static str,
    /// How many times faster than what uses the budget up exactly; for 30 days.
    pub rate: f64,
    /// Whether somebody must come at once; else it can wait for working hours.
    pub page: bool,
    /// Seconds between two questions.
    refresh: u32,
}

/// Fastest first.
pub const BURNS: [Burn; 3] = [
    Burn {
        id: "fast",
        long: "1h",
        short: "5m",
        rate: 14.4,
        page: true,
        refresh: 30,
    },
    Burn {
        id: "medium",
        long: "6h",
        short: "30m",
        rate: 6.0,
        page: true,
        refresh: 60,
    },
    Burn {
        id: "slow",
        long: "3d",
        short: "6h",
        rate: 1.0,
        page: false,
        refresh: 300,
    },
];

impl Slo {
    /// The share of bad events that the objective allows, 0 to 1.
    pub fn allowed(&self) -> f64 {
        1.0 - self.objective / 100.0
    }

    /// Whether it can be promised.
    pub fn is_possible(&self) -> bool {
        self.objective > 0.0 && self.objective < 100.0 && (1..=366).contains(&self.days)
    }

    /// The burn rate of `burn` for this objective's length: the same part of the budget in the same time.
    pub fn rate(&self, burn: &Burn) -> f64 {
        burn.rate * f64::from(self.days) / 30.0
    }
}

impl Panel {
    /// An objective's query with `$window`, replaced by the questions that the panel shows and is judged by: `budget` over all days,
    /// `1h`, `6h` and `3d` for the rates, and `fast`, `medium`, `slow`, which answer only while both windows of a pair burn. A panel
    /// that is no objective, or has been spread already, stays as it is.
    pub fn spread_slo(&mut self) {
        let (PanelKind::Slo, Some(slo)) = (self.kind, self.slo) else {
            return;
        };
        let Some(asked) = self.queries.iter().find(|q| q.expr.contains(WINDOW)) else {
            return;
        };
        let asked = asked.clone();
        let over = |window: &str| format!("({})", asked.expr.replace(WINDOW, window));
        let question = |id: &str, expr: String, role, limits, refresh| Query {
            id: id.to_owned(),
            expr,
            role,
            thresholds: limits,
            reduce: Reduce::Worst,
            refresh_seconds: Some(refresh),
            ..asked.clone()
        };
        let allowed = slo.allowed();
        let spent = Thresholds {
            critical: Some(allowed),
            direction: Direction::Above,
            ..Thresholds::default()
        };
        // Set and empty: the panel's own limits are not those of a rate.
        let none = Some(Thresholds::default());
        let days = format!("{}d", slo.days);
        let mut queries = vec![question(
            "budget",
            over(&days),
            Role::Main,
            Some(spent),
            300,
        )];
        for burn in &BURNS {
            queries.push(question(
                burn.long,
                over(burn.long),
                Role::Main,
                none,
                burn.refresh,
            ));
        }
        for burn in &BURNS {
            let limit = slo.rate(burn) * allowed;
            let expr = format!(
                "{} > {limit} and {} > {limit}",
                over(burn.long),
                over(burn.short)
            );
            let limits = Thresholds {
                warning: (!burn.page).then_some(limit),
                critical: burn.page.then_some(limit),
                ..Thresholds::default()
            };
            queries.push(question(
                burn.id,
                expr,
                Role::Check,
                Some(limits),
                burn.refresh,
            ));
        }
        self.queries = queries;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_objective_asks_for_its_windows_once() {
        let mut panel = Panel {
            id: "p".into(),
            kind: PanelKind::Slo,
            slo: Some(Slo {
                objective: 99.9,
                days: 30,
            }),
            queries: vec![Query {
                id: "a".into(),
                expr: "sum(rate(bad[$window])) / sum(rate(all[$window]))".into(),
                legend: Some("{{service}}".into()),
                ..Query::default()
            }],
            ..Panel::default()
        };
        panel.spread_slo();
        let ids: Vec<&str> = panel.queries.iter().map(|q| q.id.as_str()).collect();
        assert_eq!(ids, ["budget", "1h", "6h", "3d", "fast", "medium", "slow"]);
        assert_eq!(
            panel.queries[0].expr,
            "(sum(rate(bad[30d])) / sum(rate(all[30d])))"
        );
        assert!(panel.queries.iter().all(|q| q.legend.is_some()));
        let fast = &panel.queries[4];
        assert_eq!(fast.role, Role::Check);
        let limit = fast.thresholds.and_then(|t| t.critical).unwrap();
        assert!((limit - 0.0144).abs() < 1e-9);
        assert!(fast.expr.contains("bad[1h]") && fast.expr.contains("bad[5m]"));
        let spread = panel.clone();
        panel.spread_slo();
        assert_eq!(panel, spread);
    }

    #[test]
    fn what_cannot_be_promised() {
        let slo = |objective, days| Slo { objective, days };
        assert!(slo(99.9, 30).is_possible());
        assert!(!slo(100.0, 30).is_possible() && !slo(f64::NAN, 30).is_possible());
        assert!(!slo(99.0, 0).is_possible());
        // A shorter promise has less budget: the same part of it burns at a lower rate.
        assert!((slo(99.0, 7).rate(&BURNS[0]) - 3.36).abs() < 1e-9);
    }
}
