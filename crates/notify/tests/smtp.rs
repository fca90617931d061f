//! Mail through a real server (aiosmtpd, package `python3-aiosmtpd`) with a password and TLS.

use model::Secret;
use model::alert::Level;
use model::duty::NoticeId;
use notify::mail::{Attachment, Letter, MailSettings, Mailer, Security};
use notify::{Channel as _, Code, Fact, Kind, Message, Recipient, SendError};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, KeyUsagePurpose};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

const USER: &str = "watch";
const PASSWORD: &str = "pass-守望";
/// Looks for the server's word that it is ready: 30 s in all.
const LOOKS: u32 = 600;

const PROGRAM: &str = r#"
import asyncio, itertools, os, ssl, sys
from aiosmtpd.smtp import SMTP, AuthResult

port, wrapped = int(sys.argv[1]), sys.argv[2] == "tls"
context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
context.load_cert_chain("server.pem", "server.key")
numbers = itertools.count(1)

def check(server, session, envelope, mechanism, data):
    good = data.login == b"watch" and data.password.decode("utf-8") == "pass-守望"
    return AuthResult(success=good, handled=False)

class Keep:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("nobody@"):
            return "550 5.1.1 no such mailbox"
        if address.startswith("later@"):
            return "450 4.2.0 grey-listed, come back later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        name = "mail-%d" % next(numbers)
        with open(name + ".new", "wb") as f:
            f.write(envelope.original_content)
        os.rename(name + ".new", name + ".eml")
        return "250 OK"

def server():
    secure = {} if wrapped else {"tls_context": context, "require_starttls": True}
    return SMTP(Keep(), authenticator=check, auth_required=True, auth_require_tls=not wrapped, hostname="localhost", **secure)

async def main():
    loop = asyncio.get_running_loop()
    listening = await loop.create_server(server, "127.0.0.1", port, ssl=context if wrapped else None)
    print("listening", flush=True)
    await listening.serve_forever()

asyncio.run(main())
"#;

/// An authority (PEM), and a server's certificate and key by it.
fn pki() -> (String, String, String) {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let key = KeyPair::generate().expect("a key");
    let authority = CertifiedIssuer::self_signed(params, key).expect("an authority");
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    let params = CertificateParams::new(names).expect("names");
    let key = KeyPair::generate().expect("a key");
    let signed = params.signed_by(&key, &authority).expect("a certificate");
    (authority.pem(), signed.pem(), key.serialize_pem())
}

/// A running server; what it takes lies as files in its directory.
struct Server {
    child: Child,
    port: u16,
    dir: TempDir,
    authority: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    /// One that wants `STARTTLS`, or one that is encrypted from the first byte.
    fn start(wrapped: bool) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let (authority, certificate, key) = pki();
        for (name, text) in [
            ("server.py", PROGRAM),
            ("server.pem", &certificate),
            ("server.key", &key),
        ] {
            std::fs::write(dir.path().join(name), text).expect("written");
        }
        let port = {
            let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
            listener.local_addr().expect("bound").port()
        };
        let log = std::fs::File::create(dir.path().join("log")).expect("a log");
        // The system's own: another one on the path does not know the package.
        let child = Command::new("/usr/bin/python3")
            .args([
                "server.py",
                &port.to_string(),
                if wrapped { "tls" } else { "starttls" },
            ])
            .env("PYTHONUTF8", "1")
            .current_dir(dir.path())
            .stdin(Stdio::null())
            .stderr(log.try_clone().expect("a second end"))
            .stdout(log)
            .spawn()
            .expect("python3 runs; run `cargo xtask setup`");
        let server = Self {
            child,
            port,
            dir,
            authority,
        };
        for _ in 0..LOOKS {
            if server.log().contains("listening") {
                return server;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("the server is not ready:\n{}", server.log());
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("log")).unwrap_or_default()
    }

    /// The mails that it has taken, as they came.
    fn mails(&self) -> Vec<String> {
        let mut paths: Vec<_> = std::fs::read_dir(self.dir.path())
            .expect("the server's directory")
            .flatten()
            .map(|e| e.path())
            .filter(|p| p.extension().is_some_and(|e| e == "eml"))
            .collect();
        paths.sort();
        let text = |p| String::from_utf8_lossy(&std::fs::read(p).unwrap_or_default()).into_owned();
        paths.into_iter().map(text).collect()
    }
}

