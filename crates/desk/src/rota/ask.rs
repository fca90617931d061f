//! Answers to what is asked of the rota's desk.

use super::core::RotaCore;
use super::edits::{self, Wanted, refuse};
use super::handle::{Answer, RotaAsk};
use super::page::{self, Around};
use super::{parts, words};
use crate::clock;
use engine::rota::{apply, differences, on_duty, plan, reach, record, tried, undo, wall};
use model::duty::Via;
use model::rota::{
    ChangeId, DutyNote, Edit, Handover, HandoverId, NoteId, Pack, RotaChange, RotaId, Side,
};
use store::{ChangeQuery, NoteCursor, NoteQuery};
use wire::{
    ContactView, ErrorView, NotesPage, NotesQuery, OnDutyView, PlanAsk, PlanView, RotaChangeView,
    RotaEdit, RotaPage, RotaPreview, RotaQuery,
};

/// A pack is put together anew after so long, ms.
const PACK_AGE: i64 = 10_000;
/// A page without changes is new after so long, ms: ages, countdowns and who is on duty move.
const PAGE_AGE: i64 = 30_000;
/// Lines of the log in one answer.
const LOG: u32 = 100;
/// Notes of a shift in a pack.
const PACK_NOTES: u32 = 50;

/// Nobody waits any more where this fails: the page asks again.
fn answer<T>(reply: Answer<T>, with: Result<T, ErrorView>) {
    drop(reply.send(with));
}

fn store(e: &store::StoreError) -> ErrorView {
    crate::duty::store_error(e)
}

impl RotaCore {
    /// Answers one question.
    pub(super) async fn ask(&mut self, ask: RotaAsk) {
        match ask {
            RotaAsk::Page(query, reply) => answer(reply, self.page(&query).await),
            RotaAsk::Preview(edit, query, reply) => {
                answer(reply, self.preview(*edit, &query).await);
            }
            RotaAsk::Edit(edit, via, reply) => answer(reply, self.change(*edit, via).await),
            RotaAsk::Plan(ask, reply) => answer(reply, self.plan(&ask)),
            RotaAsk::Log(rota, before, reply) => answer(reply, self.log(rota, before).await),
            RotaAsk::Notes(query, reply) => answer(reply, self.notes(query).await),
            RotaAsk::Contact(person, reply) => answer(reply, self.contact(&person)),
            RotaAsk::Import(ask, via, reply) => answer(reply, self.import(ask, via).await),
            RotaAsk::Export(ask, reply) => answer(reply, self.export(ask)),
            RotaAsk::OnDuty(at, rota, reply) => answer(reply, self.who(at, rota.as_deref())),
            RotaAsk::Calendar(ask, reply) => answer(reply, self.calendar(&ask)),
        }
    }

    async fn page(&mut self, query: &RotaQuery) -> Result<Option<RotaPage>, ErrorView> {
        let now = clock::now_ms();
        let me = self.parts.me.borrow().clone();
        let revision = format!(
            "{}.{}.{}.{:?}.{:?}.{}.{:?}.{}",
            self.book.last_id,
            now / PAGE_AGE,
            me.id,
            query.rota,
            query.from,
            query.days,
            query.count_from,
            query.count_days
        );
        if query.have.as_ref() == Some(&revision) {
            return Ok(None);
        }
        let rota = match &query.rota {
            Some(id) => Some(RotaId(id.clone())),
            None => self.book.rotas.keys().next().cloned(),
        };
        let handover = match rota {
            Some(rota) => self.handover(&rota, now).await,
            None => None,
        };
        let around = Around {
            me: &me.id,
            zone: self.parts.words.zone(),
            revision,
            handover,
            undo: self.undoable(now),
        };
        page::page(&self.book, query, around, now).map(Some)
    }

