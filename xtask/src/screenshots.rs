//! `cargo xtask screenshots`: the pictures of README and docs, taken of the program with its demonstration.

use crate::app::{self, Running};
use crate::args::Args;
use crate::display::{Size, TempDir};
use crate::packages::Need;
use crate::{paths, procs, say, setup};
use anyhow::Result;
use std::fs;
use std::path::Path;
use std::time::Duration;

const SIZES: [(&str, Size); 3] = [
    ("1080p", Size::FULL_HD),
    ("4k", Size::UHD),
    ("21x9", Size::WIDE),
];
/// Each theme with the end of its pictures' names; the first is the default.
const THEMES: [(&str, &str); 2] = [("dark", ""), ("calm", "-calm")];
/// So long the demonstration runs before its picture is taken, so that rates over minutes have values.
const WARM: Duration = Duration::from_secs(20);

/// Windows of the alert desk: picture, arguments, screen.
const WINDOWS: [(&str, &str, Size); 2] = [
    ("desk", "--desk", Size::FULL_HD),
    ("pocket", "--pocket", Size::PHONE),
];
/// Incidents of the demonstration, so that there are alerts to show.
const INCIDENTS: [&str; 3] = [
    "payment-channel-failing:critical+60m",
    "replica-lag:critical+60m",
    "queue-piling-up:critical+60m",
];
/// The built-in rules fire after the incidents have lasted for minutes.
const UNTIL_ALERTS: Duration = Duration::from_secs(240);

/// Every built-in board is taken at these sizes.
const BOARD_SIZES: [(&str, Size); 2] = [("1080p", Size::FULL_HD), ("4k", Size::UHD)];

/// Boards that README shows, at 1080p as `docs/images/board-*.png`.
const README_BOARDS: [&str; 4] = ["business", "logs", "orders", "traces"];

/// `cargo xtask screenshots [--debug] [--alerts] [--rota] [--boards] [BOARD …]`: with `--alerts` only the windows of the alert desk and the
/// rota, with `--rota` the rota alone, with `--boards` only the built-in boards (all of them, or those named), which go to
/// `target/screenshots`, and those of README to `docs/images` as well.
///
/// # Errors
/// When the program does not paint.
pub fn main(mut args: Args) -> Result<()> {
    let release = !args.flag("--debug");
    let only_alerts = args.flag("--alerts");
    let only_boards = args.flag("--boards");
    let only_rota = args.flag("--rota");
    let known = built_in()?;
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let named = args.words(&known)?;
    args.finish()?;
    setup::ensure(Need::RunVirtual)?;
    let program = app::build(release)?;
    let folder = paths::root().join("docs/images");
    fs::create_dir_all(&folder)?;
    if only_boards {
        return boards(&program, &named);
    }
    if !only_alerts && !only_rota {
        walls(&program, &folder)?;
        boards(&program, &named)?;
    }
    if !only_rota {
        alerts(&program, &folder)?;
    }
    rota(&program, &folder)
}

/// The rota's month at 1080p and the pocket's duty: a rota has to be made first, so the window tests that do so take them.
fn rota(program: &Path, folder: &Path) -> Result<()> {
    setup::ensure(Need::Test)?;
    say::step("拍摄值班", "taking the rota");
    let test = "window_rota_pictures";
    let mut command = app::cargo(&["test", "-p", "shouwang-tests", "--test", test]);
    command.env("SHOUWANG_BIN", program);
    command.env("SHOUWANG_PICTURES", folder);
    procs::step(&mut command)
}

