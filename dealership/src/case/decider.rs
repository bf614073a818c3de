//! Who decides what: one table for the cases, for who writes rulings, and for the command.

use crate::access::Role;
use crate::case::CaseKind;
use crate::kind::Kind;

/// The role that decides a case of a kind about a document of a kind, or one above it.
///
/// A case that spans stores, and one in which rulings contradict each other, is the general
/// manager's: its own derivation says so.
pub(crate) const fn decider(case: CaseKind, kind: Kind) -> Role {
    match (case, kind) {
        (_, Kind::Store | Kind::Staff | Kind::Device | Kind::PriceList) => Role::Administrator,
        // How to reach a customer: who talks to them knows.
        (CaseKind::Register, Kind::CustomerContact) => Role::Consultant,
        (
            _,
            Kind::Trim
            | Kind::Show
            | Kind::Vehicle
            | Kind::Customer
            | Kind::CustomerContact
            | Kind::Deal,
        ) => Role::Manager,
    }
}

/// The lowest role that decides any case about a document of a kind: whom the gate lets write
/// rulings into it.
pub(crate) const fn lowest_decider(kind: Kind) -> Role {
    decider(CaseKind::Register, kind)
}
