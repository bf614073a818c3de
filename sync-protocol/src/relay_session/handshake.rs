//! What a relay makes of a hello, of the key it is checked with, and of an admission.

use ed25519_dalek::VerifyingKey;

use super::Admission;
use crate::close::{CloseReason, HostFault};
use crate::cursor::{Cursor, Seq};
use crate::frame::{self, HANDSHAKE_VERSION};
use crate::id::SignatureBytes;
use crate::message::{
    Challenge, Greeting, Hello, RelayMessage, Resume, Welcome, pack_spaces, spaces_digest,
};
use crate::window::ReceiveWindow;
use crate::{SEGMENTS_SINCE, kinded, limits, proof};

const GREETING_PART: &str = "a greeting";

/// A hello on its way to being believed.
pub(super) struct Proof {
    pub(super) greeting: Greeting,
    pub(super) version: u8,
    pub(super) window: ReceiveWindow,
    signed: Vec<u8>,
    signature: SignatureBytes,
}

/// What a connection begins with.
pub(super) struct Beginning {
    /// The frame of the welcome.
    pub(super) welcome: Vec<u8>,
    /// Where the entries begin; `None` where the device is to say.
    pub(super) position: Option<Seq>,
}

impl Proof {
    /// Checks everything about a hello that needs no key.
    pub(super) fn of(
        challenge: &Challenge,
        window: ReceiveWindow,
        hello: &Hello,
    ) -> Result<Self, CloseReason> {
        let greeting: Greeting = kinded::decode_struct(GREETING_PART, &hello.greeting)?;
        let (ours, theirs) = (challenge.versions, greeting.versions);
        let version = ours
            .common(theirs)
            .ok_or(CloseReason::NoCommonVersion { ours, theirs })?;
        let Challenge {
            nonce, server_name, ..
        } = challenge;
        let signed = proof::signed_bytes(nonce, greeting.device, server_name, &hello.greeting);
        Ok(Self {
            greeting,
            version,
            window,
            signed,
            signature: hello.signature,
        })
    }

    /// Checks the signature with the key the device was enrolled with.
    pub(super) fn check(&self, public_key: &[u8; 32]) -> Result<(), CloseReason> {
        let key = VerifyingKey::from_bytes(public_key).map_err(|_| HostFault::BadPublicKey)?;
        if proof::is_proved(&key, &self.signed, &self.signature) {
            Ok(())
        } else {
            Err(CloseReason::Unproved)
        }
    }
}

/// The cursor that proves that the log has lost entries, if it does.
pub(super) fn rollback(greeting: &Greeting, head: Seq, admission: &Admission) -> Option<Cursor> {
    // Whatever spaces it speaks of.
    let ahead = ours(greeting, admission).filter(|cursor| cursor.seq > head);
    let of_a_lost_history = greeting
        .cursor
        .filter(|cursor| cursor.epoch == admission.epoch && admission.cursor_is_of_a_lost_history);
    ahead.or(of_a_lost_history)
}

/// Decides where the entries begin, and welcomes the device.
pub(super) fn welcome(
    greeting: &Greeting,
    version: u8,
    window: ReceiveWindow,
    head: Seq,
    admission: &Admission,
) -> Result<Beginning, HostFault> {
    let Admission {
        epoch,
        ref spaces,
        clock,
        upgrade,
        ..
    } = *admission;
    let knows_segments = version >= SEGMENTS_SINCE;
    let start = Seq::default();
    let (resume, position) = match (greeting.cursor, ours(greeting, admission)) {
        (None, _) if knows_segments => (Resume::Fetch, None),
        (None, _) => (Resume::Tail, Some(start)),
        (Some(_), Some(cursor)) if admission.has_same_spaces => (Resume::Tail, Some(cursor.seq)),
        (Some(_), Some(_)) if knows_segments => (Resume::Fetch, None),
        (Some(_), _) => (Resume::Restart, Some(start)),
    };
    let names = match greeting.spaces {
        Some(digest) if digest == spaces_digest(spaces) => None,
        _ => Some(pack_spaces(spaces)),
    };
    let window = window.window();
    let spaces_count = spaces.len();
    let welcome = RelayMessage::Welcome(Welcome {
        version,
        epoch,
        head,
        clock,
        resume,
        window,
        upgrade,
        spaces: names,
    });
    let welcome = frame::encode_relay(HANDSHAKE_VERSION, &welcome);
    if welcome.len() > limits::FRAME || spaces_count > limits::SPACES {
        return Err(HostFault::TooManySpaces {
            count: spaces_count,
        });
    }
    Ok(Beginning { welcome, position })
}

/// The device's cursor, if it is one that this log gave.
fn ours(greeting: &Greeting, admission: &Admission) -> Option<Cursor> {
    let is_ours =
        |cursor: &Cursor| cursor.epoch == admission.epoch && admission.cursor_tag_is_valid;
    greeting.cursor.filter(is_ours)
}
