//! What is wrong with a file, where, and what to do about it. A file with one fault is refused as a whole, with all of its faults.

use std::fmt;

/// Faults that are told one by one; what is more is counted only.
pub const MAX_FAULTS: usize = 1000;
/// Characters of a cell that a fault shows.
const CELL_CHARS: usize = 60;

/// What part of a row, an event or a file is meant. [`Field::code`] is the key of its name under `exchange.field`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// The file as a whole.
    File,
    /// The row or the event as a whole.
    Row,
    /// 编号
    Id,
    /// 姓名
    Name,
    /// 手机
    Phone,
    /// 邮箱
    Email,
    /// 钉钉
    DingTalk,
    /// 企业微信
    WeCom,
    /// 时区
    Zone,
    /// 角色 (of a person: several)
    Roles,
    /// 团队
    Teams,
    /// 排班表
    Rota,
    /// 角色 (of a shift)
    Role,
    /// 值班人
    Person,
    /// 开始
    From,
    /// 结束
    Until,
    /// 原因
    Why,
}

impl Field {
    /// Every one.
    pub const ALL: [Self; 17] = [
        Self::File,
        Self::Row,
        Self::Id,
        Self::Name,
        Self::Phone,
        Self::Email,
        Self::DingTalk,
        Self::WeCom,
        Self::Zone,
        Self::Roles,
        Self::Teams,
        Self::Rota,
        Self::Role,
        Self::Person,
        Self::From,
        Self::Until,
        Self::Why,
    ];

    /// Stable, snake case.
    pub fn code(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Row => "row",
            Self::Id => "id",
            Self::Name => "name",
            Self::Phone => "phone",
            Self::Email => "email",
            Self::DingTalk => "dingtalk",
            Self::WeCom => "wecom",
            Self::Zone => "zone",
            Self::Roles => "roles",
            Self::Teams => "teams",
            Self::Rota => "rota",
            Self::Role => "role",
            Self::Person => "person",
            Self::From => "from",
            Self::Until => "until",
            Self::Why => "why",
        }
    }
}

/// What can be wrong. [`Problem::code`] is the key of its sentence under `exchange.problem`, [`Problem::params`] fills it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// Nothing in the file.
    Empty,
    /// More than is read.
    TooLarge {
        /// Of what: `bytes`, `rows`, `columns`, `events`, `characters`, `depth`, `properties`, `days`,
        /// `names`.
        what: &'static str,
        /// How much there is.
        is: u64,
        /// How much is read.
        max: u64,
    },
    /// Not text in an encoding that is known.
    Encoding {
        /// The encoding that it seemed to be; `none` when it seemed none.
        encoding: &'static str,
    },
    /// A column that must be there is not.
    ColumnMissing {
        /// Its names, any of which would do.
        names: String,
    },
    /// Two columns of the same meaning.
    ColumnTwice {
        /// The other one's column, from 1.
        other: u64,
    },
    /// A quotation mark that is not closed, or stands in the middle of a cell.
    Quote,
    /// A row with more cells than the head has columns.
    Cells {
        /// Cells.
        is: u64,
        /// Columns.
        max: u64,
    },
    /// A cell that must not be empty is.
    Missing,
    /// A control character.
    Control,
    /// Not an id: something else than letters, digits and `. _ - @`.
    Id,
    /// Not a telephone number.
    Phone,
    /// Not a telephone number any more: a spreadsheet has rounded it (1.38E+10).
    PhoneRounded,
    /// Not an e-mail address.
    Email,
    /// Not a time zone's name.
    Zone,
    /// The same id stands in another row.
    Twice {
        /// The row.
        line: u64,
    },
    /// Nobody of that id or name.
    UnknownPerson,
    /// Several persons of that name.
    AmbiguousPerson {
        /// Their ids.
        ids: String,
    },
    /// No rota of that id or name.
    UnknownRota,
    /// Not a role of that rota.
    UnknownRole {
        /// Its roles.
        roles: String,
    },
    /// Not a date and time.
    Date,
    /// A date without its year.
    DateNoYear,
    /// A date whose year does not come first: 04/05/2026 is two days.
    DateOrder,
    /// A spreadsheet's number instead of the date that it shows.
    DateNumber,
    /// No such day in the calendar: 30 February.
    DateNoSuchDay,
    /// Before 2000 or after 2199, where no rota is.
    DateYear,
    /// No such hour on that day: the clocks go forward.
    DateSkipped {
        /// The zone.
        zone: String,
    },
    /// Twice that hour on that day: the clocks go back.
    DateTwice {
        /// The zone.
        zone: String,
    },
    /// The end is not after the beginning.
    EndNotAfterStart,
    /// Overlaps another row of the same rota and role.
    Overlaps {
        /// The row.
        line: u64,
    },
    /// Not a calendar file.
    NotCalendar,
    /// A line of a calendar file that is no property.
    Property,
    /// A part of a calendar file that is not ended, or ended by another's end.
    Unclosed {
        /// VEVENT, VCALENDAR, …
        component: String,
    },
    /// An event that repeats; each day is wanted by itself.
    Recurring,
    /// An event that lasts whole days is wanted, and this has hours.
    NotAllDay,
}

