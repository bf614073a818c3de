//! Enrolment: a code from an administrator becomes a device with a key of its own.

use dealership::id::{DeviceNumber, GroupId, StaffId};
use ed25519_dalek::SigningKey;
use serde::{Deserialize, Serialize};

use crate::entropy::{Entropy, draw};
use crate::identity::Identity;
use crate::native::server::{BadServer, Server};

/// What a device asks.
#[derive(Debug, Serialize)]
struct Request<'r> {
    code: &'r str,
    public_key: String,
    device_name: &'r str,
}

/// What the relay answers.
#[derive(Deserialize)]
struct Answer {
    group: GroupId,
    device: DeviceNumber,
    staff: StaffId,
    staff_name: String,
    server_name: String,
    phone_key: String,
}

/// What the relay answers when it says no.
#[derive(Deserialize)]
struct Refused {
    error: String,
}

/// Why a device was not enrolled.
#[derive(Debug, thiserror::Error)]
pub enum EnrolError {
    /// The address cannot be used.
    #[error(transparent)]
    Server(#[from] BadServer),
    /// The relay cannot be reached.
    #[error("the relay at {server} cannot be reached")]
    Transport {
        /// Where it should be.
        server: String,
        /// What the socket says.
        #[source]
        source: Box<ureq::Error>,
    },
    /// The relay says no: the code is wrong, used, or too old.
    #[error("the relay does not enrol this device: {reason}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// What it says.
        reason: String,
    },
    /// The relay answers something else.
    #[error("the relay's answer cannot be read: {0}")]
    Unreadable(String),
}

/// Enrols a device under a code that an administrator made.
///
/// The key is drawn here and its secret half never leaves the device. Waits for the network: call
/// it where blocking is allowed.
///
/// # Errors
///
/// [`EnrolError`]; the code may be used up when the answer was lost.
pub fn enrol(
    address: &str,
    certificates: Option<&str>,
    code: &str,
    device_name: &str,
    entropy: &mut dyn Entropy,
) -> Result<Identity, EnrolError> {
    let server = Server::new(address, certificates)?;
    let key = SigningKey::from_bytes(&draw(entropy));
    let request = Request {
        code,
        public_key: hex::encode(key.verifying_key().as_bytes()),
        device_name,
    };
    let transport = |source| EnrolError::Transport {
        server: server.address(),
        source: Box::new(source),
    };
    let mut response = server
        .agent()
        .post(server.enrol_url())
        .send_json(&request)
        .map_err(transport)?;
    let status = response.status();
    let body = response.body_mut().read_to_string().map_err(transport)?;
    if !status.is_success() {
        return Err(EnrolError::Refused {
            status: status.as_u16(),
            reason: match serde_json::from_str::<Refused>(&body) {
                Ok(refused) => refused.error,
                Err(_) => status.to_string(),
            },
        });
    }
    let unreadable = |problem: String| EnrolError::Unreadable(problem);
    let answer: Answer =
        serde_json::from_str(&body).map_err(|error| unreadable(error.to_string()))?;
    let mut phone_key = [0; 32];
    hex::decode_to_slice(&answer.phone_key, &mut phone_key)
        .map_err(|error| unreadable(format!("phone_key: {error}")))?;
    Ok(Identity {
        group: answer.group,
        device: answer.device,
        device_name: device_name.to_owned(),
        signing_key: key.to_bytes(),
        staff: answer.staff,
        staff_name: answer.staff_name,
        phone_key,
        server: server.address(),
        server_name: answer.server_name,
        certificates: certificates.map(str::to_owned),
    })
}
