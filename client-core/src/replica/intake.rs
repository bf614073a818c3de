//! What the log brings for one document, taken in: rows, base, receipts and the shelf.

use std::collections::BTreeMap;

use automerge::ChangeHash;
use change_gate::{ChangeHeader, GatedDocument, Malformed, prescan};
use dealership::id::DocumentId;
use dealership::receipt::{ChangeReceipt, Receipts};
use dealership::{Seq, Timestamp};
use sync_protocol::Entry;

use crate::error::{ReplicaError, StoreError};
use crate::replica::cache::Loaded;
use crate::replica::shelf::Shelf;
use crate::store::change::{ChangeRow, Known, Origin};
use crate::store::held::Held;
use crate::store::{self, suspect};
use crate::wire::{of_wire_receipt, of_wire_receipts};

/// One thing that the log brings for a document.
#[derive(Debug)]
pub(super) enum Arrival<'a> {
    /// A change.
    Change {
        /// The name of the space that the document is in.
        space: &'a str,
        /// Its bytes.
        raw: &'a [u8],
        /// What the bytes say of themselves, or why they say nothing.
        header: Result<ChangeHeader, Malformed>,
        /// Its receipt.
        receipt: ChangeReceipt,
    },
    /// The whole document, saved.
    Save {
        /// The name of the space that the document is in.
        space: &'a str,
        /// Its bytes.
        saved: &'a [u8],
        /// The receipts of every change in it.
        receipts: Receipts,
    },
    /// The document left this device's spaces.
    Removed,
    /// The document was purged.
    Purged,
}

impl<'a> Arrival<'a> {
    /// An entry of the log, with the document that it is about.
    pub(super) fn of(entry: &'a Entry) -> (sync_protocol::DocumentId, Self) {
        match entry {
            Entry::Change(change) => {
                let arrival = Self::Change {
                    space: change.space.as_str(),
                    raw: &change.raw,
                    header: prescan(&change.raw),
                    receipt: of_wire_receipt(&change.receipt),
                };
                (change.document, arrival)
            }
            Entry::Save(save) => {
                let arrival = Self::Save {
                    space: save.space.as_str(),
                    saved: &save.saved,
                    receipts: of_wire_receipts(&save.receipts),
                };
                (save.document, arrival)
            }
            Entry::Gone(gone) => (gone.document, Self::Purged),
            Entry::Left(left) => (left.document, Self::Removed),
        }
    }

    /// Something that was held for a document that was set aside.
    pub(super) fn of_held(held: &'a Held) -> Self {
        if held.is_save {
            return Self::Save {
                space: &held.space,
                saved: &held.bytes,
                receipts: held.receipts.clone(),
            };
        }
        let receipt = held.receipts.iter().next().map(|(_, receipt)| *receipt);
        Self::Change {
            space: &held.space,
            raw: &held.bytes,
            header: prescan(&held.bytes),
            receipt: receipt.unwrap_or(NOTHING_KNOWN),
        }
    }

    /// What is kept of it for a later version; nothing of a removal.
    fn to_held(&self) -> Option<Held> {
        match self {
            Self::Change {
                space,
                raw,
                header,
                receipt,
            } => {
                let hash = header
                    .as_ref()
                    .map(|header| header.hash)
                    .unwrap_or_default();
                let mut receipts = Receipts::default();
                receipts.insert(&ChangeHash(hash), *receipt);
                Some(Held {
                    space: (*space).to_owned(),
                    is_save: false,
                    bytes: raw.to_vec(),
                    receipts,
                })
            }
            Self::Save {
                space,
                saved,
                receipts,
            } => Some(Held {
                space: (*space).to_owned(),
                is_save: true,
                bytes: saved.to_vec(),
                receipts: receipts.clone(),
            }),
            Self::Removed | Self::Purged => None,
        }
    }
}

/// Stands where a held change lost its receipt: made before everything.
const NOTHING_KNOWN: ChangeReceipt = ChangeReceipt {
    seq: Seq(0),
    received_at: Timestamp::from_millis(0),
    base_received_at: Timestamp::from_millis(0),
    clock_trusted: false,
};

/// Takes in what the log brings for one document.
pub(super) struct Intake<'i> {
    pub(super) shelf: &'i Shelf<'i>,
    pub(super) id: DocumentId,
}

/// A change that stands above a base.
enum Above {
    /// It is in no row: it was in the base before, and a restored relay has lost it.
    Lost {
        header: Box<ChangeHeader>,
        raw: Vec<u8>,
        receipt: Option<ChangeReceipt>,
    },
    /// It is in a row.
    Row(ChangeRow),
}

impl Above {
    fn raw(&self) -> &[u8] {
        match self {
            Self::Lost { raw, .. } => raw,
            Self::Row(row) => &row.raw,
        }
    }
}

/// Why something was not taken in.
enum Trouble {
    /// This version cannot take the bytes; the document is set aside with the reason.
    Bytes(String),
    /// The replica failed.
    Replica(ReplicaError),
}