impl Problem {
    /// Every code.
    pub const CODES: [&'static str; 34] = [
        "empty",
        "too_large",
        "encoding",
        "column_missing",
        "column_twice",
        "quote",
        "cells",
        "missing",
        "control",
        "id",
        "phone",
        "phone_rounded",
        "email",
        "zone",
        "twice",
        "unknown_person",
        "ambiguous_person",
        "unknown_rota",
        "unknown_role",
        "date",
        "date_no_year",
        "date_order",
        "date_number",
        "date_no_such_day",
        "date_year",
        "date_skipped",
        "date_twice",
        "end_not_after_start",
        "overlaps",
        "not_calendar",
        "property",
        "unclosed",
        "recurring",
        "not_all_day",
    ];

    /// Stable, snake case.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::TooLarge { .. } => "too_large",
            Self::Encoding { .. } => "encoding",
            Self::ColumnMissing { .. } => "column_missing",
            Self::ColumnTwice { .. } => "column_twice",
            Self::Quote => "quote",
            Self::Cells { .. } => "cells",
            Self::Missing => "missing",
            Self::Control => "control",
            Self::Id => "id",
            Self::Phone => "phone",
            Self::PhoneRounded => "phone_rounded",
            Self::Email => "email",
            Self::Zone => "zone",
            Self::Twice { .. } => "twice",
            Self::UnknownPerson => "unknown_person",
            Self::AmbiguousPerson { .. } => "ambiguous_person",
            Self::UnknownRota => "unknown_rota",
            Self::UnknownRole { .. } => "unknown_role",
            Self::Date => "date",
            Self::DateNoYear => "date_no_year",
            Self::DateOrder => "date_order",
            Self::DateNumber => "date_number",
            Self::DateNoSuchDay => "date_no_such_day",
            Self::DateYear => "date_year",
            Self::DateSkipped { .. } => "date_skipped",
            Self::DateTwice { .. } => "date_twice",
            Self::EndNotAfterStart => "end_not_after_start",
            Self::Overlaps { .. } => "overlaps",
            Self::NotCalendar => "not_calendar",
            Self::Property => "property",
            Self::Unclosed { .. } => "unclosed",
            Self::Recurring => "recurring",
            Self::NotAllDay => "not_all_day",
        }
    }

    /// Placeholders of the sentence.
    pub fn params(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::TooLarge { what, is, max } => vec![
                ("what", (*what).to_owned()),
                ("is", is.to_string()),
                ("max", max.to_string()),
            ],
            Self::Encoding { encoding } => vec![("encoding", (*encoding).to_owned())],
            Self::ColumnMissing { names } => vec![("names", names.clone())],
            Self::ColumnTwice { other } => vec![("other", other.to_string())],
            Self::Cells { is, max } => vec![("is", is.to_string()), ("max", max.to_string())],
            Self::Twice { line } | Self::Overlaps { line } => vec![("other", line.to_string())],
            Self::AmbiguousPerson { ids } => vec![("ids", ids.clone())],
            Self::UnknownRole { roles } => vec![("roles", roles.clone())],
            Self::DateSkipped { zone } | Self::DateTwice { zone } => vec![("zone", zone.clone())],
            Self::Unclosed { component } => vec![("component", component.clone())],
            _ => Vec::new(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("there is nothing in the file"),
            Self::TooLarge { what, is, max } => {
                write!(f, "too many {what}: {is}, at most {max}; split the file")
            }
            Self::Encoding { encoding } => {
                write!(f, "not text ({encoding}); save the file as CSV UTF-8")
            }
            Self::ColumnMissing { names } => write!(f, "there is no column {names}"),
            Self::ColumnTwice { other } => write!(f, "column {other} has the same meaning"),
            Self::Quote => f.write_str(
                "a quotation mark is not closed or stands inside a cell; write it twice and the cell in quotation marks",
            ),
            Self::Cells { is, max } => write!(
                f,
                "{is} cells, the head has {max}; put cells with a comma in quotation marks"
            ),
            Self::Missing => f.write_str("must not be empty"),
            Self::Control => f.write_str("a control character; remove it"),
            Self::Id => f.write_str("not an id; use letters, digits and . _ - @, at most 64"),
            Self::Phone => f.write_str("not a telephone number; write 13800001234 or +8613800001234"),
            Self::PhoneRounded => f.write_str(
                "the spreadsheet has rounded the number; format the column as text and type it again",
            ),
            Self::Email => f.write_str("not an e-mail address"),
            Self::Zone => f.write_str("not a time zone; write it like Asia/Shanghai"),
            Self::Twice { line } => write!(f, "the same as in line {line}"),
            Self::UnknownPerson => f.write_str("nobody of that id or name; import the people first"),
            Self::AmbiguousPerson { ids } => {
                write!(f, "several people of that name; write one of the ids {ids}")
            }
            Self::UnknownRota => f.write_str("no rota of that id or name"),
            Self::UnknownRole { roles } => write!(f, "not a role of that rota; it has {roles}"),
            Self::Date => f.write_str("not a date and time; write it like 2026-11-21 09:00"),
            Self::DateNoYear => f.write_str("the year is missing; write it like 2026-11-21 09:00"),
            Self::DateOrder => {
                f.write_str("the year must come first; write it like 2026-11-21 09:00")
            }
            Self::DateNumber => f.write_str(
                "a number instead of a date; format the column as date or text in the spreadsheet",
            ),
            Self::DateNoSuchDay => f.write_str("there is no such day"),
            Self::DateYear => f.write_str("the year must be between 2000 and 2199"),
            Self::DateSkipped { zone } => write!(
                f,
                "this hour does not exist in {zone}: the clocks go forward"
            ),
            Self::DateTwice { zone } => write!(
                f,
                "this hour is there twice in {zone}: the clocks go back; write the offset too, like 02:30+02:00"
            ),
            Self::EndNotAfterStart => f.write_str("the end is not after the beginning"),
            Self::Overlaps { line } => write!(f, "overlaps line {line}"),
            Self::NotCalendar => f.write_str("not a calendar file (it must begin with BEGIN:VCALENDAR)"),
            Self::Property => f.write_str("not a line of a calendar file"),
            Self::Unclosed { component } => write!(f, "{component} is not ended"),
            Self::Recurring => f.write_str("repeats; write each day as an event of its own"),
            Self::NotAllDay => f.write_str("lasts hours; a holiday lasts whole days"),
        }
    }
}

