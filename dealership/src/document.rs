//! A document as rules read it: registers and facts over Automerge, with who wrote what and when.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use automerge::iter::{DocItem, DocObjItem, MapRangeItem};
use automerge::{Automerge, ChangeHash, ObjId, ObjType, ROOT, ReadDoc, ValueRef};

use crate::code::Coded;
use crate::document::changes::Changes;
use crate::id::{DocumentId, FactId};
use crate::kind::{Kind, UnknownKind};
use crate::receipt::Receipts;
use crate::schema;
use crate::space::Space;
use crate::time::Timestamp;
use crate::value::Value;

mod ancestry;
mod changes;
mod chronology;
mod provenance;
mod seeing;

pub use ancestry::{Ancestry, Knowledge};
pub use chronology::{Chronology, Moment};
pub use provenance::{Provenance, Rival};

/// One Automerge document, read.
#[derive(Debug)]
pub struct Document {
    id: DocumentId,
    kind: Kind,
    space: Space,
    automerge: Arc<Automerge>,
    receipts: Receipts,
    registers: BTreeMap<String, Register>,
    facts: BTreeMap<String, BTreeMap<FactId, Fact>>,
    changes: OnceCell<Changes>,
    ancestry: OnceCell<Ancestry>,
    chronology: OnceCell<Chronology>,
}

/// A scalar at the root, or within a fact or an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Register {
    /// Automerge's winner, the same on every replica.
    pub value: Value,
    /// Whether concurrent writes stand beside it; they may be equal.
    pub concurrent: bool,
}

/// A fact or an entry: a map at the root under `name/<uuid>`.
#[derive(Clone, Debug)]
pub struct Fact {
    /// What follows the slash.
    pub id: FactId,
    fields: BTreeMap<String, Register>,
    object: ObjId,
}

/// A document that cannot be read as one of ours.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnreadableDocument {
    /// Its `kind` register is missing or is not text.
    #[error("document {0} does not say what kind it is of")]
    NoKind(DocumentId),
    /// A later version made it.
    #[error("document {id}: {source}")]
    UnknownKind {
        /// The document.
        id: DocumentId,
        /// The code that it bears.
        #[source]
        source: UnknownKind,
    },
}

impl Document {
    /// Reads an Automerge document; what this version does not know stays in it, unread.
    ///
    /// # Errors
    ///
    /// [`UnreadableDocument`] when its kind is missing or unknown.
    pub fn read(
        id: DocumentId,
        space: Space,
        automerge: impl Into<Arc<Automerge>>,
        receipts: Receipts,
    ) -> Result<Self, UnreadableDocument> {
        let automerge = automerge.into();
        // In one pass, the root first: to ask for one object after the other costs several times
        // as much.
        let mut items = automerge.iter().peekable();
        let mut registers = BTreeMap::new();
        let mut facts: BTreeMap<String, BTreeMap<FactId, Fact>> = BTreeMap::new();
        let mut owners = BTreeMap::new();
        while let Some(item) = items.next_if(|item| *item.obj == ROOT) {
            let DocItem::Map(entry) = item.item else {
                continue;
            };
            if matches!(entry.value, ValueRef::Object(ObjType::Map)) {
                let Some((name, suffix)) = entry.key.split_once('/') else {
                    continue;
                };
                let Ok(id) = suffix.parse::<FactId>() else {
                    continue;
                };
                let (object, fields) = (entry.id(), BTreeMap::new());
                owners.insert(object.clone(), (name.to_owned(), id));
                let fact = Fact { id, fields, object };
                facts.entry(name.to_owned()).or_default().insert(id, fact);
            } else {
                registers.extend(register(&entry));
            }
        }
        while let Some(item) = items.next() {
            let object = Arc::clone(&item.obj);
            let mut fields: BTreeMap<_, _> = field(&item).into_iter().collect();
            while let Some(item) = items.next_if(|item| item.obj == object) {
                fields.extend(field(&item));
            }
            let fact = owners
                .get(&*object)
                .and_then(|(name, id)| facts.get_mut(name)?.get_mut(id));
            if let Some(fact) = fact {
                fact.fields = fields;
            }
        }
        let kind = registers
            .get(schema::KIND)
            .and_then(|register: &Register| register.value.as_text())
            .ok_or(UnreadableDocument::NoKind(id))?
            .parse()
            .map_err(|source| UnreadableDocument::UnknownKind { id, source })?;
        Ok(Self {
            id,
            kind,
            space,
            automerge,
            receipts,
            registers,
            facts,
            changes: OnceCell::new(),
            ancestry: OnceCell::new(),
            chronology: OnceCell::new(),
        })
    }

    /// Its id.
    pub const fn id(&self) -> DocumentId {
        self.id
    }

    /// Its kind.
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// The space it is in.
    pub const fn space(&self) -> Space {
        self.space
    }

    /// What Automerge holds.
    pub fn automerge(&self) -> &Automerge {
        &self.automerge
    }

