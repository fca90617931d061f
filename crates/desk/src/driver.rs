//! Carries out the engine's effects: each becomes one question to a source, and exactly one event.

use crate::core::{Handle, Message, Zoom};
use crate::{clock, frames};
use engine::freshness::{asked_as, together};
use engine::machine::Meta;
use engine::stream::StreamKey;
use engine::{Caveat, Effect, Event, Failure, ProbeReport, StreamId};
use model::board::Query;
use model::{InstantValue, Labels};
use parking_lot::Mutex;
use source::{Answer, Metrics, SourceError};
use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, oneshot};
use tokio_util::sync::CancellationToken;
use wire::ErrorView;

/// Questions under way at one source; a Prometheus answers 20 at once by default and is not ours alone.
const AT_ONCE: usize = 8;
/// Whatever a source does, every question ends by then, or a moment after the time that its configuration gives it.
const LONGEST: Duration = Duration::from_secs(60);
/// The client's own limit is to be the first, because it says more.
const AFTER_ITS_OWN: Duration = Duration::from_secs(5);
/// Points of a zoom at most.
const ZOOM_POINTS: u32 = 4_000;

/// A source and how many questions it gets at once.
#[derive(Clone)]
struct Line {
    metrics: Arc<dyn Metrics>,
    permits: Arc<Semaphore>,
}

/// A question for data times.
#[derive(Clone)]
struct Age {
    id: StreamId,
    key: StreamKey,
    query: String,
}

/// Questions under way, by what replaces them or makes them useless.
#[derive(Debug, Default)]
struct Running {
    streams: BTreeMap<StreamId, CancellationToken>,
    /// By screen and panel.
    zooms: BTreeMap<(usize, String), CancellationToken>,
}

/// All sources by name.
#[derive(Clone)]
pub struct Driver {
    lines: Arc<BTreeMap<String, Result<Line, Failure>>>,
    handle: Handle,
    /// What is under way and can be given up.
    running: Arc<Mutex<Running>>,
    /// The time that is asked about; `None`: now.
    at: Option<i64>,
}

impl Driver {
    /// A driver whose answers go to `handle`. A source that could not be set up answers every question with its failure.
    pub fn new(
        sources: BTreeMap<String, Result<Arc<dyn Metrics>, Failure>>,
        handle: Handle,
    ) -> Self {
        let line = |metrics| Line {
            metrics,
            permits: Arc::new(Semaphore::new(AT_ONCE)),
        };
        let lines = sources
            .into_iter()
            .map(|(name, s)| (name, s.map(line)))
            .collect();
        Self {
            lines: Arc::new(lines),
            handle,
            running: Arc::default(),
            at: None,
        }
    }

    /// The same, asking about a time of the past (ms) as if it were now.
    pub fn at(self, at: i64) -> Self {
        Self {
            at: Some(at),
            ..self
        }
    }

    fn line(&self, source: &str) -> Result<Line, Failure> {
        match self.lines.get(source) {
            Some(line) => line.clone(),
            None => Err(Failure::new("unknown_source", "source", source)),
        }
    }

    /// The source of this name, to be asked beside the engine.
    ///
    /// # Errors
    /// When there is none, or it could not be set up.
    pub fn metrics(&self, name: &str) -> Result<Arc<dyn Metrics>, Failure> {
        self.line(name).map(|line| line.metrics)
    }

    /// Begins all of them; each answer comes as an event. Data times of one source are asked for together.
    pub fn run(&self, effects: Vec<Effect>) {
        let mut ages: BTreeMap<String, Vec<Age>> = BTreeMap::new();
        for effect in effects {
            match effect {
                Effect::Ages(id, key, query) => {
                    let of = ages.entry(key.source.clone()).or_default();
                    of.push(Age { id, key, query });
                }
                Effect::Cancel(id) => {
                    if let Some(token) = self.running.lock().streams.remove(&id) {
                        token.cancel();
                    }
                }
                other => {
                    let this = self.clone();
                    let token = self.begin(&other);
                    tokio::spawn(async move {
                        let event = this.unless_given_up(other, token).await;
                        this.handle.send(Message::Event(event)).await;
                    });
                }
            }
        }
        for asked in ages.into_values() {
            let queries: Vec<&str> = asked.iter().map(|a| a.query.as_str()).collect();
            let mut rest = asked.as_slice();
            for (count, text) in together(&queries) {
                let (these, later) = rest.split_at(count);
                let (this, these) = (self.clone(), these.to_vec());
                tokio::spawn(async move { this.ages(these, text).await });
                rest = later;
            }
        }
    }

    /// The token of a question about a stream; there is never more than one of the same stream under way.
    fn begin(&self, effect: &Effect) -> CancellationToken {
        let token = CancellationToken::new();
        if let Effect::Range(id, ..) | Effect::Instant(id, _) = effect {
            self.running.lock().streams.insert(*id, token.clone());
        }
        token
    }

