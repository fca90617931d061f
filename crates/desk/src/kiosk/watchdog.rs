//! Looks after the wall's pages: brings dead ones back, replaces large ones, tells the duty engineer when that does not help.

use super::alarm;
use super::procfs;
use super::registry::{Registry, Seen, screen_of, twin_of};
use crate::clock;
use crate::core::{Handle, Message};
use crate::duty::{DutyHandle, Message as DutyMessage};
use crate::rota::Words;
use engine::duty::{Event, Extent};
use engine::kiosk::{Action, Limits, Pulse, Watch};
use model::{Observation, Reported};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;
use wire::PageView;

/// How often pages are looked at: one that is silent has to be back within three seconds.
const LOOK: Duration = Duration::from_millis(50);
/// A look that is later by so much says that the machine slept or that this process had no turn, ms.
const LATE: i64 = 500;
/// How often processes are counted and stopped ones looked for.
const COUNT: i64 = 1_000;
/// How often processes are looked for when none is missed, ms: those of all threads are listed one by one.
const SEARCH: i64 = 10_000;
/// How often memory is measured, ms: reading it costs some milliseconds.
const MEASURE: i64 = 30_000;
/// Pictures that a page in waiting must have painted before it takes the place of the other.
const PROVEN: u64 = 4;
/// A page in waiting that is not ready by then is given up, ms.
const GIVE_UP: i64 = 60_000;

/// What can be done with the windows. Calls return at once; what cannot be done is logged there.
pub trait Windows: Send + Sync {
    /// Whether the wall is a kiosk.
    fn are_full_screen(&self) -> bool;

    /// Ends the page's process, if it lives, and begins the page anew in the same window.
    fn revive(&self, label: &str);
    /// Opens a page with the label `twin` behind the window `label`, at the same place.
    fn prepare(&self, label: &str, twin: &str);
    /// Brings `twin` to the front and closes `label`.
    fn change(&self, label: &str, twin: &str);
    /// Closes a page that did not become ready.
    fn give_up(&self, twin: &str);
}

/// What the watchdog works with.
pub struct Parts {
    /// The pages.
    pub registry: Registry,
    /// The windows.
    pub windows: Arc<dyn Windows>,
    /// The wall.
    pub wall: Handle,
    /// The alert desk.
    pub duty: DutyHandle,
    /// Limits of a page.
    pub limits: Limits,
    /// Language and zone of alerts.
    pub words: Words,
}

#[derive(Debug)]
struct Watched {
    watch: Watch,
    /// A page that waits to take its place, since when.
    twin: Option<(String, i64)>,
    view: PageView,
    dead_since: Option<i64>,
}

struct Watchdog {
    parts: Parts,
    /// What its times are counted from.
    begun: Instant,
    pages: BTreeMap<String, Watched>,
    stopped: Vec<u32>,
    memory: BTreeMap<u32, u64>,
    processes: Vec<procfs::Process>,
    processors: usize,
    searched: i64,
    counted: i64,
    measured: i64,
    told: Vec<Observation>,
    calm: bool,
    busy: bool,
}

/// Watches until `stop`.
pub async fn watch(parts: Parts, stop: CancellationToken) {
    let begun = clock::instant();
    let mut dog = Watchdog {
        parts,
        begun,
        pages: BTreeMap::new(),
        stopped: Vec::new(),
        memory: BTreeMap::new(),
        processes: Vec::new(),
        processors: std::thread::available_parallelism().map_or(1, usize::from),
        searched: i64::MIN / 2,
        counted: i64::MIN / 2,
        measured: 0,
        told: Vec::new(),
        calm: true,
        busy: false,
    };
    let mut before = 0;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(LOOK) => {}
        }
        let now = ms_between(begun, clock::instant());
        let late = now - before - LOOK.as_millis() as i64;
        before = now;
        if late > LATE {
            dog.pages.values_mut().for_each(|p| p.watch.slept(late));
        }
        dog.look(now).await;
    }
}

fn ms_between(begun: Instant, at: Instant) -> i64 {
    i64::try_from(at.saturating_duration_since(begun).as_millis()).unwrap_or(i64::MAX)
}

/// What is told of the page with this label; what was counted before goes on.
fn describe(label: &str, seen: &Seen, memory: &BTreeMap<u32, u64>, before: &PageView) -> PageView {
    PageView {
        window: label.to_owned(),
        painted: seen.painted,
        process: seen.pid,
        memory: seen.pid.and_then(|pid| memory.get(&pid).copied()),
        ..before.clone()
    }
}

impl Watchdog {
    async fn look(&mut self, now: i64) {
        self.count(now).await;
        let seen = self.parts.registry.all();
        self.pages.retain(|label, _| seen.contains_key(label));
        let twins: Vec<String> = self
            .pages
            .values()
            .filter_map(|p| p.twin.as_ref().map(|(t, _)| t.clone()))
            .collect();
        for (label, page) in &seen {
            // A page in waiting has its own limit.
            if screen_of(label).is_some() && !twins.contains(label) {
                self.look_at(label, page, now);
            }
        }
        self.twins(&seen, now);
        self.report(&seen, now).await;
    }

