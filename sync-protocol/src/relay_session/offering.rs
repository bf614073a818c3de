//! Lists of segments on their way to a device that lacks spaces.

use std::collections::VecDeque;

use super::{Offer, RelayEffect};
use crate::close::{CloseReason, HostFault, Violation};
use crate::cursor::Seq;
use crate::limits;
use crate::message::{Manifest, Want};

/// What a relay does for a device that is to say where it follows the log from.
pub(super) struct Offering {
    /// How far the device has read.
    after: Seq,
    is_asking: bool,
}

impl Offering {
    /// For a device that has read so far.
    pub(super) const fn new(after: Seq) -> Self {
        Self {
            after,
            is_asking: false,
        }
    }

    /// Takes in a wish; one at a time.
    pub(super) fn want(
        &mut self,
        want: &Want,
        effects: &mut VecDeque<RelayEffect>,
    ) -> Result<(), CloseReason> {
        if std::mem::replace(&mut self.is_asking, true) {
            return Err(Violation::ManifestNotWanted.into());
        }
        let (spaces, after) = (want.names()?, self.after);
        effects.push_back(RelayEffect::Offer { spaces, after });
        Ok(())
    }

    /// The manifests that tell a device what the host offers.
    pub(super) fn offered(&mut self, offer: Option<Offer>) -> Result<Vec<Manifest>, HostFault> {
        if !std::mem::take(&mut self.is_asking) {
            let answer = "a list of segments";
            return Err(HostFault::Unasked { answer });
        }
        let Some(offer) = offer else {
            return Ok(vec![Manifest {
                cursor: None,
                bearer: String::new(),
                segments: Vec::new(),
                is_last: true,
            }]);
        };
        let Offer {
            cursor,
            bearer,
            mut segments,
        } = offer;
        let mut manifests = Vec::new();
        loop {
            let rest = segments.split_off(segments.len().min(limits::SEGMENTS_PER_MANIFEST));
            let is_last = rest.is_empty();
            manifests.push(Manifest {
                cursor: Some(cursor),
                bearer: bearer.clone(),
                segments: std::mem::replace(&mut segments, rest),
                is_last,
            });
            if is_last {
                return Ok(manifests);
            }
        }
    }
}
