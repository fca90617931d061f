//! A CSV file as rows of cells by the meaning of their columns (RFC 4180; comma, semicolon or tab, whichever the head has).

use crate::Language;
use crate::fault::{Fault, Field, Problem, Refused, shown};
use crate::text;
use std::collections::{BTreeMap, BTreeSet};

/// Rows of a file at most, the head not counted.
pub const MAX_ROWS: u64 = 100_000;
/// Columns of a file at most.
const MAX_COLUMNS: usize = 100;
/// Characters of a cell at most.
const MAX_CELL: usize = 2000;

/// A column that is known.
pub(crate) struct Column {
    pub(crate) field: Field,
    /// What its head may say, in lower case; the first two are what we write, Chinese and English.
    pub(crate) names: &'static [&'static str],
    pub(crate) required: bool,
}

/// A row's cells.
pub(crate) struct Row {
    /// As a spreadsheet numbers it.
    pub(crate) line: u64,
    /// Column from 1 and text, without the spaces around it.
    cells: BTreeMap<Field, (u64, String)>,
}

impl Row {
    /// The cell's text; empty when there is none.
    pub(crate) fn text(&self, field: Field) -> &str {
        self.cells.get(&field).map_or("", |(_, text)| text.as_str())
    }

    /// A fault of the cell.
    pub(crate) fn fault(&self, field: Field, problem: Problem) -> Fault {
        let (column, text) = self.cells.get(&field).map_or((0, ""), |(c, t)| (*c, t));
        Fault {
            line: self.line,
            column,
            field,
            cell: shown(text),
            problem,
        }
    }
}

/// A file's rows.
pub(crate) struct Table {
    pub(crate) rows: Vec<Row>,
    /// What it has columns for.
    pub(crate) columns: BTreeSet<Field>,
    /// Heads of columns that nobody knows.
    pub(crate) ignored: Vec<String>,
}

/// Reads a file. What is wrong with single rows goes to `refused`, and the other rows are read all the same. A column that is `given` need not
/// be there: the caller knows what would stand in it.
///
/// # Errors
/// When it has no head that can be understood.
pub(crate) fn read(
    bytes: &[u8],
    columns: &[Column],
    given: Option<Field>,
    refused: &mut Refused,
) -> Result<Table, Fault> {
    let text = text::decode(bytes)?;
    let mut records = Records::new(&text);
    let Some((head_line, head)) = records.next_record(refused) else {
        return Err(Fault::of_file(Problem::Empty));
    };
    let head = Head::of(head_line, &head, columns, given, refused)?;
    let mut table = Table {
        rows: Vec::new(),
        columns: head.fields.iter().copied().flatten().collect(),
        ignored: head.ignored.clone(),
    };
    let mut read = 0;
    while let Some((line, record)) = records.next_record(refused) {
        read += 1;
        if read > MAX_ROWS {
            let rest = records.count();
            return Err(Fault::of_file(Problem::TooLarge {
                what: "rows",
                is: MAX_ROWS + 1 + rest,
                max: MAX_ROWS,
            }));
        }
        table.rows.extend(head.row(line, &record, refused));
    }
    Ok(table)
}

/// What the head says of each column.
struct Head {
    fields: Vec<Option<Field>>,
    ignored: Vec<String>,
}

impl Head {
    fn of(
        line: u64,
        cells: &csv::StringRecord,
        columns: &[Column],
        given: Option<Field>,
        refused: &mut Refused,
    ) -> Result<Self, Fault> {
        if cells.len() > MAX_COLUMNS {
            return Err(Fault::of_file(Problem::TooLarge {
                what: "columns",
                is: cells.len() as u64,
                max: MAX_COLUMNS as u64,
            }));
        }
        let (mut fields, mut ignored) = (Vec::new(), Vec::new());
        let mut places: BTreeMap<Field, u64> = BTreeMap::new();
        for (column, cell) in (1..).zip(cells) {
            let name = cell.trim().to_lowercase();
            let known = columns.iter().find(|c| c.names.contains(&name.as_str()));
            let Some(known) = known else {
                if !name.is_empty() {
                    ignored.push(shown(cell.trim()));
                }
                fields.push(None);
                continue;
            };
            if let Some(other) = places.insert(known.field, column) {
                refused.add(Fault {
                    line,
                    column,
                    field: known.field,
                    cell: shown(cell),
                    problem: Problem::ColumnTwice { other },
                });
            }
            fields.push(Some(known.field));
        }
        let absent =
            |c: &&Column| c.required && given != Some(c.field) && !places.contains_key(&c.field);
        let missing: Vec<_> = columns.iter().filter(absent).collect();
        let Some((last, others)) = missing.split_last() else {
            return Ok(Self { fields, ignored });
        };
        let fault = |c: &Column| Fault {
            line,
            column: 0,
            field: c.field,
            cell: String::new(),
            problem: Problem::ColumnMissing {
                names: c
                    .names
                    .iter()
                    .take(2)
                    .copied()
                    .collect::<Vec<_>>()
                    .join("/"),
            },
        };
        for column in others {
            refused.add(fault(column));
        }
        Err(fault(last))
    }

