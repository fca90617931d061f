//! Our own rules: built-in and from files, evaluated against the sources of metrics. What fires is taken in like any source's alerts.

use super::chart::Book;
use super::handle::{DutyHandle, Message, SourceNews};
use super::views::DEMO_SOURCE;
use crate::clock;
use crate::config::{Config, read_bounded};
use crate::problem::Problem;
use ::engine::duty::{Event, Extent};
use futures::StreamExt as _;
use model::{InstantValue, Labels, Observation};
use rules::{Ask, Assignment, Failure, Loaded, Options, RuleEngine, RuleError, SavedState};
use source::Metrics;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// The name under which alerts of our own rules are taken in.
pub const SOURCE: &str = "rules";
/// Questions under way at once.
const AT_ONCE: usize = 4;
/// Whatever a source does, a question has an answer by then.
const PATIENCE: Duration = Duration::from_secs(20);
/// Pending and firing alerts are written down this often, ms: a restart must not begin to count anew.
const SAVE_EVERY: i64 = 60_000;
/// Files of a directory that are read.
const MOST_FILES: usize = 500;
/// It is asked this often which metrics a source has, ms: a rule whose metrics appear waits so long at most.
const LOOK_EVERY: i64 = 15_000;
/// The longest sleep: a clock may be set.
const LONGEST_SLEEP: Duration = Duration::from_secs(5);

/// Whether any rules are evaluated here: the built-in ones are where nobody else would, or where they are asked for.
pub fn wanted(config: &Config) -> bool {
    builtin_wanted(config) || config.duty.rules_dir.is_some()
}

fn builtin_wanted(config: &Config) -> bool {
    config
        .duty
        .builtin_rules
        .unwrap_or(config.alert_source.is_empty())
}

/// Files that can be used, and what is wrong with the others.
pub struct Rules {
    files: Vec<(String, Loaded)>,
    interval_ms: i64,
}

impl Rules {
    /// All files.
    pub fn files(&self) -> impl Iterator<Item = &rules::RuleFile> {
        self.files.iter().map(|(_, l)| &l.file)
    }
}

/// Reads the built-in rules and those of the directory. A file that is wrong is left out and named.
pub fn load(config: &Config) -> (Rules, Vec<Problem>) {
    let mut files = Vec::new();
    let mut problems = Vec::new();
    let mut take = |name: String, text: &str| match rules::parse(&name, text) {
        Ok(loaded) => {
            problems.extend(loaded.warnings.iter().map(problem));
            files.push((name, loaded));
        }
        Err(errors) => problems.extend(errors.iter().map(problem)),
    };
    if builtin_wanted(config) {
        for (name, text) in rules::builtin::files() {
            take(name.to_owned(), text);
        }
    }
    let mut unreadable = Vec::new();
    for path in config
        .duty
        .rules_dir
        .as_deref()
        .map(yaml_files)
        .unwrap_or_default()
    {
        match read_bounded(&path) {
            Ok(text) => take(path.display().to_string(), &text),
            Err(problem) => unreadable.push(problem),
        }
    }
    problems.extend(unreadable);
    let interval_ms = (config.duty.rules_interval_seconds * 1000.0) as i64;
    (Rules { files, interval_ms }, problems)
}

fn yaml_files(dir: &Path) -> Vec<PathBuf> {
    let is_yaml = |p: &PathBuf| {
        p.extension()
            .is_some_and(|e| e == "yaml" || e == "yml" || e == "rules")
    };
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    let mut all: Vec<PathBuf> = entries
        .map(|e| e.path())
        .filter(is_yaml)
        .take(MOST_FILES)
        .collect();
    all.sort();
    all
}

fn problem(e: &RuleError) -> Problem {
    let place: Vec<&str> = [e.group.as_str(), e.rule.as_str(), e.field.as_str()]
        .into_iter()
        .filter(|s| !s.is_empty())
        .collect();
    Problem::new(Path::new(&e.file), "rule")
        .at(usize::try_from(e.line).unwrap_or(0))
        .with("place", place.join(" / "))
        .with("detail", e.problem.detail())
        .with("code", e.problem.code())
}