/// One thing that is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Fault {
    /// From 1, as a spreadsheet numbers its rows (a cell with line breaks is in one row); in a calendar file, the line of the text. 0 when the
    /// file as a whole is meant.
    pub line: u64,
    /// Column of the spreadsheet, from 1; 0 when the whole line is meant.
    pub column: u64,
    /// Which part.
    pub field: Field,
    /// What stands there, shortened.
    pub cell: String,
    /// What is wrong.
    pub problem: Problem,
}

impl Fault {
    /// About the file as a whole.
    pub(crate) fn of_file(problem: Problem) -> Self {
        Self {
            line: 0,
            column: 0,
            field: Field::File,
            cell: String::new(),
            problem,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line > 0 {
            write!(f, "line {}", self.line)?;
            if self.column > 0 {
                write!(f, ", column {}", self.column)?;
            }
            write!(f, ", {}", self.field.code())?;
            if !self.cell.is_empty() {
                write!(f, " {:?}", self.cell)?;
            }
            f.write_str(": ")?;
        }
        self.problem.fmt(f)
    }
}

/// A file that was refused; nothing of it was taken.
#[derive(Clone, Debug, Default, PartialEq, Eq, thiserror::Error)]
pub struct Refused {
    /// What is wrong, by line and column; [`MAX_FAULTS`] at most.
    pub faults: Vec<Fault>,
    /// Further faults that are only counted.
    pub more: u64,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, fault) in self.faults.iter().enumerate() {
            if i > 0 {
                f.write_str("\n")?;
            }
            fault.fmt(f)?;
        }
        if self.more > 0 {
            write!(f, "\nand {} more", self.more)?;
        }
        Ok(())
    }
}

impl From<Fault> for Refused {
    fn from(fault: Fault) -> Self {
        Self {
            faults: vec![fault],
            more: 0,
        }
    }
}

