//! One page over HTTP, bounded in time and bytes.

use super::error::{ScrapeError, TargetError};
use super::target::{ScrapeAuth, ScrapeTarget};
use exposition::{Exposition, Format, Limits};
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use reqwest::{Client, RequestBuilder, Response, Url};
use std::error::Error;
use std::time::Duration;

/// Fetches the page of one target.
pub(super) struct Fetcher {
    client: Client,
    url: Url,
    auth: ScrapeAuth,
    timeout: Duration,
    limits: Limits,
}

impl Fetcher {
    pub(super) fn new(target: &ScrapeTarget) -> Result<Self, TargetError> {
        let url = target.check()?;
        // one provider a process; an error means that there is one already
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = Client::builder()
            .user_agent(concat!("shouwang/", env!("CARGO_PKG_VERSION")))
            // following would carry our credentials to another host
            .redirect(reqwest::redirect::Policy::none())
            .timeout(target.timeout)
            .gzip(true)
            .http1_only()
            .pool_max_idle_per_host(1)
            // what is scraped is near; a proxy for the web must not see it
            .no_proxy();
        // without TLS no authority is needed, and a bare system that has none must not keep us from a plain page
        if url.scheme() == "http" {
            builder = builder.tls_certs_only([]);
        } else if let Some(pem) = &target.authorities_pem {
            let wrong = || TargetError::Authority {
                url: target.url.clone(),
            };
            let authorities =
                reqwest::Certificate::from_pem_bundle(pem.as_bytes()).map_err(|_| wrong())?;
            if authorities.is_empty() {
                return Err(wrong());
            }
            builder = builder.tls_certs_only(authorities);
        }
        if let ScrapeAuth::Bearer(token) = &target.auth {
            HeaderValue::from_str(token.expose()).map_err(|_| TargetError::Credentials {
                url: target.url.clone(),
            })?;
        }
        let client = builder.build().map_err(|e| TargetError::Client {
            url: target.url.clone(),
            reason: innermost(&e),
        })?;
        Ok(Self {
            client,
            url,
            auth: target.auth.clone(),
            timeout: target.timeout,
            limits: target.limits,
        })
    }

    /// The page, read.
    pub(super) async fn fetch(&self) -> Result<Exposition, ScrapeError> {
        // reqwest's own timeout counts from the first byte sent; this one holds for everything, reading of the page included
        match tokio::time::timeout(self.timeout, self.page()).await {
            Ok(done) => done,
            Err(_) => Err(ScrapeError::Timeout {
                after: self.timeout,
            }),
        }
    }

    async fn page(&self) -> Result<Exposition, ScrapeError> {
        let response = self.request().send().await.map_err(|e| self.failure(&e))?;
        let status = response.status();
        if !status.is_success() {
            return Err(ScrapeError::Status {
                status: status.as_u16(),
            });
        }
        let content_type = response
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|v| v.to_str().ok())
            .unwrap_or("");
        let format = Format::from_content_type(content_type);
        let body = self.body(response).await?;
        let limits = self.limits;
        // a page of some megabytes takes long enough to hold up other tasks
        let read =
            tokio::task::spawn_blocking(move || exposition::parse(&body, format, &limits)).await;
        match read {
            Ok(page) => Ok(page?),
            Err(e) => Err(ScrapeError::BrokenOff {
                reason: e.to_string(),
            }),
        }
    }

    fn request(&self) -> RequestBuilder {
        let request = self
            .client
            .get(self.url.clone())
            .header(ACCEPT, Format::ACCEPT)
            .header(
                "X-Prometheus-Scrape-Timeout-Seconds",
                self.timeout.as_secs_f64().to_string(),
            );
        match &self.auth {
            ScrapeAuth::None => request,
            ScrapeAuth::Basic { user, password } => {
                request.basic_auth(user, Some(password.expose()))
            }
            ScrapeAuth::Bearer(token) => request.bearer_auth(token.expose()),
        }
    }

    async fn body(&self, mut response: Response) -> Result<Vec<u8>, ScrapeError> {
        let limit = self.limits.body;
        let mut body = Vec::new();
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) if body.len() + chunk.len() > limit => {
                    return Err(ScrapeError::TooLarge { limit });
                }
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Ok(None) => return Ok(body),
                Err(e) if e.is_timeout() => {
                    return Err(ScrapeError::Timeout {
                        after: self.timeout,
                    });
                }
                Err(e) => {
                    return Err(ScrapeError::BrokenOff {
                        reason: innermost(&e),
                    });
                }
            }
        }
    }

    fn failure(&self, e: &reqwest::Error) -> ScrapeError {
        if e.is_timeout() {
            ScrapeError::Timeout {
                after: self.timeout,
            }
        } else {
            ScrapeError::Unreachable {
                reason: innermost(e),
            }
        }
    }
}

/// The cause at the bottom, cut: what stands above repeats the address.
fn innermost(e: &reqwest::Error) -> String {
    let mut cause: &dyn Error = e;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string().chars().take(200).collect()
}
