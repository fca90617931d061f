//! How to reach a database, and as whom.

use crate::PgLogsError;
use model::Secret;
use source::{ConfigError, TlsOptions};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions, PgSslMode};
use sqlx::{ConnectOptions, Executor};
use std::net::IpAddr;
use std::time::Duration;
use tokio::net::TcpStream;

/// Questions at the same time.
const READERS: u32 = 4;
/// How long a connection waits for a lock before it gives up; a reader waits for nothing but a partition that is being taken away.
const LOCK: Duration = Duration::from_secs(2);
/// How long a session may leave a transaction open.
const IDLE: Duration = Duration::from_secs(30);

/// How long a server that is there may take to accept a connection before somebody stops looking.
const REACHED: Duration = Duration::from_secs(1);

/// Who we say we are.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// The login.
    pub user: String,
    /// Its password; `None` where the server asks for none.
    pub password: Option<Secret>,
}

/// Where a database is and how to reach it.
#[derive(Clone, Debug)]
pub struct Options {
    host: String,
    port: u16,
    database: String,
    /// Whether TLS is used. It always is verified: authority and host name.
    tls: bool,
    /// Own authorities beside the system's, and our certificate.
    pub tls_options: TlsOptions,
    /// Time to get a connection.
    pub connect_timeout: Duration,
    /// Time that a question may take, at the server and here.
    pub timeout: Duration,
}

impl Options {
    /// The database at `postgresql://host[:port]/database`, with TLS unless the host is a loopback address or `sslmode=disable` is said.
    ///
    /// # Errors
    /// What is wrong with the address: another scheme, no host or database, a user or password in it (they belong elsewhere), a parameter
    /// other than `sslmode`.
    pub fn new(url: &str) -> Result<Self, ConfigError> {
        let rest = url
            .trim()
            .strip_prefix("postgresql://")
            .or_else(|| url.trim().strip_prefix("postgres://"))
            .ok_or_else(|| match url.split_once("://") {
                Some((scheme, _)) => ConfigError::Scheme(scheme.chars().take(20).collect()),
                None => ConfigError::Url,
            })?;
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        if place.contains('@') {
            return Err(ConfigError::UrlCredentials);
        }
        let (authority, database) = place.split_once('/').ok_or(ConfigError::Url)?;
        let (host, port) = host_and_port(authority).ok_or(ConfigError::Url)?;
        let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '$');
        if host.is_empty() || database.is_empty() || !database.chars().all(plain) {
            return Err(ConfigError::Url);
        }
        let tls = match query {
            "" => !is_loopback(&host),
            "sslmode=disable" => false,
            "sslmode=verify-full" => true,
            _ => return Err(ConfigError::UrlQuery),
        };
        Ok(Self {
            host,
            port,
            database: database.to_owned(),
            tls,
            tls_options: TlsOptions::default(),
            connect_timeout: Duration::from_secs(5),
            timeout: Duration::from_secs(10),
        })
    }

    /// The database's name.
    pub fn database(&self) -> &str {
        &self.database
    }

    /// Whether TLS is used.
    pub fn uses_tls(&self) -> bool {
        self.tls
    }

    fn connect_options(&self, who: &Credentials, role: &str) -> PgConnectOptions {
        let mut options = PgConnectOptions::new_without_pgpass()
            .host(&self.host)
            .port(self.port)
            .database(&self.database)
            .username(&who.user)
            .application_name(&format!("shouwang {role}"))
            .ssl_mode(if self.tls {
                PgSslMode::VerifyFull
            } else {
                PgSslMode::Disable
            })
            .disable_statement_logging();
        if let Some(password) = &who.password {
            options = options.password(password.expose());
        }
        if let Some(authorities) = &self.tls_options.authorities_pem {
            options = options.ssl_root_cert_from_pem(authorities.clone().into_bytes());
        }
        if let (Some(certificate), Some(key)) =
            (&self.tls_options.certificate_pem, &self.tls_options.key_pem)
        {
            options = options
                .ssl_client_cert_from_pem(certificate)
                .ssl_client_key_from_pem(key.expose());
        }
        options
    }

    fn pool(&self, who: &Credentials, role: &str, size: u32, session: String) -> PgPool {
        PgPoolOptions::new()
            .max_connections(size)
            .min_connections(0)
            .acquire_timeout(self.connect_timeout)
            .idle_timeout(Duration::from_secs(300))
            .after_connect(move |conn, _| {
                let session = session.clone();
                Box::pin(async move {
                    conn.execute(sqlx::raw_sql(sqlx::AssertSqlSafe(session)))
                        .await?;
                    Ok(())
                })
            })
            .connect_lazy_with(self.connect_options(who, role))
    }

    /// Whether somebody listens there. A pool asks a server that refuses again and again until its time is up; whoever waits should know
    /// at once. A server that says nothing is not told here.
    ///
    /// # Errors
    /// Why there is no way to it.
    pub(crate) async fn listens(&self) -> std::io::Result<()> {
        let way = TcpStream::connect((self.host.as_str(), self.port));
        match tokio::time::timeout(REACHED, way).await {
            Ok(reached) => reached.map(drop),
            Err(_) => Ok(()),
        }
    }

    /// Connections that read only, whatever the login's rights are.
    pub(crate) fn readers(&self, who: &Credentials) -> PgPool {
        // plans are made for the values at hand: which partitions a question concerns is known by its times only. Compiling
        // plans takes longer than the questions that we ask. A new day's partition has no statistics for a while, and then the planner
        // expects one row and sorts ten thousand, where an index has them in order
        let session = format!(
            "SET default_transaction_read_only = on; SET plan_cache_mode = force_custom_plan; SET jit = off; SET enable_sort = off; {}",
            self.limits(self.timeout)
        );
        self.pool(who, "reader", READERS, session)
    }

    /// Connections that write lines.
    pub(crate) fn writers(&self, who: &Credentials) -> PgPool {
        self.pool(who, "writer", 2, self.limits(self.timeout.max(LOCK * 15)))
    }

    /// One connection of a maintainer: its statements may take long, its waits for locks may not.
    ///
    /// # Errors
    /// Why there is none.
    pub(crate) async fn maintainer(
        &self,
        who: &Credentials,
    ) -> Result<sqlx::PgConnection, PgLogsError> {
        let options = self.connect_options(who, "maintainer");
        let connecting = options.connect();
        let mut conn = tokio::time::timeout(self.connect_timeout, connecting)
            .await
            .map_err(|_| PgLogsError::ConnectTimeout {
                after: self.connect_timeout,
            })?
            .map_err(PgLogsError::from)?;
        let session = format!(
            "SET jit = off; {}",
            self.limits(Duration::from_secs(6 * 3600))
        );
        conn.execute(sqlx::raw_sql(sqlx::AssertSqlSafe(session)))
            .await?;
        Ok(conn)
    }

    fn limits(&self, statement: Duration) -> String {
        format!(
            "SET statement_timeout = {}; SET lock_timeout = {}; SET idle_in_transaction_session_timeout = {}; SET timezone = 'UTC'; SET client_min_messages = warning",
            statement.as_millis(),
            LOCK.as_millis(),
            IDLE.as_millis()
        )
    }
}

