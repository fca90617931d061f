//! The tray: how many alerts of each level, and a menu. Where no tray is shown, nothing is lost: everything is in the windows too.

mod picture;

use crate::commands::Desk;
use crate::walls;
use crate::windows;
use desk::duty::{ShellState, Window};
use desk::texts;
use model::duty::Via;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use tauri::image::Image;
use tauri::menu::{Menu, MenuEvent, MenuItem, PredefinedMenuItem};
use tauri::tray::{TrayIcon, TrayIconBuilder};
use tauri::{AppHandle, Manager, Wry};
use wire::{AlertAct, LevelCount};

/// 静音 30 分钟
const HUSH_MS: f64 = 30.0 * 60_000.0;

/// The tray as it is shown now.
#[derive(Default)]
pub struct Tray(Mutex<Option<Shown>>);

struct Shown {
    icon: TrayIcon,
    counts: MenuItem<Wry>,
    items: Vec<(&'static str, MenuItem<Wry>)>,
    state: Option<ShellState>,
}

/// Menu entries: id, and the end of the key `tray.`.
const ENTRIES: [&str; 5] = ["desk", "wall", "pocket", "hush", "quit"];

/// Puts the icon into the tray. On the thread of the window system.
pub fn start(app: &AppHandle, locale: &str) {
    // The library behind it is looked for when it is first used, and its absence is a panic there.
    let built = std::panic::catch_unwind(AssertUnwindSafe(|| build(app, locale)));
    match built {
        Ok(Ok(shown)) => *app.state::<Tray>().0.lock() = Some(shown),
        Ok(Err(error)) => tracing::warn!(%error, "no tray icon"),
        Err(_) => tracing::warn!("no tray icon: libayatana-appindicator3 is not installed"),
    }
}

fn build(app: &AppHandle, locale: &str) -> tauri::Result<Shown> {
    let state = ShellState::default();
    let line = counts_text(&state, locale);
    let counts = MenuItem::with_id(app, "counts", &line, false, None::<&str>)?;
    let mut items = Vec::new();
    for id in ENTRIES {
        let text = texts::plain(locale, &format!("tray.{id}"));
        items.push((id, MenuItem::with_id(app, id, text, true, None::<&str>)?));
    }
    let menu = Menu::with_items(app, &[&counts, &PredefinedMenuItem::separator(app)?])?;
    for (_, item) in &items {
        menu.append(item)?;
    }
    let icon = TrayIconBuilder::with_id("shouwang")
        .icon(icon_of(&state))
        .tooltip(&line)
        .menu(&menu)
        .on_menu_event(chosen)
        .build(app)?;
    Ok(Shown {
        icon,
        counts,
        items,
        state: None,
    })
}

/// Shows `state`; what has not changed is left alone.
pub fn update(app: &AppHandle, state: &ShellState) {
    let tray = app.state::<Tray>();
    let mut place = tray.0.lock();
    let Some(shown) = place.as_mut() else {
        return;
    };
    if let Err(error) = shown.update(state) {
        tracing::warn!(%error, "the tray could not be changed");
    }
}

impl Shown {
    fn update(&mut self, state: &ShellState) -> tauri::Result<()> {
        let old = self.state.replace(state.clone());
        let same = |f: fn(&ShellState) -> String| old.as_ref().map(f) == Some(f(state));
        if old.as_ref().is_none_or(|o| o.levels != state.levels) {
            self.icon.set_icon(Some(icon_of(state)))?;
        }
        let line = counts_text(state, &state.locale);
        self.counts.set_text(&line)?;
        self.icon.set_tooltip(Some(&line))?;
        if !same(|s| format!("{}{}", s.locale, s.muted_until.is_some())) {
            for (id, item) in &self.items {
                let key = match *id {
                    "hush" if state.muted_until.is_some() => "tray.unhush".to_owned(),
                    id => format!("tray.{id}"),
                };
                item.set_text(texts::plain(&state.locale, &key))?;
            }
        }
        Ok(())
    }
}

/// The most urgent level that has alerts nobody has, and how many.
fn most_urgent(levels: &[LevelCount; 4]) -> Option<(usize, u32)> {
    let found = levels.iter().position(|l| l.unacked > 0)?;
    levels.get(found).map(|l| (found, l.unacked))
}

fn icon_of(state: &ShellState) -> Image<'static> {
    let pixels = picture::draw(most_urgent(&state.levels));
    Image::new_owned(pixels, picture::SIZE, picture::SIZE)
}

