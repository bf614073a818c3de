//! Documents that are set aside, and when they are tried again.
//!
//! A document is set aside for its bytes, which this build cannot take; another build tries it
//! again. Or it is set aside because the program ended twice while it took that document in, alone.
//! That may be the document, or a battery that went flat twice at the wrong moment, and nothing
//! here tells one from the other. So such a document is tried again, alone and marked, after a
//! minute; and after eight times as long each time that the program ends over it once more. One
//! that had bad luck comes back by itself. One that does end the program does so four times in the
//! first ten hours, twice more in the first month, and then hardly ever.

use dealership::Timestamp;
use dealership::id::DocumentId;
use rusqlite::TransactionBehavior;

use crate::error::ReplicaError;
use crate::projection;
use crate::replica::Replica;
use crate::replica::intake::{Arrival, Intake};
use crate::replica::shelf::Shelf;
use crate::store::{self, suspect};

/// What people are told of one.
const REASON: &str = "the program ended again and again while it took this document in";

impl Replica {
    /// Tries documents again that were set aside because the program ended over them, where the
    /// wait is over; gives them: what screens show of them is old.
    ///
    /// A driver calls it now and then, also while there is no network; a [`Link`](crate::Link)
    /// does so whenever it is flushed.
    ///
    /// # Errors
    ///
    /// [`ReplicaError::Store`], and then the document is set aside as before, for one more wait.
    pub fn retry_set_aside(&mut self, now: Timestamp) -> Result<Vec<DocumentId>, ReplicaError> {
        let mut tried = Vec::new();
        for struck in suspect::set_aside_for_strikes(&self.connection)? {
            if struck.is_due(now) {
                self.retry(struck.document, now)?;
                tried.push(struck.document);
            }
        }
        Ok(tried)
    }

    /// Judges marks that an opening before this one left behind, and gives documents another
    /// chance whose wait is over, or that another build set aside.
    pub(super) fn review_marks(&mut self, now: Timestamp) -> Result<(), ReplicaError> {
        let reviewed = self.judge_marks(now).and_then(|()| {
            for id in suspect::set_aside_by_another_build(&self.connection)? {
                self.retry(id, now)?;
            }
            self.retry_set_aside(now)
        });
        match reviewed {
            // What is here can be read all the same; the marks are looked at again next time.
            Err(ReplicaError::Store(error)) if error.is_full() => {
                tracing::warn!(%error, "marks of documents stay");
                Ok(())
            }
            reviewed => reviewed.map(|_| ()),
        }
    }

    fn judge_marks(&mut self, now: Timestamp) -> Result<(), ReplicaError> {
        let marked = suspect::in_hand(&self.connection)?;
        if marked.is_empty() {
            return Ok(());
        }
        self.cautious = marked.len() > 1;
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        if let [culprit] = *marked.as_slice() {
            let was_set_aside = suspect::reason(&transaction, culprit)?.is_some();
            if suspect::strike(&transaction, culprit, now)? >= suspect::STRIKES || was_set_aside {
                suspect::strike_out(&transaction, culprit, REASON)?;
                if projection::version(&transaction)? == Some(projection::VERSION) {
                    projection::update(&Shelf::new(&transaction, &self.cache), [culprit])?;
                }
            }
        }
        suspect::let_go(&transaction)?;
        transaction.commit()?;
        Ok(())
    }

    /// Tries one document, marked: what ended the program once may do so again.
    fn retry(&mut self, id: DocumentId, now: Timestamp) -> Result<(), ReplicaError> {
        suspect::mark_again(&self.connection, id, now)?;
        let retried = self.take_back(id);
        if retried.is_err() {
            self.let_go();
        }
        retried?;
        // A relay may have begun a new life of its log meanwhile.
        self.compare_late(id)
    }

    fn take_back(&mut self, id: DocumentId) -> Result<(), ReplicaError> {
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        suspect::take_back(&transaction, id)?;
        let held = store::held::take(&transaction, id)?;
        let shelf = Shelf::new(&transaction, &self.cache);
        Intake { shelf: &shelf, id }.take(held.iter().map(Arrival::of_held).collect())?;
        if projection::version(&transaction)? == Some(projection::VERSION) {
            projection::update(&shelf, [id])?;
        }
        let taken = shelf.into_taken();
        suspect::clear(&transaction)?;
        transaction.commit()?;
        self.keep(taken);
        Ok(())
    }
}
