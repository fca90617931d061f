//! A calendar file (RFC 5545) as events with the lines where they stand. Lines are taken apart by the `icalendar` crate one by one: its reader of
//! whole files knows no line numbers of the file, and goes as deep as the file wants.

use crate::fault::{Fault, Field, Problem, Refused, shown};
use crate::text;
use icalendar::parser::Property as Line;

/// Events of a file at most.
pub const MAX_EVENTS: usize = 20_000;
/// Bytes of a line that is put together again.
const MAX_LINE: usize = 64 << 10;
/// Parts inside parts: a file has VCALENDAR, VEVENT, VALARM.
const MAX_DEPTH: usize = 6;
/// Properties of an event.
const MAX_PROPERTIES: usize = 500;

/// A property of an event or of the file.
#[derive(Debug)]
pub(crate) struct Property {
    /// Where it begins, from 1.
    pub(crate) line: u64,
    /// In capitals.
    pub(crate) name: String,
    /// Names in capitals, values without quotation marks.
    params: Vec<(String, String)>,
    /// Without escapes where it is text; lists as they stand.
    pub(crate) value: String,
}

impl Property {
    pub(crate) fn param(&self, name: &str) -> Option<&str> {
        let found = self.params.iter().find(|(n, _)| n == name);
        found.map(|(_, value)| value.as_str())
    }

    pub(crate) fn fault(&self, field: Field, problem: Problem) -> Fault {
        Fault {
            line: self.line,
            column: 0,
            field,
            cell: shown(&self.value),
            problem,
        }
    }
}

/// An event.
#[derive(Debug)]
pub(crate) struct Event {
    /// Of its BEGIN.
    pub(crate) line: u64,
    properties: Vec<Property>,
}

impl Event {
    pub(crate) fn get(&self, name: &str) -> Option<&Property> {
        self.properties.iter().find(|p| p.name == name)
    }

    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Property> {
        self.properties.iter().filter(move |p| p.name == name)
    }

    /// The text of a property, trimmed.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        let value = self.get(name)?.value.trim();
        Some(value).filter(|v| !v.is_empty())
    }

    /// A fault of the event as a whole.
    pub(crate) fn fault(&self, field: Field, problem: Problem) -> Fault {
        Fault {
            line: self.line,
            column: 0,
            field,
            cell: shown(self.text("SUMMARY").unwrap_or_default()),
            problem,
        }
    }
}

/// A calendar file.
#[derive(Debug, Default)]
pub(crate) struct File {
    /// Properties of the file itself.
    pub(crate) properties: Vec<Property>,
    pub(crate) events: Vec<Event>,
}

/// Reads a file. Lines that are none go to `refused`.
///
/// # Errors
/// When it is no calendar file, is not whole, or has more than is read.
pub(crate) fn read(bytes: &[u8], refused: &mut Refused) -> Result<File, Fault> {
    let text = text::decode(bytes)?;
    let mut reader = Reader::default();
    let mut logical: Option<(u64, String)> = None;
    for (number, line) in (1..).zip(text.lines()) {
        if let Some(rest) = line.strip_prefix([' ', '\t'])
            && let Some((first, whole)) = &mut logical
        {
            whole.push_str(rest);
            if whole.len() > MAX_LINE {
                return Err(too_large(*first, "characters", whole.len(), MAX_LINE));
            }
            continue;
        }
        if let Some((first, whole)) = logical.replace((number, line.to_owned())) {
            reader.line(first, &whole, refused)?;
        }
    }
    if let Some((first, whole)) = logical {
        reader.line(first, &whole, refused)?;
    }
    reader.finish()
}

fn too_large(line: u64, what: &'static str, is: usize, max: usize) -> Fault {
    Fault {
        line,
        column: 0,
        field: Field::File,
        cell: String::new(),
        problem: Problem::TooLarge {
            what,
            is: is as u64,
            max: max as u64,
        },
    }
}

#[derive(Default)]
struct Reader {
    file: File,
    /// What is open, outermost first: its name and its line.
    open: Vec<(String, u64)>,
    begun: bool,
}

