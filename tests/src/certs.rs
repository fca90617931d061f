//! Certificates for the TLS tests: an authority of its own, a server and a client signed by it.

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose,
};

/// A certificate and its private key, both PEM.
#[derive(Debug, Clone)]
pub struct Identity {
    /// The certificate.
    pub certificate: String,
    /// The private key (PKCS#8).
    pub key: String,
}

/// An authority with one server (`127.0.0.1`, `localhost`) and one client certificate.
#[derive(Debug, Clone)]
pub struct Pki {
    /// The authority's certificate, PEM.
    pub authority: String,
    /// For the server.
    pub server: Identity,
    /// For a client.
    pub client: Identity,
    /// For a server that is its own client too, as etcd's JSON gateway is.
    pub both: Identity,
}

/// A new authority with new keys; `name` is its common name.
///
/// # Panics
/// When the random generator fails.
pub fn pki(name: &str) -> Pki {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let key = KeyPair::generate().expect("a key");
    let authority = CertifiedIssuer::self_signed(params, key).expect("an authority");
    Pki {
        authority: authority.pem(),
        server: signed(&authority, &[ExtendedKeyUsagePurpose::ServerAuth]),
        client: signed(&authority, &[ExtendedKeyUsagePurpose::ClientAuth]),
        both: signed(
            &authority,
            &[
                ExtendedKeyUsagePurpose::ServerAuth,
                ExtendedKeyUsagePurpose::ClientAuth,
            ],
        ),
    }
}

fn signed(
    authority: &CertifiedIssuer<'static, KeyPair>,
    usages: &[ExtendedKeyUsagePurpose],
) -> Identity {
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    let mut params = CertificateParams::new(names).expect("names of the certificate");
    params
        .distinguished_name
        .push(DnType::CommonName, "shouwang test");
    params.extended_key_usages = usages.to_vec();
    let key = KeyPair::generate().expect("a key");
    let certificate = params.signed_by(&key, authority).expect("a certificate");
    Identity {
        certificate: certificate.pem(),
        key: key.serialize_pem(),
    }
}
