//! Rows of deals, and the grades that deals have a say in.

use dealership::Document;
use dealership::customer::GradeStep;
use dealership::deal::Deal;
use dealership::id::{CustomerId, DealId, StaffId, TrimId};
use rusqlite::{Connection, OptionalExtension};

use crate::error::StoreError;
use crate::projection::row::Rows;
use crate::projection::span::NEVER;
use crate::projection::table;

pub(super) fn deal(document: &Document, rows: &mut Rows) {
    let Some(deal) = Deal::read(document) else {
        return;
    };
    rows.put(
        &table::DEAL,
        [
            deal.customer.as_bytes().into(),
            deal.store.as_bytes().into(),
            deal.owner.as_ref().map(StaffId::as_bytes).into(),
            deal.trim.as_ref().map(TrimId::as_bytes).into(),
            deal.title.as_deref().into(),
            deal.stage().map(|stage| stage.code()).into(),
            deal.state().code().into(),
            deal.in_stage_since().millis().into(),
            deal.expected_date.map(|date| date.to_string()).into(),
            deal.created_at.millis().into(),
        ],
    );
}

/// The grades of a customer, each with the span in which it holds.
pub(super) fn grades(steps: &[GradeStep]) -> Rows {
    let mut rows = Rows::default();
    for (index, step) in steps.iter().enumerate() {
        // Before the first step nothing else held.
        let from = if index == 0 {
            i64::MIN
        } else {
            step.from.millis()
        };
        let until = steps
            .get(index + 1)
            .map_or(NEVER, |next| next.from.millis());
        let row = [from.into(), until.into(), step.grade.code().into()];
        rows.put(&table::CUSTOMER_GRADE, row);
    }
    rows
}

/// Makes these the grades of a customer.
pub(super) fn replace_grades(
    connection: &Connection,
    customer: CustomerId,
    steps: &[GradeStep],
) -> Result<(), StoreError> {
    let owner = customer.as_bytes().into();
    grades(steps).replace(connection, &[&table::CUSTOMER_GRADE], &owner, true)
}

/// The customer that a deal is about.
pub(super) fn customer_of(
    connection: &Connection,
    deal: DealId,
) -> Result<Option<CustomerId>, StoreError> {
    let customer = connection
        .prepare_cached("SELECT customer FROM deal WHERE document = ?")?
        .query_row([deal.as_bytes()], |row| {
            row.get(0).map(CustomerId::from_bytes)
        })
        .optional()?;
    Ok(customer)
}

/// The deals of one card, in the order of their ids.
pub(super) fn deals_of(
    connection: &Connection,
    customer: CustomerId,
) -> Result<Vec<DealId>, StoreError> {
    let deals = connection
        .prepare_cached("SELECT document FROM deal WHERE customer = ? ORDER BY document")?
        .query_map([customer.as_bytes()], |row| {
            row.get(0).map(DealId::from_bytes)
        })?
        .collect::<Result<_, _>>()?;
    Ok(deals)
}
