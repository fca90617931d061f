//! Why something could not be told, and whether trying again can help.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// What went wrong. The list is closed: each code has a sentence under `channel.error.` and a few words without values under `channel.code.` in
/// every language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Code {
    /// There is no session bus to reach a notification server by.
    NoSessionBus,
    /// No program shows notifications.
    NoNotificationServer,
    /// The notification server did not answer in time.
    NotificationServerSlow,
    /// The notification server refused (`detail`).
    NotificationRefused,
    /// There is no window system that could show a pop-up here.
    NoPopupHost,
    /// There is no sound device (`detail`).
    NoSoundDevice,
    /// The sound device failed while it was used (`detail`).
    SoundDeviceFailed,
    /// The channel has sent as much as it may for now (`seconds`).
    RateLimited,
    /// The host's name is unknown (`host`).
    UnknownHost,
    /// The address is in a private or otherwise reserved range that is not allowed (`host`, `address`).
    AddressRefused,
    /// The other side cannot be reached (`host`).
    Connect,
    /// TLS failed: certificate or protocol (`host`).
    Tls,
    /// No answer in time (`seconds`).
    Timeout,
    /// The connection broke before the answer, or the answer is no HTTP (`host`).
    Broken,
    /// The other side wants us elsewhere; we do not follow (`status`).
    Redirected,
    /// The other side refuses our signature or address: 401, 403 (`status`).
    Unauthorized,
    /// The other side refuses the message (`status`).
    Rejected,
    /// The other side is overloaded or asks to wait (`status`).
    Busy,
    /// The other side has failed (`status`).
    ServerError,
    /// The mail server refuses user or password (`status`).
    MailLogin,
    /// The mail server refuses the mail or its receiver: 5yz (`status`).
    MailRefused,
    /// The mail server puts the mail off: 4yz (`status`).
    MailDeferred,
    /// The person has no address at this channel (`person`).
    NoAddress,
    /// The channel has been closed.
    Closed,
}

impl Code {
    /// All codes.
    pub const ALL: [Self; 24] = [
        Self::NoSessionBus,
        Self::NoNotificationServer,
        Self::NotificationServerSlow,
        Self::NotificationRefused,
        Self::NoPopupHost,
        Self::NoSoundDevice,
        Self::SoundDeviceFailed,
        Self::RateLimited,
        Self::UnknownHost,
        Self::AddressRefused,
        Self::Connect,
        Self::Tls,
        Self::Timeout,
        Self::Broken,
        Self::Redirected,
        Self::Unauthorized,
        Self::Rejected,
        Self::Busy,
        Self::ServerError,
        Self::MailLogin,
        Self::MailRefused,
        Self::MailDeferred,
        Self::NoAddress,
        Self::Closed,
    ];

    /// As it is kept in the outbox, and the end of its locale key.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoSessionBus => "no_session_bus",
            Self::NoNotificationServer => "no_notification_server",
            Self::NotificationServerSlow => "notification_server_slow",
            Self::NotificationRefused => "notification_refused",
            Self::NoPopupHost => "no_popup_host",
            Self::NoSoundDevice => "no_sound_device",
            Self::SoundDeviceFailed => "sound_device_failed",
            Self::RateLimited => "rate_limited",
            Self::UnknownHost => "unknown_host",
            Self::AddressRefused => "address_refused",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Timeout => "timeout",
            Self::Broken => "broken",
            Self::Redirected => "redirected",
            Self::Unauthorized => "unauthorized",
            Self::Rejected => "rejected",
            Self::Busy => "busy",
            Self::ServerError => "server_error",
            Self::MailLogin => "mail_login",
            Self::MailRefused => "mail_refused",
            Self::MailDeferred => "mail_deferred",
            Self::NoAddress => "no_address",
            Self::Closed => "closed",
        }
    }

    /// Its sentence's key in `locales/`.
    pub fn locale_key(self) -> String {
        format!("channel.error.{}", self.as_str())
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whether trying the same again can help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// Not before this long.
    After(Duration),
    /// Only when somebody has changed something.
    Never,
}

/// Something could not be told. It never holds a secret, nor text of the other side's answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code} {params:?}")]
pub struct SendError {
    /// What.
    pub code: Code,
    /// Placeholders of its sentence.
    pub params: BTreeMap<String, String>,
    /// Whether to try again.
    pub retry: Retry,
}

impl SendError {
    /// Not worth another try.
    pub fn never(code: Code) -> Self {
        Self {
            code,
            params: BTreeMap::new(),
            retry: Retry::Never,
        }
    }

    /// Worth another try after `seconds`.
    pub fn after(code: Code, seconds: u64) -> Self {
        Self {
            code,
            params: BTreeMap::new(),
            retry: Retry::After(Duration::from_secs(seconds)),
        }
    }

    /// With a placeholder's value, cleaned and bounded.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl fmt::Display) -> Self {
        self.params.insert(
            name.to_owned(),
            crate::text::line(&value.to_string(), crate::text::DETAIL),
        );
        self
    }

    /// When to try again at the earliest; `None`: not at all.
    pub fn retry_after(&self) -> Option<Duration> {
        match self.retry {
            Retry::After(wait) => Some(wait),
            Retry::Never => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_sentence_in_every_language() {
        let mut seen = std::collections::BTreeSet::new();
        for code in Code::ALL {
            assert!(seen.insert(code.as_str()), "{code} stands for two");
            for locale in ["zh-CN", "en"] {
                assert!(
                    crate::speak::exists(locale, &code.locale_key()),
                    "{} lacks {}",
                    locale,
                    code.locale_key()
                );
                // said in a word where its values are not at hand: in a timeline
                let word = crate::speak::say(locale, &format!("channel.code.{code}"), &[]);
                assert!(
                    !word.contains("%{") && !word.starts_with("channel."),
                    "{word}"
                );
            }
        }
    }

    #[test]
    fn values_are_cleaned() {
        let error = SendError::after(Code::Connect, 5).with("host", "a\u{202e}b\n");
        assert_eq!(error.params["host"], "a‹U+202E›b");
        assert_eq!(error.retry_after(), Some(Duration::from_secs(5)));
        assert_eq!(SendError::never(Code::Closed).retry_after(), None);
    }
}
