//! Shapes of the sales process: the thin deal.
//!
//! No name and no number of a person stands here, so that a person can be purged whole.

use super::Scalar::{Int, Text};
use super::{CODE, Class, DATE, NAME, Schema, Writer, field, int, rulings, set, text, written_by};
use crate::kind::Kind;

pub(super) static DEAL: Schema = Schema {
    kind: Kind::Deal,
    fields: &[
        field("customer", Class::Once(Text(CODE))),
        // An entry of the customer's contact.
        field("intent", Class::Register(Text(CODE))),
        // Who opened it; whoever it was handed to since stands in `handover`.
        field("owner", Class::Once(Text(CODE))),
        written_by(
            Writer::Manager,
            "handover",
            Class::Fact(&[
                text("from", CODE),
                text("to", CODE),
                text("reason", NAME),
                text("by", CODE),
                int("at"),
            ]),
        ),
        field("show", Class::Once(Text(CODE))),
        field("trim", Class::Register(Text(CODE))),
        field("title", Class::Register(Text(NAME))),
        field("expected_date", Class::Contested(Text(DATE))),
        field(
            "stage",
            Class::Fact(&[
                text("stage", CODE),
                text("state", CODE),
                text("evidence", CODE),
                text("reason", NAME),
                text("by", CODE),
                int("at"),
            ]),
        ),
        field(
            "closing",
            Class::Fact(&[
                text("outcome", CODE),
                set("reason"),
                text("competitor", NAME),
                text("by", CODE),
                int("at"),
            ]),
        ),
        // Takes a closing back: the customer came again, or it was an error.
        field(
            "revival",
            Class::Fact(&[
                text("closing", CODE),
                text("reason", NAME),
                text("by", CODE),
                int("at"),
            ]),
        ),
        rulings(Kind::Deal),
        field("created_at", Class::Once(Int)),
        field("created_by", Class::Once(Text(CODE))),
    ],
};
