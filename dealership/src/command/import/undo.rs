//! Taking back what an import did: what it made is deleted unless somebody has worked on it
//! since, what it changed gets its former value unless somebody has changed it since.
//!
//! What stood before is read from the document's own history, so any device can do it that may
//! write there.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use automerge::ChangeHash;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::code::coded_enum;
use crate::command::grade::grade_fact;
use crate::command::{Command, Context, DeleteReason, Library, Plan};
use crate::contact::{Contact, TaskState};
use crate::customer::{Customer, GradeOrigin};
use crate::document::{Document, Fact, Register, Rival};
use crate::edit::Edits;
use crate::id::{DocumentId, FactId, ImportId, StaffId};
use crate::import::{ImportMark, marks};
use crate::kind::Kind;
use crate::refusal::Refusal;
use crate::schema::{self, Class};
use crate::value::Value;

/// Why plans and vehicles are given up that came with an import.
const BECAUSE: &str = "撤销导入";

/// Takes back what an import did to a customer, a vehicle or a price list.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UndoImport {
    /// The import.
    pub import: ImportId,
    /// The customer, the vehicle or the price list.
    pub document: DocumentId,
}

coded_enum! {
    /// What became of a document that an import made or changed.
    pub enum UndoOutcome {
        /// The import made it, and it was deleted.
        Deleted = "deleted",
        /// The import changed it, and what could be was given its former value.
        Restored = "restored",
        /// The import made it, and it stays.
        Left = "left",
    }
}

coded_enum! {
    /// Why something stays that an import did.
    pub enum LeftReason {
        /// Somebody worked on the document since.
        EditedSince = "edited_since",
        /// Somebody changed the field since.
        ChangedSince = "changed_since",
        /// A deal is open for the customer.
        InUse = "in_use",
        /// It happened, or is written once: such is never taken away.
        Fact = "fact",
        /// The contact of the customer is not on this device.
        NotHere = "not_here",
    }
}

/// Something that stays.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct LeftThing {
    /// The document.
    pub document: DocumentId,
    /// The register, or the name of the fact; absent for the document as a whole.
    pub field: Option<String>,
    /// Why.
    pub reason: LeftReason,
    /// Who worked on it since, if somebody did.
    pub by: Option<StaffId>,
    /// By which command.
    pub command: Option<String>,
}

/// What was taken back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ImportUndone {
    /// In one word.
    pub outcome: UndoOutcome,
    /// The registers that have their former value again.
    pub restored: BTreeSet<String>,
    /// What stays, and why.
    pub left: Vec<LeftThing>,
}

impl Command for UndoImport {
    type Output = ImportUndone;

    const NAME: &'static str = "undo_import";
    const ABOUT: &'static str =
        "Takes back what an import did to a customer, a vehicle or a price list";

    fn plan(
        &self,
        library: &dyn Library,
        context: &mut Context<'_>,
    ) -> Result<Plan<ImportUndone>, Refusal> {
        let not_here = |kind| Refusal::NotHere {
            kind,
            id: self.document,
        };
        let kinds = [Kind::Customer, Kind::Vehicle, Kind::PriceList];
        let document = library
            .document(self.document)?
            .filter(|document| kinds.contains(&document.kind()))
            .ok_or_else(|| not_here(Kind::Customer))?;
        let subject = Part::of(document, self.import);
        if subject.marks.is_empty() {
            let problem = "this import left nothing here that is not taken back already";
            return Err(Refusal::state(&subject.document, problem));
        }
        let contact = match subject.document.kind() {
            Kind::Customer => {
                let id = Contact::document_id(self.document.into());
                let contact = library.document(id)?;
                Some(contact.map(|contact| Part::of(contact, self.import)))
            }
            _ => None,
        };
        if subject.was_made() {
            return self.delete(&subject, contact, library, context);
        }
        let mut undoing = Undoing::default();
        for part in std::iter::once(&subject).chain(contact.iter().flatten()) {
            part.restore(&mut undoing, context);
            part.sign_off(&mut undoing.edits, context);
        }
        let output = ImportUndone {
            outcome: UndoOutcome::Restored,
            restored: undoing.restored,
            left: undoing.left.into_iter().collect(),
        };
        Ok(Plan::new(undoing.edits, output))
    }
}

