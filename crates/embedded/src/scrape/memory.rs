//! What a target showed last, and what follows from it: labels of our own, stale markers, `up`. Pure.

use super::target::ScrapeTarget;
use exposition::ExposedSample;
use model::labels::METRIC_NAME;
use model::sample::stale_marker;
use model::{Labels, Sample};
use std::collections::HashSet;
use std::time::Duration;

/// Series that every target has, from us.
const UP: &str = "up";
const DURATION: &str = "scrape_duration_seconds";
const SCRAPED: &str = "scrape_samples_scraped";
const ADDED: &str = "scrape_series_added";

/// What we say about a scrape.
pub(super) struct Report {
    pub up: bool,
    pub duration: Duration,
    /// Samples on the page.
    pub scraped: usize,
}

/// The series that a target showed last.
pub(super) struct SeriesMemory {
    own: Vec<(String, String)>,
    honor_labels: bool,
    honor_timestamps: bool,
    seen: HashSet<Labels>,
    reports: [Labels; 4],
    reported: bool,
}

impl SeriesMemory {
    pub(super) fn new(target: &ScrapeTarget) -> Self {
        let own = target.own_labels();
        let report = |name: &str| {
            let pairs = own.iter().map(|(n, v)| (n.as_str(), v.as_str()));
            Labels::from_pairs(pairs.chain([(METRIC_NAME, name)]))
        };
        Self {
            reports: [UP, DURATION, SCRAPED, ADDED].map(report),
            honor_labels: target.honor_labels,
            honor_timestamps: target.honor_timestamps,
            seen: HashSet::new(),
            reported: false,
            own,
        }
    }

    /// What to store of a page that was scraped at `t`.
    pub(super) fn page(
        &mut self,
        samples: Vec<ExposedSample>,
        t: i64,
        report: &Report,
    ) -> Vec<(Labels, Sample)> {
        let mut batch = Vec::with_capacity(samples.len() + 8);
        let mut now = HashSet::with_capacity(samples.len());
        let mut added = 0;
        for s in samples {
            let labels = self.labels(&s.labels);
            if self.reports.contains(&labels) {
                // a page that says `up` of itself must not contradict us
                continue;
            }
            match s.timestamp_ms.filter(|_| self.honor_timestamps) {
                // with a time of its own the exporter decides when a series ends
                Some(at) => batch.push((labels, Sample { t: at, v: s.value })),
                None => {
                    if now.insert(labels.clone()) {
                        added += usize::from(!self.seen.contains(&labels));
                        batch.push((labels, Sample { t, v: s.value }));
                    }
                }
            }
        }
        let gone = self.seen.iter().filter(|l| !now.contains(*l));
        batch.extend(gone.map(|l| {
            (
                l.clone(),
                Sample {
                    t,
                    v: stale_marker(),
                },
            )
        }));
        self.seen = now;
        self.report(&mut batch, t, report, added);
        batch
    }

    /// What to store when no page came.
    pub(super) fn failure(&mut self, t: i64, report: &Report) -> Vec<(Labels, Sample)> {
        let mut batch: Vec<_> = self
            .seen
            .drain()
            .map(|l| {
                (
                    l,
                    Sample {
                        t,
                        v: stale_marker(),
                    },
                )
            })
            .collect();
        self.report(&mut batch, t, report, 0);
        batch
    }

    /// What to store when nobody will scrape this any more.
    pub(super) fn end(&mut self, t: i64) -> Vec<(Labels, Sample)> {
        let reports = if self.reported {
            self.reports.to_vec()
        } else {
            Vec::new()
        };
        self.reported = false;
        self.seen
            .drain()
            .chain(reports)
            .map(|l| {
                (
                    l,
                    Sample {
                        t,
                        v: stale_marker(),
                    },
                )
            })
            .collect()
    }

    fn report(&mut self, batch: &mut Vec<(Labels, Sample)>, t: i64, report: &Report, added: usize) {
        self.reported = true;
        let values = [
            f64::from(report.up),
            report.duration.as_secs_f64(),
            report.scraped as f64,
            added as f64,
        ];
        batch.extend(
            self.reports
                .iter()
                .cloned()
                .zip(values)
                .map(|(l, v)| (l, Sample { t, v })),
        );
    }