impl<E: Into<ReplicaError>> From<E> for Trouble {
    fn from(error: E) -> Self {
        match error.into() {
            ReplicaError::Unreadable { source, .. } => Self::Bytes(source.to_string()),
            error => Self::Replica(error),
        }
    }
}

impl Intake<'_> {
    /// Takes in arrivals in their order; `false` if the document is set aside.
    ///
    /// A document that is set aside keeps what it had, and holds what comes.
    pub(super) fn take(&self, arrivals: Vec<Arrival<'_>>) -> Result<bool, ReplicaError> {
        let connection = self.shelf.connection();
        let mut is_set_aside = suspect::reason(connection, self.id)?.is_some();
        let mut rest = arrivals.as_slice();
        while let Some(first) = rest.first() {
            if matches!(first, Arrival::Removed | Arrival::Purged) {
                self.remove()?;
                if matches!(first, Arrival::Purged) {
                    self.empty_quarantine()?;
                }
                is_set_aside = false;
                rest = rest.get(1..).unwrap_or_default();
                continue;
            }
            if is_set_aside {
                if let Some(held) = first.to_held() {
                    store::held::append(connection, self.id, &held)?;
                }
                rest = rest.get(1..).unwrap_or_default();
                continue;
            }
            let run = rest
                .iter()
                .take_while(|arrival| matches!(arrival, Arrival::Change { .. }))
                .count()
                .max(1);
            let (now, later) = rest.split_at(run);
            match self.take_run(now) {
                Ok(()) => rest = later,
                Err(Trouble::Bytes(reason)) => {
                    tracing::warn!(document = %self.id, reason, "a document is set aside");
                    suspect::set_aside(connection, self.id, &reason)?;
                    self.shelf.forget(self.id);
                    is_set_aside = true;
                }
                Err(Trouble::Replica(error)) => return Err(error),
            }
        }
        Ok(!is_set_aside)
    }

    /// Takes in one save, or changes that follow each other. Writes nothing unless it can take
    /// all of it.
    fn take_run(&self, run: &[Arrival<'_>]) -> Result<(), Trouble> {
        match run {
            [
                Arrival::Save {
                    space,
                    saved,
                    receipts,
                },
            ] => self.take_save(space, saved, receipts),
            changes => self.take_changes(changes),
        }
    }

    fn take_changes(&self, arrivals: &[Arrival<'_>]) -> Result<(), Trouble> {
        let connection = self.shelf.connection();
        let here = self.shelf.loaded(self.id)?;
        let mut receipts = here
            .as_ref()
            .map(|here| here.receipts.clone())
            .unwrap_or_default();
        let mut base_receipts_changed = false;
        let mut fresh: Vec<(&ChangeHeader, &[u8], &ChangeReceipt)> = Vec::new();
        let mut now_in = None;
        for arrival in arrivals {
            let Arrival::Change {
                space,
                raw,
                header,
                receipt,
            } = arrival
            else {
                continue;
            };
            let header = header
                .as_ref()
                .map_err(|error| Trouble::Bytes(error.to_string()))?;
            let hash = ChangeHash(header.hash);
            receipts.insert(&hash, *receipt);
            now_in = Some(*space);
            match store::change::known(connection, self.id, &hash)? {
                Known::Here => {
                    store::change::set_receipt(connection, self.id, &hash, receipt)?;
                }
                Known::Absent
                    if here
                        .as_ref()
                        .is_some_and(|here| here.gated.contains(&header.hash)) =>
                {
                    base_receipts_changed = true;
                }
                // What was held may have come more than once.
                Known::Absent if fresh.iter().any(|(one, ..)| one.hash == header.hash) => {}
                Known::Absent => fresh.push((header, *raw, receipt)),
            }
        }
        let gated = match &here {
            Some(here) => here.gated.clone(),
            // Own changes to a document that left: the receipt is all there is to note.
            None if fresh.is_empty() => return Ok(()),
            None => GatedDocument::empty(),
        };
        let chunks: Vec<&[u8]> = fresh.iter().map(|(_, raw, _)| *raw).collect();
        let gated = gated
            .into_extended(&chunks)
            .map_err(|refusal| Trouble::Bytes(refusal.to_string()))?;
        let (gated, own_again) = self.with_own(gated)?;
        let space = now_in.unwrap_or_default();
        let number = match &here {
            Some(here) => {
                store::document::set_space(connection, self.id, space)?;
                here.number
            }
            None => store::document::insert(connection, self.id, space)?,
        };
        for (header, raw, receipt) in fresh {
            store::change::append(connection, self.id, header, raw, Origin::Log(Some(receipt)))?;
        }
        for hash in own_again {
            store::change::move_to_end(connection, self.id, &hash)?;
        }
        if base_receipts_changed {
            store::document::set_receipts(connection, number, &receipts)?;
        }
        self.shelf.replace(
            self.id,
            Some(Loaded {
                number,
                space: space.to_owned(),
                gated,
                receipts,
            }),
        );
        Ok(())
    }

    /// Puts own changes on top that wait in the outbox and are not in the document: it left
    /// meanwhile, and is coming back. Those whose dependencies are still on their way wait.
    fn with_own(
        &self,
        mut gated: GatedDocument,
    ) -> Result<(GatedDocument, Vec<ChangeHash>), Trouble> {
        let mut put = Vec::new();
        for (hash, raw) in store::change::waiting(self.shelf.connection(), self.id)? {
            if gated.contains(&hash.0) {
                continue;
            }
            if let Ok(extended) = gated.extend(&[&raw]) {
                gated = extended;
                put.push(hash);
            }
        }
        Ok((gated, put))
    }

    fn take_save(&self, space: &str, saved: &[u8], receipts: &Receipts) -> Result<(), Trouble> {
        let connection = self.shelf.connection();
        let base = GatedDocument::load(saved).map_err(|error| Trouble::Bytes(error.to_string()))?;
        let number = store::document::number(connection, self.id)?;
        let rows = store::change::of_document(connection, self.id)?;
        let (covered, kept): (Vec<_>, Vec<_>) =
            rows.into_iter().partition(|row| base.contains(&row.hash.0));
        let above = match number {
            Some(_) => self.above(&base, kept)?,
            // A document that left may have changes in the outbox; they go on top again.
            None => kept.into_iter().map(Above::Row).collect(),
        };
        let chunks: Vec<&[u8]> = above.iter().map(Above::raw).collect();
        let gated = base
            .into_extended(&chunks)
            .map_err(|refusal| Trouble::Bytes(refusal.to_string()))?;
        let number = match number {
            Some(number) => {
                store::document::set_base(connection, number, space, saved, receipts)?;
                number
            }
            None => store::document::insert_with_base(connection, self.id, space, saved, receipts)?,
        };
        for row in covered {
            match receipts.get(&row.hash) {
                // Its batch waits for the verdict and may have to be pushed again.
                Some(receipt) if row.waits => {
                    store::change::set_receipt(connection, self.id, &row.hash, receipt)?;
                }
                _ if row.waits => {}
                _ => store::change::delete(connection, self.id, &row.hash)?,
            }
        }
        let mut all = receipts.clone();
        self.keep_above(above, &mut all)?;
        self.shelf.replace(
            self.id,
            Some(Loaded {
                number,
                space: space.to_owned(),
                gated,
                receipts: all,
            }),
        );
        Ok(())
    }

    /// What is here and not in a save, each after what it builds on: changes in the outbox, later
    /// ones that came first, and those that a restored relay has lost.
    fn above(&self, base: &GatedDocument, rows: Vec<ChangeRow>) -> Result<Vec<Above>, Trouble> {
        let Some(here) = self.shelf.loaded(self.id)? else {
            return Ok(rows.into_iter().map(Above::Row).collect());
        };
        let mut rows: BTreeMap<ChangeHash, ChangeRow> =
            rows.into_iter().map(|row| (row.hash, row)).collect();
        let mut above = Vec::new();
        for change in here.gated.automerge().get_changes(&[]) {
            let hash = change.hash();
            if base.contains(&hash.0) {
                continue;
            }
            above.push(match rows.remove(&hash) {
                Some(row) => Above::Row(row),
                None => {
                    let raw = change.raw_bytes().to_vec();
                    let header =
                        prescan(&raw).map_err(|error| Trouble::Bytes(error.to_string()))?;
                    let receipt = here.receipts.get(&hash).copied();
                    Above::Lost {
                        header: Box::new(header),
                        raw,
                        receipt,
                    }
                }
            });
        }
        Ok(above)
    }

    /// Keeps what stands above the base in the order in which it is applied, and notes its
    /// receipts.
    fn keep_above(&self, above: Vec<Above>, receipts: &mut Receipts) -> Result<(), StoreError> {
        let connection = self.shelf.connection();
        let has_lost = above.iter().any(|one| matches!(one, Above::Lost { .. }));
        for one in above {
            let (hash, receipt) = match one {
                Above::Lost {
                    header,
                    raw,
                    receipt,
                } => {
                    let origin = Origin::Log(receipt.as_ref());
                    store::change::append(connection, self.id, &header, &raw, origin)?;
                    (ChangeHash(header.hash), receipt)
                }
                Above::Row(row) => {
                    if has_lost {
                        store::change::move_to_end(connection, self.id, &row.hash)?;
                    }
                    (row.hash, row.receipt)
                }
            };
            if let Some(receipt) = receipt {
                receipts.insert(&hash, receipt);
            }
        }
        Ok(())
    }

    /// What was refused is kept until a person decides, but not of a document that was purged.
    fn empty_quarantine(&self) -> Result<(), StoreError> {
        let connection = self.shelf.connection();
        for batch in store::quarantine::of_document(connection, self.id)? {
            store::quarantine::empty(connection, batch)?;
        }
        Ok(())
    }

    fn remove(&self) -> Result<(), StoreError> {
        let connection = self.shelf.connection();
        store::document::delete(connection, self.id)?;
        store::change::delete_accepted(connection, self.id)?;
        store::held::delete(connection, self.id)?;
        suspect::take_back(connection, self.id)?;
        self.shelf.replace(self.id, None);
        Ok(())
    }
}
