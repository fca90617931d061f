//! Which dialect of a concept a source speaks.

use model::board::{Concept, Query, concepts_in, expand};
use std::collections::{BTreeMap, BTreeSet};

/// Concept id to index of its dialect.
pub type Bindings = BTreeMap<String, usize>;

/// Every discovery metric that any concept names, each once.
pub fn discovery_metrics(concepts: &BTreeMap<String, Concept>) -> Vec<String> {
    let all: BTreeSet<&str> = concepts
        .values()
        .flat_map(|c| c.dialects.iter().map(|d| d.discovery.as_str()))
        .collect();
    all.into_iter().map(str::to_owned).collect()
}

/// Binds each concept to its first dialect whose discovery metric is present.
pub fn bind(concepts: &BTreeMap<String, Concept>, present: &BTreeSet<String>) -> Bindings {
    concepts
        .values()
        .filter_map(|c| {
            let i = c
                .dialects
                .iter()
                .position(|d| present.contains(&d.discovery))?;
            Some((c.id.clone(), i))
        })
        .collect()
}

/// The expression of `query` for a source with these bindings; `Err` names the concept that is missing there.
///
/// # Errors
/// The id of an undefined or unbound concept.
pub fn expression(
    query: &Query,
    concepts: &BTreeMap<String, Concept>,
    bindings: &Bindings,
) -> Result<String, String> {
    let mut filled = BTreeMap::new();
    for id in concepts_in(&query.expr) {
        let dialect = concepts
            .get(&id)
            .zip(bindings.get(&id))
            .and_then(|(c, i)| c.dialects.get(*i))
            .ok_or_else(|| id.clone())?;
        filled.insert(id, dialect.expr.clone());
    }
    expand(&query.expr, &filled).map_err(|_| query.expr.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::board::{Dialect, Domain, Unit};

    fn concept(id: &str, dialects: &[(&str, &str)]) -> (String, Concept) {
        let dialects = dialects
            .iter()
            .map(|(d, e)| Dialect {
                name: (*d).into(),
                discovery: (*d).into(),
                expr: (*e).into(),
            })
            .collect();
        (
            id.into(),
            Concept {
                id: id.into(),
                title: String::new(),
                domain: Domain::Server,
                unit: Unit::Percent,
                thresholds: None,
                dialects,
            },
        )
    }

    #[test]
    fn the_first_dialect_that_is_present_is_bound() {
        let concepts = BTreeMap::from([
            concept("cpu", &[("node", "n"), ("categraf", "c")]),
            concept("mem", &[("node", "m")]),
        ]);
        let bound = bind(&concepts, &BTreeSet::from(["categraf".to_owned()]));
        assert_eq!(bound, BTreeMap::from([("cpu".to_owned(), 1)]));
        assert_eq!(discovery_metrics(&concepts), ["categraf", "node"]);
        let q = |expr: &str| Query {
            id: "a".into(),
            expr: expr.into(),
            ..Query::default()
        };
        assert_eq!(
            expression(&q("max(${cpu})"), &concepts, &bound),
            Ok("max((c))".into())
        );
        assert_eq!(
            expression(&q("${mem}"), &concepts, &bound),
            Err("mem".into())
        );
        assert_eq!(expression(&q("up"), &concepts, &bound), Ok("up".into()));
    }
}
