//! Registries of services: a real etcd, a server that plays Consul, and the desk on top of them.

use desk::config;
use desk::start::{self, Desk, Machine, Overrides};
use model::Secret;
use shouwang_tests::certs::pki;
use shouwang_tests::consul::{self, Consul, Instance};
use shouwang_tests::etcd::{self, delete, put};
use shouwang_tests::hostile::{Answer, Body, Hostile};
use shouwang_tests::http;
use shouwang_tests::servers::{Server, free_port};
use source::{
    Auth, Connection, InstanceHealth, KeyChange, KeyEvent, RegistryOptions, ServiceInstance,
    ServiceRegistry, SourceError, Watch, connect_registry,
};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use wire::AnnotationView;

fn client(kind: &str, url: String, auth: Auth) -> Arc<dyn ServiceRegistry> {
    let mut to = Connection::to(url);
    to.auth = auth;
    to.timeout = Duration::from_secs(3);
    let options = RegistryOptions {
        wait: Duration::from_millis(1_500),
        ..RegistryOptions::default()
    };
    connect_registry(kind, &to, &options).expect("a client")
}

/// The next news, at most ten waits later.
async fn news<T>(watch: &mut Box<dyn Watch<T>>) -> T {
    for _ in 0..10 {
        if let Some(news) = watch.next().await.expect("news") {
            return news;
        }
    }
    panic!("no news")
}

fn names(all: &[ServiceInstance]) -> Vec<(&str, &str, InstanceHealth)> {
    all.iter()
        .map(|i| (i.service.as_str(), i.address.as_str(), i.health))
        .collect()
}

