//! What can be said of each panel, and of all of them together.

use crate::freshness::Freshness;
use crate::judge::{Judged, judge, reduce};
use crate::remarks::{self, Remark, lost};
use crate::stream::{Stream, StreamId};
use crate::{Failure, SourceState};
use model::board::{Panel, PanelKind, Query, Role};
use model::{Labels, Severity, Thresholds};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// Which of the four looks a panel has.
#[derive(Clone, Debug, PartialEq)]
pub enum State {
    /// Asked, not answered.
    Loading,
    /// Nothing there; why, if it is known.
    NoData(Option<Failure>),
    /// Older than its budget: the data's own time, ms.
    Stale(i64),
    /// Since (ms) and why.
    Failed(i64, Failure),
    /// Fresh.
    Data,
}

/// One query of a panel: the streams it reads and what they say.
#[derive(Clone, Debug)]
pub struct QueryStatus {
    /// One for each source that is asked.
    pub streams: Vec<StreamId>,
    /// Why no source is asked, if none is.
    pub unbound: Option<Failure>,
    /// Limits in force.
    pub limits: Option<Thresholds>,
    /// For each series, stream after stream.
    pub judged: Vec<Judged>,
    /// The one value.
    pub reduced: Judged,
    /// Series that are late while their source answers.
    pub behind: Behind,
    /// When a value will leave its budget of age, ms.
    pub next_change: Option<i64>,
    /// Sum of the streams' epochs.
    pub epoch: u32,
    /// Revision at which the set of series last changed.
    pub epoch_revision: u64,
}

/// Series whose raw samples are older than their budget although the source answers and still gives a value: a collector that hangs,
/// an exporter that is gone within the source's lookback. Series that are over are not among them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Behind {
    /// How many.
    pub series: u32,
    /// Data time of the oldest, ms, if any is known.
    pub since: Option<i64>,
}

/// A panel's status.
#[derive(Clone, Debug)]
pub struct PanelStatus {
    /// Which look.
    pub state: State,
    /// The worst of its queries' reduced values.
    pub severity: Severity,
    /// Whether a simulated series is in it.
    pub demo: bool,
    /// What is to be said beside the look, while there is something to see.
    pub remarks: Vec<Remark>,
    /// In the order of the panel's queries.
    pub queries: Vec<QueryStatus>,
    /// When a value of it will leave its budget of age, ms.
    pub next_change: Option<i64>,
    /// Revision of the last change that can be seen.
    pub revision: u64,
}

/// Everything a status is computed from.
pub struct Facts<'a> {
    /// Streams by id.
    pub streams: &'a BTreeMap<StreamId, Stream>,
    /// Sources by name.
    pub sources: &'a BTreeMap<String, SourceState>,
    /// Now, ms.
    pub now: i64,
    /// The revision that a change gets.
    pub revision: u64,
}

impl QueryStatus {
    /// A query whose streams are known and not yet judged.
    pub fn new(
        streams: Vec<StreamId>,
        unbound: Option<Failure>,
        limits: Option<Thresholds>,
        revision: u64,
    ) -> Self {
        Self {
            streams,
            unbound,
            limits,
            judged: Vec::new(),
            reduced: Judged::default(),
            behind: Behind::default(),
            next_change: None,
            epoch: 0,
            epoch_revision: revision,
        }
    }

    /// What has been told of the same streams stays told: a page that has their series needs no names again.
    pub(crate) fn goes_on(&mut self, before: &Self) {
        if self.streams == before.streams {
            self.epoch = before.epoch;
            self.epoch_revision = before.epoch_revision;
        }
    }

