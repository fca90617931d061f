//! Who we are and whom we trust, against a real Prometheus: passwords, own authority, client certificates.

use model::Secret;
use shouwang_tests::certs::{self, Pki};
use shouwang_tests::hostile::{Answer, Hostile};
use shouwang_tests::servers::{self, PrometheusOptions, Server};
use source::prometheus::Prometheus;
use source::{Auth, Connection, Metrics, SourceError, TlsFault};
use std::time::Duration;

/// bcrypt of [`PASSWORD`], cost 4, as Prometheus' `--web.config.file` wants it.
const HASH: &str = "$2b$04$QU2FwFDz.hUK6tRy1ZRCYuvDjLQyTTnfFUnJQjKEw.W3GroP.c/5q";
const PASSWORD: &str = "correct horse";

async fn ask(connection: &Connection) -> Result<(), SourceError> {
    let source = Prometheus::new(connection).expect("a client");
    source.instant("vector(1)", None).await.map(|_| ())
}

fn basic(url: String, user: &str, password: &str) -> Connection {
    let mut connection = Connection::to(url);
    connection.auth = Auth::Basic {
        user: user.into(),
        password: Secret::new(password),
    };
    connection
}

fn behind_tls(pki: &Pki, more: &str) -> Server {
    servers::prometheus(PrometheusOptions {
        tls: true,
        web_config: Some(format!(
            "tls_server_config:\n  cert_file: server.pem\n  key_file: server.key\n{more}"
        )),
        files: vec![
            ("server.pem".into(), pki.server.certificate.clone()),
            ("server.key".into(), pki.server.key.clone()),
            ("authority.pem".into(), pki.authority.clone()),
        ],
        ..PrometheusOptions::default()
    })
}

fn trusting(server: &Server, pki: &Pki) -> Connection {
    let mut connection = Connection::to(server.url());
    connection.tls.authorities_pem = Some(pki.authority.clone());
    connection
}

#[tokio::test]
async fn basic_authentication() {
    let server = servers::prometheus(PrometheusOptions {
        web_config: Some(format!("basic_auth_users:\n  operator: \"{HASH}\"\n")),
        ..PrometheusOptions::default()
    });
    assert_eq!(
        ask(&Connection::to(server.url())).await,
        Err(SourceError::Unauthorized)
    );
    let wrong = basic(server.url(), "operator", "battery staple");
    let refused = ask(&wrong).await.expect_err("the password is wrong");
    assert_eq!(refused, SourceError::Unauthorized);
    assert_eq!(
        (refused.code(), refused.is_transient()),
        ("unauthorized", false)
    );
    assert_eq!(
        ask(&basic(server.url(), "operator", PASSWORD)).await,
        Ok(())
    );
}

#[tokio::test]
async fn a_bearer_token_and_headers_are_sent_and_never_shown() {
    let gateway = Hostile::start(|request| match request.header("authorization") {
        Some("Bearer tok-4711") if request.header("x-scope-orgid") == Some("tenant-7") => {
            Answer::json(
                200,
                r#"{"status":"success","data":{"resultType":"scalar","result":[1,"1"]}}"#,
            )
        }
        // a gateway that shows what it got, as debug pages do
        seen => Answer::json(
            400,
            format!(
                r#"{{"status":"error","errorType":"bad_data","error":"got {}"}}"#,
                seen.unwrap_or("-")
            ),
        ),
    });
    let mut connection = Connection::to(gateway.url());
    connection.headers = vec![("X-Scope-OrgID".into(), Secret::new("tenant-7"))];
    connection.auth = Auth::Bearer(Secret::new("tok-4711"));
    assert_eq!(ask(&connection).await, Ok(()));
    connection.auth = Auth::Bearer(Secret::new("tok-0815"));
    let refused = ask(&connection).await.expect_err("another token");
    let shown = format!(
        "{refused} {refused:?} {connection:?} {:?}",
        refused.params()
    );
    assert!(shown.contains("Bearer [secret]"), "{shown}");
    assert!(
        !shown.contains("tok-0815") && !shown.contains("tenant-7"),
        "{shown}"
    );
}