/// Evaluates until `stop`. Rules over the simulated platform are taken in under a name of their own, so that their alerts are marked.
pub async fn run(
    rules: Rules,
    book: Book,
    data: Option<PathBuf>,
    handle: DutyHandle,
    stop: CancellationToken,
) {
    let of = |demo: bool| -> Vec<String> {
        book.iter()
            .filter(|(_, d, _)| *d == demo)
            .map(|(n, _, _)| n.clone())
            .collect()
    };
    let groups = [(SOURCE, of(false)), (DEMO_SOURCE, of(true))];
    let mut evaluators: Vec<Evaluator> = groups
        .into_iter()
        .filter(|(_, sources)| !sources.is_empty())
        .map(|(name, sources)| Evaluator::new(name, &rules, sources, data.as_deref()))
        .collect();
    if rules.files.is_empty() || evaluators.is_empty() {
        return;
    }
    let clients: BTreeMap<String, Arc<dyn Metrics>> = book
        .iter()
        .map(|(n, _, m)| (n.clone(), m.clone()))
        .collect();
    loop {
        let now = clock::now_ms();
        for evaluator in &mut evaluators {
            evaluator.round(&clients, &handle).await;
            evaluator.save(now);
        }
        let now = clock::now_ms();
        let next = evaluators
            .iter()
            .filter_map(|e| e.engine.next_wakeup(now))
            .min();
        let wait = next.map_or(LONGEST_SLEEP, |at| {
            Duration::from_millis(u64::try_from(at - now).unwrap_or(0)).min(LONGEST_SLEEP)
        });
        tokio::select! {
            () = stop.cancelled() => break,
            () = tokio::time::sleep(wait) => {}
        }
    }
    for evaluator in &mut evaluators {
        evaluator.saved_at = 0;
        evaluator.save(clock::now_ms());
    }
}

/// Which metrics the sources have, so that rules that cannot answer are not asked.
#[derive(Default)]
struct Present {
    /// By expression: without one of these its answer is empty.
    needs: BTreeMap<String, BTreeSet<String>>,
    /// All of them.
    names: BTreeSet<String>,
    /// By source: when it was asked, and what it has.
    seen: BTreeMap<String, (i64, BTreeSet<String>)>,
}

impl Present {
    fn of<'a>(expressions: impl Iterator<Item = &'a str>) -> Self {
        let needs: BTreeMap<String, BTreeSet<String>> = expressions
            .filter_map(|e| Some((e.to_owned(), rules::needs(e)?)))
            .collect();
        Self {
            names: needs.values().flatten().cloned().collect(),
            needs,
            seen: BTreeMap::new(),
        }
    }

    /// Asks a source what it has, when that was long ago. One that does not say is asked every rule.
    async fn look(&mut self, source: &str, metrics: &dyn Metrics, now: i64) {
        let old = |at: i64| now - at >= LOOK_EVERY || now < at;
        if self.seen.get(source).is_some_and(|(at, _)| !old(*at)) || self.names.is_empty() {
            return;
        }
        let names: Vec<&str> = self.names.iter().map(String::as_str).collect();
        match tokio::time::timeout(PATIENCE, metrics.exists(&names)).await {
            Ok(Ok(answer)) if answer.value.len() == names.len() => {
                let there = names.iter().zip(&answer.value).filter(|(_, there)| **there);
                let there = there.map(|(n, _)| (*n).to_owned()).collect();
                self.seen.insert(source.to_owned(), (now, there));
            }
            _ => {
                self.seen.remove(source);
            }
        }
    }

    fn is_empty(&self, ask: &Ask) -> bool {
        let (Some(needs), Some((_, there))) =
            (self.needs.get(&ask.expr), self.seen.get(&ask.source))
        else {
            return false;
        };
        needs.is_disjoint(there)
    }
}

struct Evaluator {
    name: &'static str,
    engine: RuleEngine,
    present: Present,
    file: Option<PathBuf>,
    saved_at: i64,
}

impl Evaluator {
    fn new(name: &'static str, rules: &Rules, sources: Vec<String>, data: Option<&Path>) -> Self {
        let mut engine = RuleEngine::new(Options {
            interval_ms: rules.interval_ms,
            ..Options::default()
        });
        let groups = rules.files.iter().flat_map(|(file, l)| {
            l.file.groups.iter().map(|group| Assignment {
                file: file.clone(),
                group: group.clone(),
                sources: sources.clone(),
            })
        });
        let now = clock::now_ms();
        engine.configure(&groups.collect::<Vec<_>>(), now);
        let file = data.map(|d| d.join(format!("duty/{name}.json")));
        let saved = file.as_ref().and_then(|f| std::fs::read(f).ok());
        if let Some(saved) = saved.and_then(|b| serde_json::from_slice::<SavedState>(&b).ok()) {
            engine.restore(&saved, now);
        }
        let all = rules.files().flat_map(|f| &f.groups);
        let expressions = all.flat_map(|g| g.rules.iter().map(|r| r.expr.as_str()));
        Self {
            name,
            engine,
            present: Present::of(expressions),
            file,
            saved_at: now,
        }
    }

