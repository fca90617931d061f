//! A desk without a window, and waiting for what it does.

use desk::config;
use desk::duty::Headless;
use desk::start::{self, Desk, Machine, Overrides};
use notify::popup::DbusHost;
use shouwang_tests::now_ms;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// As long as a minute of the clock, and some more.
const PATIENCE_MS: i64 = 150_000;

/// Begins a desk with this configuration, which must be without fault; its pop-ups go to the notification server on `bus`.
pub async fn started(file: &Path, bus: Option<&str>) -> Desk {
    let loaded = config::load(Some(file));
    assert!(loaded.problems.is_empty(), "{:?}", loaded.problems);
    let (sender, popup_events) = mpsc::channel(64);
    let host = bus.map(|bus| DbusHost::new(Some(bus.to_owned()), "守望", sender));
    let machine = Machine {
        shell: Arc::new(Headless),
        popup: host.map(|h| Arc::new(h) as Arc<dyn notify::popup::PopupHost>),
        popup_events,
        ..Machine::none()
    };
    start::start(loaded, Overrides::default(), machine).await
}

/// Looks again and again until there is what is looked for.
pub async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let began = now_ms();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(now_ms() - began < PATIENCE_MS, "{what}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
