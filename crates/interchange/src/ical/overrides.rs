//! Shifts from a calendar that somebody keeps elsewhere.

use super::lines::{self, Event, File};
use super::times;
use crate::fault::{Fault, Field, Problem, Refused};
use crate::who::{self, Names};
use model::duty::PersonId;
use model::rota::{Book, Override, Role, Rota, RotaId};
use std::collections::BTreeMap;

/// Reads shifts out of a calendar as overrides of a rota, without number, without who has decided them and when. Who is meant is said by our own
/// property (a calendar that we wrote), else by the attendee (address or name), else by the title: a name, or a name among other words. As what is
/// said by our own property, else by a category or a word of the title that is one of the rota's roles, else it is `role`. Times without a zone are
/// those of the calendar's (`X-WR-TIMEZONE`), or of the rota. Cancelled events are passed over.
///
/// # Errors
/// All faults of the file, by the lines of its text; nothing is taken from a file with faults. Events that repeat are refused.
pub fn overrides_from_ical(
    bytes: &[u8],
    book: &Book,
    rota: &RotaId,
    role: &Role,
) -> Result<Vec<Override>, Refused> {
    let Some(rota) = book.rotas.get(rota) else {
        return Err(Fault::of_file(Problem::UnknownRota).into());
    };
    let mut refused = Refused::default();
    let file = match lines::read(bytes, &mut refused) {
        Ok(file) => file,
        Err(fault) => {
            refused.add(fault);
            return Err(refused.whole());
        }
    };
    let reader = Reader {
        names: Names::of(book),
        book,
        rota,
        role,
        zone: zone_of(&file).unwrap_or(rota.zone),
    };
    let mut shifts = Vec::with_capacity(file.events.len());
    for event in &file.events {
        let cancelled = event
            .text("STATUS")
            .is_some_and(|s| s.eq_ignore_ascii_case("CANCELLED"));
        if cancelled {
            continue;
        }
        match reader.shift(event) {
            Ok(shift) => shifts.push((event.line, shift)),
            Err(faults) => faults.into_iter().for_each(|f| refused.add(f)),
        }
    }
    let events: BTreeMap<u64, &Event> = file.events.iter().map(|e| (e.line, e)).collect();
    who::overlaps(&shifts, &mut refused, |line, problem| {
        events.get(&line).map_or_else(
            || Fault::of_file(problem.clone()),
            |event| event.fault(Field::From, problem.clone()),
        )
    });
    refused.or(shifts.into_iter().map(|(_, shift)| shift).collect())
}

/// The zone that a calendar names for its times.
fn zone_of(file: &File) -> Option<chrono_tz::Tz> {
    let named = file.properties.iter().find(|p| p.name == "X-WR-TIMEZONE");
    named.and_then(|p| times::zone(&p.value))
}

/// RRULE and RDATE could make any number of shifts of a line.
pub(super) fn repeats(event: &Event) -> Option<Fault> {
    let mut rules = event.all("RRULE").chain(event.all("RDATE"));
    rules
        .next()
        .map(|p| p.fault(Field::From, Problem::Recurring))
}

struct Reader<'a> {
    names: Names<'a>,
    book: &'a Book,
    rota: &'a Rota,
    role: &'a Role,
    zone: chrono_tz::Tz,
}