    /// The handover to show; its pack is as things are now until somebody has signed.
    async fn handover(&mut self, rota: &RotaId, now: i64) -> Option<Handover> {
        let mut shown = page::current_handover(&self.book, rota, now)?.clone();
        if shown.given.is_none() && shown.taken.is_none() {
            shown.pack = self.live_pack(&shown, now).await;
        }
        Some(shown)
    }

    async fn live_pack(&mut self, handover: &Handover, now: i64) -> Pack {
        if let Some((id, at, pack)) = &self.pack
            && *id == handover.id
            && (0..PACK_AGE).contains(&(now - at))
        {
            return pack.clone();
        }
        let pack = self.make_pack(handover, now).await;
        self.pack = Some((handover.id, now, pack.clone()));
        pack
    }

    /// The old shift is what the giving person had until the change; the next one lasts until the role changes again.
    async fn make_pack(&self, handover: &Handover, now: i64) -> Pack {
        let before = on_duty(&self.book, &handover.rota, handover.at - 1);
        let began = before.iter().filter(|d| d.role == handover.role);
        let began = began.map(|d| d.from).min().unwrap_or(handover.at);
        let after = on_duty(&self.book, &handover.rota, handover.at);
        let ends = after.iter().filter(|d| d.role == handover.role);
        let ends = ends.map(|d| d.until).max().unwrap_or(handover.at);
        let made = self.parts.duty.pack(began, ends).await;
        let mut pack = made.unwrap_or_else(|e| {
            tracing::warn!(error = ?e, "the pack of a handover has no alerts");
            Pack::default()
        });
        let query = NoteQuery {
            rota: Some(handover.rota.clone()),
            from: Some(began),
            limit: PACK_NOTES,
            ..NoteQuery::default()
        };
        match self.parts.store.notes(&query).await {
            Ok(page) => pack.notes = page.notes,
            Err(e) => tracing::warn!(error = %e, "the duty record cannot be read"),
        }
        pack.made_at = now;
        pack
    }

    /// The newest step that whoever sits here can take back.
    fn undoable(&self, now: i64) -> Option<RotaChangeView> {
        let by = self.actor(Via::Desk);
        let can = |c: &&RotaChange| undo(&self.book, c, &by, now).is_ok();
        let change = self.steps.back().into_iter().find(can)?;
        Some(self.change_view(change, true))
    }

    fn change_view(&self, change: &RotaChange, can_undo: bool) -> RotaChangeView {
        RotaChangeView {
            id: change.id.0,
            at: change.at as f64,
            by: change.by.name.clone(),
            what: words::change(&self.book, change),
            can_undo,
        }
    }

    // ---- edits ------------------------------------------------------------------------------------------------------------

    fn wanted(&self, edit: RotaEdit, now: i64) -> Result<Wanted, ErrorView> {
        let me = self.parts.me.borrow().id.clone();
        let words = &self.parts.words;
        let today = wall::day_at(now, words.zone()).unwrap_or_default();
        edits::wanted(edit, &self.book, words, &me, today, now)
    }

    async fn change(&mut self, edit: RotaEdit, via: Via) -> Result<(), ErrorView> {
        let now = clock::now_ms();
        let by = self.actor(via);
        match self.wanted(edit, now)? {
            Wanted::Edit(edit) => self.edit(*edit, &by).await,
            Wanted::Undo(id) => {
                let change = self.find_change(id).await?;
                let undone = undo(&self.book, &change, &by, now);
                let (book, line) = undone.map_err(|e| words::refused(&e, &self.book))?;
                self.keep(book, vec![line]).await
            }
            Wanted::Alter(id, text, tags) => {
                let before = self.find_note(id).await?;
                self.edit(Edit::AlterNote { before, text, tags }, &by).await
            }
            Wanted::RemoveNote(id) => {
                let before = self.find_note(id).await?;
                let note = before.id;
                self.edit(Edit::RemoveNote { before, note }, &by).await
            }
            Wanted::Sign(handover, side) => self.sign(handover, side, via, now).await,
            Wanted::Adopt(ask) => {
                let (rota, from, until, rules, seed) = edits::plan(&ask)?;
                let made = plan(&self.book, &rota, from, until, &rules, seed);
                let layers = made.map_err(|e| words::refused(&e, &self.book))?.layers;
                self.edit(Edit::AdoptPlan { rota, layers }, &by).await
            }
        }
    }

