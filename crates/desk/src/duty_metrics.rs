//! The alert desk's own figures as metrics, so that a board can show them like anything else: what is open, how fast it is answered,
//! who is on duty, what can be reached. They are the source `desk`, in memory.

use crate::clock;
use crate::duty::DutyHandle;
use crate::local::LocalMetrics;
use crate::sources::{Client, budget};
use crate::start::store_clock;
use embedded::tsdb::{Options, Tsdb};
use engine::SourceSpec;
use model::{Labels, Sample};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use wire::{AlertQuery, DutyView, Kept, LevelView, Spread, WeekFigures};

/// Name of the source.
pub const SOURCE: &str = "desk";
/// The desk is looked at this often.
const EVERY: Duration = Duration::from_secs(10);
/// Until it has told everything once it is looked at this often, so that a board has something to show from its first moments.
const AT_FIRST: Duration = Duration::from_millis(500);
/// So many looks of that kind at most: a desk without a database never tells everything.
const FIRST_LOOKS: u32 = 40;
/// Figures of weeks are made of the database: each so many looks.
const FIGURES_EACH: u32 = 6;
/// What is kept, ms: more than a board of a day shows.
const RETENTION: i64 = 26 * 3_600_000;
const LEVELS: [(LevelView, &str); 4] = [
    (LevelView::P0, "P0"),
    (LevelView::P1, "P1"),
    (LevelView::P2, "P2"),
    (LevelView::P3, "P3"),
];

/// An empty store for them, and the source that answers from it.
pub fn source() -> (Arc<Tsdb>, Client) {
    let store = Arc::new(Tsdb::in_memory(Options {
        retention_ms: RETENTION,
        ..Options::new(store_clock())
    }));
    let spec = SourceSpec {
        name: SOURCE.into(),
        kind: "embedded".into(),
        address: String::new(),
        demo: false,
        budget: budget(EVERY.as_secs_f64()),
        langs: &[model::Lang::Promql],
    };
    let metrics = LocalMetrics::new("embedded", store.clone(), store_clock());
    (store, (spec, Ok(Arc::new(metrics))))
}

/// Looks at the desk until stopped. A desk that does not answer leaves a gap, which the wall shows as old values.
pub async fn run(duty: DutyHandle, store: Arc<Tsdb>, stop: CancellationToken) {
    let mut week: Option<WeekFigures> = None;
    for look in 0_u32.. {
        if week.is_none() || look.is_multiple_of(FIGURES_EACH) {
            // Without a database there are no figures, and the health page says so.
            let figures = duty.figures(1).await.ok();
            week = figures.map(|mut f| f.weeks.pop().unwrap_or_else(quiet_week));
        }
        let page = duty.list(AlertQuery::default()).await.ok();
        if let Some(page) = &page {
            let now = clock::now_ms();
            store.append(&samples(&page.duty, week.as_ref(), now));
        }
        let wait = until_next(look, page.as_ref().map(|p| &p.duty), week.is_some());
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(wait) => {}
        }
    }
}

/// How long after look number `look` (from 0) the next one is, by what it found and whether the week's figures are there.
fn until_next(look: u32, found: Option<&DutyView>, week: bool) -> Duration {
    let reached = |duty: &DutyView| {
        let sources = duty.sources.iter().all(|s| s.ok.is_some());
        sources && duty.channels.iter().all(|c| c.ok.is_some())
    };
    let told = week && found.is_some_and(reached);
    if told || look >= FIRST_LOOKS {
        EVERY
    } else {
        AT_FIRST
    }
}

/// A week without a single alert: none fired, none was left unanswered, and no time was measured.
fn quiet_week() -> WeekFigures {
    WeekFigures {
        from: 0.0,
        fired: [0; 4],
        response: Spread::default(),
        resolution: Spread::default(),
        unanswered: 0,
        open: 0,
        response_kept: [Kept::default(); 4],
        resolution_kept: [Kept::default(); 4],
    }
}