impl Reader {
    fn line(&mut self, number: u64, line: &str, refused: &mut Refused) -> Result<(), Fault> {
        if line.trim().is_empty() {
            return Ok(());
        }
        if line.len() > MAX_LINE {
            return Err(too_large(number, "characters", line.len(), MAX_LINE));
        }
        let at = |problem| Fault {
            line: number,
            column: 0,
            field: Field::Row,
            cell: shown(line),
            problem,
        };
        let Some((head, value)) = line.split_once(':') else {
            if !self.begun {
                return Err(at(Problem::NotCalendar));
            }
            refused.add(at(Problem::Property));
            return Ok(());
        };
        let head = head.trim().to_ascii_uppercase();
        if !self.begun && (head != "BEGIN" || !value.trim().eq_ignore_ascii_case("VCALENDAR")) {
            return Err(at(Problem::NotCalendar));
        }
        self.begun = true;
        match head.as_str() {
            "BEGIN" => self.begin(number, value.trim().to_ascii_uppercase()),
            "END" => self.end(number, &value.trim().to_ascii_uppercase()),
            _ => self.property(number, line, refused),
        }
    }

    fn begin(&mut self, line: u64, name: String) -> Result<(), Fault> {
        if self.open.len() == MAX_DEPTH {
            return Err(too_large(line, "depth", MAX_DEPTH + 1, MAX_DEPTH));
        }
        if name == "VEVENT" && self.open.len() == 1 {
            if self.file.events.len() == MAX_EVENTS {
                return Err(too_large(line, "events", MAX_EVENTS + 1, MAX_EVENTS));
            }
            self.file.events.push(Event {
                line,
                properties: Vec::new(),
            });
        }
        self.open.push((name, line));
        Ok(())
    }

    fn end(&mut self, line: u64, name: &str) -> Result<(), Fault> {
        let wrong = |line, component: &str| Fault {
            line,
            column: 0,
            field: Field::Row,
            cell: String::new(),
            problem: Problem::Unclosed {
                component: shown(component),
            },
        };
        match self.open.pop() {
            Some((open, _)) if open == name => Ok(()),
            Some((open, begun)) => Err(wrong(begun, &open)),
            None => Err(wrong(line, name)),
        }
    }

    fn property(&mut self, number: u64, line: &str, refused: &mut Refused) -> Result<(), Fault> {
        let depth = self.open.len();
        let event = depth == 2 && self.open.last().is_some_and(|(name, _)| name == "VEVENT");
        let into = match (depth, event, self.file.events.last_mut()) {
            (1, ..) => &mut self.file.properties,
            (_, true, Some(event)) => &mut event.properties,
            _ => return Ok(()), // of an alarm, a zone, a task
        };
        if into.len() == MAX_PROPERTIES {
            return Err(too_large(
                number,
                "properties",
                MAX_PROPERTIES + 1,
                MAX_PROPERTIES,
            ));
        }
        match parse(number, line) {
            Some(property) => into.push(property),
            None => refused.add(Fault {
                line: number,
                column: 0,
                field: Field::Row,
                cell: shown(line),
                problem: Problem::Property,
            }),
        }
        Ok(())
    }

    fn finish(mut self) -> Result<File, Fault> {
        match self.open.pop() {
            None => Ok(self.file),
            Some((component, line)) => Err(Fault {
                line,
                column: 0,
                field: Field::Row,
                cell: String::new(),
                problem: Problem::Unclosed {
                    component: shown(&component),
                },
            }),
        }
    }
}

