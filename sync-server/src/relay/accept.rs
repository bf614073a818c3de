//! Takes batches in: judges each, and keeps those that stand, all in one transaction.

use std::any::Any;
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use change_gate::{ChangeHeader, GatedDocument, Hash, prescan};
use dealership::{Author, DeviceNumber, DocumentId, Kind, Seq, Space, Timestamp, claim};
use sha2::{Digest, Sha256};
use sync_protocol::message::Accepted;
use sync_protocol::{Batch, Outcome, PushedChange, RefusalCode};

use super::documents::{Found, Loaded};
use super::draft::{Draft, Origin};
use super::heal::KindJudge;
use super::judge::{RightsJudge, authorship};
use super::verdict::{PAUSE, later, of_gate, of_malformed, refused};
use super::{Relay, RelayError};
use crate::store::{BatchRow, LogHead, Store, Verdict};
use crate::wire;

/// A batch, with what its session knows of it.
#[derive(Clone, Debug)]
pub struct Pushed {
    /// The device that pushed it.
    pub device: DeviceNumber,
    /// The newest shape of documents that the device writes.
    pub shapes: u32,
    /// Whether the device's clock was within ten minutes of the relay's.
    pub clock_trusted: bool,
    /// The batch.
    pub batch: Batch,
}

/// Why a batch stops here: with an outcome for its device, or because the relay failed.
pub(super) enum Stop {
    Outcome(Outcome),
    Failed(RelayError),
}

impl<E: Into<RelayError>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

impl<S: Store> Relay<S> {
    /// Judges batches in their order and keeps those that stand, in one transaction.
    ///
    /// When it returns, every final outcome is durable. One bad batch does not sink the others:
    /// where the relay itself fails over one, its device is asked to push it again.
    ///
    /// # Errors
    ///
    /// [`RelayError`] when the store failed or the clock is far behind the log, and then nothing
    /// was kept of any of them.
    pub fn accept(
        &mut self,
        now: Timestamp,
        pushed: &[Pushed],
    ) -> Result<Vec<Outcome>, RelayError> {
        self.check_clock(now)?;
        self.in_transaction(|relay| {
            pushed
                .iter()
                .map(|pushed| relay.accept_one(now, pushed))
                .collect()
        })
    }

    fn accept_one(&mut self, now: Timestamp, pushed: &Pushed) -> Result<Outcome, RelayError> {
        self.store.set_savepoint()?;
        // Whatever a panic leaves half done is forgotten with the savepoint.
        let judged = catch_unwind(AssertUnwindSafe(|| self.judge_and_keep(now, pushed)));
        match judged.unwrap_or_else(|panic| Err(panicked(panic.as_ref()))) {
            Ok(outcome) | Err(Stop::Outcome(outcome)) => {
                self.store.release_savepoint()?;
                Ok(outcome)
            }
            Err(Stop::Failed(error)) if error.is_of_one_batch() => {
                let batch = pushed.batch.id();
                tracing::error!(%batch, error = &error as &dyn std::error::Error, "a batch failed");
                self.store.roll_back_to_savepoint()?;
                self.forget()?;
                Ok(later(PAUSE))
            }
            Err(Stop::Failed(error)) => Err(error),
        }
    }

    /// Gives a batch its verdict, and writes it down if it is for ever.
    fn judge_and_keep(&mut self, now: Timestamp, pushed: &Pushed) -> Result<Outcome, Stop> {
        let digest = digest(pushed.batch.changes());
        if let Some(known) = self.store.batch(pushed.batch.id())? {
            let is_same = known.device == pushed.device && known.digest == digest;
            return Ok(if is_same {
                outcome(&known)
            } else {
                let text = "the id was used before, for other changes";
                refused(RefusalCode::BatchReused, None, text)
            });
        }
        let kept = if pushed.batch.changes().is_empty() {
            self.author_of(pushed)
                .and_then(|_| self.purge_again(now, pushed.batch.states()))
        } else {
            self.judge(now, pushed).and_then(|(draft, first, last)| {
                self.keep(now, draft)?;
                Ok((first, last))
            })
        };
        let verdict = match kept {
            Ok((first, last)) => Verdict::Durable { first, last },
            Err(Stop::Outcome(Outcome::Refused(refusal))) => Verdict::Refused(refusal),
            Err(stop) => return Err(stop),
        };
        let row = BatchRow {
            id: pushed.batch.id(),
            device: pushed.device,
            digest,
            received_at: now.max(self.head.received_at),
            verdict,
        };
        self.store.put_batch(&row)?;
        Ok(outcome(&row))
    }