    /// What is signed is what the pack says at that moment.
    async fn sign(
        &mut self,
        id: HandoverId,
        side: Side,
        via: Via,
        now: i64,
    ) -> Result<(), ErrorView> {
        let by = self.actor(via);
        let mut edits = Vec::new();
        if let Some(handover) = self.book.handovers.get(&id).cloned()
            && handover.given.is_none()
            && handover.taken.is_none()
        {
            let pack = self.make_pack(&handover, now).await;
            edits.push(Edit::UpdatePack { handover: id, pack });
        }
        edits.push(Edit::SignHandover { handover: id, side });
        self.edits(edits, &by).await
    }

    async fn find_change(&self, id: i64) -> Result<RotaChange, ErrorView> {
        let found = self.parts.store.rota_change(ChangeId(id)).await;
        found
            .map_err(|e| store(&e))?
            .ok_or_else(|| refuse("unknown_change").with("id", id))
    }

    /// The search of the duty record goes by words and times, so a note is found among its neighbours.
    async fn find_note(&self, id: i64) -> Result<DutyNote, ErrorView> {
        let found = self.parts.store.note(NoteId(id)).await;
        found
            .map_err(|e| store(&e))?
            .ok_or_else(|| refuse("unknown_note").with("id", id))
    }

    async fn preview(&self, edit: RotaEdit, query: &RotaQuery) -> Result<RotaPreview, ErrorView> {
        let now = clock::now_ms();
        let by = self.actor(Via::Desk);
        let zone = self.parts.words.zone();
        let (_, span) = page::chosen(&self.book, query, zone, now)?;
        let edit = match self.wanted(edit, now)? {
            Wanted::Edit(edit) => *edit,
            Wanted::Adopt(ask) => {
                let (rota, first, last, rules, seed) = edits::plan(&ask)?;
                let made = plan(&self.book, &rota, first, last, &rules, seed);
                let layers = made.map_err(|e| words::refused(&e, &self.book))?.layers;
                Edit::AdoptPlan { rota, layers }
            }
            _ => return Err(refuse("no_preview")),
        };
        // What it would break outside of the stretch shown must be seen as well.
        let compared = reach(&self.book, &edit, now, (span.from, span.until));
        let (after, _) =
            tried(&self.book, edit, &by, now).map_err(|e| words::refused(&e, &self.book))?;
        let (rota, _) = page::chosen(&after, query, zone, now)?;
        let mut out = RotaPreview {
            shifts: rota.map_or_else(Vec::new, |r| page::shifts(&after, r, span.from, span.until)),
            new: Vec::new(),
            gone: Vec::new(),
        };
        for (from, until) in compared {
            for difference in differences(&self.book, &after, from, until) {
                out.new.extend(page::problems(&after, &difference.worse));
                let gone = page::problems(&self.book, &difference.better);
                out.gone.extend(gone);
            }
        }
        Ok(out)
    }

