//! Mail through a real server with a password and TLS.

use model::Secret;
use model::alert::Level;
use model::duty::NoticeId;
use notify::mail::{Attachment, Letter, MailSettings, Mailer, Security};
use notify::{Channel as _, Code, Fact, Kind, Message, Recipient, SendError};
use shouwang_tests::servers::Server;
use shouwang_tests::{certs, smtp};

fn settings(server: &Server, security: Security, authority: &str) -> MailSettings {
    MailSettings {
        port: Some(server.port()),
        security,
        user: smtp::USER.into(),
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
    let pki = certs::pki("mail");
    for (wrapped, security) in [(false, Security::Starttls), (true, Security::Tls)] {
        let server = smtp::start(&pki, wrapped);
        let mailer = mailer(settings(&server, security, &pki.authority), smtp::PASSWORD);
        mailer
            .post(&letter("boss@example.com"))
            .await
            .expect("taken");
        let mails = smtp::mails(&server);
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
        assert!(!mails[0].contains(smtp::PASSWORD));
        assert!(mailer.health().await.ok);
    }
}

#[tokio::test]
async fn an_alert_goes_to_the_persons_address_and_to_nobody_without_one() {
    let pki = certs::pki("mail");
    let server = smtp::start(&pki, false);
    let mailer = mailer(
        settings(&server, Security::Starttls, &pki.authority),
        smtp::PASSWORD,
    );
    let mut message = Message {
        id: NoticeId("0707".into()),
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
    let mails = smtp::mails(&server);
    assert!(
        mails[0].contains("To: zhangsan@example.com"),
        "{}",
        mails[0]
    );
    message.to.address = None;
    let error = mailer.send(&message).await.expect_err("no address");
    assert_eq!((error.code, error.retry_after()), (Code::NoAddress, None));
    assert_eq!(smtp::mails(&server).len(), 1);
}

#[tokio::test]
async fn what_the_server_refuses_and_what_it_puts_off_are_told_apart() {
    let pki = certs::pki("mail");
    let server = smtp::start(&pki, false);
    let good = settings(&server, Security::Starttls, &pki.authority);
    let mailer_ = mailer(good.clone(), smtp::PASSWORD);
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
    let other = certs::pki("somebody else");
    let strange = mailer(
        settings(&server, Security::Starttls, &other.authority),
        smtp::PASSWORD,
    );
    let (found, again) = code(strange.post(&letter("boss@example.com")).await);
    assert_eq!((found, again), (Code::Tls, true));
    assert_eq!(smtp::mails(&server), Vec::<String>::new());
}
