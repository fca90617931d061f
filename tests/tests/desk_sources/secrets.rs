//! Passwords, tokens, keys and authorities through the configuration; a vault that cannot be opened; a keyring that hangs.
//!
//! The keyring's bus and the choice of the vault come from the environment, so every scenario runs in a process of its own.

use super::*;
use ::secrets::{Options, SecretStore};
use model::Secret;
use shouwang_tests::certs;
use shouwang_tests::servers::{PrometheusOptions, prometheus};
use std::os::unix::net::UnixListener;
use std::process::Command;

const INSIDE: &str = "SHOUWANG_DESK_SCENARIO";
/// bcrypt of [`PASSWORD`], cost 4, as Prometheus' `--web.config.file` wants it.
const HASH: &str = "$2b$04$QU2FwFDz.hUK6tRy1ZRCYuvDjLQyTTnfFUnJQjKEw.W3GroP.c/5q";
const PASSWORD: &str = "correct horse";
const TOKEN: &str = "tok-4711";

/// Whether this is the process of the scenario; else it is run, with these variables, and must pass.
fn is_inside(test: &str, variables: &[(&str, String)]) -> bool {
    if std::env::var_os(INSIDE).is_some() {
        return true;
    }
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command
        .args(["--exact", &format!("secrets_of_sources::{test}")])
        .args(["--nocapture", "--test-threads=1"])
        .env(INSIDE, "1")
        .envs(variables.iter().map(|(n, v)| (n, v)));
    let output = command.output().expect("it starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(
        output.status.success(),
        "{}{}",
        text(&output.stdout),
        text(&output.stderr)
    );
    false
}

fn no_keyring() -> Vec<(&'static str, String)> {
    vec![("SHOUWANG_NO_KEYRING", "1".to_owned())]
}

fn store(data: &Path, values: &[(&str, &str)]) {
    let options = Options {
        keyring: false,
        ..Options::new(data.to_owned())
    };
    let store = SecretStore::open(&options).expect("a vault");
    for (name, value) in values {
        store.set(name, &Secret::new(*value)).expect("stored");
    }
}

#[test]
fn logins_and_certificates_reach_their_servers() {
    if is_inside("logins_and_certificates_reach_their_servers", &no_keyring()) {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(logins_and_certificates());
    }
}

async fn logins_and_certificates() {
    let pki = certs::pki("ours");
    let basic = prometheus(PrometheusOptions {
        web_config: Some(format!("basic_auth_users:\n  operator: \"{HASH}\"\n")),
        ..PrometheusOptions::default()
    });
    let tls = prometheus(PrometheusOptions {
        tls: true,
        web_config: Some(
            "tls_server_config:\n  cert_file: server.pem\n  key_file: server.key\n  \
             client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: authority.pem\n"
                .into(),
        ),
        files: vec![
            ("server.pem".into(), pki.server.certificate.clone()),
            ("server.key".into(), pki.server.key.clone()),
            ("authority.pem".into(), pki.authority.clone()),
        ],
        ..PrometheusOptions::default()
    });
    let gateway = Hostile::start(|request| {
        if request.header("authorization") == Some(format!("Bearer {TOKEN}").as_str()) {
            fake_prometheus::answer(request)
        } else {
            Answer::json(401, "{}")
        }
    });
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let ca = file("ca.pem", &pki.authority);
    let certificate = file("client.pem", &pki.client.certificate);
    store(
        &dir.path().join("data"),
        &[
            ("pw", PASSWORD),
            ("old-pw", "battery staple"),
            ("token", TOKEN),
            ("key", &pki.client.key),
        ],
    );
    let by_password =
        |secret: &str| format!("auth = \"basic\"\nuser = \"operator\"\nsecret = {secret:?}\n");
    let with_key = format!("client_cert_file = {certificate:?}\nclient_key_secret = \"key\"\n");
    let bearer = "auth = \"bearer\"\nsecret = \"token\"\n".to_owned();
    let sources = [
        ("basic", basic.url(), by_password("pw")),
        ("wrong", basic.url(), by_password("old-pw")),
        ("absent", basic.url(), by_password("never-stored")),
        ("bearer", gateway.url(), bearer),
        ("both", tls.url(), format!("ca_file = {ca:?}\n{with_key}")),
        ("stranger", tls.url(), with_key),
        ("nobody", tls.url(), format!("ca_file = {ca:?}\n")),
    ];
    let mut config = NOTHING_EMBEDDED.to_owned();
    for (name, url, more) in &sources {
        config.push_str(&source(name, url, more));
    }
    let panels: Vec<_> = sources.iter().map(|(n, ..)| (*n, *n)).collect();
    let desk = desk(dir.path(), &board(&panels), &config).await;
    let good = ["basic", "bearer", "both"];
    let seen = until(&desk, "each is in or is told why not", |s| {
        good.iter().all(|n| s.is_data(n))
            && panels
                .iter()
                .all(|(n, _)| good.contains(n) || s.source(n).error.is_some())
    })
    .await;
    let why = |name: &str| {
        let error = seen.source(name).error.as_ref().expect("a reason");
        let advice = error.params.get("advice").map_or("", String::as_str);
        (error.code, advice)
    };
    assert_eq!(why("wrong"), (ErrorCode::Unauthorized, "unauthorized"));
    assert_eq!(why("absent"), (ErrorCode::SecretMissing, ""));
    assert_eq!(why("stranger"), (ErrorCode::Tls, "tls_untrusted"));
    assert_eq!(why("nobody"), (ErrorCode::Tls, "tls_client_certificate"));
    let health = desk.handle.health().await.expect("health");
    let shown = format!("{:?} {health:?}", seen.head);
    for secret in [PASSWORD, "battery staple", TOKEN, "PRIVATE KEY"] {
        assert!(!shown.contains(secret), "{secret} reached the page");
    }
    desk.stop().await;
}