    /// Judges every series anew.
    fn update(&mut self, query: &Query, facts: &Facts<'_>) {
        self.judged.clear();
        self.next_change = None;
        self.behind = Behind::default();
        let mut epoch = 0u32;
        // What a source that is lost has said counts as long as it is fresh; then it neither makes the whole old nor is it news.
        let mut over: Vec<usize> = Vec::new();
        for stream in self.streams.iter().filter_map(|id| facts.streams.get(id)) {
            let Some(source) = facts.sources.get(&stream.key.source) else {
                continue;
            };
            epoch = epoch.wrapping_add(stream.epoch());
            let budget = source.spec.budget.widened(stream.step());
            let lives = lost(stream, facts).is_none();
            for l in stream.latest(source.skew) {
                let mut freshness = budget.judge(l.at, facts.now);
                if stream.remembered {
                    freshness = freshness.max(Freshness::Old);
                }
                let change = l.at.and_then(|at| budget.next_change(at, facts.now));
                self.next_change = [self.next_change, change].into_iter().flatten().min();
                let late = freshness != Freshness::Fresh && !l.value.is_nan();
                if late && !lives {
                    over.push(self.judged.len());
                } else if late && !l.ended {
                    self.behind.series += 1;
                    self.behind.since = [self.behind.since, l.at].into_iter().flatten().min();
                }
                self.judged
                    .push(judge(l.value, l.at, freshness, self.limits.as_ref()));
            }
        }
        if epoch != self.epoch {
            self.epoch = epoch;
            self.epoch_revision = facts.revision;
        }
        let limits = self.limits.as_ref();
        self.reduced = if over.is_empty() || over.len() == self.judged.len() {
            reduce(&self.judged, query.reduce, limits)
        } else {
            let all = self.judged.iter().enumerate();
            let living: Vec<Judged> = all
                .filter(|(i, _)| over.binary_search(i).is_err())
                .map(|(_, j)| *j)
                .collect();
            reduce(&living, query.reduce, limits)
        };
    }

    /// Whether one of its streams is answered.
    fn lives(&self, facts: &Facts<'_>) -> bool {
        let mut streams = self.streams.iter().filter_map(|id| facts.streams.get(id));
        streams.any(|s| lost(s, facts).is_none())
    }
}

impl PanelStatus {
    /// A panel that has just been laid out.
    pub fn new(queries: Vec<QueryStatus>, revision: u64) -> Self {
        Self {
            state: State::Loading,
            severity: Severity::Normal,
            demo: false,
            remarks: Vec::new(),
            queries,
            next_change: None,
            revision,
        }
    }

    /// Judges everything anew; the panel counts as changed.
    pub fn update(&mut self, panel: &Panel, facts: &Facts<'_>) {
        for (status, query) in self.queries.iter_mut().zip(&panel.queries) {
            status.update(query, facts);
        }
        self.next_change = self.queries.iter().filter_map(|q| q.next_change).min();
        self.severity = self
            .queries
            .iter()
            .map(|q| q.reduced.severity)
            .max()
            .unwrap_or_default();
        let simulated = |s: &Stream| {
            !s.is_empty()
                && facts
                    .sources
                    .get(&s.key.source)
                    .is_some_and(|src| src.spec.demo)
        };
        let demo = self.streams(panel, false, facts).any(simulated);
        self.demo = demo;
        self.state = self.derive_state(panel, facts);
        self.remarks = match self.state {
            State::Data | State::Stale(_) => {
                let fresh = self.state == State::Data;
                remarks::of_panel(panel, &self.queries, fresh, facts)
            }
            State::Loading | State::NoData(_) | State::Failed(..) => Vec::new(),
        };
        self.revision = facts.revision;
    }

    /// Whether one of its queries reads this stream.
    pub fn reads(&self, id: StreamId) -> bool {
        self.queries.iter().any(|q| q.streams.contains(&id))
    }

    /// Data time of its first query's value, ms.
    pub fn data_at(&self) -> Option<i64> {
        self.queries.first().and_then(|q| q.reduced.at)
    }

