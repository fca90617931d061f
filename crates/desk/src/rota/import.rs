//! Files that come in: looked at with all their faults and with what they would change, then taken as a whole or not at all.

use super::core::RotaCore;
use super::edits::refuse;
use super::{page, words};
use crate::clock;
use crate::duty::sentences::{With, sentence, text};
use base64::Engine as _;
use chrono::Datelike;
use engine::rota::holidays::{self, CHINA, HolidayError};
use engine::rota::{apply, preview, wall};
use interchange::{Fault, Refused};
use model::duty::{Actor, Via};
use model::rota::{Book, Calendar, CalendarId, Edit, Override, Role, RotaId};
use std::collections::BTreeSet;
use wire::{
    ErrorCode, ErrorView, ImportAsk, ImportError, ImportKind, ImportView, Param, RotaName,
    RotaPreview, Sentence,
};

/// Faults shown.
const SHOWN: usize = 100;
/// Columns that are named though they are not read.
const COLUMNS: usize = 20;
/// So far ahead is looked at what a calendar changes, and at most what overrides do, ms.
const LOOK: i64 = 400 * 24 * 3_600_000;

/// What a file holds.
struct Taken {
    entries: usize,
    edit: Edit,
    notes: Vec<Sentence>,
    calendar: Option<RotaName>,
    /// The stretch that it concerns, ms; `None`: it puts nobody on duty.
    about: Option<(i64, i64)>,
}

/// What a file holds, or what is wrong with it.
type Read = Result<Taken, Box<ImportView>>;

fn blank_view() -> ImportView {
    ImportView {
        entries: 0,
        errors: Vec::new(),
        error_count: 0,
        notes: Vec::new(),
        calendar: None,
        preview: None,
    }
}

fn number(n: impl TryInto<u32>) -> u32 {
    n.try_into().unwrap_or(u32::MAX)
}

fn faults(refused: &Refused) -> Box<ImportView> {
    let one = |fault: &Fault| {
        let said = sentence(format!("exchange.problem.{}", fault.problem.code()));
        let said = fault
            .problem
            .params()
            .into_iter()
            .fold(said, |s, (name, value)| s.with(name, text(&value)));
        ImportError {
            line: number(fault.line),
            column: (fault.column > 0).then(|| number(fault.column)),
            what: said.with("cell", text(&fault.cell)).with(
                "field",
                Param::Key(format!("exchange.field.{}", fault.field.code())),
            ),
        }
    };
    Box::new(ImportView {
        errors: refused.faults.iter().take(SHOWN).map(one).collect(),
        error_count: number(refused.faults.len() as u64 + refused.more),
        ..blank_view()
    })
}

/// `bytes`: the file, for the place of the fault; a calendar file's days have none left.
fn holiday_fault(e: &HolidayError, bytes: Option<&[u8]>) -> Box<ImportView> {
    let said = sentence(format!("rota.holiday_error.{}", e.code()));
    let entry = |entry: &usize| text(&entry.to_string());
    let what = match e {
        HolidayError::TooLarge { bytes } => said
            .with("kb", text(&(bytes >> 10).to_string()))
            .with("max", text(&(holidays::MAX_BYTES >> 10).to_string())),
        HolidayError::NotJson { .. } => said,
        HolidayError::BadYear { year } => said.with("year", text(&year.to_string())),
        HolidayError::BadCount { days } => said
            .with("days", text(&days.to_string()))
            .with("max", text(&holidays::MAX_DAYS.to_string())),
        HolidayError::BadDate { entry: n, text: t } => {
            said.with("entry", entry(n)).with("text", text(t))
        }
        HolidayError::OtherYear {
            entry: n,
            date,
            year,
        } => said
            .with("entry", entry(n))
            .with("date", text(&date.to_string()))
            .with("year", text(&year.to_string())),
        HolidayError::Twice { entry: n, date } => said
            .with("entry", entry(n))
            .with("date", text(&date.to_string())),
        HolidayError::BadName { entry: n, date } => said
            .with("entry", entry(n))
            .with("date", text(&date.to_string()))
            .with("max", text(&holidays::MAX_NAME.to_string())),
    };
    let place = bytes.and_then(|bytes| holidays::place(bytes, e));
    Box::new(ImportView {
        errors: vec![ImportError {
            line: place.map_or(1, |(line, _)| number(line)),
            column: place.map(|(_, column)| number(column)),
            what,
        }],
        error_count: 1,
        ..blank_view()
    })
}

/// Columns that the file has and that nobody reads.
fn ignored(columns: &[String]) -> Vec<Sentence> {
    if columns.is_empty() {
        return Vec::new();
    }
    let named = columns.iter().take(COLUMNS).cloned().collect();
    vec![sentence("rota.import.ignored").with("columns", Param::Texts(named))]
}