#[tokio::test]
async fn our_password_is_not_carried_to_another_host() {
    let other = Hostile::always(Answer::json(200, "{}"));
    let target = format!("{}/login?token=x", other.url());
    let moved = Hostile::start(move |_| {
        let mut answer = Answer::json(302, "");
        answer.headers.push(("Location".into(), target.clone()));
        answer
    });
    let refused = ask(&basic(moved.url(), "operator", PASSWORD)).await;
    match refused {
        Err(SourceError::Redirected { to }) => assert_eq!(to, format!("{}/login", other.url())),
        elsewhere => panic!("{elsewhere:?}"),
    }
    assert!(other.requests().is_empty());
}

#[tokio::test]
async fn own_authority() {
    let pki = certs::pki("ours");
    let server = behind_tls(&pki, "");
    assert_eq!(ask(&trusting(&server, &pki)).await, Ok(()));
    let unknown = Err(SourceError::Tls {
        why: TlsFault::UnknownIssuer,
    });
    assert_eq!(
        ask(&Connection::to(server.url())).await,
        unknown,
        "the system does not know it"
    );
    assert_eq!(
        ask(&trusting(&server, &certs::pki("theirs"))).await,
        unknown
    );
}

#[tokio::test]
async fn client_certificate() {
    let pki = certs::pki("ours");
    let server = behind_tls(
        &pki,
        "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: authority.pem\n",
    );
    let mut connection = trusting(&server, &pki);
    let wanted = Err(SourceError::Tls {
        why: TlsFault::ClientCertificate,
    });
    assert_eq!(ask(&connection).await, wanted, "we came without one");
    connection.tls.certificate_pem = Some(pki.client.certificate.clone());
    connection.tls.key_pem = Some(Secret::new(pki.client.key.clone()));
    assert_eq!(ask(&connection).await, Ok(()));
    let stranger = certs::pki("theirs").client;
    connection.tls.certificate_pem = Some(stranger.certificate);
    connection.tls.key_pem = Some(Secret::new(stranger.key));
    assert_eq!(ask(&connection).await, wanted, "signed by somebody else");
}

#[tokio::test]
async fn a_plain_port_and_a_tls_port_are_told_apart() {
    let pki = certs::pki("ours");
    let tls = behind_tls(&pki, "");
    let plain = Connection::to(tls.url().replace("https", "http"));
    match ask(&plain).await {
        Err(SourceError::NotPrometheus { snippet, .. }) => {
            assert!(
                snippet.contains("HTTP request to an HTTPS server"),
                "{snippet}"
            );
        }
        other => panic!("{other:?}"),
    }
    let server = servers::prometheus(PrometheusOptions::default());
    let https = Connection::to(server.url().replace("http", "https"));
    assert_eq!(
        ask(&https).await,
        Err(SourceError::Tls {
            why: TlsFault::NotTls
        })
    );
}

#[tokio::test]
async fn an_unknown_host_is_not_a_closed_port() {
    let mut nowhere = Connection::to("http://prometheus.invalid:9090");
    nowhere.proxy = source::Proxy::Direct;
    nowhere.connect_timeout = Duration::from_secs(20);
    assert_eq!(
        ask(&nowhere).await,
        Err(SourceError::Dns {
            host: "prometheus.invalid".into()
        })
    );
    let closed = Connection::to(format!("http://127.0.0.1:{}", servers::free_port()));
    assert!(matches!(
        ask(&closed).await,
        Err(SourceError::Connect { .. })
    ));
}

#[test]
fn what_cannot_be_right_is_refused_before_anything_is_sent() {
    let refused = |change: &dyn Fn(&mut Connection)| {
        let mut connection = Connection::to("https://host");
        change(&mut connection);
        Prometheus::new(&connection)
            .map(|_| ())
            .expect_err("it cannot be right")
            .code()
    };
    let pki = certs::pki("ours");
    assert_eq!(
        refused(&|c| c.tls.authorities_pem = Some("nonsense".into())),
        "config_authority"
    );
    assert_eq!(
        refused(&|c| c.tls.certificate_pem = Some(pki.client.certificate.clone())),
        "config_client_certificate"
    );
    assert_eq!(
        refused(&|c| {
            c.tls.certificate_pem = Some(pki.client.certificate.clone());
            c.tls.key_pem = Some(Secret::new("nonsense"));
        }),
        "config_client_certificate"
    );
    assert_eq!(
        refused(&|c| c.headers = vec![("a b".into(), Secret::new("x"))]),
        "config_header"
    );
    assert_eq!(
        refused(&|c| c.auth = Auth::Bearer(Secret::new("a\nb"))),
        "config_credentials"
    );
}