    fn row(&self, line: u64, record: &csv::StringRecord, refused: &mut Refused) -> Option<Row> {
        if record.iter().all(|c| c.trim().is_empty()) {
            return None; // a spreadsheet writes such rows below the last
        }
        let filled = (1..).zip(record).filter(|(_, c)| !c.trim().is_empty());
        let is = filled.map(|(i, _)| i).max().unwrap_or(0_usize);
        if is > self.fields.len() {
            let extra = record.get(self.fields.len()).unwrap_or_default();
            refused.add(Fault {
                line,
                column: self.fields.len() as u64 + 1,
                field: Field::Row,
                cell: shown(extra),
                problem: Problem::Cells {
                    is: is as u64,
                    max: self.fields.len() as u64,
                },
            });
            return None;
        }
        let mut cells = BTreeMap::new();
        let mut whole = true;
        for ((column, field), cell) in (1..).zip(&self.fields).zip(record) {
            let Some(field) = *field else { continue };
            let cell = unguarded(cell.trim());
            let fault = |problem| Fault {
                line,
                column,
                field,
                cell: shown(cell),
                problem,
            };
            let length = cell.chars().count();
            if length > MAX_CELL {
                refused.add(fault(Problem::TooLarge {
                    what: "characters",
                    is: length as u64,
                    max: MAX_CELL as u64,
                }));
                whole = false;
            } else if cell
                .chars()
                .any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
            {
                refused.add(fault(Problem::Control));
                whole = false;
            }
            cells.insert(field, (column, cell.to_owned()));
        }
        whole.then_some(Row { line, cells })
    }
}

/// The records of a text with the numbers that a spreadsheet gives their rows: empty lines count, line breaks inside cells do not.
struct Records<'a> {
    text: &'a [u8],
    reader: csv::Reader<&'a [u8]>,
    line: u64,
    /// Where the last record ended.
    end: usize,
}

impl<'a> Records<'a> {
    fn new(text: &'a str) -> Self {
        let reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter(text))
            .from_reader(text.as_bytes());
        Self {
            text: text.as_bytes(),
            reader,
            line: 0,
            end: 0,
        }
    }

    /// The next record that is one; others are told to `refused`.
    fn next_record(&mut self, refused: &mut Refused) -> Option<(u64, csv::StringRecord)> {
        let mut record = csv::StringRecord::new();
        loop {
            // the text is UTF-8 and any number of cells is allowed: nothing is left that could fail
            if !self.reader.read_record(&mut record).unwrap_or(false) {
                return None;
            }
            let raw = self.advance();
            if raw.iter().filter(|b| **b == b'"').count() % 2 == 0 {
                return Some((self.line, record));
            }
            refused.add(Fault {
                line: self.line,
                column: 0,
                field: Field::Row,
                cell: shown(&String::from_utf8_lossy(raw)),
                problem: Problem::Quote,
            });
        }
    }

    /// Counts the lines up to the record that was just read, and answers its bytes.
    fn advance(&mut self) -> &'a [u8] {
        let from = self.end;
        let to = usize::try_from(self.reader.position().byte()).unwrap_or(usize::MAX);
        self.end = to.min(self.text.len());
        let mut raw = self.text.get(from..self.end).unwrap_or_default();
        // the record before may have ended between CR and LF
        let before = from.checked_sub(1).and_then(|i| self.text.get(i));
        if let (Some(b'\r'), Some((b'\n', rest))) = (before, raw.split_first()) {
            raw = rest;
        }
        self.line += 1;
        loop {
            raw = match raw {
                [b'\r', b'\n', rest @ ..] | [b'\r' | b'\n', rest @ ..] => rest,
                record => return record,
            };
            self.line += 1;
        }
    }

    /// Records that are left.
    fn count(self) -> u64 {
        self.reader.into_byte_records().count() as u64
    }
}

