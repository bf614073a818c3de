//! Shapes of stock: trims, price lists, vehicles.

use super::Scalar::{Int, Text};
use super::{CODE, Class, NAME, Schema, Writer, field, int, text, written_by};
use crate::kind::Kind;

pub(super) static TRIM: Schema = Schema {
    kind: Kind::Trim,
    fields: &[
        written_by(Writer::Manager, "brand", Class::Register(Text(NAME))),
        written_by(Writer::Manager, "series", Class::Register(Text(NAME))),
        written_by(Writer::Manager, "name", Class::Register(Text(NAME))),
        written_by(Writer::Manager, "msrp", Class::Register(Int)),
    ],
};

pub(super) static PRICE_LIST: Schema = Schema {
    kind: Kind::PriceList,
    fields: &[
        written_by(Writer::Manager, "version", Class::Once(Int)),
        written_by(
            Writer::Manager,
            "row",
            Class::Fact(&[text("trim", CODE), int("msrp")]),
        ),
    ],
};

pub(super) static VEHICLE: Schema = Schema {
    kind: Kind::Vehicle,
    fields: &[
        written_by(Writer::Stock, "vin", Class::Once(Text(17))),
        written_by(Writer::Stock, "trim", Class::Contested(Text(CODE))),
        written_by(Writer::Stock, "ext_color", Class::Contested(Text(CODE))),
        field(
            "claim",
            Class::Fact(&[
                text("strength", CODE),
                text("deal", CODE),
                text("by", CODE),
                int("at"),
                int("expires"),
            ]),
        ),
        written_by(
            Writer::Relay,
            "confirmation",
            Class::Fact(&[text("claim", CODE), int("at")]),
        ),
    ],
};
