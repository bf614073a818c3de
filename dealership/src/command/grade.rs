//! Grades of customers, set by people.

use crate::command::Context;
use crate::customer::GradeOrigin;
use crate::edit::Edits;
use crate::grade::Grade;
use crate::id::{DocumentId, FactId};
use crate::refusal::Refusal;

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
