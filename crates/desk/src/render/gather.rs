//! Asks for what a picture shows beside metrics: of the running wall where one runs, else of its files.

use super::{Beside, Words};
use crate::config::{self, Config};
use crate::duty::control::Control;
use crate::duty::start::DATABASE;
use crate::duty::{open_rows, remote};
use crate::{kiosk, logs, sources};
use model::board::{Board, PanelKind};
use std::path::Path;
use store::{Query, Store, StoreError};
use wire::{AlertRow, ErrorView, LogPageAsk, LogPageView, LogScope};

/// Lines of a stream; no picture shows more.
const LINES: u32 = 60;
/// Lines of so much of the past are looked for, ms.
const LOOKBACK: f64 = 86_400_000.0;

/// Everything that the panels of `board` show beside metrics, as it was at `at` (ms).
pub async fn gather(config: &Config, board: &Board, at: i64, words: &Words) -> Beside {
    let Some(data) = config::data_dir(config) else {
        return Beside::default();
    };
    let control = Control::find(&data).await;
    let of = |kind: PanelKind| board.panels.iter().filter(move |p| p.kind == kind);
    let mut beside = Beside {
        notes: match &control {
            Some(control) => control.ask("notes", &()).await.unwrap_or_default(),
            None => crate::annotations::view_of(kiosk::recall_notes(&data)),
        },
        ..Beside::default()
    };
    if of(PanelKind::AlertList).next().is_some() {
        // Its database can be read beside a running desk as well.
        beside.alerts = match alerts(&data.join(DATABASE), at).await {
            Ok(rows) => rows,
            Err(error) => {
                tracing::warn!(%error, "the alert desk's database cannot be read");
                None
            }
        };
    }
    for panel in of(PanelKind::LogStream) {
        let ask = LogPageAsk {
            lane: format!("render/{}", panel.id),
            scope: LogScope {
                query: panel.filter.clone().unwrap_or_default(),
                from: at as f64 - LOOKBACK,
                to: at as f64 + 1.0,
                ..LogScope::default()
            },
            limit: LINES,
            ..LogPageAsk::default()
        };
        let page = match &control {
            Some(control) => control.ask::<_, LogPageView>("log_page", &ask).await,
            None => from_files(config, &data, ask).await,
        };
        let lines = page.map(|page| page.lines);
        let lines = lines.map_err(|why| words.error(&why));
        beside.lines.insert(panel.id.clone(), lines);
    }
    beside
}

/// Alerts that held at a time, most urgent first; `None` where there is no alert desk.
async fn alerts(database: &Path, at: i64) -> Result<Option<Vec<AlertRow>>, StoreError> {
    if !database.exists() {
        return Ok(None);
    }
    let store = Store::open_read_only(database).await?;
    let query = Query {
        to: Some(at.saturating_add(1)),
        ..Query::default()
    };
    let page = store.history(&query).await;
    store.close().await;
    Ok(Some(open_rows(&page?.items, at)))
}

async fn from_files(
    config: &Config,
    data: &Path,
    ask: LogPageAsk,
) -> Result<LogPageView, ErrorView> {
    let secrets = sources::secrets(config, Some(data)).await;
    logs::reader(config, &secrets, data).await.page(ask).await
}

/// The sources inside the program that runs over a data directory, if one runs.
pub(super) async fn held(data: &Path) -> Vec<crate::sources::Client> {
    remote::sources(data).await.unwrap_or_default()
}
