//! Reports: their figures are gathered here, [`report`] makes a document of them.

mod ask;
mod duty;
pub mod files;
mod ground;
mod handle;
mod making;
mod objectives;
pub mod post;
pub mod schedule;
mod sheet;
mod shelf;

pub use ground::{Ground, Question};
pub use handle::{Parts, ReportsHandle};

use crate::boards::Library;
use crate::config::Config;
use crate::render::Clients;
use crate::texts;
use chrono_tz::Tz;
use report::{Data, Period};
use schedule::Plan;
use std::path::{Path, PathBuf};

/// The configuration's reports, without those that cannot be; `data` is the data directory.
pub fn plans(config: &Config, data: Option<&Path>) -> Vec<Plan> {
    let folder = data.map(|dir| dir.join(handle::FOLDER)).unwrap_or_default();
    let wanted = config.report.iter();
    wanted
        .filter_map(|wanted| Plan::of(wanted, &folder))
        .collect()
}

/// The promised share of time, percent, when the configuration does not say.
pub const PROMISE: f64 = 99.9;

/// What a report is made from.
pub struct From {
    /// Concepts with their limits.
    pub library: Library,
    /// Sources of metrics in order of preference.
    pub clients: Clients,
    /// The alert desk's database, if there is one.
    pub database: Option<PathBuf>,
    /// The zone of days.
    pub zone: Tz,
    /// `zh-CN` or `en`.
    pub locale: String,
    /// The promised share of time, percent.
    pub promise: f64,
}

/// Every expression that a report asks, in all dialects: what a source must have for it.
pub fn metrics(library: &Library) -> Vec<String> {
    let concepts = ask::concepts(library);
    let dialects = concepts
        .iter()
        .filter_map(|id| library.concepts.get(id))
        .flat_map(|c| &c.dialects)
        .flat_map(|d| [d.expr.clone(), d.discovery.clone()]);
    let objectives = objectives::questions(library);
    dialects
        .chain(objectives.into_iter().map(|q| q.query.expr))
        .collect()
}

/// Gathers everything about a period. What cannot be had is told in the report and does not prevent it. `now` (ms) ends a period that is not
/// over.
pub async fn gather(from: &From, period: Period, now: i64) -> Data {
    let (asked, duty) = tokio::join!(
        ask::gather(
            &from.library,
            &from.clients,
            period,
            now,
            &from.locale,
            from.zone
        ),
        duty::gather(from.database.as_deref(), period, from.zone, now),
    );
    let mut faults = asked.faults;
    let (alerts, alerts_before, rota) = match duty {
        Ok(found) => (found.alerts, found.before, found.rota),
        Err(e) => {
            let values = [
                (
                    "name".to_owned(),
                    texts::plain(&from.locale, "report.section.alerts"),
                ),
                ("reason".to_owned(), e.to_string()),
            ];
            faults.push(texts::say(
                &from.locale,
                "report.method.fault",
                &values.into(),
            ));
            (None, None, None)
        }
    };
    Data {
        period,
        zone: from.zone,
        locale: from.locale.clone(),
        made_at: now,
        demo: asked.demo,
        promise: from.promise,
        measures: asked.measures,
        objectives: asked.objectives,
        alerts,
        alerts_before,
        disks: asked.disks,
        rota,
        faults,
    }
}

#[cfg(test)]
mod tests;
