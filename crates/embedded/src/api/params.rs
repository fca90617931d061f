//! Parameters of a request: from the form body first, then from the URL, as Go's `FormValue` does.

use super::answer::Failure;
use super::text::{parse_duration, parse_time};
use crate::tsdb::Span;
use axum::extract::{Form, FromRequest, Query, Request};
use axum::http::{Method, header};
use axum::response::{IntoResponse, Response};
use promql::PromqlError;
use promql_parser::label::{MatchOp, Matcher, Matchers};
use promql_parser::parser::{self, Expr};
use std::time::Duration;

/// Most `match[]` of a request.
const MAX_SELECTORS: usize = 100;

/// Names and values in the order in which they came.
pub(super) struct Params(Vec<(String, String)>);

impl<S: Send + Sync> FromRequest<S> for Params {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let query = Query::<Vec<(String, String)>>::try_from_uri(request.uri());
        let Query(in_url) = query.map_err(|e| Failure::bad_data(e.body_text()).into_response())?;
        let kind = request
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|v| v.to_str().ok())
            .unwrap_or("");
        let mut all = Vec::new();
        if request.method() == Method::POST && kind.starts_with("application/x-www-form-urlencoded")
        {
            match Form::<Vec<(String, String)>>::from_request(request, state).await {
                Ok(Form(in_body)) => all = in_body,
                Err(e) => {
                    let mut answer = Failure::bad_data(e.body_text()).into_response();
                    *answer.status_mut() = e.status();
                    return Err(answer);
                }
            }
        }
        all.extend(in_url);
        Ok(Self(all))
    }
}

impl Params {
    /// The first value of `name`, or an empty text.
    pub(super) fn get(&self, name: &str) -> &str {
        self.0
            .iter()
            .find(|(n, _)| n == name)
            .map_or("", |(_, v)| v)
    }

    /// A time that must be there.
    pub(super) fn time(&self, name: &str) -> Result<i64, Failure> {
        parse_time(self.get(name)).map_err(|e| Failure::parameter(name, e))
    }

    /// A time that may be missing.
    pub(super) fn time_or(&self, name: &str, default: i64) -> Result<i64, Failure> {
        if self.get(name).is_empty() {
            return Ok(default);
        }
        let parsed = parse_time(self.get(name));
        parsed
            .map_err(|e| Failure::parameter(name, format!("Invalid time value for '{name}': {e}")))
    }

    /// `start` and `end`; all of time where they are missing.
    pub(super) fn span(&self) -> Result<Span, Failure> {
        Ok(Span {
            start: self.time_or("start", i64::MIN)?,
            end: self.time_or("end", i64::MAX)?,
        })
    }

    pub(super) fn step(&self) -> Result<i64, Failure> {
        let step = parse_duration(self.get("step")).map_err(|e| Failure::parameter("step", e))?;
        if step <= 0 {
            let why = "zero or negative query resolution step widths are not accepted. Try a positive integer";
            return Err(Failure::parameter("step", why));
        }
        Ok(step)
    }

    /// The request's `timeout`, at most `max`.
    pub(super) fn timeout(&self, max: Duration) -> Result<Duration, Failure> {
        if self.get("timeout").is_empty() {
            return Ok(max);
        }
        let ms =
            parse_duration(self.get("timeout")).map_err(|e| Failure::parameter("timeout", e))?;
        Ok(Duration::from_millis(u64::try_from(ms).unwrap_or(0)).min(max))
    }

    /// `limit`; 0 and absence mean `max`.
    pub(super) fn limit(&self, max: usize) -> Result<usize, Failure> {
        match self.get("limit") {
            "" => Ok(max),
            text => match text.parse::<i64>() {
                Ok(n) => Ok(usize::try_from(n)
                    .ok()
                    .filter(|n| *n > 0)
                    .map_or(max, |n| n.min(max))),
                Err(_) => Err(Failure::bad_data("limit must be a number")),
            },
        }
    }

    /// All `match[]`.
    pub(super) fn selectors(&self) -> Result<Vec<Matchers>, Failure> {
        let texts = self
            .0
            .iter()
            .filter(|(n, _)| n == "match[]")
            .map(|(_, v)| v);
        if texts.clone().count() > MAX_SELECTORS {
            return Err(Failure::parameter(
                "match[]",
                format!("at most {MAX_SELECTORS} selectors are taken"),
            ));
        }
        texts
            .map(|text| selector(text).map_err(|e| Failure::parameter("match[]", e)))
            .collect()
    }
}

/// A selector's matchers, its name among them.
fn selector(text: &str) -> Result<Matchers, String> {
    // the evaluator's own checks first: they bound the depth before the parser recurses
    if let Err(e) = promql::selectors(text) {
        return Err(match e {
            PromqlError::Parse { message, .. } if message.contains("non-empty matcher") => {
                "match[] must contain at least one non-empty matcher".into()
            }
            PromqlError::Parse { message, position } => {
                format!(
                    "1:{}: parse error: {message}",
                    position.map_or(1, |p| p + 1)
                )
            }
            e => e.to_string(),
        });
    }
    match parser::parse(text) {
        Ok(Expr::VectorSelector(s)) if s.offset.is_none() && s.at.is_none() => {
            let mut matchers = s.matchers;
            if let Some(name) = s.name {
                matchers.matchers.push(Matcher::new(
                    MatchOp::Equal,
                    model::labels::METRIC_NAME,
                    &name,
                ));
            }
            Ok(matchers)
        }
        Ok(_) => Err("expected a selector, such as up{job=\"node\"}".into()),
        Err(e) => Err(e),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(pairs: &[(&str, &str)]) -> Params {
        Params(
            pairs
                .iter()
                .map(|(n, v)| ((*n).into(), (*v).into()))
                .collect(),
        )
    }

    #[test]
    fn selectors_are_bare_selectors() {
        let one = params(&[("match[]", r#"up{job=~"a|b"}"#)])
            .selectors()
            .unwrap();
        assert_eq!(one[0].matchers.len(), 2);
        for (bad, why) in [
            ("sum(up)", "expected a selector"),
            ("up offset 5m", "expected a selector"),
            ("up[5m]", "expected a selector"),
            (
                r#"{a=~".*"}"#,
                "match[] must contain at least one non-empty matcher",
            ),
            ("up{", "1:"),
            (&"(".repeat(5000), "nested too deeply"),
        ] {
            let e = params(&[("match[]", bad)]).selectors().unwrap_err();
            assert!(e.text.contains(why), "{bad}: {}", e.text);
        }
        let many = vec![("match[]", "up"); MAX_SELECTORS + 1];
        assert!(params(&many).selectors().is_err());
    }

    #[test]
    fn limits_and_timeouts_are_capped() {
        let p = params(&[("limit", "5"), ("timeout", "10s")]);
        assert_eq!((p.limit(100).unwrap(), p.limit(3).unwrap()), (5, 3));
        assert_eq!(
            p.timeout(Duration::from_secs(3)).unwrap(),
            Duration::from_secs(3)
        );
        assert_eq!(params(&[("limit", "-1")]).limit(7).unwrap(), 7);
        assert_eq!(
            params(&[("limit", "x")]).limit(7).unwrap_err().text,
            "limit must be a number"
        );
    }
}
