//! Every kind of source by its name in the configuration. A new kind is one line here.

use crate::influx::{Generation, Influx};
use crate::{ConfigError, Connection, Metrics, prometheus::Prometheus};
use model::Lang;
use std::sync::Arc;

/// One kind of source.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// Its name in the configuration (`kind = "prometheus"`).
    pub name: &'static str,
    /// The languages in which it can be asked.
    pub langs: &'static [Lang],
    /// Makes a client; sends nothing.
    pub connect: fn(&Connection) -> Result<Arc<dyn Metrics>, ConfigError>,
}

/// All kinds that are reached over the network. VictoriaMetrics speaks Prometheus' API and needs no kind of its own.
pub const KINDS: &[Kind] = &[
    Kind {
        name: "prometheus",
        langs: &[Lang::Promql],
        connect: |c| Ok(Arc::new(Prometheus::new(c)?)),
    },
    Kind {
        name: "influxdb1",
        langs: &[Lang::Influxql, Lang::Promql],
        connect: |c| Ok(Arc::new(Influx::new(c, Generation::One)?)),
    },
    Kind {
        name: "influxdb2",
        langs: &[Lang::Flux],
        connect: |c| Ok(Arc::new(Influx::new(c, Generation::Two)?)),
    },
    Kind {
        name: "influxdb3",
        langs: &[Lang::Sql],
        connect: |c| Ok(Arc::new(Influx::new(c, Generation::Three)?)),
    },
];

/// The languages in which a source of kind `kind` can be asked; what is inside the program speaks PromQL.
pub fn langs(kind: &str) -> &'static [Lang] {
    let known = KINDS.iter().find(|k| k.name == kind);
    known.map_or(&[Lang::Promql], |k| k.langs)
}

/// A client of kind `kind`.
///
/// # Errors
/// [`ConfigError::UnknownKind`], or what is wrong with the connection.
pub fn connect(kind: &str, connection: &Connection) -> Result<Arc<dyn Metrics>, ConfigError> {
    KINDS
        .iter()
        .find(|k| k.name == kind)
        .ok_or_else(|| ConfigError::UnknownKind(kind.to_owned()))
        .and_then(|k| (k.connect)(connection))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_found_by_name() {
        let mut to = Connection::to("http://127.0.0.1:9");
        to.part.database = "telegraf".into();
        to.part.organization = "ops".into();
        for kind in KINDS {
            assert!(connect(kind.name, &to).is_ok(), "{}", kind.name);
        }
        let unknown = connect("graphite", &to)
            .map(|_| ())
            .expect_err("no such kind");
        assert_eq!(unknown, ConfigError::UnknownKind("graphite".into()));
    }
}
