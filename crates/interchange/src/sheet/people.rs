//! The list of people.

use super::table::{self, Column, Row};
use crate::Language;
use crate::fault::{Fault, Field, Problem, Refused};
use crate::names::{role_name, split_list, to_list};
use chrono_tz::Tz;
use model::rota::{Book, Contact, Member, Role};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const fn column(field: Field, names: &'static [&'static str], required: bool) -> Column {
    Column {
        field,
        names,
        required,
    }
}

const COLUMNS: [Column; 9] = [
    column(
        Field::Name,
        &["姓名", "name", "名字", "人员", "full name"],
        true,
    ),
    column(
        Field::Id,
        &["编号", "id", "工号", "账号", "用户名", "user", "username"],
        false,
    ),
    column(
        Field::Phone,
        &["手机", "phone", "手机号", "电话", "mobile", "telephone"],
        false,
    ),
    column(
        Field::Email,
        &["邮箱", "email", "邮件", "电子邮箱", "e-mail", "mail"],
        false,
    ),
    column(Field::DingTalk, &["钉钉", "dingtalk"], false),
    column(
        Field::WeCom,
        &["企业微信", "wecom", "企微", "wechat work"],
        false,
    ),
    column(
        Field::Zone,
        &["时区", "zone", "time zone", "timezone"],
        false,
    ),
    column(Field::Roles, &["角色", "roles", "role"], false),
    column(
        Field::Teams,
        &["团队", "teams", "team", "部门", "小组"],
        false,
    ),
];

/// A list of people that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct People {
    /// In the order of the rows, with nothing in what the file has no column for.
    pub members: Vec<Member>,
    /// What the file has columns for.
    pub columns: BTreeSet<Field>,
    /// Heads of columns that were not read, because nothing is known of them.
    pub ignored: Vec<String>,
}

impl People {
    /// The people as they are to be entered into the book ([`model::rota::Edit::PutMembers`]): who is there already keeps what the file has no
    /// column for, so that a list of names and teams erases no telephone numbers. A file without ids finds people by their names.
    pub fn over(&self, book: &Book) -> Vec<Member> {
        let mut names: BTreeMap<&str, Vec<&Arc<Member>>> = BTreeMap::new();
        for member in book.members.values() {
            names.entry(member.name.as_str()).or_default().push(member);
        }
        let known = |m: &Member| {
            let by_id = book.members.get(&m.id);
            by_id.or_else(|| match names.get(m.name.as_str()).map(Vec::as_slice) {
                Some([one]) if m.id == m.name => Some(*one),
                _ => None,
            })
        };
        let merged = |m: &Member| match known(m) {
            Some(former) => self.merged(m, former),
            None => m.clone(),
        };
        self.members.iter().map(merged).collect()
    }

    fn merged(&self, new: &Member, former: &Member) -> Member {
        fn pick<T: Clone>(has: bool, new: &T, former: &T) -> T {
            if has { new.clone() } else { former.clone() }
        }
        let has = |field| self.columns.contains(&field);
        Member {
            id: former.id.clone(),
            name: new.name.clone(),
            phone: pick(has(Field::Phone), &new.phone, &former.phone),
            email: pick(has(Field::Email), &new.email, &former.email),
            dingtalk: pick(has(Field::DingTalk), &new.dingtalk, &former.dingtalk),
            wecom: pick(has(Field::WeCom), &new.wecom, &former.wecom),
            zone: pick(has(Field::Zone), &new.zone, &former.zone),
            roles: pick(has(Field::Roles), &new.roles, &former.roles),
            teams: pick(has(Field::Teams), &new.teams, &former.teams),
        }
    }
}

/// Reads a list of people: a head (姓名/name, 编号/id, 手机/phone, 邮箱/email, 钉钉/dingtalk, 企业微信/wecom, 时区/zone, 角色/roles, 团队/teams, in any order; only
/// the name must be there), then a row for each person. Who has no id gets the name as one. Several roles or teams in a cell are divided by `;` or `、`.
///
/// # Errors
/// All faults of the file; nothing is taken from a file with faults.
pub fn people(bytes: &[u8]) -> Result<People, Refused> {
    let mut refused = Refused::default();
    let table = match table::read(bytes, &COLUMNS, None, &mut refused) {
        Ok(table) => table,
        Err(fault) => {
            refused.add(fault);
            return Err(refused.whole());
        }
    };
    let mut seen: BTreeMap<String, u64> = BTreeMap::new();
    let mut members = Vec::with_capacity(table.rows.len());
    for row in &table.rows {
        let (member, faults) = member(row);
        for fault in faults {
            refused.add(fault);
        }
        if let Some(line) = seen.get(&member.id) {
            let field = if row.text(Field::Id).is_empty() {
                Field::Name
            } else {
                Field::Id
            };
            refused.add(row.fault(field, Problem::Twice { line: *line }));
        } else if !member.id.is_empty() {
            seen.insert(member.id.clone(), row.line);
        }
        members.push(member);
    }
    refused.or(People {
        members,
        columns: table.columns,
        ignored: table.ignored,
    })
}

