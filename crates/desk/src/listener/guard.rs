//! Who may speak to the listener.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use model::Secret;
use subtle::ConstantTimeEq as _;

/// Refuses what a browser sends for a page of another host (DNS rebinding), where only this machine should reach us.
pub(super) async fn local_only(
    State(loopback): State<bool>,
    request: Request,
    next: Next,
) -> Response {
    if loopback && !is_local(request.headers()) {
        return StatusCode::FORBIDDEN.into_response();
    }
    next.run(request).await
}

/// Whether the token is there and right; takes as long for a wrong one as for the right one.
pub(super) fn authorized(headers: &HeaderMap, token: &Secret) -> bool {
    let mut given = headers.get_all(header::AUTHORIZATION).iter();
    // two headers are nobody's honest request
    let (Some(value), None) = (given.next(), given.next()) else {
        return false;
    };
    let value = value.as_bytes();
    let Some((scheme, rest)) = value.split_at_checked("Bearer ".len()) else {
        return false;
    };
    scheme.eq_ignore_ascii_case(b"Bearer ")
        && !token.is_empty()
        && bool::from(rest.trim_ascii().ct_eq(token.expose().as_bytes()))
}

fn is_local(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).map(|v| v.to_str().unwrap_or("?"));
    let host = text(header::HOST).is_none_or(is_loopback_authority);
    let origin = text(header::ORIGIN).is_none_or(|o| {
        o.split_once("://")
            .is_some_and(|(_, authority)| is_loopback_authority(authority))
    });
    host && origin
}

/// `localhost`, `127.0.0.1:9094`, `[::1]:9094` …
fn is_loopback_authority(authority: &str) -> bool {
    let bracketed = authority
        .strip_prefix('[')
        .and_then(|rest| rest.split_once(']'));
    let host = match bracketed {
        Some((inside, _)) => inside,
        None => authority
            .rsplit_once(':')
            .map_or(authority, |(host, _)| host),
    };
    host.eq_ignore_ascii_case("localhost")
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn with(pairs: &[(header::HeaderName, &'static str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in pairs {
            map.append(name, HeaderValue::from_static(value));
        }
        map
    }

    #[test]
    fn only_the_whole_token_opens() {
        let token = Secret::new("s3cret-token");
        let opens = |values: &[&'static str]| {
            let pairs: Vec<_> = values.iter().map(|v| (header::AUTHORIZATION, *v)).collect();
            authorized(&with(&pairs), &token)
        };
        assert!(opens(&["Bearer s3cret-token"]));
        assert!(opens(&["bearer s3cret-token "]));
        for wrong in [
            "",
            "Bearer",
            "Bearer ",
            "Bearer s3cret-toke",
            "Bearer s3cret-token2",
            "Basic s3cret-token",
            "s3cret-token",
        ] {
            assert!(!opens(&[wrong]), "{wrong}");
        }
        assert!(!opens(&[]));
        assert!(!opens(&["Bearer s3cret-token", "Bearer s3cret-token"]));
        let none = with(&[(header::AUTHORIZATION, "Bearer ")]);
        assert!(!authorized(&none, &Secret::new("")));
    }

    #[test]
    fn pages_of_other_hosts_are_not_local() {
        assert!(is_local(&with(&[])));
        for good in ["localhost", "127.0.0.1:9094", "[::1]:9094", "LOCALHOST:1"] {
            assert!(is_local(&with(&[(header::HOST, good)])), "{good}");
        }
        for bad in ["evil.example", "127.0.0.1.evil.example:80", "10.0.0.1", ""] {
            assert!(!is_local(&with(&[(header::HOST, bad)])), "{bad}");
        }
        let foreign = [
            (header::HOST, "127.0.0.1:9094"),
            (header::ORIGIN, "https://evil.example"),
        ];
        assert!(!is_local(&with(&foreign)));
    }
}
