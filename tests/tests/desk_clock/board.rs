//! The board of the alert desk with something to say: an alert that fired, was taken and ended, one that is open, a rota, and a channel
//! that was used. Then each of its panels shows data.

use desk::config;
use desk::duty::Headless;
use desk::rota::RotaAsk;
use desk::start::{self, Desk, Machine, Overrides};
use model::duty::Via;
use model::{Labels, Observation, Reported};
use notify::popup::DbusHost;
use shouwang_tests::notifications::{Bus, Manner, NotificationServer};
use shouwang_tests::now_ms;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use wire::{AlertAct, AlertItem, AlertQuery, AlertTab, MemberEdit, PanelState, RotaEdit};

/// The figures of the week are made once a minute.
const PATIENCE_MS: i64 = 150_000;

async fn desk(dir: &Path, bus: &str) -> Desk {
    let file = dir.join("config.toml");
    let text = format!(
        "board = \"duty\"\ndata_dir = {:?}\n[wall]\ndirector = \"off\"\n[embedded]\nhost = false\n[demo]\nenabled = false\n\
         [[alert_source]]\nname = \"away\"\nkind = \"alertmanager\"\nurl = \"http://127.0.0.1:9\"\n\
         [[person]]\nid = \"lisi\"\nname = \"李四\"\n",
        dir.join("data"),
    );
    std::fs::write(&file, text).unwrap();
    let loaded = config::load(Some(&file));
    assert!(loaded.problems.is_empty(), "{:?}", loaded.problems);
    let (sender, popup_events) = mpsc::channel(64);
    let host = DbusHost::new(Some(bus.to_owned()), "守望", sender);
    let machine = Machine {
        shell: Arc::new(Headless),
        popup: Some(Arc::new(host)),
        popup_events,
        ..Machine::none()
    };
    start::start(loaded, Overrides::default(), machine).await
}

async fn edit(desk: &Desk, edit: RotaEdit) {
    let what = format!("{edit:?}");
    let answer = desk
        .rota
        .ask(|reply| RotaAsk::Edit(Box::new(edit), Via::Desk, reply))
        .await;
    answer.unwrap_or_else(|e| panic!("{what}: {e:?}"));
}

fn labels(rule: &str) -> Labels {
    Labels::from_pairs([("alertname", rule), ("severity", "critical")])
}

async fn takes(desk: &Desk, observation: Observation) {
    let kept = desk.duty.take("test".into(), vec![observation]).await;
    kept.expect("it is kept");
}

async fn rows(desk: &Desk, tab: AlertTab) -> Vec<i64> {
    let query = AlertQuery {
        tab,
        limit: 50,
        ..AlertQuery::default()
    };
    let page = desk.duty.list(query).await.expect("the desk answers");
    let row = |item| match item {
        AlertItem::Alert { row } => Some(row.id),
        AlertItem::Group { .. } => None,
    };
    page.items
        .unwrap_or_default()
        .into_iter()
        .filter_map(row)
        .collect()
}

async fn until(what: &str, mut done: impl AsyncFnMut() -> bool) {
    let began = now_ms();
    while !done().await {
        assert!(now_ms() - began < PATIENCE_MS, "{what}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_panel_of_the_desks_board_shows_what_happened() {
    let bus = Bus::start();
    let _server = NotificationServer::start(bus.address(), Manner::able());
    let dir = tempfile::tempdir().unwrap();
    let desk = desk(dir.path(), bus.address()).await;

    let member = MemberEdit {
        id: "lisi".into(),
        name: "李四".into(),
        ..MemberEdit::default()
    };
    edit(&desk, RotaEdit::PutMember { member }).await;
    edit(
        &desk,
        RotaEdit::BeginRota {
            id: "platform".into(),
            name: "平台值班".into(),
            people: vec!["lisi".into()],
            managers: Vec::new(),
        },
    )
    .await;
    let began = now_ms();
    takes(&desk, Observation::firing(labels("PaymentDown"), began)).await;
    let mut id = None;
    until("the alert in the list", async || {
        id = rows(&desk, AlertTab::Open).await.pop();
        id.is_some()
    })
    .await;
    let act = AlertAct::Ack {
        alerts: vec![id.expect("an alert")],
        comment: String::new(),
        for_ms: None,
        mirror: None,
    };
    desk.duty.act(act, Via::Desk).await.expect("it is taken");
    let mut over = Observation::firing(labels("PaymentDown"), began);
    over.state = Reported::Resolved;
    over.ends_at = Some(now_ms());
    takes(&desk, over).await;
    until("the alert to be over", async || {
        !rows(&desk, AlertTab::Resolved).await.is_empty()
    })
    .await;
    takes(&desk, Observation::firing(labels("QueueFull"), now_ms())).await;

    let library = desk::boards::load(None);
    let wanted: Vec<&str> = library.boards["duty"]
        .panels
        .iter()
        .filter(|p| p.kind.needs_query())
        .map(|p| p.id.as_str())
        .collect();
    let mut cursor = 0;
    let mut states: BTreeMap<String, PanelState> = BTreeMap::new();
    let began = now_ms();
    loop {
        let bytes = desk.handle.pull(0, cursor).await.expect("a frame");
        let (head, _) = wire::frame::read(&bytes).expect("a frame that reads");
        cursor = head.cursor;
        for panel in head.panels {
            states.insert(panel.id, panel.state);
        }
        let missing: Vec<&&str> = wanted
            .iter()
            .filter(|id| states.get(**id) != Some(&PanelState::Data))
            .collect();
        if missing.is_empty() {
            break;
        }
        assert!(
            now_ms() - began < PATIENCE_MS,
            "without data: {missing:?} of {states:#?}"
        );
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    desk.stop().await;
}
