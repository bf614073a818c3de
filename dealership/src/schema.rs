//! The shape of every kind of document: one table that commands, the gate, conflict detection
//! and history read.
//!
//! A document is flat. Its root holds scalar registers and one map per fact under a unique key,
//! `follow_up/<uuid>`. There is no shared container: two devices that create one under the same
//! key would shadow each other's whole subtree in silence.

use crate::access::Role;
use crate::case::lowest_decider;
use crate::kind::Kind;

mod group;
mod people;
mod sales;
mod stock;

/// The newest document shape that this version writes.
pub const SHAPE: i64 = 1;

/// The register that every document bears: its kind's code.
pub const KIND: &str = "kind";
/// The register that every document bears: the shape it was written in.
pub const SHAPE_VERSION: &str = "v";

/// What one kind of document may hold.
#[derive(Debug)]
pub struct Schema {
    /// The kind.
    pub kind: Kind,
    /// What may stand at the root, beside [`KIND`] and [`SHAPE_VERSION`].
    pub fields: &'static [Field],
}

/// One name at the root of a document.
#[derive(Debug)]
pub struct Field {
    /// The key, or for [`Class::Member`], [`Class::Fact`] and [`Class::Entry`] what stands
    /// before the slash.
    pub name: &'static str,
    /// How it merges.
    pub class: Class,
    /// Who may write it.
    pub writer: Writer,
}

/// How the values of a field merge.
#[derive(Debug, Clone, Copy)]
pub enum Class {
    /// One opinion; Automerge's winner is shown.
    Register(Scalar),
    /// One opinion; concurrent different values are a case that a person decides.
    Contested(Scalar),
    /// Written once; a correction is a new fact or a new document. Concurrent first writes (a
    /// content id typed twice) are a case.
    Once(Scalar),
    /// `name/<code>`: a set, as one register for each member.
    Member(Scalar),
    /// `name/<uuid>`: something that happened; all its fields are written with it, then never.
    Fact(&'static [Leaf]),
    /// `name/<uuid>`: a thing within the document whose fields are registers.
    Entry(&'static [Leaf]),
}

/// One name within a fact or an entry.
#[derive(Debug)]
pub struct Leaf {
    /// The key, or for a set what stands before the slash.
    pub name: &'static str,
    /// What may stand there.
    pub scalar: Scalar,
    /// Whether it is a set: one register `name/<member>` for each member.
    pub is_set: bool,
}

/// What a scalar may be. Null is always allowed: it means cleared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scalar {
    /// Text of at most so many bytes; codes of enums too, so that newer codes survive.
    Text(usize),
    /// A signed integer: fen, basis points, kilometres, milliseconds, counts.
    Int,
    /// True or false.
    Bool,
}

/// Who may write a field, beyond being able to read the document's space.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writer {
    /// Whoever holds the space.
    Holder,
    /// Managers and the general manager.
    Manager,
    /// Stock keepers, managers and the general manager.
    Stock,
    /// Finance and the general manager.
    Finance,
    /// Stock keepers, finance, managers and the general manager: who keeps certificates.
    StockOrFinance,
    /// Administrators and the general manager.
    Administrator,
    /// The relay alone.
    Relay,
}

/// The schema of a kind.
pub fn schema(kind: Kind) -> &'static Schema {
    match kind {
        Kind::Store => &group::STORE,
        Kind::Staff => &group::STAFF,
        Kind::Device => &group::DEVICE,
        Kind::Trim => &stock::TRIM,
        Kind::PriceList => &stock::PRICE_LIST,
        Kind::Vehicle => &stock::VEHICLE,
        Kind::Show => &group::SHOW,
        Kind::Customer => &people::CUSTOMER,
        Kind::CustomerContact => &people::CUSTOMER_CONTACT,
        Kind::Deal => &sales::DEAL,
    }
}

/// Who may create a document of a kind, beyond holding the space where it will be.
pub const fn creator(kind: Kind) -> Writer {
    match kind {
        Kind::Store | Kind::Staff | Kind::PriceList => Writer::Administrator,
        Kind::Device => Writer::Relay,
        Kind::Trim | Kind::Show => Writer::Manager,
        Kind::Vehicle => Writer::Stock,
        Kind::Customer | Kind::CustomerContact | Kind::Deal => Writer::Holder,
    }
}

