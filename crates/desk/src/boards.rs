//! Boards and concepts: from YAML to the model, checked, with line numbers.
//!
//! The built-in ones are inside the program; a directory of the user's adds to them and replaces those of the same name.

use crate::Problem;
use crate::config::read_bounded;
use check::Check;
use include_dir::{Dir, include_dir};
use model::board::{Board, Concept, ConceptFile};
use serde::Deserialize;
use serde_saphyr::Spanned;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

mod check;

static BUILT_IN: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../boards");

/// The file of a directory that holds concepts; every other `.yaml` is a board.
pub const CONCEPTS: &str = "concepts.yaml";

/// Files of a directory that are looked at.
const MAX_FILES: usize = 500;

/// Everything that was read.
#[derive(Clone, Debug, Default)]
pub struct Library {
    /// By id.
    pub concepts: BTreeMap<String, Concept>,
    /// By id.
    pub boards: BTreeMap<String, Board>,
    /// What was wrong; a board with a problem that makes it useless is not in `boards`.
    pub problems: Vec<Problem>,
}

/// Reads the built-in files and those of `dir`.
pub fn load(dir: Option<&Path>) -> Library {
    let mut library = Library::default();
    let built_in: Vec<(PathBuf, String)> = BUILT_IN
        .files()
        .filter(|f| f.path().extension().is_some_and(|e| e == "yaml"))
        .filter_map(|f| Some((f.path().to_owned(), f.contents_utf8()?.to_owned())))
        .collect();
    library.take(built_in);
    if let Some(dir) = dir {
        let (files, mut problems) = read_dir(dir);
        library.problems.append(&mut problems);
        library.take(files);
    }
    library
}

/// The text of a built-in board.
pub fn built_in(id: &str) -> Option<&'static str> {
    BUILT_IN.get_file(format!("{id}.yaml"))?.contents_utf8()
}

/// What decides whether the user's directory must be read again: names, sizes and times of its files.
pub fn fingerprint(dir: &Path) -> Vec<(PathBuf, u64, Option<std::time::SystemTime>)> {
    let Ok(entries) = std::fs::read_dir(dir) else {
        return Vec::new();
    };
    let mut all: Vec<_> = entries
        .flatten()
        .take(MAX_FILES)
        .filter_map(|e| {
            let meta = e.metadata().ok()?;
            Some((e.path(), meta.len(), meta.modified().ok()))
        })
        .collect();
    all.sort();
    all
}

/// All YAML files of a directory, sorted.
pub(crate) fn read_dir(dir: &Path) -> (Vec<(PathBuf, String)>, Vec<Problem>) {
    let mut problems = Vec::new();
    let mut files = Vec::new();
    let mut paths: Vec<PathBuf> = match std::fs::read_dir(dir) {
        Ok(entries) => entries
            .flatten()
            .map(|e| e.path())
            .take(MAX_FILES)
            .collect(),
        // Nobody has saved a board yet; that a configured directory is not there is said with the configuration.
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return (files, problems),
        Err(e) => {
            return (
                files,
                vec![Problem::new(dir, "file_unreadable").with("detail", e)],
            );
        }
    };
    paths.retain(|p| p.extension().is_some_and(|e| e == "yaml" || e == "yml"));
    paths.sort();
    for path in paths {
        match read_bounded(&path) {
            Ok(text) => files.push((path, text)),
            Err(problem) => problems.push(problem),
        }
    }
    (files, problems)
}

impl Library {
    fn take(&mut self, files: Vec<(PathBuf, String)>) {
        let is_concepts = |p: &Path| p.file_name().is_some_and(|n| n == CONCEPTS);
        for (path, text) in files.iter().filter(|(p, _)| is_concepts(p)) {
            self.take_concepts(path, text);
        }
        for (path, text) in files.iter().filter(|(p, _)| !is_concepts(p)) {
            match parse_board(path, text, &self.concepts) {
                Ok(board) => {
                    self.boards.insert(board.id.clone(), board);
                }
                Err(mut problems) => self.problems.append(&mut problems),
            }
        }
    }

    fn take_concepts(&mut self, path: &Path, text: &str) {
        let file: ConceptFile = match parse(path, text) {
            Ok(file) => file,
            Err(problem) => return self.problems.push(problem),
        };
        let places: ConceptPlaces = parse(path, text).unwrap_or_default();
        let mut seen = BTreeSet::new();
        for (i, concept) in file.concepts.into_iter().enumerate() {
            let line = places.concepts.get(i).map_or(0, |c| line(&c.id));
            let bad =
                |key, name: &str, value: &str| Problem::new(path, key).at(line).with(name, value);
            if !seen.insert(concept.id.clone()) {
                self.problems
                    .push(bad("concept_twice", "concept", &concept.id));
                continue;
            }
            if concept.dialects.is_empty() {
                self.problems
                    .push(bad("concept_without_dialect", "concept", &concept.id));
                continue;
            }
            if concept.thresholds.is_some_and(|t| !t.is_ordered()) {
                self.problems
                    .push(bad("thresholds_order", "panel", &concept.id));
            }
            for d in &concept.dialects {
                if let Some(missing) = d.lang.missing_placeholder(&d.expr) {
                    self.problems
                        .push(bad("placeholder", "placeholder", missing).with("expr", &d.expr));
                }
                if let Err(detail) = promql_parser::parser::parse(&d.in_promql()) {
                    self.problems
                        .push(bad("expression", "detail", &detail).with("expr", &d.expr));
                }
            }
            self.concepts.insert(concept.id.clone(), concept);
        }
    }
}