    fn plan(&self, ask: &PlanAsk) -> Result<PlanView, ErrorView> {
        let (id, from, until, rules, seed) = edits::plan(ask)?;
        let refused = |e| words::refused(&e, &self.book);
        let made = plan(&self.book, &id, from, until, &rules, seed).map_err(refused)?;
        let now = clock::now_ms();
        let adopt = Edit::AdoptPlan {
            rota: id.clone(),
            layers: made.layers.clone(),
        };
        let after = match apply(&self.book, adopt, &self.actor(Via::Desk), now) {
            Ok((book, _)) => book,
            // A plan that changes nothing is the rota as it is.
            Err(engine::rota::Refusal::NothingToDo) => record(
                &self.book,
                &RotaChange {
                    id: ChangeId(self.book.last_id),
                    at: now,
                    by: self.actor(Via::Desk),
                    action: String::new(),
                    rota: None,
                    touched: Vec::new(),
                    undoes: None,
                },
            ),
            Err(e) => return Err(refused(e)),
        };
        let found = after.rotas.get(&id);
        let loads = |f: &model::rota::Fairness| {
            f.people
                .iter()
                .map(|l| parts::load_view(l, &self.book))
                .collect()
        };
        let (begin, end) = (made.after.from, made.after.until);
        Ok(PlanView {
            shifts: found.map_or_else(Vec::new, |r| page::shifts(&after, r, begin, end)),
            problems: page::problems(&after, &engine::rota::coverage(&after, &id, begin, end)),
            notes: words::plan_notes(&self.book, &id, &made),
            before: loads(&made.before),
            after: loads(&made.after),
            spread_before: made.before.spread,
            spread_after: made.after.spread,
            total_before: made.total_before.spread,
            total_after: made.total_after.spread,
        })
    }

    // ---- the past ---------------------------------------------------------------------------------------------------------

    async fn log(
        &self,
        rota: Option<String>,
        before: Option<i64>,
    ) -> Result<Vec<RotaChangeView>, ErrorView> {
        let query = ChangeQuery {
            rota: rota.map(RotaId),
            before: before.map(ChangeId),
            limit: LOG,
        };
        let found = self.parts.store.rota_changes(&query).await;
        let (now, by) = (clock::now_ms(), self.actor(Via::Desk));
        let view = |c: &RotaChange| {
            let can_undo = undo(&self.book, c, &by, now).is_ok();
            self.change_view(c, can_undo)
        };
        Ok(found.map_err(|e| store(&e))?.iter().map(view).collect())
    }

    async fn notes(&self, query: NotesQuery) -> Result<NotesPage, ErrorView> {
        let before = match query.before {
            None => None,
            Some(id) => {
                let last = self.find_note(id).await?;
                Some(NoteCursor {
                    at: last.at,
                    id: last.id,
                })
            }
        };
        let wanted = NoteQuery {
            rota: query.rota.map(RotaId),
            person: None,
            alert: None,
            from: query.from.map(parts::ms),
            to: query.until.map(parts::ms),
            text: query.text.chars().take(200).collect(),
            before,
            limit: query.limit.clamp(1, 200),
        };
        let page = self.parts.store.notes(&wanted).await;
        let page = page.map_err(|e| store(&e))?;
        let me = self.parts.me.borrow().id.clone();
        let view = |n: &DutyNote| parts::note_view(n, &self.book, &me);
        Ok(NotesPage {
            more: page.next.is_some(),
            notes: page.notes.iter().map(view).collect(),
        })
    }

    fn contact(&self, person: &str) -> Result<ContactView, ErrorView> {
        let member = self
            .book
            .members
            .get(person)
            .ok_or_else(|| refuse("unknown_person").with("person", person))?;
        tracing::info!(person, "contacts were shown in full");
        Ok(ContactView {
            phone: member.phone.expose().to_owned(),
            email: member.email.expose().to_owned(),
            dingtalk: member.dingtalk.expose().to_owned(),
            wecom: member.wecom.expose().to_owned(),
        })
    }

    fn who(&self, at: Option<i64>, rota: Option<&str>) -> Result<Vec<OnDutyView>, ErrorView> {
        let at = at.unwrap_or_else(clock::now_ms);
        if let Some(rota) = rota
            && !self.book.rotas.contains_key(&rota.into())
        {
            return Err(refuse("unknown_rota").with("rota", rota));
        }
        let ids = self.book.rotas.keys();
        let ids = ids.filter(|id| rota.is_none_or(|r| r == id.0));
        Ok(ids
            .flat_map(|id| {
                on_duty(&self.book, id, at)
                    .into_iter()
                    .map(|d| page::on_duty_view(&self.book, id, &d))
                    .collect::<Vec<_>>()
            })
            .collect())
    }
}