fn member(row: &Row) -> (Member, Vec<Fault>) {
    let mut faults = Vec::new();
    let mut check = |field: Field, problem: Option<Problem>| {
        faults.extend(problem.map(|p| row.fault(field, p)));
    };
    let name = row.text(Field::Name);
    check(Field::Name, wrong_name(name));
    let id = match row.text(Field::Id) {
        "" => name,
        id => id,
    };
    if !name.is_empty() || !row.text(Field::Id).is_empty() {
        let field = if row.text(Field::Id).is_empty() {
            Field::Name
        } else {
            Field::Id
        };
        check(field, (!is_id(id)).then_some(Problem::Id));
    }
    check(Field::Phone, wrong_phone(row.text(Field::Phone)));
    check(Field::Email, wrong_email(row.text(Field::Email)));
    for field in [Field::DingTalk, Field::WeCom] {
        check(field, wrong_account(row.text(field)));
    }
    let zone = match row.text(Field::Zone) {
        "" => None,
        text => {
            let zone = text.parse::<Tz>().ok();
            check(Field::Zone, zone.is_none().then_some(Problem::Zone));
            zone
        }
    };
    let contact = |field| Contact::new(row.text(field));
    let roles = split_list(row.text(Field::Roles));
    let teams = split_list(row.text(Field::Teams));
    check(Field::Roles, wrong_list(&roles, MAX_ROLES));
    check(Field::Teams, wrong_list(&teams, MAX_TEAMS));
    let member = Member {
        id: id.to_owned(),
        name: name.to_owned(),
        phone: contact(Field::Phone),
        email: contact(Field::Email),
        dingtalk: contact(Field::DingTalk),
        wecom: contact(Field::WeCom),
        zone,
        roles: roles.iter().map(|r| Role::from(r.as_str())).collect(),
        teams,
    };
    (member, faults)
}

/// Roles and teams of one person at most, as many as a member may have.
const MAX_ROLES: usize = 20;
const MAX_TEAMS: usize = 100;

fn wrong_list(names: &[String], max: usize) -> Option<Problem> {
    if names.len() > max {
        return Some(Problem::TooLarge {
            what: "names",
            is: names.len() as u64,
            max: max as u64,
        });
    }
    names.iter().find_map(|n| too_long(n, 100))
}

fn wrong_name(name: &str) -> Option<Problem> {
    if name.is_empty() {
        return Some(Problem::Missing);
    }
    too_long(name, 100)
}

fn too_long(text: &str, max: usize) -> Option<Problem> {
    let is = text.chars().count();
    (is > max).then_some(Problem::TooLarge {
        what: "characters",
        is: is as u64,
        max: max as u64,
    })
}

/// Letters of any script, digits, `. _ - @`; 64 at most.
fn is_id(id: &str) -> bool {
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '@');
    !id.is_empty() && id.chars().count() <= 64 && id.chars().all(fits)
}

fn wrong_phone(text: &str) -> Option<Problem> {
    if text.is_empty() {
        return None;
    }
    // 1.38E+10: what a spreadsheet leaves of a long number
    let upper = text.to_ascii_uppercase();
    let rounded = upper.split_once('E').is_some_and(|(number, exponent)| {
        let exponent = exponent.trim_start_matches('+');
        number.parse::<f64>().is_ok() && exponent.parse::<u8>().is_ok()
    });
    if rounded {
        return Some(Problem::PhoneRounded);
    }
    let fits = |(i, c): (usize, char)| {
        c.is_ascii_digit() || matches!(c, ' ' | '-' | '(' | ')') || (c == '+' && i == 0)
    };
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let phone = text.char_indices().all(fits) && (3..=20).contains(&digits) && text.len() <= 40;
    (!phone).then_some(Problem::Phone)
}

