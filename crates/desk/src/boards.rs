//! Boards and concepts: from YAML to the model, checked, with line numbers.
//!
//! The built-in ones are inside the program; a directory of the user's adds to them and replaces those of the same name.

use crate::Problem;
use crate::config::read_bounded;
use include_dir::{Dir, include_dir};
use model::Lang;
use model::board::variable::LabelValues;
use model::board::{
    Board, Concept, ConceptFile, Ends, Panel, PanelKind, Variable, WINDOW, concepts_in, expand,
    variable,
};
use serde::Deserialize;
use serde_saphyr::Spanned;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

static BUILT_IN: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../boards");

/// The file of a directory that holds concepts; every other `.yaml` is a board.
pub const CONCEPTS: &str = "concepts.yaml";

/// Files of a directory that are looked at.
const MAX_FILES: usize = 500;

/// A length of time that a panel may be told at most, seconds: a year.
const LONGEST_SECONDS: u32 = 366 * 86_400;

/// Whether a mark can have this id; what it tells is found by `<id>/…`.
fn is_mark_id(id: &str) -> bool {
    !id.is_empty() && !id.contains('/')
}

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

struct Check<'a> {
    path: &'a Path,
    concepts: &'a BTreeMap<String, Concept>,
    /// Ids of the board's variables.
    variables: BTreeSet<String>,
    places: Places,
    problems: Vec<Problem>,
}