impl Refused {
    pub(crate) fn add(&mut self, fault: Fault) {
        if self.faults.len() < MAX_FAULTS {
            self.faults.push(fault);
        } else {
            self.more = self.more.saturating_add(1);
        }
    }

    /// In order.
    pub(crate) fn whole(mut self) -> Self {
        self.faults.sort_by_key(|f| (f.line, f.column));
        self
    }

    /// All or nothing.
    pub(crate) fn or<T>(self, value: T) -> Result<T, Self> {
        if self.faults.is_empty() {
            return Ok(value);
        }
        Err(self.whole())
    }
}

/// A cell's text as a fault shows it.
pub(crate) fn shown(cell: &str) -> String {
    let mut shown: String = cell
        .chars()
        .take(CELL_CHARS)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if cell.chars().nth(CELL_CHARS).is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use std::collections::BTreeSet;

    /// What [`Problem::TooLarge`] can be about.
    const WHAT: [&str; 9] = [
        "bytes",
        "rows",
        "columns",
        "events",
        "characters",
        "depth",
        "properties",
        "days",
        "names",
    ];

    fn every() -> Vec<Problem> {
        let x = || "x".to_owned();
        vec![
            Problem::Empty,
            Problem::TooLarge {
                what: "rows",
                is: 2,
                max: 1,
            },
            Problem::Encoding { encoding: "x" },
            Problem::ColumnMissing { names: x() },
            Problem::ColumnTwice { other: 1 },
            Problem::Quote,
            Problem::Cells { is: 2, max: 1 },
            Problem::Missing,
            Problem::Control,
            Problem::Id,
            Problem::Phone,
            Problem::PhoneRounded,
            Problem::Email,
            Problem::Zone,
            Problem::Twice { line: 1 },
            Problem::UnknownPerson,
            Problem::AmbiguousPerson { ids: x() },
            Problem::UnknownRota,
            Problem::UnknownRole { roles: x() },
            Problem::Date,
            Problem::DateNoYear,
            Problem::DateOrder,
            Problem::DateNumber,
            Problem::DateNoSuchDay,
            Problem::DateYear,
            Problem::DateSkipped { zone: x() },
            Problem::DateTwice { zone: x() },
            Problem::EndNotAfterStart,
            Problem::Overlaps { line: 1 },
            Problem::NotCalendar,
            Problem::Property,
            Problem::Unclosed { component: x() },
            Problem::Recurring,
            Problem::NotAllDay,
        ]
    }

    fn placeholders(text: &str) -> BTreeSet<&str> {
        let parts = text.split("%{").skip(1);
        parts
            .filter_map(|p| p.split_once('}'))
            .map(|(name, _)| name)
            .collect()
    }

    #[test]
    fn every_problem_and_field_has_its_sentence_in_both_languages() {
        let codes: Vec<_> = every().iter().map(Problem::code).collect();
        assert_eq!(codes, Problem::CODES);
        let texts = [
            include_str!("../../../locales/zh-CN.yml"),
            include_str!("../../../locales/en.yml"),
        ];
        for text in texts {
            let all: Value = serde_saphyr::from_str(text).expect("YAML");
            let exchange = &all["exchange"];
            let keys = |part: &str| -> BTreeSet<String> {
                let map = exchange[part].as_object().expect("texts");
                map.keys().cloned().collect()
            };
            let set = |names: &[&str]| {
                names
                    .iter()
                    .map(|n| (*n).to_owned())
                    .collect::<BTreeSet<_>>()
            };
            assert_eq!(keys("problem"), set(&Problem::CODES));
            assert_eq!(keys("field"), set(&Field::ALL.map(Field::code)));
            assert_eq!(keys("what"), set(&WHAT));
            for problem in every() {
                let sentence = exchange["problem"][problem.code()].as_str().expect("text");
                let params = problem.params();
                let given: BTreeSet<&str> = params.iter().map(|(name, _)| *name).collect();
                assert_eq!(placeholders(sentence), given, "{}", problem.code());
            }
        }
    }

    #[test]
    fn a_fault_is_shown_with_its_place_and_bounded() {
        let fault = Fault {
            line: 7,
            column: 3,
            field: Field::From,
            cell: shown(&"长".repeat(500)),
            problem: Problem::DateNoYear,
        };
        let text = fault.to_string();
        let begin = "line 7, column 3, from \"长长";
        assert!(
            text.starts_with(begin) && text.contains("…\": the year is missing"),
            "{text}"
        );
        assert!(text.chars().count() < 160);
        assert_eq!(
            Fault::of_file(Problem::Empty).to_string(),
            "there is nothing in the file"
        );
    }
}
