//! The figures of the alert desk and the rota, from their database, also while a desk writes it.

use chrono_tz::Tz;
use engine::rota;
use model::rota::{Book, HandoverRules, HandoverState, Weights};
use report::Period;
use report::data::{Alerts, Duty, OfLevel, Rota, Times};
use std::path::Path;
use store::figures::{Spread, Tally};
use store::{HandoverQuery, Store, StoreError, Targets};

/// What was found.
#[derive(Default)]
pub(super) struct Found {
    pub alerts: Option<Alerts>,
    pub before: Option<Alerts>,
    pub rota: Option<Rota>,
}

pub(super) async fn gather(
    database: Option<&Path>,
    period: Period,
    zone: Tz,
    now: i64,
) -> Result<Found, StoreError> {
    let Some(path) = database.filter(|path| path.exists()) else {
        return Ok(Found::default());
    };
    let store = Store::open_read_only(path).await?;
    let targets = Targets::default();
    let this = store
        .figures(period.from, period.until, zone, &targets, now)
        .await?;
    let before = store
        .figures(period.before, period.from, zone, &targets, now)
        .await?;
    let rota = rota_of(&store, period, now).await?;
    Ok(Found {
        alerts: Some(alerts(&this.total)),
        before: Some(alerts(&before.total)),
        rota,
    })
}

fn times(spread: &Spread) -> Times {
    Times {
        count: spread.count,
        mean: spread.mean,
        p95: spread.p95,
    }
}

fn alerts(tally: &Tally) -> Alerts {
    let level = |i: usize| OfLevel {
        fired: tally.by_level[i],
        response: times(&tally.response_times[i]),
        resolution: times(&tally.resolution_times[i]),
        response_kept: (
            tally.response_by_level[i].met,
            tally.response_by_level[i].total(),
        ),
        resolution_kept: (
            tally.resolution_by_level[i].met,
            tally.resolution_by_level[i].total(),
        ),
    };
    Alerts {
        levels: [level(0), level(1), level(2), level(3)],
        response: times(&tally.response),
        resolution: times(&tally.resolution),
        unanswered: tally.unanswered.ended + tally.unanswered.open,
        open: tally.open,
        rules: tally
            .noisiest
            .iter()
            .map(|n| (n.rule.clone(), n.count))
            .collect(),
        people: tally
            .acks
            .iter()
            .map(|a| (a.name.clone(), a.count))
            .collect(),
    }
}

/// `None`: there is no rota.
async fn rota_of(store: &Store, period: Period, now: i64) -> Result<Option<Rota>, StoreError> {
    let book = store.load_rota().await?;
    if book.rotas.is_empty() {
        return Ok(None);
    }
    let (people, gaps) = duties(&book, period);
    let mut out = Rota {
        people,
        gaps,
        handovers: (0, 0, 0),
    };
    let query = HandoverQuery {
        before: Some(period.until),
        ..HandoverQuery::default()
    };
    for handover in store
        .handovers(&query)
        .await?
        .iter()
        .filter(|h| h.at >= period.from && h.at <= now)
    {
        let rules = book.rotas.get(&handover.rota).and_then(|r| r.handover);
        let rules = rules.unwrap_or(HandoverRules { grace_ms: i64::MAX });
        let in_time = handover
            .signed_at()
            .is_some_and(|at| at <= handover.at.saturating_add(rules.grace_ms));
        match handover.state(rules, now) {
            HandoverState::Signed if in_time => out.handovers.0 += 1,
            HandoverState::Signed => out.handovers.1 += 1,
            _ => out.handovers.2 += 1,
        }
    }
    Ok(Some(out))
}

/// Everybody's duty, the most first, and how long nobody had a required role, ms.
fn duties(book: &Book, period: Period) -> (Vec<Duty>, i64) {
    let (mut people, mut gaps) = (Vec::new(), 0);
    for (id, found) in &book.rotas {
        let even = rota::fairness(book, id, period.from, period.until, &Weights::default());
        people.extend(
            even.people
                .iter()
                .filter(|l| l.on_duty_ms > 0)
                .map(|l| Duty {
                    person: book.name_of(&l.person).to_owned(),
                    rota: found.name.clone(),
                    on_duty: l.on_duty_ms,
                    nights: l.nights,
                    days_off: l.weekends + l.holidays,
                }),
        );
        let missing = rota::coverage(book, id, period.from, period.until);
        gaps += missing.gaps.iter().map(|g| g.until - g.from).sum::<i64>();
    }
    people.sort_by(|a, b| {
        b.on_duty
            .cmp(&a.on_duty)
            .then_with(|| a.person.cmp(&b.person))
    });
    (people, gaps)
}
