//! How a device answers a challenge, and what it makes of the welcome.

use super::{ClientConfig, Inbound, Live, Outbound, Welcomed};
use crate::clock::Timestamp;
use crate::close::{CloseReason, Violation};
use crate::cursor::{Cursor, Seq};
use crate::message::{
    Challenge, Greeting, Hello, Resume, Versions, Welcome, spaces_digest, unpack_spaces,
};
use crate::text::{SpaceName, truncated};
use crate::window::{ReceiveWindow, SendWindow};
use crate::{kinded, limits, proof};

/// What the hello asked for, to compare the welcome with.
pub(super) struct Asked {
    cursor: Option<Cursor>,
    spaces: Vec<SpaceName>,
    window: ReceiveWindow,
}

/// Answers a challenge.
pub(super) fn answer(
    config: &mut ClientConfig,
    clock: Timestamp,
    challenge: &Challenge,
) -> Result<(Hello, Asked), CloseReason> {
    let (ours, theirs) = (Versions::SPOKEN, challenge.versions);
    if ours.common(theirs).is_none() {
        return Err(CloseReason::NoCommonVersion { ours, theirs });
    }
    let found = &challenge.server_name;
    if let Some(expected) = config.server_name.take_if(|expected| expected != found) {
        return Err(CloseReason::WrongServer {
            expected,
            found: found.clone(),
        });
    }
    let window = ReceiveWindow::announcing(config.window);
    let spaces = std::mem::take(&mut config.spaces);
    let greeting = kinded::encode(&Greeting {
        versions: ours,
        device: config.device,
        build: truncated(&config.build, limits::BUILD).to_owned(),
        shapes: config.shapes,
        clock,
        window: window.window(),
        outbox: config.outbox,
        cursor: config.cursor,
        spaces: (!spaces.is_empty()).then(|| spaces_digest(&spaces)),
    });
    let signed = proof::signed_bytes(&challenge.nonce, config.device, found, &greeting);
    let signature = proof::sign(&config.signing_key, &signed);
    Ok((
        Hello {
            greeting,
            signature,
        },
        Asked {
            cursor: config.cursor,
            spaces,
            window,
        },
    ))
}

/// Begins what a welcome allows.
pub(super) fn admit(asked: &mut Asked, welcome: &Welcome) -> Result<(Live, Welcomed), CloseReason> {
    let Welcome {
        version,
        epoch,
        head,
        clock,
        resume,
        window,
        upgrade,
        ref spaces,
    } = *welcome;
    if !(Versions::SPOKEN.oldest..=Versions::SPOKEN.newest).contains(&version) {
        return Err(Violation::VersionNotOffered { version }.into());
    }
    let position = match (resume, asked.cursor) {
        (Resume::Restart, _) | (Resume::Tail, None) => Seq::default(),
        (Resume::Tail, Some(cursor)) if cursor.epoch != epoch => {
            return Err(Violation::WrongEpoch { found: epoch }.into());
        }
        (Resume::Tail, Some(cursor)) if cursor.seq > head => {
            return Err(Violation::CursorAhead {
                head,
                cursor: cursor.seq,
            }
            .into());
        }
        (Resume::Tail, Some(cursor)) => cursor.seq,
    };
    let spaces = match spaces {
        Some(packed) => unpack_spaces(packed)?,
        None if asked.spaces.is_empty() => return Err(Violation::NoSpaces.into()),
        None => std::mem::take(&mut asked.spaces),
    };
    let live = Live {
        version,
        inbound: Inbound::new(epoch, position, asked.window),
        outbound: Outbound::new(SendWindow::announced(window)?),
    };
    let relay_clock = clock;
    Ok((
        live,
        Welcomed {
            version,
            epoch,
            head,
            relay_clock,
            resume,
            upgrade,
            spaces,
        },
    ))
}
