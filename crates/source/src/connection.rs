//! How to reach a server: address, who we are, whom we trust, and how much we are ready to take.

use model::Secret;
use std::time::Duration;

/// Who we say we are.
#[derive(Clone, Debug, Default)]
pub enum Auth {
    /// Nobody.
    #[default]
    None,
    /// HTTP Basic.
    Basic {
        /// The user's name.
        user: String,
        /// The password.
        password: Secret,
    },
    /// `Authorization: Bearer …`.
    Bearer(
        /// The token.
        Secret,
    ),
    /// `Authorization: Token …`, as InfluxDB 2 calls it.
    Token(
        /// The token.
        Secret,
    ),
}

/// Whom we trust and with which certificate we come. TLS is always verified.
#[derive(Clone, Debug, Default)]
pub struct TlsOptions {
    /// Own authorities, PEM. With any given, only they count, not the system's.
    pub authorities_pem: Option<String>,
    /// Client certificate (chain), PEM.
    pub certificate_pem: Option<String>,
    /// Its private key, PEM.
    pub key_pem: Option<Secret>,
}

/// Whether a proxy stands between us. Loopback addresses are always reached directly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Proxy {
    /// As the system says (environment, or the desktop's settings).
    #[default]
    System,
    /// None.
    Direct,
}

/// How much of an answer we are ready to take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the body, decompressed.
    pub body_bytes: u64,
    /// Label sets.
    pub series: usize,
    /// Points of one series; Prometheus itself allows 11,000.
    pub points: usize,
    /// Values of the whole answer (8 bytes each in memory).
    pub values: usize,
    /// Labels of one series.
    pub labels: usize,
    /// Bytes of one label's name or value.
    pub label_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 64 << 20,
            series: 20_000,
            points: 11_000,
            values: 8 << 20,
            labels: 256,
            label_bytes: 16 << 10,
        }
    }
}

/// How to reach one server.
#[derive(Clone, Debug)]
pub struct Connection {
    /// `http` or `https`, host, port, and the path under which the API hangs.
    pub url: String,
    /// Who we say we are.
    pub auth: Auth,
    /// Whom we trust.
    pub tls: TlsOptions,
    /// Further headers (tenant, gateway key). Values are secrets, because keys are often sent so.
    pub headers: Vec<(String, Secret)>,
    /// Time to reach the server.
    pub connect_timeout: Duration,
    /// Time from asking to the last byte of the answer.
    pub timeout: Duration,
    /// How much of an answer we take.
    pub limits: Limits,
    /// Whether to ask for gzip. It costs a Prometheus about a second for 16 MB and pays only on links below
    /// about 85 Mbit/s.
    pub gzip: bool,
    /// Whether a proxy stands between us.
    pub proxy: Proxy,
    /// Which part of the server is meant, where it has several.
    pub part: Part,
}

/// Which part of a server is meant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// The database (InfluxDB 1 and 3) or bucket (InfluxDB 2).
    pub database: String,
    /// The organization (InfluxDB 2).
    pub organization: String,
}

impl Connection {
    /// To `url` with nothing special: nobody, the system's authorities, 5 s to connect, 30 s in all.
    pub fn to(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            auth: Auth::None,
            tls: TlsOptions::default(),
            headers: Vec::new(),
            connect_timeout: Duration::from_secs(5),
            timeout: Duration::from_secs(30),
            limits: Limits::default(),
            gzip: false,
            proxy: Proxy::System,
            part: Part::default(),
        }
    }
}

/// What is wrong with a [`Connection`] before anything is sent. [`ConfigError::code`] is the locale key
/// `error.source.<code>`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// Not a URL with a host.
    #[error("not a URL with scheme and host")]
    Url,
    /// Neither http nor https.
    #[error("scheme {0} is neither http nor https")]
    Scheme(String),
    /// User or password inside the URL, where every log would show them.
    #[error("user and password do not belong into the URL")]
    UrlCredentials,
    /// A query or fragment in the URL.
    #[error("the URL must not have a query or fragment")]
    UrlQuery,
    /// The authorities cannot be read.
    #[error("the authority's certificate cannot be read (PEM expected)")]
    Authority,
    /// Client certificate or key cannot be read, or one of them is missing.
    #[error("client certificate or key cannot be read (PEM expected), or one is missing")]
    ClientCertificate,
    /// A header's name or value is not allowed.
    #[error("header {0} is not allowed")]
    Header(String),
    /// User, password or token has characters that cannot be sent.
    #[error("user, password or token has characters that cannot be sent")]
    Credentials,
    /// A name without which this kind of server cannot be asked.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// No source of this kind.
    #[error("no source of kind {0}")]
    UnknownKind(String),
    /// The HTTP client cannot be made.
    #[error("HTTP client: {0}")]
    Client(String),
}

impl ConfigError {
    /// The code: stable, snake case, locale key `error.source.<code>`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Url => "config_url",
            Self::Scheme(_) => "config_scheme",
            Self::UrlCredentials => "config_url_credentials",
            Self::UrlQuery => "config_url_query",
            Self::Authority => "config_authority",
            Self::ClientCertificate => "config_client_certificate",
            Self::Header(_) => "config_header",
            Self::Credentials => "config_credentials",
            Self::Missing(_) => "config_missing",
            Self::UnknownKind(_) => "config_unknown_kind",
            Self::Client(_) => "config_client",
        }
    }

    /// The placeholder `detail` of the sentence, if it has one.
    pub fn detail(&self) -> Option<&str> {
        match self {
            Self::Missing(d) => Some(d),
            Self::Scheme(d) | Self::Header(d) | Self::UnknownKind(d) | Self::Client(d) => Some(d),
            _ => None,
        }
    }

    /// Every code; a test holds the locales to it.
    pub const CODES: [&'static str; 11] = [
        "config_url",
        "config_scheme",
        "config_url_credentials",
        "config_url_query",
        "config_authority",
        "config_client_certificate",
        "config_header",
        "config_credentials",
        "config_missing",
        "config_unknown_kind",
        "config_client",
    ];
}
