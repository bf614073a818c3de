//! Shapes of what the whole group shares: stores, staff, devices, shows.

use super::Scalar::{Bool, Int, Text};
use super::{CODE, Class, DATE, NAME, Schema, Writer, field, rulings, written_by};
use crate::kind::Kind;

pub(super) static STORE: Schema = Schema {
    kind: Kind::Store,
    fields: &[
        written_by(Writer::Administrator, "name", Class::Contested(Text(NAME))),
        // On papers and in their numbers: CD, CX.
        written_by(Writer::Administrator, "code", Class::Once(Text(CODE))),
        written_by(Writer::Administrator, "region", Class::Register(Text(CODE))),
        written_by(
            Writer::Administrator,
            "address",
            Class::Register(Text(NAME)),
        ),
        written_by(Writer::Administrator, "phone", Class::Register(Text(CODE))),
        rulings(Kind::Store),
    ],
};

pub(super) static STAFF: Schema = Schema {
    kind: Kind::Staff,
    fields: &[
        written_by(Writer::Administrator, "name", Class::Contested(Text(NAME))),
        written_by(Writer::Administrator, "role", Class::Member(Bool)),
        written_by(Writer::Administrator, "store", Class::Member(Bool)),
        written_by(Writer::Administrator, "status", Class::Register(Text(CODE))),
        written_by(Writer::Administrator, "hired", Class::Register(Text(DATE))),
        written_by(Writer::Administrator, "left", Class::Register(Text(DATE))),
        rulings(Kind::Staff),
    ],
};

pub(super) static DEVICE: Schema = Schema {
    kind: Kind::Device,
    fields: &[
        written_by(Writer::Relay, "number", Class::Once(Int)),
        written_by(Writer::Relay, "staff", Class::Once(Text(CODE))),
        written_by(Writer::Relay, "platform", Class::Once(Text(NAME))),
        // The verifying key in hex.
        written_by(Writer::Relay, "public_key", Class::Once(Text(CODE))),
        written_by(Writer::Relay, "enrolled_at", Class::Once(Int)),
        written_by(Writer::Relay, "locked_at", Class::Register(Int)),
        written_by(Writer::Relay, "revoked_at", Class::Register(Int)),
        written_by(Writer::Relay, "wiped_at", Class::Register(Int)),
        // When it last came with nothing unsent; noted for devices of a show's team alone.
        written_by(Writer::Relay, "synced_at", Class::Register(Int)),
        field("name", Class::Register(Text(NAME))),
        rulings(Kind::Device),
    ],
};

pub(super) static SHOW: Schema = Schema {
    kind: Kind::Show,
    fields: &[
        written_by(Writer::Manager, "name", Class::Contested(Text(NAME))),
        // Where it is held: the address of the hall.
        written_by(Writer::Manager, "place", Class::Register(Text(NAME))),
        written_by(Writer::Manager, "store", Class::Once(Text(CODE))),
        written_by(Writer::Manager, "starts_at", Class::Register(Int)),
        written_by(Writer::Manager, "ends_at", Class::Register(Int)),
        written_by(Writer::Manager, "team", Class::Member(Bool)),
        written_by(Writer::Manager, "cost", Class::Register(Int)),
        written_by(Writer::Manager, "cancelled", Class::Register(Bool)),
        rulings(Kind::Show),
    ],
};