/// Comma, semicolon or tab: what the first line that is not empty has most of. Excel writes a semicolon where the comma is the decimal sign.
fn delimiter(text: &str) -> u8 {
    let head = text.lines().find(|l| !l.trim().is_empty()).unwrap_or("");
    let count = |c: u8| head.bytes().filter(|b| *b == c).count();
    // of several the last: a comma wins
    [b'\t', b';', b',']
        .into_iter()
        .max_by_key(|c| count(*c))
        .unwrap_or(b',')
}

/// Signs by which a spreadsheet takes a cell for a formula.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// Whether [`unguarded`] takes something away.
fn looks_guarded(cell: &str) -> bool {
    let mut chars = cell.chars();
    chars.next() == Some('\'')
        && chars
            .next()
            .is_some_and(|c| c == '\'' || FORMULA.contains(&c))
}

/// A cell that a spreadsheet would calculate (`=HYPERLINK(…)`) or turn into a number (`+8613800001234`) gets an apostrophe before it; it then
/// is text everywhere. [`unguarded`] takes it away again.
pub(crate) fn guarded(cell: &str) -> String {
    if cell.starts_with(FORMULA) || looks_guarded(cell) {
        format!("'{cell}")
    } else {
        cell.to_owned()
    }
}

fn unguarded(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if looks_guarded(cell) => rest,
        _ => cell,
    }
}