fn years<'a>(all: impl IntoIterator<Item = &'a i32>) -> Param {
    Param::Texts(all.into_iter().map(i32::to_string).collect())
}

fn stretch(overrides: &[Override]) -> Option<(i64, i64)> {
    let from = overrides.iter().map(|o| o.from).min()?;
    let until = overrides.iter().map(|o| o.until).max()?;
    Some((from, until.min(from + LOOK)))
}

fn overrides(overrides: Vec<Override>, notes: Vec<Sentence>) -> Taken {
    Taken {
        entries: overrides.len(),
        about: stretch(&overrides),
        edit: Edit::PutOverrides { overrides },
        notes,
        calendar: None,
    }
}

fn blank(id: &str, name: &str) -> Calendar {
    Calendar {
        id: id.into(),
        name: name.to_owned(),
        ..Calendar::default()
    }
}

/// An id that no calendar has yet, after the name that the file gives itself.
fn new_id(name: &str, book: &Book) -> String {
    let lower = name.to_lowercase();
    let plain = lower.chars().filter(char::is_ascii_alphanumeric);
    let plain: String = plain.take(32).collect();
    let plain = if plain.is_empty() {
        "calendar".to_owned()
    } else {
        plain
    };
    let free = |id: &String| !book.calendars.contains_key(&id.as_str().into()) && id != CHINA;
    let mut others = (2..).map(|n| format!("{plain}-{n}"));
    if free(&plain) {
        plain
    } else {
        others.find(free).unwrap_or(plain)
    }
}

impl RotaCore {
    /// Takes a file in, or only looks whether it could.
    pub(super) async fn import(
        &mut self,
        ask: ImportAsk,
        via: Via,
    ) -> Result<ImportView, ErrorView> {
        if ask.content.len() > interchange::MAX_BYTES * 4 / 3 + 8 {
            return Err(ErrorView::new(ErrorCode::TooLarge)
                .with("limit", format!("{} MB", interchange::MAX_BYTES >> 20)));
        }
        let bytes = base64::engine::general_purpose::STANDARD
            .decode(ask.content.as_bytes())
            .map_err(|e| ErrorView::new(ErrorCode::Malformed).with("detail", e))?;
        let target = ask.target.as_deref().filter(|t| !t.is_empty());
        let taken = match self.read(ask.kind, target, &bytes)? {
            Ok(taken) => taken,
            Err(faults) => return Ok(*faults),
        };
        let by = self.actor(via);
        let mut view = ImportView {
            entries: number(taken.entries),
            notes: taken.notes,
            calendar: taken.calendar,
            ..blank_view()
        };
        if ask.dry_run {
            view.preview = self.would(taken.edit, taken.about, &by)?;
        } else {
            self.edit(taken.edit, &by).await?;
        }
        Ok(view)
    }

    /// What would be wrong and right with it. Refused as the edit itself would be.
    fn would(
        &self,
        edit: Edit,
        about: Option<(i64, i64)>,
        by: &Actor,
    ) -> Result<Option<RotaPreview>, ErrorView> {
        let now = clock::now_ms();
        let refused = |e| words::refused(&e, &self.book);
        let (after, _) = apply(&self.book, edit.clone(), by, now).map_err(refused)?;
        let Some((from, until)) = about else {
            return Ok(None);
        };
        let compared = preview(&self.book, edit, by, now, from, until).map_err(refused)?;
        let mut out = RotaPreview {
            shifts: Vec::new(),
            new: Vec::new(),
            gone: Vec::new(),
        };
        for difference in &compared.differences {
            out.new.extend(page::problems(&after, &difference.worse));
            out.gone
                .extend(page::problems(&self.book, &difference.better));
        }
        Ok(Some(out))
    }

    fn read(
        &self,
        kind: ImportKind,
        target: Option<&str>,
        bytes: &[u8],
    ) -> Result<Read, ErrorView> {
        let book: &Book = &self.book;
        let rota = target.map(RotaId::from);
        Ok(match kind {
            ImportKind::People => interchange::people(bytes)
                .map(|people| {
                    let members = people.over(book);
                    Taken {
                        entries: members.len(),
                        edit: Edit::PutMembers { members },
                        notes: ignored(&people.ignored),
                        calendar: None,
                        about: None,
                    }
                })
                .map_err(|e| faults(&e)),
            ImportKind::Overrides => interchange::overrides_from_csv(bytes, book, rota.as_ref())
                .map(|o| overrides(o.overrides, ignored(&o.ignored)))
                .map_err(|e| faults(&e)),
            ImportKind::OverridesIcal => {
                let rota = rota.unwrap_or_default();
                if !book.rotas.contains_key(&rota) {
                    return Err(refuse("unknown_rota").with("rota", rota));
                }
                interchange::overrides_from_ical(bytes, book, &rota, &Role::Primary)
                    .map(|o| overrides(o, Vec::new()))
                    .map_err(|e| faults(&e))
            }
            ImportKind::Holidays => self.read_notice(target.unwrap_or(CHINA), bytes),
            // China's own days and another country's in one calendar would be neither's, and the program enters its own years again.
            ImportKind::HolidaysIcal if target == Some(CHINA) => {
                return Err(refuse("calendar_reserved"));
            }
            ImportKind::HolidaysIcal => self.read_holidays(target, bytes),
        })
    }

