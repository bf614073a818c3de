//! Verdicts: what the relay accepted leaves the outbox, what it refused goes to quarantine.
//!
//! Automerge cannot take back a change that others build on. So when a batch is refused, every
//! batch that builds on it is taken back with it: their documents return to what was accepted
//! and what does not build on the refused, and the surviving intents run again, in their order,
//! under a new actor and new batch ids. The same time and the same seed give the same ids and
//! numbers; where a replay gives other facts, or is refused, its batch goes to quarantine whole.
//!
//! What was written to a document that was purged is kept nowhere: of its batch quarantine says
//! that and why it was refused, and no more.

use std::collections::{BTreeMap, BTreeSet};

use automerge::ChangeHash;
use dealership::Timestamp;
use dealership::id::DocumentId;
use rusqlite::{Connection, TransactionBehavior};
use sync_protocol::{Outcome, RefusalCode};

use crate::entropy::draw;
use crate::error::{ReplicaError, StoreError};
use crate::outbox::{BatchId, Intent, WhyQuarantined};
use crate::projection;
use crate::replica::Replica;
use crate::replica::execute::{Executed, Press};
use crate::replica::shelf::Shelf;
use crate::store;
use crate::store::outbox::{BatchChange, BatchRow};

/// The code of a batch for a document that was purged: erasure wins over what was refused.
const GONE: &str = "gone";

/// What came of a verdict.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settled {
    /// The documents whose state changed: what screens show of them is old.
    pub changed: Vec<DocumentId>,
    /// The batches that went to quarantine.
    pub quarantined: Vec<BatchId>,
    /// The batches that were made anew without what was refused.
    pub replayed: Vec<BatchId>,
    /// The batches with what the relay has lost, offered again.
    pub offered_again: Vec<BatchId>,
}

impl Replica {
    /// Notes the relay's verdict on a batch, durably.
    ///
    /// A verdict on a batch that is not in the outbox changes nothing: it was settled before, or
    /// made anew. `Later` changes nothing either, and after `NeedsDependencies` the batch stays
    /// too, behind what it builds on if the relay has lost that.
    ///
    /// # Errors
    ///
    /// [`ReplicaError::Store`], and then the batch is as it was.
    pub fn settle(
        &mut self,
        batch: BatchId,
        outcome: &Outcome,
        now: Timestamp,
    ) -> Result<Settled, ReplicaError> {
        if let Some(document) = store::lost::document_of(&self.connection, batch)? {
            return Ok(Settled {
                offered_again: self.settle_lost(batch, document, outcome, now)?,
                ..Settled::default()
            });
        }
        match outcome {
            Outcome::Accepted(_) => {
                let transaction = self
                    .connection
                    .transaction_with_behavior(TransactionBehavior::Immediate)?;
                store::outbox::accept(&transaction, batch)?;
                transaction.commit()?;
                Ok(Settled::default())
            }
            Outcome::Refused(refusal) => {
                let why = WhyQuarantined {
                    code: refusal_code(refusal.code),
                    reason: refusal.text.as_str().to_owned(),
                    because_of: None,
                };
                self.refuse(batch, &why, now)
            }
            Outcome::NeedsDependencies(needs) => {
                let lacking = needs.hashes.iter().map(|hash| ChangeHash(hash.0)).collect();
                Ok(Settled {
                    offered_again: self.offer_again(batch, &lacking)?,
                    ..Settled::default()
                })
            }
            Outcome::Later(_) => Ok(Settled::default()),
        }
    }

    /// Runs what was refused again, on today's state and with today's time, and takes it out of
    /// quarantine.
    ///
    /// # Errors
    ///
    /// [`ReplicaError::NotInQuarantine`], or why the command is refused now; then it stays there.
    pub fn redo(&mut self, batch: BatchId, now: Timestamp) -> Result<Executed, ReplicaError> {
        let quarantined = store::quarantine::read(&self.connection, batch)?
            .ok_or(ReplicaError::NotInQuarantine)?;
        let intent = Intent {
            command: quarantined.command,
            input: quarantined.input,
            made_at: now,
            id_seed: draw(self.entropy.as_mut()),
            staff: self.identity.staff,
        };
        self.run(&intent, Some(batch))
    }

    /// Deletes what was refused, because a person decided so.
    ///
    /// # Errors
    ///
    /// [`ReplicaError::NotInQuarantine`].
    pub fn discard(&mut self, batch: BatchId) -> Result<(), ReplicaError> {
        store::quarantine::read(&self.connection, batch)?.ok_or(ReplicaError::NotInQuarantine)?;
        Ok(store::quarantine::delete(&self.connection, batch)?)
    }

