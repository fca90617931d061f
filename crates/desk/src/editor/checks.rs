//! The checks of `shouwang check`, with the field that each problem belongs to.

use crate::boards::{Library, parse_board};
use crate::{Problem, editor::yaml};
use model::board::Board;
use std::path::PathBuf;
use wire::EditorProblem;

/// Everything that is wrong with `board`.
pub(super) fn problems(board: &Board, library: &Library) -> Vec<EditorProblem> {
    let written = match yaml::write(board, None) {
        Ok(written) => written,
        Err(e) => return vec![plain("yaml", &e.to_string())],
    };
    // A name of a file is made of the id, so that it always fits; whether it is one is decided when it is saved.
    let name = PathBuf::from(format!("{}.yaml", board.id));
    match parse_board(&name, &written.text, &library.concepts) {
        Ok(_) => Vec::new(),
        Err(problems) => problems.iter().map(|p| located(p, board)).collect(),
    }
}

/// A problem of the whole board with one value.
pub(super) fn plain(key: &str, detail: &str) -> EditorProblem {
    EditorProblem {
        panel: None,
        query: None,
        field: String::new(),
        key: key.to_owned(),
        params: [("detail".to_owned(), detail.chars().take(300).collect())].into(),
    }
}

fn located(problem: &Problem, board: &Board) -> EditorProblem {
    let said = |name: &str| problem.params.get(name).cloned();
    for (part, expr) in [("variable", "variable_query"), ("mark", "mark_expr")] {
        if let Some(id) = said(part) {
            let of_query =
                ["variable_query", "expression", "unknown_concept"].contains(&problem.key);
            let field = if of_query { expr } else { part };
            return EditorProblem {
                query: Some(id),
                ..of_board(problem, field.to_owned())
            };
        }
    }
    let field = match problem.key {
        "board_bounds" => return of_board(problem, said("panel").unwrap_or_default()),
        "board_id" => return of_board(problem, "id".to_owned()),
        "panel_twice" => "id",
        "panel_outside" | "panel_overlap" => "at",
        "panel_text" => "text",
        "panel_min_max" => "min",
        "panel_slo" => "slo",
        "panel_filter" => "filter",
        "panel_ends" => "ends",
        "panel_link" | "panel_link_row" => "links",
        "panel_seconds" => match said("field").as_deref() {
            Some("refresh_seconds") => "refresh_seconds",
            Some("ahead_seconds" | "season_seconds") => "forecast",
            _ => "window_seconds",
        },
        "thresholds_order" => "thresholds",
        "panel_without_query" => "queries",
        "query_twice" | "unknown_concept" | "expression" | "placeholder" => "expr",
        _ => "",
    };
    let panel = said("panel").filter(|id| board.panels.iter().any(|p| p.id == *id));
    let query = match said("query").filter(|_| field == "expr") {
        Some(id) => Some(id),
        None if field == "expr" => panel.as_deref().and_then(|id| culprit(problem, board, id)),
        None if field == "refresh_seconds" => panel.as_deref().and_then(|id| hasty(board, id)),
        None => None,
    };
    EditorProblem {
        panel,
        query,
        field: field.to_owned(),
        key: problem.key.to_owned(),
        params: problem.params.clone(),
    }
}

fn of_board(problem: &Problem, field: String) -> EditorProblem {
    EditorProblem {
        panel: None,
        query: None,
        field,
        key: problem.key.to_owned(),
        params: problem.params.clone(),
    }
}

/// The query that the problem is about: the one with its expression, or with its concept.
fn culprit(problem: &Problem, board: &Board, panel: &str) -> Option<String> {
    let panel = board.panels.iter().find(|p| p.id == panel)?;
    let concept = problem.params.get("concept");
    let expr = problem.params.get("expr");
    let says = |text: &str| match (concept, expr) {
        (Some(id), _) => model::board::concepts_in(text).contains(id),
        // A problem's values are cut, so that its begin is all that can be compared.
        (None, Some(expr)) => text.starts_with(expr.as_str()),
        (None, None) => false,
    };
    let found = panel.queries.iter().find(|q| says(&q.expr))?;
    Some(found.id.clone())
}

