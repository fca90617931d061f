use super::*;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;

/// A server without encryption that says these lines, one after the other line it hears; then it is silent, or hangs up.
fn server(lines: &'static [&'static str], hang: bool) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("bound").port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut heard = BufReader::new(stream.try_clone().expect("a second end"));
            for line in lines {
                if stream.write_all(line.as_bytes()).is_err() {
                    break;
                }
                let mut said = String::new();
                if heard.read_line(&mut said).unwrap_or(0) == 0 {
                    break;
                }
            }
            if hang {
                // Until the other side gives up.
                let mut said = String::new();
                while heard.read_line(&mut said).unwrap_or(0) > 0 {}
            }
        }
    });
    port
}

fn plain(port: u16) -> Mailer {
    let settings = MailSettings {
        port: Some(port),
        security: Security::None,
        timeout_seconds: 2,
        ..MailSettings::to("127.0.0.1", "watch@example.com")
    };
    Mailer::new(settings, None).expect("good settings")
}

fn letter() -> Letter {
    Letter {
        to: vec!["a@example.com".into()],
        subject: "s".into(),
        text: "t".into(),
        html: "<p>t</p>".into(),
        ..Letter::default()
    }
}

async fn outcome(lines: &'static [&'static str], hang: bool) -> (Code, bool) {
    let error = plain(server(lines, hang))
        .post(&letter())
        .await
        .expect_err("not taken");
    assert!(!format!("{error}").contains("secret words"), "{error}");
    (error.code, error.retry_after().is_some())
}

#[tokio::test]
async fn hostile_answers_are_typed_and_their_words_are_not_kept() {
    let cases: [(&'static [&'static str], Code); 4] = [
        (&["421 secret words, come later\r\n"], Code::MailDeferred),
        (&["554 secret words, go away\r\n"], Code::MailRefused),
        (
            &["220 hi\r\n", "250 ok\r\n", "550 secret words\r\n"],
            Code::MailRefused,
        ),
        (&["HTTP/1.1 200 OK\r\n"], Code::Broken),
    ];
    for (lines, code) in cases {
        let (found, again) = outcome(lines, false).await;
        assert_eq!(found, code, "{lines:?}");
        assert_eq!(again, code != Code::MailRefused, "{lines:?}");
    }
    let silent: &'static [&'static str] = &[];
    assert_eq!(outcome(silent, true).await, (Code::Timeout, true));
}

#[tokio::test]
async fn nobody_there_is_worth_another_try() {
    let port = {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.local_addr().expect("bound").port()
    };
    let error = plain(port)
        .post(&letter())
        .await
        .expect_err("nobody listens");
    assert_eq!(error.code, Code::Connect);
    assert!(error.retry_after().is_some());
}

#[test]
fn settings_that_cannot_be_are_named() {
    let field = |settings: MailSettings, password: Option<&str>| {
        let made = Mailer::new(settings, password.map(|p| Secret::new(p.to_owned())));
        match made.err() {
            Some(BuildError::Value { field, problem, .. }) => (field, problem),
            other => panic!("{other:?}"),
        }
    };
    let good = || MailSettings::to("mail.example.com", "watch@example.com");
    assert_eq!(
        field(
            MailSettings {
                from: "nobody".into(),
                ..good()
            },
            None
        ),
        ("from", "mailbox")
    );
    assert_eq!(
        field(
            MailSettings {
                host: "a b".into(),
                ..good()
            },
            None
        ),
        ("host", "url")
    );
    assert_eq!(
        field(
            MailSettings {
                security: Security::None,
                ..good()
            },
            None
        ),
        ("security", "unencrypted")
    );
    let here = MailSettings {
        security: Security::None,
        user: "u".into(),
        ..MailSettings::to("127.0.0.1", "a@b.c")
    };
    assert_eq!(
        field(here, Some("p")),
        ("security", "unencrypted"),
        "no password in the clear, not even here"
    );
    assert_eq!(
        field(
            MailSettings {
                user: "u".into(),
                ..good()
            },
            None
        ),
        ("password", "no_password")
    );
    assert_eq!(
        field(
            MailSettings {
                ca: vec!["x".into()],
                ..good()
            },
            None
        ),
        ("ca", "certificate")
    );
    assert_eq!(
        field(
            MailSettings {
                timeout_seconds: 0,
                ..good()
            },
            None
        ),
        ("timeout_seconds", "out_of_range")
    );
}

#[tokio::test]
async fn receivers_are_addresses_and_not_too_many() {
    let mailer = plain(9);
    for to in [
        vec![],
        vec!["no address".to_owned()],
        vec!["a@b.c\r\nBcc: x@y.z".to_owned()],
        vec!["a@b.c".to_owned(); 51],
    ] {
        let error = mailer
            .post(&Letter { to, ..letter() })
            .await
            .expect_err("refused");
        assert_eq!((error.code, error.retry_after()), (Code::NoAddress, None));
    }
}
