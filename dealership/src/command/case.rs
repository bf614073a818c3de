//! Deciding cases: the ruling, and what follows from it.

use std::collections::BTreeMap;
use std::rc::Rc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::case::{Case, CaseKind, clock, delete, duplicate, handover, register, void};
use crate::command::input::{self, LONGEST_LINE};
use crate::command::{Command, Context, Library, Plan, lookup};
use crate::contact::Contact;
use crate::customer::Customer;
use crate::document::Document;
use crate::edit::Edits;
use crate::id::{CaseId, DocumentId, FactId};
use crate::kind::Kind;
use crate::refusal::Refusal;
use crate::schema::{self, Class};
use crate::vehicle::Vehicle;

/// Decides a case.
///
/// | kind | decisions |
/// |---|---|
/// | register, handover | `choose`, with the winner |
/// | dup_customer | `different_people`; that they are one is said by merging them |
/// | delete_vs_edit | `keep`, `delete` |
/// | clock | `noted` |
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DecideCase {
    /// Which.
    pub case: CaseId,
    /// The documents that it is about; those that are not here are left out.
    pub documents: Vec<DocumentId>,
    /// The code of the decision.
    pub decision: String,
    /// The key of the side that wins, where one does.
    #[serde(default)]
    pub winner: Option<String>,
    /// Why.
    #[serde(default)]
    pub reason: Option<String>,
}

/// The ruling.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CaseDecided {
    /// The fact; where a case is about several documents, each bears it under this id.
    pub ruling: FactId,
}

/// The decision that one side's value holds.
const CHOOSE: &str = "choose";

/// The decision that somebody has looked at it.
const NOTED: &str = "noted";

impl Command for DecideCase {
    type Output = CaseDecided;

    const NAME: &'static str = "decide_case";
    const ABOUT: &'static str = "Decides a case about people, deals, a voided entry or a field";

    fn plan(
        &self,
        library: &dyn Library,
        context: &mut Context<'_>,
    ) -> Result<Plan<CaseDecided>, Refusal> {
        let mut documents = Vec::new();
        for id in &self.documents {
            documents.extend(library.document(*id)?);
        }
        let case = cases(library, &documents)?
            .into_iter()
            .find(|case| case.id == self.case)
            .ok_or_else(|| Refusal::invalid("case", "there is none such in these documents"))?;
        if !case.is_open() {
            return Err(Refusal::invalid("case", "is decided"));
        }
        check_decider(&case, context)?;
        self.check(&case)?;
        let reason = input::optional_line("reason", self.reason.as_deref(), LONGEST_LINE)?;
        let fields = context.signed([
            ("case", self.case.into()),
            ("decision", self.decision.as_str().into()),
            ("winner", self.winner.clone().into()),
            ("reason", reason.into()),
        ]);
        let ruling = context.ids.fact();
        let mut edits = Edits::default();
        for document in documents
            .iter()
            .filter(|document| case.documents.contains(&document.id()))
        {
            edits.record(document.id(), "ruling", ruling, fields.clone());
            match case.kind {
                CaseKind::Register => self.choose(document, &case, &mut edits),
                CaseKind::Handover => self.hand_over(document, &case, context, &mut edits),
                CaseKind::DeleteVsEdit if self.decision == delete::KEEP => {
                    keep(document, &case, context, &mut edits);
                }
                CaseKind::DeleteVsEdit => {
                    delete_again(document, &case, context, &mut edits)?;
                }
                _ => {}
            }
        }
        Ok(Plan::new(edits, CaseDecided { ruling }))
    }
}

impl DecideCase {
    fn check(&self, case: &Case) -> Result<(), Refusal> {
        let decisions: &[&str] = match case.kind {
            CaseKind::Register | CaseKind::Handover => &[CHOOSE],
            CaseKind::DupCustomer => &[duplicate::DIFFERENT_PEOPLE],
            CaseKind::DeleteVsEdit => &[delete::KEEP, delete::DELETE],
            CaseKind::Clock => &[NOTED],
            // Vehicles have commands of their own.
            _ => &[],
        };
        if !decisions.contains(&self.decision.as_str()) {
            let problem = format!("a case of this kind takes {}", decisions.join(" or "));
            return Err(Refusal::invalid("decision", problem));
        }
        let is_side = |winner: &String| case.sides.iter().any(|side| side.key == *winner);
        match (&self.winner, self.decision.as_str()) {
            (None, CHOOSE) => Err(Refusal::invalid("winner", "say which side wins")),
            (Some(winner), _) if !is_side(winner) => {
                Err(Refusal::invalid("winner", "is no side of the case"))
            }
            _ => Ok(()),
        }
    }

