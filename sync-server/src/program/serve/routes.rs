//! The whole HTTP surface.

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use tokio::time::timeout;

use super::{Hub, enrol, health, limits, segments, sync};

/// | route | for |
/// |---|---|
/// | `GET /healthz` | whether the relay can keep what is pushed |
/// | `GET /metrics` | counters, with the token |
/// | `POST /enrol` | a device with a code |
/// | `GET /sync` | the WebSocket of `docs/protocol.md` |
/// | `GET /segments/{hash}` | a piece of what a new device lacks, with its bearer |
pub(super) fn router(hub: Arc<Hub>) -> Router {
    Router::new()
        .route("/healthz", get(health::healthz))
        .route("/metrics", get(health::metrics))
        .route("/enrol", post(enrol::enrol))
        .route("/sync", get(sync::sync))
        .route("/segments/{hash}", get(segments::segment))
        .layer(DefaultBodyLimit::max(limits::BODY_BYTES))
        .layer(middleware::from_fn(in_time))
        .with_state(hub)
}

/// Gives up on a request whose body does not come; an upgrade is answered before its session.
async fn in_time(request: Request, next: Next) -> Response {
    match timeout(limits::REQUEST, next.run(request)).await {
        Ok(response) => response,
        Err(_) => StatusCode::REQUEST_TIMEOUT.into_response(),
    }
}
