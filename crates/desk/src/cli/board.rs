//! `board`: lists boards, takes them from Grafana, gives them to Grafana.

use super::commands;
use super::output::{error_line, fail, line, sentence};
use crate::boards::{self, Library};
use crate::config::{self, Loaded};
use crate::editor::{file, yaml};
use crate::texts;
use clap::ArgMatches;
use grafana::{ExportOptions, ImportOptions, Imported, Loss};
use model::board::Board;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Says what went wrong; `Err` carries the exit code.
type Outcome<T> = Result<T, ExitCode>;

/// Carries out the subcommand.
pub fn run(arguments: &ArgMatches, loaded: &Loaded, locale: &str) -> ExitCode {
    match arguments.subcommand() {
        Some(("import", a)) => import(a, loaded, locale).unwrap_or_else(|code| code),
        Some(("export", a)) => export(a, loaded, locale).unwrap_or_else(|code| code),
        _ => commands::boards(loaded, locale),
    }
}

fn text<'a>(arguments: &'a ArgMatches, name: &str) -> Option<&'a String> {
    arguments.get_one::<String>(name)
}

fn unreadable(path: &Path, detail: impl ToString, locale: &str) -> ExitCode {
    let problem = crate::Problem::new(path, "file_unreadable").with("detail", detail);
    error_line(&problem.say(locale));
    ExitCode::FAILURE
}

/// At most one byte more than is read, so that a file without an end does not fill the memory.
fn read(path: &Path, locale: &str) -> Outcome<Vec<u8>> {
    use std::io::Read;
    let mut bytes = Vec::new();
    let limit = grafana::MAX_BYTES as u64 + 1;
    std::fs::File::open(path)
        .and_then(|file| file.take(limit).read_to_end(&mut bytes))
        .map_err(|e| unreadable(path, e, locale))?;
    Ok(bytes)
}

fn import(arguments: &ArgMatches, loaded: &Loaded, locale: &str) -> Outcome<ExitCode> {
    let from = PathBuf::from(text(arguments, "file").cloned().unwrap_or_default());
    let output = text(arguments, "output");
    let to_screen = output.is_some_and(|o| o == "-");
    let folder = match output {
        Some(o) => Path::new(o).parent().map(Path::to_owned),
        None => config::boards_dir(&loaded.config),
    };
    let Some(folder) = folder else {
        return Err(fail(locale, "cli.board_no_directory", &[]));
    };
    let stem = |o: &String| Some(Path::new(o).file_stem()?.to_string_lossy().into_owned());
    let options = ImportOptions {
        id: output.filter(|_| !to_screen).and_then(stem),
        source: text(arguments, "source").cloned(),
        ..ImportOptions::default()
    };
    let imported = grafana::import(&read(&from, locale)?, &options).map_err(|e| {
        let key = format!("grafana.refused.{}", e.code());
        let said = texts::say(locale, &key, &e.params());
        error_line(&format!("{}: {said}", from.display()));
        ExitCode::FAILURE
    })?;
    let library = boards::load(config::boards_dir(&loaded.config).as_deref());
    for board in &imported.boards {
        let written = written(board, &library, locale)?;
        if to_screen {
            line("---");
            line(written.trim_end());
            continue;
        }
        let force = arguments.get_flag("force");
        let to = save(&folder, board, &written, force, locale)?;
        let params = [
            ("file", to.display().to_string()),
            ("panels", board.panels.len().to_string()),
        ];
        line(&sentence(locale, "cli.board_written", &params));
    }
    report(&imported, locale);
    Ok(if imported.boards.is_empty() {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

/// The board's YAML, held against what `check` demands.
fn written(board: &Board, library: &Library, locale: &str) -> Outcome<String> {
    let broken = |detail: String| fail(locale, "cli.board_broken", &[("detail", detail)]);
    let written = yaml::write(board, None).map_err(|e| broken(e.to_string()))?;
    let name = PathBuf::from(format!("{}.yaml", board.id));
    if let Err(problems) = boards::parse_board(&name, &written.text, &library.concepts) {
        problems.iter().for_each(|p| error_line(&p.say(locale)));
        return Err(broken(board.id.clone()));
    }
    Ok(written.text)
}

fn save(folder: &Path, board: &Board, text: &str, force: bool, locale: &str) -> Outcome<PathBuf> {
    let nothing_there = file::version(None);
    let expected = (!force).then_some(nothing_there.as_str());
    let saved = file::path(folder, &board.id)
        .and_then(|path| file::save(&path, text, expected).map(|()| path));
    saved.map_err(|e| {
        let (key, detail) = match &e {
            file::FileError::Changed(path) => ("cli.board_is_there", path.display().to_string()),
            file::FileError::Name(name) => ("cli.board_name", name.clone()),
            file::FileError::Io { .. } => ("cli.board_not_written", e.to_string()),
        };
        fail(locale, key, &[("detail", detail)])
    })
}

fn report(imported: &Imported, locale: &str) {
    let params = [
        ("taken", imported.taken.to_string()),
        ("found", imported.found.to_string()),
        ("boards", imported.boards.len().to_string()),
    ];
    line(&sentence(locale, "cli.board_taken", &params));
    losses(&imported.losses, locale);
}

/// What got lost, each with its panel and its place.
fn losses(all: &[Loss], locale: &str) {
    if all.is_empty() {
        return;
    }
    let count = [("count", all.len().to_string())];
    error_line(&sentence(locale, "cli.board_losses", &count));
    for loss in all {
        let key = format!("grafana.loss.{}", loss.kind.code());
        let said = texts::say(locale, &key, &loss.kind.params());
        let panel = loss.panel.as_deref().unwrap_or("–");
        error_line(&format!("  {panel} ({}): {said}", loss.path));
    }
}

fn export(arguments: &ArgMatches, loaded: &Loaded, locale: &str) -> Outcome<ExitCode> {
    let library = boards::load(config::boards_dir(&loaded.config).as_deref());
    let id = text(arguments, "board").cloned().unwrap_or_default();
    let Some(board) = library.boards.get(&id) else {
        let known: Vec<&str> = library.boards.keys().map(String::as_str).collect();
        let params = [("board", id), ("known", known.join(", "))];
        return Err(fail(locale, "cli.check_board", &params));
    };
    let words = |key: &str| texts::plain(locale, key);
    let exported = grafana::export(
        board,
        &ExportOptions {
            concepts: &library.concepts,
            bound: &BTreeMap::new(),
            words: &words,
        },
    );
    let json = serde_json::to_string_pretty(&exported.dashboard).unwrap_or_default();
    match text(arguments, "output").filter(|o| *o != "-") {
        None => line(&json),
        Some(to) => {
            let path = PathBuf::from(to);
            file::save(&path, &(json + "\n"), None).map_err(|e| {
                fail(
                    locale,
                    "cli.board_not_written",
                    &[("detail", e.to_string())],
                )
            })?;
            let params = [
                ("file", to.clone()),
                ("panels", board.panels.len().to_string()),
            ];
            line(&sentence(locale, "cli.board_written", &params));
        }
    }
    losses(&exported.losses, locale);
    Ok(ExitCode::SUCCESS)
}