    /// Gives the Automerge document back, to edit or to keep.
    pub fn into_automerge(self) -> (Automerge, Receipts) {
        (Arc::unwrap_or_clone(self.automerge), self.receipts)
    }

    /// The receipts of its changes.
    pub const fn receipts(&self) -> &Receipts {
        &self.receipts
    }

    /// A register at the root, if it was ever written; it may be null.
    pub fn register(&self, key: &str) -> Option<&Register> {
        self.registers.get(key)
    }

    /// The document as it stood at some of its changes; `None` if one is not here.
    pub fn as_of(&self, heads: &[ChangeHash]) -> Option<Self> {
        let automerge = self.automerge.fork_at(heads).ok()?;
        Self::read(self.id, self.space, automerge, self.receipts.clone()).ok()
    }

    /// Whether a change made the document: its author had seen no other.
    pub fn was_made_by(&self, change: &ChangeHash) -> bool {
        let change = self.changes().get(change);
        change.is_some_and(|change| change.dependencies.is_empty())
    }

    /// The document as the author of a change had it; `None` if that change made it.
    pub fn before(&self, change: &ChangeHash) -> Option<Self> {
        let seen = &self.changes().get(change)?.dependencies;
        if seen.is_empty() {
            return None;
        }
        self.as_of(seen)
    }

    /// Every register at the root, in order of keys.
    pub fn registers(&self) -> impl Iterator<Item = (&str, &Register)> {
        self.registers
            .iter()
            .map(|(key, register)| (key.as_str(), register))
    }

    /// The text of a register at the root.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.register(key)?.value.as_text()
    }

    /// The integer of a register at the root.
    pub fn int(&self, key: &str) -> Option<i64> {
        self.register(key)?.value.as_int()
    }

    /// The yes-or-no of a register at the root; what was never written is no.
    pub fn flag(&self, key: &str) -> bool {
        self.register(key)
            .and_then(|register| register.value.as_bool())
            .unwrap_or(false)
    }

    /// Reads a register at the root as a type that parses from text: ids, codes, civil dates.
    pub fn parsed<T: std::str::FromStr>(&self, key: &str) -> Option<T> {
        self.text(key)?.parse().ok()
    }

    /// Reads a register at the root as a code; one that this version does not know is kept.
    pub fn coded<T: std::str::FromStr>(&self, key: &str) -> Option<Coded<T>> {
        self.text(key).map(Coded::read)
    }

    /// The instant of a register at the root that holds milliseconds.
    pub fn instant(&self, key: &str) -> Option<Timestamp> {
        self.int(key).map(Timestamp::from_millis)
    }

    /// The members of a set at the root, `name/<member>`, with their registers.
    pub fn members<'d>(&'d self, name: &'d str) -> impl Iterator<Item = (&'d str, &'d Register)> {
        self.registers
            .range(format!("{name}/")..)
            .map_while(move |(key, register)| {
                let member = key.strip_prefix(name)?.strip_prefix('/')?;
                Some((member, register))
            })
    }

    /// The facts or entries of a name, in order of their ids, which is roughly the claimed order
    /// of making.
    pub fn facts(&self, name: &str) -> impl Iterator<Item = &Fact> {
        self.facts.get(name).into_iter().flat_map(BTreeMap::values)
    }

    /// The members of a set at the root whose register says yes.
    pub fn held<'d>(&'d self, name: &'d str) -> impl Iterator<Item = &'d str> {
        self.members(name)
            .filter(|(_, register)| register.value.as_bool() == Some(true))
            .map(|(member, _)| member)
    }

    /// One fact or entry.
    pub fn fact(&self, name: &str, id: FactId) -> Option<&Fact> {
        self.facts.get(name)?.get(&id)
    }

    /// The names of which there are facts or entries.
    pub fn fact_names(&self) -> impl Iterator<Item = &str> {
        self.facts.keys().map(String::as_str)
    }

    /// Who made a fact, when, and when the relay received it.
    pub fn provenance(&self, fact: &Fact) -> Option<Provenance> {
        self.provenance_of(&fact.object).cloned()
    }

    /// The values that stand concurrently in a register at the root, the winner last.
    pub fn rivals(&self, key: &str) -> Vec<Rival> {
        self.rivals_in(&ROOT, key)
    }

    /// The keys of registers at the root whose concurrent values differ.
    pub fn contested(&self) -> BTreeSet<String> {
        self.registers()
            .filter(|(_, register)| register.concurrent)
            .filter(|(key, register)| {
                self.rivals(key)
                    .iter()
                    .any(|rival| rival.value != register.value)
            })
            .map(|(key, _)| key.to_owned())
            .collect()
    }

    /// The values that stand concurrently in a field of an entry, the winner last.
    pub fn entry_rivals(&self, entry: &Fact, field: &str) -> Vec<Rival> {
        self.rivals_in(&entry.object, field)
    }

    /// Which changes had seen which.
    pub fn ancestry(&self) -> &Ancestry {
        self.ancestry.get_or_init(|| Ancestry::of(self.changes()))
    }

    /// When each change was made, as far as clocks and receipts can tell.
    pub fn chronology(&self) -> &Chronology {
        self.chronology
            .get_or_init(|| Chronology::of(self.changes(), &self.receipts))
    }

    /// The facts of a name in the order in which they were recorded: what an author had seen
    /// stands before what they wrote, and a wrong clock is held within the receipts' window.
    pub fn recorded(&self, name: &str) -> Vec<(Moment, &Fact)> {
        let mut facts: Vec<_> = self
            .facts(name)
            .map(|fact| (self.moment(fact), fact))
            .collect();
        facts.sort_by_key(|(moment, fact)| (*moment, fact.id));
        facts
    }

    /// When a fact was recorded.
    pub fn moment(&self, fact: &Fact) -> Moment {
        self.provenance_of(&fact.object)
            .map(|provenance| self.chronology().moment(&provenance.change))
            .unwrap_or_default()
    }

    /// When a fact happened: its field `at`, held before its receipt and corrected by as much as
    /// a wrong clock was off.
    pub fn happened_at(&self, fact: &Fact) -> Timestamp {
        let provenance = self.provenance_of(&fact.object);
        let claimed = match fact.int("at") {
            Some(at) => Timestamp::from_millis(at),
            None => return self.moment(fact).time,
        };
        match provenance.and_then(|provenance| Some((provenance.receipt?, provenance))) {
            None => claimed,
            Some((receipt, provenance)) => {
                let moment = self.chronology().moment(&provenance.change);
                let off = if receipt.clock_trusted {
                    0
                } else {
                    moment.time.millis_since(provenance.claimed_at)
                };
                claimed.plus_millis(off).min(receipt.received_at)
            }
        }
    }

    /// What the author of a change knew of the document; nothing where the change is not here.
    pub fn author_of(&self, change: &ChangeHash) -> Knowledge<'_> {
        self.ancestry().author_of(change)
    }

    /// The history, walked when it is first asked for.
    fn changes(&self) -> &Changes {
        self.changes
            .get_or_init(|| Changes::of(&self.automerge, &self.receipts))
    }
}

