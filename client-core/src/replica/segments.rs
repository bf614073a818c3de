//! Segments: the documents of a space that this device lacks, stored a segment at a time.
//!
//! What comes in a segment is hardly ever here already, so its documents are read apart from the
//! database, on a few threads, and their rows are put in without asking what stood there. A
//! document that is here after all, because a segment comes again in another cut or a person has
//! worked on meanwhile, is taken in as one that the log brings.
//!
//! As foreign bytes from the log are marked before they are applied, so is a segment, by its name.
//! One whose mark is found again, for the process died over it, is taken in document by document,
//! each marked alone.

use std::collections::{BTreeMap, BTreeSet};

use change_gate::GatedDocument;
use dealership::Document;
use dealership::id::DocumentId;
use dealership::receipt::Receipts;
use rusqlite::{Connection, TransactionBehavior};
use sync_protocol::entry::SaveEntry;
use sync_protocol::{Cursor, Entry, Leaf, SegmentHash, SegmentInfo};

use crate::error::{ReplicaError, StoreError};
use crate::in_parallel::in_parallel;
use crate::projection::{self, Projected};
use crate::replica::intake::{Arrival, Intake};
use crate::replica::shelf::Shelf;
use crate::replica::{Received, Replica, comparison};
use crate::store::{self, life, position, purged, segment, suspect, tagged_page};
use crate::wire::{leaves, of_wire_document, of_wire_receipts};

/// A document of a segment, read.
struct Fresh<'e> {
    id: DocumentId,
    save: &'e SaveEntry,
    receipts: Receipts,
    document: Document,
    projected: Projected,
}

impl Replica {
    /// The names of the spaces of which the cursor speaks.
    ///
    /// # Errors
    ///
    /// [`ReplicaError::Store`].
    pub fn whole_spaces(&self) -> Result<Vec<String>, ReplicaError> {
        Ok(position::whole_spaces(&self.connection)?)
    }

    /// The segments of the other spaces that are here.
    ///
    /// # Errors
    ///
    /// [`ReplicaError::Store`].
    pub fn segments(&self) -> Result<BTreeSet<SegmentHash>, ReplicaError> {
        Ok(segment::all_stored(&self.connection)?)
    }

    /// Whether segments may be taken without a cursor: nothing is here of which only the log says
    /// that it was purged meanwhile.
    ///
    /// # Errors
    ///
    /// [`ReplicaError::Store`].
    pub fn takes_segments(&self) -> Result<bool, ReplicaError> {
        let is_empty = store::document::count(&self.connection)? == 0;
        Ok(is_empty && !life::is_comparing(&self.connection)?)
    }

    /// Stores the documents of a segment, with a note that it is here; and where there is no cursor
    /// this one, from which the log will go on.
    ///
    /// # Errors
    ///
    /// [`ReplicaError::Store`], and then the segment counts as not here.
    pub fn receive_segment(
        &mut self,
        info: &SegmentInfo,
        saves: Vec<SaveEntry>,
        cursor: Cursor,
    ) -> Result<Received, ReplicaError> {
        let died_over_it = segment::mark(&self.connection, info.hash, info.space.as_str())?;
        let entries: Vec<Entry> = saves.into_iter().map(Entry::Save).collect();
        let mut received = Received::default();
        let stored = self.store_segment(info, &entries, cursor, died_over_it, &mut received);
        if stored.is_err()
            && let Err(error) = segment::let_go(&self.connection, info.hash)
        {
            // The disk is full or gone: it counts as one that the process died over.
            tracing::warn!(%error, "the mark of a segment stays");
        }
        stored.map(|()| received)
    }

    /// Notes that every segment is here, and the cursor behind them where there is none.
    ///
    /// # Errors
    ///
    /// [`ReplicaError::Store`].
    pub fn segments_are_whole(&mut self, cursor: Cursor) -> Result<(), ReplicaError> {
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        if position::read(&transaction)?.is_none() {
            position::write(&transaction, &cursor)?;
        }
        position::all_whole(&transaction)?;
        segment::forget_others(&transaction)?;
        transaction.commit()?;
        Ok(())
    }

    /// Gives up on segments: the log is read from its beginning, and brings all spaces.
    ///
    /// # Errors
    ///
    /// [`ReplicaError::Store`].
    pub fn read_from_start(&mut self) -> Result<(), ReplicaError> {
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        position::give_up(&transaction)?;
        position::all_whole(&transaction)?;
        segment::forget_others(&transaction)?;
        transaction.commit()?;
        Ok(())
    }

