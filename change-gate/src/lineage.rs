//! How a change must continue the history that it names.

use automerge::{Automerge, ChangeHash};

use crate::{ChangeHeader, GatedDocument, Poison, Refusal, panics::caught};

/// Checks that a change's dependencies are there, that it is its actor's next one
/// and knows it, and that its counters go on from those its author had seen.
pub(crate) fn check<R: std::error::Error>(
    document: &GatedDocument,
    header: &ChangeHeader,
) -> Result<(), Refusal<R>> {
    let hash = header.hash;
    let seen = last_counter_seen(document.automerge(), header)?;
    let expected = document.last_seq(&header.actor).saturating_add(1);
    if header.seq != expected {
        return Err(Refusal::OutOfSequence {
            hash,
            actor: header.actor,
            expected,
            found: header.seq,
        });
    }
    if forgets_itself(document.automerge(), header)? {
        return Err(Refusal::ForgetsItself {
            hash,
            actor: header.actor,
        });
    }
    let expected = seen.saturating_add(1);
    if header.start_op != expected {
        return Err(Refusal::StartOp {
            hash,
            expected,
            found: header.start_op,
        });
    }
    if header.operations == 0 && header.dependencies.len() < 2 {
        return Err(Refusal::Empty { hash });
    }
    Ok(())
}

/// Says whether a change's author had seen all that the document holds.
pub(crate) fn is_at_heads(document: &Automerge, header: &ChangeHeader) -> bool {
    document
        .get_heads()
        .into_iter()
        .map(|head| head.0)
        .eq(header.dependencies.iter().copied())
}

/// Returns a change's dependencies as Automerge names them.
pub(crate) fn dependencies(header: &ChangeHeader) -> Vec<ChangeHash> {
    header
        .dependencies
        .iter()
        .copied()
        .map(ChangeHash)
        .collect()
}

/// Returns the greatest counter among a change's dependencies. Each of them
/// continued its own, so none of their ancestors has a greater one.
fn last_counter_seen<R: std::error::Error>(
    document: &Automerge,
    header: &ChangeHeader,
) -> Result<u64, Refusal<R>> {
    let mut missing = Vec::new();
    let mut seen = 0;
    for hash in &header.dependencies {
        match document.get_change_meta_by_hash(&ChangeHash(*hash)) {
            Some(dependency) => seen = dependency.max_op.max(seen),
            None => missing.push(*hash),
        }
    }
    if missing.is_empty() {
        Ok(seen)
    } else {
        Err(Refusal::MissingDependencies(missing))
    }
}

/// Says whether a change does not build on its own actor's previous one.
///
/// Two changes of one actor would be concurrent, and what has been seen could no
/// longer be told by one number for each actor, as Automerge tells it. The cost is
/// that of the changes which the author had not seen.
fn forgets_itself<R: std::error::Error>(
    document: &Automerge,
    header: &ChangeHeader,
) -> Result<bool, Refusal<R>> {
    if header.seq == 1 || is_at_heads(document, header) {
        return Ok(false);
    }
    let unseen = caught(|| {
        document
            .get_changes_meta(&dependencies(header))
            .into_iter()
            .any(|change| change.actor.to_bytes() == header.actor)
    });
    Ok(unseen.map_err(|message| Poison::Panicked { message })?)
}
