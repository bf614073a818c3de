//! Honest writers, and judges who have no objections.

use std::convert::Infallible;

use automerge::{ActorId, Automerge, ROOT, transaction::CommitOptions, transaction::Transactable};
use change_gate::{Actor, ChangeHeader, Judge, Write};

/// Lets everything in and remembers what it was asked.
#[derive(Default)]
pub(crate) struct Lenient {
    pub(crate) asked: Vec<(ChangeHeader, Vec<Write>)>,
}

impl Judge for Lenient {
    type Reason = Infallible;

    fn judge(
        &mut self,
        header: &ChangeHeader,
        _document: &Automerge,
        writes: &[Write],
    ) -> Result<(), Infallible> {
        self.asked.push((header.clone(), writes.to_vec()));
        Ok(())
    }
}

/// Returns the actor of a device, made up from a number instead of random bytes.
pub(crate) fn actor(random: u64, device: u64) -> Actor {
    let mut actor = [0; 16];
    actor[..8].copy_from_slice(&random.to_be_bytes());
    actor[8..].copy_from_slice(&device.to_be_bytes());
    actor
}

/// Returns an empty document that writes as `actor`.
pub(crate) fn replica(actor: Actor) -> Automerge {
    Automerge::new().with_actor(ActorId::from(actor))
}

/// Commits what `edit` does and returns the change's bytes; `None` if it did
/// nothing.
pub(crate) fn commit(
    document: &mut Automerge,
    edit: impl FnOnce(&mut automerge::transaction::Transaction<'_>),
) -> Option<Vec<u8>> {
    let mut transaction = document.transaction();
    edit(&mut transaction);
    let options = CommitOptions::default()
        .with_time(1_760_000_000)
        .with_message("1 staff command 0");
    let (hash, _) = transaction.commit_with(options);
    hash.and(document.get_last_local_change())
        .map(|change| change.raw_bytes().to_vec())
}

/// Commits one put under a key of the root.
pub(crate) fn put(document: &mut Automerge, key: &str, value: &str) -> Vec<u8> {
    commit(document, |transaction| {
        transaction.put(ROOT, key, value).unwrap();
    })
    .unwrap()
}
