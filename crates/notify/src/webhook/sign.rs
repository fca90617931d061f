//! The signature of a body.

use hmac::{Hmac, KeyInit as _, Mac as _};
use model::Secret;
use sha2::Sha256;
use std::fmt::Write as _;

/// `v1=` and the HMAC-SHA256 in hexadecimal of the timestamp (as it stands in its header), a full stop, and the body's bytes. The timestamp is
/// signed too, so that an old message cannot be played again as a new one.
pub fn signature(secret: &Secret, timestamp: &str, body: &[u8]) -> String {
    // HMAC takes keys of any length
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()) else {
        return String::new();
    };
    mac.update(timestamp.as_bytes());
    mac.update(b".");
    mac.update(body);
    let mut out = String::from("v1=");
    for byte in mac.finalize().into_bytes() {
        // writing to a String cannot fail
        let _ = write!(out, "{byte:02x}");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `printf '%s' '1795233600.{"version":"1"}' | openssl dgst -sha256 -hmac key`
    #[test]
    fn it_is_what_openssl_computes() {
        let signed = signature(&Secret::new("key"), "1795233600", br#"{"version":"1"}"#);
        assert_eq!(signed, EXPECTED);
    }

    const EXPECTED: &str = "v1=4d3c55028f6ca0e1e36cd1cdbbd736f8e8e1f3dad53d4c292c99c54bc9567f1d";
}
