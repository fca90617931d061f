//! A JSON document by `POST`, signed: for whatever a customer has of their own. The document and the signature are documented in
//! `docs/how-to-add-a-channel.md` and stay as they are within version 1.

mod body;
mod guard;
mod settings;
mod sign;

pub use body::{Document, VERSION};
pub use guard::{Allowed, Refusal, refusal};
pub use settings::{PROBLEMS, WebhookSettings};
pub use sign::signature;

use crate::bucket::Bucket;
use crate::channel::{Channel, ChannelHealth, Descriptor, Field, FieldKind, Health, Receipt};
use crate::channel::{Sending, Withdrawing};
use crate::error::{Code, SendError};
use crate::message::Message;
use crate::registry::{BuildError, Entry, Settings, Surroundings};
use chrono::DateTime;
use futures::FutureExt as _;
use guard::{AddressRefused, GuardedDns, UnknownHost};
use model::Secret;
use model::duty::NoticeId;
use parking_lot::Mutex;
use reqwest::header::{CONTENT_TYPE, DATE, HeaderMap, RETRY_AFTER};
use reqwest::{Client, StatusCode, Url};
use std::sync::Arc;
use std::time::Duration;

const DESCRIPTOR: Descriptor = Descriptor {
    kind: "webhook",
    fields: &[
        field("url", FieldKind::Url, true),
        field("secret", FieldKind::Secret, false),
        field("token", FieldKind::Secret, false),
        field("allow", FieldKind::List, false),
        field("allow_http", FieldKind::Bool, false),
        field("ca", FieldKind::List, false),
        field(
            "timeout_seconds",
            FieldKind::Number { min: 1, max: 60 },
            false,
        ),
        field("per_minute", FieldKind::Number { min: 0, max: 6000 }, false),
    ],
    two_way: false,
    urgent: false,
    local: false,
    needs_address: false,
    codes: &[
        Code::RateLimited,
        Code::UnknownHost,
        Code::AddressRefused,
        Code::Connect,
        Code::Tls,
        Code::Timeout,
        Code::Broken,
        Code::Redirected,
        Code::Unauthorized,
        Code::Rejected,
        Code::Busy,
        Code::ServerError,
    ],
};

const fn field(name: &'static str, kind: FieldKind, required: bool) -> Field {
    Field {
        name,
        kind,
        required,
    }
}

/// Its line in the registry.
pub(crate) const ENTRY: Entry = Entry {
    descriptor: DESCRIPTOR,
    build,
};

fn build(settings: &Settings, _: &Surroundings) -> Result<Arc<dyn Channel>, BuildError> {
    let own: WebhookSettings = settings.read(DESCRIPTOR.kind)?;
    let secret = |name| {
        settings
            .secrets
            .get(name)
            .filter(|s| !s.is_empty())
            .cloned()
    };
    Ok(Arc::new(Webhook::new(
        own,
        secret("secret"),
        secret("token"),
    )?))
}

/// A try after a network failure.
const NETWORK: u64 = 15;
/// A try after the other side's failure.
const THEIRS: u64 = 30;
/// A try after 429 that does not say when.
const BUSY: u64 = 60;
/// What another side asks for counts at most this long, s.
const LONGEST: i64 = 3600;

/// The channel.
pub struct Webhook {
    client: Client,
    url: Url,
    allowed: Allowed,
    secret: Option<Secret>,
    token: Option<Secret>,
    timeout: Duration,
    bucket: Mutex<Bucket>,
    began: tokio::time::Instant,
    /// The outcome of the newest try: status, or the failure.
    last: Mutex<Option<Result<u16, SendError>>>,
}

impl Webhook {
    /// With a secret to sign by and a bearer token, both optional.
    ///
    /// # Errors
    /// A setting that cannot be.
    pub fn new(
        settings: WebhookSettings,
        secret: Option<Secret>,
        token: Option<Secret>,
    ) -> Result<Self, BuildError> {
        let checked = settings.check(DESCRIPTOR.kind)?;
        // one provider a process; whoever installed one before us did the same
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = Client::builder()
            .user_agent(concat!("shouwang/", env!("CARGO_PKG_VERSION")))
            // the address that was judged is the one that is connected to
            .dns_resolver(GuardedDns {
                allowed: checked.allowed.clone(),
            })
            .redirect(reqwest::redirect::Policy::none())
            // a proxy would resolve the name itself, and the judgement would be void
            .no_proxy()
            .http1_only()
            .connect_timeout(checked.timeout.min(Duration::from_secs(5)))
            .timeout(checked.timeout)
            .pool_max_idle_per_host(2);
        if checked.url.scheme() == "http" {
            builder = builder.tls_certs_only([]);
        } else if !checked.authorities.is_empty() {
            builder = builder.tls_certs_merge(checked.authorities);
        }
        let client = builder.build().map_err(|_| BuildError::Value {
            kind: DESCRIPTOR.kind,
            field: "ca",
            problem: "client",
        })?;
        Ok(Self {
            client,
            url: checked.url,
            allowed: checked.allowed,
            secret,
            token,
            timeout: checked.timeout,
            bucket: Mutex::new(Bucket::new(checked.budget, 0)),
            began: tokio::time::Instant::now(),
            last: Mutex::new(None),
        })
    }

    fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    fn within_budget(&self) -> Result<(), SendError> {
        let now = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.bucket.lock().take(now).map_err(|wait| {
            let seconds = wait.as_millis().div_ceil(1000);
            let seconds = u64::try_from(seconds).unwrap_or(u64::MAX);
            SendError::after(Code::RateLimited, seconds).with("seconds", seconds)
        })
    }