impl UndoImport {
    fn delete(
        &self,
        subject: &Part,
        contact: Option<Option<Part>>,
        library: &dyn Library,
        context: &mut Context<'_>,
    ) -> Result<Plan<ImportUndone>, Refusal> {
        let mut left = Vec::new();
        let mut parts = vec![subject];
        match &contact {
            Some(Some(contact)) => parts.push(contact),
            Some(None) => left.push(stays(
                Contact::document_id(self.document.into()),
                LeftReason::NotHere,
            )),
            None => {}
        }
        left.extend(parts.iter().filter_map(|part| part.worked_on()));
        if subject.document.kind() == Kind::Customer
            && !library.deals_of(self.document.into())?.is_empty()
        {
            left.push(stays(self.document, LeftReason::InUse));
        }
        let mut edits = Edits::default();
        let outcome = if left.is_empty() {
            let reason = match subject.document.kind() {
                Kind::Customer => DeleteReason::Error.code(),
                _ => BECAUSE,
            };
            let void = context.signed([("reason", reason.into())]);
            edits.record(self.document, "void", context.ids.fact(), void);
            for part in parts {
                part.sign_off(&mut edits, context);
            }
            UndoOutcome::Deleted
        } else {
            UndoOutcome::Left
        };
        let output = ImportUndone {
            outcome,
            restored: BTreeSet::new(),
            left,
        };
        Ok(Plan::new(edits, output))
    }
}

/// What is written and said while an import is taken back.
#[derive(Default)]
struct Undoing {
    edits: Edits,
    restored: BTreeSet<String>,
    left: BTreeSet<LeftThing>,
}

/// One document with the marks of the import that stand.
struct Part {
    document: Rc<Document>,
    marks: Vec<ImportMark>,
}

impl Part {
    fn of(document: Rc<Document>, import: ImportId) -> Self {
        let mut marks: Vec<_> = marks(&document)
            .into_iter()
            .filter(|mark| mark.source.import == import && !mark.undone)
            .collect();
        let history = document.history();
        marks.sort_by_key(|mark| {
            let changes = history.iter();
            changes
                .take_while(|change| change.change != mark.change)
                .count()
        });
        Self { document, marks }
    }

    fn id(&self) -> DocumentId {
        self.document.id()
    }

    /// Whether the import made the document: its change had seen no other.
    fn was_made(&self) -> bool {
        self.marks
            .iter()
            .any(|mark| self.document.was_made_by(&mark.change))
    }

    /// The last that somebody did to the document beside the import; the relay's own facts are
    /// nobody's work.
    fn worked_on(&self) -> Option<LeftThing> {
        let mut others = self.document.history().into_iter().filter(|change| {
            change.staff != StaffId::RELAY
                && self.marks.iter().all(|mark| mark.change != change.change)
        });
        let last = others.next_back()?;
        Some(LeftThing {
            by: Some(last.staff),
            command: Some(last.command),
            ..stays(self.id(), LeftReason::EditedSince)
        })
    }

    /// Says on the document that the marks were taken back.
    fn sign_off(&self, edits: &mut Edits, context: &mut Context<'_>) {
        for mark in &self.marks {
            let fields = context.signed([("mark", mark.id.into())]);
            edits.record(self.id(), "import_undone", context.ids.fact(), fields);
        }
    }

    /// Gives what the import changed its former value: what stood before the first of its rows
    /// that wrote there, if what its rows wrote stands still.
    fn restore(&self, undoing: &mut Undoing, context: &mut Context<'_>) {
        let mut formers: BTreeMap<Place, Value> = BTreeMap::new();
        for mark in &self.marks {
            let (Some(before), Some(after)) = (
                self.document.before(&mark.change),
                self.document.as_of(&[mark.change]),
            ) else {
                continue;
            };
            for (key, former) in differing(before.registers(), after.registers()) {
                formers.entry(Place::Register(key)).or_insert(former);
            }
            for name in after.fact_names() {
                for fact in after.facts(name) {
                    let Some(former) = before.fact(name, fact.id) else {
                        self.take_fact_back(&before, name, fact, undoing, context);
                        continue;
                    };
                    for (field, former) in differing(former.fields(), fact.fields()) {
                        let place = Place::Field(name.to_owned(), fact.id, field);
                        formers.entry(place).or_insert(former);
                    }
                }
            }
        }
        for (place, former) in formers {
            self.put_back(&place, former, undoing);
        }
    }

