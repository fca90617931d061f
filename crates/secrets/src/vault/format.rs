//! The vault's bytes.

use super::Entries;
use crate::error::SecretError;
use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use std::path::Path;
use zeroize::Zeroizing;

/// Largest vault that is read; a hundred private keys fit.
pub(super) const MAX_BYTES: u64 = 4 << 20;

const MAGIC: [u8; 8] = *b"SWVAULT\n";
const VERSION: u8 = 1;
const SALT: usize = 16;
const CHECK: usize = 16;
const NONCE: usize = 24;
const HEADER: usize = 8 + 1 + 1 + 12 + SALT + CHECK + NONCE;

/// What opens a vault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    MachineKey,
    Passphrase,
}

/// Argon2id's cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cost {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

impl Cost {
    /// A person's passphrase is made expensive to guess (19 MiB, 2 passes: OWASP's password storage cheat sheet); 32
    /// random bytes cannot be guessed at any price.
    pub(super) fn of(kind: Kind) -> Self {
        match kind {
            Kind::Passphrase => Self {
                memory_kib: 19 << 10,
                passes: 2,
                lanes: 1,
            },
            Kind::MachineKey => Self {
                memory_kib: 64,
                passes: 1,
                lanes: 1,
            },
        }
    }

    /// The file may be anybody's: a cost that would take all memory or hours is refused.
    fn is_sane(&self) -> bool {
        (8..=512 << 10).contains(&self.memory_kib)
            && (1..=16).contains(&self.passes)
            && (1..=8).contains(&self.lanes)
    }
}

/// Everything before the ciphertext but the nonce, which is new for every write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    kind: Kind,
    cost: Cost,
    salt: [u8; SALT],
    check: [u8; CHECK],
}

impl Header {
    /// Of a new vault.
    pub(super) fn new(kind: Kind, cost: Cost) -> Result<Self, SecretError> {
        Ok(Self {
            kind,
            cost,
            salt: random()?,
            check: [0; CHECK],
        })
    }

    pub(super) fn kind(&self) -> Kind {
        self.kind
    }

    /// The header of a vault and the nonce behind it.
    pub(super) fn parse(bytes: &[u8], path: &Path) -> Result<(Self, [u8; NONCE]), SecretError> {
        let damaged = || SecretError::Damaged {
            path: path.to_owned(),
        };
        let mut rest = bytes.strip_prefix(&MAGIC).ok_or_else(damaged)?;
        let [version, kind] = take(&mut rest).ok_or_else(damaged)?;
        if version != VERSION {
            return Err(SecretError::Version {
                path: path.to_owned(),
                version,
            });
        }
        let mut number = || take(&mut rest).map(u32::from_le_bytes).ok_or_else(damaged);
        let cost = Cost {
            memory_kib: number()?,
            passes: number()?,
            lanes: number()?,
        };
        let header = Self {
            kind: match kind {
                0 => Kind::MachineKey,
                1 => Kind::Passphrase,
                _ => return Err(damaged()),
            },
            cost,
            salt: take(&mut rest).ok_or_else(damaged)?,
            check: take(&mut rest).ok_or_else(damaged)?,
        };
        if !header.cost.is_sane() {
            return Err(damaged());
        }
        let nonce = take(&mut rest).ok_or_else(damaged)?;
        Ok((header, nonce))
    }

    fn bytes(&self, nonce: &[u8; NONCE]) -> Vec<u8> {
        let mut out = Vec::with_capacity(HEADER);
        out.extend_from_slice(&MAGIC);
        out.push(VERSION);
        out.push(match self.kind {
            Kind::MachineKey => 0,
            Kind::Passphrase => 1,
        });
        for number in [self.cost.memory_kib, self.cost.passes, self.cost.lanes] {
            out.extend_from_slice(&number.to_le_bytes());
        }
        out.extend_from_slice(&self.salt);
        out.extend_from_slice(&self.check);
        out.extend_from_slice(nonce);
        out
    }