    /// A year's notice, as JSON.
    fn read_notice(&self, id: &str, bytes: &[u8]) -> Read {
        let notice = holidays::read_year(bytes).map_err(|e| holiday_fault(&e, Some(bytes)))?;
        let known = self.book.calendars.get(&id.into());
        let calendar = known.map_or_else(|| blank(id, id), |c| Calendar::clone(c));
        let mut notes = vec![into(&calendar, known.is_none())];
        let (year, entries) = (notice.year, notice.days.len());
        if calendar.years.contains_key(&year) {
            let of_year = calendar.days.keys().filter(|d| d.year() == year);
            notes.push(replaced(year, of_year.count(), entries));
        } else {
            notes.push(sentence("rota.import.years_added").with("years", years([&year])));
        }
        let calendar = holidays::with_year(&calendar, notice, "");
        Ok(self.of_calendar(entries, calendar, notes))
    }

    /// Another country's holidays, as iCalendar.
    fn read_holidays(&self, target: Option<&str>, bytes: &[u8]) -> Read {
        let now = clock::now_ms();
        let today = wall::day_at(now, self.parts.words.zone()).unwrap_or_default();
        let this_year = today.year();
        let found = interchange::holidays(bytes, this_year - 1..=this_year + 2);
        let found = found.map_err(|e| faults(&e))?;
        let known = target.and_then(|id| self.book.calendars.get(&CalendarId::from(id)));
        let calendar = known.map_or_else(
            || {
                let id = target.map_or_else(|| new_id(&found.name, &self.book), str::to_owned);
                let name = if found.name.is_empty() {
                    &id
                } else {
                    &found.name
                };
                blank(&id, name)
            },
            |c| Calendar::clone(c),
        );
        // Who brings rules alone says that they are this year's list. They say nothing of the next one.
        let told = if found.years.is_empty() {
            BTreeSet::from([this_year])
        } else {
            found.years
        };
        let days = found.days.into_iter().map(Into::into);
        let merged = holidays::merge(&calendar, days, &told, "iCalendar");
        let merged = merged.map_err(|e| holiday_fault(&e, None))?;
        let mut notes = vec![into(&calendar, known.is_none())];
        notes.extend(self.same_name(&calendar));
        if !merged.added.is_empty() {
            notes.push(sentence("rota.import.years_added").with("years", years(&merged.added)));
        }
        let over = merged.replaced.iter();
        notes.extend(over.map(|(year, (before, after))| replaced(*year, *before, *after)));
        for (key, of) in [("unsure", &merged.unsure), ("kept", &merged.kept)] {
            if !of.is_empty() {
                notes.push(sentence(format!("rota.import.years_{key}")).with("years", years(of)));
            }
        }
        if found.passed_over > 0 {
            let count = Param::Number(found.passed_over as f64);
            notes.push(sentence("rota.import.passed_over").with("count", count));
        }
        let days = merged.calendar.days.keys();
        let entries = days.filter(|d| told.contains(&d.year())).count();
        Ok(self.of_calendar(entries, merged.calendar, notes))
    }

    /// A calendar of the same name that the file does not go into: perhaps it should.
    fn same_name(&self, calendar: &Calendar) -> Option<Sentence> {
        let same = |c: &&std::sync::Arc<Calendar>| c.name == calendar.name && c.id != calendar.id;
        let other = self.book.calendars.values().find(same)?;
        Some(
            sentence("rota.import.same_name")
                .with("calendar", text(&other.name))
                .with("id", text(&other.id.0)),
        )
    }

    fn of_calendar(&self, entries: usize, calendar: Calendar, notes: Vec<Sentence>) -> Taken {
        let now = clock::now_ms();
        Taken {
            entries,
            calendar: Some(RotaName {
                id: calendar.id.0.clone(),
                name: calendar.name.clone(),
            }),
            notes,
            about: Some((now, now + LOOK)),
            edit: Edit::PutCalendar(calendar),
        }
    }
}

fn into(calendar: &Calendar, new: bool) -> Sentence {
    let key = if new { "calendar_new" } else { "calendar" };
    sentence(format!("rota.import.{key}"))
        .with("calendar", text(&calendar.name))
        .with("id", text(&calendar.id.0))
}

fn replaced(year: i32, before: usize, after: usize) -> Sentence {
    sentence("rota.import.year_replaced")
        .with("year", text(&year.to_string()))
        .with("before", Param::Number(before as f64))
        .with("after", Param::Number(after as f64))
}