    fn put_back(&self, place: &Place, former: Value, undoing: &mut Undoing) {
        let schema = schema::schema(self.document.kind());
        let changes: BTreeSet<_> = self.marks.iter().map(|mark| mark.change).collect();
        match place {
            // A phone is a fact of the contact; its hash stays as long.
            Place::Register(key) if key.starts_with("phone_hash/") => {}
            Place::Register(key) => {
                let field = schema.field_of(key).map(|(field, _)| field.class);
                if field.is_none_or(|class| matches!(class, Class::Once(_))) {
                    undoing.leave(self.id(), key, LeftReason::Fact);
                } else if stands(&self.document.rivals(key), &changes) {
                    undoing.edits.set(self.id(), key, former);
                    undoing.restored.insert(key.clone());
                } else {
                    undoing.leave(self.id(), key, LeftReason::ChangedSince);
                }
            }
            Place::Field(name, id, field) => {
                let label = format!("{name}.{field}");
                let (Some(entry), Some(name)) = (
                    self.document.fact(name, *id),
                    entry_name(&self.document, name),
                ) else {
                    return;
                };
                if stands(&self.document.entry_rivals(entry, field), &changes) {
                    undoing.edits.amend(self.id(), name, *id, field, former);
                    undoing.restored.insert(label);
                } else {
                    undoing.leave(self.id(), &label, LeftReason::ChangedSince);
                }
            }
        }
    }

    /// A plan is given up and a grade is set as it was; what else was recorded stays.
    fn take_fact_back(
        &self,
        before: &Document,
        name: &str,
        fact: &Fact,
        undoing: &mut Undoing,
        context: &mut Context<'_>,
    ) {
        let done = match name {
            "import" => return,
            "task" => self.cancel(fact.id, undoing, context),
            "grade" => self.regrade(before, fact.id, undoing, context),
            _ => false,
        };
        if done {
            undoing.restored.insert(name.to_owned());
        } else {
            undoing.leave(self.id(), name, LeftReason::Fact);
        }
    }

    fn cancel(&self, task: FactId, undoing: &mut Undoing, context: &mut Context<'_>) -> bool {
        let contact = Contact::read(&self.document);
        let is_open = contact.is_some_and(|contact| {
            let mut tasks = contact.tasks.iter();
            tasks.any(|known| known.id == task && known.state == TaskState::Open)
        });
        if is_open {
            let fields = context.signed([("task", task.into()), ("reason", BECAUSE.into())]);
            let id = context.ids.fact();
            undoing
                .edits
                .record(self.id(), "task_cancelled", id, fields);
        }
        is_open
    }

    fn regrade(
        &self,
        before: &Document,
        event: FactId,
        undoing: &mut Undoing,
        context: &mut Context<'_>,
    ) -> bool {
        let Some(customer) = Customer::read(&self.document) else {
            return false;
        };
        let is_last = customer.grades.last().is_some_and(|last| last.id == event);
        let former = Customer::read(before)
            .and_then(|customer| customer.grades.last()?.grade.known())
            .filter(|grade| grade.is_open_intent());
        let (true, Some(former)) = (is_last, former) else {
            return false;
        };
        let now = customer.grade_at([], context.now);
        let edits = &mut undoing.edits;
        grade_fact(
            edits,
            self.id(),
            former,
            Some(now),
            GradeOrigin::Manual,
            context,
        );
        true
    }
}

impl Undoing {
    fn leave(&mut self, document: DocumentId, field: &str, reason: LeftReason) {
        self.left.insert(LeftThing {
            field: Some(field.to_owned()),
            ..stays(document, reason)
        });
    }
}

const fn stays(document: DocumentId, reason: LeftReason) -> LeftThing {
    LeftThing {
        document,
        field: None,
        reason,
        by: None,
        command: None,
    }
}

/// A place in a document where one value stands.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    /// A register at the root.
    Register(String),
    /// A field of an entry.
    Field(String, FactId, String),
}

/// The values of `before` that are others in `after`, by key; null where there was none.
fn differing<'d>(
    before: impl Iterator<Item = (&'d str, &'d Register)>,
    after: impl Iterator<Item = (&'d str, &'d Register)>,
) -> Vec<(String, Value)> {
    let before: BTreeMap<_, _> = before.collect();
    after
        .filter_map(|(key, written)| {
            let former = before
                .get(key)
                .map_or(&Value::Null, |register| &register.value);
            (*former != written.value).then(|| (key.to_owned(), former.clone()))
        })
        .collect()
}

/// Whether what one of some changes wrote stands, alone.
fn stands(rivals: &[Rival], changes: &BTreeSet<ChangeHash>) -> bool {
    matches!(rivals, [only] if changes.contains(&only.provenance.change))
}

/// The name of an entry as the schema holds it; `None` for a fact, whose fields never change.
fn entry_name(document: &Document, name: &str) -> Option<&'static str> {
    let schema = schema::schema(document.kind());
    schema
        .fields
        .iter()
        .find(|field| field.name == name && matches!(field.class, Class::Entry(_)))
        .map(|field| field.name)
}