/// The query whose refresh cannot be.
fn hasty(board: &Board, panel: &str) -> Option<String> {
    let panel = board.panels.iter().find(|p| p.id == panel)?;
    let found = panel
        .queries
        .iter()
        .find(|q| q.refresh_seconds == Some(0))?;
    Some(found.id.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::boards;

    #[test]
    fn problems_name_their_field() {
        let library = boards::load(None);
        let board: Board = serde_saphyr::from_str(
            "{id: x, title: t, columns: 4, rows: 4, refresh_seconds: 0, panels: [
              {id: a, kind: gauge, title: t, at: {x: 0, y: 0, w: 2, h: 2}, min: 5, max: 1, queries: [{id: a, expr: up}, {id: b, expr: 'sum('}]},
              {id: b, kind: stat, title: t, at: {x: 1, y: 1, w: 9, h: 1}, thresholds: {warning: 5, critical: 1}, queries: [{id: a, expr: '${nope}'}]},
              {id: c, kind: text, title: t, at: {x: 0, y: 3, w: 1, h: 1}}]}",
        )
        .unwrap();
        let found: Vec<_> = problems(&board, &library)
            .into_iter()
            .map(|p| (p.panel, p.query, p.field, p.key))
            .collect();
        for (panel, query, field, key) in [
            (None, None, "refresh_seconds", "board_bounds"),
            (Some("a"), None, "min", "panel_min_max"),
            (Some("a"), Some("b"), "expr", "expression"),
            (Some("b"), None, "at", "panel_outside"),
            (Some("b"), None, "at", "panel_overlap"),
            (Some("b"), None, "thresholds", "thresholds_order"),
            (Some("b"), Some("a"), "expr", "unknown_concept"),
            (Some("c"), None, "text", "panel_text"),
        ] {
            let owned = |t: Option<&str>| t.map(str::to_owned);
            let expected = (owned(panel), owned(query), field.to_owned(), key.to_owned());
            assert!(found.contains(&expected), "{expected:?} not in {found:#?}");
        }
        assert_eq!(found.len(), 8);
        for good in library.boards.values() {
            assert_eq!(problems(good, &library), [], "{}", good.id);
        }
    }

    #[test]
    fn variables_marks_and_options_have_fields_of_their_own() {
        let library = boards::load(None);
        let board: Board = serde_saphyr::from_str(
            "{id: x, title: t, columns: 8, rows: 4, variables: [
              {id: host, query: 'label_values(up, instance)'}, {id: host, values: [a]}, {id: 'a b', values: [a]},
              {id: no, query: 'sum(up)'}, {id: bad, query: 'label_values(sum(, instance)'}],
              marks: [{id: ok, kind: deployment, expr: up}, {id: broken, kind: note, expr: 'sum('}, {id: 'a/b', kind: note, expr: up}],
              panels: [
              {id: a, kind: slo, title: t, at: {x: 0, y: 0, w: 1, h: 1}, slo: {objective: 100}, queries: [{id: a, expr: 'up[$window]'}]},
              {id: b, kind: forecast, title: t, at: {x: 1, y: 0, w: 1, h: 1}, forecast: {season_seconds: 0}, queries: [{id: q, expr: up, refresh_seconds: 0}]},
              {id: c, kind: topology, title: t, at: {x: 2, y: 0, w: 1, h: 1}, ends: {from: a, to: a}, window_seconds: 1, links: [{to: traces, target: $client}], queries: [{id: a, expr: up}]},
              {id: d, kind: log_stream, title: t, at: {x: 3, y: 0, w: 1, h: 1}, filter: '()', links: [{to: logs, target: ''}]}]}",
        )
        .unwrap();
        let found: Vec<_> = problems(&board, &library)
            .into_iter()
            .map(|p| (p.panel, p.query, p.field, p.key))
            .collect();
        for (panel, query, field, key) in [
            (None, Some("host"), "variable", "variable_twice"),
            (None, Some("a b"), "variable", "variable"),
            (None, Some("no"), "variable_query", "variable_query"),
            (None, Some("bad"), "variable_query", "expression"),
            (None, Some("broken"), "mark_expr", "expression"),
            (None, Some("a/b"), "mark", "mark_id"),
            (Some("a"), None, "slo", "panel_slo"),
            (Some("b"), None, "forecast", "panel_seconds"),
            (Some("b"), Some("q"), "refresh_seconds", "panel_seconds"),
            (Some("c"), None, "ends", "panel_ends"),
            (Some("c"), None, "window_seconds", "panel_seconds"),
            (Some("c"), None, "links", "panel_link_row"),
            (Some("d"), None, "filter", "panel_filter"),
            (Some("d"), None, "links", "panel_link"),
        ] {
            let owned = |t: Option<&str>| t.map(str::to_owned);
            let expected = (owned(panel), owned(query), field.to_owned(), key.to_owned());
            assert!(found.contains(&expected), "{expected:?} not in {found:#?}");
        }
        assert_eq!(found.len(), 14, "{found:#?}");
    }
}
