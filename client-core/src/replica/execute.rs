//! Commands: planned over the replica's documents, written, gated and saved in one transaction.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use change_gate::Actor;
use dealership::Timestamp;
use dealership::access::Author;
use dealership::authorship::Authorship;
use dealership::command::{Context, Plan};
use dealership::edit::{Edit, Edits};
use dealership::id::{DocumentId, FreshIds};
use dealership::refusal::{Notice, Refusal};
use rusqlite::{Connection, TransactionBehavior};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value as Json;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::entropy::draw;
use crate::error::{ReplicaError, StoreError};
use crate::identity::Identity;
use crate::outbox::{self, BatchId, Intent};
use crate::projection;
use crate::replica::cache::Loaded;
use crate::replica::own_change::{OwnChange, Pen};
use crate::replica::shelf::Shelf;
use crate::replica::{Commands, Replica};
use crate::store;
use crate::store::change::Origin;

/// What a command did; it is durable.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Executed {
    /// The command's answer.
    pub output: Json,
    /// What the person should know, though it stopped nothing.
    pub notices: Vec<Notice>,
    /// The batch that waits for the relay; absent if there was nothing to write.
    pub batch: Option<BatchId>,
    /// The documents that were made or changed: what screens show of them is old.
    pub changed: Vec<DocumentId>,
}

impl Replica {
    /// Runs a command: changes appended, projection updated and outbox extended in one
    /// transaction, or nothing at all.
    ///
    /// # Errors
    ///
    /// [`ReplicaError::Refused`] with the command's own reason, or why it could not be saved.
    pub fn execute(
        &mut self,
        name: &str,
        input: Json,
        now: Timestamp,
    ) -> Result<Executed, ReplicaError> {
        let intent = Intent {
            command: name.to_owned(),
            input,
            made_at: now,
            id_seed: draw(self.entropy.as_mut()),
            staff: self.identity.staff,
        };
        self.run(&intent, None)
    }

    /// Runs an intent as a new batch, on today's state; `instead_of` leaves quarantine with it.
    pub(super) fn run(
        &mut self,
        intent: &Intent,
        instead_of: Option<BatchId>,
    ) -> Result<Executed, ReplicaError> {
        let batch = BatchId(draw(self.entropy.as_mut()));
        let actor = self.actor();
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        let shelf = Shelf::new(&transaction, &self.cache);
        if let Some(quarantined) = instead_of {
            store::quarantine::delete(&transaction, quarantined)?;
        }
        let (executed, _) = Press {
            identity: &self.identity,
            shelf: &shelf,
            commands: self.commands,
            actor,
            batch,
            ordinal: None,
        }
        .run(intent)?;
        let set_aside = projection::update(&shelf, executed.changed.iter().copied())?;
        if let Some(document) = set_aside.first() {
            // A person would be told that it is saved, and would never see it again.
            shelf.document(*document)?;
        }
        let taken = shelf.into_taken();
        transaction.commit()?;
        self.keep(taken);
        Ok(executed)
    }

    /// Lets the cache learn of what a committed transaction took.
    pub(super) fn keep(&self, taken: BTreeMap<DocumentId, Option<Arc<Loaded>>>) {
        let mut cache = self.cache.borrow_mut();
        for (id, loaded) in taken {
            match loaded {
                Some(loaded) => cache.put(id, loaded),
                None => cache.remove(id),
            }
        }
    }
}

/// Turns an intent into a batch, within a transaction.
pub(super) struct Press<'p> {
    pub(super) identity: &'p Identity,
    pub(super) shelf: &'p Shelf<'p>,
    pub(super) commands: Commands,
    pub(super) actor: Actor,
    /// The id of the batch that is made.
    pub(super) batch: BatchId,
    /// Its place in the outbox; `None` for the end.
    pub(super) ordinal: Option<i64>,
}

impl Press<'_> {
    /// Plans, writes, gates and appends; the projection is the caller's.
    ///
    /// Gives the digest of the facts beside what was done.
    pub(super) fn run(&self, intent: &Intent) -> Result<(Executed, [u8; 32]), ReplicaError> {
        let author = Replica::author(self.identity, self.shelf)?;
        let plan = self.plan(&author, intent)?;
        let mut executed = Executed {
            output: plan.output,
            notices: plan.notices,
            batch: None,
            changed: Vec::new(),
        };
        let connection = self.shelf.connection();
        let base_seq = Replica::base_seq(connection)?;
        let authorship = Authorship {
            staff: author.staff(),
            command: intent.command.clone(),
            base_seq,
        };
        let pen = Pen {
            author: &author,
            group: self.identity.group,
            authorship: &authorship,
            claimed_at: intent.made_at,
            actor: self.actor,
        };
        let mut changes = Vec::new();
        for (document, edits) in plan.edits.by_document() {
            if let Some(change) = pen.write(self.shelf, document, edits)? {
                changes.push((document, change));
            }
        }
        let facts = facts_digest(&plan.edits);
        if changes.is_empty() {
            return Ok((executed, facts));
        }
        within_one_batch(&changes)?;
        store::outbox::append(
            connection,
            self.ordinal,
            self.batch,
            base_seq,
            intent,
            &facts,
        )?;
        for (document, change) in &changes {
            let origin = Origin::Own {
                batch: self.batch,
                space: &change.space.to_string(),
            };
            store::change::append(connection, *document, &change.header, &change.raw, origin)?;
        }
        self.note_references(connection, &plan.edits)?;
        executed.batch = Some(self.batch);
        executed.changed = changes.into_iter().map(|(document, _)| document).collect();
        Ok((executed, facts))
    }

    fn plan(&self, author: &Author, intent: &Intent) -> Result<Plan<Json>, ReplicaError> {
        let command = (self.commands)(&intent.command)
            .ok_or_else(|| Refusal::NoSuchCommand(intent.command.clone()))?;
        let phone_key = self.identity.phone_key();
        let mut context = Context {
            author,
            group: self.identity.group,
            phone_key: &phone_key,
            now: intent.made_at,
            ids: FreshIds::new(intent.made_at, intent.id_seed),
        };
        (command.plan)(intent.input.clone(), self.shelf, &mut context).map_err(of_command)
    }

    /// Notes what the batch makes, and behind which batches it waits: those that made what it
    /// refers to, and those that earlier batches on its documents wait for.
    fn note_references(&self, connection: &Connection, edits: &Edits) -> Result<(), StoreError> {
        let mut needs = BTreeSet::new();
        for id in referred(edits) {
            needs.extend(store::outbox::maker(connection, id)?);
        }
        for (document, _) in edits.by_document() {
            needs.extend(store::outbox::awaited_on(connection, document)?);
        }
        needs.remove(&self.batch);
        for needed in needs {
            store::outbox::note_need(connection, self.batch, needed)?;
        }
        for id in made(edits) {
            store::outbox::note_made(connection, self.batch, id)?;
        }
        Ok(())
    }
}