    /// The page's labels with ours. Of the same name ours win and the page's get the prefix `exported_` (again and again while
    /// that is taken too); with `honor_labels` the page's win.
    fn labels(&self, exposed: &Labels) -> Labels {
        let clash = |name: &str| self.own.iter().any(|(n, _)| n == name);
        if !exposed.iter().any(|(n, _)| clash(n)) {
            let own = self.own.iter().map(|(n, v)| (n.as_str(), v.as_str()));
            return Labels::from_pairs(exposed.iter().chain(own));
        }
        if self.honor_labels {
            let own = self
                .own
                .iter()
                .map(|(n, v)| (n.as_str(), v.as_str()))
                .filter(|(n, _)| exposed.get(n).is_none());
            return Labels::from_pairs(exposed.iter().chain(own));
        }
        let mut pairs: Vec<(String, String)> = self.own.clone();
        pairs.extend(
            exposed
                .iter()
                .filter(|(n, _)| !clash(n))
                .map(|(n, v)| (n.to_owned(), v.to_owned())),
        );
        for (name, value) in exposed.iter().filter(|(n, _)| clash(n)) {
            let mut renamed = format!("exported_{name}");
            while pairs.iter().any(|(n, _)| *n == renamed) {
                renamed.insert_str(0, "exported_");
            }
            pairs.push((renamed, value.to_owned()));
        }
        Labels::from_pairs(pairs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use exposition::{Format, Limits};
    use model::sample::is_stale_marker;

    const OK: Report = Report {
        up: true,
        duration: Duration::from_millis(20),
        scraped: 2,
    };
    const BAD: Report = Report {
        up: false,
        duration: Duration::from_millis(20),
        scraped: 0,
    };

    fn memory(change: fn(&mut ScrapeTarget)) -> SeriesMemory {
        let mut target = ScrapeTarget::new("web", "http://h:9100/metrics");
        change(&mut target);
        SeriesMemory::new(&target)
    }

    fn samples(page: &str) -> Vec<ExposedSample> {
        exposition::parse(page.as_bytes(), Format::Text, &Limits::default())
            .expect("a page")
            .samples
    }

    fn shown(batch: &[(Labels, Sample)]) -> Vec<String> {
        let value = |v: f64| {
            if is_stale_marker(v) {
                "stale".to_owned()
            } else {
                v.to_string()
            }
        };
        let mut all: Vec<String> = batch
            .iter()
            .map(|(l, s)| format!("{l} {}@{}", value(s.v), s.t))
            .collect();
        all.sort();
        all
    }

    #[test]
    fn what_disappears_ends_and_what_has_its_own_time_does_not() {
        let mut m = memory(|_| {});
        m.page(samples("a 1\nb 2\nc 3 77\n"), 1000, &OK);
        let second = shown(&m.page(samples("a 4\nd 5\n"), 2000, &OK));
        assert_eq!(
            second,
            [
                r#"a{instance="h:9100", job="web"} 4@2000"#,
                r#"b{instance="h:9100", job="web"} stale@2000"#,
                r#"d{instance="h:9100", job="web"} 5@2000"#,
                r#"scrape_duration_seconds{instance="h:9100", job="web"} 0.02@2000"#,
                r#"scrape_samples_scraped{instance="h:9100", job="web"} 2@2000"#,
                r#"scrape_series_added{instance="h:9100", job="web"} 1@2000"#,
                r#"up{instance="h:9100", job="web"} 1@2000"#,
            ]
        );
    }

    #[test]
    fn a_failure_ends_everything_but_what_we_say_ourselves() {
        let mut m = memory(|_| {});
        m.page(samples("a 1\n"), 1000, &OK);
        let failed = shown(&m.failure(2000, &BAD));
        assert!(failed.contains(&r#"a{instance="h:9100", job="web"} stale@2000"#.to_owned()));
        assert!(failed.contains(&r#"up{instance="h:9100", job="web"} 0@2000"#.to_owned()));
        assert!(
            !shown(&m.failure(3000, &BAD))
                .iter()
                .any(|l| l.starts_with("a{")),
            "ended once"
        );
        let end = shown(&m.end(4000));
        assert_eq!(end.len(), 4);
        assert!(end.iter().all(|l| l.ends_with("stale@4000")), "{end:?}");
        assert!(m.end(5000).is_empty());
    }

    #[test]
    fn labels_that_clash_are_renamed_or_honoured_as_prometheus_does() {
        let page = "a{job=\"x\",exported_job=\"y\",instance=\"\",zone=\"z\"} 1\n";
        let of = |m: &mut SeriesMemory| shown(&m.page(samples(page), 1, &OK)).remove(0);
        assert_eq!(
            of(&mut memory(
                |t| t.labels = vec![("zone".into(), "ours".into())]
            )),
            r#"a{exported_exported_job="x", exported_job="y", exported_zone="z", instance="h:9100", job="web", zone="ours"} 1@1"#
        );
        assert_eq!(
            of(&mut memory(|t| t.honor_labels = true)),
            r#"a{exported_job="y", instance="h:9100", job="x", zone="z"} 1@1"#
        );
    }

    #[test]
    fn a_page_that_says_up_or_says_something_twice_does_not_confuse_us() {
        let mut m = memory(|_| {});
        let got = shown(&m.page(samples("up 0\na 1\na 2\n"), 1, &OK));
        assert_eq!(
            got.iter()
                .filter(|l| l.starts_with("up"))
                .collect::<Vec<_>>(),
            [r#"up{instance="h:9100", job="web"} 1@1"#]
        );
        assert_eq!(got.iter().filter(|l| l.starts_with("a{")).count(), 1);
    }
}
