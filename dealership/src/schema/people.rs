//! Shapes of customers: the card, and how to reach them.

use super::Scalar::{Bool, Int, Text};
use super::{CODE, Class, NAME, PROSE, Schema, field, int, text};
use crate::kind::Kind;

pub(super) static CUSTOMER: Schema = Schema {
    kind: Kind::Customer,
    fields: &[
        field("name", Class::Contested(Text(NAME))),
        field("type", Class::Register(Text(CODE))),
        field("phone_hash", Class::Member(Text(4))),
        field(
            "merge",
            Class::Fact(&[text("into", CODE), text("by", CODE), int("at")]),
        ),
        field("marketing_optout", Class::Member(Bool)),
        field("created_at", Class::Once(Int)),
        field("created_by", Class::Once(Text(CODE))),
    ],
};

pub(super) static CUSTOMER_CONTACT: Schema = Schema {
    kind: Kind::CustomerContact,
    fields: &[
        field("customer", Class::Once(Text(CODE))),
        field(
            "phone",
            Class::Fact(&[text("number", CODE), text("label", CODE)]),
        ),
        field(
            "follow_up",
            Class::Fact(&[
                text("type", CODE),
                int("at"),
                text("by", CODE),
                text("outcome", CODE),
                text("content", PROSE),
            ]),
        ),
    ],
};
