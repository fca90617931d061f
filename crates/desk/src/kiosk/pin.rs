//! The PIN without which nobody leaves the kiosk. Kept as an Argon2id hash in the keyring or the vault, never in the configuration.

use crate::secret_store::{Store, StoreError};
use argon2::{Algorithm, Argon2, Params, Version};
use engine::kiosk::Attempts;
use model::Secret;
use subtle::ConstantTimeEq;
use wire::{LeaveAnswer, LeaveView};

/// Name of the stored hash.
pub const SECRET: &str = "shouwang-kiosk-pin";
/// Bytes of the salt.
const SALT: usize = 16;
/// Bytes of the hash.
const HASH: usize = 32;
/// Characters of a PIN.
const LENGTHS: std::ops::RangeInclusive<usize> = 4..=64;

/// Why a PIN is not taken.
#[derive(Clone, Debug, thiserror::Error)]
pub enum PinError {
    /// Too short or too long.
    #[error("a PIN has 4 to 64 characters")]
    Length,
    /// No random bytes, or no memory for the hash.
    #[error("the PIN could not be hashed")]
    Hash,
    /// The keyring or the vault.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Argon2id (RFC 9106) with 19 MiB and 2 passes, as OWASP's password storage cheat sheet has it.
fn hash(pin: &str, salt: &[u8]) -> Option<[u8; HASH]> {
    let params = Params::new(19 << 10, 2, 1, Some(HASH)).ok()?;
    let mut out = [0_u8; HASH];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(pin.as_bytes(), salt, &mut out)
        .ok()?;
    Some(out)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes().chunks(2);
    digits
        .map(|two| u8::from_str_radix(std::str::from_utf8(two).ok()?, 16).ok())
        .collect()
}

/// `salt:hash` in hexadecimal digits.
fn sealed(pin: &str) -> Result<String, PinError> {
    let mut salt = [0_u8; SALT];
    getrandom::fill(&mut salt).map_err(|_| PinError::Hash)?;
    let hash = hash(pin, &salt).ok_or(PinError::Hash)?;
    Ok(format!("{}:{}", hex(&salt), hex(&hash)))
}

fn opens(sealed: &str, pin: &str) -> bool {
    let parts = sealed.split_once(':');
    let parts = parts.and_then(|(salt, hash)| Some((unhex(salt)?, unhex(hash)?)));
    parts.is_some_and(|(salt, known)| {
        hash(pin, &salt).is_some_and(|made| bool::from(made.as_slice().ct_eq(&known)))
    })
}

/// Sets the PIN.
///
/// # Errors
/// When it is too short or too long, or nothing can keep it.
pub async fn set(store: &Store, pin: &str) -> Result<(), PinError> {
    if !LENGTHS.contains(&pin.chars().count()) {
        return Err(PinError::Length);
    }
    let pin = pin.to_owned();
    let sealed = tokio::task::spawn_blocking(move || sealed(&pin))
        .await
        .map_err(|_| PinError::Hash)??;
    Ok(store.set(SECRET, Secret::new(sealed)).await?)
}

/// The PIN as it is asked for by the running wall.
#[derive(Debug, Default)]
pub struct Pin {
    attempts: Attempts,
    sealed: Option<Secret>,
}

impl Pin {
    /// With the stored hash; `None`: no PIN is set, and anybody may leave.
    pub fn new(sealed: Option<Secret>) -> Self {
        Self {
            attempts: Attempts::default(),
            sealed,
        }
    }

    /// The PIN was set, changed or taken away; wrong answers of before still count.
    pub fn changed(&mut self, sealed: Option<Secret>) {
        self.sealed = sealed;
    }

    /// Whether one is needed.
    pub fn is_set(&self) -> bool {
        self.sealed.is_some()
    }

    /// Looks at an answer at `now`, ms. Takes some hundredths of a second, on purpose.
    pub fn try_at(&mut self, pin: &str, now: i64) -> LeaveView {
        let said = |answer, wait: i64| LeaveView {
            answer,
            wait: wait as f64,
        };
        let Some(sealed) = &self.sealed else {
            return said(LeaveAnswer::Left, 0);
        };
        let wait = self.attempts.wait(now);
        if wait > 0 {
            return said(LeaveAnswer::Wait, wait);
        }
        let short_enough = LENGTHS.contains(&pin.chars().count());
        if short_enough && opens(sealed.expose(), pin) {
            self.attempts.right();
            said(LeaveAnswer::Left, 0)
        } else {
            said(LeaveAnswer::Wrong, self.attempts.wrong(now))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_pin_opens_and_guessing_is_slowed() {
        let kept = sealed("2580").unwrap();
        assert!(
            !kept.contains("2580") && kept != sealed("2580").unwrap(),
            "salted"
        );
        let mut pin = Pin::new(Some(Secret::new(kept)));
        for wrong in ["0000", "2581", ""] {
            assert_eq!(pin.try_at(wrong, 0).answer, LeaveAnswer::Wrong);
        }
        let fourth = pin.try_at("1111", 0);
        assert_eq!((fourth.answer, fourth.wait), (LeaveAnswer::Wrong, 5_000.0));
        let early = pin.try_at("2580", 4_000);
        assert_eq!(
            (early.answer, early.wait),
            (LeaveAnswer::Wait, 1_000.0),
            "the right one has to wait too"
        );
        assert_eq!(pin.try_at("2580", 5_000).answer, LeaveAnswer::Left);
    }

    #[test]
    fn without_a_pin_anybody_leaves_and_a_damaged_one_lets_nobody() {
        assert_eq!(Pin::new(None).try_at("", 0).answer, LeaveAnswer::Left);
        for broken in ["", "zz:zz", "00", "é0:00"] {
            let mut pin = Pin::new(Some(Secret::new(broken.to_owned())));
            assert_eq!(pin.try_at("1234", 0).answer, LeaveAnswer::Wrong, "{broken}");
        }
    }
}