    /// Works out what a batch adds, and the first and last position of its changes.
    fn judge(&mut self, now: Timestamp, pushed: &Pushed) -> Result<(Draft, Seq, Seq), Stop> {
        let author = self.author_of(pushed)?;
        let changes = pushed.batch.changes();
        let headers = headers(changes)?;
        check_each_once(changes, &headers)?;
        check_operations(&headers)?;
        if is_of_lost(pushed) {
            self.check_proofs(&pushed.batch, &headers)?;
        }
        let mut draft = Draft::new(self.head, now);
        let mut seqs = BTreeSet::new();
        for document in documents_of(changes) {
            self.admit(&mut draft, &author, pushed, &headers, document)?;
        }
        for (change, header) in changes.iter().zip(&headers) {
            let document = wire::domain_document(change.document);
            let seq = match self.store.seq_of_change(document, &header.hash)? {
                Some(known) => Some(known),
                None => self.append(&mut draft, pushed, change, header)?,
            };
            seqs.extend(seq);
        }
        let ends = seqs.first().zip(seqs.last());
        let (first, last) = ends.ok_or(Stop::Outcome(later(PAUSE)))?;
        Ok((draft, *first, *last))
    }

    fn author_of(&self, pushed: &Pushed) -> Result<Author, Stop> {
        let author = self.front_desk().author(pushed.device)?;
        // The session of a device that is no longer admitted ends; its work waits on it.
        author.ok_or(Stop::Outcome(later(PAUSE)))
    }

    /// Lets the changes of one document through the gate.
    fn admit(
        &mut self,
        draft: &mut Draft,
        author: &Author,
        pushed: &Pushed,
        headers: &[ChangeHeader],
        document: DocumentId,
    ) -> Result<(), Stop> {
        let found = self.documents.find(&self.store, document)?;
        let before = match &found {
            Found::Nothing => None,
            Found::Document(loaded) => Some(loaded.as_ref()),
            Found::Tombstone => {
                let text = "the document was purged";
                return Err(Stop::Outcome(refused(RefusalCode::Gone, None, text)));
            }
        };
        let changes = pushed.batch.changes();
        let mut chunks = Vec::new();
        let mut declared = None;
        for (index, change) in changes.iter().enumerate() {
            if wire::domain_document(change.document) != document {
                continue;
            }
            declared = declared.or(Some((index, change.space.as_str())));
            chunks.push(change.raw.as_slice());
        }
        // Where the document is now decides who reads it; a late edit by a former reader is routed
        // there.
        let space = match before {
            Some(before) => before.space,
            None => declared_space(declared)?,
        };
        let departures = match before {
            Some(_) if !author.spaces.contains(&space) => self.store.departures(document)?,
            _ => Vec::new(),
        };
        let empty;
        let content = match before {
            Some(before) => &before.content,
            None => {
                empty = GatedDocument::empty();
                &empty
            }
        };
        let kind = before.map(|before| before.kind);
        let (admission, kind) = if is_of_lost(pushed) {
            let mut judge = KindJudge { kind };
            let admission = content.admit_again(&chunks, &mut judge);
            (admission, judge.kind)
        } else {
            let mut judge = RightsJudge {
                author,
                group: self.group.group,
                document,
                space,
                departures: &departures,
                kind,
                head: (!self.group.is_restored).then_some(self.head.seq),
                shapes: i64::from(pushed.shapes),
            };
            let admission = content.admit(pushed.device.0, &chunks, &mut judge);
            (admission, judge.kind)
        };
        let admission = match admission {
            Err(change_gate::Refusal::MissingDependencies(_)) if is_of_lost(pushed) => {
                return Err(self.vouch_below(&pushed.batch, headers));
            }
            admission => admission.map_err(|refusal| {
                let index_of = |hash: &Hash| headers.iter().position(|one| one.hash == *hash);
                Stop::Outcome(of_gate(&refusal, index_of))
            })?,
        };
        if admission.admitted.is_empty() {
            return Ok(());
        }
        let kind = kind.ok_or(RelayError::Unjudged { document })?;
        if is_of_lost(pushed) {
            // What was accepted once is taken back whatever stands beside it by now.
            draft.put(document, kind, space, before, admission);
            return Ok(());
        }
        admission.check_size().map_err(|outgrown| {
            let index = declared.map(|(index, _)| index);
            Stop::Outcome(refused(
                RefusalCode::OverLimit,
                index,
                &outgrown.to_string(),
            ))
        })?;
        draft.put(document, kind, space, before, admission);
        match draft.document(document) {
            Some(after) if kind == Kind::Vehicle => check_finals(before, after),
            _ => Ok(()),
        }
    }

