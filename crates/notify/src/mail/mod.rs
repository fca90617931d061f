//! Mail by SMTP (RFC 5321, STARTTLS by RFC 3207, submission over TLS by RFC 8314): alerts as a channel, reports with attachments.
//!
//! The connection is encrypted and the server's certificate verified before a password or a mail goes over it; without encryption only a
//! server on this machine is spoken to, and without a password.

mod letter;
mod settings;

pub use letter::{Attachment, Letter};
pub use settings::{MailSettings, Security};

use crate::bucket::Bucket;
use crate::channel::{
    Channel, ChannelHealth, Descriptor, Field, FieldKind, Health, Receipt, Sending, Withdrawing,
};
use crate::error::{Code, SendError};
use crate::message::Message;
use crate::registry::{BuildError, Entry, Settings, Surroundings};
use futures::FutureExt as _;
use lettre::message::Mailbox;
use lettre::transport::smtp::Error as SmtpError;
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};
use model::Secret;
use model::duty::NoticeId;
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Duration;

const DESCRIPTOR: Descriptor = Descriptor {
    kind: "mail",
    fields: &[
        field("host", FieldKind::Text, true),
        field(
            "port",
            FieldKind::Number {
                min: 1,
                max: 65_535,
            },
            false,
        ),
        field("security", FieldKind::Text, false),
        field("from", FieldKind::Text, true),
        field("user", FieldKind::Text, false),
        field("password", FieldKind::Secret, false),
        field("ca", FieldKind::List, false),
        field(
            "timeout_seconds",
            FieldKind::Number { min: 1, max: 120 },
            false,
        ),
        field("per_minute", FieldKind::Number { min: 0, max: 6000 }, false),
    ],
    two_way: false,
    urgent: false,
    local: false,
    needs_address: true,
    codes: &[
        Code::RateLimited,
        Code::NoAddress,
        Code::Connect,
        Code::Tls,
        Code::Timeout,
        Code::Broken,
        Code::MailLogin,
        Code::MailRefused,
        Code::MailDeferred,
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
    let own: MailSettings = settings.read(DESCRIPTOR.kind)?;
    let password = settings
        .secrets
        .get("password")
        .filter(|s| !s.is_empty())
        .cloned();
    Ok(Arc::new(Mailer::new(own, password)?))
}

/// A try after a failure of the network, s.
const NETWORK: u64 = 30;
/// A try after the server asked for one (4yz): servers that grey-list take a few minutes, s.
const LATER: u64 = 300;

/// Sends mail through one server.
pub struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    host: String,
    timeout: Duration,
    bucket: Mutex<Bucket>,
    began: tokio::time::Instant,
    /// The outcome of the newest try.
    last: Mutex<Option<Result<(), SendError>>>,
}

impl Mailer {
    /// With the password for the settings' user.
    ///
    /// # Errors
    /// A setting that cannot be.
    pub fn new(settings: MailSettings, password: Option<Secret>) -> Result<Self, BuildError> {
        let checked = settings.check(DESCRIPTOR.kind, password)?;
        Ok(Self {
            transport: checked.transport,
            from: checked.from,
            host: settings.host,
            timeout: checked.timeout,
            bucket: Mutex::new(Bucket::new(checked.budget, 0)),
            began: tokio::time::Instant::now(),
            last: Mutex::new(None),
        })
    }

    /// Sends a letter to all of its receivers. The server's words of acceptance are not kept: they may say anything.
    ///
    /// # Errors
    /// A typed failure: what the server puts off (4yz) may be tried again, what it refuses (5yz) may not.
    pub async fn post(&self, letter: &Letter) -> Result<(), SendError> {
        let now = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.bucket.lock().take(now).map_err(|wait| {
            let seconds = wait.as_secs() + 1;
            SendError::after(Code::RateLimited, seconds).with("seconds", seconds)
        })?;
        let mail = letter.build(&self.from)?;
        let outcome = match tokio::time::timeout(self.timeout, self.transport.send(mail)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(e)) => Err(self.failure(&e)),
            Err(_) => Err(self.slow()),
        };
        *self.last.lock() = Some(outcome.clone());
        outcome
    }

    fn slow(&self) -> SendError {
        SendError::after(Code::Timeout, NETWORK).with("seconds", self.timeout.as_secs())
    }

    /// What the library says, as our own code.
    fn failure(&self, e: &SmtpError) -> SendError {
        let status = e.status().map(u16::from);
        let host = |error: SendError| error.with("host", &self.host);
        match status {
            Some(code @ (454 | 530 | 534 | 535 | 538)) => {
                // A server whose list of passwords does not answer says 454: that passes.
                let error = if code == 454 {
                    SendError::after(Code::MailLogin, LATER)
                } else {
                    SendError::never(Code::MailLogin)
                };
                error.with("status", code)
            }
            Some(code) if e.is_transient() => {
                SendError::after(Code::MailDeferred, LATER).with("status", code)
            }
            Some(code) => SendError::never(Code::MailRefused).with("status", code),
            None if e.is_timeout() => self.slow(),
            None if e.is_tls() => host(SendError::after(Code::Tls, LATER)),
            None if e.is_response() || e.is_client() => {
                host(SendError::after(Code::Broken, NETWORK))
            }
            None if letter::is_certificate(e) => host(SendError::after(Code::Tls, LATER)),
            None => host(SendError::after(Code::Connect, NETWORK)),
        }
    }
}

impl Channel for Mailer {
    fn descriptor(&self) -> Descriptor {
        DESCRIPTOR
    }

    fn send<'a>(&'a self, message: &'a Message) -> Sending<'a> {
        async move {
            let Some(address) = message.to.address.as_deref().filter(|a| !a.is_empty()) else {
                return Err(SendError::never(Code::NoAddress).with("person", &message.to.name));
            };
            self.post(&Letter::of(message, address))
                .await
                .map(|()| Receipt("250".to_owned()))
        }
        .boxed()
    }

    /// What was sent cannot be taken back; that it is over is told by a mail of its own.
    fn withdraw<'a>(&'a self, _: &'a NoticeId) -> Withdrawing<'a> {
        async { Ok(()) }.boxed()
    }

    /// How the newest try went: a probe would be a mail.
    fn health(&self) -> Health<'_> {
        let health = match &*self.last.lock() {
            None => ChannelHealth::good("not_tried"),
            Some(Ok(())) => ChannelHealth::good("ok"),
            Some(Err(error)) => error.clone().into(),
        };
        async move { health }.boxed()
    }
}

#[cfg(test)]
mod tests;