/// What the shelf failed at comes back out of the command as what it is.
fn of_command(refusal: Refusal) -> ReplicaError {
    let source = match refusal {
        Refusal::Storage(source) => source,
        refusal => return refusal.into(),
    };
    let source = match source.downcast::<ReplicaError>() {
        Ok(error) => return *error,
        Err(source) => source,
    };
    match source.downcast::<StoreError>() {
        Ok(error) => (*error).into(),
        Err(source) => Refusal::Storage(source).into(),
    }
}

fn within_one_batch(changes: &[(DocumentId, OwnChange)]) -> Result<(), ReplicaError> {
    if changes.len() > outbox::CHANGES_PER_BATCH {
        let problem = format!("{} documents", changes.len());
        return Err(ReplicaError::TooMuch { problem });
    }
    let bytes: usize = changes.iter().map(|(_, change)| change.raw.len()).sum();
    if bytes > outbox::BYTES_PER_BATCH {
        let problem = format!("{bytes} bytes");
        return Err(ReplicaError::TooMuch { problem });
    }
    let operations: u64 = changes
        .iter()
        .map(|(_, change)| change.header.operations)
        .sum();
    if operations > change_gate::limits::BATCH_OPERATIONS {
        let problem = format!("{operations} operations");
        return Err(ReplicaError::TooMuch { problem });
    }
    Ok(())
}

/// The digest of what a batch records and makes: equal after a replay that gives the same facts.
fn facts_digest(edits: &Edits) -> [u8; 32] {
    let mut digest = Sha256::new();
    let mut part = |bytes: &[u8]| {
        digest.update((bytes.len() as u64).to_be_bytes());
        digest.update(bytes);
    };
    for (document, edits) in edits.by_document() {
        for edit in edits {
            match edit {
                Edit::Create { kind, .. } => {
                    part(document.as_bytes());
                    part(kind.code().as_bytes());
                }
                Edit::Record { name, id, fields } => {
                    part(document.as_bytes());
                    part(name.as_bytes());
                    part(id.as_bytes());
                    for (field, value) in fields {
                        part(field.as_bytes());
                        part(format!("{value:?}").as_bytes());
                    }
                }
                Edit::Set { .. } | Edit::Amend { .. } => {}
            }
        }
    }
    digest.finalize().into()
}

/// The ids of documents, facts and entries that the edits make.
fn made(edits: &Edits) -> BTreeSet<Uuid> {
    let mut made = BTreeSet::new();
    for (document, edits) in edits.by_document() {
        for edit in edits {
            match edit {
                Edit::Create { .. } => made.insert(document.uuid()),
                Edit::Record { id, .. } => made.insert(uuid_of(id.as_bytes())),
                Edit::Set { .. } | Edit::Amend { .. } => false,
            };
        }
    }
    made
}

/// The ids that the edits refer to: the documents and entries they change, and whatever their
/// keys and values name.
fn referred(edits: &Edits) -> BTreeSet<Uuid> {
    let mut referred = BTreeSet::new();
    let mut name = |text: &str| referred.extend(Uuid::try_parse(text).ok());
    for (document, edits) in edits.by_document() {
        name(&document.to_string());
        for edit in edits {
            let fields = match edit {
                Edit::Create { registers, .. } => registers,
                Edit::Record { fields, .. } => fields,
                Edit::Set { key, value } => {
                    key.split('/').skip(1).for_each(&mut name);
                    value.as_text().into_iter().for_each(&mut name);
                    continue;
                }
                Edit::Amend { id, value, .. } => {
                    name(&id.to_string());
                    value.as_text().into_iter().for_each(&mut name);
                    continue;
                }
            };
            for (key, value) in fields {
                key.split('/').skip(1).for_each(&mut name);
                value.as_text().into_iter().for_each(&mut name);
            }
        }
    }
    referred
}

fn uuid_of(bytes: &[u8; 16]) -> Uuid {
    Uuid::from_bytes(*bytes)
}