    /// Gives an admitted change its position.
    fn append(
        &mut self,
        draft: &mut Draft,
        pushed: &Pushed,
        change: &PushedChange,
        header: &ChangeHeader,
    ) -> Result<Option<Seq>, RelayError> {
        let is_of_lost = is_of_lost(pushed);
        let origin = Origin {
            batch: Some(pushed.batch.id()),
            device: pushed.device,
            clock_trusted: pushed.clock_trusted && !is_of_lost,
        };
        // Of a change that was lost its first receipt is lost too, and its author's cursor is one
        // of an earlier life of the log: all that is known is that it is here now.
        let base_received_at = if is_of_lost {
            LogHead::START.received_at
        } else {
            // The judge has read it before.
            let base_seq = authorship(header)
                .map(|authorship| authorship.base_seq)
                .unwrap_or_default();
            self.received_at(base_seq)?
        };
        let document = wire::domain_document(change.document);
        Ok(draft.append(document, header, &change.raw, base_received_at, origin))
    }

    /// When the relay received the entry that an author had seen last.
    pub(super) fn received_at(&self, base_seq: Seq) -> Result<Timestamp, RelayError> {
        // After a restore an author may have seen more than there is.
        let at = base_seq.min(self.head.seq);
        let head = self.store.head_at(at)?;
        Ok(head.map_or(LogHead::START.received_at, |head| head.received_at))
    }
}

/// Whether a batch brings back what the relay had accepted and has lost.
fn is_of_lost(pushed: &Pushed) -> bool {
    !pushed.batch.states().is_empty()
}

fn panicked(panic: &(dyn Any + Send)) -> Stop {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let message = text.or_else(|| panic.downcast_ref::<String>().cloned());
    Stop::Failed(RelayError::Panicked {
        message: message.unwrap_or_else(|| "without words".to_owned()),
    })
}

/// Lets a claim become final only where the relay itself knows of nothing against it.
fn check_finals(before: Option<&Loaded>, after: &Loaded) -> Result<(), Stop> {
    let not_permitted =
        |reason: &str| Stop::Outcome(refused(RefusalCode::NotPermitted, None, reason));
    let after = after.read()?;
    if after.facts("final").next().is_none() {
        return Ok(());
    }
    let Some(before) = before else {
        return Err(not_permitted("a new vehicle has no confirmed claim"));
    };
    claim::may_finalise_what_is_new(&before.read()?, &after)
        .map_err(|reason| not_permitted(&reason.to_string()))
}

/// Reads what every change says of itself.
fn headers(changes: &[PushedChange]) -> Result<Vec<ChangeHeader>, Stop> {
    changes
        .iter()
        .enumerate()
        .map(|(index, change)| {
            prescan(&change.raw).map_err(|malformed| {
                let code = of_malformed(&malformed);
                Stop::Outcome(refused(code, Some(index), &malformed.to_string()))
            })
        })
        .collect()
}

/// A change that comes twice would be given two positions.
fn check_each_once(changes: &[PushedChange], headers: &[ChangeHeader]) -> Result<(), Stop> {
    let mut met = BTreeSet::new();
    for (index, (change, header)) in changes.iter().zip(headers).enumerate() {
        if !met.insert((change.document, header.hash)) {
            let text = "the batch holds this change twice";
            let outcome = refused(RefusalCode::Malformed, Some(index), text);
            return Err(Stop::Outcome(outcome));
        }
    }
    Ok(())
}

/// The gate bounds what it is handed at once, which is one document; the writer is held by all of
/// a batch.
fn check_operations(headers: &[ChangeHeader]) -> Result<(), Stop> {
    let found = headers
        .iter()
        .fold(0_u64, |sum, header| sum.saturating_add(header.operations));
    if found > change_gate::limits::BATCH_OPERATIONS {
        let text = format!("the batch has {found} operations");
        let outcome = refused(RefusalCode::OverLimit, None, &text);
        return Err(Stop::Outcome(outcome));
    }
    Ok(())
}

/// The documents of a batch, each once, in the order in which they come.
fn documents_of(changes: &[PushedChange]) -> Vec<DocumentId> {
    let mut documents = Vec::new();
    for change in changes {
        let document = wire::domain_document(change.document);
        if !documents.contains(&document) {
            documents.push(document);
        }
    }
    documents
}

fn declared_space(declared: Option<(usize, &str)>) -> Result<Space, Stop> {
    let (index, name) = declared.unwrap_or_default();
    name.parse().map_err(|_| {
        let text = "no space has this name";
        Stop::Outcome(refused(RefusalCode::WrongSpace, Some(index), text))
    })
}

/// The hash over what was pushed under a batch's id.
fn digest(changes: &[PushedChange]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for change in changes {
        hasher.update(change.document.0);
        hasher.update((change.raw.len() as u64).to_be_bytes());
        hasher.update(&change.raw);
    }
    hasher.finalize().into()
}

fn outcome(batch: &BatchRow) -> Outcome {
    match &batch.verdict {
        Verdict::Durable { first, last } => Outcome::Accepted(Accepted {
            first_seq: wire::seq(*first),
            last_seq: wire::seq(*last),
            received_at: wire::timestamp(batch.received_at),
        }),
        Verdict::Refused(refusal) => Outcome::Refused(refusal.clone()),
    }
}
