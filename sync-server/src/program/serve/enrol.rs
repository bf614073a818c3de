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
use serde::Serialize;
use sync_server::relay::{EnrolError, Enrolled, EnrolmentRequest};

use super::network::Network;
use super::{Hub, limits};

const HOUR: Duration = Duration::from_secs(3_600);

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
    Json(request): Json<EnrolmentRequest>,
) -> Response {
    // Counted before the answer is known: a thousand tries at once are a thousand tries.
    let Some(reserved) = hub.tries.reserve(peer.ip(), Instant::now()) else {
        let text = "too many wrong codes from this address: try again in an hour";
        return refused(StatusCode::TOO_MANY_REQUESTS, text);
    };
    let Some(public_key) = request.enrolment().map(|it| it.public_key) else {
        return refused(StatusCode::BAD_REQUEST, "public_key is not 64 hex digits");
    };
    let enrolling = hub
        .writer
        .enrol(request.code, public_key, request.device_name);
    match enrolling.await {
        Some(Ok(enrolled)) => {
            tracing::info!(device = enrolled.device.0, "a device was enrolled");
            hub.tries.give_back(reserved);
            Json(answer(enrolled)).into_response()
        }
        Some(Err(error)) => {
            if matches!(error, EnrolError::Relay(_)) {
                hub.tries.give_back(reserved);
            }
            explained(&error)
        }
        None => refused(
            StatusCode::SERVICE_UNAVAILABLE,
            "the relay is stopping: try again",
        ),
    }
}

fn explained(error: &EnrolError) -> Response {
    let text = error.to_string();
    match error {
        EnrolError::WrongCode | EnrolError::NoStaff(_) => refused(StatusCode::FORBIDDEN, &text),
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

/// Tries that did not enrol a device, by network; right codes are not counted, for a showroom is
/// one address.
#[derive(Default)]
pub(super) struct Tries(Mutex<BTreeMap<Network, Failed>>);

struct Failed {
    since: Instant,
    times: u32,
}

/// A try that counts unless it is given back.
struct Reserved(Network);

impl Tries {
    /// Counts a try, if there is one left for the network and for all of them together.
    fn reserve(&self, address: IpAddr, now: Instant) -> Option<Reserved> {
        let network = Network::of(address);
        let mut tries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tries.retain(|_, failed| now.duration_since(failed.since) < HOUR);
        let all: u32 = tries.values().map(|failed| failed.times).sum();
        if all >= limits::WRONG_CODES_OF_ALL_PER_HOUR {
            return None;
        }
        let failed = tries.entry(network).or_insert(Failed {
            since: now,
            times: 0,
        });
        if failed.times >= limits::WRONG_CODES_PER_HOUR {
            return None;
        }
        failed.times = failed.times.saturating_add(1);
        Some(Reserved(network))
    }

    /// The try was not a wrong code.
    fn give_back(&self, Reserved(network): Reserved) {
        let mut tries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(failed) = tries.get_mut(&network) {
            failed.times = failed.times.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_tries_twenty_wrong_codes_in_an_hour_however_many_at_once() {
        let tries = Tries::default();
        let (here, there) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]));
        let start = Instant::now();
        for _ in 0..limits::WRONG_CODES_PER_HOUR {
            assert!(tries.reserve(here, start).is_some());
        }
        assert!(tries.reserve(here, start).is_none());
        assert!(tries.reserve(there, start).is_some());
        assert!(tries.reserve(here, start + HOUR).is_some());
    }

    #[test]
    fn right_codes_are_not_counted() {
        let tries = Tries::default();
        let here = IpAddr::from([10, 0, 0, 1]);
        let start = Instant::now();
        for _ in 0..5 * limits::WRONG_CODES_PER_HOUR {
            let reserved = tries.reserve(here, start).unwrap();
            tries.give_back(reserved);
        }
    }

    #[test]
    fn all_addresses_of_one_network_count_as_one() {
        let tries = Tries::default();
        let start = Instant::now();
        let address = |last: u16| IpAddr::from([0x2001, 0xdb8, 0, 7, 0, 0, 0, last]);
        let tried = (0..100).filter(|last| tries.reserve(address(*last), start).is_some());
        assert_eq!(tried.count(), limits::WRONG_CODES_PER_HOUR as usize);
        let neighbour = IpAddr::from([0x2001, 0xdb8, 0, 8, 0, 0, 0, 1]);
        assert!(tries.reserve(neighbour, start).is_some());
    }

    #[test]
    fn all_networks_together_try_so_often_too() {
        let tries = Tries::default();
        let start = Instant::now();
        let address = |number: u32| IpAddr::V4(number.into());
        let tried = (0..2 * limits::WRONG_CODES_OF_ALL_PER_HOUR)
            .filter(|number| tries.reserve(address(*number), start).is_some());
        assert_eq!(tried.count(), limits::WRONG_CODES_OF_ALL_PER_HOUR as usize);
    }
}
