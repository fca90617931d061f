//! What an error of the HTTP client means.

use super::UnknownHost;
use super::text::clean;
use crate::error::{SourceError, TlsFault};
use rustls::{AlertDescription, CertificateError};
use std::error::Error;
use std::io;
use std::time::Duration;

/// An error before the answer's head arrived.
pub(super) fn sending(e: &reqwest::Error, connect: Duration, total: Duration) -> SourceError {
    if let Some(why) = tls_fault(e) {
        return SourceError::Tls { why };
    }
    if let Some(host) = unknown_host(e) {
        return SourceError::Dns { host };
    }
    if e.is_timeout() {
        let after = if e.is_connect() {
            connect.min(total)
        } else {
            total
        };
        return SourceError::Timeout { after };
    }
    if e.is_builder() {
        return SourceError::Internal {
            detail: innermost(e),
        };
    }
    SourceError::Connect {
        detail: innermost(e),
    }
}

/// Whether the connection was there, but broke before the answer's head came.
pub(super) fn is_broken_connection(e: &reqwest::Error) -> bool {
    e.is_request() && !e.is_timeout() && !e.is_connect() && tls_fault(e).is_none()
}

/// An error while the answer's body was read.
pub(super) fn receiving(e: &reqwest::Error, total: Duration) -> SourceError {
    if let Some(why) = tls_fault(e) {
        return SourceError::Tls { why };
    }
    if e.is_timeout() {
        return SourceError::Timeout { after: total };
    }
    SourceError::Truncated
}

/// The innermost cause in the words of who found it; outer layers name the URL.
pub(super) fn innermost(e: &(dyn Error + 'static)) -> String {
    let mut inner = e;
    while let Some(source) = inner.source() {
        inner = source;
    }
    clean(&inner.to_string(), 200)
}

/// The first cause of type `T`. An `io::Error` hides what it wraps from `source()`, so that is looked into too.
fn find<'a, T: Error + 'static>(e: &'a (dyn Error + 'static)) -> Option<&'a T> {
    let mut next = Some(e);
    while let Some(e) = next {
        if let Some(found) = e.downcast_ref::<T>() {
            return Some(found);
        }
        if let Some(inner) = e.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            return find::<T>(inner);
        }
        next = e.source();
    }
    None
}

fn unknown_host(e: &(dyn Error + 'static)) -> Option<String> {
    find::<UnknownHost>(e).map(|unknown| clean(&unknown.0, 100))
}

/// Why TLS failed, when an error of rustls is among the causes.
pub fn tls_fault(e: &(dyn Error + 'static)) -> Option<TlsFault> {
    let fault = find::<rustls::Error>(e)?;
    Some(match fault {
        rustls::Error::InvalidCertificate(why) => certificate_fault(why),
        rustls::Error::AlertReceived(
            AlertDescription::CertificateRequired
            | AlertDescription::BadCertificate
            | AlertDescription::UnknownCA
            | AlertDescription::CertificateUnknown
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateRevoked
            | AlertDescription::AccessDenied,
        ) => TlsFault::ClientCertificate,
        rustls::Error::InvalidMessage(_) => TlsFault::NotTls,
        other => TlsFault::Other(clean(&other.to_string(), 200)),
    })
}

fn certificate_fault(why: &CertificateError) -> TlsFault {
    match why {
        CertificateError::UnknownIssuer | CertificateError::BadSignature => TlsFault::UnknownIssuer,
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => TlsFault::Expired,
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            TlsFault::NotYetValid
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            TlsFault::WrongName
        }
        CertificateError::Revoked => TlsFault::Revoked,
        other => TlsFault::Other(clean(&format!("{other}"), 200)),
    }
}