    fn streams<'a>(
        &'a self,
        panel: &'a Panel,
        main_only: bool,
        facts: &'a Facts<'_>,
    ) -> impl Iterator<Item = &'a Stream> {
        self.queries
            .iter()
            .zip(&panel.queries)
            .filter(move |(_, q)| !main_only || q.role == Role::Main)
            .flat_map(|(s, _)| &s.streams)
            .filter_map(|id| facts.streams.get(id))
    }

    fn derive_state(&self, panel: &Panel, facts: &Facts<'_>) -> State {
        if panel.queries.is_empty() {
            return State::Data;
        }
        let mut asked = self.streams(panel, true, facts).peekable();
        if asked.peek().is_none() {
            return self.why_nobody_is_asked(facts);
        }
        let mut settled = true;
        let mut any = false;
        let mut failed = None;
        for stream in asked {
            if let Some((since, why)) = lost(stream, facts) {
                failed.get_or_insert_with(|| State::Failed(since, why.clone()));
                continue;
            }
            settled &= stream.is_settled();
            any |= !stream.is_empty();
        }
        if let Some(wrong) = self.wrong_query(panel, facts) {
            return wrong;
        }
        // Several sources may know it. What one of them gives is worth seeing while another is missing, which is told beside it; only
        // when nothing is left to see has the panel failed.
        if let Some(failed) = failed
            && settled
            && !any
        {
            return failed;
        }
        if !settled {
            return State::Loading;
        }
        if !any {
            return State::NoData(None);
        }
        let main = self
            .queries
            .iter()
            .zip(&panel.queries)
            .filter(|(_, q)| q.role == Role::Main);
        let worst = main
            .filter(|(s, _)| s.lives(facts))
            .map(|(s, _)| s.reduced)
            .filter(|r| !r.value.is_nan())
            .max_by_key(|r| r.freshness);
        match worst {
            Some(r) if r.freshness != Freshness::Fresh => State::Stale(r.at.unwrap_or(0)),
            _ => State::Data,
        }
    }

    /// A query that nobody answers because it is wrong: a person has to change it, so it is not hidden behind the panel's others.
    fn wrong_query(&self, panel: &Panel, facts: &Facts<'_>) -> Option<State> {
        self.queries
            .iter()
            .zip(&panel.queries)
            .filter(|(s, q)| q.role == Role::Main && !s.lives(facts))
            .flat_map(|(s, _)| &s.streams)
            .filter_map(|id| facts.streams.get(id)?.error.as_ref())
            .find(|(_, why)| why.is_of_the_question())
            .map(|(since, why)| State::Failed(*since, why.clone()))
    }

    /// No source is asked: because none has been probed, because the one that might know does not answer, or because none knows.
    fn why_nobody_is_asked(&self, facts: &Facts<'_>) -> State {
        let unbound = self.queries.iter().find_map(|q| q.unbound.clone());
        if let Some(why) = unbound
            .as_ref()
            .filter(|w| w.code == "unknown_source" || w.code == "unknown_concept")
        {
            return State::Failed(facts.now, why.clone());
        }
        let mut unprobed = facts
            .sources
            .values()
            .filter(|s| s.present.is_none())
            .map(|s| &s.health);
        let failed = unprobed.clone().find_map(|h| match h {
            crate::Health::Failed(since, why) => Some(State::Failed(*since, why.clone())),
            _ => None,
        });
        if unprobed.any(|h| !matches!(h, crate::Health::Failed(..))) {
            return State::Loading;
        }
        if let Some(failed) = failed {
            return failed;
        }
        State::NoData(unbound)
    }
}

/// One thing that is outside its band.
#[derive(Clone, Debug, PartialEq)]
pub struct Abnormal {
    /// Index of the panel on the board.
    pub panel: usize,
    /// Index of the query in the panel.
    pub query: usize,
    /// The source's name.
    pub source: String,
    /// The series.
    pub labels: Labels,
    /// How bad, with value and time.
    pub judged: Judged,
    /// Since when it is at least this bad, ms.
    pub since: i64,
}

