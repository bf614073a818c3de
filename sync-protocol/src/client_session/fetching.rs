//! Spaces that the device lacks, and the segments of them on their way to it.
//!
//! ```text
//! welcome ─► want ─► manifest ─► fetch … store … ─► whole ─► follow ─► entries
//!              ▲                        │
//!              └── gone, no longer let ─┘
//! ```

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::effect::{ClientEffect, FetchProgress};
use super::input::FetchProblem;
use crate::close::{CloseReason, Violation};
use crate::cursor::{Cursor, Epoch, Seq};
use crate::limits;
use crate::message::{Manifest, Want};
use crate::segment::{SegmentError, SegmentHash, SegmentInfo};
use crate::text::SpaceName;

/// What a device that lacks spaces has, and what it waits for.
pub(super) struct Fetching {
    epoch: Epoch,
    /// The spaces that it lacks.
    lacking: BTreeSet<SpaceName>,
    /// Where the log will go on; the first manifest says, unless the device knows.
    cursor: Option<Cursor>,
    /// The segments that the replica holds.
    stored: BTreeSet<SegmentHash>,
    /// How many manifests of the present list have come; `None` when it is whole.
    listing: Option<usize>,
    /// The names in the present list.
    listed: BTreeSet<SegmentHash>,
    bearer: String,
    /// Still to be fetched, the most useful first.
    waiting: VecDeque<SegmentInfo>,
    fetching: BTreeMap<SegmentHash, SegmentInfo>,
    /// With the host, to be stored.
    storing: BTreeMap<SegmentHash, SegmentInfo>,
    failures: u32,
    progress: FetchProgress,
}

/// What a device does next.
pub(super) enum Next {
    /// It waits.
    Wait,
    /// It asks for the segments again.
    Want,
    /// It follows the log after a position.
    Follow(Seq),
}

impl Fetching {
    /// Begins with what the replica has.
    pub(super) fn new(
        epoch: Epoch,
        lacking: BTreeSet<SpaceName>,
        cursor: Option<Cursor>,
        stored: BTreeSet<SegmentHash>,
    ) -> Self {
        Self {
            epoch,
            lacking,
            cursor,
            stored,
            listing: Some(0),
            listed: BTreeSet::new(),
            bearer: String::new(),
            waiting: VecDeque::new(),
            fetching: BTreeMap::new(),
            storing: BTreeMap::new(),
            failures: 0,
            progress: FetchProgress::default(),
        }
    }

    /// The epoch of the relay's log.
    pub(super) const fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// Where the device has read to.
    pub(super) fn position(&self) -> Seq {
        self.cursor.map_or(Seq::default(), |cursor| cursor.seq)
    }

    /// What asks for the spaces that are lacking.
    pub(super) fn want(&self) -> Want {
        let lacking: Vec<SpaceName> = self.lacking.iter().cloned().collect();
        Want::of(&lacking)
    }

    /// Takes in a list of segments, or a part of one.
    pub(super) fn list(
        &mut self,
        manifest: Manifest,
        effects: &mut VecDeque<ClientEffect>,
    ) -> Result<Next, CloseReason> {
        let parts = self.listing.ok_or(Violation::ManifestNotWanted)?;
        let Some(cursor) = manifest.cursor else {
            return Ok(read_from_start(effects));
        };
        if parts >= limits::MANIFESTS {
            return Err(Violation::ManifestNotWanted.into());
        }
        self.go_on_from(cursor)?;
        self.bearer = manifest.bearer;
        for segment in manifest.segments {
            let is_wanted = segment.is_within_limits() && self.lacking.contains(&segment.space);
            if !is_wanted || !self.listed.insert(segment.hash) {
                return Err(Violation::ManifestNotWanted.into());
            }
            self.waiting.push_back(segment);
        }
        self.listing = Some(parts.saturating_add(1));
        if !manifest.is_last {
            return Ok(Next::Wait);
        }
        self.listing = None;
        self.count();
        let (stored, storing) = (&self.stored, &self.storing);
        let is_here = |hash: &SegmentHash| stored.contains(hash) || storing.contains_key(hash);
        self.waiting.retain(|segment| !is_here(&segment.hash));
        effects.push_back(ClientEffect::Fetching(self.progress));
        Ok(self.go_on(effects))
    }