    async fn post(&self, message: &Message) -> Result<u16, SendError> {
        // an address in the URL itself is never resolved
        if let Some(address) = guard::literal(&self.url)
            && refusal(address, &self.allowed).is_some()
        {
            return Err(SendError::never(Code::AddressRefused)
                .with("host", self.host())
                .with("address", address));
        }
        let body = body::encode(message);
        let seconds = message.written_at.div_euclid(1000).to_string();
        let mut request = self
            .client
            .post(self.url.clone())
            .header(CONTENT_TYPE, "application/json; charset=utf-8")
            .header("X-Shouwang-Notice", header(&message.id.to_string()))
            .header("X-Shouwang-Timestamp", &seconds);
        if let Some(secret) = &self.secret {
            let signature = signature(secret, &seconds, &body);
            request = request.header("X-Shouwang-Signature", signature);
        }
        if let Some(token) = &self.token {
            request = request.bearer_auth(token.expose());
        }
        let response = request
            .body(body)
            .send()
            .await
            .map_err(|e| self.fault(&e))?;
        // the answer's body is not read: nothing in it is for us, and it may be endless
        judge(response.status(), response.headers())
    }

    fn fault(&self, error: &reqwest::Error) -> SendError {
        let causes = std::iter::successors(Some(error as &dyn std::error::Error), |e| e.source());
        for cause in causes {
            if let Some(refused) = cause.downcast_ref::<AddressRefused>() {
                return SendError::never(Code::AddressRefused)
                    .with("host", self.host())
                    .with("address", refused.0);
            }
            if cause.is::<UnknownHost>() {
                return SendError::after(Code::UnknownHost, THEIRS).with("host", self.host());
            }
            if cause.is::<rustls::Error>() {
                return SendError::after(Code::Tls, THEIRS).with("host", self.host());
            }
            // rustls' error travels inside an io::Error, whose `source` skips it
            let inner = cause
                .downcast_ref::<std::io::Error>()
                .and_then(std::io::Error::get_ref);
            if inner.is_some_and(|e| e.is::<rustls::Error>()) {
                return SendError::after(Code::Tls, THEIRS).with("host", self.host());
            }
        }
        if error.is_timeout() {
            return SendError::after(Code::Timeout, NETWORK)
                .with("seconds", self.timeout.as_secs());
        }
        let code = if error.is_connect() {
            Code::Connect
        } else {
            Code::Broken
        };
        SendError::after(code, NETWORK).with("host", self.host())
    }
}

/// Ids are hexadecimal; a header takes nothing else.
fn header(id: &str) -> String {
    id.chars()
        .filter(|c| c.is_ascii_alphanumeric() || *c == '-')
        .take(64)
        .collect()
}

/// What the answer's status means.
fn judge(status: StatusCode, headers: &HeaderMap) -> Result<u16, SendError> {
    let code = status.as_u16();
    if status.is_success() {
        return Ok(code);
    }
    let said = retry_after(headers);
    let later = |code, default| SendError::after(code, said.unwrap_or(default));
    let error = match code {
        300..400 => SendError::never(Code::Redirected),
        401 | 403 => SendError::never(Code::Unauthorized),
        408 | 425 => later(Code::Busy, NETWORK),
        429 => later(Code::Busy, BUSY),
        400..500 => SendError::never(Code::Rejected),
        503 => later(Code::Busy, THEIRS),
        _ => later(Code::ServerError, THEIRS),
    };
    Err(error.with("status", code))
}

/// `Retry-After` in seconds, between 1 and [`LONGEST`]. A date counts from the answer's own `Date`, so that no clock of ours is asked.
fn retry_after(headers: &HeaderMap) -> Option<u64> {
    let text = |name| headers.get(name).and_then(|v| v.to_str().ok());
    let said = text(RETRY_AFTER)?.trim();
    let seconds = match said.parse::<i64>() {
        Ok(seconds) => seconds,
        // a number too large for us is one that is longer than we wait
        Err(_) if said.bytes().all(|b| b.is_ascii_digit()) => LONGEST,
        Err(_) => {
            let at = DateTime::parse_from_rfc2822(said).ok()?;
            let from = DateTime::parse_from_rfc2822(text(DATE)?).ok()?;
            (at - from).num_seconds()
        }
    };
    u64::try_from(seconds.clamp(1, LONGEST)).ok()
}

impl Channel for Webhook {
    fn descriptor(&self) -> Descriptor {
        DESCRIPTOR
    }

    fn send<'a>(&'a self, message: &'a Message) -> Sending<'a> {
        async move {
            self.within_budget()?;
            let outcome = self.post(message).await;
            *self.last.lock() = Some(outcome.clone());
            outcome.map(|status| Receipt(format!("HTTP {status}")))
        }
        .boxed()
    }

    /// What was posted cannot be taken back; that it is over is told by a notice of its own.
    fn withdraw<'a>(&'a self, _: &'a NoticeId) -> Withdrawing<'a> {
        async { Ok(()) }.boxed()
    }

    /// How the newest try went: a probe would be a message.
    fn health(&self) -> Health<'_> {
        let health = match &*self.last.lock() {
            None => ChannelHealth::good("not_tried"),
            Some(Ok(status)) => {
                ChannelHealth::good("last_sent").with("status", &status.to_string())
            }
            Some(Err(error)) => error.clone().into(),
        };
        async move { health }.boxed()
    }
}

#[cfg(test)]
mod tests;
