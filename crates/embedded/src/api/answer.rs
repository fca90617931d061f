//! What goes back: success as JSON, failures with Prometheus' types and statuses.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use promql::{LimitError, PromqlError, StorageError};
use serde::Serialize;

/// Kinds of failure (`errorType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    BadData,
    Execution,
    Timeout,
    Internal,
    /// Not one of Prometheus': the request comes from a page of another host.
    Forbidden,
}

/// A request that has no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) kind: Kind,
    pub(super) text: String,
}

#[derive(Serialize)]
struct Body<'a> {
    status: &'static str,
    #[serde(rename = "errorType")]
    kind: Kind,
    error: &'a str,
}

impl Failure {
    pub(super) fn new(kind: Kind, text: impl Into<String>) -> Self {
        Self {
            kind,
            text: text.into(),
        }
    }

    pub(super) fn bad_data(text: impl Into<String>) -> Self {
        Self::new(Kind::BadData, text)
    }

    pub(super) fn parameter(name: &str, why: impl std::fmt::Display) -> Self {
        Self::bad_data(format!("invalid parameter \"{name}\": {why}"))
    }

    pub(super) fn forbidden(text: &str) -> Self {
        Self::new(Kind::Forbidden, text)
    }

    pub(super) fn timeout() -> Self {
        Self::new(Kind::Timeout, "query timed out in query execution")
    }

    /// A worker that evaluated the request ended without an answer.
    pub(super) fn lost() -> Self {
        Self::new(Kind::Internal, "the evaluation ended unexpectedly")
    }
}

/// A parse error as Prometheus places it: line and column, counted from 1.
fn placed(query: &str, message: &str, position: Option<usize>) -> String {
    let Some(position) = position else {
        return format!("1:1: parse error: {message}");
    };
    let before = query
        .get(..query.floor_char_boundary(position))
        .unwrap_or(query);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
    format!("{line}:{column}: parse error: {message}")
}

impl Failure {
    pub(super) fn of_query(query: &str, e: &PromqlError) -> Self {
        match e {
            PromqlError::Parse { message, .. }
                if message.starts_with("invalid expression type") =>
            {
                // the API documents the types by longer names than the language uses
                let documented = message.replace("\"matrix\"", "\"range vector\"");
                Self::bad_data(documented)
            }
            PromqlError::Parse { message, position } => {
                Self::parameter("query", placed(query, message, *position))
            }
            PromqlError::Limit(LimitError::Samples { .. }) | PromqlError::Execution(_) => {
                Self::new(Kind::Execution, e.to_string())
            }
            PromqlError::Limit(LimitError::Steps { .. }) => Self::bad_data(e.to_string()),
            PromqlError::Limit(_) => Self::parameter("query", e),
            PromqlError::Cancelled => Self::timeout(),
            PromqlError::Storage(StorageError::TooMuch(_)) => {
                Self::new(Kind::Execution, e.to_string())
            }
            PromqlError::Storage(StorageError::Failed(_)) => {
                Self::new(Kind::Internal, e.to_string())
            }
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let status = match self.kind {
            Kind::BadData => StatusCode::BAD_REQUEST,
            Kind::Execution => StatusCode::UNPROCESSABLE_ENTITY,
            Kind::Timeout => StatusCode::SERVICE_UNAVAILABLE,
            Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Kind::Forbidden => StatusCode::FORBIDDEN,
        };
        let body = Body {
            status: "error",
            kind: self.kind,
            error: &self.text,
        };
        // a struct of strings always serializes
        let text = serde_json::to_string(&body).unwrap_or_default();
        (status, [(header::CONTENT_TYPE, "application/json")], text).into_response()
    }
}

/// `data` as JSON text.
pub(super) struct Success(pub(super) String);

impl Success {
    pub(super) fn of(data: &impl Serialize) -> Result<Self, Failure> {
        serde_json::to_string(data)
            .map(Self)
            .map_err(|e| Failure::new(Kind::Internal, e.to_string()))
    }
}

impl IntoResponse for Success {
    fn into_response(self) -> Response {
        let text = format!("{{\"status\":\"success\",\"data\":{}}}", self.0);
        ([(header::CONTENT_TYPE, "application/json")], text).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parse_errors_say_line_and_column() {
        assert_eq!(placed("up{", "x", Some(3)), "1:4: parse error: x");
        assert_eq!(placed("中\n中 +", "x", Some(8)), "2:3: parse error: x");
        assert_eq!(placed("a", "x", Some(99)), "1:2: parse error: x");
    }
}
