//! What the gate's and the judge's refusals are called on the wire.

use change_gate::{Fault, Hash, Malformed};
use dealership::rights::Forbidden;
use sync_protocol::message::{Later, NeedsDependencies};
use sync_protocol::{ChangeHash, Explanation, Outcome, Refusal, RefusalCode, limits};

use super::judge::Objection;

/// How long a device waits for a relay that is older than itself, in milliseconds.
const UPGRADE_PAUSE: u32 = 5 * 60 * 1_000;

/// How long a device waits where nothing is wrong with the batch, in milliseconds.
pub(super) const PAUSE: u32 = 30 * 1_000;

/// Tries the batch again after a pause.
pub(super) const fn later(retry_ms: u32) -> Outcome {
    Outcome::Later(Later { retry_ms })
}

/// Refuses a batch for ever.
pub(super) fn refused(code: RefusalCode, change: Option<usize>, text: &str) -> Outcome {
    Outcome::Refused(Refusal {
        code,
        change: change.and_then(|index| u16::try_from(index).ok()),
        text: Explanation::new(text),
    })
}

/// What a refusal of the gate makes of the batch; `index_of` finds a change in it.
pub(super) fn of_gate(
    refusal: &change_gate::Refusal<Objection>,
    index_of: impl Fn(&Hash) -> Option<usize>,
) -> Outcome {
    use change_gate::Refusal as Gate;
    let text = refusal.to_string();
    let (code, hash) = match refusal {
        Gate::MissingDependencies(missing) => {
            return Outcome::NeedsDependencies(NeedsDependencies {
                hashes: missing
                    .iter()
                    .take(limits::DEPENDENCIES)
                    .map(|hash| ChangeHash(*hash))
                    .collect(),
                states: None,
            });
        }
        Gate::Judged {
            reason: Objection::NewerShape,
            ..
        } => return later(UPGRADE_PAUSE),
        Gate::Judged { hash, reason } => (of_objection(reason), Some(hash)),
        Gate::Malformed(malformed) => (of_malformed(malformed), None),
        Gate::ForeignActor { hash, .. } => (RefusalCode::WrongActor, Some(hash)),
        Gate::OutOfSequence { hash, .. }
        | Gate::ForgetsItself { hash, .. }
        | Gate::StartOp { hash, .. } => (RefusalCode::OutOfSequence, Some(hash)),
        Gate::TooManyOperations { .. } => (RefusalCode::OverLimit, None),
        Gate::Structure {
            hash,
            fault: Fault::TooDeep | Fault::TextTooLong { .. },
            ..
        } => (RefusalCode::OverLimit, Some(hash)),
        Gate::Structure { hash, .. } | Gate::Empty { hash } => (RefusalCode::Malformed, Some(hash)),
        // What a later gate refuses harms the document as far as anyone here can tell.
        _ => (RefusalCode::Unsound, None),
    };
    refused(code, hash.and_then(index_of), &text)
}

/// The code for bytes that are not one well-formed change within the limits.
pub(super) const fn of_malformed(malformed: &Malformed) -> RefusalCode {
    match malformed {
        Malformed::TooLarge { .. }
        | Malformed::TooManyDependencies { .. }
        | Malformed::TooManyActors { .. }
        | Malformed::MessageTooLong { .. }
        | Malformed::TooManyRows { .. }
        | Malformed::KeyTooLong { .. } => RefusalCode::OverLimit,
        _ => RefusalCode::Malformed,
    }
}

const fn of_objection(objection: &Objection) -> RefusalCode {
    match objection {
        Objection::Message(_)
        | Objection::SeenTooMuch { .. }
        | Objection::Forbidden(Forbidden::ForeignAuthor) => RefusalCode::WrongAuthorship,
        Objection::MovedOn
        | Objection::Forbidden(Forbidden::Space { .. } | Forbidden::Place { .. }) => {
            RefusalCode::WrongSpace
        }
        Objection::Crowded { .. } => RefusalCode::OverLimit,
        Objection::NoKind
        | Objection::UnknownKind(_)
        | Objection::Forbidden(_)
        | Objection::NewerShape => RefusalCode::NotPermitted,
    }
}
