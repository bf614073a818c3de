//! Shapes of the sales process: the thin deal.

use super::Scalar::{Int, Text};
use super::{CODE, Class, NAME, Schema, field, int, text};
use crate::kind::Kind;

pub(super) static DEAL: Schema = Schema {
    kind: Kind::Deal,
    fields: &[
        field("customer", Class::Once(Text(CODE))),
        field("owner", Class::Register(Text(CODE))),
        field("title", Class::Register(Text(NAME))),
        field("created_at", Class::Once(Int)),
        field(
            "stage",
            Class::Fact(&[
                text("stage", CODE),
                text("state", CODE),
                int("at"),
                text("by", CODE),
            ]),
        ),
    ],
};
