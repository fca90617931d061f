//! What can go wrong between us and a source, as a closed set of codes.

use std::time::Duration;

/// Why a source gave no answer. [`SourceError::code`] is the locale key of the sentence (`error.<code>`),
/// [`SourceError::params`] fills it, [`SourceError::advice`] is the key of what to do (`error.source.<advice>`).
///
/// No variant ever holds a password, a token or a URL's query; texts of the other side are cut and cleaned.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// Nobody listens there, or the way is cut.
    #[error("cannot connect: {detail}")]
    Connect {
        /// The system's own words.
        detail: String,
    },
    /// The host's name is unknown.
    #[error("unknown host {host}")]
    Dns {
        /// The name.
        host: String,
    },
    /// Certificate refused, or the handshake failed.
    #[error("TLS: {why}")]
    Tls {
        /// In which way.
        why: TlsFault,
    },
    /// No complete answer in time.
    #[error("no answer within {after:?}")]
    Timeout {
        /// The limit that passed.
        after: Duration,
    },
    /// An HTTP status whose body says nothing in Prometheus' format.
    #[error("HTTP status {status}")]
    Http {
        /// The status code.
        status: u16,
    },
    /// The server sends us elsewhere; we do not follow, because our password would go there too.
    #[error("redirected to {to}")]
    Redirected {
        /// Scheme, host and path of the target, without its query.
        to: String,
    },
    /// HTTP 401: user, password or token is missing or wrong.
    #[error("user, password or token refused")]
    Unauthorized,
    /// HTTP 403: known, but not allowed.
    #[error("access forbidden")]
    Forbidden,
    /// The source understood us and refuses or fails the query.
    #[error("query {fault:?}: {message}")]
    Query {
        /// In which way.
        fault: QueryFault,
        /// The source's own words, cut and cleaned. Hostile input: show as text.
        message: String,
    },
    /// Something answers, but not in this protocol.
    #[error("not a Prometheus: {content_type}: {snippet}")]
    NotPrometheus {
        /// What it calls its answer.
        content_type: String,
        /// An HTML page's title, or how the answer begins; cut and cleaned. Hostile input: show as text.
        snippet: String,
    },
    /// Something answers, but not with the Alertmanager's API v2.
    #[error("not an Alertmanager: {content_type}: {snippet}")]
    NotAlertmanager {
        /// What it calls its answer.
        content_type: String,
        /// An HTML page's title, or how the answer begins; cut and cleaned. Hostile input: show as text.
        snippet: String,
    },
    /// Something answers, but not with the API of what is expected there (Jaeger, Loki, …).
    #[error("not a {expected}: {content_type}: {snippet}")]
    NotExpected {
        /// Which program's API is expected.
        expected: &'static str,
        /// What it calls its answer.
        content_type: String,
        /// An HTML page's title, or how the answer begins; cut and cleaned. Hostile input: show as text.
        snippet: String,
    },
    /// This kind of source cannot do that.
    #[error("this kind of source has no {what}")]
    Unsupported {
        /// What it lacks.
        what: &'static str,
    },
    /// The answer has more bytes than allowed.
    #[error("answer larger than {limit} bytes")]
    TooLarge {
        /// Bytes allowed.
        limit: u64,
    },
    /// The answer ended before it was complete.
    #[error("answer ended early")]
    Truncated,
    /// The answer is not what the protocol says.
    #[error("answer malformed at byte {at}: {what}")]
    Malformed {
        /// Byte of the body.
        at: usize,
        /// What was expected there.
        what: &'static str,
    },
    /// Within the bytes allowed, but too much of something.
    #[error("more than {limit} {what}")]
    Limit {
        /// Of what.
        what: Capacity,
        /// How many are allowed.
        limit: u64,
    },
    /// Given up because nobody waits for it any more.
    #[error("cancelled")]
    Cancelled,
    /// There is no client, because something that it needs could not be had (a secret).
    #[error("not set up: {code}")]
    NotSetUp {
        /// The code of what is missing.
        code: &'static str,
        /// Placeholders of its sentence.
        params: Vec<(&'static str, String)>,
    },
    /// The fault is ours.
    #[error("internal: {detail}")]
    Internal {
        /// For the log.
        detail: String,
    },
}

/// Why TLS failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TlsFault {
    /// No authority that we trust signed the server's certificate.
    #[error("the server's certificate is signed by an unknown authority")]
    UnknownIssuer,
    /// The server's certificate has expired.
    #[error("the server's certificate has expired")]
    Expired,
    /// The server's certificate is not valid yet (or our clock is wrong).
    #[error("the server's certificate is not valid yet")]
    NotYetValid,
    /// The server's certificate is for another name.
    #[error("the server's certificate is for another name")]
    WrongName,
    /// The server's certificate was revoked.
    #[error("the server's certificate was revoked")]
    Revoked,
    /// The server wants a client certificate, or refuses ours.
    #[error("the server wants a client certificate or refuses ours")]
    ClientCertificate,
    /// The server does not speak TLS here.
    #[error("the server does not speak TLS on this port")]
    NotTls,
    /// Anything else.
    #[error("{0}")]
    Other(String),
}

/// Why a query was refused or failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueryFault {
    /// The expression or a parameter cannot be understood.
    Invalid,
    /// Understood, but its evaluation failed (for example: many-to-many matching).
    Failed,
    /// The source's own time limit passed.
    Timeout,
    /// The source cancelled it.
    Cancelled,
    /// The source is not ready or overloaded.
    Unavailable,
    /// The source has a fault of its own.
    Internal,
}