    /// Takes in what a fetch brought.
    pub(super) fn fetched(
        &mut self,
        hash: SegmentHash,
        fetched: Result<Vec<u8>, FetchProblem>,
        effects: &mut VecDeque<ClientEffect>,
    ) -> Result<Next, CloseReason> {
        // Of a list that holds no more.
        let Some(segment) = self.fetching.remove(&hash) else {
            return Ok(Next::Wait);
        };
        let opened = fetched.map(|bytes| segment.open(&bytes));
        let problem = match opened {
            Ok(Ok(saves)) => {
                let Some(cursor) = self.cursor else {
                    return Err(Violation::ManifestNotWanted.into());
                };
                self.storing.insert(hash, segment.clone());
                effects.push_back(ClientEffect::StoreSegment {
                    segment,
                    saves,
                    cursor,
                });
                return Ok(self.go_on(effects));
            }
            Ok(Err(SegmentError::Decode(error))) => return Err(error.into()),
            Ok(Err(SegmentError::Violation(violation))) => return Err(violation.into()),
            Ok(Err(SegmentError::Damaged(_))) => FetchProblem::Failed,
            Err(problem) => problem,
        };
        self.failures = self.failures.saturating_add(1);
        if self.failures >= limits::FETCH_FAILURES {
            // What never brings anything is in the way; what once did comes back.
            if self.stored.is_empty() && self.storing.is_empty() {
                return Ok(read_from_start(effects));
            }
            return Err(CloseReason::NotFetched);
        }
        match problem {
            FetchProblem::Failed => {
                self.waiting.push_front(segment);
                Ok(self.go_on(effects))
            }
            FetchProblem::Gone => {
                self.waiting.clear();
                self.fetching.clear();
                self.listed.clear();
                self.listing = Some(0);
                Ok(Next::Want)
            }
        }
    }

    /// Notes that the host has committed a segment; `None` if it had none of that name.
    pub(super) fn stored(
        &mut self,
        hash: SegmentHash,
        effects: &mut VecDeque<ClientEffect>,
    ) -> Option<Next> {
        let segment = self.storing.remove(&hash)?;
        self.stored.insert(hash);
        self.failures = 0;
        self.progress.add(&segment);
        effects.push_back(ClientEffect::Fetching(self.progress));
        Some(self.go_on(effects))
    }

    /// Makes sure that the log after the device's cursor is all that the segments leave out.
    fn go_on_from(&mut self, cursor: Cursor) -> Result<(), CloseReason> {
        if cursor.epoch != self.epoch {
            return Err(Violation::WrongEpoch {
                found: cursor.epoch,
            }
            .into());
        }
        let known = *self.cursor.get_or_insert(cursor);
        if cursor.seq < known.seq {
            let (expected, found) = (known.seq, cursor.seq);
            return Err(Violation::ManifestBehind { expected, found }.into());
        }
        Ok(())
    }

    /// Works out how much there is, and how much of it is here.
    fn count(&mut self) {
        self.progress = FetchProgress::default();
        for segment in &self.waiting {
            let progress = &mut self.progress;
            progress.documents = progress.documents.saturating_add(segment.documents.into());
            progress.bytes = progress.bytes.saturating_add(segment.bytes.into());
            if self.stored.contains(&segment.hash) {
                progress.add(segment);
            }
        }
    }

    /// Fetches what there is room for; follows the log when everything is here.
    fn go_on(&mut self, effects: &mut VecDeque<ClientEffect>) -> Next {
        if self.listing.is_some() {
            return Next::Wait;
        }
        while self.fetching.len() < limits::FETCHES_AT_ONCE
            && self.storing.len() < limits::FETCHES_AT_ONCE
            && let Some(segment) = self.waiting.pop_front()
        {
            let bearer = self.bearer.clone();
            self.fetching.insert(segment.hash, segment.clone());
            effects.push_back(ClientEffect::Fetch { segment, bearer });
        }
        if !self.fetching.is_empty() || !self.storing.is_empty() || !self.waiting.is_empty() {
            return Next::Wait;
        }
        let Some(cursor) = self.cursor else {
            return Next::Wait;
        };
        effects.push_back(ClientEffect::Whole { cursor });
        Next::Follow(cursor.seq)
    }
}

impl FetchProgress {
    fn add(&mut self, segment: &SegmentInfo) {
        self.documents_done = self.documents_done.saturating_add(segment.documents.into());
        self.bytes_done = self.bytes_done.saturating_add(segment.bytes.into());
    }
}

fn read_from_start(effects: &mut VecDeque<ClientEffect>) -> Next {
    effects.push_back(ClientEffect::ReadFromStart);
    Next::Follow(Seq::default())
}
