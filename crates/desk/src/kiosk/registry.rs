//! The pages of all windows, as far as the watchdog sees them. Written by the window system's thread and by pages, read by the watchdog;
//! nobody waits for anybody.

use engine::kiosk::{Page, assign};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

/// Label of the wall's first window; further ones are `wall-2`, `wall-3`, …, and a page that replaces one has [`TWIN`] behind it.
const WALL: &str = "wall";
/// What the label of the second page of a screen ends with.
const TWIN: &str = "-b";

/// Screens of a wall at most; each of their windows needs a file of capabilities for itself and one for its twin.
pub const MOST_SCREENS: usize = 16;

/// The label of the window of a screen, by its index.
pub fn label_of(screen: usize) -> String {
    match screen {
        0 => WALL.to_owned(),
        n => format!("{WALL}-{}", n + 1),
    }
}

/// The index of the screen of a window's label; `None`: no window of the wall.
pub fn screen_of(label: &str) -> Option<usize> {
    let label = label.strip_suffix(TWIN).unwrap_or(label);
    match label.strip_prefix(WALL)? {
        "" => Some(0),
        rest => rest
            .strip_prefix('-')?
            .parse::<usize>()
            .ok()?
            .checked_sub(1),
    }
}

/// The label of the page that takes the place of this one.
pub fn twin_of(label: &str) -> String {
    match label.strip_suffix(TWIN) {
        Some(first) => first.to_owned(),
        None => format!("{label}{TWIN}"),
    }
}

/// What is known of a page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// In which order it was begun; rises when it is begun anew.
    pub begun: u64,
    /// Pictures that it has painted, as it said last.
    pub painted: u64,
    /// When it said so first.
    pub painted_at: Option<Instant>,
    /// It said that it is hidden.
    pub hidden: bool,
    /// Its process ended, and it was not begun anew since.
    pub gone: bool,
    /// WebKit finds that it does not respond.
    pub unresponsive: bool,
    /// Its process.
    pub pid: Option<u32>,
}

#[derive(Debug, Default)]
struct Inner {
    last: u64,
    pages: BTreeMap<String, Seen>,
}

/// All pages.
#[derive(Clone, Debug, Default)]
pub struct Registry(Arc<Mutex<Inner>>);

impl Registry {
    /// A window's page begins, or begins anew with another process.
    pub fn begun(&self, label: &str) {
        let mut inner = self.0.lock();
        inner.last += 1;
        let begun = inner.last;
        let page = inner.pages.entry(label.to_owned()).or_default();
        // It counts from the beginning again; that the count is another one shows that it lives.
        *page = Seen {
            begun,
            ..Seen::default()
        };
    }

    /// A window is closed.
    pub fn closed(&self, label: &str) {
        self.0.lock().pages.remove(label);
    }

    /// A page asked, and said how many pictures it has painted.
    pub fn painted(&self, label: &str, count: u64, hidden: bool, now: Instant) {
        if let Some(page) = self.0.lock().pages.get_mut(label) {
            if page.painted != count {
                page.painted_at = Some(now);
            }
            page.painted = count;
            page.hidden = hidden;
        }
    }

    /// A page's process ended.
    pub fn gone(&self, label: &str) {
        if let Some(page) = self.0.lock().pages.get_mut(label) {
            page.gone = true;
            page.pid = None;
        }
    }

    /// WebKit finds that a page responds, or not.
    pub fn responds(&self, label: &str, responds: bool) {
        if let Some(page) = self.0.lock().pages.get_mut(label) {
            page.unresponsive = !responds;
        }
    }

    /// Pages' processes (id, start in any unit) as they are now.
    pub fn processes(&self, living: &[(u32, u64)]) {
        let mut inner = self.0.lock();
        let of = |(label, seen): (&String, &Seen)| Page {
            label: label.clone(),
            begun: seen.begun,
            pid: seen.pid,
        };
        // One whose process ended waits until it is begun anew.
        let waiting = inner.pages.iter().filter(|(_, s)| !s.gone);
        let mut pages: Vec<Page> = waiting.map(of).collect();
        assign(&mut pages, living);
        for page in pages {
            if let Some(seen) = inner.pages.get_mut(&page.label) {
                seen.pid = page.pid;
            }
        }
    }

    /// All pages by their label.
    pub fn all(&self) -> BTreeMap<String, Seen> {
        self.0.lock().pages.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    #[test]
    fn labels_name_the_screen_and_have_a_twin() {
        for screen in 0..7 {
            let label = label_of(screen);
            assert_eq!(screen_of(&label), Some(screen));
            assert_eq!(screen_of(&twin_of(&label)), Some(screen));
            assert_eq!(twin_of(&twin_of(&label)), label);
        }
        for other in [
            "desk",
            "takeover-0",
            "wallpaper",
            "wall-",
            "wall-0",
            "wall-x",
        ] {
            assert_eq!(screen_of(other), None, "{other}");
        }
    }

    #[test]
    fn a_page_that_begins_anew_counts_anew_and_gets_the_new_process() {
        let pages = Registry::default();
        pages.begun("wall");
        pages.painted("wall", 7, false, clock::instant());
        pages.processes(&[(10, 1)]);
        assert_eq!(pages.all()["wall"].pid, Some(10));
        pages.gone("wall");
        pages.processes(&[(11, 2)]);
        assert_eq!(pages.all()["wall"].pid, None, "not before it is begun anew");
        pages.begun("wall");
        pages.processes(&[(11, 2)]);
        let seen = pages.all()["wall"].clone();
        assert_eq!((seen.painted, seen.gone, seen.pid), (0, false, Some(11)));
        pages.closed("wall");
        pages.painted("wall", 8, false, clock::instant());
        assert!(
            pages.all().is_empty(),
            "a late word of a closed page is nothing"
        );
    }
}
