//! Shifts: overrides to take over, and resolved shifts to hand out.

use super::table::{self, Column, Row};
use crate::Language;
use crate::fault::{Fault, Field, Problem, Refused, shown};
use crate::names::role_name;
use crate::when::{self, Edge};
use crate::who::{self, Names};
use chrono::{DateTime, TimeZone};
use chrono_tz::Tz;
use model::rota::{Book, Override, Rota, RotaId, Shift};
use std::collections::BTreeMap;

const COLUMNS: [Column; 6] = [
    Column {
        field: Field::Rota,
        names: &["排班表", "rota", "排班", "值班表", "schedule"],
        required: true,
    },
    Column {
        field: Field::Role,
        names: &["角色", "role", "岗位"],
        required: true,
    },
    Column {
        field: Field::Person,
        names: &["值班人", "person", "人员", "姓名", "name", "编号", "id"],
        required: true,
    },
    Column {
        field: Field::From,
        names: &["开始", "from", "开始时间", "start", "begin"],
        required: true,
    },
    Column {
        field: Field::Until,
        names: &["结束", "until", "结束时间", "end", "to"],
        required: true,
    },
    Column {
        field: Field::Why,
        names: &["原因", "why", "备注", "说明", "reason", "note"],
        required: false,
    },
];

/// Characters of a reason at most, as many as an override may have.
const MAX_WHY: usize = 1000;

/// Overrides that were read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overrides {
    /// In the order of the rows, for [`model::rota::Edit::PutOverrides`]: without number, without who has decided them and when.
    pub overrides: Vec<Override>,
    /// Heads of columns that were not read, because nothing is known of them.
    pub ignored: Vec<String>,
}

/// Reads shifts to put into rotas: a head (排班表/rota, 角色/role, 值班人/person, 开始/from, 结束/until, 原因/why, in any order), then a row for each shift. Rotas
/// and people are named by id or name, roles as the rota has them; times are in the rota's zone unless they carry an offset, and a date alone is
/// the whole day (an end on the 23rd covers the 23rd). A file without a column for the rota is about the rota `target`.
///
/// # Errors
/// All faults of the file; nothing is taken from a file with faults.
pub fn overrides_from_csv(
    bytes: &[u8],
    book: &Book,
    target: Option<&RotaId>,
) -> Result<Overrides, Refused> {
    let mut refused = Refused::default();
    let target = target.filter(|id| book.rotas.contains_key(id));
    let given = target.map(|_| Field::Rota);
    let table = match table::read(bytes, &COLUMNS, given, &mut refused) {
        Ok(table) => table,
        Err(fault) => {
            refused.add(fault);
            return Err(refused.whole());
        }
    };
    let names = Names::of(book);
    let target = target.filter(|_| !table.columns.contains(&Field::Rota));
    let mut shifts = Vec::with_capacity(table.rows.len());
    for row in &table.rows {
        let (shift, faults) = shift(row, &names, target);
        shifts.extend(shift.map(|s| (row.line, s)));
        for fault in faults {
            refused.add(fault);
        }
    }
    let rows: BTreeMap<u64, &Row> = table.rows.iter().map(|r| (r.line, r)).collect();
    who::overlaps(&shifts, &mut refused, |line, problem| {
        rows.get(&line).map_or_else(
            || Fault::of_file(problem.clone()),
            |row| row.fault(Field::From, problem.clone()),
        )
    });
    refused.or(Overrides {
        overrides: shifts.into_iter().map(|(_, shift)| shift).collect(),
        ignored: table.ignored,
    })
}

fn shift(row: &Row, names: &Names, target: Option<&RotaId>) -> (Option<Override>, Vec<Fault>) {
    let mut faults = Vec::new();
    let rota = names.rota(target.map_or_else(|| row.text(Field::Rota), |id| &id.0));
    // without the rota neither its roles nor its zone are known; a date can still be no date at all
    let zone = rota.as_ref().map_or(Tz::UTC, |r| r.zone);
    let known = rota.is_ok();
    let mut take = |field: Field, problem: Problem| faults.push(row.fault(field, problem));
    let rota = rota.map_err(|p| take(Field::Rota, p)).ok();
    let role = rota.and_then(|rota| {
        who::role(rota, row.text(Field::Role))
            .map_err(|p| take(Field::Role, p))
            .ok()
    });
    let person = names
        .person(row.text(Field::Person))
        .map_err(|p| take(Field::Person, p))
        .ok();
    let mut time = |field: Field, edge: Edge| {
        let text = row.text(field);
        let read = match text {
            "" => Err(Problem::Missing),
            text => when::read(text, zone, edge),
        };
        let skipped =
            |p: &Problem| matches!(p, Problem::DateSkipped { .. } | Problem::DateTwice { .. });
        match read {
            Ok(at) => Some(at),
            Err(p) if !known && skipped(&p) => None,
            Err(p) => {
                take(field, p);
                None
            }
        }
    };
    let (from, until) = (
        time(Field::From, Edge::From),
        time(Field::Until, Edge::Until),
    );
    if let (Some(from), Some(until)) = (from, until)
        && let Some(problem) = who::wrong_length(from, until)
    {
        take(Field::Until, problem);
    }
    let length = row.text(Field::Why).chars().count();
    if length > MAX_WHY {
        let (what, is, max) = ("characters", length as u64, MAX_WHY as u64);
        take(Field::Why, Problem::TooLarge { what, is, max });
    }
    let shift = (|| {
        Some(Override {
            rota: rota?.id.clone(),
            role: role?,
            person: person?,
            from: from?,
            until: until.filter(|u| Some(*u) > from)?,
            why: row.text(Field::Why).to_owned(),
            ..Override::default()
        })
    })();
    (shift, faults)
}

