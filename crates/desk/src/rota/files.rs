//! Files that come in and go out.

use super::core::RotaCore;
use super::edits::refuse;
use super::words;
use crate::clock;
use crate::duty::sentences::{With, sentence, text};
use base64::Engine as _;
use engine::rota::{apply, holidays, schedule};
use interchange::{Fault, Feed, Language, Refused, feed};
use model::duty::Via;
use model::rota::{Book, Calendar, CalendarId, Edit, Role, RotaId, Shift};
use wire::{
    ErrorCode, ErrorView, ExportAsk, ExportView, ImportAsk, ImportError, ImportKind, ImportView,
    Param,
};

/// Faults shown.
const SHOWN: usize = 100;
/// Before now and after now in a calendar file, ms.
const BEFORE: i64 = 35 * 24 * 3_600_000;
const AFTER: i64 = 190 * 24 * 3_600_000;
/// Below the data directory.
const FOLDER: &str = "exports";

/// What a file holds, or what is wrong with it.
type Read = Result<(u32, Edit), ImportView>;

fn faults(refused: &Refused) -> ImportView {
    let one = |fault: &Fault| {
        let said = sentence(format!("exchange.problem.{}", fault.problem.code()));
        let said = fault
            .problem
            .params()
            .into_iter()
            .fold(said, |s, (name, value)| s.with(name, text(&value)));
        ImportError {
            line: u32::try_from(fault.line).unwrap_or(u32::MAX),
            column: (fault.column > 0).then(|| u32::try_from(fault.column).unwrap_or(u32::MAX)),
            what: said.with("cell", text(&fault.cell)).with(
                "field",
                Param::Key(format!("exchange.field.{}", fault.field.code())),
            ),
        }
    };
    let total = refused.faults.len() as u64 + refused.more;
    ImportView {
        entries: 0,
        errors: refused.faults.iter().take(SHOWN).map(one).collect(),
        error_count: u32::try_from(total).unwrap_or(u32::MAX),
    }
}