    /// Asks what is due and tells the desk what fires.
    async fn round(&mut self, clients: &BTreeMap<String, Arc<dyn Metrics>>, handle: &DutyHandle) {
        let asks = self.engine.due(clock::now_ms());
        if asks.is_empty() {
            return;
        }
        let sources: BTreeSet<&str> = asks.iter().map(|a| a.source.as_str()).collect();
        for source in sources {
            if let Some(metrics) = clients.get(source) {
                let now = clock::now_ms();
                self.present.look(source, metrics.as_ref(), now).await;
            }
        }
        let present = &self.present;
        let mut answers = futures::stream::iter(asks.into_iter().map(|ask| async move {
            let answer = match clients.get(&ask.source) {
                Some(_) if present.is_empty(&ask) => Ok(Vec::new()),
                Some(metrics) => evaluate(metrics.as_ref(), &ask).await,
                None => Err(Failure("no such source".into())),
            };
            (ask, answer)
        }))
        .buffer_unordered(AT_ONCE);
        let mut changed: Vec<Observation> = Vec::new();
        let mut failed = None;
        while let Some((ask, answer)) = answers.next().await {
            if let Err(e) = &answer {
                failed = Some(e.0.clone());
            }
            changed.extend(self.engine.answered(&ask, answer, clock::now_ms()));
        }
        if let Some(e) = failed {
            tracing::debug!(
                rules = self.name,
                error = e,
                "a rule could not be evaluated"
            );
        }
        let source = self.name.to_owned();
        if !changed.is_empty() {
            let event = Event::Observed {
                source: source.clone(),
                extent: Extent::Some,
                alerts: changed,
            };
            handle.send(Message::Event(event)).await;
        }
        let firing = self.engine.firing();
        let news = SourceNews {
            name: SOURCE.to_owned(),
            error: None,
            alerts: u32::try_from(firing.len()).unwrap_or(u32::MAX),
        };
        handle.send(Message::Source(news)).await;
        let event = Event::Observed {
            source,
            extent: Extent::All,
            alerts: firing,
        };
        handle.send(Message::Event(event)).await;
    }

    fn save(&mut self, now: i64) {
        let Some(file) = self
            .file
            .as_ref()
            .filter(|_| now - self.saved_at >= SAVE_EVERY)
        else {
            return;
        };
        self.saved_at = now;
        if let Err(e) = write(file, &self.engine.state(now)) {
            tracing::warn!(error = %e, "pending alerts cannot be written down");
        }
    }
}

/// As a whole or not at all.
fn write(file: &Path, state: &SavedState) -> std::io::Result<()> {
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let beside = file.with_extension("json.new");
    std::fs::write(&beside, serde_json::to_vec(state)?)?;
    std::fs::rename(beside, file)
}

async fn evaluate(metrics: &dyn Metrics, ask: &Ask) -> Result<Vec<(Labels, f64)>, Failure> {
    let answer = tokio::time::timeout(PATIENCE, metrics.instant(&ask.expr, Some(ask.at))).await;
    match answer {
        Ok(Ok(answer)) => match answer.value {
            InstantValue::Scalar(s) => Ok(vec![(Labels::default(), s.v)]),
            InstantValue::Vector(all) => Ok(all.into_iter().map(|(l, s)| (l, s.v)).collect()),
            InstantValue::Text(..) | InstantValue::Matrix(_) => {
                Err(Failure("neither a vector nor a number".into()))
            }
        },
        Ok(Err(e)) => Err(Failure(e.to_string())),
        Err(_) => Err(Failure("no answer in time".into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_left_out_only_when_its_source_has_none_of_its_metrics() {
        let mut present = Present::of(["a / b > 1", "absent(c)", "d == 0"].into_iter());
        let is_empty = |present: &Present, source: &str, expr: &str| {
            let ask = Ask {
                source: source.into(),
                expr: expr.into(),
                id: 1,
                group: "g".into(),
                rule: "r".into(),
                at: 0,
            };
            present.is_empty(&ask)
        };
        assert!(
            !is_empty(&present, "one", "d == 0"),
            "nobody has looked yet"
        );
        let there = BTreeSet::from(["b".to_owned()]);
        present.seen.insert("one".into(), (0, there));
        assert!(is_empty(&present, "one", "d == 0"));
        assert!(!is_empty(&present, "one", "a / b > 1"));
        assert!(!is_empty(&present, "one", "absent(c)"));
        assert!(!is_empty(&present, "two", "d == 0"), "another source");
    }
}
