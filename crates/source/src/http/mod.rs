//! One HTTP client for every source: bounded in time and bytes, every failure typed, no secret in any text.

mod fault;
mod text;
mod wait;

pub use fault::tls_fault;
pub(crate) use text::clean;
pub(crate) use wait::Streamed;

use crate::connection::{Auth, ConfigError, Connection, Limits, Proxy, TlsOptions};
use crate::error::SourceError;
use base64::Engine as _;
use futures::FutureExt as _;
use model::Secret;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, DATE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, ClientBuilder, Identity, Response, StatusCode, Url};
use std::time::Duration;

/// Bytes of an error's body that are read; Prometheus' own are below 1 KiB.
const ERROR_BODY: u64 = 64 << 10;
/// Above this many bytes of parameters a question is asked by POST; shorter URLs pass every proxy.
const LONG_QUERY: usize = 2_000;

/// An answer with its body, whatever its status.
#[derive(Debug)]
pub(crate) struct Reply {
    pub status: u16,
    pub content_type: String,
    pub server_time_ms: Option<i64>,
    /// From asking to the last byte.
    pub took: Duration,
    pub body: Vec<u8>,
    pub headers: HeaderMap,
}

impl Reply {
    /// A header's value, empty where there is none or it is no text.
    pub(crate) fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.and_then(|v| v.to_str().ok()).unwrap_or_default()
    }
}

/// What the other side should be; an answer that is not its protocol says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    Prometheus,
    Alertmanager,
    /// Any other, by the name of the program.
    Other(&'static str),
}

/// How something is changed at the other side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    Post,
    Delete,
}

/// Parameters of a question.
pub(crate) type Params<'a> = [(&'a str, String)];

/// Chooses the cryptography of TLS; whoever makes an HTTP client of its own calls it first.
pub fn prepare_tls() {
    // one provider a process; whoever installed one before us did the same
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// A client for one server.
pub(crate) struct Http {
    client: Client,
    base: Url,
    protocol: Protocol,
    limits: Limits,
    connect_timeout: Duration,
    timeout: Duration,
    /// What must not stand in any text, in case the server echoes it.
    secrets: Vec<Secret>,
}

impl std::fmt::Debug for Http {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Http")
            .field("base", &self.base.as_str())
            .finish_non_exhaustive()
    }
}

