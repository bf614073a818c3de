//! `POST /enrol`: a code and a public key become a device.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::{ConnectInfo, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use dealership::{DeviceNumber, GroupId, StaffId};
use serde::{Deserialize, Serialize};
use sync_server::relay::{EnrolError, Enrolled};

use super::{Hub, limits};

const HOUR: Duration = Duration::from_secs(3_600);

/// What a device asks.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Request {
    code: String,
    /// 64 hex digits.
    public_key: String,
    device_name: String,
}

/// What it gets.
#[derive(Serialize)]
struct Answer {
    group: GroupId,
    device: DeviceNumber,
    staff: StaffId,
    staff_name: String,
    server_name: String,
    /// 64 hex digits.
    phone_key: String,
}

/// Why not.
#[derive(Serialize)]
struct Refused {
    error: String,
}

/// Enrols a device.
pub(super) async fn enrol(
    State(hub): State<Arc<Hub>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Json(request): Json<Request>,
) -> Response {
    let address = peer.ip();
    if !hub.tries.may_try(address, Instant::now()) {
        let text = "too many wrong codes from this address: try again in an hour";
        return refused(StatusCode::TOO_MANY_REQUESTS, text);
    }
    let mut public_key = [0; 32];
    if hex::decode_to_slice(&request.public_key, &mut public_key).is_err() {
        return refused(StatusCode::BAD_REQUEST, "public_key is not 64 hex digits");
    }
    let enrolling = hub
        .writer
        .enrol(request.code, public_key, request.device_name);
    match enrolling.await {
        Some(Ok(enrolled)) => {
            tracing::info!(device = enrolled.device.0, "a device was enrolled");
            Json(answer(enrolled)).into_response()
        }
        Some(Err(error)) => explained(&hub, address, &error),
        None => refused(
            StatusCode::SERVICE_UNAVAILABLE,
            "the relay is stopping: try again",
        ),
    }
}

fn explained(hub: &Hub, address: IpAddr, error: &EnrolError) -> Response {
    let text = error.to_string();
    match error {
        EnrolError::WrongCode => {
            hub.tries.was_wrong(address, Instant::now());
            refused(StatusCode::FORBIDDEN, &text)
        }
        EnrolError::NoStaff(_) => refused(StatusCode::FORBIDDEN, &text),
        EnrolError::BadKey => refused(StatusCode::BAD_REQUEST, &text),
        EnrolError::Relay(error) => {
            tracing::error!(error = error as &dyn std::error::Error, "no enrolment");
            let text = "the relay cannot enrol devices now: try again later";
            refused(StatusCode::SERVICE_UNAVAILABLE, text)
        }
    }
}

fn answer(enrolled: Enrolled) -> Answer {
    Answer {
        group: enrolled.group,
        device: enrolled.device,
        staff: enrolled.staff,
        staff_name: enrolled.staff_name,
        server_name: enrolled.server_name,
        phone_key: hex::encode(enrolled.phone_key),
    }
}

fn refused(status: StatusCode, error: &str) -> Response {
    let error = error.to_owned();
    (status, Json(Refused { error })).into_response()
}

/// Wrong codes, by address; right ones are not counted, for a showroom is one address.
#[derive(Default)]
pub(super) struct Tries(Mutex<BTreeMap<IpAddr, Wrong>>);

struct Wrong {
    since: Instant,
    times: u32,
}

impl Tries {
    fn may_try(&self, address: IpAddr, now: Instant) -> bool {
        let tries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tries.get(&address).is_none_or(|wrong| {
            wrong.times < limits::WRONG_CODES_PER_HOUR || now.duration_since(wrong.since) >= HOUR
        })
    }

    fn was_wrong(&self, address: IpAddr, now: Instant) {
        let mut tries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if tries.len() >= limits::ADDRESSES {
            tries.retain(|_, wrong| now.duration_since(wrong.since) < HOUR);
        }
        let fresh = Wrong {
            since: now,
            times: 0,
        };
        let wrong = tries.entry(address).or_insert(fresh);
        if now.duration_since(wrong.since) >= HOUR {
            *wrong = Wrong {
                since: now,
                times: 0,
            };
        }
        wrong.times = wrong.times.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_tries_twenty_wrong_codes_in_an_hour() {
        let tries = Tries::default();
        let (here, there) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]));
        let start = Instant::now();
        for _ in 0..limits::WRONG_CODES_PER_HOUR {
            assert!(tries.may_try(here, start));
            tries.was_wrong(here, start);
        }
        assert!(!tries.may_try(here, start));
        assert!(tries.may_try(there, start));
        assert!(tries.may_try(here, start + HOUR));
    }
}