#[test]
fn a_vault_that_cannot_be_opened_is_not_a_secret_that_was_never_stored() {
    const ME: &str = "a_vault_that_cannot_be_opened_is_not_a_secret_that_was_never_stored";
    if is_inside(ME, &no_keyring()) {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(a_vault_that_cannot_be_opened());
    }
}

/// Does something to a vault's folder.
type Spoil<'a> = &'a dyn Fn(&Path);

async fn a_vault_that_cannot_be_opened() {
    let server = Hostile::start(fake_prometheus::answer);
    let more = "auth = \"bearer\"\nsecret = \"token\"\n";
    let config = format!(
        "{NOTHING_EMBEDDED}{}{}",
        source("open", &server.url(), ""),
        source("locked", &server.url(), more)
    );
    let panels = board(&[("open", "open"), ("locked", "locked")]);
    let spoil: [(&str, Spoil<'_>); 3] = [
        ("error.secrets.damaged", &|data| {
            let vault = data.join("secrets.vault");
            let mut bytes = std::fs::read(&vault).unwrap();
            let last = bytes.len() - 1;
            bytes[last] ^= 1;
            std::fs::write(&vault, bytes).unwrap();
        }),
        ("error.secrets.wrong_key", &|data| {
            // The key of another machine.
            let other = tempfile::tempdir().unwrap();
            store(other.path(), &[("x", "y")]);
            std::fs::copy(other.path().join("secrets.key"), data.join("secrets.key")).unwrap();
        }),
        ("error.secrets.permissions", &|data| {
            use std::os::unix::fs::PermissionsExt;
            let open = std::fs::Permissions::from_mode(0o644);
            std::fs::set_permissions(data.join("secrets.key"), open).unwrap();
        }),
    ];
    for (reason, spoil) in spoil {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        store(&data, &[("token", TOKEN)]);
        spoil(&data);
        let desk = desk(dir.path(), &panels, &config).await;
        let seen = until(&desk, reason, |s| {
            s.is_data("open") && s.source("locked").error.is_some()
        })
        .await;
        let error = seen.source("locked").error.as_ref().expect("a reason");
        assert_eq!(
            error.code,
            ErrorCode::SecretUnreadable,
            "{reason}: {error:?}"
        );
        let told = error.params.get("reason_key").map_or("", String::as_str);
        // A changed byte and another key look alike where the cipher is authenticated.
        let alike = ["error.secrets.damaged", "error.secrets.wrong_key"];
        assert!(
            told == reason || (alike.contains(&told) && alike.contains(&reason)),
            "{told} instead of {reason}"
        );
        assert_eq!(error.params["name"], "token");
        desk.stop().await;
    }
}

#[test]
fn a_keyring_that_hangs_keeps_no_other_source_waiting() {
    const ME: &str = "a_keyring_that_hangs_keeps_no_other_source_waiting";
    let home = tempfile::tempdir().expect("a folder");
    let socket = home.path().join("dead-bus");
    let _dead = UnixListener::bind(&socket).expect("a socket that nobody serves");
    let bus = format!("unix:path={}", socket.display());
    if is_inside(ME, &[("DBUS_SESSION_BUS_ADDRESS", bus)]) {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(a_keyring_that_hangs());
    }
}

async fn a_keyring_that_hangs() {
    let server = Hostile::start(fake_prometheus::answer);
    let dir = tempfile::tempdir().unwrap();
    store(&dir.path().join("data"), &[("token", TOKEN)]);
    let more = "auth = \"bearer\"\nsecret = \"token\"\n";
    let config = format!(
        "{NOTHING_EMBEDDED}{}{}",
        source("open", &server.url(), ""),
        source("waits", &server.url(), more)
    );
    let panels = board(&[("open", "open"), ("waits", "waits")]);
    // The keyring is given three seconds; none of them are the others'.
    let started = tokio::time::timeout(
        Duration::from_millis(1_500),
        desk(dir.path(), &panels, &config),
    );
    let desk = started.await.expect("the start does not wait");
    let first = until(&desk, "the open one is there", |s| s.is_data("open")).await;
    assert_eq!(
        first.panel("waits").state,
        PanelState::Loading,
        "the other one still waits for its password"
    );
    // Where the keyring does not answer, the vault does.
    until(&desk, "and then it is there too", |s| s.is_data("waits")).await;
    let asked = server.requests();
    let token = format!("Bearer {TOKEN}");
    assert!(
        asked
            .iter()
            .any(|r| r.header("authorization") == Some(token.as_str()))
    );
    desk.stop().await;
}