/// `P0 2 · P1 3，未确认 4 条`, or that all is quiet.
fn counts_text(state: &ShellState, locale: &str) -> String {
    let levels = state.levels.iter().enumerate();
    let parts: Vec<String> = levels
        .filter(|(_, l)| l.open > 0)
        .map(|(i, l)| format!("P{i} {}", l.open))
        .collect();
    if parts.is_empty() {
        return texts::plain(locale, "tray.quiet");
    }
    let unacked: u32 = state.levels.iter().map(|l| l.unacked).sum();
    let params = BTreeMap::from([
        ("levels".to_owned(), parts.join(" · ")),
        ("unacked".to_owned(), unacked.to_string()),
    ]);
    texts::say(locale, "tray.counts", &params)
}

fn chosen(app: &AppHandle, event: MenuEvent) {
    match event.id().as_ref() {
        "desk" => open(app, Window::Desk),
        "wall" => open(app, Window::Wall),
        "pocket" => open(app, Window::Pocket),
        "hush" => hush(app),
        "quit" if walls::is_locked(app) => open(app, Window::Wall),
        "quit" => app.exit(0),
        _ => {}
    }
}

fn open(app: &AppHandle, window: Window) {
    if let Err(error) = windows::open(app, window) {
        tracing::error!(%error, ?window, "a window could not be opened");
    }
}

/// Silent for half an hour, or again to be heard.
fn hush(app: &AppHandle) {
    let muted = {
        let tray = app.state::<Tray>();
        let place = tray.0.lock();
        let state = place.as_ref().and_then(|s| s.state.as_ref());
        state.is_some_and(|s| s.muted_until.is_some())
    };
    let desk = app.state::<Desk>().inner().clone();
    let for_ms = if muted { 0.0 } else { HUSH_MS };
    tauri::async_runtime::spawn(async move {
        let act = AlertAct::Hush { for_ms };
        let duty = desk.duty().await;
        if let Err(error) = duty.act(act, Via::Desk).await {
            tracing::warn!(?error, "sounds could not be muted");
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn levels(open_unacked: [(u32, u32); 4]) -> ShellState {
        ShellState {
            levels: open_unacked.map(|(open, unacked)| LevelCount { open, unacked }),
            ..ShellState::default()
        }
    }

    #[test]
    fn the_line_counts_by_level() {
        let some = levels([(2, 1), (0, 0), (5, 3), (0, 0)]);
        assert_eq!(counts_text(&some, "zh-CN"), "P0 2 · P2 5，未确认 4 条");
        assert_eq!(counts_text(&some, "en"), "P0 2 · P2 5, 4 not acknowledged");
        let none = levels([(0, 0); 4]);
        assert_eq!(counts_text(&none, "zh-CN"), "没有告警");
    }

    #[test]
    fn what_somebody_has_is_not_in_the_picture() {
        let state = levels([(2, 0), (0, 0), (5, 3), (9, 9)]);
        assert_eq!(most_urgent(&state.levels), Some((2, 3)));
        assert_eq!(most_urgent(&levels([(2, 0); 4]).levels), None);
    }

    #[test]
    fn every_entry_has_a_text() {
        for locale in texts::LOCALES {
            for id in ENTRIES.into_iter().chain(["unhush", "quiet", "counts"]) {
                assert!(texts::exists(locale, &format!("tray.{id}")), "{id}");
            }
        }
    }
}