/// What a file says, or where it does not.
pub(crate) fn parse<T: serde::de::DeserializeOwned>(path: &Path, text: &str) -> Result<T, Problem> {
    serde_saphyr::from_str(text).map_err(|e| {
        let line = e
            .location()
            .map_or(0, |l| usize::try_from(l.line()).unwrap_or(0));
        Problem::new(path, "yaml")
            .at(line)
            .with("detail", e.without_snippet())
    })
}

#[derive(Deserialize, Default)]
struct ConceptPlaces {
    concepts: Vec<IdPlace>,
}

#[derive(Deserialize)]
struct IdPlace {
    id: Spanned<String>,
}

#[derive(Deserialize, Default)]
struct Places {
    #[serde(default)]
    panels: Vec<PanelPlace>,
}

#[derive(Deserialize)]
struct PanelPlace {
    id: Spanned<String>,
    #[serde(default)]
    queries: Vec<QueryPlace>,
}

#[derive(Deserialize)]
struct QueryPlace {
    expr: Spanned<String>,
}

fn line<T>(spanned: &Spanned<T>) -> usize {
    usize::try_from(spanned.referenced.line()).unwrap_or(0)
}

/// A board from its text; every problem at once.
pub fn parse_board(
    path: &Path,
    text: &str,
    concepts: &BTreeMap<String, Concept>,
) -> Result<Board, Vec<Problem>> {
    let mut board: Board = parse(path, text).map_err(|p| vec![p])?;
    auto_id(&mut board);
    let places: Places = parse(path, text).unwrap_or_default();
    let mut check = Check {
        path,
        concepts,
        variables: board.variables.iter().map(|v| v.id.clone()).collect(),
        places,
        problems: Vec::new(),
    };
    check.board(&board);
    if check.problems.is_empty() {
        Ok(board)
    } else {
        Err(check.problems)
    }
}

/// Queries without an id are called `a`, `b`, … by their order.
pub(crate) fn auto_id(board: &mut Board) {
    for panel in &mut board.panels {
        for (i, query) in panel.queries.iter_mut().enumerate() {
            if query.id.is_empty() {
                query.id = char::from_u32('a' as u32 + u32::try_from(i % 26).unwrap_or(0))
                    .map_or_else(String::new, String::from);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::texts;

    fn concepts() -> BTreeMap<String, Concept> {
        load(None).concepts
    }

    fn bad(text: &str) -> Vec<(usize, &'static str)> {
        let problems =
            parse_board(Path::new("x.yaml"), text, &concepts()).expect_err("must be refused");
        for p in &problems {
            for locale in texts::LOCALES {
                let said = p.say(locale);
                assert!(!said.contains("problem.") && !said.contains("%{"), "{said}");
            }
        }
        problems.iter().map(|p| (p.line, p.key)).collect()
    }

    #[test]
    fn the_built_in_files_are_good_and_their_keys_have_texts() {
        let library = load(None);
        assert_eq!(library.problems, []);
        assert!(library.boards.contains_key("overview"));
        let mut keys: Vec<&str> = library
            .concepts
            .values()
            .map(|c| c.title.as_str())
            .collect();
        for board in library.boards.values() {
            keys.push(&board.title);
            for p in &board.panels {
                keys.push(&p.title);
                keys.extend(p.subtitle.as_deref());
                keys.extend(p.text.as_deref());
                keys.extend(p.queries.iter().filter_map(|q| q.label.as_deref()));
            }
        }
        for key in keys {
            for locale in texts::LOCALES {
                assert!(texts::exists(locale, key), "{key} has no text in {locale}");
            }
        }
    }

    #[test]
    fn problems_name_their_line() {
        let board =
            |panels: &str| format!("id: x\ntitle: t\ncolumns: 4\nrows: 4\npanels:\n{panels}");
        assert_eq!(bad("id: x\ntitle: t\npanels: ["), [(3, "yaml")]);
        assert_eq!(
            bad(&board(
                "  - {id: a, kind: nope, title: t, at: {x: 0, y: 0, w: 1, h: 1}}\n"
            ))[0]
                .1,
            "yaml"
        );
        let two = board(
            "  - id: a\n    kind: gauge\n    title: t\n    at: {x: 0, y: 0, w: 2, h: 2}\n    queries:\n      - expr: 'sum('\n  - id: a\n    kind: gauge\n    title: t\n    at: {x: 1, y: 1, w: 9, h: 1}\n    queries:\n      - expr: '${nope}'\n",
        );
        let found = bad(&two);
        for expected in [
            (11, "expression"),
            (12, "panel_twice"),
            (12, "panel_outside"),
            (12, "panel_overlap"),
            (17, "unknown_concept"),
        ] {
            assert!(found.contains(&expected), "{expected:?} not in {found:?}");
        }
    }

    #[test]
    fn hostile_yaml_is_refused_and_bounded() {
        let bomb = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nid: x\ntitle: *c\npanels: []\n";
        assert!(!bad(bomb).is_empty());
        assert!(!bad(&"[".repeat(100_000)).is_empty());
        assert!(!bad("\0").is_empty());
    }

    #[test]
    fn a_board_of_the_users_replaces_the_built_in_one() {
        let dir = tempfile::tempdir().unwrap();
        let text = "id: overview\ntitle: mine\npanels:\n  - {id: a, kind: text, title: t, text: t, at: {x: 0, y: 0, w: 1, h: 1}}\n";
        std::fs::write(dir.path().join("overview.yaml"), text).unwrap();
        std::fs::write(dir.path().join("broken.yaml"), "id: broken\n").unwrap();
        let before = fingerprint(dir.path());
        let library = load(Some(dir.path()));
        assert_eq!(library.boards["overview"].title, "mine");
        assert_eq!(library.problems.len(), 1);
        std::fs::write(dir.path().join("broken.yaml"), "id: broken\n\n").unwrap();
        assert_ne!(fingerprint(dir.path()), before);
    }
}