fn wrong_email(text: &str) -> Option<Problem> {
    if text.is_empty() {
        return None;
    }
    let sound = |c: char| {
        !c.is_whitespace() && !c.is_control() && !matches!(c, ',' | ';' | '<' | '>' | '"')
    };
    let parts = text.rsplit_once('@');
    let address = parts.is_some_and(|(user, host)| {
        !user.is_empty()
            && !user.contains('@')
            && !host.is_empty()
            && !host.starts_with('.')
            && !host.ends_with('.')
    });
    (!address || text.len() > 254 || !text.chars().all(sound)).then_some(Problem::Email)
}

fn wrong_account(text: &str) -> Option<Problem> {
    if text.chars().any(char::is_control) {
        return Some(Problem::Control);
    }
    too_long(text, 128)
}

/// Writes a list of people that [`people`] reads back exactly and Excel opens: UTF-8 with its mark, and an apostrophe before cells that a
/// spreadsheet would take for a formula or a number (`=…`, `+8613800001234`). It holds telephone numbers and addresses in the clear.
pub fn people_csv<'a>(
    members: impl IntoIterator<Item = &'a Member>,
    language: Language,
) -> Vec<u8> {
    let row = |m: &Member| {
        let roles: Vec<&str> = m.roles.iter().map(|r| role_name(r, language)).collect();
        let teams: Vec<&str> = m.teams.iter().map(String::as_str).collect();
        vec![
            (Field::Name, m.name.clone()),
            (Field::Id, m.id.clone()),
            (Field::Phone, m.phone.expose().to_owned()),
            (Field::Email, m.email.expose().to_owned()),
            (Field::DingTalk, m.dingtalk.expose().to_owned()),
            (Field::WeCom, m.wecom.expose().to_owned()),
            (
                Field::Zone,
                m.zone.map(|z| z.name().to_owned()).unwrap_or_default(),
            ),
            (Field::Roles, to_list(&roles)),
            (Field::Teams, to_list(&teams)),
        ]
    };
    table::write(&COLUMNS, language, members.into_iter().map(row))
}

#[cfg(test)]
mod tests {
    use super::*;
    use encoding_rs::GB18030;
    use proptest::prelude::*;

    const FILE: &str = "姓名,编号,手机,邮箱,钉钉,企业微信,时区,角色,团队,备注\r\n\
        张三,zhangsan,13800001234,zhang.san@example.com,z3,ZhangSan,Asia/Shanghai,主值;备值,平台、数据库,老员工\r\n\
        李四,lisi,'+86 139-0000-5678,,,,,,,\r\n";

    fn found(text: &str) -> Vec<(u64, u64, &'static str, &'static str)> {
        let refused = people(text.as_bytes()).expect_err("refused");
        let fault = |f: &Fault| (f.line, f.column, f.field.code(), f.problem.code());
        refused.faults.iter().map(fault).collect()
    }

    #[test]
    fn a_list_is_read_in_each_encoding() {
        let (gbk, _, _) = GB18030.encode(FILE);
        let marked = format!("\u{feff}{FILE}");
        for bytes in [FILE.as_bytes(), &gbk, marked.as_bytes()] {
            let read = people(bytes).expect("a list");
            assert_eq!(read.ignored, ["备注"]);
            let [zhang, li] = read.members.as_slice() else {
                panic!("two people")
            };
            assert_eq!(zhang.name, "张三");
            assert_eq!(zhang.phone.expose(), "13800001234");
            assert_eq!(zhang.zone, Some(Tz::Asia__Shanghai));
            assert_eq!(zhang.roles, [Role::Primary, Role::Secondary]);
            assert_eq!(zhang.teams, ["平台", "数据库"]);
            assert_eq!(li.phone.expose(), "+86 139-0000-5678");
            assert_eq!((li.zone, li.roles.len(), li.teams.len()), (None, 0, 0));
        }
    }

    #[test]
    fn who_has_no_id_has_the_name() {
        let read = people("name,phone\n王五,\n".as_bytes()).expect("a list");
        assert_eq!(read.members[0].id, "王五");
        assert_eq!(found("name\n王五\n赵六\n王五\n"), [(4, 1, "name", "twice")]);
    }

