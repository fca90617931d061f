//! A real etcd (Debian's), filled by its own JSON gateway.

use crate::certs::Pki;
use crate::http;
use crate::servers::{Ready, Server, Spec};

/// A real etcd; with `pki` it speaks TLS and wants client certificates of that authority.
///
/// # Panics
/// As [`Server::start`].
pub fn etcd(pki: Option<&Pki>) -> Server {
    let scheme = if pki.is_some() { "https" } else { "http" };
    let mut args: Vec<String> = [
        "--name=t",
        "--data-dir={dir}/etcd",
        "--listen-peer-urls=http://127.0.0.1:0",
        "--unsafe-no-fsync",
    ]
    .map(str::to_owned)
    .into();
    args.push(format!(
        "--listen-client-urls={scheme}://127.0.0.1:{{port}}"
    ));
    args.push(format!(
        "--advertise-client-urls={scheme}://127.0.0.1:{{port}}"
    ));
    let mut files = Vec::new();
    if let Some(pki) = pki {
        args.extend(
            [
                "--client-cert-auth",
                "--trusted-ca-file={dir}/ca.pem",
                "--cert-file={dir}/etcd.pem",
                "--key-file={dir}/etcd.key",
            ]
            .map(str::to_owned),
        );
        files.push(("ca.pem".into(), pki.authority.clone()));
        files.push(("etcd.pem".into(), pki.both.certificate.clone()));
        files.push(("etcd.key".into(), pki.both.key.clone()));
    }
    Server::start(Spec {
        program: "etcd".into(),
        args,
        env: Vec::new(),
        files,
        ready: if pki.is_some() {
            Ready::Log("ready to serve client requests")
        } else {
            Ready::Http("/health")
        },
        scheme,
    })
}

/// Sends JSON to the gateway.
///
/// # Panics
/// When it is refused.
pub fn call(
    server: &Server,
    path: &str,
    token: Option<&str>,
    body: &serde_json::Value,
) -> serde_json::Value {
    let mut headers = vec![("Content-Type", "application/json")];
    headers.extend(token.map(|t| ("Authorization", t)));
    let reply = http::request(
        server.port(),
        "POST",
        path,
        &headers,
        body.to_string().as_bytes(),
    );
    let reply = reply.expect("an answer");
    assert_eq!(reply.status, 200, "{path}: {}", reply.text());
    serde_json::from_slice(&reply.body).expect("JSON")
}

/// Base64, for the gateway's keys and values.
pub fn encoded(text: &str) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for three in text.as_bytes().chunks(3) {
        let bits =
            three.iter().fold(0u32, |b, x| b << 8 | u32::from(*x)) << (8 * (3 - three.len()));
        for i in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * i) & 63) as usize] as char;
            out.push(if i <= three.len() { letter } else { '=' });
        }
    }
    out
}

/// Sets a key.
pub fn put(server: &Server, token: Option<&str>, key: &str, value: &str) {
    let body = serde_json::json!({"key": encoded(key), "value": encoded(value)});
    call(server, "/v3/kv/put", token, &body);
}

/// Deletes a key.
pub fn delete(server: &Server, token: Option<&str>, key: &str) {
    let body = serde_json::json!({"key": encoded(key)});
    call(server, "/v3/kv/deleterange", token, &body);
}

/// Switches logins on: `root` with `root_password`, and `wall` with `password`, who may only read under `prefix`. Answers root's token.
pub fn with_logins(server: &Server, root_password: &str, password: &str, prefix: &str) -> String {
    let order = |path: &str, body: serde_json::Value| {
        call(server, path, None, &body);
    };
    let end = {
        let mut bytes = prefix.as_bytes().to_vec();
        if let Some(last) = bytes.last_mut() {
            *last += 1;
        }
        String::from_utf8(bytes).expect("an ASCII prefix")
    };
    order(
        "/v3/auth/user/add",
        serde_json::json!({"name": "root", "password": root_password}),
    );
    order("/v3/auth/role/add", serde_json::json!({"name": "root"}));
    order(
        "/v3/auth/user/grant",
        serde_json::json!({"user": "root", "role": "root"}),
    );
    order("/v3/auth/role/add", serde_json::json!({"name": "reader"}));
    let permission =
        serde_json::json!({"permType": "READ", "key": encoded(prefix), "range_end": encoded(&end)});
    order(
        "/v3/auth/role/grant",
        serde_json::json!({"name": "reader", "perm": permission}),
    );
    order(
        "/v3/auth/user/add",
        serde_json::json!({"name": "wall", "password": password}),
    );
    order(
        "/v3/auth/user/grant",
        serde_json::json!({"user": "wall", "role": "reader"}),
    );
    order("/v3/auth/enable", serde_json::json!({}));
    token(server, root_password)
}

/// A token of root.
pub fn token(server: &Server, root_password: &str) -> String {
    let body = serde_json::json!({"name": "root", "password": root_password});
    let answer = call(server, "/v3/auth/authenticate", None, &body);
    answer["token"].as_str().expect("a token").to_owned()
}

#[cfg(test)]
mod tests {
    #[test]
    fn base64_is_padded() {
        for (text, expected) in [
            ("", ""),
            ("a", "YQ=="),
            ("ab", "YWI="),
            ("abc", "YWJj"),
            ("键", "6ZSu"),
        ] {
            assert_eq!(super::encoded(text), expected);
        }
    }
}