    /// The answer, or that it was given up. Dropping the question closes its connection, so that the server stops as well.
    async fn unless_given_up(&self, effect: Effect, token: CancellationToken) -> Event {
        let (id, given_up) = match &effect {
            Effect::Range(id, ..) => {
                let why = failure(&SourceError::Cancelled);
                (*id, Event::Ranged(*id, Err(why), Meta::default()))
            }
            Effect::Instant(id, _) => {
                let why = failure(&SourceError::Cancelled);
                (*id, Event::Instant(*id, Err(why), Meta::default()))
            }
            Effect::Probe(..) | Effect::Ages(..) | Effect::Cancel(_) => {
                return self.event(effect).await;
            }
        };
        let answered = tokio::select! {
            biased;
            () = token.cancelled() => return given_up,
            event = self.event(effect) => event,
        };
        self.running.lock().streams.remove(&id);
        answered
    }

    /// Data times by one question for all of these; where it fails, by one for each, because one of them may be at fault.
    async fn ages(&self, asked: Vec<Age>, text: String) {
        let Some(source) = asked.first().map(|a| a.key.source.clone()) else {
            return;
        };
        let at = self.at;
        let question = |m: Arc<dyn Metrics>| async move { m.instant(&text, at).await };
        let (result, meta) = self.ask(&source, question).await;
        let own_fault = |why: &Failure| matches!(why.code, "query" | "limit" | "too_large");
        match result {
            Err(why) if asked.len() > 1 && own_fault(&why) => {
                for Age { id, key, query } in asked {
                    let event = self.event(Effect::Ages(id, key, query)).await;
                    self.handle.send(Message::Event(event)).await;
                }
            }
            result => {
                let times = result.map(ages);
                for (i, age) in asked.iter().enumerate() {
                    let own = times
                        .as_ref()
                        .map(|t| t.get(&i).cloned().unwrap_or_default());
                    // The answer's size is counted once.
                    let bytes = if i == 0 { meta.bytes } else { 0 };
                    let meta = Meta {
                        bytes,
                        ..meta.clone()
                    };
                    let event = Event::Aged(age.id, own.map_err(Failure::clone), meta);
                    self.handle.send(Message::Event(event)).await;
                }
            }
        }
    }

    async fn event(&self, effect: Effect) -> Event {
        match effect {
            Effect::Probe(name, metrics) => {
                let (result, meta) = self.probe(&name, &metrics).await;
                Event::Probed(name, result, meta)
            }
            Effect::Range(id, key, r) => {
                let expr = key.expr;
                let question = |m: Arc<dyn Metrics>| async move {
                    m.range(&expr, r.start, r.end, r.step).await
                };
                let (result, meta) = self.ask(&key.source, question).await;
                Event::Ranged(id, result, meta)
            }
            Effect::Instant(id, key) => self.instant(id, &key).await,
            Effect::Ages(id, key, query) => {
                let at = self.at;
                let question = |m: Arc<dyn Metrics>| async move { m.instant(&query, at).await };
                let (result, meta) = self.ask(&key.source, question).await;
                let times = |value| ages(value).into_values().flatten().collect();
                Event::Aged(id, result.map(times), meta)
            }
            // No question: `run` has carried it out.
            Effect::Cancel(_) => Event::Wakeup,
        }
    }

    async fn instant(&self, id: StreamId, key: &StreamKey) -> Event {
        let (expr, at) = (key.expr.clone(), self.at);
        let (result, meta) = self
            .ask(&key.source, |m| async move { m.instant(&expr, at).await })
            .await;
        Event::Instant(id, result.and_then(values), meta)
    }

    async fn probe(&self, name: &str, metrics: &[String]) -> (Result<ProbeReport, Failure>, Meta) {
        let metrics = metrics.to_vec();
        self.ask(name, |m| async move {
            let names: Vec<&str> = metrics.iter().map(String::as_str).collect();
            let info = m.probe().await?;
            if !info.value.ready {
                return Err(SourceError::Http { status: 503 });
            }
            let flavor = format!("{:?}", info.value.flavor);
            let version = info.value.version.unwrap_or_default();
            let found = m.exists(&names).await?;
            Ok(found.map(|found| ProbeReport {
                version: format!("{flavor} {version}").trim().to_owned(),
                present: names
                    .iter()
                    .zip(found)
                    .filter(|(_, there)| *there)
                    .map(|(n, _)| (*n).to_owned())
                    .collect(),
            }))
        })
        .await
    }

