//! The gate: all checks, in the order of their cost.

use std::convert::Infallible;

use automerge::{Change, ROOT, ReadDoc};
use thiserror::Error;

use crate::{
    ChangeHeader, GatedDocument, Hash, Judge, Malformed, Poison, Refusal, Write, device_of, limits,
    lineage,
    panics::caught,
    prescan::prescan,
    proof,
    structure::{self, Operation},
};

/// A document after a batch, proved to survive saving and loading.
#[derive(Clone, Debug)]
pub struct Admission {
    /// The document with the changes, as it was loaded again.
    pub document: GatedDocument,
    /// The bytes it was loaded from: uncompressed, to be stored as they are.
    pub saved: Vec<u8>,
    /// The changes that entered, in the order in which they were given.
    pub admitted: Vec<ChangeHeader>,
    /// The changes that had been there before: to admit twice is to admit once.
    pub known: Vec<Hash>,
}

/// Says by what a document has outgrown its limits.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum Outgrown {
    /// By its size.
    #[error("the document would have {bytes} bytes")]
    Bytes {
        /// The size of its save.
        bytes: usize,
    },
    /// By its keys.
    #[error("the document would have {keys} keys")]
    Keys {
        /// How many stand at its root.
        keys: usize,
    },
}

impl Admission {
    /// Says whether the document has outgrown [`limits::DOCUMENT_BYTES`] or
    /// [`limits::DOCUMENT_KEYS`]. Whose changes may not make it do so is for the caller to
    /// decide: a relay's own facts must fit where a person's change did.
    ///
    /// # Errors
    ///
    /// [`Outgrown`], with what it has.
    pub fn check_size(&self) -> Result<(), Outgrown> {
        let (bytes, keys) = (self.saved.len(), self.document.automerge().length(ROOT));
        if bytes > limits::DOCUMENT_BYTES {
            return Err(Outgrown::Bytes { bytes });
        }
        if keys > limits::DOCUMENT_KEYS {
            return Err(Outgrown::Keys { keys });
        }
        Ok(())
    }
}

impl GatedDocument {
    /// Admits the changes that one device wrote to this document in one batch, or
    /// none of them. The document itself stays as it is.
    ///
    /// `chunks` come in an order in which every change follows its dependencies.
    /// `device` is the number under which their author is authenticated.
    ///
    /// # Errors
    ///
    /// Says why the batch may not enter.
    pub fn admit<J: Judge>(
        &self,
        device: u64,
        chunks: &[&[u8]],
        judge: &mut J,
    ) -> Result<Admission, Refusal<J::Reason>> {
        self.admit_of(Some(device), chunks, judge)
    }

    /// Admits changes that a relay accepted before and has lost, or none of them: as
    /// [`admit`](Self::admit), but any device may have written them. Who hands them in has proved
    /// that they were accepted.
    ///
    /// # Errors
    ///
    /// Says why the batch may not enter.
    pub fn admit_again<J: Judge>(
        &self,
        chunks: &[&[u8]],
        judge: &mut J,
    ) -> Result<Admission, Refusal<J::Reason>> {
        self.admit_of(None, chunks, judge)
    }

    fn admit_of<J: Judge>(
        &self,
        device: Option<u64>,
        chunks: &[&[u8]],
        judge: &mut J,
    ) -> Result<Admission, Refusal<J::Reason>> {
        let mut scratch = self.clone();
        let mut admitted = Vec::new();
        let mut known = Vec::new();
        let mut operations = 0_u64;
        for chunk in chunks {
            let header = prescan(chunk)?;
            let hash = header.hash;
            if scratch.contains(&hash) {
                known.push(hash);
                continue;
            }
            operations = operations.saturating_add(header.operations);
            if operations > limits::BATCH_OPERATIONS {
                return Err(Refusal::TooManyOperations { found: operations });
            }
            let found = device_of(&header.actor);
            if let Some(expected) = device.filter(|device| found != *device) {
                return Err(Refusal::ForeignActor {
                    hash,
                    expected,
                    found,
                });
            }
            let (change, writes) = read(&scratch, &header, chunk)?;
            judge
                .judge(&header, scratch.automerge(), &writes)
                .map_err(|reason| Refusal::Judged { hash, reason })?;
            scratch.apply(&header, change)?;
            admitted.push(header);
        }
        let proved = proof::reload(scratch.automerge())?;
        Ok(Admission {
            document: scratch.reloaded(proved.document),
            saved: proved.saved,
            admitted,
            known,
        })
    }

    /// Returns the document with changes that a relay accepted before.
    ///
    /// They pass the gate but for three things: any device may have written them,
    /// rights are not judged again, and the document is not loaded again to prove
    /// that it can be. Changes that are already there are passed over.
    ///
    /// # Errors
    ///
    /// Says which change does not fit, or how Automerge failed.
    pub fn extend(&self, chunks: &[&[u8]]) -> Result<Self, Refusal<Infallible>> {
        self.clone().into_extended(chunks)
    }

    /// Extends the document in place: [`extend`](Self::extend) without its copy.
    ///
    /// # Errors
    ///
    /// As [`extend`](Self::extend). The document is gone then, for it may be
    /// half-changed: load it again.
    pub fn into_extended(mut self, chunks: &[&[u8]]) -> Result<Self, Refusal<Infallible>> {
        for chunk in chunks {
            let header = prescan(chunk)?;
            if !self.contains(&header.hash) {
                let (change, _writes) = read(&self, &header, chunk)?;
                self.apply(&header, change)?;
            }
        }
        Ok(self)
    }
}

/// Reads a pre-scanned change against the document it is meant for.
fn read<R: std::error::Error>(
    document: &GatedDocument,
    header: &ChangeHeader,
    chunk: &[u8],
) -> Result<(Change, Vec<Write>), Refusal<R>> {
    lineage::check(document, header)?;
    let (change, operations) = decode(chunk)?;
    let writes = caught(|| structure::writes(document.automerge(), header, &operations))
        .map_err(|message| Poison::Panicked { message })?
        .map_err(|(operation, fault)| Refusal::Structure {
            hash: header.hash,
            operation,
            fault,
        })?;
    Ok((change, writes))
}

/// Lets Automerge decode a change and makes sure that it is written as Automerge
/// writes what was decoded, so that nothing hides in the bytes and a saved
/// document gives the change its name back.
fn decode<R: std::error::Error>(chunk: &[u8]) -> Result<(Change, Vec<Operation>), Refusal<R>> {
    let decoded = caught(|| {
        let change = Change::try_from(chunk).map_err(|error| Malformed::Unreadable {
            reason: error.to_string(),
        })?;
        let expanded = change.decode();
        let operations = expanded.operations.clone();
        if Change::from(expanded).raw_bytes() == chunk {
            Ok((change, operations))
        } else {
            Err(Malformed::NotCanonical)
        }
    });
    Ok(decoded.map_err(|message| Poison::Panicked { message })??)
}
