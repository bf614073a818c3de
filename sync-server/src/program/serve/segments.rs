//! Segments: what a device is offered, and `GET /segments/{hash}`.

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::Result;
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::header::{
    ACCEPT_RANGES, AUTHORIZATION, CACHE_CONTROL, CONTENT_RANGE, CONTENT_TYPE, RANGE,
};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use dealership::{DeviceNumber, Seq, Space};
use sync_protocol::{Offer, SegmentHash};
use sync_server::relay::Fetched;

use super::Hub;
use super::connections::Permit;
use crate::clock;

/// Works out what a device that wants these spaces is offered; packs first what is not, or not any
/// more. `None` where the device must read the log.
pub(super) async fn offer(
    hub: &Hub,
    device: DeviceNumber,
    spaces: BTreeSet<Space>,
    after: Seq,
) -> Result<Option<Offer>> {
    let spaces = Arc::new(spaces);
    let packing = hub.packing.lock().await;
    let asked = Arc::clone(&spaces);
    let to_pack = hub
        .readers
        .ask(move |desk| desk.spaces_to_pack(&asked, after));
    for space in to_pack.await? {
        let started = std::time::Instant::now();
        let Some(built) = hub.readers.ask(move |desk| desk.pack(space)).await? else {
            tracing::warn!(%space, "a space holds what fits no segment");
            return Ok(None);
        };
        hub.writer.keep_segments(built).await;
        metrics::histogram!("forecourt_packing_seconds").record(started.elapsed().as_secs_f64());
    }
    drop(packing);
    let now = clock::now();
    let offer = hub
        .readers
        .ask(move |desk| desk.offer(now, device, &spaces));
    offer.await
}

/// Gives a segment, or the rest of one.
pub(super) async fn segment(
    State(hub): State<Arc<Hub>>,
    Extension(permit): Extension<Arc<Permit>>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Response {
    let bearer = headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    let Some(bearer) = bearer.map(str::to_owned) else {
        return StatusCode::UNAUTHORIZED.into_response();
    };
    let mut hash = [0; 32];
    if hex::decode_to_slice(&name, &mut hash).is_err() {
        return StatusCode::NOT_FOUND.into_response();
    }
    let now = clock::now();
    let fetched = hub
        .readers
        .ask(move |desk| desk.fetch(now, &bearer, &SegmentHash(hash)))
        .await;
    if let Ok(Fetched::Segment(_) | Fetched::NotFound) = fetched {
        permit.prove();
    }
    match fetched {
        Ok(Fetched::Segment(bytes)) => {
            metrics::counter!("forecourt_segments_total").increment(1);
            answer(
                bytes,
                headers.get(RANGE).and_then(|range| range.to_str().ok()),
            )
        }
        Ok(Fetched::NotFound) => StatusCode::NOT_FOUND.into_response(),
        Ok(Fetched::NotLet) => StatusCode::UNAUTHORIZED.into_response(),
        Err(error) => {
            tracing::error!(error = format!("{error:#}"), "a segment was not read");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// The bytes that a range asks for; all of them for what is no range of ours.
fn answer(mut bytes: Vec<u8>, range: Option<&str>) -> Response {
    let whole = bytes.len();
    let headers = [
        (CONTENT_TYPE, "application/octet-stream"),
        (ACCEPT_RANGES, "bytes"),
        // Of this device only, and never another content under the same name.
        (CACHE_CONTROL, "private, max-age=900, immutable"),
    ];
    match range.and_then(first_byte) {
        None => (headers, bytes).into_response(),
        Some(from) if from < whole => {
            let rest = bytes.split_off(from);
            let last = whole.saturating_sub(1);
            let range = [(CONTENT_RANGE, format!("bytes {from}-{last}/{whole}"))];
            (StatusCode::PARTIAL_CONTENT, headers, range, rest).into_response()
        }
        Some(_) => {
            let range = [(CONTENT_RANGE, format!("bytes */{whole}"))];
            (StatusCode::RANGE_NOT_SATISFIABLE, range).into_response()
        }
    }
}

/// Where an open range begins, `bytes=1000-`: the one that goes on with a download.
fn first_byte(range: &str) -> Option<usize> {
    let from = range.strip_prefix("bytes=")?.strip_suffix('-')?;
    from.parse().ok()
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;

    use super::*;

    async fn asked(range: Option<&str>) -> (StatusCode, Option<String>, Vec<u8>) {
        let response = answer(vec![1, 2, 3, 4, 5], range);
        let status = response.status();
        let range = response.headers().get(CONTENT_RANGE);
        let range = range.map(|range| range.to_str().unwrap().to_owned());
        let body = to_bytes(response.into_body(), 100).await.unwrap();
        (status, range, body.to_vec())
    }

    #[tokio::test]
    async fn a_download_goes_on_at_any_byte() {
        let whole = (StatusCode::OK, None, vec![1, 2, 3, 4, 5]);
        assert_eq!(asked(None).await, whole);
        let range = Some("bytes 3-4/5".to_owned());
        let rest = (StatusCode::PARTIAL_CONTENT, range, vec![4, 5]);
        assert_eq!(asked(Some("bytes=3-")).await, rest);
        for other in [
            "bytes=1-2",
            "bytes=-2",
            "lines=1-",
            "bytes=x-",
            "bytes=0-1,3-4",
        ] {
            assert_eq!(asked(Some(other)).await, whole, "{other}");
        }
    }

    #[tokio::test]
    async fn there_is_nothing_behind_the_last_byte() {
        for from in ["bytes=5-", "bytes=999-"] {
            let range = Some("bytes */5".to_owned());
            let nothing = (StatusCode::RANGE_NOT_SATISFIABLE, range, Vec::new());
            assert_eq!(asked(Some(from)).await, nothing);
        }
    }
}
