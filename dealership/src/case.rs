//! Cases: conflicts that a person should see, derived alike on every replica.
//!
//! A case is never stored. Its id is a hash of what it is about, so that every replica that holds
//! the same facts names the same case, and a ruling made anywhere decides it everywhere.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::access::Role;
use crate::document::Provenance;
use crate::edit::{Fields, fields};
use crate::id::{CaseId, DeviceNumber, DocumentId, FactId, StaffId, StoreId};
use crate::order::OrderTime;
use crate::time::Timestamp;

pub mod clock;
mod decider;
pub mod delete;
pub mod double_vin;
pub mod duplicate;
pub mod handover;
pub mod place;
pub mod register;
mod verdict;
pub mod void;

pub(crate) use decider::{decider, lowest_decider};
pub(crate) use verdict::Verdict;

/// A conflict with the facts of every side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Case {
    /// The same on every replica.
    pub id: CaseId,
    /// What kind of conflict it is.
    pub kind: CaseKind,
    /// The documents that it is about, in order of ids.
    pub documents: Vec<DocumentId>,
    /// Who said or did what, in an order that is the same on every replica.
    pub sides: Vec<Side>,
    /// What the trade's rule says, if a rule says anything; a person decides.
    pub proposal: Option<Proposal>,
    /// The role that decides.
    pub decider: Role,
    /// What was decided; `None` while the case is open.
    pub outcome: Option<Outcome>,
}

/// What kind of conflict a case is.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum CaseKind {
    /// Two deals hold one vehicle.
    DoubleVin,
    /// One vehicle is in two places.
    Place,
    /// Two cards of one person.
    DupCustomer,
    /// Two opinions of one field, neither author having known of the other.
    Register,
    /// What a device wrote whose clock was wrong.
    Clock,
    /// A card was deleted while somebody worked on it.
    DeleteVsEdit,
    /// A customer or a deal was handed to two people.
    Handover,
}

/// How pressing a case is; the most pressing first.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// A promise to a customer or money is at stake.
    High,
    /// Somebody's work goes astray until it is decided.
    Medium,
    /// It should be looked at.
    Low,
}

/// One side of a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Side {
    /// What a ruling names as the winner, and what tells the sides apart.
    pub key: String,
    /// The document in which it stands.
    pub document: DocumentId,
    /// The fact, if the side is one.
    pub fact: Option<FactId>,
    /// What stands there.
    pub shows: Fields,
    /// Who.
    pub staff: StaffId,
    /// On which device.
    pub device: DeviceNumber,
    /// At which store, if it is known.
    pub store: Option<StoreId>,
    /// When, with the window that the relay vouches for.
    pub order: OrderTime,
}

/// What a rule of the trade proposes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Proposal {
    /// The [`Side::key`] of the side that should win.
    pub winner: String,
    /// The code of the rule.
    pub rule: String,
}

/// What a person decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Outcome {
    /// The fact that says so.
    pub ruling: FactId,
    /// The code of the decision.
    pub decision: String,
    /// The [`Side::key`] of the side that won, if one did.
    pub winner: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// Who decided.
    pub staff: StaffId,
    /// When, as the device claims.
    pub decided_at: Timestamp,
}

impl Case {
    /// Whether nobody has decided it yet.
    pub const fn is_open(&self) -> bool {
        self.outcome.is_none()
    }
}

impl CaseKind {
    /// The code in ids and on the wire.
    pub const fn code(self) -> &'static str {
        match self {
            Self::DoubleVin => "double_vin",
            Self::Place => "place",
            Self::DupCustomer => "dup_customer",
            Self::Register => "register",
            Self::Clock => "clock",
            Self::DeleteVsEdit => "delete_vs_edit",
            Self::Handover => "handover",
        }
    }

    /// How pressing cases of this kind are.
    pub const fn severity(self) -> Severity {
        match self {
            Self::DoubleVin => Severity::High,
            Self::Place | Self::DupCustomer | Self::DeleteVsEdit | Self::Handover => {
                Severity::Medium
            }
            Self::Register | Self::Clock => Severity::Low,
        }
    }

    /// The id of a case of this kind about these documents between these sides, in whatever
    /// order they are given.
    pub fn id<'k>(
        self,
        documents: impl IntoIterator<Item = DocumentId>,
        sides: impl IntoIterator<Item = &'k str>,
    ) -> CaseId {
        let mut documents: Vec<_> = documents.into_iter().collect();
        documents.sort_unstable();
        documents.dedup();
        let mut sides: Vec<_> = sides.into_iter().collect();
        sides.sort_unstable();
        sides.dedup();
        let mut parts = vec![b"case".as_slice(), self.code().as_bytes()];
        parts.extend(
            documents
                .iter()
                .map(|document| document.as_bytes().as_slice()),
        );
        parts.push(b"between");
        parts.extend(sides.iter().map(|side| side.as_bytes()));
        CaseId::from_bytes(*DocumentId::of_content(&parts).as_bytes())
    }
}

impl Side {
    /// A side that is a fact: its key is the fact's id.
    pub fn of_fact(
        document: DocumentId,
        fact: FactId,
        shows: Fields,
        store: Option<StoreId>,
        provenance: &Provenance,
    ) -> Self {
        Self {
            key: fact.to_string(),
            document,
            fact: Some(fact),
            shows,
            staff: provenance.staff,
            device: provenance.device,
            store,
            order: OrderTime::of(provenance),
        }
    }

    /// A side that is a change, whatever it wrote: its key is the change's hash, and it shows the
    /// command.
    pub fn of_change(
        document: DocumentId,
        store: Option<StoreId>,
        provenance: &Provenance,
    ) -> Self {
        Self {
            key: provenance.change.to_string(),
            document,
            fact: None,
            shows: fields([("command", provenance.command.as_str().into())]),
            staff: provenance.staff,
            device: provenance.device,
            store,
            order: OrderTime::of(provenance),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_of_a_case_does_not_depend_on_the_order_of_its_sides() {
        let vehicle = DocumentId::of_content(&[b"v"]);
        let id = CaseKind::DoubleVin.id([vehicle], ["a", "b"]);
        assert_eq!(id, CaseKind::DoubleVin.id([vehicle], ["b", "a", "b"]));
        assert_ne!(id, CaseKind::DoubleVin.id([vehicle], ["a", "c"]));
        assert_ne!(id, CaseKind::Place.id([vehicle], ["a", "b"]));
    }
}