    /// Writes the chosen value, which settles a contested register; one that is written once is
    /// settled by the ruling alone.
    fn choose(&self, document: &Document, case: &Case, edits: &mut Edits) {
        let chosen = case
            .sides
            .iter()
            .find(|side| Some(&side.key) == self.winner.as_ref())
            .and_then(|side| side.shows.iter().next());
        if let Some((key, value)) = chosen
            && let Some((field, _)) = schema::schema(document.kind()).field_of(key)
            && matches!(field.class, Class::Contested(_))
        {
            edits.set(document.id(), key.as_str(), value.clone());
        }
    }
}

impl DecideCase {
    /// Hands over once more to whom the chosen handover went, which supersedes them all.
    fn hand_over(
        &self,
        document: &Document,
        case: &Case,
        context: &mut Context<'_>,
        edits: &mut Edits,
    ) {
        let chosen = case
            .sides
            .iter()
            .find(|side| Some(&side.key) == self.winner.as_ref());
        if let Some(to) = chosen.and_then(|side| side.shows.get("to")) {
            let from = case.sides.first().and_then(|side| side.shows.get("to"));
            let fields = context.signed([("from", from.cloned().into()), ("to", to.clone())]);
            edits.record(document.id(), "handover", context.ids.fact(), fields);
        }
    }
}

/// Lets those decide a case whose it is. The gate is wider: one field holds the rulings about
/// all of a document's cases.
pub(super) fn check_decider(case: &Case, context: &Context<'_>) -> Result<(), Refusal> {
    if context.author.access.may_decide_for(case.decider) {
        return Ok(());
    }
    let problem = format!("is decided by a {}", case.decider.code());
    Err(Refusal::invalid("case", problem))
}

/// Takes the deletion back that a case is about.
fn keep(document: &Document, case: &Case, context: &mut Context<'_>, edits: &mut Edits) {
    for void in case.sides.iter().filter_map(|side| side.fact) {
        let fields = context.signed([("void", void.into())]);
        edits.record(document.id(), "void_undo", context.ids.fact(), fields);
    }
}

/// Deletes the card, or voids the vehicle's entry, that a case is about, where somebody took that
/// back in the meantime.
fn delete_again(
    document: &Document,
    case: &Case,
    context: &mut Context<'_>,
    edits: &mut Edits,
) -> Result<(), Refusal> {
    let stands = match document.kind() {
        Kind::Customer => Customer::read(document).is_some_and(|card| card.voided.is_none()),
        Kind::Vehicle => match Vehicle::read(document).filter(|vehicle| vehicle.void.is_none()) {
            Some(vehicle) if vehicle.delivered.is_some() => {
                return Err(Refusal::state(document, "it was delivered"));
            }
            vehicle => vehicle.is_some(),
        },
        _ => false,
    };
    let deleted = case.sides.iter().find_map(|side| side.fact);
    if let Some(void) = deleted.and_then(|void| document.fact("void", void))
        && stands
    {
        let fields = context.signed([("reason", void.text("reason").map(str::to_owned).into())]);
        edits.record(document.id(), "void", context.ids.fact(), fields);
    }
    Ok(())
}

/// The cases that documents show by themselves, and people's beside each other.
fn cases(library: &dyn Library, documents: &[Rc<Document>]) -> Result<Vec<Case>, Refusal> {
    let mut cases = Vec::new();
    let mut cards: BTreeMap<DocumentId, Rc<Document>> = BTreeMap::new();
    for document in documents {
        cases.extend(register::cases(document));
        cases.extend(clock::cases(document));
        cases.extend(void::cases(document));
        cases.extend(handover::cases(document));
        if document.kind() == Kind::Customer {
            let whole = lookup::whole(library, document.id().into())?;
            cases.extend(duplicate::elsewhere(document));
            cases.extend(delete::cases(
                document,
                beside(library, document)?.iter().map(Rc::as_ref),
            ));
            cards.extend(whole.cards.into_iter().map(|(card, _)| (card.id(), card)));
        }
    }
    cases.extend(duplicate::within_store(cards.values().map(Rc::as_ref)));
    Ok(cases)
}

/// What people work on beside a card: the customer's contact and deals, as far as they are here.
fn beside(library: &dyn Library, card: &Document) -> Result<Vec<Rc<Document>>, Refusal> {
    let customer = card.id().into();
    let mut beside = Vec::new();
    beside.extend(library.document(Contact::document_id(customer))?);
    for deal in library.deals_of(customer)? {
        beside.extend(library.document(deal.into())?);
    }
    Ok(beside)
}