/// All series at `now` (ms).
fn samples(duty: &DutyView, week: Option<&WeekFigures>, now: i64) -> Vec<(Labels, Sample)> {
    let mut out = Out {
        now,
        samples: Vec::new(),
    };
    for ((_, level), count) in LEVELS.iter().zip(&duty.levels) {
        let of = [("level", *level)];
        out.add("shouwang_alerts_open", &of, f64::from(count.open));
        let unacked = f64::from(count.unacked);
        out.add("shouwang_alerts_unacknowledged", &of, unacked);
    }
    out.add(
        "shouwang_alerts_suppressed",
        &[],
        f64::from(duty.suppressed),
    );
    for one in &duty.rota {
        let labels = [
            ("rota", one.rota.as_str()),
            ("role", one.role.as_str()),
            ("person", one.name.as_str()),
        ];
        let left = ((one.until - now as f64) / 1000.0).max(0.0);
        out.add("shouwang_on_duty_seconds_left", &labels, left);
    }
    // Who is told first, by the rota or without one.
    out.add("shouwang_on_duty", &[], duty.on_duty.len() as f64);
    for channel in &duty.channels {
        out.known("shouwang_channel_up", "channel", &channel.kind, channel.ok);
    }
    for source in &duty.sources {
        out.known(
            "shouwang_alert_source_up",
            "source",
            &source.name,
            source.ok,
        );
    }
    if let Some(week) = week {
        out.week(week);
    }
    out.samples
}

struct Out {
    now: i64,
    samples: Vec<(Labels, Sample)>,
}

impl Out {
    fn add(&mut self, name: &str, labels: &[(&str, &str)], v: f64) {
        let all = labels.iter().copied().chain([("__name__", name)]);
        let sample = Sample { t: self.now, v };
        self.samples.push((Labels::from_pairs(all), sample));
    }

    /// 1 or 0 once it is known.
    fn known(&mut self, name: &str, label: &str, value: &str, ok: Option<bool>) {
        if let Some(ok) = ok {
            self.add(name, &[(label, value)], f64::from(u8::from(ok)));
        }
    }

    fn week(&mut self, week: &WeekFigures) {
        for (i, (_, level)) in LEVELS.iter().enumerate() {
            let of = [("level", *level)];
            let fired = week.fired.get(i).copied().unwrap_or_default();
            self.add("shouwang_alerts_fired_week", &of, f64::from(fired));
            let kept = |k: &[Kept; 4]| k.get(i).filter(|k| k.of > 0).map(share);
            if let Some(v) = kept(&week.response_kept) {
                self.add("shouwang_response_kept_percent", &of, v);
            }
            if let Some(v) = kept(&week.resolution_kept) {
                self.add("shouwang_resolution_kept_percent", &of, v);
            }
        }
        self.spread("shouwang_response_seconds", &week.response);
        self.spread("shouwang_resolution_seconds", &week.resolution);
        self.add(
            "shouwang_alerts_unanswered_week",
            &[],
            f64::from(week.unanswered),
        );
    }

    /// Times of the week in seconds; nothing when nothing was measured.
    fn spread(&mut self, name: &str, spread: &Spread) {
        let kinds = [
            ("mean", spread.mean),
            ("median", spread.median),
            ("p95", spread.p95),
        ];
        for (kind, value) in kinds {
            if let Some(ms) = value {
                self.add(name, &[("stat", kind)], ms / 1000.0);
            }
        }
    }
}

