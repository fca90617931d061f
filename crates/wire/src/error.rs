//! A closed set of error codes. The page and the command line write the sentence: locale key `error.<code>`.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use ts_rs::TS;

/// Everything that can be told to a person to have failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// Nobody listens there, or the way is cut. `detail`.
    Connect,
    /// The host's name is unknown. `host`.
    Dns,
    /// Certificate refused or handshake failed. `detail`.
    Tls,
    /// No answer in time. `seconds`.
    Timeout,
    /// An HTTP status that says no more. `status`.
    Http,
    /// User, password or token refused.
    Unauthorized,
    /// Something answers, but not in this protocol. `detail`.
    NotPrometheus,
    /// Something answers, but not with the Alertmanager's API v2. `detail`.
    NotAlertmanager,
    /// Something answers, but not with the API of `expected`. `expected`, `detail`.
    NotExpected,
    /// This kind of source cannot do that. `detail`.
    Unsupported,
    /// The answer is larger than allowed. `limit`.
    TooLarge,
    /// The answer ended early.
    Truncated,
    /// The answer cannot be read. `detail`.
    Malformed,
    /// The source refuses the query. `detail`.
    Query,
    /// The source's own limit. `detail`.
    Limit,
    /// Given up because nobody waits for it any more.
    Cancelled,
    /// The configuration names no such source. `source`.
    UnknownSource,
    /// The board uses a concept that no file defines. `concept`.
    UnknownConcept,
    /// No source knows this concept. `concept`.
    UnboundConcept,
    /// A secret that the source needs is not stored. `name`.
    SecretMissing,
    /// A secret that the source needs cannot be read. `name`, `reason_key` (locale key) and its values.
    SecretUnreadable,
    /// The source gives only a part of its data. `detail`.
    Partial,
    /// The source's clock is another than ours.
    Skew,
    /// The source warns. `detail`.
    Warned,
    /// Pages that fill the source cannot be scraped. `failed`, `all`, and of the first `url`, `reason_key` (locale key) and its values.
    Targets,
    /// A page cannot be scraped. `reason_key` (locale key) and its values.
    Scrape,
    /// The source's configuration is wrong. `detail`.
    Config,
    /// No such board. `board`.
    UnknownBoard,
    /// The search cannot be understood. `reason_key` (locale key), `term`.
    Search,
    /// A query about logs cannot be read. `reason_key` (locale key), `from`, `to` (UTF-16 units of its text) and the sentence's
    /// values.
    LogQuery,
    /// What somebody wants to do is not done. `reason_key` (locale key) and its values.
    Refused,
    /// The alert desk's database. `reason_key` (locale key) and its values.
    Store,
    /// No such alert. `id`.
    UnknownAlert,
    /// No store has this trace. `id`.
    UnknownTrace,
    /// The trace is not open any more and must be opened again.
    TraceClosed,
    /// The alert's rule is not known, so there is nothing to draw.
    NoExpression,
    /// No source of metrics has what the alert's rule looks at.
    NoMetric,
    /// This window may only read.
    ReadOnly,
    /// The program's own fault. `detail`.
    Internal,
}

/// A code with the values its sentence needs. Values are data, never markup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ErrorView {
    /// What failed.
    pub code: ErrorCode,
    /// Placeholders of the sentence.
    pub params: BTreeMap<String, String>,
}

impl ErrorView {
    /// A code without values.
    pub fn new(code: ErrorCode) -> Self {
        Self {
            code,
            params: BTreeMap::new(),
        }
    }

    /// With one more value; longer ones are cut at 500 characters.
    pub fn with(mut self, name: &str, value: impl ToString) -> Self {
        let value: String = value.to_string().chars().take(500).collect();
        self.params.insert(name.to_owned(), value);
        self
    }
}