/// Writes a file that Excel opens as UTF-8: with the mark, CRLF, and quotation marks where they are needed.
pub(crate) fn write<'a>(
    columns: &[Column],
    language: Language,
    rows: impl Iterator<Item = Vec<(Field, String)>> + 'a,
) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer("\u{feff}".as_bytes().to_vec());
    let name = usize::from(language == Language::English);
    let head = columns.iter().map(|c| c.names.get(name).copied());
    // writing to memory, with as many cells in each row, cannot fail
    let _ = writer.write_record(head.map(Option::unwrap_or_default));
    for row in rows {
        let cell = |c: &Column| {
            let cell = row.iter().find(|(field, _)| *field == c.field);
            cell.map(|(_, text)| guarded(text)).unwrap_or_default()
        };
        let _ = writer.write_record(columns.iter().map(cell));
    }
    writer.into_inner().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const COLUMNS: [Column; 2] = [
        Column {
            field: Field::Id,
            names: &["编号", "id"],
            required: true,
        },
        Column {
            field: Field::Name,
            names: &["姓名", "name"],
            required: false,
        },
    ];

    fn rows(text: &str) -> (Vec<(u64, String, String)>, Refused) {
        let mut refused = Refused::default();
        let table = read(text.as_bytes(), &COLUMNS, None, &mut refused).expect("a head");
        let cells = |r: &Row| {
            let text = |f| r.text(f).to_owned();
            (r.line, text(Field::Id), text(Field::Name))
        };
        (table.rows.iter().map(cells).collect(), refused)
    }

    fn row(line: u64, id: &str, name: &str) -> (u64, String, String) {
        (line, id.to_owned(), name.to_owned())
    }

    #[test]
    fn rows_are_numbered_as_a_spreadsheet_does() {
        for end in ["\n", "\r\n", "\r"] {
            let text = [
                "编号,姓名",    // 1
                "a,\"张\n三\"", // 2, over two lines of text
                "",
                "b,李四", // 4
                ",",
                "",
                "\"c\",王五", // 7
                "d",
            ]
            .join(end);
            let (rows, refused) = rows(&text);
            let expected = [
                row(2, "a", "张\n三"),
                row(4, "b", "李四"),
                row(7, "c", "王五"),
                row(8, "d", ""),
            ];
            assert_eq!(rows, expected, "{end:?}");
            assert_eq!(refused, Refused::default());
        }
    }

    #[test]
    fn each_delimiter_is_found_by_the_head() {
        for c in [',', ';', '\t'] {
            let (found, refused) = rows(&format!("\n ID {c}Name\r\n a{c}\"x,y;\tz\"\r\n"));
            assert_eq!(found, [row(3, "a", "x,y;\tz")], "{c:?}");
            assert_eq!(refused, Refused::default());
        }
    }

    #[test]
    fn quotes_that_are_not_closed_and_too_many_cells_are_told_by_row() {
        let (rows, refused) = rows("id,name\na,张三,x\nb,5\" disk\nc,\"李四\nd,王五\n");
        assert_eq!(rows, []);
        let found: Vec<_> = refused
            .faults
            .iter()
            .map(|f| (f.line, f.column, f.problem.code()))
            .collect();
        assert_eq!(found, [(2, 3, "cells"), (3, 0, "quote"), (4, 0, "quote")]);
        assert!(refused.faults[2].cell.starts_with("c,\"李四 d"));
    }

    #[test]
    fn heads_are_checked() {
        let mut refused = Refused::default();
        let fault = read("姓名,备注\nx,y\n".as_bytes(), &COLUMNS, None, &mut refused).err();
        let problem = fault.expect("refused").problem;
        assert_eq!(
            problem,
            Problem::ColumnMissing {
                names: "编号/id".to_owned()
            }
        );
        let table = read(
            "ID,备注,Id\na,y,b\n".as_bytes(),
            &COLUMNS,
            None,
            &mut refused,
        )
        .expect("read");
        assert_eq!(table.ignored, ["备注"]);
        let fault = refused.faults.first().expect("twice");
        assert_eq!(fault.problem, Problem::ColumnTwice { other: 1 });
        assert_eq!((fault.line, fault.column), (1, 3));
    }

    #[test]
    fn cells_are_bounded_and_without_control_characters() {
        let long = "长".repeat(MAX_CELL + 1);
        let (rows, refused) = rows(&format!("id,name\na,{long}\nb,x\u{7}y\n"));
        assert_eq!(rows, []);
        let codes: Vec<_> = refused.faults.iter().map(|f| f.problem.code()).collect();
        assert_eq!(codes, ["too_large", "control"]);
        assert!(refused.faults[0].cell.chars().count() < 100);
    }

    #[test]
    fn too_many_rows_are_refused_with_their_number() {
        let text = format!("id\n{}", "a\n".repeat(100_003));
        let mut refused = Refused::default();
        let fault = read(text.as_bytes(), &COLUMNS, None, &mut refused).err();
        let problem = fault.expect("refused").problem;
        let (is, max) = (100_003, MAX_ROWS);
        assert_eq!(
            problem,
            Problem::TooLarge {
                what: "rows",
                is,
                max
            }
        );
    }

    #[test]
    fn formulas_are_data() {
        for cell in ["=1+1", "+8613800001234", "-2", "@SUM(A1)", "\t=1"] {
            assert_eq!(guarded(cell), format!("'{cell}"));
        }
        for cell in ["", "张三", "'", "'abc", "a=b"] {
            assert_eq!(guarded(cell), cell);
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(cells in proptest::collection::vec(("[a-z'=+@;,-]{1,5}", "[\\PC\n\"']{0,8}"), 0..8)) {
            let row = |(id, name): &(String, String)| vec![(Field::Id, id.clone()), (Field::Name, name.trim().to_owned())];
            let bytes = write(&COLUMNS, Language::Chinese, cells.iter().map(row));
            let mut refused = Refused::default();
            let table = read(&bytes, &COLUMNS, None, &mut refused).expect("a head");
            prop_assert_eq!(&refused, &Refused::default());
            prop_assert_eq!(table.rows.len(), cells.len());
            for (row, (id, name)) in table.rows.iter().zip(&cells) {
                prop_assert_eq!(row.text(Field::Id), id.as_str());
                prop_assert_eq!(row.text(Field::Name), name.trim());
            }
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let mut refused = Refused::default();
            let _ = read(&bytes, &COLUMNS, None, &mut refused);
        }
    }
}