/// `host`, `host:port`, `[::1]:port`.
fn host_and_port(authority: &str) -> Option<(String, u16)> {
    if let Some(rest) = authority.strip_prefix('[') {
        let (host, after) = rest.split_once(']')?;
        host.parse::<IpAddr>().ok()?;
        let port = match after.strip_prefix(':') {
            Some(port) => port.parse().ok()?,
            None if after.is_empty() => 5432,
            None => return None,
        };
        return Some((host.to_owned(), port));
    }
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) => (host, port.parse().ok()?),
        None => (authority, 5432),
    };
    let named = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_');
    host.chars().all(named).then(|| (host.to_owned(), port))
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|a| a.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_as_they_are_written() {
        let o = Options::new("postgresql://db.example.cn/logs").expect("good");
        assert_eq!(
            (o.host.as_str(), o.port, o.database(), o.uses_tls()),
            ("db.example.cn", 5432, "logs", true)
        );
        let o = Options::new("postgres://[::1]:6432/logs").expect("good");
        assert_eq!(
            (o.host.as_str(), o.port, o.uses_tls()),
            ("::1", 6432, false)
        );
        let o = Options::new("postgresql://10.0.0.1:5433/l?sslmode=disable").expect("good");
        assert!(!o.uses_tls());
        let o = Options::new("postgresql://127.0.0.1/l?sslmode=verify-full").expect("good");
        assert!(o.uses_tls());
    }

    #[test]
    fn addresses_that_mislead_are_refused() {
        let code = |url: &str| Options::new(url).expect_err(url).code();
        assert_eq!(code("http://db/logs"), "config_scheme");
        assert_eq!(code("db/logs"), "config_url");
        assert_eq!(code("postgresql://db"), "config_url");
        assert_eq!(code("postgresql:///logs"), "config_url");
        assert_eq!(code("postgresql://db:port/logs"), "config_url");
        assert_eq!(code("postgresql://[nonsense]/logs"), "config_url");
        assert_eq!(code("postgresql://u:p@db/logs"), "config_url_credentials");
        // a mode that does not look at the certificate is none
        assert_eq!(
            code("postgresql://db/logs?sslmode=require"),
            "config_url_query"
        );
        assert_eq!(code("postgresql://db/logs?options=-c"), "config_url_query");
    }
}