    fn store_segment(
        &mut self,
        info: &SegmentInfo,
        entries: &[Entry],
        cursor: Cursor,
        died_over_it: bool,
        received: &mut Received,
    ) -> Result<(), ReplicaError> {
        let mut returned = BTreeSet::new();
        let mut arriving = BTreeMap::new();
        for entry in entries {
            let Entry::Save(save) = entry else { continue };
            let id = of_wire_document(save.document);
            if purged::contains(&self.connection, id)? {
                returned.insert(id);
            } else {
                arriving.insert(id, (entry, save));
            }
        }
        let struck = suspect::struck(&self.connection)?;
        let is_alone = |id: &DocumentId| died_over_it || self.cautious || struck.contains(id);
        let alone: Vec<DocumentId> = arriving.keys().copied().filter(is_alone).collect();
        for id in alone {
            if let Some((entry, _)) = arriving.remove(&id) {
                let (_, arrival) = Arrival::of(entry);
                self.take_in(BTreeMap::from([(id, vec![arrival])]), None, received)?;
            }
        }
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        let shelf = Shelf::new(&transaction, &self.cache);
        let (mut fresh, mut known) = (Vec::new(), Vec::new());
        for (id, (entry, save)) in &arriving {
            if is_known(&transaction, *id)? {
                known.push((*id, *entry));
            } else {
                fresh.push((*id, *entry, *save));
            }
        }
        let mut projected = Vec::with_capacity(fresh.len());
        in_parallel(
            &fresh,
            |&(id, entry, save)| read(id, save).ok_or((id, entry)),
            |one| {
                match one {
                    Ok(one) => projected.push(put(&shelf, one)?),
                    // Set aside, with the reason.
                    Err(one) => known.push(one),
                }
                Ok::<_, ReplicaError>(())
            },
        )?;
        let mut changed: Vec<DocumentId> = arriving.keys().copied().collect();
        let mut taken_in = Vec::with_capacity(known.len());
        for (id, entry) in known {
            let (_, arrival) = Arrival::of(entry);
            if !(Intake { shelf: &shelf, id }).take(vec![arrival])? {
                received.set_aside.push(id);
            }
            taken_in.push(id);
        }
        let set_aside = projection::insert(&shelf, projected, &taken_in)?;
        received.set_aside.extend(set_aside);
        if position::read(&transaction)?.is_none() {
            position::write(&transaction, &cursor)?;
        }
        comparison::note(&transaction, entries)?;
        if let Some(states) = info.states {
            let leaves: Vec<Leaf> = entries.iter().flat_map(leaves).collect();
            tagged_page::append(&transaction, &leaves, states)?;
        }
        let entropy = self.entropy.as_mut();
        received.goes_back |= comparison::show_purges(&transaction, entropy, &returned)?;
        segment::stored(&transaction, info.hash)?;
        let taken = shelf.into_taken();
        transaction.commit()?;
        self.keep(taken);
        received.changed.append(&mut changed);
        Ok(())
    }
}

/// Whether anything is here of a document: then it is taken in as the log's are.
fn is_known(connection: &Connection, id: DocumentId) -> Result<bool, StoreError> {
    let known = connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM document WHERE id = ?1)
                 OR EXISTS (SELECT 1 FROM change WHERE document = ?1)
                 OR EXISTS (SELECT 1 FROM unreadable WHERE document = ?1)",
        )?
        .query_row([id.as_bytes()], |row| row.get(0))?;
    Ok(known)
}

/// Reads a document that is not here; `None` if this version cannot.
fn read(id: DocumentId, save: &SaveEntry) -> Option<Fresh<'_>> {
    let gated = GatedDocument::load(&save.saved).ok()?;
    let receipts = of_wire_receipts(&save.receipts);
    let space = save.space.as_str().parse().ok()?;
    let document = Document::read(id, space, gated.shared(), receipts.clone()).ok()?;
    let projected = Projected::of(&document);
    Some(Fresh {
        id,
        save,
        receipts,
        document,
        projected,
    })
}

/// Puts the row of a document that is not here.
fn put(shelf: &Shelf<'_>, fresh: Fresh<'_>) -> Result<(DocumentId, Projected), StoreError> {
    let Fresh {
        id,
        save,
        receipts,
        document,
        projected,
    } = fresh;
    let (space, connection) = (save.space.as_str(), shelf.connection());
    store::document::insert_with_base(connection, id, space, &save.saved, &receipts)?;
    shelf.put_read(id, document);
    Ok((id, projected))
}