    fn refuse(
        &mut self,
        batch: BatchId,
        why: &WhyQuarantined,
        now: Timestamp,
    ) -> Result<Settled, ReplicaError> {
        // What is made anew must not continue the numbers of what is taken back.
        self.actor = None;
        let actor = self.actor();
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        let shelf = Shelf::new(&transaction, &self.cache);
        let mut settled = Settled::default();
        let taken_back = take_back(&shelf, batch, &mut settled)?;
        let purged = match why.code.as_str() {
            GONE => documents_of(&taken_back, batch),
            _ => BTreeSet::new(),
        };
        for (row, changes) in &taken_back {
            if row.id == batch {
                store::quarantine::append(&transaction, row, changes, why, now)?;
                if !purged.is_empty() {
                    store::quarantine::empty(&transaction, row.id)?;
                }
                settled.quarantined.push(row.id);
                continue;
            }
            let press = Press {
                identity: &self.identity,
                shelf: &shelf,
                commands: self.commands,
                actor,
                batch: BatchId(draw(self.entropy.as_mut())),
                ordinal: Some(row.ordinal),
            };
            match replay(&press, row)? {
                Ok(executed) => {
                    settled.replayed.extend(executed.batch);
                    settled.changed.extend(executed.changed);
                }
                Err(mut why) => {
                    why.because_of = Some(batch);
                    store::quarantine::append(&transaction, row, changes, &why, now)?;
                    // What was written to a purged document goes with it.
                    if changes
                        .iter()
                        .any(|change| purged.contains(&change.document))
                    {
                        store::quarantine::empty(&transaction, row.id)?;
                    }
                    settled.quarantined.push(row.id);
                }
            }
        }
        settled.changed.sort_unstable();
        settled.changed.dedup();
        projection::update(&shelf, settled.changed.iter().copied())?;
        let taken = shelf.into_taken();
        transaction.commit()?;
        self.keep(taken);
        Ok(settled)
    }
}

/// The documents that a batch would have changed.
fn documents_of(
    taken_back: &[(BatchRow, Vec<BatchChange>)],
    batch: BatchId,
) -> BTreeSet<DocumentId> {
    let of_batch = taken_back.iter().filter(|(row, _)| row.id == batch);
    of_batch
        .flat_map(|(_, changes)| changes.iter().map(|change| change.document))
        .collect()
}

/// Takes a batch and all that build on it out of the outbox and out of their documents; gives
/// them in the order in which they were made.
fn take_back(
    shelf: &Shelf<'_>,
    batch: BatchId,
    settled: &mut Settled,
) -> Result<Vec<(BatchRow, Vec<BatchChange>)>, ReplicaError> {
    let connection = shelf.connection();
    let mut taken = Vec::new();
    for row in building_on(connection, batch)? {
        let changes = store::outbox::changes(connection, row.id)?;
        settled
            .changed
            .extend(changes.iter().map(|change| change.document));
        store::outbox::delete(connection, row.id)?;
        taken.push((row, changes));
    }
    settled.changed.sort_unstable();
    settled.changed.dedup();
    for id in &settled.changed {
        if store::document::is_empty(connection, *id)? {
            store::document::delete(connection, *id)?;
        }
        // Loaded when it is asked for: one that is set aside must not keep a verdict from being
        // settled.
        shelf.forget(*id);
    }
    Ok(taken)
}

/// A batch with the batches that build on it, the oldest first: those that changed one of its
/// documents later, those that refer to what it made, and those that build on these.
fn building_on(connection: &Connection, batch: BatchId) -> Result<Vec<BatchRow>, StoreError> {
    let mut found: BTreeMap<i64, BatchRow> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    let mut open = vec![batch];
    while let Some(id) = open.pop() {
        if !seen.insert(id) {
            continue;
        }
        let Some(row) = store::outbox::read(connection, id)? else {
            continue;
        };
        open.extend(store::outbox::needed_by(connection, id)?);
        open.extend(store::outbox::later_on_the_same(connection, &row)?);
        found.insert(row.ordinal, row);
    }
    Ok(found.into_values().collect())
}

/// Runs an intent again; why its batch must go to quarantine if that does not give its facts.
///
/// What a replay wrote that is not kept is rolled back, in the database and on the shelf.
fn replay(
    press: &Press<'_>,
    row: &BatchRow,
) -> Result<Result<Executed, WhyQuarantined>, ReplicaError> {
    let connection = press.shelf.connection();
    let mark = press.shelf.mark();
    connection.execute_batch("SAVEPOINT replay")?;
    let why = match press.run(&row.intent) {
        Ok((executed, facts)) if facts == row.facts => {
            connection.execute_batch("RELEASE replay")?;
            return Ok(Ok(executed));
        }
        Ok(_) => WhyQuarantined {
            code: "replay".to_owned(),
            reason: "it gives other facts without what was refused before it".to_owned(),
            because_of: None,
        },
        Err(ReplicaError::Store(error)) => return Err(error.into()),
        Err(error) => WhyQuarantined {
            code: error.code().to_owned(),
            reason: error.to_string(),
            because_of: None,
        },
    };
    connection.execute_batch("ROLLBACK TO replay; RELEASE replay")?;
    press.shelf.return_to(mark);
    Ok(Err(why))
}

pub(super) fn refusal_code(code: RefusalCode) -> String {
    match code {
        RefusalCode::Malformed => "malformed".to_owned(),
        RefusalCode::OverLimit => "over_limit".to_owned(),
        RefusalCode::WrongActor => "wrong_actor".to_owned(),
        RefusalCode::OutOfSequence => "out_of_sequence".to_owned(),
        RefusalCode::WrongAuthorship => "wrong_authorship".to_owned(),
        RefusalCode::NotPermitted => "not_permitted".to_owned(),
        RefusalCode::Gone => GONE.to_owned(),
        RefusalCode::WrongSpace => "wrong_space".to_owned(),
        RefusalCode::Unsound => "unsound".to_owned(),
        RefusalCode::BatchReused => "batch_reused".to_owned(),
        RefusalCode::Unproven => "unproven".to_owned(),
        RefusalCode::Other(number) => format!("other_{number}"),
    }
}