    /// Which process is whose, and what they weigh.
    async fn count(&mut self, now: i64) {
        if now - self.counted < COUNT {
            return;
        }
        self.counted = now;
        self.calm = self.parts.wall.is_calm().await;
        let measure = now - self.measured >= MEASURE;
        let missed = self.parts.registry.all().values().any(|s| s.pid.is_none());
        let search = missed || now - self.searched >= SEARCH;
        if search {
            self.searched = now;
        }
        let (known, processors) = (std::mem::take(&mut self.processes), self.processors);
        let read = move || {
            let kept = if search { None } else { procfs::still(&known) };
            let all = kept.unwrap_or_else(|| procfs::pages_of(std::process::id()));
            let weigh = |p: &procfs::Process| Some((p.pid, procfs::memory(p.pid)?));
            let memory: Option<BTreeMap<u32, u64>> =
                measure.then(|| all.iter().filter_map(weigh).collect());
            (all, memory, procfs::is_busy(processors))
        };
        let Ok((all, memory, busy)) = tokio::task::spawn_blocking(read).await else {
            return;
        };
        self.busy = busy;
        let living: Vec<(u32, u64)> = all.iter().map(|p| (p.pid, p.started)).collect();
        self.parts.registry.processes(&living);
        self.stopped = all.iter().filter(|p| p.stopped).map(|p| p.pid).collect();
        self.processes = all;
        if let Some(memory) = memory {
            self.measured = now;
            self.memory = memory;
        }
    }

    fn look_at(&mut self, label: &str, seen: &Seen, now: i64) {
        let limits = self.parts.limits;
        let page = self
            .pages
            .entry(label.to_owned())
            .or_insert_with(|| Watched {
                watch: Watch::new(limits, now),
                twin: None,
                view: PageView::default(),
                dead_since: None,
            });
        let view = describe(label, seen, &self.memory, &page.view);
        let pulse = Pulse {
            painted: seen.painted,
            painted_at: seen.painted_at.map_or(now, |at| ms_between(self.begun, at)),
            gone: seen.gone,
            stopped: seen.pid.is_some_and(|pid| self.stopped.contains(&pid)),
            unresponsive: seen.unresponsive,
            memory: view.memory,
            // Before an ordinary window somebody sits, who sees that it stands still; it may be covered or minimised as well.
            visible: !seen.hidden && self.parts.windows.are_full_screen(),
            busy: self.busy,
        };
        let quiet = self.calm && page.twin.is_none();
        let action = page.watch.judge(&pulse, quiet, now);
        page.view = PageView {
            lives: page.watch.lives(),
            ..view
        };
        match action {
            None => {}
            Some(Action::Revive(cause)) => {
                tracing::warn!(window = label, ?cause, "a page of the wall is begun anew");
                page.view.revived += 1;
                self.parts.registry.begun(label);
                self.parts.windows.revive(label);
            }
            Some(Action::Back { ms, told }) => {
                tracing::info!("page_back window={label} ms={ms} told={told}");
                page.view.away = Some(ms as f64);
                page.dead_since = None;
            }
            Some(Action::Tell) => {
                tracing::error!(window = label, "a page of the wall does not come back");
                page.dead_since = Some(clock::now_ms());
            }
            Some(Action::Recycle { hard }) if page.twin.is_none() => {
                let mib = page.view.memory.unwrap_or(0) >> 20;
                tracing::info!("page_recycle window={label} mib={mib} hard={hard}");
                let twin = twin_of(label);
                self.parts.windows.prepare(label, &twin);
                page.twin = Some((twin, now));
            }
            Some(Action::Recycle { .. }) => {}
        }
    }

    /// Pages in waiting: those that are ready take their place.
    fn twins(&mut self, seen: &BTreeMap<String, Seen>, now: i64) {
        let mut changed = Vec::new();
        for (label, page) in &mut self.pages {
            let Some((twin, since)) = page.twin.clone() else {
                continue;
            };
            let ready = seen.get(&twin).filter(|s| s.painted >= PROVEN);
            if let Some(seen) = ready {
                self.parts.windows.change(label, &twin);
                let mut view = describe(&twin, seen, &self.memory, &page.view);
                view.recycled += 1;
                page.twin = None;
                changed.push((label.clone(), twin, view));
            } else if now - since > GIVE_UP {
                tracing::warn!(window = twin, "the second page did not become ready");
                self.parts.windows.give_up(&twin);
                page.twin = None;
            }
        }
        for (label, twin, view) in changed {
            // What was counted goes on under the other label.
            let watch = Watch::new(self.parts.limits, now);
            self.pages.remove(&label);
            self.parts.registry.closed(&label);
            let page = Watched {
                watch,
                twin: None,
                view,
                dead_since: None,
            };
            self.pages.insert(twin, page);
        }
    }

    /// Tells the wall how its pages are, and the alert desk which are dead.
    async fn report(&mut self, seen: &BTreeMap<String, Seen>, now: i64) {
        if now == self.counted {
            let views = self.pages.values().map(|p| p.view.clone()).collect();
            self.parts.wall.send(Message::Pages(views)).await;
        }
        let dead: Vec<(String, i64)> = self
            .pages
            .iter()
            .filter(|(label, _)| seen.contains_key(*label))
            .filter_map(|(label, p)| Some((label.clone(), p.dead_since?)))
            .collect();
        let firing = alarm::dead_pages(&dead, &self.parts.words);
        if firing == self.told {
            return;
        }
        let at = clock::now_ms();
        let over = self.told.iter().filter(|old| !firing.contains(old));
        let over = over.map(|old| Observation {
            state: Reported::Resolved,
            ends_at: Some(at),
            ..old.clone()
        });
        let alerts = firing.iter().cloned().chain(over).collect();
        self.told = firing;
        let event = Event::Observed {
            source: alarm::SOURCE.to_owned(),
            extent: Extent::All,
            alerts,
        };
        self.parts.duty.send(DutyMessage::Event(event)).await;
    }
}

#[cfg(test)]
#[path = "watchdog_tests.rs"]
mod tests;
