//! A system without any authority's certificate: plain HTTP works all the same, HTTPS says what is missing.

use source::prometheus::Prometheus;
use source::{ConfigError, Connection};
use std::process::Command;

const INSIDE: &str = "SHOUWANG_NO_AUTHORITIES";

#[test]
fn plain_http_needs_no_authorities() {
    let made = |url: &str| Prometheus::new(&Connection::to(url)).map(|_| ());
    if std::env::var_os(INSIDE).is_some() {
        assert_eq!(made("http://prometheus:9090"), Ok(()));
        assert_eq!(made("http://127.0.0.1:9090"), Ok(()));
        let refused = made("https://prometheus:9090");
        assert!(
            matches!(refused, Err(ConfigError::Client(_))),
            "{refused:?}"
        );
        return;
    }
    // which certificates the system has is read from the environment, so this needs a process of its own
    let program = std::env::current_exe().expect("this program");
    let output = Command::new(program)
        .args(["--exact", "plain_http_needs_no_authorities"])
        .env(INSIDE, "1")
        .env("SSL_CERT_FILE", "no-such-file.pem")
        .env("SSL_CERT_DIR", "no-such-folder")
        .output()
        .expect("it starts again");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}");
    assert!(text.contains("1 passed"), "{text}");
}
