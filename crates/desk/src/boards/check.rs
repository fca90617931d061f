//! What a board must hold to be shown, beyond its shape.

use super::{Places, line};
use crate::Problem;
use model::Lang;
use model::board::variable::LabelValues;
use model::board::{
    Board, Concept, Ends, Panel, PanelKind, Variable, WINDOW, concepts_in, expand, variable,
};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// A length of time that a panel may be told at most, seconds: a year.
const LONGEST_SECONDS: u32 = 366 * 86_400;

/// Whether a mark can have this id; what it tells is found by `<id>/…`.
fn is_mark_id(id: &str) -> bool {
    !id.is_empty() && !id.contains('/')
}

/// A board, looked at from one end to the other; every problem is noted.
pub(super) struct Check<'a> {
    pub(super) path: &'a Path,
    pub(super) concepts: &'a BTreeMap<String, Concept>,
    /// Ids of the board's variables.
    pub(super) variables: BTreeSet<String>,
    pub(super) places: Places,
    pub(super) problems: Vec<Problem>,
}

impl Check<'_> {
    fn add(&mut self, key: &'static str, line: usize, panel: &str, params: &[(&str, String)]) {
        let problem = Problem::new(self.path, key).at(line).with("panel", panel);
        self.problems
            .push(params.iter().fold(problem, |p, (n, v)| p.with(n, v)));
    }

    pub(super) fn board(&mut self, board: &Board) {
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
        // Only what has rows can tell a row's labels; elsewhere such a link would never be taken.
        let mut needs = panel.links.iter().flat_map(model::board::Link::labels);
        let known = |label: &str| match panel.kind {
            PanelKind::Topology => label == "node",
            PanelKind::LogStream => ["service", "host", "level"].contains(&label),
            kind => kind.has_rows(),
        };
        if let Some(label) = needs.find(|label| !known(label)) {
            self.add("panel_link_row", at, &panel.id, &[("label", label)]);
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
            && logs::query::parse(&variable::fill_lines(
                panel.filter.as_deref().unwrap_or_default(),
                &self
                    .variables
                    .iter()
                    .map(|v| (v.clone(), Vec::new()))
                    .collect(),
            ))
            .is_err()
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