/// One line, put together again.
fn parse(number: u64, line: &str) -> Option<Property> {
    // the crate knows only names in capitals as text, and unescapes only text
    let name = line.split([';', ':']).next()?;
    let line = format!(
        "{}{}",
        name.to_ascii_uppercase(),
        line.get(name.len()..).unwrap_or_default()
    );
    let parsed = Line::try_from(line.as_str()).ok()?;
    let valid = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let name = parsed.name.as_str();
    if name.is_empty() || !name.chars().all(valid) {
        return None;
    }
    let params = parsed.params.iter().map(|p| {
        let value = p.val.as_ref().map_or("", |v| v.as_str());
        let key = p.key.as_str().to_ascii_uppercase();
        (key, value.trim_matches('"').to_owned())
    });
    Some(Property {
        line: number,
        name: name.to_owned(),
        params: params.collect(),
        value: parsed.val.as_str().to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fault(text: &str) -> (u64, Problem) {
        let fault = read(text.as_bytes(), &mut Refused::default()).expect_err("refused");
        (fault.line, fault.problem)
    }

    #[test]
    fn folded_lines_are_put_together_and_keep_their_number() {
        let text = "BEGIN:VCALENDAR\r\nX-WR-CALNAME:值\r\n 班\r\n\r\nbegin:vevent\r\nsummary:a\\, b\\;\\n c\r\nDTSTART;tzid=\"Asia/Sha\r\n\tnghai\":20261121T090000\r\n\
                    BEGIN:VALARM\r\nSUMMARY:not this\r\nEND:VALARM\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
        let mut refused = Refused::default();
        let file = read(text.as_bytes(), &mut refused).expect("a calendar");
        assert_eq!(refused, Refused::default());
        assert_eq!(file.properties[0].value, "值班");
        let [event] = file.events.as_slice() else {
            panic!("one event")
        };
        assert_eq!(event.line, 5);
        assert_eq!(event.text("SUMMARY"), Some("a, b;\n c"));
        let start = event.get("DTSTART").expect("a start");
        assert_eq!(
            (start.line, start.param("TZID")),
            (7, Some("Asia/Shanghai"))
        );
        assert_eq!(start.value, "20261121T090000");
    }

    #[test]
    fn what_is_not_whole_is_refused_with_its_line() {
        let unclosed = |c: &str| Problem::Unclosed {
            component: c.to_owned(),
        };
        assert_eq!(fault("姓名,手机\n"), (1, Problem::NotCalendar));
        assert_eq!(fault("<html>:"), (1, Problem::NotCalendar));
        assert_eq!(
            fault("BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VCALENDAR\n"),
            (2, unclosed("VEVENT"))
        );
        assert_eq!(fault("BEGIN:VCALENDAR\n"), (1, unclosed("VCALENDAR")));
        assert_eq!(
            fault("BEGIN:VCALENDAR\nEND:VCALENDAR\nEND:X\n"),
            (3, unclosed("X"))
        );
        let mut refused = Refused::default();
        let text = "BEGIN:VCALENDAR\nno property\n:x\nEND:VCALENDAR\n";
        read(text.as_bytes(), &mut refused).expect("the rest is whole");
        let lines: Vec<_> = refused
            .faults
            .iter()
            .map(|f| (f.line, f.problem.code()))
            .collect();
        assert_eq!(lines, [(2, "property"), (3, "property")]);
    }

    #[test]
    fn what_is_too_much_is_refused() {
        let what = |text: &str| match fault(text) {
            (_, Problem::TooLarge { what, .. }) => what,
            other => panic!("{other:?}"),
        };
        assert_eq!(what(&"BEGIN:VCALENDAR\n".repeat(200_000)), "depth");
        let events = "BEGIN:VEVENT\nEND:VEVENT\n".repeat(MAX_EVENTS + 1);
        assert_eq!(what(&format!("BEGIN:VCALENDAR\n{events}")), "events");
        let folded = format!(
            "BEGIN:VCALENDAR\nX:a\n{}",
            " aaaaaaaaaaaaaaaaaaaaa\n".repeat(4000)
        );
        assert_eq!(what(&folded), "characters");
        assert_eq!(
            what(&format!("BEGIN:VCALENDAR\nX:{}\n", "a".repeat(70_000))),
            "characters"
        );
        let properties = "X-A:b\n".repeat(MAX_PROPERTIES + 1);
        assert_eq!(
            what(&format!("BEGIN:VCALENDAR\n{properties}")),
            "properties"
        );
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "(BEGIN:VCALENDAR\n)?((BEGIN|END|DTSTART|X-A|;VALUE=DATE|[:;=\",\\\\ \n]|VEVENT|VCALENDAR|20261121|\\PC){0,40}\n?){0,6}") {
            let _ = read(text.as_bytes(), &mut Refused::default());
        }
    }
}