/// Every built-in board, or those named, as a wall shows it.
fn boards(program: &Path, named: &[String]) -> Result<()> {
    let folder = paths::root().join("target/screenshots");
    fs::create_dir_all(&folder)?;
    let dir = TempDir::new("screenshots")?;
    let config = dir.path().join("shouwang.toml");
    fs::write(&config, "[embedded]\nhost = false\n")?;
    for board in built_in()? {
        if !named.is_empty() && !named.contains(&board) {
            continue;
        }
        for (name, size) in BOARD_SIZES {
            say::step(
                &format!("拍摄 {board} {name}"),
                &format!("taking {board} {name}"),
            );
            let args = [
                "--config".to_owned(),
                config.display().to_string(),
                "--kiosk".to_owned(),
                "--board".to_owned(),
                board.clone(),
            ];
            let mut running = Running::start(program, &args, size)?;
            running.painted()?;
            procs::pause(WARM)?;
            running.check()?;
            let picture = folder.join(format!("{board}-{name}.png"));
            running.display().picture(&picture)?;
            eprintln!("   {}", picture.display());
            if size == Size::FULL_HD && README_BOARDS.contains(&board.as_str()) {
                let shown = paths::root().join(format!("docs/images/board-{board}.png"));
                fs::copy(&picture, &shown)?;
                eprintln!("   {}", shown.display());
            }
        }
    }
    Ok(())
}

/// Ids of the built-in boards, sorted.
fn built_in() -> Result<Vec<String>> {
    let mut ids = Vec::new();
    for entry in fs::read_dir(paths::root().join("boards"))? {
        let path = entry?.path();
        let stem = path
            .file_stem()
            .and_then(|s| s.to_str())
            .unwrap_or_default();
        let is_board = path.extension().is_some_and(|e| e == "yaml") && stem != "concepts";
        if is_board {
            ids.push(stem.to_owned());
        }
    }
    ids.sort();
    Ok(ids)
}

fn walls(program: &Path, folder: &Path) -> Result<()> {
    for (theme, ending) in THEMES {
        let dir = TempDir::new("screenshots")?;
        let config = dir.path().join("shouwang.toml");
        fs::write(&config, format!("theme = \"{theme}\"\n"))?;
        let args = [
            "--config".to_owned(),
            config.display().to_string(),
            "--kiosk".to_owned(),
        ];
        for (name, size) in SIZES {
            say::step(
                &format!("拍摄 {name} {theme}"),
                &format!("taking {name} {theme}"),
            );
            let mut running = Running::start(program, &args, size)?;
            running.painted()?;
            procs::pause(WARM)?;
            running.check()?;
            let picture = folder.join(format!("wall-{name}{ending}.png"));
            running.display().picture(&picture)?;
            eprintln!("   {}", picture.display());
        }
    }
    Ok(())
}

fn alerts(program: &Path, folder: &Path) -> Result<()> {
    let dir = TempDir::new("screenshots")?;
    let config = dir.path().join("shouwang.toml");
    fs::write(
        &config,
        // A busy machine would raise alerts of its own, and a takeover over the picture.
        "[embedded]\nhost = false\n[[person]]\nid = \"lisi\"\nname = \"李四\"\n[[person]]\nid = \"zhangsan\"\nname = \"张三\"\n",
    )?;
    for (name, window, size) in WINDOWS {
        say::step(&format!("拍摄 {name}"), &format!("taking {name}"));
        let mut args = vec![
            "--config".to_owned(),
            config.display().to_string(),
            window.to_owned(),
        ];
        args.extend(
            INCIDENTS
                .iter()
                .flat_map(|i| ["--incident".to_owned(), (*i).to_owned()]),
        );
        let mut running = Running::start(program, &args, size)?;
        procs::pause(UNTIL_ALERTS)?;
        running.check()?;
        let picture = folder.join(format!("{name}.png"));
        running.display().picture(&picture)?;
        eprintln!("   {}", picture.display());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readme_shows_the_boards_that_are_taken_for_it() {
        let text = fs::read_to_string(paths::root().join("README.md")).expect("README");
        let known = built_in().expect("boards");
        for board in README_BOARDS {
            assert!(known.iter().any(|b| b == board), "{board}");
            assert!(
                text.contains(&format!("docs/images/board-{board}.png")),
                "{board}"
            );
        }
        assert_eq!(
            text.matches("docs/images/board-").count(),
            README_BOARDS.len()
        );
    }
}