fn told(all: &[KeyChange]) -> Vec<(&str, KeyEvent)> {
    all.iter().map(|c| (c.key.as_str(), c.event)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn etcd_tells_services_and_keys() {
    let server = etcd::etcd(None);
    let registry = client("etcd", server.url(), Auth::None);
    put(&server, None, "/services/order/1", "10.0.0.1:80");
    put(&server, None, "/config/db", "secret-4711");
    let mut services = registry.clone().services();
    let mut keys = registry.keys("/config/");
    let passing = InstanceHealth::Passing;
    assert_eq!(
        names(&news(&mut services).await),
        [("order", "10.0.0.1:80", passing)]
    );
    assert!(
        news(&mut keys).await.is_empty(),
        "what was there before is no change"
    );

    put(
        &server,
        None,
        "/services/order/2",
        r#"{"Addr":"10.0.0.2:80","healthy":false}"#,
    );
    put(&server, None, "/config/db", "secret-0815");
    let all = news(&mut services).await;
    assert_eq!(
        names(&all)[1],
        ("order", "10.0.0.2:80", InstanceHealth::Critical)
    );
    let changes = news(&mut keys).await;
    assert_eq!(told(&changes), [("/config/db", KeyEvent::Changed)]);
    assert!(changes[0].value.is_none() && changes[0].revision > 1);

    delete(&server, None, "/services/order/1");
    delete(&server, None, "/config/db");
    put(&server, None, "/config/new", "x");
    assert_eq!(news(&mut services).await.len(), 1);
    let mut changes = news(&mut keys).await;
    while changes.len() < 2 {
        changes.extend(news(&mut keys).await);
    }
    assert_eq!(
        told(&changes),
        [
            ("/config/db", KeyEvent::Deleted),
            ("/config/new", KeyEvent::Created)
        ]
    );
    assert_eq!(services.next().await.expect("quiet"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changes_while_nobody_looks_is_told_later() {
    let mut server = etcd::etcd(None);
    let registry = client("etcd", server.url(), Auth::None);
    let mut keys = registry.keys("/config/");
    news(&mut keys).await;
    put(&server, None, "/config/a", "1");
    server.kill();
    assert_eq!(keys.next().await.expect_err("it is gone").code(), "connect");
    server.restart();
    put(&server, None, "/config/b", "1");
    let mut changes = news(&mut keys).await;
    while changes.len() < 2 {
        changes.extend(news(&mut keys).await);
    }
    assert_eq!(
        told(&changes),
        [
            ("/config/a", KeyEvent::Created),
            ("/config/b", KeyEvent::Created)
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn etcd_with_logins() {
    let mut server = etcd::etcd(None);
    let root = etcd::with_logins(&server, "root-4711", "wall-0815", "/services/");
    put(&server, Some(&root), "/services/pay/1", "10.0.0.1:80");
    let login = |password: &str| Auth::Basic {
        user: "wall".into(),
        password: Secret::new(password),
    };
    for auth in [Auth::None, login("wrong-password")] {
        let stranger = client("etcd", server.url(), auth.clone());
        let refused = stranger.services().next().await.expect_err("no login");
        let expected = match auth {
            Auth::None => matches!(
                refused,
                SourceError::Query { .. } | SourceError::Unauthorized
            ),
            _ => refused == SourceError::Unauthorized,
        };
        assert!(expected, "{refused:?}");
    }
    let registry = client("etcd", server.url(), login("wall-0815"));
    let mut services = registry.clone().services();
    assert_eq!(news(&mut services).await.len(), 1);
    let forbidden = registry
        .clone()
        .keys("/config/")
        .next()
        .await
        .expect_err("not this prefix");
    assert_eq!(forbidden, SourceError::Forbidden);
    // tokens do not survive a restart of the server; the next one is bought without a word
    server.restart();
    let root = etcd::token(&server, "root-4711");
    put(&server, Some(&root), "/services/pay/2", "10.0.0.2:80");
    let mut found = 0;
    for _ in 0..10 {
        if let Ok(Some(all)) = services.next().await {
            found = all.len();
            break;
        }
    }
    assert_eq!(found, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn etcd_behind_tls_with_client_certificates() {
    let pki = pki("etcd test authority");
    let server = etcd::etcd(Some(&pki));
    let ask = |certificate: bool| {
        let mut to = Connection::to(server.url());
        to.timeout = Duration::from_secs(5);
        to.tls.authorities_pem = Some(pki.authority.clone());
        if certificate {
            to.tls.certificate_pem = Some(pki.client.certificate.clone());
            to.tls.key_pem = Some(Secret::new(pki.client.key.clone()));
        }
        connect_registry("etcd", &to, &RegistryOptions::default()).expect("a client")
    };
    let stranger = ask(false)
        .services()
        .next()
        .await
        .expect_err("no certificate");
    assert_eq!(stranger.code(), "tls", "{stranger:?}");
    assert!(news(&mut ask(true).services()).await.is_empty());
}

fn instance(id: &str, port: u16, status: &str) -> Instance {
    Instance {
        service: "order".into(),
        id: id.into(),
        port,
        status: status.into(),
        tags: vec!["metrics".into()],
    }
}

fn consul_client(server: &Consul) -> Arc<dyn ServiceRegistry> {
    client(
        "consul",
        server.url(),
        Auth::Bearer(Secret::new(consul::TOKEN)),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn consul_tells_services_and_keys() {
    let server = Consul::start();
    server.register(instance("order-1", 8_001, "passing"));
    let registry = consul_client(&server);
    let mut services = registry.clone().services();
    let mut keys = registry.keys("/config/");
    let all = news(&mut services).await;
    assert_eq!(
        names(&all),
        [("order", "127.0.0.1:8001", InstanceHealth::Passing)]
    );
    assert_eq!(all[0].meta, [("zone".to_owned(), "a".to_owned())]);
    assert!(news(&mut keys).await.is_empty());

    server.register(instance("order-1", 8_001, "critical"));
    server.put("config/db", "secret-4711");
    assert_eq!(
        names(&news(&mut services).await)[0].2,
        InstanceHealth::Critical
    );
    let changes = news(&mut keys).await;
    assert_eq!(told(&changes), [("config/db", KeyEvent::Created)]);
    assert!(changes[0].value.is_none());
    server.put("config/db", "secret-0815");
    assert_eq!(
        told(&news(&mut keys).await),
        [("config/db", KeyEvent::Changed)]
    );

    // restored from a backup: a smaller index, and what was waited for will never come
    server.restore(3);
    server.deregister("order-1");
    server.delete("config/db");
    assert!(news(&mut services).await.is_empty());
    assert_eq!(
        told(&news(&mut keys).await),
        [("config/db", KeyEvent::Deleted)]
    );
    let asked = server.asked();
    assert!(
        asked
            .iter()
            .any(|p| p.contains("index=") && p.contains("wait=1500ms"))
    );
    assert!(
        !asked.iter().any(|p| p.contains("index=0")),
        "an index of 0 would not wait"
    );
    assert!(
        asked.len() < 100,
        "it waits and does not spin: {}",
        asked.len()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_of_consul_are_told() {
    let server = Consul::start();
    for auth in [Auth::None, Auth::Bearer(Secret::new("wrong-token"))] {
        let stranger = client("consul", server.url(), auth);
        let refused = stranger.services().next().await.expect_err("no token");
        assert_eq!(refused, SourceError::Forbidden);
    }
    for (kind, answer, code) in [
        (
            "consul",
            Answer::with(200, "text/html", Body::Full(b"<title>x</title>".to_vec())),
            "not_expected",
        ),
        (
            "etcd",
            Answer::with(200, "text/html", Body::Full(b"<title>x</title>".to_vec())),
            "not_expected",
        ),
        (
            "etcd",
            Answer::with(
                200,
                "application/json",
                Body::ChunkedCut(b"{\"header\"".to_vec()),
            ),
            "truncated",
        ),
        (
            "etcd",
            Answer::with(
                200,
                "application/json",
                Body::Silence(Duration::from_secs(20)),
            ),
            "timeout",
        ),
        (
            "consul",
            Answer::with(
                200,
                "application/json",
                Body::Silence(Duration::from_secs(20)),
            ),
            "timeout",
        ),
    ] {
        let server = Hostile::always(answer);
        let registry = client(kind, server.url(), Auth::Bearer(Secret::new("tok-4711")));
        let failed = registry.services().next().await.expect_err("a failure");
        assert_eq!(failed.code(), code, "{kind}: {failed:?}");
    }
}

async fn desk(dir: &Path, listen: u16, registry: &Server) -> Desk {
    let file = dir.join("config.toml");
    let text = format!(
        "data_dir = {:?}\n[demo]\nenabled = false\n[embedded]\nhost = false\nlisten = \"127.0.0.1:{listen}\"\n\
         [[registry]]\nname = \"etcd\"\nkind = \"etcd\"\nurl = {:?}\nscrape = true\nscrape_interval_seconds = 1\nkeys = [\"/config/\"]\n",
        dir.join("data"),
        registry.url()
    );
    std::fs::write(&file, text).expect("the configuration");
    let loaded = config::load(Some(&file));
    assert!(loaded.problems.is_empty(), "{:?}", loaded.problems);
    start::start(loaded, Overrides::default(), Machine::none()).await
}

/// The value of an expression in the desk's own store.
fn value(listen: u16, expr: &str) -> Option<f64> {
    let query: String = expr.bytes().map(|b| format!("%{b:02X}")).collect();
    let reply = http::get(listen, &format!("/api/v1/query?query={query}")).ok()?;
    let answer: serde_json::Value = serde_json::from_slice(&reply.body).ok()?;
    answer["data"]["result"][0]["value"][1]
        .as_str()?
        .parse()
        .ok()
}

/// The marks that a page gets.
async fn marks(desk: &Desk) -> Vec<AnnotationView> {
    for _ in 0..300 {
        let bytes = desk.handle.pull(0, 0).await.expect("a frame");
        let (head, _) = wire::frame::read(&bytes).expect("a frame that reads");
        if let Some(marks) = head.annotations.filter(|m| !m.is_empty()) {
            return marks;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the changed key is told")
}

async fn until(what: &str, mut done: impl FnMut() -> bool) {
    for _ in 0..300 {
        if done() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{what}")
}

#[tokio::test(flavor = "multi_thread")]
async fn services_of_a_registry_are_scraped_and_shown() {
    let page = Hostile::always(Answer::with(
        200,
        "text/plain; version=0.0.4",
        Body::Full(b"orders_open 7\n".to_vec()),
    ));
    let address = page.url().trim_start_matches("http://").to_owned();
    let server = etcd::etcd(None);
    let dir = tempfile::tempdir().expect("a directory");
    let listen = free_port();
    let desk = desk(dir.path(), listen, &server).await;
    until("the registry answers", || {
        value(listen, "shouwang_registry_up") == Some(1.0)
    })
    .await;

    put(&server, None, "/services/order/1", &address);
    put(&server, None, "/config/db/password", "secret-4711");
    let orders = format!("orders_open{{job=\"order\",instance=\"{address}\",registry=\"etcd\"}}");
    until("it is scraped", || value(listen, &orders) == Some(7.0)).await;
    let healthy =
        format!("shouwang_registry_service_healthy{{service=\"order\",instance=\"{address}\"}}");
    assert_eq!(value(listen, &healthy), Some(1.0));
    let health = desk.handle.health().await.expect("the health page");
    let registry = &health.registries[0];
    assert_eq!(
        (
            registry.targets,
            registry.services[0].instances,
            registry.services[0].healthy
        ),
        (1, 1, 1)
    );

    let told = marks(&desk).await;
    assert_eq!(
        (told[0].title.as_str(), told[0].source.as_str()),
        ("+ /config/db/password", "etcd")
    );
    assert!(!format!("{told:?}").contains("4711"), "values are not kept");

    delete(&server, None, "/services/order/1");
    until("it is not scraped any more", || {
        value(listen, &orders).is_none()
    })
    .await;
    assert_eq!(value(listen, &healthy), None);
    drop(server);
    until("a lost registry is told", || {
        value(listen, "shouwang_registry_up") == Some(0.0)
    })
    .await;
    desk.stop().await;
}
