//! Bugs that are planted on purpose: a simulator that does not find them proves nothing.
//!
//! Every one of them sits in the harness around the product: in the store that a relay is given, in
//! what its program does around a session, in a device's database and randomness, in its disk. The
//! product's own code is the code that ships and knows of none (docs/decisions/0014).

pub(crate) mod device;
mod store;

pub(crate) use store::PlantedStore;

/// A bug that can be planted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bug {
    /// A relay answers before its transaction is committed.
    AcknowledgedBeforeCommit,
    /// A relay's commits are synced with the next checkpoint, as with `synchronous=NORMAL`.
    RelaySyncsLate,
    /// A document with many changes is sent at the position of its last instead of its first.
    CatchUpByLastChange,
    /// A relay does not know a batch again that it has judged.
    BatchNotKnownAgain,
    /// Somebody whose rights changed is read the spaces that they had when they connected.
    ScopeNotRechecked,
    /// The cursor of a device that has gained a space counts as before.
    GainedSpaceKeepsCursor,
    /// What a relay refused goes out to the others all the same.
    RefusedFannedOut,
    /// A relay notes what a device's clock shows as the time at which it received a batch.
    DeviceClockBelieved,
    /// One wake-up in ten is lost, and nobody reads the log again for who was not woken.
    WakeUpLost,
    /// A device saves its cursor when a frame comes, and what was in the frame later.
    CursorBeforeData,
    /// A device forgets a batch when it is sent.
    OutboxForgetsWhenSent,
    /// A document that leaves a device takes along what was written to it and not yet sent.
    WipedBeforeUpload,
    /// What a relay refused is not kept for a person.
    RefusedIsDropped,
    /// A device's commits are synced with the next checkpoint, as with `synchronous=NORMAL`.
    DeviceSyncsLate,
    /// Every opening of a device's database writes under the same actor, copies too.
    ActorKept,
    /// A case between several cards is not looked at again when one of them changes.
    CasesNotForgotten,
    /// A relay that is restored goes on as if nothing was lost.
    RestoredKeepsEpoch,
}

impl Bug {
    /// All of them.
    pub const ALL: [Self; 17] = [
        Self::AcknowledgedBeforeCommit,
        Self::RelaySyncsLate,
        Self::CatchUpByLastChange,
        Self::BatchNotKnownAgain,
        Self::ScopeNotRechecked,
        Self::GainedSpaceKeepsCursor,
        Self::RefusedFannedOut,
        Self::DeviceClockBelieved,
        Self::WakeUpLost,
        Self::CursorBeforeData,
        Self::OutboxForgetsWhenSent,
        Self::WipedBeforeUpload,
        Self::RefusedIsDropped,
        Self::DeviceSyncsLate,
        Self::ActorKept,
        Self::CasesNotForgotten,
        Self::RestoredKeepsEpoch,
    ];

    /// Its name, as one gives it on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AcknowledgedBeforeCommit => "acknowledged_before_commit",
            Self::RelaySyncsLate => "relay_syncs_late",
            Self::CatchUpByLastChange => "catch_up_by_last_change",
            Self::BatchNotKnownAgain => "batch_not_known_again",
            Self::ScopeNotRechecked => "scope_not_rechecked",
            Self::GainedSpaceKeepsCursor => "gained_space_keeps_cursor",
            Self::RefusedFannedOut => "refused_fanned_out",
            Self::DeviceClockBelieved => "device_clock_believed",
            Self::WakeUpLost => "wake_up_lost",
            Self::CursorBeforeData => "cursor_before_data",
            Self::OutboxForgetsWhenSent => "outbox_forgets_when_sent",
            Self::WipedBeforeUpload => "wiped_before_upload",
            Self::RefusedIsDropped => "refused_is_dropped",
            Self::DeviceSyncsLate => "device_syncs_late",
            Self::ActorKept => "actor_kept",
            Self::CasesNotForgotten => "cases_not_forgotten",
            Self::RestoredKeepsEpoch => "restored_keeps_epoch",
        }
    }

    /// What is wrong, in one line.
    pub const fn about(self) -> &'static str {
        match self {
            Self::AcknowledgedBeforeCommit => {
                "the relay answers before its transaction is committed"
            }
            Self::RelaySyncsLate => "the relay's commits are synced with the next checkpoint",
            Self::CatchUpByLastChange => {
                "a document's save is sent at the place of its last change"
            }
            Self::BatchNotKnownAgain => "the relay does not know a batch again that it has judged",
            Self::ScopeNotRechecked => "who lost a space is read it as long as they stay connected",
            Self::GainedSpaceKeepsCursor => "who gained a space goes on at their old cursor",
            Self::RefusedFannedOut => "what the relay refused goes out to others all the same",
            Self::DeviceClockBelieved => {
                "the relay notes what a device's clock shows as its own time"
            }
            Self::WakeUpLost => "one in ten times a session is not told that the log has grown",
            Self::CursorBeforeData => "a device saves its cursor before what it covers",
            Self::OutboxForgetsWhenSent => "a device forgets what it has sent, acknowledged or not",
            Self::WipedBeforeUpload => "a document that leaves takes along what was not yet sent",
            Self::RefusedIsDropped => "what the relay refused is not kept for a person",
            Self::DeviceSyncsLate => "a device's commits are synced with the next checkpoint",
            Self::ActorKept => "every opening of a database, copies too, writes under one actor",
            Self::CasesNotForgotten => "a case between cards stays when one of them has changed",
            Self::RestoredKeepsEpoch => "a restored relay goes on as if it had lost nothing",
        }
    }

    /// The bug of a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|bug| bug.name() == name)
    }
}
