//! Grades of customers, set by people.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::command::input;
use crate::command::{Command, Context, Library, Plan, lookup};
use crate::customer::GradeOrigin;
use crate::edit::Edits;
use crate::grade::Grade;
use crate::id::{CustomerId, DocumentId, FactId};
use crate::refusal::Refusal;

/// Grades a customer.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetGrade {
    /// Whom.
    pub customer: CustomerId,
    /// As what: N, H, A, B or C; the others follow from what happened.
    pub grade: Grade,
    /// Why.
    pub reason: String,
    /// Whether the suggestion was taken.
    #[serde(default)]
    pub as_suggested: bool,
}

/// The grade that was set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Graded {
    /// The fact.
    pub event: FactId,
    /// What held before.
    pub before: Grade,
}

impl Command for SetGrade {
    type Output = Graded;

    const NAME: &'static str = "set_grade";
    const ABOUT: &'static str = "Grades a customer, with the reason";

    fn plan(
        &self,
        library: &dyn Library,
        context: &mut Context<'_>,
    ) -> Result<Plan<Graded>, Refusal> {
        let (card, _) = lookup::card(library, self.customer)?;
        let (contact, _) = lookup::contact(library, self.customer)?;
        let whole = lookup::whole(library, self.customer)?;
        check_grade(self.grade)?;
        let reason = input::prose("reason", &self.reason, input::LONGEST_PROSE)?;
        let before = whole.customer.grade_at(&whole.deals, context.now);
        let origin = match self.as_suggested {
            true => GradeOrigin::Suggested,
            false => GradeOrigin::Manual,
        };
        let mut edits = Edits::default();
        let grade = self.grade;
        let event = grade_fact(&mut edits, card.id(), grade, Some(before), origin, context);
        note(&mut edits, contact.id(), reason, Some(event), context);
        Ok(Plan::new(edits, Graded { event, before }))
    }
}

/// A grade that people set: orders, deliveries and confirmed losses say the others themselves.
pub(super) fn check_grade(grade: Grade) -> Result<(), Refusal> {
    match grade {
        Grade::H | Grade::A | Grade::B | Grade::C | Grade::N => Ok(()),
        Grade::O | Grade::D | Grade::F | Grade::T => Err(Refusal::invalid(
            "grade",
            format!("{grade} follows from what happened and is not set"),
        )),
    }
}

/// Writes the fact of a grade; gives its id.
pub(super) fn grade_fact(
    edits: &mut Edits,
    card: DocumentId,
    grade: Grade,
    before: Option<Grade>,
    origin: GradeOrigin,
    context: &mut Context<'_>,
) -> FactId {
    let id = context.ids.fact();
    let fields = context.signed([
        ("grade", grade.into()),
        ("before", before.into()),
        ("origin", origin.into()),
    ]);
    edits.record(card, "grade", id, fields);
    id
}

/// Writes a note into the contact, where free text stands; gives its id.
pub(super) fn note(
    edits: &mut Edits,
    contact: DocumentId,
    text: String,
    about: Option<FactId>,
    context: &mut Context<'_>,
) -> FactId {
    let id = context.ids.fact();
    let fields = context.signed([("text", text.into()), ("about", about.into())]);
    edits.record(contact, "note", id, fields);
    id
}