impl Http {
    pub(crate) fn new(connection: &Connection, protocol: Protocol) -> Result<Self, ConfigError> {
        prepare_tls();
        let base = base_url(&connection.url)?;
        let mut secrets = Vec::new();
        let headers = headers(connection, &mut secrets)?;
        let direct = connection.proxy == Proxy::Direct || is_loopback(&base);
        let make = |system_roots: bool| {
            let builder = builder(connection, headers.clone());
            let builder = if direct { builder.no_proxy() } else { builder };
            let builder = trust(builder, &connection.tls)?;
            let builder = if system_roots {
                builder
            } else {
                builder.tls_certs_only([])
            };
            builder
                .build()
                .map_err(|e| ConfigError::Client(fault::innermost(&e)))
        };
        // a system without authorities (a bare container) must not keep us from a server without TLS; through a proxy
        // TLS may be needed all the same
        let plain = base.scheme() == "http";
        let client = match make(!(plain && direct)) {
            Err(ConfigError::Client(_)) if plain => make(false),
            made => made,
        }?;
        Ok(Self {
            client,
            base,
            protocol,
            limits: connection.limits,
            connect_timeout: connection.connect_timeout,
            timeout: connection.timeout,
            secrets,
        })
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(crate) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// `GET`.
    pub(crate) async fn get(
        &self,
        path: &[&str],
        params: &Params<'_>,
    ) -> Result<Reply, SourceError> {
        let mut url = self.url(path)?;
        if !params.is_empty() {
            url.query_pairs_mut().extend_pairs(params);
        }
        self.exchange(self.client.get(url)).await
    }

    /// `GET`, or a form by `POST` when the parameters are long; `GET` again where `POST` is not allowed.
    pub(crate) async fn ask(
        &self,
        path: &[&str],
        params: &Params<'_>,
    ) -> Result<Reply, SourceError> {
        let length: usize = params.iter().map(|(n, v)| n.len() + v.len() + 2).sum();
        if length > LONG_QUERY {
            let url = self.url(path)?;
            let reply = self.exchange(self.client.post(url).form(params)).await?;
            if reply.status != 405 {
                return Ok(reply);
            }
        }
        self.get(path, params).await
    }

    /// A question whose words are JSON.
    pub(crate) async fn ask_json(
        &self,
        path: &[&str],
        params: &Params<'_>,
        body: Vec<u8>,
    ) -> Result<Reply, SourceError> {
        let mut url = self.url(path)?;
        if !params.is_empty() {
            url.query_pairs_mut().extend_pairs(params);
        }
        let request = self.client.post(url).body(body);
        self.exchange(request.header(CONTENT_TYPE, "application/json"))
            .await
    }

    /// A change, as JSON where `body` is not empty; sent once, because a second one might change again.
    pub(crate) async fn order(
        &self,
        method: Method,
        path: &[&str],
        body: Vec<u8>,
    ) -> Result<Reply, SourceError> {
        let url = self.url(path)?;
        let mut request = match method {
            Method::Post => self.client.post(url),
            Method::Delete => self.client.delete(url),
        };
        if !body.is_empty() {
            request = request.header(CONTENT_TYPE, "application/json").body(body);
        }
        let begun = tokio::time::Instant::now();
        let sent = request.send().await;
        self.receive(sent, begun).await
    }

    /// `text` without any of our secrets, in one line, at most `max` characters.
    pub(crate) fn clean(&self, text: &str, max: usize) -> String {
        let mut text = text.to_owned();
        for secret in &self.secrets {
            if text.contains(secret.expose()) {
                text = text.replace(secret.expose(), "[secret]");
            }
        }
        clean(&text, max)
    }

    /// What an answer whose status is not 2xx means, when its body says nothing in the protocol's own words.
    pub(crate) fn refusal(&self, reply: &Reply) -> SourceError {
        match reply.status {
            401 => SourceError::Unauthorized,
            403 => SourceError::Forbidden,
            status @ (429 | 500..) => SourceError::Http { status },
            status => match self.not_ours(reply) {
                SourceError::NotPrometheus {
                    content_type,
                    snippet,
                } => SourceError::NotPrometheus {
                    content_type,
                    snippet: format!("HTTP {status}: {snippet}"),
                },
                SourceError::NotAlertmanager {
                    content_type,
                    snippet,
                } => SourceError::NotAlertmanager {
                    content_type,
                    snippet: format!("HTTP {status}: {snippet}"),
                },
                SourceError::NotExpected {
                    expected,
                    content_type,
                    snippet,
                } => SourceError::NotExpected {
                    expected,
                    content_type,
                    snippet: format!("HTTP {status}: {snippet}"),
                },
                other => other,
            },
        }
    }

    /// As [`Http::refusal`], and for an answer of success that it is not in the protocol.
    pub(crate) fn refusal_or_stranger(&self, reply: &Reply) -> SourceError {
        if (200..300).contains(&reply.status) {
            self.not_ours(reply)
        } else {
            self.refusal(reply)
        }
    }

    /// What an answer that is not in the protocol at all means.
    pub(crate) fn not_ours(&self, reply: &Reply) -> SourceError {
        let head = reply.body.get(..4096).unwrap_or(&reply.body);
        let head = String::from_utf8_lossy(head);
        let content_type = self.clean(&reply.content_type, 80);
        let snippet = self.clean(&text::gist(&head), 160);
        match self.protocol {
            Protocol::Prometheus => SourceError::NotPrometheus {
                content_type,
                snippet,
            },
            Protocol::Alertmanager => SourceError::NotAlertmanager {
                content_type,
                snippet,
            },
            Protocol::Other(expected) => SourceError::NotExpected {
                expected,
                content_type,
                snippet,
            },
        }
    }

    fn url(&self, path: &[&str]) -> Result<Url, SourceError> {
        let mut url = self.base.clone();
        url.path_segments_mut()
            .map_err(|()| SourceError::Internal {
                detail: "base URL without path".into(),
            })?
            .pop_if_empty()
            .extend(path);
        Ok(url)
    }

    async fn exchange(&self, request: reqwest::RequestBuilder) -> Result<Reply, SourceError> {
        let begun = tokio::time::Instant::now();
        let again = request.try_clone();
        let mut sent = request.send().await;
        // a connection kept open since the last question may have died meanwhile (the server restarted); questions
        // change nothing, so they may be asked twice
        if let (Err(e), Some(again)) = (&sent, again)
            && fault::is_broken_connection(e)
        {
            sent = again.send().await;
        }
        self.receive(sent, begun).await
    }

    async fn receive(
        &self,
        sent: Result<Response, reqwest::Error>,
        begun: tokio::time::Instant,
    ) -> Result<Reply, SourceError> {
        let mut response =
            sent.map_err(|e| fault::sending(&e, self.connect_timeout, self.timeout))?;
        let status = response.status();
        if status.is_redirection() && status != StatusCode::NOT_MODIFIED {
            return Err(SourceError::Redirected {
                to: self.redirect_target(&response),
            });
        }
        let server_time_ms = response.headers().get(DATE).and_then(date_ms);
        let content_type = response
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|v| v.to_str().ok())
            .unwrap_or_default()
            .to_owned();
        let headers = response.headers().clone();
        let body = if status.is_success() {
            self.read(&mut response, self.limits.body_bytes).await?
        } else {
            // a long or broken error page must not hide the status
            self.read_some(&mut response).await?
        };
        Ok(Reply {
            status: status.as_u16(),
            content_type,
            server_time_ms,
            took: begun.elapsed(),
            body,
            headers,
        })
    }

