//! Checks what a store holds against everything else that it holds.

use automerge::{Automerge, ChangeHash};
use change_gate::{GatedDocument, prescan};
use dealership::{Receipts, Seq};

use super::tag::Link;
use crate::store::{DocumentRow, LogEntry, LogHead, LogRow, ReadStore, StoreError};

/// How many problems are listed before it is enough.
const ENOUGH: usize = 100;

/// How many documents are listed at a time.
const PAGE: usize = 500;

/// What a check found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// How many entries or documents were looked at.
    pub checked: u64,
    /// What is wrong, the first hundred of it.
    pub problems: Vec<String>,
}

impl Verified {
    fn note(&mut self, problem: String) {
        if self.problems.len() < ENOUGH {
            self.problems.push(problem);
        }
    }
}

/// Checks the log after a position: every entry is there, linked to those before it, received
/// no earlier, and its bytes bear its name.
///
/// # Errors
///
/// [`StoreError`] when the store cannot be read.
pub fn verify_log(store: &impl ReadStore, after: Seq) -> Result<Verified, StoreError> {
    let mut verified = Verified::default();
    let end = store.head()?.seq;
    let Some(mut before) = store.head_at(after.min(end))? else {
        verified.note(format!("there is no entry at {after}"));
        return Ok(verified);
    };
    while before.seq < end {
        let seq = Seq(before.seq.0.saturating_add(1));
        let Some(head) = store.head_at(seq)? else {
            verified.note(format!("there is no entry at {seq}"));
            return Ok(verified);
        };
        verify_entry(store, &before, &head, &mut verified)?;
        verified.checked = verified.checked.saturating_add(1);
        before = head;
    }
    Ok(verified)
}

fn verify_entry(
    store: &impl ReadStore,
    before: &LogHead,
    head: &LogHead,
    verified: &mut Verified,
) -> Result<(), StoreError> {
    let seq = head.seq;
    if head.received_at < before.received_at {
        verified.note(format!(
            "the entry at {seq} is older than the one before it"
        ));
    }
    let row = store.log_row(seq)?;
    let link = match &row {
        Some(row) => Some(Link::of(row)),
        None => store.erased_hash(seq)?.map(Link::Change),
    };
    let linked = link.map(|link| link.after(before, seq, head.received_at.millis()));
    if linked != Some(head.running) {
        verified.note(format!("the chain of the log is broken at {seq}"));
    }
    if let Some((change, _)) = row.as_ref().and_then(LogRow::change) {
        let is_named = prescan(&change.raw).is_ok_and(|header| {
            header.hash == change.hash
                && header.actor == change.actor
                && header.seq == change.actor_seq
        });
        if !is_named {
            verified.note(format!("the change at {seq} does not bear its name"));
        }
    }
    Ok(())
}

/// Checks every document: its save is what its changes make, and its receipts are theirs.
///
/// # Errors
///
/// [`StoreError`] when the store cannot be read.
pub fn verify_documents(store: &impl ReadStore) -> Result<Verified, StoreError> {
    let mut verified = Verified::default();
    let mut after = None;
    loop {
        let ids = store.document_ids(after, PAGE)?;
        for id in &ids {
            if let Some(row) = store.document(*id)? {
                if let Some(problem) = problem_of(store, &row)? {
                    verified.note(format!("document {id}: {problem}"));
                }
                verified.checked = verified.checked.saturating_add(1);
            }
        }
        match ids.last() {
            Some(last) => after = Some(*last),
            None => return Ok(verified),
        }
    }
}

fn problem_of(store: &impl ReadStore, row: &DocumentRow) -> Result<Option<String>, StoreError> {
    let Some(content) = &row.content else {
        return Ok(None);
    };
    let changes = store.changes_of(row.id)?;
    // A relay that serves meanwhile may have added to it since: look at what both knew.
    let changes: Vec<&LogRow> = changes.iter().filter(|one| one.seq <= row.head).collect();
    let mut receipts = Receipts::default();
    let mut chunks: Vec<&[u8]> = Vec::new();
    for (change, receipt) in changes.iter().filter_map(|one| one.change()) {
        receipts.insert(&ChangeHash(change.hash), receipt);
        chunks.push(&change.raw);
    }
    // The last entry of a document that moved says where it came from.
    let has_moved = store
        .log_row(row.head)?
        .is_some_and(|last| last.entry == LogEntry::Came && last.document == row.id);
    if changes.last().map(|last| last.seq) != Some(row.head) && !has_moved {
        return Ok(Some("its last change is not where it says".to_owned()));
    }
    if receipts != content.receipts {
        return Ok(Some("its receipts are not those of its changes".to_owned()));
    }
    let built = match GatedDocument::empty().into_extended(&chunks) {
        Ok(built) => built,
        Err(error) => return Ok(Some(format!("its changes do not fit: {error}"))),
    };
    let saved = match GatedDocument::load(&content.saved) {
        Ok(saved) => saved,
        Err(error) => return Ok(Some(format!("its save does not load: {error}"))),
    };
    let heads = |document: &Automerge| document.get_heads();
    Ok((heads(built.automerge()) != heads(saved.automerge()))
        .then(|| "its save is not what its changes make".to_owned()))
}
