//! How a device answers a challenge, and what it makes of the welcome.

use std::collections::BTreeSet;

use super::fetching::Fetching;
use super::{ClientConfig, Live, Outbound, Reading, Welcomed};
use crate::clock::Timestamp;
use crate::close::{CloseReason, Violation};
use crate::cursor::{Cursor, Seq};
use crate::message::{
    Challenge, Greeting, Hello, Resume, Versions, Welcome, spaces_digest, unpack_spaces,
};
use crate::segment::SegmentHash;
use crate::text::{SpaceName, truncated};
use crate::window::{ReceiveWindow, SendWindow};
use crate::{SEGMENTS_SINCE, kinded, limits, proof};

/// What the hello asked for, to compare the welcome with.
pub(super) struct Asked {
    versions: Versions,
    cursor: Option<Cursor>,
    spaces: Vec<SpaceName>,
    segments: BTreeSet<SegmentHash>,
    takes_segments: bool,
    window: ReceiveWindow,
}

/// Answers a challenge.
pub(super) fn answer(
    config: &mut ClientConfig,
    clock: Timestamp,
    challenge: &Challenge,
) -> Result<(Hello, Asked), CloseReason> {
    let (ours, theirs) = (config.versions, challenge.versions);
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
            versions: ours,
            cursor: config.cursor,
            spaces,
            segments: std::mem::take(&mut config.segments),
            takes_segments: config.takes_segments,
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
    if !asked.versions.contains(version) {
        return Err(Violation::VersionNotOffered { version }.into());
    }
    if resume == Resume::Fetch && version < SEGMENTS_SINCE {
        return Err(Violation::FetchNotOffered { version }.into());
    }
    let goes_on = asked.cursor.filter(|_| resume != Resume::Restart);
    match goes_on {
        Some(cursor) if cursor.epoch != epoch => {
            return Err(Violation::WrongEpoch { found: epoch }.into());
        }
        Some(cursor) if cursor.seq > head => {
            return Err(Violation::CursorAhead {
                head,
                cursor: cursor.seq,
            }
            .into());
        }
        _ => {}
    }
    let spaces = match spaces {
        Some(packed) => unpack_spaces(packed)?,
        None if asked.spaces.is_empty() => return Err(Violation::NoSpaces.into()),
        None => asked.spaces.clone(),
    };
    let mut lacking = BTreeSet::new();
    let reading = match resume {
        Resume::Tail | Resume::Restart => {
            let position = goes_on.map_or(Seq::default(), |cursor| cursor.seq);
            Reading::from(epoch, position, asked.window)
        }
        Resume::Fetch if goes_on.is_some() || asked.takes_segments => {
            // Of a replica without a cursor nothing is whole.
            let is_whole = |space: &SpaceName| goes_on.is_some() && asked.spaces.contains(space);
            lacking.extend(spaces.iter().filter(|space| !is_whole(space)).cloned());
            let segments = std::mem::take(&mut asked.segments);
            let fetching = Fetching::new(epoch, lacking.clone(), goes_on, segments);
            Reading::Fetches(Box::new(fetching), asked.window)
        }
        // The relay waits to be told; the host learns that the log begins again.
        Resume::Fetch => Reading::Waits(epoch, asked.window),
    };
    let resume = match &reading {
        Reading::Waits(..) => Resume::Restart,
        _ => resume,
    };
    let live = Live {
        version,
        reading,
        outbound: Outbound::new(SendWindow::announced(window)?),
    };
    let relay_clock = clock;
    let lacking = lacking.into_iter().collect();
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
            lacking,
        },
    ))
}