impl Reader<'_> {
    fn shift(&self, event: &Event) -> Result<Override, Vec<Fault>> {
        let mut faults: Vec<Fault> = repeats(event).into_iter().collect();
        let rota = match event.get("X-SHOUWANG-ROTA") {
            None => Some(self.rota),
            Some(named) => self
                .names
                .rota(&named.value)
                .map_err(|p| faults.push(named.fault(Field::Rota, p)))
                .ok(),
        };
        let person = self.person(event).map_err(|f| faults.push(f)).ok();
        let role = rota.and_then(|rota| self.role_of(event, rota).map_err(|f| faults.push(f)).ok());
        let stretch = times::stretch(event, self.zone)
            .map_err(|f| faults.push(f))
            .ok();
        if let Some((from, until)) = stretch
            && let Some(problem) = who::wrong_length(from, until)
        {
            faults.push(event.fault(Field::Until, problem));
        }
        match (rota, person, role, stretch) {
            (Some(rota), Some(person), Some(role), Some((from, until))) if faults.is_empty() => {
                Ok(Override {
                    rota: rota.id.clone(),
                    role,
                    person,
                    from,
                    until,
                    why: event
                        .text("DESCRIPTION")
                        .unwrap_or_default()
                        .chars()
                        .take(500)
                        .collect(),
                    ..Override::default()
                })
            }
            _ => Err(faults),
        }
    }

    fn person(&self, event: &Event) -> Result<PersonId, Fault> {
        if let Some(ours) = event.get("X-SHOUWANG-PERSON") {
            return self
                .names
                .person(&ours.value)
                .map_err(|p| ours.fault(Field::Person, p));
        }
        let attendees: Vec<_> = event.all("ATTENDEE").collect();
        for attendee in &attendees {
            let address = attendee.value.trim();
            let address = address
                .get(..7)
                .filter(|s| s.eq_ignore_ascii_case("mailto:"))
                .map_or(address, |_| address.get(7..).unwrap_or_default());
            let named = attendee.param("CN").unwrap_or_default();
            if let Ok(person) = self
                .names
                .person(address)
                .or_else(|_| self.names.person(named))
            {
                return Ok(person);
            }
        }
        let title = event.text("SUMMARY").unwrap_or_default();
        match (self.names.person(title), attendees.first()) {
            (Ok(person), _) => Ok(person),
            (Err(whole), attendee) => self.among(title).map_err(|inside| {
                let problem = inside.unwrap_or(whole);
                match attendee {
                    Some(a) if title.is_empty() => a.fault(Field::Person, problem),
                    _ => event.fault(Field::Person, problem),
                }
            }),
        }
    }

    /// The only person whom one of the title's words names: 主值 张三. `Err(None)` when nobody is.
    fn among(&self, title: &str) -> Result<PersonId, Option<Problem>> {
        let mut found: Option<PersonId> = None;
        for word in words(title) {
            match self.names.person(word) {
                Ok(person) if found.as_ref().is_some_and(|f| *f != person) => {
                    let ids = format!("{}, {person}", found.unwrap_or_default());
                    return Err(Some(Problem::AmbiguousPerson { ids }));
                }
                Ok(person) => found = Some(person),
                Err(Problem::AmbiguousPerson { ids }) => {
                    return Err(Some(Problem::AmbiguousPerson { ids }));
                }
                Err(_) => {}
            }
        }
        found.ok_or(None)
    }

    fn role_of(&self, event: &Event, rota: &Rota) -> Result<Role, Fault> {
        if let Some(ours) = event.get("X-SHOUWANG-ROLE") {
            return who::role(rota, &ours.value).map_err(|p| ours.fault(Field::Role, p));
        }
        let categories = event.all("CATEGORIES").flat_map(|p| p.value.split(','));
        let title = event.text("SUMMARY").unwrap_or_default();
        // a word that is somebody's name is no role
        let person = |w: &&str| self.book.members.contains_key(*w);
        let named = categories
            .chain(words(title).filter(|w| !person(w)))
            .find_map(|word| who::role(rota, word).ok());
        Ok(named.unwrap_or_else(|| self.role.clone()))
    }
}