impl Check<'_> {
    fn add(&mut self, key: &'static str, line: usize, panel: &str, params: &[(&str, String)]) {
        let problem = Problem::new(self.path, key).at(line).with("panel", panel);
        self.problems
            .push(params.iter().fold(problem, |p, (n, v)| p.with(n, v)));
    }

    fn board(&mut self, board: &Board) {
        let stem = self
            .path
            .file_stem()
            .map(|s| s.to_string_lossy().into_owned())
            .unwrap_or_default();
        if board.id != stem {
            self.add("board_id", 1, &board.id, &[("file", stem)]);
        }
        let limits = [
            ("columns", i64::from(board.columns), 1, 96),
            ("rows", i64::from(board.rows), 1, 96),
            (
                "window_seconds",
                i64::from(board.window_seconds),
                60,
                90 * 86_400,
            ),
            (
                "refresh_seconds",
                i64::from(board.refresh_seconds),
                1,
                3_600,
            ),
            (
                "panels",
                i64::try_from(board.panels.len()).unwrap_or(i64::MAX),
                1,
                200,
            ),
        ];
        for (key, value, min, max) in limits {
            if !(min..=max).contains(&value) {
                self.add(
                    "board_bounds",
                    1,
                    key,
                    &[("min", min.to_string()), ("max", max.to_string())],
                );
            }
        }
        for (i, variable) in board.variables.iter().enumerate() {
            let before = self.problems.len();
            self.variable(variable);
            if board.variables.iter().take(i).any(|v| v.id == variable.id) {
                self.add("variable_twice", 1, &variable.id, &[]);
            }
            self.belongs(before, "variable", &variable.id);
        }
        for (i, mark) in board.marks.iter().enumerate() {
            let before = self.problems.len();
            self.expression(&mark.expr, 1, &mark.id);
            let twice = board.marks.iter().take(i).any(|m| m.id == mark.id);
            if twice || !is_mark_id(&mark.id) {
                self.add("mark_id", 1, &mark.id, &[]);
            }
            self.belongs(before, "mark", &mark.id);
        }
        let mut taken: Vec<(usize, &Panel)> = Vec::new();
        for (i, panel) in board.panels.iter().enumerate() {
            let at = self.places.panels.get(i).map_or(0, |p| line(&p.id));
            self.place(board, panel, at, &taken);
            self.panel(panel, i, at);
            taken.push((at, panel));
        }
    }

    /// Says of the problems since `from` that they are about this part of the board and about no panel.
    fn belongs(&mut self, from: usize, part: &str, id: &str) {
        for problem in self.problems.get_mut(from..).unwrap_or_default() {
            problem.params.insert(part.to_owned(), id.to_owned());
        }
    }

    fn variable(&mut self, variable: &Variable) {
        let asked = variable.query.as_deref();
        let good = variable::is_name(&variable.id)
            && format!("${}", variable.id) != WINDOW
            && (asked.is_some() || !variable.values.is_empty());
        if !good {
            self.add("variable", 1, &variable.id, &[]);
        }
        match asked.map(LabelValues::parse) {
            Some(None) => {
                let query = asked.unwrap_or_default().to_owned();
                self.add("variable_query", 1, &variable.id, &[("query", query)]);
            }
            Some(Some(asked)) => self.expression(&asked.expr(), 1, &variable.id),
            None => {}
        }
    }

    fn place(&mut self, board: &Board, panel: &Panel, at: usize, taken: &[(usize, &Panel)]) {
        if taken.iter().any(|(_, p)| p.id == panel.id) {
            self.add("panel_twice", at, &panel.id, &[]);
        }
        let a = panel.at;
        if a.w == 0
            || a.h == 0
            || a.x.saturating_add(a.w) > board.columns
            || a.y.saturating_add(a.h) > board.rows
        {
            let grid = format!("{}×{}", board.columns, board.rows);
            self.add("panel_outside", at, &panel.id, &[("grid", grid)]);
        }
        let overlap = taken.iter().find(|(_, p)| {
            let b = p.at;
            a.x < b.x.saturating_add(b.w)
                && b.x < a.x.saturating_add(a.w)
                && a.y < b.y.saturating_add(b.h)
                && b.y < a.y.saturating_add(a.h)
        });
        if let Some((line, other)) = overlap {
            self.add(
                "panel_overlap",
                at,
                &panel.id,
                &[("other", other.id.clone()), ("line", line.to_string())],
            );
        }
    }

    /// Lengths of time, labels and ways that only some panels are told.
    fn options(&mut self, panel: &Panel, at: usize) {
        let asked = panel
            .queries
            .iter()
            .map(|q| ("refresh_seconds", q.refresh_seconds, 1));
        let own = [
            ("window_seconds", panel.window_seconds, 60),
            ("step_seconds", panel.step_seconds, 1),
            ("ahead_seconds", panel.forecast.map(|f| f.ahead_seconds), 60),
            (
                "season_seconds",
                panel.forecast.map(|f| f.season_seconds),
                60,
            ),
        ];
        for (field, seconds, min) in own.into_iter().chain(asked) {
            if seconds.is_some_and(|s| !(min..=LONGEST_SECONDS).contains(&s)) {
                let bounds = [
                    ("field", field.to_owned()),
                    ("min", min.to_string()),
                    ("max", LONGEST_SECONDS.to_string()),
                ];
                self.add("panel_seconds", at, &panel.id, &bounds);
            }
        }
        let nameless = |e: &Ends| e.from.is_empty() || e.to.is_empty() || e.from == e.to;
        if panel.ends.as_ref().is_some_and(nameless) {
            self.add("panel_ends", at, &panel.id, &[]);
        }
        if panel.links.iter().any(|l| l.target.trim().is_empty()) {
            self.add("panel_link", at, &panel.id, &[]);
        }
    }

    fn panel(&mut self, panel: &Panel, i: usize, at: usize) {
        self.options(panel, at);
        if panel.kind == PanelKind::Text && panel.text.is_none() {
            self.add("panel_text", at, &panel.id, &[]);
        }
        if panel.kind.needs_query() && panel.queries.is_empty() {
            self.add("panel_without_query", at, &panel.id, &[]);
        }
        if panel.kind == PanelKind::LogStream
            && logs::query::parse(panel.filter.as_deref().unwrap_or_default()).is_err()
        {
            let query = panel.filter.clone().unwrap_or_default();
            self.add("panel_filter", at, &panel.id, &[("query", query)]);
        }
        let slo = panel.slo.is_some_and(|s| s.is_possible());
        let windowed = panel.queries.iter().any(|q| q.expr.contains(WINDOW));
        if panel.kind == PanelKind::Slo && !(slo && windowed) {
            self.add("panel_slo", at, &panel.id, &[]);
        }
        if panel
            .min
            .zip(panel.max)
            .is_some_and(|(min, max)| min >= max)
        {
            self.add("panel_min_max", at, &panel.id, &[]);
        }
        let limits =
            std::iter::once(panel.thresholds).chain(panel.queries.iter().map(|q| q.thresholds));
        if limits.flatten().any(|t| !t.is_ordered()) {
            self.add("thresholds_order", at, &panel.id, &[]);
        }
        let mut ids = BTreeSet::new();
        for (q, query) in panel.queries.iter().enumerate() {
            let place = self.places.panels.get(i).and_then(|p| p.queries.get(q));
            let here = place.map_or(at, |p| line(&p.expr));
            if !ids.insert(&query.id) {
                self.add(
                    "query_twice",
                    here,
                    &panel.id,
                    &[("query", query.id.clone())],
                );
            }
            match query.lang.missing_placeholder(&query.expr) {
                None if query.lang == Lang::Promql => {
                    self.expression(&query.expr, here, &panel.id);
                }
                None => {}
                Some(missing) => self.add(
                    "placeholder",
                    here,
                    &panel.id,
                    &[
                        ("placeholder", missing.to_owned()),
                        ("expr", query.expr.clone()),
                    ],
                ),
            }
        }
    }

    /// With something in the place of the window and of variables, as it will be asked.
    fn filled(&self, expr: &str) -> String {
        variable::replace(&expr.replace(WINDOW, "1h"), |id| {
            self.variables.contains(id).then(|| ".*".to_owned())
        })
    }

    fn expression(&mut self, expr: &str, at: usize, panel: &str) {
        let mut filled = BTreeMap::new();
        for id in concepts_in(expr) {
            match self.concepts.get(&id).and_then(|c| c.dialects.first()) {
                Some(d) => {
                    filled.insert(id, d.in_promql());
                }
                None => {
                    let near = self
                        .concepts
                        .keys()
                        .min_by_key(|k| strsim::damerau_levenshtein(k, &id))
                        .cloned()
                        .unwrap_or_default();
                    return self.add(
                        "unknown_concept",
                        at,
                        panel,
                        &[("concept", id), ("near", near)],
                    );
                }
            }
        }
        let problem = match expand(expr, &filled) {
            Err(_) => Some("${ … }".to_owned()),
            Ok(full) => promql_parser::parser::parse(&self.filled(&full)).err(),
        };
        if let Some(detail) = problem {
            self.add(
                "expression",
                at,
                panel,
                &[("detail", detail), ("expr", expr.to_owned())],
            );
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
        assert_eq!(
            bad("id: x\ntitle: t\npanels: ["),
            [(3, "yaml")].map(|(_, k)| (bad("id: x\ntitle: t\npanels: [")[0].0, k))
        );
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
