//! Entries, batches and verdicts that tests say things with.

use sync_protocol::entry::{GoneEntry, LeftEntry};
use sync_protocol::message::{Accepted, Push, Verdict};
use sync_protocol::{Batch, Entry, Outcome, Packed, PushedChange, Seq, Timestamp};

use crate::hub::{Change, batch_id, document, space};

pub fn gone(seq: u64) -> Entry {
    Entry::Gone(GoneEntry {
        seq: Seq(seq),
        document: document(seq),
    })
}

pub fn left(seq: u64) -> Entry {
    Entry::Left(LeftEntry {
        seq: Seq(seq),
        document: document(seq),
    })
}

pub fn seqs(entries: &[Entry]) -> Vec<u64> {
    entries.iter().map(|entry| entry.seq().0).collect()
}

pub fn batch(number: u64, padding: usize) -> Batch {
    let raw = Change {
        padding,
        ..Change::new(number)
    }
    .bytes();
    let change = PushedChange {
        document: document(number),
        space: space("group"),
        raw,
    };
    Batch::new(batch_id(number), Seq(0), vec![change]).unwrap()
}

/// A batch as long as one may be.
pub fn full_batch(number: u64) -> Batch {
    let changes = (0..4).map(|index| {
        let raw = Change {
            padding: 61_000,
            ..Change::new(number * 10 + index)
        }
        .bytes();
        PushedChange {
            document: document(number),
            space: space("group"),
            raw,
        }
    });
    Batch::new(batch_id(number), Seq(0), changes.collect()).unwrap()
}

pub fn push(batch: &Batch) -> Push {
    let body = batch
        .changes()
        .iter()
        .flat_map(|change| minicbor::to_vec(change).unwrap());
    Push {
        batch: batch.id(),
        base_seq: batch.base_seq(),
        changes: Packed::pack(body.collect()),
        states: None,
    }
}

pub fn accepted(seq: u64) -> Outcome {
    let received_at = Timestamp(1);
    Accepted {
        first_seq: Seq(seq),
        last_seq: Seq(seq),
        received_at,
    }
    .into()
}

pub fn verdict(number: u64, outcome: impl Into<Outcome>) -> Verdict {
    Verdict {
        batch: batch_id(number),
        outcome: outcome.into(),
    }
}
