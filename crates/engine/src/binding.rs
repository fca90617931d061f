//! Which dialect of a concept a source speaks.

use model::Lang;
use model::board::{Concept, Query, expand};
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

/// Binds each concept to its first dialect in one of these languages whose discovery metric is present.
pub fn bind(
    concepts: &BTreeMap<String, Concept>,
    present: &BTreeSet<String>,
    langs: &[Lang],
) -> Bindings {
    concepts
        .values()
        .filter_map(|c| {
            let i = c
                .dialects
                .iter()
                .position(|d| langs.contains(&d.lang) && present.contains(&d.discovery))?;
            Some((c.id.clone(), i))
        })
        .collect()
}

/// Whether a source that speaks these languages can be asked `query`. PromQL over concepts can be asked of every source, because
/// the concepts are in the source's language then; the source's client evaluates what stands around them.
pub fn speaks(query: &Query, langs: &[Lang]) -> bool {
    langs.contains(&query.lang) || !query.concepts().is_empty()
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
    if query.lang != Lang::Promql {
        return Ok(query.lang.in_promql(&query.expr));
    }
    for id in query.concepts() {
        let dialect = concepts
            .get(&id)
            .zip(bindings.get(&id))
            .and_then(|(c, i)| c.dialects.get(*i))
            .ok_or_else(|| id.clone())?;
        filled.insert(id, dialect.in_promql());
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
                lang: Lang::Promql,
                labels: BTreeMap::new(),
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
        let bound = bind(
            &concepts,
            &BTreeSet::from(["categraf".to_owned()]),
            &[Lang::Promql],
        );
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

    #[test]
    fn only_the_languages_of_a_source_are_bound_and_asked() {
        let (id, mut cpu) = concept("cpu", &[("node", "n"), ("telegraf", "SELECT \"x\"")]);
        cpu.dialects[1].lang = Lang::Influxql;
        cpu.dialects[1].labels = BTreeMap::from([("device".to_owned(), "interface".to_owned())]);
        let concepts = BTreeMap::from([(id, cpu)]);
        let both = BTreeSet::from(["node".to_owned(), "telegraf".to_owned()]);
        let influx: &[Lang] = &[Lang::Influxql];
        let bound = bind(&concepts, &both, influx);
        assert_eq!(bound["cpu"], 1);
        assert_eq!(bind(&concepts, &both, &[Lang::Promql])["cpu"], 0);
        assert!(bind(&concepts, &both, &[Lang::Flux]).is_empty());

        let mut query = Query {
            id: "a".into(),
            expr: "max(${cpu})".into(),
            ..Query::default()
        };
        assert!(speaks(&query, influx));
        let full = expression(&query, &concepts, &bound).unwrap();
        assert_eq!(
            full,
            r#"max((label_replace({influxql="SELECT \"x\""}, "device", "$1", "interface", "(.+)")))"#
        );
        assert!(promql_parser::parser::parse(&full).is_ok());
        query.expr = "up".into();
        assert!(!speaks(&query, influx));
        query.lang = Lang::Influxql;
        assert!(speaks(&query, influx) && !speaks(&query, &[Lang::Promql]));
        query.expr = "SELECT ${x}".into();
        assert_eq!(
            expression(&query, &concepts, &bound).unwrap(),
            r#"{influxql="SELECT ${x}"}"#
        );
    }
}