    async fn read(&self, response: &mut Response, limit: u64) -> Result<Vec<u8>, SourceError> {
        let too_large = SourceError::TooLarge { limit };
        let announced = response.content_length().unwrap_or(0);
        if announced > limit {
            return Err(too_large);
        }
        // the length is only announced: reserve for what it says, but not more than 16 MiB before any of it came
        let mut body = Vec::with_capacity(usize::try_from(announced.min(16 << 20)).unwrap_or(0));
        while let Some(chunk) = response
            .chunk()
            .await
            .map_err(|e| fault::receiving(&e, self.timeout))?
        {
            if body.len() as u64 + chunk.len() as u64 > limit {
                return Err(too_large);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    async fn read_some(&self, response: &mut Response) -> Result<Vec<u8>, SourceError> {
        let mut body = Vec::new();
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) if (body.len() as u64) < ERROR_BODY => {
                    body.extend_from_slice(&chunk);
                }
                Ok(_) => return Ok(body),
                Err(e) => match fault::receiving(&e, self.timeout) {
                    SourceError::Truncated => return Ok(body),
                    other => return Err(other),
                },
            }
        }
    }

    fn redirect_target(&self, response: &Response) -> String {
        let target = response
            .headers()
            .get(reqwest::header::LOCATION)
            .and_then(|v| v.to_str().ok())
            .and_then(|v| self.base.join(v).ok());
        let text = target.map_or_else(String::new, |url| {
            let port = url.port().map(|p| format!(":{p}")).unwrap_or_default();
            let host = url.host_str().unwrap_or_default();
            format!("{}://{host}{port}{}", url.scheme(), url.path())
        });
        self.clean(&text, 200)
    }
}

fn builder(connection: &Connection, headers: HeaderMap) -> ClientBuilder {
    Client::builder()
        .user_agent(concat!("shouwang/", env!("CARGO_PKG_VERSION")))
        .default_headers(headers)
        .dns_resolver(SystemDns)
        // following would carry our headers to another host
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(connection.connect_timeout)
        .timeout(connection.timeout)
        .gzip(connection.gzip)
        // h2 turns a TLS alert into a string, and then "client certificate refused" cannot be told any more
        .http1_only()
        .pool_max_idle_per_host(4)
        .tcp_nodelay(true)
}

fn base_url(text: &str) -> Result<Url, ConfigError> {
    let url = Url::parse(text.trim()).map_err(|_| ConfigError::Url)?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(ConfigError::Scheme(clean(url.scheme(), 20)));
    }
    if !url.has_host() {
        return Err(ConfigError::Url);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(ConfigError::UrlCredentials);
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(ConfigError::UrlQuery);
    }
    Ok(url)
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || host.ends_with(".localhost")
        || address
            .parse::<std::net::IpAddr>()
            .is_ok_and(|a| a.is_loopback())
}

/// Default headers; every secret in them is also put into `secrets`, in each form in which it is sent.
fn headers(connection: &Connection, secrets: &mut Vec<Secret>) -> Result<HeaderMap, ConfigError> {
    let mut map = HeaderMap::new();
    let mut keep = |secret: Secret| {
        // shorter ones would tear holes into ordinary words
        if secret.expose().len() >= 4 {
            secrets.push(secret);
        }
    };
    for (name, value) in &connection.headers {
        let refused = || ConfigError::Header(clean(name, 60));
        let header = HeaderName::try_from(name.as_str()).map_err(|_| refused())?;
        let mut sent = HeaderValue::from_str(value.expose()).map_err(|_| refused())?;
        sent.set_sensitive(true);
        map.insert(header, sent);
        keep(value.clone());
    }
    let authorization = match &connection.auth {
        Auth::None => return Ok(map),
        Auth::Basic { user, password } => {
            if user.contains(':') {
                return Err(ConfigError::Credentials); // RFC 7617: the first colon ends the user's name
            }
            let pair = format!("{user}:{}", password.expose());
            let encoded = base64::engine::general_purpose::STANDARD.encode(pair);
            keep(password.clone());
            keep(Secret::new(encoded.clone()));
            format!("Basic {encoded}")
        }
        Auth::Bearer(token) => {
            keep(token.clone());
            format!("Bearer {}", token.expose().trim())
        }
        Auth::Token(token) => {
            keep(token.clone());
            format!("Token {}", token.expose().trim())
        }
    };
    let mut value = HeaderValue::from_str(&authorization).map_err(|_| ConfigError::Credentials)?;
    value.set_sensitive(true);
    map.insert(AUTHORIZATION, value);
    Ok(map)
}

