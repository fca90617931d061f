//! A desk that changes the rota with the real `engine::rota`, for the tests of its keeping.

use crate::samples::*;
use engine::rota::apply;
use model::duty::Actor;
use model::rota::*;

/// The book as the engine has it, and the notes that it does not hold.
pub struct Desk {
    pub book: Book,
    pub notes: Vec<DutyNote>,
    pub now: i64,
}

pub fn wrapped(change: RotaChange) -> RotaRecord {
    RotaRecord::Change(Box::new(change))
}

/// 张三 writes.
pub fn note(text: &str, tags: &[&str]) -> Edit {
    Edit::AddNote(DutyNote {
        rota: "platform".into(),
        text: text.to_owned(),
        tags: tags.iter().map(|t| (*t).to_owned()).collect(),
        ..DutyNote::default()
    })
}

pub fn override_of(person: &str, from: i64, hours: i64) -> Override {
    Override {
        rota: "platform".into(),
        person: person.to_owned(),
        from,
        until: from + hours * 60 * MINUTE,
        why: "临时有事".to_owned(),
        ..Override::default()
    }
}

/// From 张三 to 李四.
pub fn handover(at: i64) -> Edit {
    Edit::OpenHandover(Handover {
        rota: "platform".into(),
        at,
        from: vec!["zhangsan".to_owned()],
        to: vec!["lisi".to_owned()],
        ..Handover::default()
    })
}

fn member(id: &str, name: &str) -> Member {
    Member {
        id: id.to_owned(),
        name: name.to_owned(),
        phone: "13800001234".into(),
        email: format!("{id}@example.com").as_str().into(),
        roles: vec![Role::Primary, Role::from("dba")],
        teams: vec!["平台".to_owned()],
        zone: Some("Asia/Shanghai".parse().expect("a zone")),
        ..Member::default()
    }
}

fn person(id: &str) -> Actor {
    actor(id)
}

impl Desk {
    pub fn new() -> Self {
        Self {
            book: Book::default(),
            notes: Vec::new(),
            now: NOW,
        }
    }

    /// Does an edit as 张三.
    pub fn does(&mut self, edit: Edit) -> RotaRecord {
        self.does_as(edit, "zhangsan")
    }

    pub fn does_as(&mut self, edit: Edit, who: &str) -> RotaRecord {
        let shown = format!("{edit:?}");
        let (book, change) = apply(&self.book, edit, &person(who), self.now)
            .unwrap_or_else(|e| panic!("{shown}: {e}"));
        self.book = book;
        for touched in &change.touched {
            if let Touched::Note { before, after } = touched {
                if let Some(before) = before {
                    self.notes.retain(|n| n.id != before.id);
                }
                self.notes.extend(after.as_deref().cloned());
            }
        }
        wrapped(change)
    }

    pub fn signs(&mut self, handover: HandoverId, side: Side) -> RotaRecord {
        let who = match side {
            Side::Giving => "zhangsan",
            Side::Taking => "lisi",
        };
        self.does_as(Edit::SignHandover { handover, side }, who)
    }

    /// One of each noun: people, calendars, rotas with layers, an absence, overrides, a swap, a handover, a note.
    pub fn one_of_each(&mut self) -> Vec<RotaRecord> {
        let hour = 60 * MINUTE;
        let people = [
            ("zhangsan", "张三"),
            ("lisi", "李四"),
            ("wangwu", "王五"),
            ("zhaoliu", "赵六"),
        ];
        let members = people.iter().map(|(id, name)| member(id, name)).collect();
        let china = engine::rota::holidays::china("中国法定节假日");
        let calendar_id = china.id.clone();
        let own = Calendar {
            id: "none".into(),
            name: "厂历".to_owned(),
            ..china.clone()
        };
        let zone = "Asia/Shanghai".parse().expect("a zone");
        let mut rota = Rota::new("platform", "平台值班", zone);
        rota.calendar = Some(calendar_id);
        let layer = Layer {
            name: "全天".to_owned(),
            rule: ShiftRule::around_the_clock(WallTime::hour(9)),
            rotation: Rotation::Turns {
                turns: vec![vec!["zhangsan".to_owned()], vec!["lisi".to_owned()]],
                cadence: Cadence::Days { days: 1 },
            },
            first_day: chrono::NaiveDate::from_ymd_opt(2026, 1, 1).expect("a day"),
            ..Layer::default()
        };
        let mut changes = vec![
            self.does(Edit::PutMembers { members }),
            self.does(Edit::PutCalendar(china)),
            self.does(Edit::PutCalendar(own)),
            self.does(Edit::PutRota(rota)),
            self.does(Edit::PutRota(Rota::new("spare", "备用", zone))),
            self.does(Edit::PutLayer {
                rota: "platform".into(),
                layer,
            }),
            self.does(Edit::PutAbsence(Absence {
                person: "wangwu".to_owned(),
                from: self.now + 48 * hour,
                until: self.now + 72 * hour,
                why: "年假".to_owned(),
                ..Absence::default()
            })),
            self.does(Edit::PutOverrides {
                overrides: vec![
                    override_of("wangwu", self.now + hour, 2),
                    override_of("lisi", self.now + 4 * hour, 1),
                ],
            }),
        ];
        changes.push(self.swap());
        changes.push(self.does(handover(self.now)));
        changes.push(self.does(note("第一条", &["开始"])));
        changes
    }

    /// Whoever has the shift three days from now asks the other to take it.
    fn swap(&mut self) -> RotaRecord {
        let day = 24 * 60 * MINUTE;
        let from = self.now + 3 * day;
        let rota = RotaId::from("platform");
        let shifts = engine::rota::schedule(&self.book, &rota, from, from + day);
        let shift = shifts
            .iter()
            .find(|s| s.from > from)
            .expect("a shift begins within a day");
        let other = if shift.person == "zhangsan" {
            "lisi"
        } else {
            "zhangsan"
        };
        let give = Slot {
            rota,
            role: shift.role.clone(),
            person: shift.person.clone(),
            from: shift.from,
            until: shift.until,
        };
        let asks = give.person.clone();
        let swap = Swap {
            give,
            with: other.to_owned(),
            why: "家里有事".to_owned(),
            ..Swap::default()
        };
        self.does_as(Edit::RequestSwap(swap), &asks)
    }
}
