//! A desk with a rota, for tests: people, edits, pages, what was told.

pub use super::desk_support::{started, until};
pub use super::rota_support::{done, edit};
use desk::rota::{RotaAsk, RotaHandle};
use desk::start::Desk;
use model::duty::Via;
use model::{Labels, Observation};
use shouwang_tests::now_ms;
use std::path::{Path, PathBuf};
use wire::{
    AlertAct, AlertDetail, AlertItem, AlertQuery, CadenceView, ErrorView, HandoverView, LayerView,
    MemberEdit, RotaChangeView, RotaEdit, RotaPage, RotaPreview, RotaQuery, RotaView, RotationView,
    SlotView,
};

pub const MINUTE: i64 = 60_000;
pub const HOUR: i64 = 60 * MINUTE;
pub const DAY: i64 = 24 * HOUR;

/// Writes a configuration in which `more` stands at the end.
pub fn written(dir: &Path, zone: &str, more: &str) -> PathBuf {
    let file = dir.join("config.toml");
    let text = format!(
        "data_dir = {:?}\ntime_zone = {zone:?}\n[embedded]\nhost = false\n[demo]\nenabled = false\n[duty]\nbuiltin_rules = false\n\
         [[person]]\nid = \"lisi\"\nname = \"李四\"\n[[person]]\nid = \"zhangsan\"\nname = \"张三\"\n{more}",
        dir.join("data"),
    );
    std::fs::write(&file, text).unwrap();
    file
}

/// The page of so many days from the first of this month on, or from a day.
pub async fn page(rota: &RotaHandle, from: Option<String>, days: u32) -> RotaPage {
    let query = RotaQuery {
        from,
        days,
        ..RotaQuery::default()
    };
    let page = rota.ask(|reply| RotaAsk::Page(query, reply)).await;
    page.expect("the rota answers")
        .expect("a first page is whole")
}

/// What an edit would do, while somebody looks at today alone.
pub async fn look(rota: &RotaHandle, edit: RotaEdit) -> Result<RotaPreview, ErrorView> {
    let query = RotaQuery {
        from: Some(day(now_ms())),
        days: 1,
        ..RotaQuery::default()
    };
    rota.ask(|reply| RotaAsk::Preview(Box::new(edit), query, reply))
        .await
}

pub async fn log(rota: &RotaHandle) -> Vec<RotaChangeView> {
    rota.ask(|reply| RotaAsk::Log(None, None, reply))
        .await
        .expect("the log")
}

pub fn day(ms: i64) -> String {
    local(ms, "%Y-%m-%d")
}

pub fn local(ms: i64, form: &str) -> String {
    let utc = chrono::DateTime::from_timestamp_millis(ms).expect("a time");
    utc.with_timezone(&chrono_tz::Asia::Shanghai)
        .format(form)
        .to_string()
}

pub fn member(id: &str, name: &str, roles: &[&str]) -> RotaEdit {
    RotaEdit::PutMember {
        member: MemberEdit {
            id: id.into(),
            name: name.into(),
            roles: roles.iter().map(|r| (*r).to_owned()).collect(),
            ..MemberEdit::default()
        },
    }
}

/// 李四 and 张三 in turn, 王经理 behind them.
pub async fn people(rota: &RotaHandle) {
    for (id, name) in [("lisi", "李四"), ("zhangsan", "张三"), ("wang", "王经理")] {
        done(rota, member(id, name, &[])).await;
    }
}

/// 李四 and 张三 in turn, day by day; the turn changes at this time of the day.
pub fn daily(handoff: i64) -> RotaView {
    RotaView {
        id: "daily".into(),
        name: "日班".into(),
        zone: "Asia/Shanghai".into(),
        calendar: None,
        layers: vec![layer("全天", "primary", Some(local(handoff, "%H:%M")))],
        required: vec!["primary".into()],
        grace_minutes: Some(30),
    }
}

pub fn layer(name: &str, role: &str, handoff: Option<String>) -> LayerView {
    LayerView {
        id: 0,
        name: name.into(),
        role: role.into(),
        priority: 0,
        kinds: Vec::new(),
        weekdays: Vec::new(),
        from: "00:00".into(),
        to: "00:00".into(),
        rotation: RotationView::Turns {
            turns: vec![vec!["lisi".into()], vec!["zhangsan".into()]],
            cadence: CadenceView::Days { days: 1 },
        },
        handoff,
        first_day: "2025-01-01".into(),
        last_day: None,
        zone: None,
        calendar: None,
    }
}

pub fn slot(role: &str, person: &str, from: i64, until: i64) -> SlotView {
    SlotView {
        rota: "daily".into(),
        role: role.into(),
        person: person.into(),
        from: from as f64,
        until: until as f64,
    }
}

pub async fn sit(desk: &Desk, who: &str) {
    let me = AlertAct::Me { person: who.into() };
    let sat = desk.duty.act(me, Via::Desk).await;
    sat.expect("somebody sits down");
}

pub async fn handover(rota: &RotaHandle) -> HandoverView {
    until("a handover", async || page(rota, None, 60).await.handover).await
}

pub async fn fires(desk: &Desk, rule: &str) {
    let labels = Labels::from_pairs([("alertname", rule), ("severity", "critical")]);
    let alert = Observation::firing(labels, now_ms());
    let taken = desk.duty.take("test".into(), vec![alert]).await;
    taken.expect("it is kept");
}

/// The newest alert of this rule.
pub async fn alert(desk: &Desk, rule: &str) -> Option<AlertDetail> {
    let query = AlertQuery {
        text: format!("alertname={rule}"),
        limit: 10,
        ..AlertQuery::default()
    };
    let items = desk.duty.list(query).await.ok()?.items?;
    let row = items.into_iter().find_map(|item| match item {
        AlertItem::Alert { row } => Some(row),
        AlertItem::Group { .. } => None,
    })?;
    let id = model::duty::AlertId(row.id);
    desk.duty.detail(id).await.ok()
}

/// To whom notices of it went that were made at `from` or later.
pub async fn recipients(desk: &Desk, rule: &str, from: i64) -> Vec<String> {
    until(rule, async || {
        let detail = alert(desk, rule).await?;
        let made = detail
            .notices
            .iter()
            .filter(|n| n.created_at >= from as f64);
        let mut names: Vec<String> = made.map(|n| n.to.clone()).collect();
        names.sort();
        names.dedup();
        (!names.is_empty()).then_some(names)
    })
    .await
}

/// Who is on duty as the alert desk knows it.
pub async fn on_duty(desk: &Desk) -> Vec<String> {
    let query = AlertQuery {
        limit: 1,
        ..AlertQuery::default()
    };
    let page = desk.duty.list(query).await.expect("the desk answers");
    page.duty.rota.into_iter().map(|d| d.person).collect()
}