/// Writes resolved shifts of a rota so that Excel opens them, and that [`overrides_from_csv`] reads them back as overrides: times in the rota's
/// zone, with their offset in the hour that the clocks repeat; people by name, or by id where two have the same name.
pub fn shifts_csv<'a>(
    book: &Book,
    rota: &Rota,
    shifts: impl IntoIterator<Item = &'a Shift>,
    language: Language,
) -> Vec<u8> {
    let names = Names::of(book);
    let row = |s: &Shift| {
        let name = book.name_of(&s.person);
        let person = match names.person(name) {
            Ok(id) if id == s.person => name,
            _ => s.person.as_str(),
        };
        vec![
            (Field::Rota, rota.id.0.clone()),
            (Field::Role, role_name(&s.role, language).to_owned()),
            (Field::Person, person.to_owned()),
            (Field::From, local(s.from, rota.zone)),
            (Field::Until, local(s.until, rota.zone)),
        ]
    };
    table::write(&COLUMNS, language, shifts.into_iter().map(row))
}

fn local(at: i64, zone: Tz) -> String {
    let Some(utc) = DateTime::from_timestamp_millis(at) else {
        return shown(&at.to_string());
    };
    let local = utc.with_timezone(&zone);
    let once = zone
        .from_local_datetime(&local.naive_local())
        .single()
        .is_some();
    let format = match (once, at % 60_000 == 0) {
        (true, true) => "%Y-%m-%d %H:%M",
        (true, false) => "%Y-%m-%d %H:%M:%S",
        (false, true) => "%Y-%m-%d %H:%M%:z",
        (false, false) => "%Y-%m-%d %H:%M:%S%:z",
    };
    local.format(format).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::book;
    use encoding_rs::GB18030;
    use model::rota::{DutyReason, OverrideId, Role};

    fn read(text: &str) -> Result<Overrides, Refused> {
        overrides_from_csv(text.as_bytes(), &book(), None)
    }

    fn found(text: &str) -> Vec<(u64, u64, &'static str)> {
        let refused = read(text).expect_err("refused");
        let fault = |f: &Fault| (f.line, f.column, f.problem.code());
        refused.faults.iter().map(fault).collect()
    }

    #[test]
    fn shifts_are_read_in_chinese_and_english() {
        let chinese = "排班表,角色,值班人,开始,结束,原因\r\n平台值班,主值,张三,2026-11-21 09:00,2026-11-21 18:00,换班\r\nplatform,备值,lisi,2026/11/21,2026/11/22,\r\n";
        let english = "person;until;from;role;rota;why\nzhang.san@example.com;2026-11-21 10:00Z;2026-11-21T01:00:00Z;primary;platform;换班\n\
                       李四;2026-11-22 24:00;2026-11-21;Secondary;platform\n";
        let (gbk, _, _) = GB18030.encode(chinese);
        let of_gbk = overrides_from_csv(&gbk, &book(), None).expect("GBK");
        let read = read(chinese).expect("shifts");
        assert_eq!(read, of_gbk);
        assert_eq!(
            read,
            overrides_from_csv(english.as_bytes(), &book(), None).expect("English")
        );
        let [first, second] = read.overrides.as_slice() else {
            panic!("two shifts")
        };
        assert_eq!(
            (first.person.as_str(), first.role.clone()),
            ("zhangsan", Role::Primary)
        );
        assert_eq!(
            (first.from, first.until),
            (1_795_222_800_000, 1_795_255_200_000)
        );
        assert_eq!(
            (first.rota.0.as_str(), first.why.as_str()),
            ("platform", "换班")
        );
        assert_eq!(second.until - second.from, 2 * 86_400_000);
    }

    #[test]
    fn a_file_without_a_column_for_the_rota_is_about_the_one_that_is_meant() {
        let text = "角色,值班人,开始,结束,加班费\n主值,张三,2026-11-21 09:00,2026-11-21 18:00,是\n";
        let target = RotaId::from("platform");
        let read = overrides_from_csv(text.as_bytes(), &book(), Some(&target)).expect("a shift");
        assert_eq!(read.overrides[0].rota, target);
        assert_eq!(read.ignored, ["加班费"]);
        assert_eq!(found(text), [(1, 0, "column_missing")]);
        let nowhere = overrides_from_csv(text.as_bytes(), &book(), Some(&"nowhere".into()));
        assert_eq!(
            nowhere.expect_err("refused").faults[0].problem.code(),
            "column_missing"
        );
        // what the file says itself counts
        let text = "排班表,角色,值班人,开始,结束\n,主值,张三,2026-11-21,2026-11-21\n";
        let refused = overrides_from_csv(text.as_bytes(), &book(), Some(&target));
        assert_eq!(
            refused.expect_err("refused").faults[0].problem.code(),
            "missing"
        );
    }

    #[test]
    fn all_faults_are_told_at_once_and_nothing_is_taken() {
        let text = "rota,role,person,from,until\n\
            platform,主值,张三,2026-11-21 09:00,2026-11-21 18:00\n\
            platform,主值,赵七,11月21日,2026-11-22 09:00\n\
            \n\
            nowhere,x,王五,2026-02-30,\n\
            platform,dba,张三,46347.5,11/22/2026\n\
            platform,主值,李四,2026-11-21 17:00,2026-11-21 23:00\n\
            platform,主值,张三,2026-11-23 09:00,2026-11-23 09:00\n\
            platform,主值,张三,2026-11-24,2062-11-24\n\
            platform,主值,张三,1999-12-30,1999-12-31\n";
        assert_eq!(
            found(text),
            [
                (3, 3, "unknown_person"),
                (3, 4, "date_no_year"),
                (5, 1, "unknown_rota"),
                (5, 3, "ambiguous_person"),
                (5, 4, "date_no_such_day"),
                (5, 5, "missing"),
                (6, 2, "unknown_role"),
                (6, 4, "date_number"),
                (6, 5, "date_order"),
                (7, 4, "overlaps"),
                (8, 5, "end_not_after_start"),
                (9, 5, "too_large"),
                (10, 5, "date_year"),
            ]
        );
        let refused = read(text).expect_err("refused");
        let shown = refused.to_string();
        assert!(
            shown.contains("line 3, column 4, from \"11月21日\": the year is missing"),
            "{shown}"
        );
        assert!(
            shown.contains("line 7, column 4, from \"2026-11-21 17:00\": overlaps line 2"),
            "{shown}"
        );
        assert!(shown.contains("it has primary, secondary"), "{shown}");
        assert!(shown.contains("wang1, wang2"), "{shown}");
    }

    #[test]
    fn shifts_may_touch_and_may_overlap_in_other_roles() {
        let text = "rota,role,person,from,until\n\
            platform,主值,张三,2026-11-21 18:00,2026-11-22 09:00\n\
            platform,主值,李四,2026-11-21 09:00,2026-11-21 18:00\n\
            platform,备值,张三,2026-11-21 09:00,2026-11-22 09:00\n";
        assert_eq!(read(text).expect("no overlap").overrides.len(), 3);
        // one long shift over two short ones that do not overlap each other
        let text = "rota,role,person,from,until\n\
            platform,主值,张三,2026-11-21,2026-11-30\n\
            platform,主值,李四,2026-11-22,2026-11-22\n\
            platform,主值,李四,2026-11-24,2026-11-24\n";
        assert_eq!(found(text), [(3, 4, "overlaps"), (4, 4, "overlaps")]);
    }

    #[test]
    fn faults_are_listed_up_to_a_number_and_counted() {
        let text = format!(
            "rota,role,person,from,until\n{}",
            "platform,主值,x,y,z\n".repeat(2000)
        );
        let refused = read(&text).expect_err("refused");
        assert_eq!((refused.faults.len(), refused.more), (1000, 5000));
        assert!(refused.to_string().ends_with("and 5000 more"));
    }

    #[test]
    fn shifts_that_are_written_are_read_back() {
        let book = book();
        let mut rota = book.rotas[&"platform".into()].as_ref().clone();
        rota.zone = Tz::Europe__Berlin;
        let mut berlin = book.clone();
        berlin.rotas.insert(rota.id.clone(), rota.clone().into());
        // over the hour that is there twice on 25 October 2026, in pieces of 30 minutes
        let begin = 1_792_882_800_000;
        let shift = |i: i64| Shift {
            role: Role::Primary,
            person: ["zhangsan", "wang1"][(i % 2).unsigned_abs() as usize].to_owned(),
            from: begin + i * 1_800_000,
            until: begin + (i + 1) * 1_800_000,
            reason: DutyReason::Override { id: OverrideId(1) },
            layer: None,
            day: None,
            instead_of: Vec::new(),
        };
        let shifts: Vec<Shift> = (0..12).map(shift).collect();
        for language in [Language::Chinese, Language::English] {
            let bytes = shifts_csv(&berlin, &rota, &shifts, language);
            let text = String::from_utf8_lossy(&bytes).into_owned();
            assert!(
                text.starts_with('\u{feff}') && text.contains("2026-10-25 02:30+01:00"),
                "{text}"
            );
            assert!(text.contains("张三") && text.contains("wang1"), "{text}");
            let back = overrides_from_csv(&bytes, &berlin, None).expect("what we wrote");
            let stretch = |s: &Shift| (s.person.clone(), s.from, s.until);
            let read: Vec<_> = back
                .overrides
                .iter()
                .map(|o| (o.person.clone(), o.from, o.until))
                .collect();
            assert_eq!(read, shifts.iter().map(stretch).collect::<Vec<_>>());
        }
    }
}
