//! What the driver does with questions: bounded by their own configuration, given up when nobody waits.

use super::*;
use engine::plan::RangeRequest;
use engine::stream::Shape;
use model::{RangeFrame, Sample};
use source::{Ask, Metadata, SourceInfo, Span};
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::mpsc::Receiver;

/// A source that answers ranges after a while and counts how many questions it is at.
#[derive(Debug)]
struct Slow {
    takes: Duration,
    patience: Duration,
    at_it: Arc<AtomicUsize>,
}

/// One question that it is at.
struct Busy(Arc<AtomicUsize>);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

fn never<'a, T: 'a>() -> Ask<'a, T> {
    Box::pin(std::future::pending())
}

impl Metrics for Slow {
    fn kind(&self) -> &'static str {
        "prometheus"
    }

    fn patience(&self) -> Duration {
        self.patience
    }

    fn instant<'a>(&'a self, _: &'a str, _: Option<i64>) -> Ask<'a, InstantValue> {
        never()
    }

    fn range<'a>(&'a self, _: &'a str, start: i64, _: i64, step: i64) -> Ask<'a, RangeFrame> {
        self.at_it.fetch_add(1, Ordering::SeqCst);
        let busy = Busy(self.at_it.clone());
        Box::pin(async move {
            tokio::time::sleep(self.takes).await;
            drop(busy);
            Ok(Answer::local(RangeFrame {
                start_ms: start,
                step_ms: step,
                len: 0,
                series: Vec::new(),
            }))
        })
    }

    fn series<'a>(&'a self, _: &'a [&'a str], _: Span, _: usize) -> Ask<'a, Vec<Labels>> {
        never()
    }

    fn label_names<'a>(&'a self, _: &'a [&'a str], _: Span) -> Ask<'a, Vec<String>> {
        never()
    }

    fn label_values<'a>(&'a self, _: &'a str, _: &'a [&'a str], _: Span) -> Ask<'a, Vec<String>> {
        never()
    }

    fn metadata<'a>(&'a self, _: Option<&'a str>) -> Ask<'a, BTreeMap<String, Metadata>> {
        never()
    }

    fn probe(&self) -> Ask<'_, SourceInfo> {
        never()
    }

    fn exists<'a>(&'a self, _: &'a [&'a str]) -> Ask<'a, Vec<bool>> {
        never()
    }
}

fn driver(takes: Duration, patience: Duration) -> (Driver, Receiver<Message>, Arc<AtomicUsize>) {
    let at_it = Arc::new(AtomicUsize::new(0));
    let slow = Slow {
        takes,
        patience,
        at_it: at_it.clone(),
    };
    let (handle, events) = Handle::channel();
    let client: Arc<dyn Metrics> = Arc::new(slow);
    let clients = BTreeMap::from([("p".to_owned(), Ok(client))]);
    (Driver::new(clients, handle), events, at_it)
}

fn range(id: u32) -> Effect {
    let key = StreamKey {
        source: "p".into(),
        expr: "x".into(),
        shape: Shape::Range(60_000, 1_000),
    };
    let request = RangeRequest {
        start: 0,
        end: 60_000,
        step: 1_000,
    };
    Effect::Range(StreamId(id), key, request)
}

async fn until(at_it: &AtomicUsize, questions: usize) {
    for _ in 0..500 {
        if at_it.load(Ordering::SeqCst) == questions {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{} questions under way", at_it.load(Ordering::SeqCst));
}

async fn ranged(events: &mut Receiver<Message>) -> (StreamId, Result<RangeFrame, Failure>) {
    match events.recv().await.expect("an event") {
        Message::Event(Event::Ranged(id, result, _)) => (id, result),
        other => panic!("{other:?}"),
    }
}

const LONG: Duration = Duration::from_secs(3_000);

#[tokio::test]
async fn a_question_that_nobody_waits_for_is_dropped_half_way_and_answered_as_cancelled() {
    let (driver, mut events, at_it) = driver(LONG, LONG);
    driver.run(vec![range(1), range(2)]);
    until(&at_it, 2).await;
    driver.run(vec![Effect::Cancel(StreamId(1))]);
    let (id, result) = ranged(&mut events).await;
    assert_eq!(id, StreamId(1));
    assert_eq!(result.map(|_| ()).map_err(|e| e.code), Err("cancelled"));
    until(&at_it, 1).await;
    assert!(events.try_recv().is_err(), "the other one goes on");
    // What is not under way cannot be given up, and does no harm.
    driver.run(vec![
        Effect::Cancel(StreamId(1)),
        Effect::Cancel(StreamId(9)),
    ]);
    driver.run(vec![range(1)]);
    until(&at_it, 2).await;
}

#[tokio::test]
async fn a_zoom_ends_when_another_takes_its_place_or_nobody_waits() {
    let (driver, _events, at_it) = driver(LONG, LONG);
    let zoom = |panel: &str| {
        let zoom = Zoom {
            screen: 0,
            panel: panel.into(),
            from: 0,
            to: 60_000,
            points: 60,
        };
        let (reply, answer) = oneshot::channel();
        let streams = vec![("p".to_owned(), false, "x".to_owned())];
        driver.zoom(zoom, Query::default(), streams, reply);
        answer
    };
    let first = zoom("a");
    until(&at_it, 1).await;
    let other = zoom("b");
    until(&at_it, 2).await;
    let second = zoom("a");
    let replaced = first.await.expect("it is answered");
    assert_eq!(
        replaced.map_err(|e| e.code),
        Err(wire::ErrorCode::Cancelled)
    );
    until(&at_it, 2).await;
    drop(second);
    until(&at_it, 1).await;
    drop(other);
    until(&at_it, 0).await;
    assert!(
        driver.running.lock().zooms.is_empty(),
        "nothing is kept of them"
    );
}

#[test]
fn a_source_gets_the_time_that_its_configuration_gives_it() {
    let seconds = Duration::from_secs;
    assert_eq!(longest(seconds(600)), seconds(605));
    assert_eq!(longest(seconds(3_600)), seconds(3_605));
    assert_eq!(
        longest(seconds(2)),
        seconds(60),
        "a probe asks several times"
    );
    let source = crate::config::Source {
        kind: "prometheus".into(),
        url: "http://127.0.0.1:9".into(),
        timeout_seconds: Some(600.0),
        ..crate::config::Source::default()
    };
    let secrets = crate::secret_store::ReadSecrets::default();
    let connection = crate::sources::connection(&source, &secrets).expect("a connection");
    let client = source::registry::connect("prometheus", &connection).expect("a client");
    assert_eq!(client.patience(), seconds(600), "and the client says so");
}

#[test]
fn data_times_are_read_in_seconds_and_nonsense_is_left_out() {
    let l = |i: &str| Labels::from_pairs([("instance", i)]);
    let answer = InstantValue::Vector(vec![
        (
            l("a"),
            Sample {
                t: 1,
                v: 1_700_000_000.25,
            },
        ),
        (l("b"), Sample { t: 1, v: f64::NAN }),
        (l("c"), Sample { t: 1, v: 1e300 }),
    ]);
    let first = vec![("a".to_owned(), 1_700_000_000_250)];
    assert_eq!(ages(answer), BTreeMap::from([(0, first)]));
}
