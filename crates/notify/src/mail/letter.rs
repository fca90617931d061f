//! A mail: HTML with a plain alternative, attachments.

use crate::error::{Code, SendError};
use crate::message::Message;
use lettre::message::header::ContentType;
use lettre::message::{Attachment as Part, Mailbox, MultiPart, SinglePart};
use model::alert::Level;
use std::error::Error as _;
use std::fmt::Write as _;

/// Receivers of one letter at most.
const RECEIVERS: usize = 50;

/// A file that goes along.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// Its name.
    pub name: String,
    /// Its media type: `application/pdf`.
    pub kind: String,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// What is sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Letter {
    /// To whom: addresses.
    pub to: Vec<String>,
    /// One line.
    pub subject: String,
    /// For those who read plain text.
    pub text: String,
    /// For those who do not; a whole page, everything from outside in it escaped.
    pub html: String,
    /// Files.
    pub attachments: Vec<Attachment>,
    /// Identifies it: the same letter sent again has the same id, so that a reader's program can tell.
    pub id: Option<String>,
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

fn colour(level: Level) -> &'static str {
    match level {
        Level::P0 => "#bf0046",
        Level::P1 => "#a83800",
        Level::P2 => "#a66e00",
        Level::P3 => "#5d7183",
    }
}

impl Letter {
    /// A notice as a letter.
    pub fn of(message: &Message, address: &str) -> Self {
        let mut text = message.body.join("\n");
        let mut html = format!(
            "<!doctype html><html><body style=\"font-family:sans-serif;color:#17212a\">\
             <h2 style=\"border-left:6px solid {};padding-left:10px\">{}</h2>",
            colour(message.level),
            escape(&message.title)
        );
        for line in &message.body {
            let _ = write!(html, "<p>{}</p>", escape(line));
        }
        if !message.facts.is_empty() {
            html.push_str("<table cellpadding=\"4\">");
            text.push('\n');
        }
        for fact in &message.facts {
            let _ = write!(text, "\n{}: {}", fact.name, fact.value);
            let _ = write!(
                html,
                "<tr><td style=\"color:#667582\">{}</td><td>{}</td></tr>",
                escape(&fact.name),
                escape(&fact.value)
            );
        }
        if !message.facts.is_empty() {
            html.push_str("</table>");
        }
        if let Some(link) = &message.link {
            let _ = write!(text, "\n\n{link}");
            let _ = write!(html, "<p><a href=\"{0}\">{0}</a></p>", escape(link));
        }
        html.push_str("</body></html>");
        Self {
            to: vec![address.to_owned()],
            subject: message.title.clone(),
            text,
            html,
            attachments: Vec::new(),
            id: Some(format!("{}.{}", message.id, message.to.id)),
        }
    }

    /// The mail as it goes to the server.
    pub(super) fn build(&self, from: &Mailbox) -> Result<lettre::Message, SendError> {
        let refused = |what: &str| SendError::never(Code::NoAddress).with("person", what);
        let mut builder = lettre::Message::builder()
            .from(from.clone())
            .subject(self.subject.clone());
        if self.to.is_empty() || self.to.len() > RECEIVERS {
            return Err(refused(&self.to.len().to_string()));
        }
        for address in &self.to {
            builder = builder.to(address.trim().parse().map_err(|_| refused(address))?);
        }
        let id = self.id.as_ref().map(|id| {
            let safe: String = id
                .chars()
                .filter(|c| c.is_ascii_alphanumeric() || *c == '.' || *c == '-')
                .collect();
            format!("<{safe}@{}>", from.email.domain())
        });
        let both = MultiPart::alternative()
            .singlepart(SinglePart::plain(self.text.clone()))
            .singlepart(SinglePart::html(self.html.clone()));
        let mut mixed = MultiPart::mixed().multipart(both);
        for file in &self.attachments {
            let kind = ContentType::parse(&file.kind).unwrap_or(ContentType::TEXT_PLAIN);
            mixed = mixed.singlepart(Part::new(file.name.clone()).body(file.bytes.clone(), kind));
        }
        let built = builder.message_id(id).multipart(mixed);
        built.map_err(|e| SendError::never(Code::MailRefused).with("status", e))
    }
}

/// Whether a failure to connect is one of the certificate.
pub(super) fn is_certificate(e: &lettre::transport::smtp::Error) -> bool {
    let mut source = e.source();
    while let Some(inner) = source {
        let nested = inner
            .downcast_ref::<std::io::Error>()
            .and_then(std::io::Error::get_ref);
        if inner.is::<rustls::Error>() || nested.is_some_and(|n| n.is::<rustls::Error>()) {
            return true;
        }
        source = inner.source();
    }
    false
}
