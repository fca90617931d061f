//! The board of the alert desk with something to say: an alert that fired, was taken and ended, one that is open, a rota, and a channel
//! that was used. Then each of its panels shows data.

use super::desk_support::{started, until};
use super::support::done;
use desk::start::Desk;
use model::duty::Via;
use model::{Labels, Observation, Reported};
use shouwang_tests::notifications::{Bus, Manner, NotificationServer};
use shouwang_tests::now_ms;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;
use wire::{AlertAct, AlertItem, AlertQuery, AlertTab, MemberEdit, PanelState, RotaEdit};

async fn desk(dir: &Path, bus: &str) -> Desk {
    let file = dir.join("config.toml");
    let text = format!(
        "board = \"duty\"\ndata_dir = {:?}\n[wall]\ndirector = \"off\"\n[embedded]\nhost = false\n[demo]\nenabled = false\n\
         [[alert_source]]\nname = \"away\"\nkind = \"alertmanager\"\nurl = \"http://127.0.0.1:9\"\n\
         [[person]]\nid = \"lisi\"\nname = \"李四\"\n",
        dir.join("data"),
    );
    std::fs::write(&file, text).unwrap();
    started(&file, Some(bus)).await
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
    done(&desk.rota, RotaEdit::PutMember { member }).await;
    done(
        &desk.rota,
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
    let id = until("the alert in the list", async || {
        rows(&desk, AlertTab::Open).await.pop()
    })
    .await;
    let act = AlertAct::Ack {
        alerts: vec![id],
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
        rows(&desk, AlertTab::Resolved).await.pop()
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
            // the figures of the week are made once a minute
            now_ms() - began < 150_000,
            "without data: {missing:?} of {states:#?}"
        );
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    desk.stop().await;
}
