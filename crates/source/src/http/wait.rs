//! Questions that are answered when something changes: a long poll, and a stream of lines.

use super::{Http, Params, Reply, fault};
use crate::error::SourceError;
use model::Secret;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use std::time::Duration;

/// What a stream of lines gave.
#[derive(Debug)]
pub(crate) enum Streamed {
    /// The first line that was waited for.
    Line(Vec<u8>),
    /// The time passed, or the server closed, without one.
    Quiet,
    /// An answer that is no success.
    Refused(Reply),
}

impl Http {
    /// `secret` is not to stand in any text from now on; for one that is not sent as a header.
    pub(crate) fn knows(&mut self, secret: Secret) {
        if secret.expose().len() >= 4 {
            self.secrets.push(secret);
        }
    }

    /// A question as JSON, with a token of this session. It changes nothing, so it may be asked twice.
    pub(crate) async fn call(
        &self,
        path: &[&str],
        body: Vec<u8>,
        token: Option<&Secret>,
    ) -> Result<Reply, SourceError> {
        let request = self.client.post(self.url(path)?).body(body);
        self.exchange(with_token(request, token)?).await
    }

    /// `GET` that the server may hold open for `within`.
    pub(crate) async fn get_within(
        &self,
        path: &[&str],
        params: &Params<'_>,
        within: Duration,
    ) -> Result<Reply, SourceError> {
        let mut url = self.url(path)?;
        if !params.is_empty() {
            url.query_pairs_mut().extend_pairs(params);
        }
        self.exchange(self.client.get(url).timeout(within)).await
    }

    /// Asks, then reads line after line until one is `enough` or `within` has passed; then it hangs up.
    pub(crate) async fn first_line(
        &self,
        path: &[&str],
        body: Vec<u8>,
        token: Option<&Secret>,
        within: Duration,
        enough: impl Fn(&[u8]) -> bool + Send,
    ) -> Result<Streamed, SourceError> {
        let begun = tokio::time::Instant::now();
        let request = self.client.post(self.url(path)?).body(body).timeout(within);
        let sent = with_token(request, token)?.send().await;
        let mut response = match sent {
            Ok(response) if response.status().is_success() => response,
            other => return Ok(Streamed::Refused(self.receive(other, begun).await?)),
        };
        let mut line: Vec<u8> = Vec::new();
        loop {
            let chunk = match response.chunk().await {
                Ok(Some(chunk)) => chunk,
                Ok(None) => return Ok(Streamed::Quiet),
                Err(e) => match fault::receiving(&e, within) {
                    SourceError::Timeout { .. } => return Ok(Streamed::Quiet),
                    other => return Err(other),
                },
            };
            for piece in chunk.split_inclusive(|b| *b == b'\n') {
                if (line.len() + piece.len()) as u64 > self.limits.body_bytes {
                    return Err(SourceError::TooLarge {
                        limit: self.limits.body_bytes,
                    });
                }
                line.extend_from_slice(piece);
                if line.ends_with(b"\n") {
                    if enough(&line) {
                        return Ok(Streamed::Line(line));
                    }
                    line.clear();
                }
            }
        }
    }
}

fn with_token(
    request: reqwest::RequestBuilder,
    token: Option<&Secret>,
) -> Result<reqwest::RequestBuilder, SourceError> {
    let request = request.header(CONTENT_TYPE, "application/json");
    let Some(token) = token else {
        return Ok(request);
    };
    let mut value = HeaderValue::from_str(token.expose()).map_err(|_| SourceError::Unauthorized)?;
    value.set_sensitive(true);
    Ok(request.header(AUTHORIZATION, value))
}
