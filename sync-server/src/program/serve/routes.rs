//! The whole HTTP surface.

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};

use super::{Hub, enrol, health, limits, sync};

/// | route | for |
/// |---|---|
/// | `GET /healthz` | whether the relay can keep what is pushed |
/// | `GET /metrics` | counters, for loopback or with the token |
/// | `POST /enrol` | a device with a code |
/// | `GET /sync` | the WebSocket of `docs/protocol.md` |
pub(super) fn router(hub: Arc<Hub>) -> Router {
    Router::new()
        .route("/healthz", get(health::healthz))
        .route("/metrics", get(health::metrics))
        .route("/enrol", post(enrol::enrol))
        .route("/sync", get(sync::sync))
        .layer(DefaultBodyLimit::max(limits::BODY_BYTES))
        .with_state(hub)
}
