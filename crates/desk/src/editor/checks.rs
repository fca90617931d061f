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
    let field = match problem.key {
        "board_bounds" => return of_board(problem, said("panel").unwrap_or_default()),
        "board_id" => return of_board(problem, "id".to_owned()),
        "panel_twice" => "id",
        "panel_outside" | "panel_overlap" => "at",
        "panel_text" => "text",
        "panel_min_max" => "min",
        "thresholds_order" => "thresholds",
        "panel_without_query" => "queries",
        "query_twice" | "unknown_concept" | "expression" => "expr",
        _ => "",
    };
    let panel = said("panel").filter(|id| board.panels.iter().any(|p| p.id == *id));
    let query = match said("query") {
        Some(id) => Some(id),
        None if field == "expr" => panel.as_deref().and_then(|id| culprit(problem, board, id)),
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
        let good = &library.boards["overview"];
        assert_eq!(problems(good, &library), []);
    }
}