impl Schema {
    /// The field that a root key belongs to, with what follows the slash.
    pub fn field_of<'key>(&self, key: &'key str) -> Option<(&'static Field, Option<&'key str>)> {
        let (name, suffix) = match key.split_once('/') {
            Some((name, suffix)) => (name, Some(suffix)),
            None => (key, None),
        };
        let field = self.fields.iter().find(|field| field.name == name)?;
        (field.class.takes_suffix() == suffix.is_some()).then_some((field, suffix))
    }
}

impl Leaf {
    /// Whether a key within a fact or an entry is this leaf's.
    pub fn is_of(&self, key: &str) -> bool {
        match key.split_once('/') {
            Some((name, member)) => self.is_set && name == self.name && is_member(member),
            None => !self.is_set && key == self.name,
        }
    }
}

/// Whether a text may be a member of a set: a code, an id or a hash, never prose.
pub fn is_member(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    (1..=CODE).contains(&text.len()) && text.bytes().all(plain)
}

impl Class {
    /// Whether keys of this class are `name/<suffix>`.
    pub const fn takes_suffix(self) -> bool {
        matches!(self, Self::Member(_) | Self::Fact(_) | Self::Entry(_))
    }
}

/// A code of an enum, or an id as hyphenated text.
const CODE: usize = 64;
/// A name, a title, a number on paper.
const NAME: usize = 240;
/// A civil date, `2026-05-03`.
const DATE: usize = 10;
/// What a person writes freely.
const PROSE: usize = 12_000;

/// Shorthand for the tables: a field that whoever holds the space may write.
const fn field(name: &'static str, class: Class) -> Field {
    Field {
        name,
        class,
        writer: Writer::Holder,
    }
}

/// Shorthand for the tables: a field with its writer.
const fn written_by(writer: Writer, name: &'static str, class: Class) -> Field {
    Field {
        name,
        class,
        writer,
    }
}

/// Shorthand for the tables: what people decided in the cases of a kind.
const fn rulings(kind: Kind) -> Field {
    let writer = match lowest_decider(kind) {
        Role::Administrator => Writer::Administrator,
        Role::Manager | Role::GeneralManager => Writer::Manager,
        Role::StockKeeper => Writer::Stock,
        Role::Finance => Writer::Finance,
        Role::Consultant | Role::ServiceAdviser | Role::CallCentre => Writer::Holder,
    };
    written_by(writer, "ruling", RULING)
}

/// Shorthand for the tables: a text leaf.
const fn text(name: &'static str, bytes: usize) -> Leaf {
    Leaf {
        name,
        scalar: Scalar::Text(bytes),
        is_set: false,
    }
}

/// Shorthand for the tables: an integer leaf.
const fn int(name: &'static str) -> Leaf {
    Leaf {
        name,
        scalar: Scalar::Int,
        is_set: false,
    }
}

/// Shorthand for the tables: a yes-or-no leaf.
const fn flag(name: &'static str) -> Leaf {
    Leaf {
        name,
        scalar: Scalar::Bool,
        is_set: false,
    }
}

/// Shorthand for the tables: a set of codes or ids within an entry.
const fn set(name: &'static str) -> Leaf {
    set_of(name, Scalar::Bool)
}

/// Shorthand for the tables: a set within an entry whose members bear a value.
const fn set_of(name: &'static str, scalar: Scalar) -> Leaf {
    Leaf {
        name,
        scalar,
        is_set: true,
    }
}

/// What a person decided in a case; every kind holds rulings alike.
const RULING: Class = Class::Fact(&[
    text("case", CODE),
    text("decision", CODE),
    text("winner", NAME),
    text("reason", NAME),
    text("by", CODE),
    int("at"),
]);

/// The row of an import that made the document, or changed it with this very change.
const IMPORT: Class = Class::Fact(&[text("import", CODE), int("row")]);

/// That what a row of an import did here was taken back.
const IMPORT_UNDONE: Class = Class::Fact(&[text("mark", CODE), text("by", CODE), int("at")]);

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_kind_has_a_schema_of_distinct_plain_names() {
        for kind in Kind::ALL {
            let schema = schema(*kind);
            assert_eq!(schema.kind, *kind);
            let names: BTreeSet<_> = schema.fields.iter().map(|field| field.name).collect();
            assert_eq!(
                names.len(),
                schema.fields.len(),
                "{kind} names a field twice"
            );
            for field in schema.fields {
                assert!(
                    ![KIND, SHAPE_VERSION].contains(&field.name),
                    "{kind}.{}",
                    field.name
                );
                assert!(
                    field
                        .name
                        .bytes()
                        .all(|b| b.is_ascii_lowercase() || b == b'_' || b.is_ascii_digit()),
                    "{kind}.{}",
                    field.name
                );
            }
        }
    }
}
