//! Files that go out.

use super::core::RotaCore;
use super::edits::refuse;
use super::parts;
use super::words;
use crate::clock;
use engine::rota::{schedule, wall};
use interchange::{Feed, Language, feed, shifts_csv};
use model::rota::{Book, RotaId, Shift, WallTime};
use wire::{ErrorView, ExportAsk, ExportView};

/// Before now and after now in a calendar file, ms.
const BEFORE: i64 = 35 * 24 * 3_600_000;
const AFTER: i64 = 190 * 24 * 3_600_000;
/// Days of shifts in one file at most, beside the first.
const LONGEST: i64 = 366;
/// Below the data directory.
const FOLDER: &str = "exports";

impl RotaCore {
    /// Writes a file for somebody.
    pub(super) fn export(&self, ask: ExportAsk) -> Result<ExportView, ErrorView> {
        let Some(data) = &self.parts.data else {
            return Err(refuse("no_folder"));
        };
        let language = if self.parts.words.is_chinese() {
            Language::Chinese
        } else {
            Language::English
        };
        let (name, bytes) = match &ask {
            ExportAsk::People => {
                let members = self.book.members.values().map(AsRef::as_ref);
                (
                    "people.csv".to_owned(),
                    interchange::people_csv(members, language),
                )
            }
            ExportAsk::Shifts { rota, from, until } => (
                format!("shifts-{}.csv", plain(rota)),
                self.shifts(rota, from, until, language)?,
            ),
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
            ExportAsk::People | ExportAsk::Shifts { .. } => None,
            ExportAsk::Rota { rota } => base.map(|b| format!("{b}/rota/{rota}.ics")),
            ExportAsk::Person { person } => base.map(|b| format!("{b}/person/{person}.ics")),
        };
        Ok(ExportView {
            path: path.display().to_string(),
            url,
        })
    }

    /// A rota's shifts from a day to a day, as they are imported again.
    fn shifts(
        &self,
        rota: &str,
        from: &str,
        until: &str,
        language: Language,
    ) -> Result<Vec<u8>, ErrorView> {
        let (first, last) = (parts::day("from", from)?, parts::day("until", until)?);
        if !(0..=LONGEST).contains(&(last - first).num_days()) {
            return Err(refuse("bad_stretch"));
        }
        let found = self.book.rotas.get(&rota.into());
        let found = found.ok_or_else(|| refuse("unknown_rota").with("rota", rota))?;
        let begin = wall::instant(first, WallTime::default(), found.zone);
        let end = wall::day_end(last, found.zone);
        let (Some(begin), Some(end)) = (begin, end) else {
            return Err(refuse("bad_stretch"));
        };
        let shifts = schedule(&self.book, &found.id, begin, end);
        Ok(shifts_csv(&self.book, found, &shifts, language))
    }

    /// The text of a calendar: five weeks back, half a year ahead.
    pub(super) fn calendar(&self, ask: &ExportAsk) -> Result<String, ErrorView> {
        let book: &Book = &self.book;
        let now = clock::now_ms();
        let (name, rotas, only): (String, Vec<&RotaId>, Option<&String>) = match ask {
            ExportAsk::People | ExportAsk::Shifts { .. } => return Err(refuse("no_calendar")),
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