fn words(title: &str) -> impl Iterator<Item = &str> {
    let divides = |c: char| {
        c.is_whitespace()
            || matches!(
                c,
                ':' | '：'
                    | '·'
                    | ','
                    | '，'
                    | '、'
                    | '/'
                    | '|'
                    | '('
                    | ')'
                    | '（'
                    | '）'
                    | '['
                    | ']'
                    | '【'
                    | '】'
            )
    };
    title.split(divides).filter(|w| !w.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::book;

    fn calendar(events: &[&str]) -> String {
        let events: String = events
            .iter()
            .map(|e| format!("BEGIN:VEVENT\n{e}\nEND:VEVENT\n"))
            .collect();
        format!("BEGIN:VCALENDAR\nVERSION:2.0\n{events}END:VCALENDAR\n")
    }

    fn read(events: &[&str]) -> Result<Vec<Override>, Refused> {
        let text = calendar(events);
        overrides_from_ical(text.as_bytes(), &book(), &"platform".into(), &Role::Primary)
    }

    fn found(events: &[&str]) -> Vec<(u64, &'static str, &'static str)> {
        let refused = read(events).expect_err("refused");
        let fault = |f: &Fault| (f.line, f.field.code(), f.problem.code());
        refused.faults.iter().map(fault).collect()
    }

    const NINE: &str = "DTSTART:20261121T010000Z\nDTEND:20261121T100000Z";

    #[test]
    fn a_person_is_found_by_attendee_or_title() {
        for who in [
            "SUMMARY:张三",
            "SUMMARY:zhangsan",
            "SUMMARY:值班：张三（平台）",
            "SUMMARY:On call\nATTENDEE;CN=\"Zhang, San\":MAILTO:Zhang.San@example.com",
            "SUMMARY:On call\nATTENDEE;CN=Room 4:mailto:room@example.com\nATTENDEE;CN=张三:mailto:z@elsewhere.example",
            "SUMMARY:李四\nX-SHOUWANG-PERSON:zhangsan",
        ] {
            let shifts = read(&[&format!("{who}\n{NINE}")]).expect(who);
            assert_eq!(shifts[0].person, "zhangsan", "{who}");
            assert_eq!(
                (shifts[0].from, shifts[0].until),
                (1_795_222_800_000, 1_795_255_200_000)
            );
            assert_eq!(shifts[0].role, Role::Primary);
        }
    }

    #[test]
    fn a_role_is_found_by_category_or_title() {
        for what in [
            "SUMMARY:备值 张三",
            "SUMMARY:张三\nCATEGORIES:Work,secondary",
            "SUMMARY:张三\nX-SHOUWANG-ROLE:备值",
        ] {
            let shifts = read(&[&format!("{what}\n{NINE}")]).expect(what);
            assert_eq!(
                (shifts[0].role.clone(), shifts[0].person.as_str()),
                (Role::Secondary, "zhangsan")
            );
        }
    }

    #[test]
    fn times_have_zones_and_days_are_whole() {
        let hour = 3_600_000;
        let day = 1_795_190_400_000; // 21 November in Shanghai
        for (times, from, hours) in [
            (
                "DTSTART;TZID=Asia/Shanghai:20261121T090000\nDURATION:PT9H",
                day + 9 * hour,
                9,
            ),
            (
                "DTSTART;TZID=\"China Standard Time\":20261121T090000\nDTEND:20261121T100000Z",
                day + 9 * hour,
                9,
            ),
            (
                "DTSTART;TZID=Europe/Berlin:20261121T090000\nDTEND;TZID=Europe/Berlin:20261121T100000",
                day + 16 * hour,
                1,
            ),
            (
                "DTSTART:20261121T090000\nDTEND:20261121T180000",
                day + 9 * hour,
                9,
            ),
            ("DTSTART;VALUE=DATE:20261121", day, 24),
            (
                "DTSTART;VALUE=DATE:20261121\nDTEND;VALUE=DATE:20261123",
                day,
                48,
            ),
            ("DTSTART;VALUE=DATE:20261121\nDURATION:P2D", day, 48),
        ] {
            let shifts = read(&[&format!("SUMMARY:张三\n{times}")]).expect(times);
            let stretch = (shifts[0].from, shifts[0].until);
            assert_eq!(stretch, (from, from + hours * hour), "{times}");
        }
    }

    /// A file as Outlook writes it: a zone of its own with rules, CRLF, alarms, a name that goes over two lines.
    #[test]
    fn a_file_with_a_zone_and_alarms_is_read() {
        let text = "BEGIN:VCALENDAR\r\nPRODID:-//Microsoft Corporation//Outlook 16.0 MIMEDIR//EN\r\nVERSION:2.0\r\nMETHOD:PUBLISH\r\n\
            BEGIN:VTIMEZONE\r\nTZID:W. Europe Standard Time\r\nBEGIN:STANDARD\r\nDTSTART:16011028T030000\r\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\r\n\
            TZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n\
            BEGIN:VEVENT\r\nATTENDEE;CN=\"张\r\n 三\";ROLE=REQ-PARTICIPANT:mailto:someone@example.org\r\nCLASS:PUBLIC\r\n\
            DTSTART;TZID=\"W. Europe Standard Time\":20261025T080000\r\nDTEND;TZID=\"W. Europe Standard Time\":20261025T200000\r\n\
            SUMMARY;LANGUAGE=en-us:On call\r\nX-ALT-DESC;FMTTYPE=text/html:<html>\\n</html>\r\nBEGIN:VALARM\r\nTRIGGER:-PT15M\r\n\
            DESCRIPTION:Reminder\r\nEND:VALARM\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
        let read =
            overrides_from_ical(text.as_bytes(), &book(), &"platform".into(), &Role::Primary);
        let shifts = read.expect("a calendar");
        assert_eq!(shifts[0].person, "zhangsan");
        // the clocks went back that morning: 07:00 to 19:00 UTC
        assert_eq!(
            (shifts[0].from, shifts[0].until),
            (1_792_911_600_000, 1_792_954_800_000)
        );
        assert_eq!(shifts[0].why, "", "the alarm's text is not the event's");
    }

    #[test]
    fn all_faults_are_told_at_once_with_their_lines() {
        let events = [
            "SUMMARY:张三\nDTSTART:20261121T010000Z\nDTEND:20261121T100000Z", // 3 to 7
            "SUMMARY:赵七\nDTSTART:20261121\nRRULE:FREQ=SECONDLY;COUNT=999999999", // 8 to 12
            "SUMMARY:王五\nDTSTART:明天",                                     // 13 to 16
            "SUMMARY:张三\nDTSTART:20261121T010000Z",                         // 17 to 20
            "SUMMARY:李四\nDTSTART:20261121T090000Z\nDTEND:20261121T120000Z", // 21 to 25
            "SUMMARY:李四\nDTSTART;TZID=Nowhere:20261121T090000\nDTEND:20261121T120000Z",
            "SUMMARY:李四\nSTATUS:CANCELLED",
            "SUMMARY:张三 李四\nDTSTART:20261221T100000Z\nDTEND:20261221T090000Z\nX-SHOUWANG-ROLE:dba",
        ];
        assert_eq!(
            found(&events),
            [
                (8, "person", "unknown_person"),
                (11, "from", "recurring"),
                (13, "person", "ambiguous_person"),
                (15, "from", "date"),
                (17, "until", "missing"),
                (21, "from", "overlaps"),
                (28, "from", "zone"),
                (35, "person", "ambiguous_person"),
                (35, "until", "end_not_after_start"),
                (39, "role", "unknown_role"),
            ]
        );
        let refused = overrides_from_ical(b"x", &book(), &"nowhere".into(), &Role::Primary);
        assert_eq!(
            refused.expect_err("no rota").faults[0].problem,
            Problem::UnknownRota
        );
    }
}
