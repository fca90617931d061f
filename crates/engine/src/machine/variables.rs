//! What a board asks beside its panels: what can be chosen for its variables, and when something happened.

use super::Engine;
use crate::binding::{Bindings, expression};
use crate::plan::VARIABLES;
use crate::stream::{Shape, StreamId, StreamKey};
use model::board::variable::{LabelValues, MAX_VALUES, fill};
use model::board::{Board, Mark, Query, Variable};
use model::{Labels, Lang};
use std::collections::{BTreeMap, BTreeSet};

/// Chosen values by the variable's id; none chosen stands for all.
pub type Chosen = BTreeMap<String, Vec<String>>;

/// A variable as it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct VariableStatus<'a> {
    /// The variable.
    pub variable: &'a Variable,
    /// What can be chosen, in order, each once.
    pub values: Vec<String>,
    /// What is; empty: everything.
    pub chosen: Vec<String>,
}

impl Engine {
    /// Takes over what is chosen for a board. Ids that the board does not have are left out, and all but the first value of a variable
    /// that takes one. Answers whether anything is different.
    pub(super) fn choose(&mut self, board: &str, chosen: &Chosen) -> bool {
        let Some(found) = self.setup.boards.get(board) else {
            return false;
        };
        let mut next = self.chosen.get(board).cloned().unwrap_or_default();
        for variable in &found.variables {
            if let Some(values) = chosen.get(&variable.id) {
                let most = if variable.multi { MAX_VALUES } else { 1 };
                next.insert(
                    variable.id.clone(),
                    values.iter().take(most).cloned().collect(),
                );
            }
        }
        let before = self.chosen.insert(board.to_owned(), next.clone());
        before.unwrap_or_default() != next
    }

    /// What is chosen of a board's variables now: by somebody, else as its file says.
    pub fn chosen(&self, board: &Board) -> Chosen {
        let own = self.chosen.get(&board.id);
        let value = |v: &Variable| {
            let chosen = own.and_then(|c| c.get(&v.id));
            chosen.unwrap_or(&v.default).clone()
        };
        board
            .variables
            .iter()
            .map(|v| (v.id.clone(), value(v)))
            .collect()
    }

    /// What a source with these bindings is asked for `query` of `board`, with the chosen values.
    ///
    /// # Errors
    /// The id of an undefined or unbound concept.
    pub(super) fn asked(
        &self,
        board: &Board,
        query: &Query,
        bindings: &Bindings,
    ) -> Result<String, String> {
        let concepts = &self.setup.concepts;
        if board.variables.is_empty() || !query.expr.contains('$') {
            return expression(query, concepts, bindings);
        }
        let chosen = self.chosen(board);
        if query.lang != Lang::Promql {
            // Its text becomes a string of PromQL, for which values are escaped.
            return Ok(fill(&expression(query, concepts, bindings)?, &chosen));
        }
        // Before concepts are filled in, so that a condition that holds for everything costs nothing.
        let filled = Query {
            expr: fill(&query.expr, &chosen),
            ..query.clone()
        };
        expression(&filled, concepts, bindings)
    }

    /// The questions that no panel of a board asks: what can be chosen, what happened. They are asked and forgotten with it.
    pub(super) fn beside_streams(&mut self, board: &Board, now: i64) -> Vec<StreamId> {
        let variables = board.variables.iter().filter_map(question);
        let asked: Vec<Query> = variables.chain(board.marks.iter().map(marking)).collect();
        let mut ids = Vec::new();
        for query in asked {
            for key in self.keys(&query) {
                let id = self.stream_id(key, VARIABLES, now);
                if let Some(stream) = self.streams.get_mut(&id) {
                    // A name that can be chosen, and a time, have no age.
                    stream.age_query = None;
                }
                self.beside.insert(id);
                ids.push(id);
            }
        }
        ids
    }

    /// The variables of a board with what can be chosen, as far as sources have answered.
    pub fn variables<'a>(&'a self, board: &'a Board) -> Vec<VariableStatus<'a>> {
        let mut chosen = self.chosen(board);
        let status = |variable: &'a Variable| VariableStatus {
            variable,
            values: self.values(variable),
            chosen: chosen.remove(&variable.id).unwrap_or_default(),
        };
        board.variables.iter().map(status).collect()
    }

    fn values(&self, variable: &Variable) -> Vec<String> {
        let mut values: BTreeSet<&str> = BTreeSet::new();
        let asked = variable.query.as_deref().and_then(LabelValues::parse);
        if let (Some(query), Some(asked)) = (question(variable), &asked) {
            let ids = self.keys(&query).into_iter();
            let streams = ids.filter_map(|key| self.ids.get(&key)).copied();
            for stream in streams.filter_map(|id| self.streams.get(&id)) {
                values.extend(
                    stream
                        .instant
                        .1
                        .iter()
                        .filter_map(|(l, _)| l.get(&asked.label)),
                );
            }
        }
        let fixed = variable.values.iter().map(String::as_str);
        let found = values
            .into_iter()
            .filter(|v| !variable.values.iter().any(|f| f == v));
        fixed
            .chain(found)
            .take(MAX_VALUES)
            .map(str::to_owned)
            .collect()
    }

    /// The answers to a board's question for when something happened, with the sources' names.
    pub fn marks(&self, mark: &Mark) -> Vec<(&str, &[(Labels, f64)])> {
        let keys = self.keys(&marking(mark)).into_iter();
        let streams = keys.filter_map(|key| self.streams.get(self.ids.get(&key)?));
        streams
            .map(|s| (s.key.source.as_str(), s.instant.1.as_slice()))
            .collect()
    }

    /// One question for each source that knows the query's concepts.
    fn keys(&self, query: &Query) -> Vec<StreamKey> {
        let sources = self.setup.sources.iter();
        let probed =
            sources.filter_map(|s| self.sources.get(&s.name).filter(|s| s.present.is_some()));
        probed
            .filter(|state| crate::binding::speaks(query, state.spec.langs))
            .filter_map(|state| {
                let expr = expression(query, &self.setup.concepts, &state.bindings);
                Some(StreamKey {
                    source: state.spec.name.clone(),
                    expr: expr.ok()?,
                    shape: Shape::Instant,
                })
            })
            .collect()
    }
}

fn marking(mark: &Mark) -> Query {
    Query {
        id: mark.id.clone(),
        expr: mark.expr.clone(),
        ..Query::default()
    }
}

/// The query that has one series for each value.
fn question(variable: &Variable) -> Option<Query> {
    let asked = LabelValues::parse(variable.query.as_deref()?)?;
    Some(Query {
        id: variable.id.clone(),
        expr: asked.expr(),
        ..Query::default()
    })
}
