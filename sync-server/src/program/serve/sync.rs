//! `GET /sync`: the way into a session.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{State, WebSocketUpgrade};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use super::connections::Permit;
use super::{Hub, limits, session};

/// The subprotocol that both ends name.
const SUBPROTOCOL: &str = "forecourt.1";

/// Upgrades to a WebSocket and runs its session.
pub(super) async fn sync(
    State(hub): State<Arc<Hub>>,
    Extension(permit): Extension<Arc<Permit>>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    if !is_allowed_origin(&headers, hub.settings.allow_origin.as_deref()) {
        return (StatusCode::FORBIDDEN, "this origin may not connect\n").into_response();
    }
    let upgrade = upgrade.protocols([SUBPROTOCOL]);
    if upgrade.selected_protocol().is_none() {
        let text = "the subprotocol forecourt.1 is needed\n";
        return (StatusCode::BAD_REQUEST, text).into_response();
    }
    let tasks = hub.tasks.clone();
    upgrade
        .max_message_size(limits::FRAME_BYTES)
        .max_frame_size(limits::FRAME_BYTES)
        .read_buffer_size(limits::READ_BUFFER_BYTES)
        .write_buffer_size(0)
        .max_write_buffer_size(limits::WRITE_BUFFER_BYTES)
        .on_failed_upgrade(|error| tracing::debug!(%error, "an upgrade failed"))
        .on_upgrade(move |socket| {
            tasks.track_future(async move {
                session::run(hub, socket, permit).await;
            })
        })
}

/// Whether a page of this origin may connect: the relay's own pages, or those of the setting.
///
/// What is no browser sends no origin and may: it proves itself by its key, not by a cookie.
fn is_allowed_origin(headers: &HeaderMap, allowed: Option<&str>) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else {
        return true;
    };
    let Ok(origin) = origin.to_str() else {
        return false;
    };
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let origins_host = origin.split_once("://").map(|(_, host)| host);
    Some(origin) == allowed || (host.is_some() && origins_host == host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_the_relay_itself_and_of_the_setting_may_connect() {
        let with = |origin: Option<&str>, allowed| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, "relay.example:8443".parse().unwrap());
            if let Some(origin) = origin {
                headers.insert(header::ORIGIN, origin.parse().unwrap());
            }
            is_allowed_origin(&headers, allowed)
        };
        assert!(with(None, None));
        assert!(with(Some("https://relay.example:8443"), None));
        assert!(!with(Some("https://relay.example"), None));
        assert!(!with(Some("https://evil.example"), None));
        assert!(!with(Some("null"), None));
        assert!(with(
            Some("https://app.example"),
            Some("https://app.example")
        ));
        assert!(!with(
            Some("https://evil.example"),
            Some("https://app.example")
        ));
    }

    #[test]
    fn what_may_wait_to_be_written_is_more_than_what_is_written_at_once() {
        // Otherwise the WebSocket panics when it is upgraded.
        const { assert!(limits::WRITE_BUFFER_BYTES > limits::FRAME_BYTES) };
    }
}