    /// Key and check for `passphrase`.
    pub(super) fn derive(&self, passphrase: &[u8]) -> Result<Derived, SecretError> {
        let failed = |detail: &str| SecretError::Crypto {
            detail: detail.to_owned(),
        };
        let Cost {
            memory_kib,
            passes,
            lanes,
        } = self.cost;
        let params = Params::new(memory_kib, passes, lanes, Some(32 + CHECK))
            .map_err(|_| failed("Argon2id refuses its parameters"))?;
        let mut bytes = Zeroizing::new([0_u8; 32 + CHECK]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(passphrase, &self.salt, &mut bytes[..])
            .map_err(|_| failed("Argon2id failed"))?;
        Ok(Derived {
            cost: self.cost,
            salt: self.salt,
            bytes,
        })
    }
}

/// What Argon2id made of a passphrase for one salt and cost: 32 bytes of key, then the check.
#[derive(Clone)]
pub(super) struct Derived {
    cost: Cost,
    salt: [u8; SALT],
    bytes: Zeroizing<[u8; 32 + CHECK]>,
}

impl std::fmt::Debug for Derived {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[key]")
    }
}

impl Derived {
    pub(super) fn is_for(&self, header: &Header) -> bool {
        (self.cost, self.salt) == (header.cost, header.salt)
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        let mut key = Zeroizing::new([0; 32]);
        key.iter_mut()
            .zip(&self.bytes[..])
            .for_each(|(k, b)| *k = *b);
        XChaCha20Poly1305::new((&*key).into())
    }

    fn check(&self) -> [u8; CHECK] {
        let mut check = [0; CHECK];
        let bytes = self.bytes.iter().skip(32);
        check.iter_mut().zip(bytes).for_each(|(c, b)| *c = *b);
        check
    }
}

/// The vault's bytes for `entries`, with a new nonce.
pub(super) fn seal(
    header: &Header,
    derived: &Derived,
    entries: &Entries,
    path: &Path,
) -> Result<Vec<u8>, SecretError> {
    let plain: std::collections::BTreeMap<&str, &str> = entries
        .iter()
        .map(|(n, v)| (n.as_str(), v.as_str()))
        .collect();
    let plain = serde_json::to_vec(&plain).map_err(|e| SecretError::Crypto {
        detail: e.to_string(),
    })?;
    let plain = Zeroizing::new(plain);
    if plain.len() as u64 > MAX_BYTES / 2 {
        return Err(SecretError::Io {
            path: path.to_owned(),
            detail: format!("more than {} bytes of secrets", MAX_BYTES / 2),
        });
    }
    let header = Header {
        check: derived.check(),
        ..header.clone()
    };
    let cipher = derived.cipher();
    let nonce = random()?;
    let mut out = header.bytes(&nonce);
    let sealed = cipher
        .encrypt(
            &XNonce::from(nonce),
            Payload {
                msg: &plain,
                aad: &out,
            },
        )
        .map_err(|_| SecretError::Crypto {
            detail: "encryption failed".into(),
        })?;
    out.extend_from_slice(&sealed);
    Ok(out)
}

/// The entries in a vault's bytes.
pub(super) fn open(bytes: &[u8], derived: &Derived, path: &Path) -> Result<Entries, SecretError> {
    let damaged = || SecretError::Damaged {
        path: path.to_owned(),
    };
    let (header, nonce) = Header::parse(bytes, path)?;
    if derived.check() != header.check {
        return Err(SecretError::WrongKey {
            path: path.to_owned(),
        });
    }
    let (aad, sealed) = bytes.split_at_checked(HEADER).ok_or_else(damaged)?;
    let plain = derived
        .cipher()
        .decrypt(&XNonce::from(nonce), Payload { msg: sealed, aad })
        .map_err(|_| damaged())?;
    let plain = Zeroizing::new(plain);
    let entries: std::collections::BTreeMap<String, String> =
        serde_json::from_slice(&plain).map_err(|_| damaged())?;
    Ok(entries
        .into_iter()
        .map(|(n, v)| (n, Zeroizing::new(v)))
        .collect())
}

/// Random bytes of the system.
pub(super) fn random<const N: usize>() -> Result<[u8; N], SecretError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|e| SecretError::Crypto {
        detail: e.to_string(),
    })?;
    Ok(bytes)
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (first, others) = rest.split_first_chunk::<N>()?;
    *rest = others;
    Some(*first)
}