fn holiday_fault(e: &holidays::HolidayError) -> ImportView {
    ImportView {
        entries: 0,
        errors: vec![ImportError {
            line: 1,
            column: None,
            what: sentence(format!("rota.holiday_error.{}", e.code()))
                .with("detail", text(&e.to_string())),
        }],
        error_count: 1,
    }
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
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
        let (entries, edit) = match self.read(ask.kind, ask.target.as_deref(), &bytes)? {
            Ok(read) => read,
            Err(faults) => return Ok(faults),
        };
        let by = self.actor(via);
        if ask.dry_run {
            let tried = apply(&self.book, edit, &by, clock::now_ms());
            tried.map_err(|e| words::refused(&e, &self.book))?;
        } else {
            self.edit(edit, &by).await?;
        }
        Ok(ImportView {
            entries,
            errors: Vec::new(),
            error_count: 0,
        })
    }

    fn read(
        &self,
        kind: ImportKind,
        target: Option<&str>,
        bytes: &[u8],
    ) -> Result<Read, ErrorView> {
        let book: &Book = &self.book;
        Ok(match kind {
            ImportKind::People => interchange::people(bytes)
                .map(|p| {
                    let members = p.over(book);
                    (count(members.len()), Edit::PutMembers { members })
                })
                .map_err(|e| faults(&e)),
            ImportKind::Overrides => interchange::overrides_from_csv(bytes, book)
                .map(|o| {
                    (
                        count(o.overrides.len()),
                        Edit::PutOverrides {
                            overrides: o.overrides,
                        },
                    )
                })
                .map_err(|e| faults(&e)),
            ImportKind::OverridesIcal => {
                let rota = target.unwrap_or_default();
                if !book.rotas.contains_key(&rota.into()) {
                    return Err(refuse("unknown_rota").with("rota", rota));
                }
                interchange::overrides_from_ical(bytes, book, &rota.into(), &Role::Primary)
                    .map(|o| (count(o.len()), Edit::PutOverrides { overrides: o }))
                    .map_err(|e| faults(&e))
            }
            ImportKind::Holidays => match holidays::read_year(bytes) {
                Ok(year) => {
                    let id = target.unwrap_or(holidays::CHINA);
                    let known = book.calendars.get(&id.into());
                    let calendar = known.map_or_else(|| blank(id), |c| Calendar::clone(c));
                    let days = count(year.days.len());
                    let calendar = holidays::with_year(&calendar, year, "");
                    Ok((days, Edit::PutCalendar(calendar)))
                }
                Err(e) => Err(holiday_fault(&e)),
            },
            ImportKind::HolidaysIcal => self.read_holidays(target, bytes),
        })
    }

    fn read_holidays(&self, target: Option<&str>, bytes: &[u8]) -> Read {
        let this_year = chrono::Datelike::year(
            &engine::rota::wall::day_at(clock::now_ms(), self.parts.words.zone())
                .unwrap_or_default(),
        );
        let found = interchange::holidays(bytes, this_year - 1..=this_year + 2);
        let found = found.map_err(|e| faults(&e))?;
        let name = if found.name.is_empty() {
            target.unwrap_or("calendar").to_owned()
        } else {
            found.name.clone()
        };
        let id: String = target.filter(|t| !t.is_empty()).map_or_else(
            || {
                let plain = name.to_lowercase();
                let plain = plain.chars().filter(char::is_ascii_alphanumeric);
                plain.take(32).collect()
            },
            str::to_owned,
        );
        let id = if id.is_empty() {
            "calendar".to_owned()
        } else {
            id
        };
        let days = found.days.iter();
        let days = days.map(|d| (d.date, d.name.clone(), d.off));
        let made = holidays::calendar_of(CalendarId(id), &name, "", "iCalendar", days);
        let made = made.map_err(|e| holiday_fault(&e))?;
        let entries = count(made.days.len());
        Ok((entries, Edit::PutCalendar(made)))
    }

    /// Writes a file for somebody.
    pub(super) fn export(&self, ask: ExportAsk) -> Result<ExportView, ErrorView> {
        let Some(data) = &self.parts.data else {
            return Err(refuse("no_folder"));
        };
        let (name, bytes) = match &ask {
            ExportAsk::People => {
                let language = if self.parts.words.is_chinese() {
                    Language::Chinese
                } else {
                    Language::English
                };
                let members = self.book.members.values().map(AsRef::as_ref);
                (
                    "people.csv".to_owned(),
                    interchange::people_csv(members, language),
                )
            }
            ExportAsk::Rota { rota } => (
                format!("rota-{}.ics", plain(rota)),
                self.calendar(&ask)?.into_bytes(),
            ),
            ExportAsk::Person { person } => (
                format!("person-{}.ics", plain(person)),
                self.calendar(&ask)?.into_bytes(),
            ),
        };
        let folder = data.join(FOLDER);
        let path = folder.join(&name);
        let written = std::fs::create_dir_all(&folder).and_then(|()| write_private(&path, &bytes));
        written.map_err(|e| {
            refuse("not_written")
                .with("path", path.display())
                .with("detail", e)
        })?;
        let base = self.parts.calendars.as_ref();
        let url = match &ask {
            ExportAsk::People => None,
            ExportAsk::Rota { rota } => base.map(|b| format!("{b}/rota/{rota}.ics")),
            ExportAsk::Person { person } => base.map(|b| format!("{b}/person/{person}.ics")),
        };
        Ok(ExportView {
            path: path.display().to_string(),
            url,
        })
    }

    /// The text of a calendar: five weeks back, half a year ahead.
    pub(super) fn calendar(&self, ask: &ExportAsk) -> Result<String, ErrorView> {
        let book: &Book = &self.book;
        let now = clock::now_ms();
        let (name, rotas, only): (String, Vec<&RotaId>, Option<&String>) = match ask {
            ExportAsk::People => return Err(refuse("no_calendar")),
            ExportAsk::Rota { rota } => {
                let id = RotaId(rota.clone());
                let (id, found) = book
                    .rotas
                    .get_key_value(&id)
                    .ok_or_else(|| refuse("unknown_rota").with("rota", rota))?;
                (found.name.clone(), vec![id], None)
            }
            ExportAsk::Person { person } => {
                if !book.members.contains_key(person) {
                    return Err(refuse("unknown_person").with("person", person));
                }
                let name = book.name_of(person).to_owned();
                (name, book.rotas.keys().collect(), Some(person))
            }
        };
        let shifts: Vec<(&RotaId, Vec<Shift>)> = rotas
            .into_iter()
            .map(|id| (id, schedule(book, id, now - BEFORE, now + AFTER)))
            .collect();
        let words = &self.parts.words;
        let pairs: Vec<(&RotaId, &Shift)> = shifts
            .iter()
            .flat_map(|(id, all)| all.iter().map(move |s| (*id, s)))
            .filter(|(_, s)| only.is_none_or(|p| s.person == *p))
            .collect();
        let of_shift = |shift: &Shift| -> String {
            let rota = pairs.iter().find(|(_, s)| std::ptr::eq(*s, shift));
            rota.map_or_else(String::new, |(id, _)| {
                words.say(&words::shift_reason(book, id, shift))
            })
        };
        let title = format!("{} · {name}", words.plain("rota.calendar_title"));
        let made = Feed {
            name: &title,
            changed_at: self.changed_at,
            role: &|role| words.role(role),
            why: &of_shift,
        };
        Ok(feed(book, pairs.iter().copied(), &made))
    }
}

fn blank(id: &str) -> Calendar {
    Calendar {
        id: id.into(),
        name: id.to_owned(),
        ..Calendar::default()
    }
}

/// An id as part of a file's name.
fn plain(id: &str) -> String {
    id.chars()
        .map(|c| {
            if c.is_alphanumeric() || c == '-' || c == '_' {
                c
            } else {
                '_'
            }
        })
        .take(64)
        .collect()
}

/// People's numbers are for this user alone.
fn write_private(path: &std::path::Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::io::Write;
    let mut options = std::fs::File::options();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(bytes)
}
