//! The suite that every implementation of [`Alerts`] has to pass, on the real system behind it.
//!
//! A test makes [`fixture`]'s alerts fire in the system (for a Prometheus: [`fixture_rules`]), then calls [`check`].

use crate::conformance::{Failure, HOSTILE};
use crate::{AlertList, Alerts, Answer, SilenceRequest, SilenceState, SourceError, cancellable};
use model::Labels;
use model::alert::{ALERT_NAME, Fingerprint, Matcher, Observation, Reported};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// One alert of the fixture.
#[derive(Clone, Debug, PartialEq)]
pub struct FixtureAlert {
    /// Its labels, `alertname` included.
    pub labels: Labels,
    /// Its annotations.
    pub annotations: BTreeMap<String, String>,
}

/// The alerts that must be firing: three shops with Chinese names, one with hostile texts.
pub fn fixture() -> Vec<FixtureAlert> {
    let note = |text: &str| BTreeMap::from([("summary".to_owned(), text.to_owned())]);
    let mut all: Vec<FixtureAlert> = ["徐家汇", "陆家嘴", "五角场"]
        .map(|shop| FixtureAlert {
            labels: Labels::from_pairs([
                (ALERT_NAME, "ConformanceShop"),
                ("shop", shop),
                ("severity", "critical"),
            ]),
            annotations: note("门店离线"),
        })
        .into();
    all.push(FixtureAlert {
        labels: Labels::from_pairs([(ALERT_NAME, "ConformanceText"), ("note", HOSTILE)]),
        annotations: note(HOSTILE),
    });
    all
}

/// The fixture as a rule file of Prometheus, with one rule more that only becomes pending.
pub fn fixture_rules() -> String {
    // YAML's double-quoted strings have JSON's escapes
    let quote = |text: &str| serde_json::Value::from(text).to_string();
    let mut text = String::from("groups:\n- name: conformance\n  rules:\n");
    for alert in fixture() {
        let name = alert.labels.get(ALERT_NAME).unwrap_or_default();
        text.push_str(&format!(
            "  - alert: {name}\n    expr: vector(1.5) > 1\n    labels:\n"
        ));
        for (label, value) in alert.labels.iter().filter(|(n, _)| *n != ALERT_NAME) {
            text.push_str(&format!("      {label}: {}\n", quote(value)));
        }
        text.push_str("    annotations:\n");
        for (name, value) in &alert.annotations {
            text.push_str(&format!("      {name}: {}\n", quote(value)));
        }
    }
    text.push_str("  - alert: ConformancePending\n    expr: vector(1)\n    for: 1h\n");
    text
}

/// Runs all checks; an empty list means that `source` conforms. The fixture began to fire between `since_ms` and `now_ms`.
pub async fn check(source: &dyn Alerts, since_ms: i64, now_ms: i64) -> Vec<Failure> {
    let mut run = Run {
        source,
        now_ms,
        failures: Vec::new(),
    };
    run.list(since_ms).await;
    run.who().await;
    if source.can_silence() {
        run.silences().await;
        run.refusals().await;
    } else {
        run.cannot().await;
    }
    run.cancelled().await;
    run.failures
}

struct Run<'a> {
    source: &'a dyn Alerts,
    now_ms: i64,
    failures: Vec<Failure>,
}

type Listed = Result<Answer<AlertList>, SourceError>;

fn find<'a>(listed: &'a Listed, labels: &Labels) -> Option<&'a Observation> {
    let list = &listed.as_ref().ok()?.value;
    list.alerts.iter().find(|a| a.labels == *labels)
}

