//! What programs tell us of: deployments and other changes, as JSON sent to the listener.
//!
//! The body is one object or a list of them: `{"kind": "deployment", "title": "order-service 2.4.1", "place": ["order-service"],
//! "at": 1795230000000}`. `kind` is `deployment` (also when left out), `configuration`, `maintenance` or `note`; `at` and `until` are ms
//! since the epoch, `at` is now when left out; `id` makes a thing that is told twice one mark.

use model::{Annotation, Happened, Severity};
use serde::Deserialize;

/// Things of one request.
pub const MOST: usize = 100;
/// Bytes of a request.
pub const BYTES: usize = 64 << 10;

/// Why a body cannot be taken.
#[derive(Debug, thiserror::Error)]
pub enum HappenedError {
    /// Not JSON of this shape.
    #[error("line {line}, column {column}: {detail}")]
    Malformed {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
        /// What is wrong there.
        detail: String,
    },
    /// More things than [`MOST`].
    #[error("{0} things at once; {MOST} are possible")]
    TooMany(usize),
    /// A thing without a title.
    #[error("thing {0} has no title")]
    NoTitle(usize),
    /// Alerts have a way of their own.
    #[error("thing {0} is an alert: send it as an Alertmanager does")]
    Alert(usize),
}

impl HappenedError {
    /// The code: stable, snake case.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Malformed { .. } => "malformed",
            Self::TooMany(_) => "too_many",
            Self::NoTitle(_) => "no_title",
            Self::Alert(_) => "alert",
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Told {
    #[serde(default)]
    id: Option<String>,
    #[serde(default = "deployment")]
    kind: Happened,
    title: String,
    #[serde(default)]
    place: Vec<String>,
    #[serde(default)]
    source: Option<String>,
    #[serde(default)]
    at: Option<i64>,
    #[serde(default)]
    until: Option<i64>,
    #[serde(default)]
    severity: Severity,
}

fn deployment() -> Happened {
    Happened::Deployment
}

/// The things that a body tells of; `now` in ms.
///
/// # Errors
/// [`HappenedError`], for the whole body: nothing of it is taken then.
pub fn read(body: &[u8], now: i64) -> Result<Vec<Annotation>, HappenedError> {
    let malformed = |e: serde_json::Error| HappenedError::Malformed {
        line: e.line(),
        column: e.column(),
        detail: e.to_string(),
    };
    // A list is read as one, so that its faults have their place.
    let first = body.iter().find(|b| !b.is_ascii_whitespace());
    let all: Vec<Told> = if first == Some(&b'[') {
        serde_json::from_slice(body).map_err(malformed)?
    } else {
        vec![serde_json::from_slice(body).map_err(malformed)?]
    };
    if all.len() > MOST {
        return Err(HappenedError::TooMany(all.len()));
    }
    let note = |(i, told): (usize, Told)| {
        if told.title.trim().is_empty() {
            return Err(HappenedError::NoTitle(i + 1));
        }
        if matches!(told.kind, Happened::Alert | Happened::Acknowledged) {
            return Err(HappenedError::Alert(i + 1));
        }
        let at = told.at.unwrap_or(now);
        Ok(Annotation {
            id: format!(
                "told/{}",
                told.id.unwrap_or_else(|| format!("{at}/{}", told.title))
            ),
            kind: told.kind,
            at,
            until: told.until.filter(|until| *until >= at),
            title: told.title,
            place: told.place,
            source: told.source.unwrap_or_else(|| "webhook".to_owned()),
            severity: told.severity,
            demo: false,
        })
    };
    all.into_iter().enumerate().map(note).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_thing_or_a_list_of_them() {
        let one = read(
            br#"{"title": "order-service 2.4.1", "place": ["order"]}"#,
            7,
        )
        .unwrap();
        assert_eq!((one[0].kind, one[0].at), (Happened::Deployment, 7));
        let two = br#" [{"kind": "configuration", "title": "a", "at": 5, "id": "x"}, {"title": "b", "until": 3}]"#;
        let two = read(two, 7).unwrap();
        assert_eq!((two[0].id.as_str(), two[0].at), ("told/x", 5));
        assert_eq!(two[1].until, None, "it cannot end before it begins");
        let again = read(br#"{"title": "order-service 2.4.1", "at": 7}"#, 9).unwrap();
        assert_eq!(again[0].id, one[0].id, "told twice");
    }

    #[test]
    fn what_is_wrong_is_named() {
        let code = |body: &[u8]| read(body, 7).map(|n| n.len()).map_err(|e| e.code());
        assert_eq!(code(b"{"), Err("malformed"));
        assert_eq!(code(br#"{"title": 5}"#), Err("malformed"));
        assert_eq!(
            code(br#"{"title": "a", "colour": "red"}"#),
            Err("malformed")
        );
        assert_eq!(code(br#"{"title": "  "}"#), Err("no_title"));
        assert_eq!(code(br#"{"title": "a", "kind": "alert"}"#), Err("alert"));
        assert_eq!(code("[".repeat(60_000).as_bytes()), Err("malformed"));
        let many = format!("[{}]", vec![r#"{"title":"a"}"#; MOST + 1].join(","));
        assert_eq!(code(many.as_bytes()), Err("too_many"));
    }
}
