//! Why a target cannot be scraped.

use std::time::Duration;

/// What is wrong with a target before anything is asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// Not an address with `http://` or `https://`, a host and no user or password in it.
    #[error(
        "{url:?} is no address of a target: it needs http:// or https://, a host, and no password in it"
    )]
    Url {
        /// As configured, without what stands before an `@`.
        url: String,
    },
    /// Zero, or so short that the target would do nothing else.
    #[error("{url}: an interval of {interval:?} is too short; at least 100 ms")]
    Interval {
        /// Whose.
        url: String,
        /// As configured.
        interval: Duration,
    },
    /// Zero or longer than the interval.
    #[error(
        "{url}: a timeout of {timeout:?} does not fit an interval of {interval:?}; it may be at most as long"
    )]
    Timeout {
        /// Whose.
        url: String,
        /// As configured.
        timeout: Duration,
        /// As configured.
        interval: Duration,
    },
    /// Not the name of a label.
    #[error("{name:?} is no name of a label: letters, digits and _ only, no digit first")]
    Label {
        /// As configured.
        name: String,
    },
    /// The same job and address twice.
    #[error("{url} stands twice in job {job:?}")]
    Twice {
        /// The job.
        job: String,
        /// The address.
        url: String,
    },
    /// The authority's certificate cannot be read.
    #[error("{url}: the authority is not in PEM")]
    Authority {
        /// Whose.
        url: String,
    },
    /// User, password or token have characters that cannot be sent.
    #[error("{url}: user, password or token have characters that cannot be sent")]
    Credentials {
        /// Whose.
        url: String,
    },
    /// The HTTP client cannot be made.
    #[error("{url}: no HTTP client: {reason}")]
    Client {
        /// Whose.
        url: String,
        /// What the library says.
        reason: String,
    },
}

/// Why a scrape failed. [`ScrapeError::code`] is the locale key `scrape.error.<code>`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScrapeError {
    /// No whole page within the timeout.
    #[error("no answer within {after:?}")]
    Timeout {
        /// The target's timeout.
        after: Duration,
    },
    /// Nobody listens, the name is unknown, TLS fails.
    #[error("cannot be reached: {reason}")]
    Unreachable {
        /// What the library says, cut.
        reason: String,
    },
    /// Not 2xx. A redirect is not followed: it would take our credentials elsewhere.
    #[error("answers with status {status}")]
    Status {
        /// The status.
        status: u16,
    },
    /// More bytes than [`ScrapeTarget::limits`](super::ScrapeTarget::limits) allow, after decompression.
    #[error("the page has more than {limit} bytes")]
    TooLarge {
        /// The limit.
        limit: usize,
    },
    /// The connection ended in the middle of the page.
    #[error("the page broke off: {reason}")]
    BrokenOff {
        /// What the library says, cut.
        reason: String,
    },
    /// The page is not in the format that it claims.
    #[error("the page is wrong at {0}")]
    Page(#[from] exposition::ParseError),
}

impl ScrapeError {
    /// A stable word for each kind.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Timeout { .. } => "timeout",
            Self::Unreachable { .. } => "unreachable",
            Self::Status { .. } => "status",
            Self::TooLarge { .. } => "too_large",
            Self::BrokenOff { .. } => "broken_off",
            Self::Page(_) => "page",
        }
    }
}