impl Fact {
    /// A field, if it was ever written; it may be null.
    pub fn field(&self, name: &str) -> Option<&Register> {
        self.fields.get(name)
    }

    /// Every field, in order of names.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &Register)> {
        self.fields
            .iter()
            .map(|(name, register)| (name.as_str(), register))
    }

    /// The text of a field.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.field(name)?.value.as_text()
    }

    /// The integer of a field.
    pub fn int(&self, name: &str) -> Option<i64> {
        self.field(name)?.value.as_int()
    }

    /// The yes-or-no of a field; what was never written is no.
    pub fn flag(&self, name: &str) -> bool {
        self.field(name)
            .and_then(|register| register.value.as_bool())
            .unwrap_or(false)
    }

    /// Reads a field as a type that parses from text: ids, codes, civil dates.
    pub fn parsed<T: std::str::FromStr>(&self, name: &str) -> Option<T> {
        self.text(name)?.parse().ok()
    }

    /// Reads a field as a code; one that this version does not know is kept.
    pub fn coded<T: std::str::FromStr>(&self, name: &str) -> Option<Coded<T>> {
        self.text(name).map(Coded::read)
    }

    /// The instant of a field that holds milliseconds.
    pub fn instant(&self, name: &str) -> Option<Timestamp> {
        self.int(name).map(Timestamp::from_millis)
    }

    /// The members of a set, `name/<member>`, with their registers.
    pub fn members<'f>(&'f self, name: &'f str) -> impl Iterator<Item = (&'f str, &'f Register)> {
        self.fields
            .range(format!("{name}/")..)
            .map_while(move |(key, register)| {
                let member = key.strip_prefix(name)?.strip_prefix('/')?;
                Some((member, register))
            })
    }

    /// The members of a set whose register says yes.
    pub fn held<'f>(&'f self, name: &'f str) -> impl Iterator<Item = &'f str> {
        self.members(name)
            .filter(|(_, register)| register.value.as_bool() == Some(true))
            .map(|(member, _)| member)
    }

    /// The map's id within Automerge.
    pub const fn object(&self) -> &ObjId {
        &self.object
    }
}

/// What an item says, if it is a scalar of a map.
fn field(item: &DocObjItem<'_>) -> Option<(String, Register)> {
    match &item.item {
        DocItem::Map(entry) => register(entry),
        DocItem::List(_) | DocItem::Text(_) => None,
    }
}

/// A scalar under its key; nothing for what is no scalar of ours.
fn register(entry: &MapRangeItem<'_>) -> Option<(String, Register)> {
    let value = Value::from_automerge(&entry.value)?;
    let concurrent = entry.conflict;
    Some((entry.key.to_string(), Register { value, concurrent }))
}
