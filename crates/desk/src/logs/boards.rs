//! Boards about logs: panels made of queries, kept as YAML. The built-in ones are inside the program; a directory `logs` in the
//! user's directory of boards adds to them and replaces those of the same id.

use crate::Problem;
use crate::boards::{parse, read_dir};
use include_dir::{Dir, include_dir};
use serde::Deserialize;
use serde_saphyr::Spanned;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use wire::{LogBoardView, LogPanelKind, LogPanelView, LogSeriesView};

static BUILT_IN: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../boards/logs");

/// The built-in boards in the order in which they are shown; further ones follow by id.
const ORDER: [&str; 8] = [
    "api",
    "errors",
    "users",
    "performance",
    "resources",
    "health",
    "analysis",
    "security",
];
/// Panels of a board, lines of a series, columns; boards.
const PANELS: usize = 24;
const SERIES: usize = 6;
const BOARDS: usize = 100;
/// Twelfths of a board's width; rows of its height.
const WIDTH: u8 = 12;
const HEIGHT: u8 = 20;

/// All boards, and what is wrong with their files.
#[derive(Clone, Debug, Default)]
pub struct Boards {
    /// In the order in which they are shown.
    pub views: Vec<LogBoardView>,
    /// A board with a problem is left out.
    pub problems: Vec<Problem>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Board {
    id: Spanned<String>,
    title: String,
    panels: Vec<Panel>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Panel {
    id: Spanned<String>,
    title: String,
    kind: LogPanelKind,
    #[serde(default)]
    query: String,
    #[serde(default)]
    field: String,
    #[serde(default)]
    number: String,
    #[serde(default)]
    unit: String,
    #[serde(default)]
    series: Vec<LogSeriesView>,
    #[serde(default)]
    columns: Vec<String>,
    #[serde(default = "half")]
    width: u8,
    #[serde(default = "five")]
    height: u8,
}

const fn half() -> u8 {
    6
}

const fn five() -> u8 {
    5
}

/// Reads the built-in boards and those of `dir/logs`.
pub fn load(dir: Option<&Path>) -> Boards {
    let mut boards = Boards::default();
    let built_in = BUILT_IN
        .files()
        .filter_map(|f| Some((f.path().to_owned(), f.contents_utf8()?.to_owned())));
    boards.take(built_in.collect());
    if let Some(dir) = dir.map(|d| d.join("logs")).filter(|d| d.is_dir()) {
        let (files, mut problems) = read_dir(&dir);
        boards.problems.append(&mut problems);
        boards.take(files);
    }
    let place = |id: &str| ORDER.iter().position(|o| *o == id).unwrap_or(ORDER.len());
    boards
        .views
        .sort_by(|a, b| (place(&a.id), &a.id).cmp(&(place(&b.id), &b.id)));
    boards.views.truncate(BOARDS);
    boards
}

impl Boards {
    fn take(&mut self, files: Vec<(PathBuf, String)>) {
        for (path, text) in files {
            match read(&path, &text) {
                Ok(board) => {
                    self.views.retain(|b| b.id != board.id);
                    self.views.push(board);
                }
                Err(problem) => self.problems.push(problem),
            }
        }
    }
}

fn read(path: &Path, text: &str) -> Result<LogBoardView, Problem> {
    let board: Board = parse(path, text)?;
    let wrong = |id: &Spanned<String>, detail: String| {
        let line = usize::try_from(id.referenced.line()).unwrap_or(0);
        Problem::new(path, "log_board_panel")
            .at(line)
            .with("panel", &id.value)
            .with("detail", detail)
    };
    if board.panels.len() > PANELS {
        return Err(wrong(&board.id, format!("panels > {PANELS}")));
    }
    let mut seen = BTreeSet::new();
    let mut panels = Vec::new();
    for panel in board.panels {
        if !seen.insert(panel.id.value.clone()) {
            return Err(wrong(&panel.id, "id".into()));
        }
        panel_problem(&panel).map_or(Ok(()), |detail| Err(wrong(&panel.id, detail)))?;
        panels.push(view(panel));
    }
    Ok(LogBoardView {
        id: board.id.value,
        title: board.title,
        panels,
    })
}

/// What is wrong with a panel, in the words of the file.
fn panel_problem(panel: &Panel) -> Option<String> {
    let queries = panel.series.iter().map(|s| &s.query);
    for query in queries.chain([&panel.query]) {
        if let Err(fault) = logs::query::parse(query) {
            return Some(format!("query: {fault}"));
        }
    }
    let needs_field = matches!(panel.kind, LogPanelKind::Top | LogPanelKind::Numbers);
    let checks = [
        (needs_field && panel.field.is_empty(), "field"),
        (
            panel.kind == LogPanelKind::Numbers && panel.number.is_empty(),
            "number",
        ),
        (
            panel.kind == LogPanelKind::Series && !(1..=SERIES).contains(&panel.series.len()),
            "series",
        ),
        (panel.columns.len() > super::views::COLUMNS, "columns"),
        (!(1..=WIDTH).contains(&panel.width), "width"),
        (!(1..=HEIGHT).contains(&panel.height), "height"),
    ];
    let wrong = checks.iter().find(|(wrong, _)| *wrong);
    wrong.map(|(_, key)| (*key).to_owned())
}

fn view(panel: Panel) -> LogPanelView {
    LogPanelView {
        id: panel.id.value,
        title: panel.title,
        kind: panel.kind,
        query: panel.query,
        field: panel.field,
        number: panel.number,
        unit: panel.unit,
        series: panel.series,
        columns: panel.columns,
        width: panel.width,
        height: panel.height,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::texts;

    #[test]
    fn the_built_in_boards_are_good_and_have_names_in_both_languages() {
        let boards = load(None);
        assert_eq!(boards.problems, []);
        let ids: Vec<&str> = boards.views.iter().map(|b| b.id.as_str()).collect();
        assert_eq!(ids, ORDER);
        for board in &boards.views {
            let rows: u32 = board.panels.iter().map(|p| u32::from(p.width)).sum();
            assert_eq!(rows % 12, 0, "{}: rows are full", board.id);
            let series = board.panels.iter().flat_map(|p| &p.series);
            let titles = board.panels.iter().map(|p| &p.title);
            let titles = titles.chain(series.map(|s| &s.title));
            for key in titles.chain([&board.title]).filter(|t| t.contains('.')) {
                for locale in texts::LOCALES {
                    assert!(texts::exists(locale, key), "{locale}: {key}");
                }
            }
        }
    }

    /// Lines of everything that the demonstration tells: a calm while with all that happens beside the requests, and each incident.
    fn told() -> Vec<model::log::LogLine> {
        use simulator::stories::{Rhythm, Stories, StoryOptions};
        const SECOND: i64 = 1_000_000_000;
        /// Wednesday 2026-11-18, 12:00 in Shanghai.
        const NOON: i64 = 1_794_974_400 * SECOND;
        let stories = |seconds: i64, incidents: &[simulator::Incident]| {
            let options = StoryOptions {
                seed: 7,
                lines_per_second: 20.0,
                rhythm: Rhythm::Steady,
                ambient: true,
            };
            let batch = Stories::new(options).between(NOON, NOON + seconds * SECOND, incidents);
            batch.lines
        };
        let mut lines = stories(600, &[]);
        for kind in simulator::IncidentKind::ALL {
            let incident = simulator::Incident {
                kind,
                start_ms: NOON / 1_000_000 - 600_000,
                end_ms: NOON / 1_000_000 + 1_200_000,
                severity: model::Severity::Emergency,
            };
            lines.extend(stories(60, &[incident]));
        }
        lines
    }

    /// A panel over a field that no line has is empty for ever, and nobody would see why.
    #[test]
    fn what_the_built_in_boards_ask_for_is_what_the_platform_writes() {
        use model::log::Field;
        let lines = told();
        for board in load(None).views {
            for panel in &board.panels {
                let at = format!("{}/{}", board.id, panel.id);
                let filter = |query: &str| logs::query::parse(query).expect("a good query");
                let own = filter(&panel.query);
                let found: Vec<_> = lines.iter().filter(|l| logs::matches(&own, l)).collect();
                assert!(!found.is_empty(), "{at}: no line for {}", panel.query);
                for one in &panel.series {
                    let part = filter(&one.query);
                    assert!(
                        found.iter().any(|l| logs::matches(&part, l)),
                        "{at}: no line for {}",
                        one.query
                    );
                }
                let fields = [&panel.field, &panel.number].into_iter();
                for name in fields.chain(&panel.columns).filter(|n| !n.is_empty()) {
                    let field = Field::named(name);
                    assert!(
                        found.iter().any(|l| logs::is_there(l, &field)),
                        "{at}: no line has {name}"
                    );
                }
            }
        }
    }

    /// Addresses of those who attack are what one looks for first.
    #[test]
    fn the_security_board_names_the_attackers() {
        let lines = told();
        let board = load(None).views.into_iter().find(|b| b.id == "security");
        let board = board.expect("the board");
        let panel = board.panels.iter().find(|p| p.id == "addresses");
        let panel = panel.expect("the panel");
        let filter = logs::query::parse(&panel.query).expect("a good query");
        let field = model::log::Field::named(&panel.field);
        for event in ["firewall", "attack_blocked", "brute_force", "ssh_login"] {
            assert!(
                lines.iter().any(|l| {
                    l.attrs.get("event").and_then(|e| e.as_str()) == Some(event)
                        && logs::matches(&filter, l)
                        && logs::is_there(l, &field)
                }),
                "{event}"
            );
        }
    }

    #[test]
    fn ones_own_boards_replace_and_broken_ones_are_told_with_their_line() {
        let dir = tempfile::tempdir().expect("a directory");
        let folder = dir.path().join("logs");
        std::fs::create_dir(&folder).expect("made");
        let own = "id: api\ntitle: 我的\npanels:\n  - { id: a, title: A, kind: count }\n";
        std::fs::write(folder.join("own.yaml"), own).expect("written");
        let bad = "id: bad\ntitle: B\npanels:\n  - { id: a, title: A, kind: top, query: \"level:(\", field: x }\n";
        std::fs::write(folder.join("bad.yaml"), bad).expect("written");
        let boards = load(Some(dir.path()));
        assert_eq!(boards.views.len(), ORDER.len());
        assert_eq!(boards.views[0].title, "我的");
        let [problem] = boards.problems.as_slice() else {
            panic!("{:?}", boards.problems)
        };
        assert_eq!((problem.key, problem.line), ("log_board_panel", 4));
    }
}