impl Run<'_> {
    fn must(&mut self, check: &'static str, holds: bool, got: &dyn std::fmt::Debug) {
        if !holds {
            let what = format!("{got:?}").chars().take(2_000).collect();
            self.failures.push(Failure { check, what });
        }
    }

    async fn list(&mut self, since_ms: i64) {
        let got = self.source.alerts().await;
        let odd = got.as_ref().map(|a| a.value.oddities);
        self.must("nothing is odd", odd == Ok(Default::default()), &odd);
        let whole = matches!(&got, Ok(a) if !a.partial && a.warnings.is_empty() && a.bytes > 2);
        self.must("the answer is whole", whole, &got);
        let measured = matches!(&got, Ok(a) if a.value.took > Duration::ZERO);
        self.must("the answer's time is measured", measured, &got);
        for alert in fixture() {
            let found = find(&got, &alert.labels);
            self.must(
                "labels arrive as they are",
                found.is_some(),
                &(&alert, &got),
            );
            let Some(found) = found else { continue };
            let notes = found.annotations == alert.annotations;
            self.must("annotations arrive as they are", notes, found);
            self.must("it fires", found.state == Reported::Firing, found);
            // clocks of the fixture and of the server are read at different times
            let began = (since_ms - 1_000..=self.now_ms + 1_000).contains(&found.starts_at);
            self.must(
                "its start",
                began,
                &(since_ms, found.starts_at, self.now_ms),
            );
        }
        let strangers = got.as_ref().map_or(1, |a| {
            let name = |o: &Observation| o.labels.get(ALERT_NAME) == Some("ConformancePending");
            a.value.alerts.iter().filter(|o| name(o)).count()
        });
        self.must("pending is not firing", strangers == 0, &got);
    }

    async fn who(&mut self) {
        let got = self.source.probe().await;
        let known = matches!(&got, Ok(a) if a.value.ready
            && a.value.version.as_deref().is_some_and(|v| !v.is_empty())
            && a.value.started_at_ms.is_some_and(|t| t <= self.now_ms + 1_000)
            && a.value.silences == self.source.can_silence());
        self.must("probing tells version, start and silences", known, &got);
        let listed = self.source.alerts().await;
        let same = matches!((&listed, &got), (Ok(l), Ok(g))
            if l.value.started_at_ms == g.value.started_at_ms);
        self.must("the list tells the same start", same, &listed);
    }

    async fn silences(&mut self) {
        let shop = Labels::from_pairs([
            (ALERT_NAME, "ConformanceShop"),
            ("shop", "徐家汇"),
            ("severity", "critical"),
        ]);
        let request = SilenceRequest {
            matchers: vec![
                Matcher::equal(ALERT_NAME, "ConformanceShop"),
                Matcher {
                    is_regex: true,
                    ..Matcher::equal("shop", "徐.*")
                },
            ],
            starts_at: self.now_ms,
            ends_at: self.now_ms + 3_600_000,
            created_by: "张三".into(),
            comment: "我来处理 \"<b>\"".into(),
        };
        let got = self.source.matching(&request.matchers).await;
        let one = matches!(&got, Ok(a) if a.value == [Fingerprint::of(&shop)]);
        self.must("a preview names what would be hidden", one, &got);
        let hostile = [Matcher::equal("note", HOSTILE)];
        let got = self.source.matching(&hostile).await;
        let one = matches!(&got, Ok(a) if a.value.len() == 1);
        self.must("a preview of a hostile value", one, &got);

        let made = self.source.silence(&request).await;
        self.must("a silence is made", made.is_ok(), &made);
        let Ok(made) = made else { return };
        let id = made.value;
        let got = self.source.silences().await;
        let held = matches!(&got, Ok(a) if a.value.iter().any(|s|
            s.id == id && s.state == SilenceState::Active && s.answers(&request)));
        self.must("a silence is found again", held, &got);
        let got = self.source.alerts().await;
        let quiet = find(&got, &shop)
            .is_some_and(|a| a.state == Reported::Suppressed && a.silenced_by == [id.clone()]);
        self.must(
            "a silenced alert is listed as suppressed, by its id",
            quiet,
            &got,
        );

        for _ in 0..2 {
            let got = self.source.expire_silence(&id).await;
            self.must("a silence ends, and twice is no error", got.is_ok(), &got);
        }
        let got = self.source.silences().await;
        let over = matches!(&got, Ok(a) if a.value.iter().any(|s|
            s.id == id && s.state == SilenceState::Expired && !s.answers(&request)));
        self.must("a silence that was ended is expired", over, &got);
        let got = self.source.alerts().await;
        let loud = find(&got, &shop)
            .is_some_and(|a| a.state == Reported::Firing && a.silenced_by.is_empty());
        self.must("the alert is heard again", loud, &got);
        let got = self
            .source
            .expire_silence("00000000-0000-4000-8000-000000000000")
            .await;
        self.must("an unknown silence counts as ended", got.is_ok(), &got);
    }

    async fn refusals(&mut self) {
        let request = |matchers: Vec<Matcher>, ends_at: i64| SilenceRequest {
            matchers,
            starts_at: self.now_ms,
            ends_at,
            created_by: "a".into(),
            comment: "b".into(),
        };
        let one = vec![Matcher::equal("a", "b")];
        let later = self.now_ms + 60_000;
        let bad = [
            request(Vec::new(), later),
            request(vec![Matcher::equal("a", "")], later),
            request(one, self.now_ms - 60_000),
        ];
        for request in &bad {
            let got = self.source.silence(request).await;
            let typed =
                matches!(&got, Err(SourceError::Query { message, .. }) if !message.is_empty());
            self.must("a silence that cannot be is refused in words", typed, &got);
        }
        let got = self.source.expire_silence("../status").await;
        let typed = matches!(&got, Err(SourceError::Query { .. }));
        self.must("an id that is none is refused", typed, &got);
    }

    async fn cannot(&mut self) {
        let request = SilenceRequest {
            matchers: vec![Matcher::equal("a", "b")],
            starts_at: self.now_ms,
            ends_at: self.now_ms + 60_000,
            created_by: "a".into(),
            comment: "b".into(),
        };
        let got = [
            self.source.silence(&request).await.map(|_| ()),
            self.source.expire_silence("x").await.map(|_| ()),
            self.source.silences().await.map(|_| ()),
            self.source.matching(&request.matchers).await.map(|_| ()),
        ];
        let typed = got
            .iter()
            .all(|g| matches!(g, Err(SourceError::Unsupported { .. })));
        self.must("what it cannot do is said", typed, &got);
    }

    async fn cancelled(&mut self) {
        let token = CancellationToken::new();
        token.cancel();
        let got = cancellable(&token, self.source.alerts()).await;
        let cancelled = matches!(&got, Err(SourceError::Cancelled));
        self.must("a cancelled question says so", cancelled, &got);
    }
}