/// What an answer can have too much of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Capacity {
    /// Label sets.
    Series,
    /// Points of one series.
    Points,
    /// Values of the whole answer.
    Values,
    /// Labels of one series.
    Labels,
    /// Bytes of a label's name or value.
    LabelBytes,
    /// Alerts of one answer.
    Alerts,
    /// Silences of one answer.
    Silences,
    /// Log lines with one and the same time stamp.
    LinesAtOnce,
}

impl std::fmt::Display for Capacity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Series => "series",
            Self::Points => "points of one series",
            Self::Values => "values",
            Self::Labels => "labels of one series",
            Self::LabelBytes => "bytes in one label",
            Self::Alerts => "alerts",
            Self::Silences => "silences",
            Self::LinesAtOnce => "lines of one time stamp",
        })
    }
}

impl SourceError {
    /// The code: stable, snake case, locale key `error.<code>`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Connect { .. } => "connect",
            Self::Dns { .. } => "dns",
            Self::Tls { .. } => "tls",
            Self::Timeout { .. } => "timeout",
            Self::Http { .. } | Self::Redirected { .. } => "http",
            Self::Unauthorized | Self::Forbidden => "unauthorized",
            Self::Query { .. } => "query",
            Self::NotPrometheus { .. } => "not_prometheus",
            Self::NotAlertmanager { .. } => "not_alertmanager",
            Self::NotExpected { .. } => "not_expected",
            Self::Unsupported { .. } => "unsupported",
            Self::TooLarge { .. } => "too_large",
            Self::Truncated => "truncated",
            Self::Malformed { .. } => "malformed",
            Self::Limit { .. } => "limit",
            Self::Cancelled => "cancelled",
            Self::NotSetUp { code, .. } => code,
            Self::Internal { .. } => "internal",
        }
    }

    /// What to do about it: stable, snake case, locale key `error.source.<advice>`. Finer than the code.
    pub fn advice(&self) -> &'static str {
        match self {
            Self::Tls { why } => match why {
                TlsFault::UnknownIssuer => "tls_untrusted",
                TlsFault::Expired | TlsFault::NotYetValid => "tls_expired",
                TlsFault::WrongName => "tls_name",
                TlsFault::Revoked => "tls_revoked",
                TlsFault::ClientCertificate => "tls_client_certificate",
                TlsFault::NotTls => "tls_not_tls",
                TlsFault::Other(_) => "tls_other",
            },
            Self::Query { fault, .. } => match fault {
                QueryFault::Invalid => "query_invalid",
                QueryFault::Failed => "query_failed",
                QueryFault::Timeout => "query_timeout",
                QueryFault::Cancelled => "query_cancelled",
                QueryFault::Unavailable => "query_unavailable",
                QueryFault::Internal => "query_internal",
            },
            Self::Redirected { .. } => "redirected",
            Self::Forbidden => "forbidden",
            // Its sentence says what to do.
            Self::NotSetUp { .. } => "",
            other => other.code(),
        }
    }

    /// Every key that [`SourceError::advice`] can answer; a test holds the locales to it.
    pub const ADVICE: [&'static str; 30] = [
        "cancelled",
        "connect",
        "dns",
        "forbidden",
        "http",
        "internal",
        "limit",
        "malformed",
        "not_alertmanager",
        "not_expected",
        "not_prometheus",
        "query_cancelled",
        "query_failed",
        "query_internal",
        "query_invalid",
        "query_timeout",
        "query_unavailable",
        "redirected",
        "timeout",
        "tls_client_certificate",
        "tls_expired",
        "tls_name",
        "tls_not_tls",
        "tls_other",
        "tls_revoked",
        "tls_untrusted",
        "too_large",
        "truncated",
        "unauthorized",
        "unsupported",
    ];

    /// Placeholders of the sentence `error.<code>`.
    pub fn params(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Connect { detail } | Self::Internal { detail } => {
                vec![("detail", detail.clone())]
            }
            Self::Dns { host } => vec![("host", host.clone())],
            Self::Tls { why } => vec![("detail", why.to_string())],
            Self::Timeout { after } => {
                vec![("seconds", format!("{}", after.as_millis() as f64 / 1000.0))]
            }
            Self::Http { status } => vec![("status", status.to_string())],
            Self::Redirected { to } => vec![("status", format!("3xx → {to}"))],
            Self::Query { message, .. } => vec![("detail", message.clone())],
            Self::NotPrometheus { snippet, .. } | Self::NotAlertmanager { snippet, .. } => {
                vec![("detail", snippet.clone())]
            }
            Self::NotExpected {
                expected, snippet, ..
            } => vec![
                ("expected", (*expected).to_owned()),
                ("detail", snippet.clone()),
            ],
            Self::Unsupported { what } => vec![("detail", (*what).to_owned())],
            Self::TooLarge { limit } => vec![("limit", bytes(*limit))],
            Self::Malformed { at, what } => vec![("detail", format!("{what} @ {at}"))],
            Self::NotSetUp { params, .. } => params.clone(),
            Self::Limit { what, limit } => vec![("detail", format!("{limit} {what}"))],
            Self::Unauthorized | Self::Forbidden | Self::Truncated | Self::Cancelled => Vec::new(),
        }
    }

    /// Whether the same question may succeed later without anybody changing anything.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Connect { .. } | Self::Dns { .. } | Self::Timeout { .. } | Self::Truncated => {
                true
            }
            Self::Http { status } => *status == 429 || *status >= 500,
            Self::Query { fault, .. } => matches!(
                fault,
                QueryFault::Timeout
                    | QueryFault::Cancelled
                    | QueryFault::Unavailable
                    | QueryFault::Internal
            ),
            _ => false,
        }
    }
}

fn bytes(n: u64) -> String {
    match n {
        n if n >= 1 << 20 => format!("{} MiB", n >> 20),
        n if n >= 1 << 10 => format!("{} KiB", n >> 10),
        n => format!("{n} B"),
    }
}
