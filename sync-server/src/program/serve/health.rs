//! How the relay does.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::Hub;

/// 200 while what is pushed can be kept, else 503 with the reason.
pub(super) async fn healthz(State(hub): State<Arc<Hub>>) -> Response {
    match hub.writer.failing() {
        None => "ok\n".into_response(),
        Some(reason) => (StatusCode::SERVICE_UNAVAILABLE, reason + "\n").into_response(),
    }
}

/// The counters in Prometheus' text format.
pub(super) async fn metrics(State(hub): State<Arc<Hub>>, headers: HeaderMap) -> Response {
    let token = hub.settings.metrics_token.as_deref();
    // Where somebody comes from says nothing: behind a proxy everyone comes from loopback.
    if !token.is_some_and(|token| bears(&headers, token)) {
        return StatusCode::NOT_FOUND.into_response();
    }
    hub.metrics.render().into_response()
}

/// Whether the request bears the token; compared in the same time wherever it differs.
fn bears(headers: &HeaderMap, token: &str) -> bool {
    let value = headers.get(header::AUTHORIZATION);
    let value = value.and_then(|value| value.to_str().ok());
    let Some(offered) = value.and_then(|value| value.strip_prefix("Bearer ")) else {
        return false;
    };
    let mac = |text: &str| {
        let mut mac = Hmac::<Sha256>::new(&[0; 64].into());
        mac.update(text.as_bytes());
        mac
    };
    let expected = mac(token).finalize().into_bytes();
    mac(offered).verify(&expected).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_token_itself_is_borne() {
        let with = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::AUTHORIZATION, value.parse().unwrap());
            bears(&headers, "secret")
        };
        assert!(with("Bearer secret"));
        assert!(!with("Bearer secre"));
        assert!(!with("Bearer secrett"));
        assert!(!with("secret"));
        assert!(!bears(&HeaderMap::new(), "secret"));
    }
}
