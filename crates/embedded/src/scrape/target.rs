//! What is scraped, and how.

use super::error::TargetError;
use model::Secret;
use reqwest::Url;
use std::time::Duration;

/// Who we say we are.
#[derive(Clone, Debug, Default)]
pub enum ScrapeAuth {
    /// Nobody.
    #[default]
    None,
    /// HTTP Basic.
    Basic {
        /// The user's name.
        user: String,
        /// The password.
        password: Secret,
    },
    /// `Authorization: Bearer …`.
    Bearer(
        /// The token.
        Secret,
    ),
}

impl PartialEq for ScrapeAuth {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::None, Self::None) => true,
            (
                Self::Basic {
                    user: a,
                    password: p,
                },
                Self::Basic {
                    user: b,
                    password: q,
                },
            ) => a == b && p.expose() == q.expose(),
            (Self::Bearer(a), Self::Bearer(b)) => a.expose() == b.expose(),
            _ => false,
        }
    }
}

/// One page to scrape.
#[derive(Clone, Debug, PartialEq)]
pub struct ScrapeTarget {
    /// Label `job`.
    pub job: String,
    /// The whole address of the page, `http://host:9100/metrics`.
    pub url: String,
    /// Time between two scrapes; at least 100 ms.
    pub interval: Duration,
    /// Time for one scrape; at most the interval.
    pub timeout: Duration,
    /// Labels that all series get. `instance` overrides the address.
    pub labels: Vec<(String, String)>,
    /// Whether labels on the page win over ours (of an exporter that speaks for others); otherwise they get the prefix `exported_`.
    pub honor_labels: bool,
    /// Whether times on the page count.
    pub honor_timestamps: bool,
    /// Who we say we are.
    pub auth: ScrapeAuth,
    /// Own authorities for TLS, PEM; only they count then.
    pub authorities_pem: Option<String>,
    /// How much of a page is taken.
    pub limits: exposition::Limits,
}

impl ScrapeTarget {
    /// A target with Prometheus' usual ways: every 15 s, 10 s for one scrape, a page of at most 16 MiB.
    pub fn new(job: impl Into<String>, url: impl Into<String>) -> Self {
        Self {
            job: job.into(),
            url: url.into(),
            interval: Duration::from_secs(15),
            timeout: Duration::from_secs(10),
            labels: Vec::new(),
            honor_labels: false,
            honor_timestamps: true,
            auth: ScrapeAuth::None,
            authorities_pem: None,
            limits: exposition::Limits {
                body: 16 << 20,
                ..exposition::Limits::default()
            },
        }
    }

    /// Why it cannot be scraped at all, `None` when it can: lets a caller leave out one wrong target and start the others.
    pub fn problem(&self) -> Option<TargetError> {
        super::fetch::Fetcher::new(self).err()
    }

    /// Label `instance`: the configured one, else host and port, as Prometheus writes it.
    pub fn instance(&self) -> String {
        if let Some((_, value)) = self
            .labels
            .iter()
            .find(|(n, v)| n == "instance" && !v.is_empty())
        {
            return value.clone();
        }
        let Ok(url) = Url::parse(&self.url) else {
            return self.url.clone();
        };
        let port = url.port_or_known_default().unwrap_or(80);
        format!("{}:{port}", url.host_str().unwrap_or(""))
    }

    /// Labels that all series of this target get, `job` and `instance` among them.
    pub(super) fn own_labels(&self) -> Vec<(String, String)> {
        let mut own = vec![
            ("job".to_owned(), self.job.clone()),
            ("instance".to_owned(), self.instance()),
        ];
        own.extend(
            self.labels
                .iter()
                .filter(|(n, v)| n != "instance" && n != "job" && !v.is_empty())
                .cloned(),
        );
        own
    }

    pub(super) fn id(&self) -> String {
        format!("{}\u{0}{}\u{0}{}", self.job, self.url, self.instance())
    }

    /// A number that spreads targets over their interval: the same target always at the same place (FNV-1a).
    pub(super) fn spread(&self) -> u64 {
        let mut h: u64 = 0xcbf2_9ce4_8422_2325;
        for b in self.id().bytes() {
            h = (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3);
        }
        h ^ (h >> 32)
    }

    /// Whether it can be scraped at all.
    pub(super) fn check(&self) -> Result<Url, TargetError> {
        let shown = || match self.url.rsplit_once('@') {
            Some((_, rest)) => format!("…@{rest}"),
            None => self.url.clone(),
        };
        let url = Url::parse(&self.url).map_err(|_| TargetError::Url { url: shown() })?;
        let plain = url.username().is_empty() && url.password().is_none();
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() || !plain {
            return Err(TargetError::Url { url: shown() });
        }
        if self.interval < Duration::from_millis(100) {
            return Err(TargetError::Interval {
                url: shown(),
                interval: self.interval,
            });
        }
        if self.timeout.is_zero() || self.timeout > self.interval {
            return Err(TargetError::Timeout {
                url: shown(),
                timeout: self.timeout,
                interval: self.interval,
            });
        }
        match self.labels.iter().find(|(n, _)| !is_label(n)) {
            Some((name, _)) => Err(TargetError::Label { name: name.clone() }),
            None => Ok(url),
        }
    }
}

fn is_label(name: &str) -> bool {
    let first = name
        .bytes()
        .next()
        .is_some_and(|b| b.is_ascii_alphabetic() || b == b'_');
    first && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') && !name.starts_with("__")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instance_is_host_and_port() {
        assert_eq!(
            ScrapeTarget::new("a", "http://h/metrics").instance(),
            "h:80"
        );
        assert_eq!(
            ScrapeTarget::new("a", "https://h/metrics").instance(),
            "h:443"
        );
        let mut t = ScrapeTarget::new("a", "http://[::1]:9100/metrics");
        assert_eq!(t.instance(), "[::1]:9100");
        t.labels = vec![
            ("instance".into(), "web".into()),
            ("zone".into(), "a".into()),
        ];
        assert_eq!(t.instance(), "web");
        assert_eq!(t.own_labels().len(), 3);
    }

    #[test]
    fn what_cannot_work_is_refused_and_passwords_are_not_shown() {
        let refused = |change: fn(&mut ScrapeTarget)| {
            let mut t = ScrapeTarget::new("a", "http://h:1/metrics");
            change(&mut t);
            t.problem().expect("must be refused")
        };
        assert_eq!(ScrapeTarget::new("a", "http://h:1/metrics").problem(), None);
        assert!(matches!(
            refused(|t| {
                t.url = "https://h/".into();
                t.authorities_pem = Some("no PEM".into());
            }),
            TargetError::Authority { .. }
        ));
        let e = refused(|t| t.url = "http://u:hunter2@h/metrics".into());
        assert!(
            matches!(&e, TargetError::Url { url } if url == "…@h/metrics"),
            "{e}"
        );
        assert!(matches!(
            refused(|t| t.url = "h:9100".into()),
            TargetError::Url { .. }
        ));
        assert!(matches!(
            refused(|t| t.url = "ftp://h/".into()),
            TargetError::Url { .. }
        ));
        assert!(matches!(
            refused(|t| t.interval = Duration::ZERO),
            TargetError::Interval { .. }
        ));
        assert!(matches!(
            refused(|t| t.timeout = Duration::from_secs(60)),
            TargetError::Timeout { .. }
        ));
        assert!(matches!(
            refused(|t| t.labels = vec![("a-b".into(), "c".into())]),
            TargetError::Label { .. }
        ));
    }
}
