//! The desk as a whole: what its windows and the wall show of it.

use super::{DutyCore, Fares};
use crate::clock;
use crate::duty::list::{Brief, Survey};
use crate::duty::shell::ShellState;
use crate::duty::{sentences, views};
use model::Level;
use model::duty::{Alert, AlertId};
use std::sync::Arc;
use wire::{AlertBand, AlertSourceView, ChannelView, DutyView, NextView};

/// P0 and P1 in the wall's band.
const BAND: usize = 6;
/// Alerts in the wall's ticker.
const TICKER: usize = 30;
/// Alerts that may move the wall.
const FAILING: usize = 100;
/// An absence is spoken of for so long after the start, ms.
const CAUGHT_UP_SHOWN: i64 = 10 * 60_000;

impl DutyCore {
    pub(super) fn next(&self, survey: &Survey) -> Option<NextView> {
        let (_, id) = survey.due?;
        Some(views::next_view(
            &self.duty.next_for(id)?,
            self.duty.alert(id)?,
        ))
    }

    pub(super) fn on_duty(&self) -> Vec<String> {
        let of = self
            .setup
            .roles
            .get(engine::duty::setup::DUTY)
            .cloned()
            .unwrap_or_default();
        if of.is_empty() {
            vec![self.facts.me.id.clone()]
        } else {
            of
        }
    }

    pub(super) fn duty_view(&self, survey: &Survey, now: i64) -> DutyView {
        let person = |id: &String| views::person_view(&self.names, id);
        let source = |(name, kind, silences): &(String, String, bool)| {
            let Fares {
                ok,
                error,
                last_ok,
                alerts,
            } = self.sources.get(name).cloned().unwrap_or_default();
            AlertSourceView {
                name: name.clone(),
                kind: kind.clone(),
                ok,
                error,
                last_ok: last_ok.map(|t| t as f64),
                alerts,
                silences: *silences,
            }
        };
        let channel = |kind: &String| {
            let health = self.channels.get(kind);
            ChannelView {
                kind: kind.clone(),
                ok: health.map(|h| h.ok),
                detail: health.map(|h| {
                    use sentences::With as _;
                    let said = sentences::sentence(h.locale_key());
                    h.params
                        .iter()
                        .fold(said, |s, (n, v)| s.with(n, sentences::text(v)))
                }),
            }
        };
        DutyView {
            levels: survey.levels,
            suppressed: survey.suppressed,
            next: self.next(survey),
            me: self.facts.me.clone(),
            people: self.names.keys().map(person).collect(),
            on_duty: self.on_duty().iter().map(person).collect(),
            rota: self.rota.clone(),
            sources: self.facts.sources.iter().map(source).collect(),
            channels: self.setup.channels.iter().map(channel).collect(),
            muted_until: self.muted_until.filter(|t| *t > now).map(|t| t as f64),
            store_error: self.store_error.clone(),
            rota_warnings: self.rota_warnings.clone(),
            caught_up: self
                .away
                .filter(|(_, at)| now - at < CAUGHT_UP_SHOWN)
                .map(|(ms, at)| (ms as f64, at as f64)),
        }
    }

    /// Tells wall and shell what has changed.
    pub(super) fn publish(&mut self) {
        let now = clock::now_ms();
        if self.muted_until.is_some_and(|at| at <= now) {
            self.muted_until = None;
            self.shown.0 = u64::MAX;
        }
        let revision = self.duty.revision();
        if self.shown.0 == revision {
            return;
        }
        let survey = self.seen.survey(&self.duty, &self.facts.me.id);
        let briefs = self.seen.briefs(&self.duty, &self.facts.me.id);
        let may_stand = briefs.iter().filter(|b| b.may_take_over()).map(|b| b.id);
        let takeover = self.duty.takeover(may_stand);
        let (named, failing) = (named(briefs), failing(briefs));
        let state = ShellState {
            levels: survey.levels,
            takeover,
            muted_until: self.muted_until,
            locale: self.facts.settings.locale.clone(),
        };
        if state != self.shown.1 {
            self.shell.update(&state);
        }
        self.shown = (revision, state);
        self.handle.now_at(revision.max(1));
        let band = self.band_now(&survey, &named, &failing);
        self.band.send_if_modified(|old| {
            let changed = **old != band;
            if changed {
                *old = Arc::new(band);
            }
            changed
        });
    }

    pub(super) fn band_now(
        &self,
        survey: &Survey,
        named: &[AlertId],
        failing: &[AlertId],
    ) -> AlertBand {
        let scene = self.scene();
        let row = |a: &&Alert| views::row(a, self.duty.next_for(a.id).as_ref(), &scene);
        let known = |ids: &[AlertId]| -> Vec<&Alert> {
            ids.iter().filter_map(|id| self.duty.alert(*id)).collect()
        };
        let open = known(named);
        let urgent = open
            .iter()
            .filter(|a| a.level <= Level::P1 && a.ack.is_none());
        AlertBand {
            failing: views::failing(&known(failing)),
            levels: survey.levels,
            urgent: urgent.take(BAND).map(row).collect(),
            ticker: open.iter().map(row).collect(),
            rota: self.rota.clone(),
            on_duty: self
                .on_duty()
                .iter()
                .map(|id| sentences::name(&self.names, id))
                .collect(),
            next: self.next(survey),
            lost: self.lost.iter().cloned().collect(),
        }
    }
}

/// Those that the wall names: what nobody has taken first, and of that the most urgent.
fn named(briefs: &[Brief]) -> Vec<AlertId> {
    let shown = briefs.iter().filter(|b| b.open && !b.suppressed);
    first(shown, TICKER, |b| (b.acked, b.level, b.from, b.id))
}

/// Those that may move the wall, the most urgent first.
fn failing(briefs: &[Brief]) -> Vec<AlertId> {
    let moves = |b: &&Brief| b.open && !b.suppressed && b.level <= Level::P1;
    let shown = briefs.iter().filter(moves);
    first(shown, FAILING, |b| (b.level, b.acked, b.from, b.id))
}

/// The first so many by `key`, in order.
fn first<'a, K: Ord>(
    briefs: impl Iterator<Item = &'a Brief>,
    most: usize,
    key: impl Fn(&Brief) -> K + Copy,
) -> Vec<AlertId> {
    let mut all: Vec<Brief> = briefs.copied().collect();
    if all.len() > most {
        all.select_nth_unstable_by_key(most, key);
        all.truncate(most);
    }
    all.sort_unstable_by_key(key);
    all.into_iter().map(|b| b.id).collect()
}