fn settings(server: &Server, security: Security, authority: &str) -> MailSettings {
    MailSettings {
        port: Some(server.port),
        security,
        user: USER.into(),
        ca: vec![authority.to_owned()],
        timeout_seconds: 20,
        ..MailSettings::to("localhost", "守望 <watch@example.com>")
    }
}

fn mailer(settings: MailSettings, password: &str) -> Mailer {
    Mailer::new(settings, Some(Secret::new(password.to_owned()))).expect("good settings")
}

fn letter(to: &str) -> Letter {
    Letter {
        to: vec![to.into()],
        subject: "守望 周报 2026-11-16".into(),
        text: "支付成功率未达标".into(),
        html: "<p>支付成功率未达标</p>".into(),
        attachments: vec![Attachment {
            name: "周报.pdf".into(),
            kind: "application/pdf".into(),
            bytes: b"%PDF-1.7 not really".to_vec(),
        }],
        id: Some("weekly-2026-11-16".into()),
    }
}

fn code(result: Result<(), SendError>) -> (Code, bool) {
    let error = result.expect_err("it must not be taken");
    (error.code, error.retry_after().is_some())
}

#[tokio::test]
async fn a_letter_is_taken_over_both_kinds_of_encryption() {
    for (wrapped, security) in [(false, Security::Starttls), (true, Security::Tls)] {
        let server = Server::start(wrapped);
        let mailer = mailer(settings(&server, security, &server.authority), PASSWORD);
        mailer
            .post(&letter("boss@example.com"))
            .await
            .expect("taken");
        let mails = server.mails();
        assert_eq!(mails.len(), 1, "{}", server.log());
        for part in [
            "To: boss@example.com",
            "multipart/alternative",
            "text/html",
            "application/pdf",
            "<weekly-2026-11-16@example.com>",
        ] {
            assert!(mails[0].contains(part), "{part} is not in\n{}", mails[0]);
        }
        assert!(!mails[0].contains(PASSWORD));
        assert!(mailer.health().await.ok);
    }
}

#[tokio::test]
async fn an_alert_goes_to_the_persons_address_and_to_nobody_without_one() {
    let server = Server::start(false);
    let mailer = mailer(
        settings(&server, Security::Starttls, &server.authority),
        PASSWORD,
    );
    let mut message = Message {
        id: NoticeId(0x0707),
        kind: Kind::Fired,
        level: Level::P0,
        title: "P0 · 微信支付成功率过低".into(),
        body: vec!["当前值 93.2".into(), "<script>alert(1)</script>".into()],
        facts: vec![Fact {
            name: "规则".into(),
            value: "WeChatPaySuccessRateLow".into(),
        }],
        actions: Vec::new(),
        link: Some("https://wiki.example/runbooks/pay".into()),
        to: Recipient {
            id: "zhangsan".into(),
            name: "张三".into(),
            address: Some("zhangsan@example.com".into()),
        },
        counts: [1, 0, 0, 0],
        alerts: Vec::new(),
        total: 1,
        locale: "zh-CN".into(),
        written_at: 0,
    };
    mailer.send(&message).await.expect("taken");
    let mails = server.mails();
    assert!(
        mails[0].contains("To: zhangsan@example.com"),
        "{}",
        mails[0]
    );
    message.to.address = None;
    let error = mailer.send(&message).await.expect_err("no address");
    assert_eq!((error.code, error.retry_after()), (Code::NoAddress, None));
    assert_eq!(server.mails().len(), 1);
}

#[tokio::test]
async fn what_the_server_refuses_and_what_it_puts_off_are_told_apart() {
    let server = Server::start(false);
    let good = settings(&server, Security::Starttls, &server.authority);
    let mailer_ = mailer(good.clone(), PASSWORD);
    assert_eq!(
        code(mailer_.post(&letter("nobody@example.com")).await),
        (Code::MailRefused, false)
    );
    assert_eq!(
        code(mailer_.post(&letter("later@example.com")).await),
        (Code::MailDeferred, true)
    );
    let wrong = mailer(good.clone(), "wrong");
    assert_eq!(
        code(wrong.post(&letter("boss@example.com")).await),
        (Code::MailLogin, false)
    );
    assert!(!wrong.health().await.ok);
    // A certificate of another authority: no password and no mail goes over the line.
    let (other, _, _) = pki();
    let strange = mailer(settings(&server, Security::Starttls, &other), PASSWORD);
    let (found, again) = code(strange.post(&letter("boss@example.com")).await);
    assert_eq!((found, again), (Code::Tls, true));
    assert_eq!(server.mails(), Vec::<String>::new());
}
