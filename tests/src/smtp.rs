//! A real mail server (aiosmtpd, package `python3-aiosmtpd`) with a password and TLS; what it takes lies as files in its directory.

use crate::certs::Pki;
use crate::servers::{Ready, Server, Spec};

/// Its user and password.
pub const USER: &str = "watch";
/// See [`USER`].
pub const PASSWORD: &str = "pass-守望";

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

/// Starts one that wants `STARTTLS`, or one that is encrypted from the first byte.
///
/// # Panics
/// As [`Server::start`].
pub fn start(pki: &Pki, wrapped: bool) -> Server {
    Server::start(Spec {
        // The system's own: another one on the path does not know the package.
        program: "/usr/bin/python3".into(),
        args: vec![
            "server.py".into(),
            "{port}".into(),
            if wrapped { "tls" } else { "starttls" }.into(),
        ],
        env: vec![("PYTHONUTF8".into(), "1".into())],
        files: vec![
            ("server.py".into(), PROGRAM.into()),
            ("server.pem".into(), pki.server.certificate.clone()),
            ("server.key".into(), pki.server.key.clone()),
        ],
        ready: Ready::Log("listening"),
        scheme: "smtp",
    })
}

/// The mails that it has taken, as they came.
pub fn mails(server: &Server) -> Vec<String> {
    let mut paths: Vec<_> = std::fs::read_dir(server.dir())
        .expect("the server's directory")
        .flatten()
        .map(|e| e.path())
        .filter(|p| p.extension().is_some_and(|e| e == "eml"))
        .collect();
    paths.sort();
    let text = |p| String::from_utf8_lossy(&std::fs::read(p).unwrap_or_default()).into_owned();
    paths.into_iter().map(text).collect()
}
