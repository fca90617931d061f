//! Every kind of source by its name in the configuration. A new kind is one line here.

use crate::{ConfigError, Connection, Metrics, prometheus::Prometheus};
use std::sync::Arc;

/// One kind of source.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// Its name in the configuration (`kind = "prometheus"`).
    pub name: &'static str,
    /// Makes a client; sends nothing.
    pub connect: fn(&Connection) -> Result<Arc<dyn Metrics>, ConfigError>,
}

/// All kinds that are reached over the network. VictoriaMetrics speaks Prometheus' API and needs no kind of its own.
pub const KINDS: &[Kind] = &[Kind {
    name: "prometheus",
    connect: |c| Ok(Arc::new(Prometheus::new(c)?)),
}];

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
        let to = Connection::to("http://127.0.0.1:9");
        for kind in KINDS {
            assert!(connect(kind.name, &to).is_ok(), "{}", kind.name);
        }
        let unknown = connect("graphite", &to)
            .map(|_| ())
            .expect_err("no such kind");
        assert_eq!(unknown, ConfigError::UnknownKind("graphite".into()));
    }
}