fn trust(mut builder: ClientBuilder, tls: &TlsOptions) -> Result<ClientBuilder, ConfigError> {
    if let Some(pem) = &tls.authorities_pem {
        let authorities = reqwest::Certificate::from_pem_bundle(pem.as_bytes())
            .map_err(|_| ConfigError::Authority)?;
        if authorities.is_empty() {
            return Err(ConfigError::Authority);
        }
        builder = builder.tls_certs_only(authorities);
    }
    match (&tls.certificate_pem, &tls.key_pem) {
        (None, None) => Ok(builder),
        (Some(certificate), Some(key)) => {
            let both = Secret::new(format!("{certificate}\n{}", key.expose()));
            let identity = Identity::from_pem(both.expose().as_bytes())
                .map_err(|_| ConfigError::ClientCertificate)?;
            Ok(builder.identity(identity))
        }
        _ => Err(ConfigError::ClientCertificate),
    }
}

fn date_ms(value: &HeaderValue) -> Option<i64> {
    let date = chrono::DateTime::parse_from_rfc2822(value.to_str().ok()?).ok()?;
    Some(date.timestamp_millis())
}

/// The system's resolver, with an error of our own, so that an unknown host can be told from a closed port.
#[derive(Debug)]
struct SystemDns;

/// The host's name is unknown.
#[derive(Debug, thiserror::Error)]
#[error("unknown host {0}")]
pub(crate) struct UnknownHost(pub(crate) String);

impl Resolve for SystemDns {
    fn resolve(&self, name: Name) -> Resolving {
        async move {
            let host = name.as_str().to_owned();
            let found = tokio::net::lookup_host((host.as_str(), 0)).await;
            let found: Vec<_> = found.map_err(|_| UnknownHost(host.clone()))?.collect();
            let found: Addrs = Box::new(found.into_iter());
            Ok(found)
        }
        .boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_that_would_leak_or_mislead_are_refused() {
        let refused = |url: &str| base_url(url).map(|_| ()).expect_err(url).code();
        assert_eq!(refused("prometheus:9090"), "config_scheme");
        assert_eq!(refused("nonsense"), "config_url");
        assert_eq!(refused("http://u:p@host/"), "config_url_credentials");
        assert_eq!(refused("http://host/?token=x"), "config_url_query");
        assert!(base_url("https://host/prom/").is_ok());
    }

    #[test]
    fn a_path_prefix_stays() {
        for prefix in ["http://h/prom", "http://h/prom/"] {
            let http = Http::new(&Connection::to(prefix), Protocol::Prometheus).expect("a client");
            let url = http
                .url(&["api", "v1", "label", "a/b", "values"])
                .expect("a URL");
            assert_eq!(url.as_str(), "http://h/prom/api/v1/label/a%2Fb/values");
        }
    }

    #[test]
    fn secrets_are_taken_out_of_what_the_server_echoes() {
        let mut connection = Connection::to("http://h");
        connection.auth = Auth::Basic {
            user: "u".into(),
            password: Secret::new("hunter2"),
        };
        connection.headers = vec![("X-Scope-Key".into(), Secret::new("key-4711"))];
        let http = Http::new(&connection, Protocol::Prometheus).expect("a client");
        let echo = http.clean("got Basic dTpodW50ZXIy = u:hunter2,\n key-4711", 200);
        assert_eq!(echo, "got Basic [secret] = u:[secret], [secret]");
        assert!(!format!("{http:?} {connection:?}").contains("hunter2"));
    }

    #[test]
    fn loopback_is_known() {
        for (url, expected) in [
            ("http://localhost:1", true),
            ("http://127.3.0.1", true),
            ("http://[::1]:9090", true),
            ("http://10.0.0.1", false),
        ] {
            assert_eq!(is_loopback(&base_url(url).expect(url)), expected, "{url}");
        }
    }

    #[test]
    fn a_date_header_becomes_milliseconds() {
        let value = HeaderValue::from_static("Sat, 21 Nov 2026 07:58:46 GMT");
        assert_eq!(date_ms(&value), Some(1_795_247_926_000));
        assert_eq!(date_ms(&HeaderValue::from_static("yesterday")), None);
    }
}
