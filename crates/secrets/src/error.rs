//! What can go wrong with secrets. No variant holds a value.

use std::path::PathBuf;

/// Why a secret cannot be read or stored. [`SecretError::code`] is the locale key `error.secrets.<code>`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// The name has characters that are not allowed, or is too long.
    #[error(
        "a secret's name has 1 to 64 letters, digits, '-', '_' or '.', and begins with a letter or digit"
    )]
    Name,
    /// The value is empty.
    #[error("the value is empty")]
    Empty,
    /// The value is too long.
    #[error("the value is longer than {limit} bytes")]
    TooLong {
        /// Bytes allowed.
        limit: usize,
    },
    /// The keyring that was there at the start fails now.
    #[error("the keyring fails: {0}")]
    Keyring(KeyringFault),
    /// The passphrase's variable or file is missing or empty.
    #[error("no passphrase for the vault in {from}")]
    NoPassphrase {
        /// The variable or file that was named.
        from: String,
    },
    /// The vault was made with another key: another passphrase, or the key of another machine.
    #[error("the vault {} was made with another key", path.display())]
    WrongKey {
        /// The vault.
        path: PathBuf,
    },
    /// The vault was made with a passphrase and none is given, or the other way round.
    #[error("the vault {} was made {}", path.display(), if *with_passphrase { "with a passphrase" } else { "with the machine's key" })]
    OtherKind {
        /// The vault.
        path: PathBuf,
        /// Whether a passphrase opens it.
        with_passphrase: bool,
    },
    /// The vault was changed or damaged.
    #[error("the vault {} was changed or is damaged", path.display())]
    Damaged {
        /// The vault.
        path: PathBuf,
    },
    /// The vault was written by a newer version of this program.
    #[error("the vault {} has the unknown version {version}", path.display())]
    Version {
        /// The vault.
        path: PathBuf,
        /// Its version.
        version: u8,
    },
    /// Others than its owner may read a file that opens the vault.
    #[error("{} can be read by others (mode {mode:o}); chmod 600", path.display())]
    Permissions {
        /// The file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// A file cannot be read or written.
    #[error("{}: {detail}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's own words.
        detail: String,
    },
    /// The system gives no random numbers, or the key cannot be derived.
    #[error("cryptography: {detail}")]
    Crypto {
        /// For the log.
        detail: String,
    },
}

impl SecretError {
    /// The code: stable, snake case, locale key `error.secrets.<code>`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Empty => "empty",
            Self::TooLong { .. } => "too_long",
            Self::Keyring(_) => "keyring",
            Self::NoPassphrase { .. } => "no_passphrase",
            Self::WrongKey { .. } => "wrong_key",
            Self::OtherKind { .. } => "other_kind",
            Self::Damaged { .. } => "damaged",
            Self::Version { .. } => "version",
            Self::Permissions { .. } => "permissions",
            Self::Io { .. } => "io",
            Self::Crypto { .. } => "crypto",
        }
    }

    /// Every code; a test holds the locales to it.
    pub const CODES: [&'static str; 12] = [
        "name",
        "empty",
        "too_long",
        "keyring",
        "no_passphrase",
        "wrong_key",
        "other_kind",
        "damaged",
        "version",
        "permissions",
        "io",
        "crypto",
    ];

    /// Placeholders of the sentence.
    pub fn params(&self) -> Vec<(&'static str, String)> {
        let file = |path: &PathBuf| vec![("path", path.display().to_string())];
        match self {
            Self::Name | Self::Empty => Vec::new(),
            Self::TooLong { limit } => vec![("limit", limit.to_string())],
            Self::Keyring(fault) => vec![("detail", fault.to_string())],
            Self::NoPassphrase { from } => vec![("from", from.clone())],
            Self::WrongKey { path }
            | Self::OtherKind { path, .. }
            | Self::Damaged { path }
            | Self::Version { path, .. }
            | Self::Permissions { path, .. } => file(path),
            Self::Io { path, detail } => {
                let mut params = file(path);
                params.push(("detail", detail.clone()));
                params
            }
            Self::Crypto { detail } => vec![("detail", detail.clone())],
        }
    }
}

/// Why the keyring cannot be used. [`KeyringFault::code`] is the locale key `secrets.keyring.<code>`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyringFault {
    /// The configuration says so.
    #[error("switched off by the configuration")]
    Disabled,
    /// There is none: no session bus, or nothing on it that keeps secrets.
    #[error("there is none in this session")]
    Absent,
    /// There is one, but it has no keyring yet in which to put something.
    #[error("no default keyring has been made yet")]
    NoCollection,
    /// It is locked; unlocking would open a prompt.
    #[error("it is locked")]
    Locked,
    /// It refuses us.
    #[error("it refuses access")]
    Denied,
    /// It did not answer in time.
    #[error("it did not answer in time")]
    Timeout,
    /// What was written could not be read again.
    #[error("it does not keep what is written")]
    Forgetful,
    /// Anything else.
    #[error("{0}")]
    Other(String),
}

impl KeyringFault {
    /// The code: stable, snake case, locale key `secrets.keyring.<code>`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Disabled => "disabled",
            Self::Absent => "absent",
            Self::NoCollection => "no_collection",
            Self::Locked => "locked",
            Self::Denied => "denied",
            Self::Timeout => "timeout",
            Self::Forgetful => "forgetful",
            Self::Other(_) => "other",
        }
    }

    /// Every code; a test holds the locales to it.
    pub const CODES: [&'static str; 8] = [
        "disabled",
        "absent",
        "no_collection",
        "locked",
        "denied",
        "timeout",
        "forgetful",
        "other",
    ];
}
