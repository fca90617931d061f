//! Our rule engine on given samples: time is simulated, answers come from our PromQL.

use model::{Labels, Series};
use promql::storage::{Sink, Storage, StorageError};
use promql::{Engine, MemoryStorage};
use promql_parser::label::Matchers;
use rules::{ActiveAlert, AlertState, Assignment, Failure, Options, RuleEngine, RuleFile};
use simulator::{Planned, Platform, Scenario};
use std::collections::{BTreeMap, BTreeSet};

/// Between two samples, and between two evaluations, ms.
pub const SCRAPE: i64 = 15_000;
pub const EVERY: i64 = 30_000;

/// Series by metric name: a rule asks for few of thousands.
pub struct ByName(BTreeMap<String, MemoryStorage>);

impl ByName {
    pub fn new(series: Vec<Series>) -> Self {
        let mut by: BTreeMap<String, Vec<Series>> = BTreeMap::new();
        for s in series {
            let name = s.labels.metric_name().unwrap_or_default().to_owned();
            by.entry(name).or_default().push(s);
        }
        let stores = by.into_iter().map(|(n, s)| (n, MemoryStorage::new(s)));
        Self(stores.collect())
    }
}

impl Storage for ByName {
    fn select(
        &self,
        matchers: &Matchers,
        start: i64,
        end: i64,
        sink: &mut Sink<'_>,
    ) -> Result<(), StorageError> {
        let name = matchers.matchers.iter().find(|m| m.name == "__name__");
        match name.and_then(|m| self.0.get(&m.value)) {
            Some(store) => store.select(matchers, start, end, sink),
            None => Ok(()),
        }
    }
}

/// Names of the metrics that the rules ask for.
pub fn metrics(files: &[RuleFile]) -> BTreeSet<String> {
    let exprs = files
        .iter()
        .flat_map(|f| &f.groups)
        .flat_map(|g| &g.rules)
        .map(|r| r.expr.as_str());
    exprs
        .flat_map(|e| promql::selectors(e).expect("a checked expression"))
        .map(|s| s.split('{').next().unwrap_or("").to_owned())
        .collect()
}

/// What the platform lives through from `start` for `span`, sampled, only `names`; moved so that it begins at 0.
pub fn simulated(
    incidents: Vec<Planned>,
    start: i64,
    span: i64,
    names: &BTreeSet<String>,
) -> Vec<Series> {
    let scenario = Scenario {
        ambient: false,
        incidents,
        ..Scenario::default()
    };
    let mut platform = Platform::with_scenario(&scenario, start);
    let mut all: Vec<Series> = Vec::new();
    // in pieces: a day of all series is more than is kept
    let mut from = start;
    while from <= start + span {
        let to = (from + 3_600_000 - SCRAPE).min(start + span);
        let piece = platform.history(from, to, SCRAPE).into_iter();
        let piece = piece.filter(|s| s.labels.metric_name().is_some_and(|n| names.contains(n)));
        for (i, mut s) in piece.enumerate() {
            s.samples.iter_mut().for_each(|p| p.t -= start);
            match all.get_mut(i) {
                Some(known) => known.samples.append(&mut s.samples),
                None => all.push(s),
            }
        }
        from = to + SCRAPE;
    }
    all
}

/// What is active after an evaluation.
pub struct Step {
    /// Milliseconds since the samples' beginning.
    pub t: i64,
    /// `active_at` and `fired_at` on the same scale.
    pub active: Vec<ActiveAlert>,
}

/// The rows of an expression at each time.
type Rows = BTreeMap<i64, Vec<(Labels, f64)>>;

/// Evaluates all rules every `every` ms from 0 up to and with `until`.
pub fn run(files: &[RuleFile], store: &dyn Storage, every: i64, until: i64) -> Vec<Step> {
    let groups: Vec<Assignment> = files
        .iter()
        .flat_map(|f| {
            f.groups.iter().map(|g| Assignment {
                file: f.name.clone(),
                group: g.clone(),
                sources: vec!["samples".to_owned()],
            })
        })
        .collect();
    let mut answers: BTreeMap<&str, Rows> = BTreeMap::new();
    for rule in groups.iter().flat_map(|a| &a.group.rules) {
        answers.entry(&rule.expr).or_insert_with(|| {
            let all = Engine::default().range(store, &rule.expr, 0, until, every);
            let mut rows = Rows::new();
            for series in all.unwrap_or_else(|e| panic!("{}: {e}", rule.expr)) {
                for p in series.samples {
                    rows.entry(p.t)
                        .or_default()
                        .push((series.labels.clone(), p.v));
                }
            }
            rows
        });
    }
    let mut engine = RuleEngine::new(Options {
        interval_ms: every,
        ..Options::default()
    });
    engine.configure(&groups, -1);
    // groups are evaluated at an offset of their own; the step that they fall into is what counts
    let step = |at: i64| at.div_euclid(every) * every;
    let mut steps = Vec::new();
    let mut now = -1;
    for t in (0..=until).step_by(usize::try_from(every).expect("an interval")) {
        while let Some(next) = engine.next_wakeup(now).filter(|n| step(*n) == t) {
            now = next;
            for ask in engine.due(now) {
                let rows = answers
                    .get(ask.expr.as_str())
                    .and_then(|a| a.get(&t))
                    .cloned()
                    .unwrap_or_default();
                engine.answered(&ask, Ok::<_, Failure>(rows), now);
            }
        }
        let failed = engine.status().into_iter().find_map(|s| s.error);
        assert_eq!(failed, None, "at {t}");
        let mut active = engine.active();
        for a in &mut active {
            a.active_at = step(a.active_at);
            a.fired_at = a.fired_at.map(step);
        }
        steps.push(Step { t, active });
    }
    steps
}

/// Rule names that fire at any time, with the first time.
pub fn fired(steps: &[Step]) -> BTreeMap<String, i64> {
    let mut all = BTreeMap::new();
    for step in steps {
        for a in step.active.iter().filter(|a| a.state == AlertState::Firing) {
            let name = a.labels.get("alertname").unwrap_or_default().to_owned();
            all.entry(name).or_insert(step.t);
        }
    }
    all
}

/// The built-in rules.
pub fn builtin() -> Vec<RuleFile> {
    let loaded = rules::builtin::load().unwrap_or_else(|e| panic!("{e:#?}"));
    loaded.into_iter().map(|l| l.file).collect()
}