    #[test]
    fn who_is_there_keeps_what_the_file_has_no_column_for() {
        let mut book = crate::samples::book();
        let mut zhang = book.members["zhangsan"].as_ref().clone();
        zhang.phone = "13800001234".into();
        zhang.teams = vec!["旧".to_owned()];
        book.members.insert(zhang.id.clone(), zhang.into());
        let teams = people("姓名,团队\n张三,平台\n王五,平台\n新人,\n".as_bytes()).expect("a list");
        let merged = teams.over(&book);
        let shown: Vec<_> = merged
            .iter()
            .map(|m| (m.id.as_str(), m.phone.expose(), m.teams.len()))
            .collect();
        // two are called 王五: neither of them is meant for sure
        let expected = [
            ("zhangsan", "13800001234", 1),
            ("王五", "", 1),
            ("新人", "", 0),
        ];
        assert_eq!(shown, expected);
        assert_eq!(merged[0].teams, ["平台"]);
        assert_eq!(merged[0].email.expose(), "zhang.san@example.com");
        let whole = people("姓名,id,手机,邮箱\n张三丰,zhangsan,,\n".as_bytes()).expect("a list");
        let merged = whole.over(&book);
        assert_eq!(
            (merged[0].name.as_str(), merged[0].phone.expose()),
            ("张三丰", "")
        );
        assert_eq!(merged[0].teams, ["旧"]);
    }

    #[test]
    fn all_faults_are_told_at_once_with_line_and_column() {
        let text = "编号,姓名,手机,邮箱,时区\n\
            a b,张三,1380000,x@y.cn,Asia/Shanghai\n\
            lisi,,1.38E+10,x.y.cn,东八区\n\
            wang,王五,电话,,\n\
            wang,王五,+86+1,a@b@c,\n";
        assert_eq!(
            found(text),
            [
                (2, 1, "id", "id"),
                (3, 2, "name", "missing"),
                (3, 3, "phone", "phone_rounded"),
                (3, 4, "email", "email"),
                (3, 5, "zone", "zone"),
                (4, 3, "phone", "phone"),
                (5, 1, "id", "twice"),
                (5, 3, "phone", "phone"),
                (5, 4, "email", "email"),
            ]
        );
    }

    #[test]
    fn a_list_without_a_column_of_names_is_refused_before_its_rows() {
        assert_eq!(found("手机\n电话\n"), [(1, 0, "name", "column_missing")]);
        assert_eq!(found(""), [(0, 0, "file", "empty")]);
    }

    #[test]
    fn what_a_spreadsheet_would_calculate_is_text() {
        let member = Member {
            id: "x".to_owned(),
            name: "=HYPERLINK(\"http://evil\")".to_owned(),
            phone: "+8613800001234".into(),
            ..Member::default()
        };
        for language in [Language::Chinese, Language::English] {
            let bytes = people_csv([&member], language);
            let text = String::from_utf8(bytes.clone()).expect("UTF-8");
            let row = text.lines().nth(1).expect("a row");
            assert!(
                row.starts_with("\"'=HYPERLINK(\"\"http://evil\"\")\",x,'+8613800001234,"),
                "{row}"
            );
            let back = people(&bytes).expect("a list");
            assert_eq!(back.members, std::slice::from_ref(&member));
        }
    }

    fn text() -> impl Strategy<Value = String> {
        "[a-zA-Z张三李,;、\"'=+@\\\\. -]{1,8}".prop_filter_map("not blank", |t| {
            let t = t.trim().to_owned();
            (!t.is_empty()).then_some(t)
        })
    }

    fn member() -> impl Strategy<Value = Member> {
        let contacts = (
            "(\\+86)?1[0-9]{10}|",
            "[a-z+=]{1,5}@[a-z]{1,5}\\.cn|",
            "[a-zA-Z0-9=+@-]{0,8}",
        );
        let roles = proptest::collection::vec(text().prop_map(|t| Role::from(t.as_str())), 0..3);
        let zone = proptest::option::of(proptest::sample::select(&chrono_tz::TZ_VARIANTS[..]));
        (
            text(),
            contacts,
            zone,
            roles,
            proptest::collection::vec(text(), 0..3),
        )
            .prop_map(
                |(name, (phone, email, account), zone, roles, teams)| Member {
                    id: String::new(),
                    name,
                    phone: phone.as_str().into(),
                    email: email.as_str().into(),
                    dingtalk: account.as_str().into(),
                    wecom: account.as_str().into(),
                    zone,
                    roles,
                    teams,
                },
            )
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(mut members in proptest::collection::vec(member(), 0..6), english: bool) {
            for (i, m) in members.iter_mut().enumerate() {
                m.id = format!("p{i}");
            }
            let language = if english { Language::English } else { Language::Chinese };
            let bytes = people_csv(&members, language);
            let read = people(&bytes).expect("what we wrote");
            prop_assert_eq!(read.members, members);
        }

        #[test]
        fn any_text_is_read_or_refused(text in "(姓名,编号,手机,邮箱,时区,角色\n)?([^\n]{0,30}\n){0,5}") {
            let _ = people(text.as_bytes());
        }
    }
}