    /// One question: waits its turn, is measured, ends in bounded time.
    async fn ask<T, F>(
        &self,
        source: &str,
        question: impl FnOnce(Arc<dyn Metrics>) -> F,
    ) -> (Result<T, Failure>, Meta)
    where
        F: Future<Output = Result<Answer<T>, SourceError>>,
    {
        let line = match self.line(source) {
            Ok(line) => line,
            Err(failure) => return (Err(failure), Meta::default()),
        };
        let _turn = line.permits.acquire().await;
        let began = clock::instant();
        let longest = longest(line.metrics.patience());
        let answer = tokio::time::timeout(longest, question(line.metrics)).await;
        let latency = i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX);
        match answer {
            Err(_) => (
                Err(advised(&SourceError::Timeout { after: longest })),
                Meta {
                    latency,
                    ..Meta::default()
                },
            ),
            Ok(Err(e)) => (
                Err(advised(&e)),
                Meta {
                    latency,
                    ..Meta::default()
                },
            ),
            Ok(Ok(a)) => {
                let meta = Meta {
                    latency,
                    // The source's clock is now's and says nothing about a time of the past.
                    server_time: a.server_time_ms.filter(|_| self.at.is_none()),
                    bytes: a.bytes,
                    caveat: Caveat::new(a.partial, a.warnings),
                };
                (Ok(a.value), meta)
            }
        }
    }

    /// Asks for finer points and answers with a frame. Another zoom of the same panel, or nobody who waits, ends it.
    pub fn zoom(
        &self,
        zoom: Zoom,
        query: Query,
        streams: Vec<(String, bool, String)>,
        reply: oneshot::Sender<Result<Vec<u8>, ErrorView>>,
    ) {
        let this = self.clone();
        let place = (zoom.screen, zoom.panel.clone());
        let token = CancellationToken::new();
        let before = self
            .running
            .lock()
            .zooms
            .insert(place.clone(), token.clone());
        if let Some(before) = before {
            before.cancel();
        }
        tokio::spawn(async move {
            let mut reply = reply;
            let found = tokio::select! {
                biased;
                () = token.cancelled() => Err(failure(&SourceError::Cancelled)),
                () = reply.closed() => return this.zoomed(&place, &token),
                found = this.finer(&zoom, &query, streams) => found,
            };
            this.zoomed(&place, &token);
            // Who asked may have gone away meanwhile.
            let _ = reply.send(found.map_err(|why| frames::error_view(&why)));
        });
    }

    /// Forgets a zoom that has ended, unless another one stands in its place.
    fn zoomed(&self, place: &(usize, String), token: &CancellationToken) {
        if !token.is_cancelled() {
            self.running.lock().zooms.remove(place);
        }
    }

    async fn finer(
        &self,
        zoom: &Zoom,
        query: &Query,
        streams: Vec<(String, bool, String)>,
    ) -> Result<Vec<u8>, Failure> {
        let span = (zoom.to - zoom.from).max(1_000);
        let step = (span / i64::from(zoom.points.clamp(2, ZOOM_POINTS))).max(1_000) / 1_000 * 1_000;
        let start = zoom.from.div_euclid(step) * step;
        let end = zoom.to.div_euclid(step) * step;
        let mut answers = Vec::new();
        for (source, demo, expr) in streams {
            let question =
                |m: Arc<dyn Metrics>| async move { m.range(&expr, start, end, step).await };
            let (result, _) = self.ask(&source, question).await;
            answers.push((source, demo, result?));
        }
        Ok(frames::zoom(&zoom.panel, query, &answers, clock::now_ms()))
    }
}

/// By when a question to a source with this much time of its own ends.
fn longest(patience: Duration) -> Duration {
    LONGEST.max(patience.saturating_add(AFTER_ITS_OWN))
}

/// A source's error as the engine knows it.
pub fn failure(e: &SourceError) -> Failure {
    Failure {
        code: e.code(),
        params: e.params(),
    }
}

/// The same with what to do about it: the locale key `error.source.<advice>`, finer than the code.
fn advised(e: &SourceError) -> Failure {
    let mut failure = failure(e);
    let advice = e.advice();
    if !advice.is_empty() {
        failure.params.push(("advice", advice.to_owned()));
    }
    failure
}

fn values(value: InstantValue) -> Result<(i64, Vec<(Labels, f64)>), Failure> {
    match value {
        InstantValue::Scalar(s) => Ok((s.t, vec![(Labels::default(), s.v)])),
        InstantValue::Vector(all) => {
            let at = all.iter().map(|(_, s)| s.t).max().unwrap_or(0);
            Ok((at, all.into_iter().map(|(l, s)| (l, s.v)).collect()))
        }
        InstantValue::Text(..) | InstantValue::Matrix(_) => Err(Failure::new(
            "query",
            "detail",
            "expected a vector or a scalar",
        )),
    }
}

/// Instances and data times (ms) by the number of the query that asked for them together with others; 0 where it was alone.
fn ages(value: InstantValue) -> BTreeMap<usize, Vec<(String, i64)>> {
    let mut out: BTreeMap<usize, Vec<(String, i64)>> = BTreeMap::new();
    let InstantValue::Vector(all) = value else {
        return out;
    };
    for (labels, sample) in &all {
        // Seconds with a fraction; as far from now as an i64 of milliseconds can hold.
        let ms = (sample.v * 1000.0).round();
        if ms.is_finite() && ms.abs() < 9e15 {
            let instance = labels.get("instance").unwrap_or("").to_owned();
            let of = out.entry(asked_as(labels)).or_default();
            of.push((instance, ms as i64));
        }
    }
    out
}

#[cfg(test)]
mod tests;