fn share(kept: &Kept) -> f64 {
    100.0 * f64::from(kept.met) / f64::from(kept.of.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use wire::{ChannelView, LevelCount, OnDutyView, PersonView, Sentence};

    fn duty() -> DutyView {
        let nobody = PersonView {
            id: "lisi".into(),
            name: "李四".into(),
        };
        DutyView {
            levels: [(2, 1), (0, 0), (5, 5), (0, 0)]
                .map(|(open, unacked)| LevelCount { open, unacked }),
            suppressed: 3,
            next: None,
            me: nobody.clone(),
            people: Vec::new(),
            on_duty: vec![nobody],
            rota: vec![OnDutyView {
                rota: "platform".into(),
                role: "primary".into(),
                person: "lisi".into(),
                name: "李四".into(),
                from: 0.0,
                until: 61_000.0,
                why: Sentence {
                    key: String::new(),
                    params: BTreeMap::new(),
                },
                next: Vec::new(),
            }],
            sources: Vec::new(),
            channels: [("popup", Some(true)), ("sms", Some(false)), ("mail", None)]
                .map(|(kind, ok)| ChannelView {
                    kind: kind.into(),
                    ok,
                    detail: None,
                })
                .into(),
            muted_until: None,
            store_error: None,
            rota_warnings: Vec::new(),
            caught_up: None,
        }
    }

    fn written(week: Option<&WeekFigures>) -> BTreeMap<String, f64> {
        samples(&duty(), week, 1_000)
            .into_iter()
            .map(|(labels, s)| (labels.to_string(), s.v))
            .collect()
    }

    fn value(all: &BTreeMap<String, f64>, parts: &[&str]) -> Option<f64> {
        let mut found = all
            .iter()
            .filter(|(labels, _)| parts.iter().all(|p| labels.contains(p)));
        let first = found.next().map(|(_, v)| *v);
        assert!(found.next().is_none(), "{parts:?} is not one: {all:#?}");
        first
    }

    #[test]
    fn the_desk_says_what_is_open_who_is_there_and_what_is_reached() {
        let all = written(None);
        assert_eq!(value(&all, &["shouwang_alerts_open", "P0"]), Some(2.0));
        assert_eq!(
            value(&all, &["shouwang_alerts_unacknowledged", "P2"]),
            Some(5.0)
        );
        assert_eq!(value(&all, &["shouwang_alerts_suppressed"]), Some(3.0));
        assert_eq!(
            value(&all, &["shouwang_on_duty_seconds_left", "李四"]),
            Some(60.0)
        );
        assert_eq!(value(&all, &["shouwang_channel_up", "popup"]), Some(1.0));
        assert_eq!(value(&all, &["shouwang_channel_up", "sms"]), Some(0.0));
        // What was not tried is neither up nor down.
        assert_eq!(value(&all, &["shouwang_channel_up", "mail"]), None);
        assert_eq!(value(&all, &["week"]), None, "no figures, no numbers");
    }

    #[test]
    fn the_desk_is_looked_at_often_until_all_is_known_once() {
        let untried = duty();
        let known = DutyView {
            channels: Vec::new(),
            ..duty()
        };
        for (found, week) in [(None, true), (Some(&untried), true), (Some(&known), false)] {
            assert_eq!(until_next(1, found, week), AT_FIRST);
            // A channel that is never used, and a desk without a database, do not keep it busy.
            assert_eq!(until_next(FIRST_LOOKS, found, week), EVERY);
        }
        assert_eq!(until_next(1, Some(&known), true), EVERY);
    }

    #[test]
    fn what_was_not_measured_has_no_number() {
        let week = WeekFigures {
            from: 0.0,
            fired: [1, 0, 7, 0],
            response: Spread {
                count: 2,
                mean: Some(90_000.0),
                median: Some(80_000.0),
                p95: None,
            },
            resolution: Spread::default(),
            unanswered: 1,
            open: 0,
            response_kept: [
                Kept { met: 1, of: 2 },
                Kept::default(),
                Kept::default(),
                Kept::default(),
            ],
            resolution_kept: [Kept::default(); 4],
        };
        let all = written(Some(&week));
        assert_eq!(
            value(&all, &["shouwang_response_seconds", "mean"]),
            Some(90.0)
        );
        assert_eq!(value(&all, &["shouwang_response_seconds", "p95"]), None);
        assert_eq!(value(&all, &["shouwang_resolution_seconds"]), None);
        assert_eq!(
            value(&all, &["shouwang_response_kept_percent"]),
            Some(50.0),
            "only the level that had alerts"
        );
        assert_eq!(
            value(&all, &["shouwang_alerts_fired_week", "P2"]),
            Some(7.0)
        );
    }
}
