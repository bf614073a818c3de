//! Two opinions of one field, neither author having known of the other.

use crate::case::{Case, CaseKind, Proposal, Side, decider};
use crate::document::{Document, Rival};
use crate::order::OrderTime;
use crate::schema::{self, Class};

/// The rule that proposes what was written first, for what is written once.
pub const FIRST_WRITTEN: &str = "first_written";

/// The registers of a document in which concurrent different values stand and that a person
/// should decide: those of class contested, and those written once.
///
/// A contested one is settled by any later write of somebody who has seen both; one written once
/// by a ruling.
pub fn cases(document: &Document) -> Vec<Case> {
    let schema = schema::schema(document.kind());
    document
        .contested()
        .iter()
        .filter_map(|key| {
            let (field, _) = schema.field_of(key)?;
            let once = match field.class {
                Class::Once(_) => true,
                Class::Contested(_) => false,
                _ => return None,
            };
            Some(case(document, key, once))
        })
        .collect()
}

fn case(document: &Document, key: &str, once: bool) -> Case {
    let rivals = document.rivals(key);
    let mut sides: Vec<Side> = rivals
        .iter()
        .map(|rival| side(document, key, rival))
        .collect();
    sides.sort_by(|one, other| (one.order, &one.key).cmp(&(other.order, &other.key)));
    let keys = sides.iter().map(|side| side.key.as_str());
    let id = CaseKind::Register.id([document.id()], keys.chain([key]));
    let proposal = sides.first().filter(|_| once).map(|first| Proposal {
        winner: first.key.clone(),
        rule: FIRST_WRITTEN.into(),
    });
    Case {
        id,
        kind: CaseKind::Register,
        documents: vec![document.id()],
        sides,
        proposal,
        decider: decider(CaseKind::Register, document.kind()),
        outcome: None,
    }
    .ruled_in(document)
}

/// A side that is a value: its key is the hash of the change that wrote it.
fn side(document: &Document, key: &str, rival: &Rival) -> Side {
    let provenance = &rival.provenance;
    Side {
        key: provenance.change.to_string(),
        document: document.id(),
        fact: None,
        shows: [(key.to_owned(), rival.value.clone())].into(),
        staff: provenance.staff,
        device: provenance.device,
        store: document.space().store(),
        order: OrderTime::of(provenance),
    }
}