/// Remembers since when each series is how bad.
#[derive(Clone, Debug, Default)]
pub struct SinceBook {
    entries: BTreeMap<(usize, usize, String, Labels), (Severity, i64)>,
}

impl SinceBook {
    /// Everything abnormal on `board`, worst and newest first: each check of a tile, and of other panels what nothing else here tells at least as
    /// severely. So one cause is not counted twice, and no panel is outside its band on a board that is called well.
    pub fn collect(
        &mut self,
        board: &[Panel],
        status: &[PanelStatus],
        facts: &Facts<'_>,
    ) -> Vec<Abnormal> {
        let mut found = Vec::new();
        for (p, (panel, state)) in board.iter().zip(status).enumerate() {
            for (q, (query, judged)) in panel.queries.iter().zip(&state.queries).enumerate() {
                if query.role != Role::Note {
                    found.extend(worst_series(p, q, judged, facts));
                }
            }
        }
        let mut entries = BTreeMap::new();
        for a in &mut found {
            let key = (a.panel, a.query, a.source.clone(), a.labels.clone());
            let since = match self.entries.get(&key) {
                Some((before, since)) if *before >= a.judged.severity => *since,
                _ => facts.now,
            };
            a.since = since;
            entries.insert(key, (a.judged.severity, since));
        }
        self.entries = entries;
        let mut found = without_repeats(found, board);
        found.sort_by(|a, b| {
            b.judged
                .severity
                .cmp(&a.judged.severity)
                .then(b.since.cmp(&a.since))
        });
        found
    }

    /// Forgets everything, because the board is another one.
    pub fn clear(&mut self) {
        self.entries.clear();
    }
}

/// What is said of the same subject at most once, but for tiles: each of them is a check of its own.
fn without_repeats(mut found: Vec<Abnormal>, board: &[Panel]) -> Vec<Abnormal> {
    let is_tile = |a: &Abnormal| board[a.panel].kind == PanelKind::Tile;
    found.sort_by_key(|a| (Reverse(a.judged.severity), !is_tile(a)));
    let mut said: BTreeSet<String> = BTreeSet::new();
    found.retain(|a| {
        let subjects = subjects(&board[a.panel].queries[a.query]);
        let is_new = !subjects.iter().any(|s| said.contains(s));
        said.extend(subjects);
        is_new || is_tile(a)
    });
    found
}

/// What a question is about: the concepts that it uses, or itself.
fn subjects(query: &Query) -> Vec<String> {
    let concepts = query.concepts();
    if concepts.is_empty() {
        vec![query.expr.clone()]
    } else {
        concepts
    }
}

/// The series that makes a check abnormal: the one that equals the reduced value, or none of them by name when the value is a sum.
fn worst_series(
    panel: usize,
    query: usize,
    status: &QueryStatus,
    facts: &Facts<'_>,
) -> Option<Abnormal> {
    let reduced = status.reduced;
    if reduced.severity == Severity::Normal {
        return None;
    }
    let mut i = 0;
    for stream in status.streams.iter().filter_map(|id| facts.streams.get(id)) {
        for l in stream.latest(0) {
            if status
                .judged
                .get(i)
                .is_some_and(|j| j.value == reduced.value && j.freshness != Freshness::Unknown)
            {
                let (source, labels) = (stream.key.source.clone(), l.labels.clone());
                return Some(Abnormal {
                    panel,
                    query,
                    source,
                    labels,
                    judged: reduced,
                    since: facts.now,
                });
            }
            i += 1;
        }
    }
    let source = status
        .streams
        .iter()
        .filter_map(|id| facts.streams.get(id))
        .map(|s| s.key.source.clone())
        .next()?;
    Some(Abnormal {
        panel,
        query,
        source,
        labels: Labels::default(),
        judged: reduced,
        since: facts.now,
    })
}
