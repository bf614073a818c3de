//! Shapes of stock: trims, price lists, vehicles.

use super::Scalar::{Bool, Int, Text};
use super::{
    CODE, Class, DATE, IMPORT, IMPORT_UNDONE, NAME, Schema, Writer, field, flag, int, rulings, set,
    text, written_by,
};
use crate::kind::Kind;

/// SHA-256 in hex digits: the name of a blob.
const BLOB: usize = 64;

pub(super) static TRIM: Schema = Schema {
    kind: Kind::Trim,
    fields: &[
        written_by(Writer::Manager, "brand", Class::Contested(Text(NAME))),
        written_by(Writer::Manager, "series", Class::Contested(Text(NAME))),
        written_by(Writer::Manager, "model_year", Class::Register(Int)),
        written_by(Writer::Manager, "name", Class::Contested(Text(NAME))),
        // 公告型号: the type under which the state admitted it.
        written_by(Writer::Manager, "type_code", Class::Register(Text(CODE))),
        written_by(Writer::Manager, "energy", Class::Register(Text(CODE))),
        written_by(Writer::Manager, "body", Class::Register(Text(CODE))),
        written_by(Writer::Manager, "seats", Class::Register(Int)),
        written_by(Writer::Manager, "displacement_ml", Class::Register(Int)),
        written_by(Writer::Manager, "range_km", Class::Register(Int)),
        written_by(Writer::Manager, "msrp", Class::Contested(Int)),
        // What it is sold in: codes with the names that people see.
        written_by(Writer::Manager, "ext_color", Class::Member(Text(NAME))),
        written_by(Writer::Manager, "int_color", Class::Member(Text(NAME))),
        written_by(Writer::Manager, "option", Class::Member(Text(NAME))),
        written_by(Writer::Manager, "warranty_months", Class::Register(Int)),
        written_by(Writer::Manager, "warranty_km", Class::Register(Int)),
        written_by(Writer::Manager, "off_sale", Class::Register(Bool)),
        rulings(Kind::Trim),
    ],
};

pub(super) static PRICE_LIST: Schema = Schema {
    kind: Kind::PriceList,
    fields: &[
        written_by(Writer::Administrator, "version", Class::Once(Int)),
        written_by(
            Writer::Administrator,
            "effective_from",
            Class::Once(Text(DATE)),
        ),
        written_by(
            Writer::Administrator,
            "effective_to",
            Class::Once(Text(DATE)),
        ),
        // The stores that it is for; none means all.
        written_by(
            Writer::Administrator,
            "scope",
            Class::Fact(&[text("store", CODE)]),
        ),
        written_by(
            Writer::Administrator,
            "row",
            Class::Fact(&[
                text("trim", CODE),
                int("msrp"),
                int("floor"),
                int("consultant_authority"),
                int("manager_authority"),
                int("cash_discount"),
                text("gift", NAME),
            ]),
        ),
        written_by(Writer::Administrator, "import", IMPORT),
        written_by(Writer::Administrator, "import_undone", IMPORT_UNDONE),
        // Withdrawn: as if it had never been published.
        written_by(
            Writer::Administrator,
            "void",
            Class::Fact(&[text("reason", NAME), text("by", CODE), int("at")]),
        ),
        written_by(Writer::Administrator, "published_at", Class::Once(Int)),
        written_by(
            Writer::Administrator,
            "published_by",
            Class::Once(Text(CODE)),
        ),
        rulings(Kind::PriceList),
    ],
};

pub(super) static VEHICLE: Schema = Schema {
    kind: Kind::Vehicle,
    fields: &[
        written_by(Writer::Stock, "vin", Class::Once(Text(17))),
        // Why a VIN was entered whose check digit or year code does not fit.
        written_by(Writer::Stock, "vin_override", Class::Register(Text(NAME))),
        written_by(Writer::Stock, "engine_no", Class::Contested(Text(CODE))),
        written_by(Writer::Stock, "motor_no", Class::Contested(Text(CODE))),
        written_by(Writer::Stock, "cert_no", Class::Contested(Text(CODE))),
        written_by(Writer::Stock, "trim", Class::Contested(Text(CODE))),
        written_by(Writer::Stock, "ext_color", Class::Contested(Text(NAME))),
        written_by(Writer::Stock, "int_color", Class::Contested(Text(NAME))),
        written_by(Writer::Stock, "prod_date", Class::Contested(Text(DATE))),
        written_by(Writer::Stock, "ship_date", Class::Register(Text(DATE))),
        written_by(Writer::Stock, "source", Class::Register(Text(CODE))),
        written_by(Writer::Stock, "usage", Class::Register(Text(CODE))),
        written_by(Writer::Stock, "option", Class::Member(Bool)),
        written_by(
            Writer::Stock,
            "move",
            Class::Fact(&[
                text("reason", CODE),
                text("to", CODE),
                text("store", CODE),
                text("show", CODE),
                text("slot", NAME),
                text("date", DATE),
                text("by", CODE),
                int("at"),
            ]),
        ),
        written_by(
            Writer::StockOrFinance,
            "custody",
            Class::Fact(&[text("state", CODE), text("by", CODE), int("at")]),
        ),
        field(
            "claim",
            Class::Fact(&[
                text("strength", CODE),
                text("deal", CODE),
                text("store", CODE),
                flag("deposit"),
                text("pack", CODE),
                int("expires"),
                text("by", CODE),
                int("at"),
            ]),
        ),
        // Whose claim it is from then on: its deal was handed over.
        written_by(
            Writer::Manager,
            "claim_handover",
            Class::Fact(&[
                text("claim", CODE),
                text("to", CODE),
                text("by", CODE),
                int("at"),
            ]),
        ),
        // The owner of a claim ends it; a manager revokes anybody's.
        field("claim_end", CLAIM_END),
        written_by(Writer::Manager, "claim_revocation", CLAIM_END),
        written_by(
            Writer::Relay,
            "confirmation",
            Class::Fact(&[text("claim", CODE), int("at")]),
        ),
        written_by(
            Writer::Finance,
            "final",
            Class::Fact(&[text("claim", CODE), text("by", CODE), int("at")]),
        ),
        written_by(
            Writer::Finance,
            "final_reversal",
            Class::Fact(&[
                text("final", CODE),
                text("reason", NAME),
                text("by", CODE),
                int("at"),
            ]),
        ),
        written_by(
            Writer::Manager,
            "pack",
            Class::Fact(&[
                text("show", CODE),
                text("store", CODE),
                set("team"),
                int("from"),
                int("until"),
                text("by", CODE),
                int("at"),
            ]),
        ),
        written_by(
            Writer::Manager,
            "pack_release",
            Class::Fact(&[
                text("pack", CODE),
                int("despite_unsynced"),
                text("by", CODE),
                int("at"),
            ]),
        ),
        rulings(Kind::Vehicle),
        field(
            "delivered",
            Class::Fact(&[text("deal", CODE), text("by", CODE), int("at")]),
        ),
        written_by(
            Writer::Stock,
            "freeze",
            Class::Fact(&[
                text("reason", CODE),
                text("note", NAME),
                text("by", CODE),
                int("at"),
            ]),
        ),
        written_by(
            Writer::Stock,
            "unfreeze",
            Class::Fact(&[text("freeze", CODE), text("by", CODE), int("at")]),
        ),
        written_by(
            Writer::Stock,
            "inspection",
            Class::Fact(&[flag("passed"), text("by", CODE), int("at")]),
        ),
        // 交车前检测
        field(
            "pdi",
            Class::Fact(&[text("result", CODE), text("by", CODE), int("at")]),
        ),
        field(
            "odometer",
            Class::Fact(&[int("km"), text("by", CODE), int("at")]),
        ),
        field(
            "damage",
            Class::Fact(&[
                text("part", CODE),
                text("severity", CODE),
                text("photo", BLOB),
                flag("stops_sale"),
                text("by", CODE),
                int("at"),
            ]),
        ),
        field(
            "damage_repair",
            Class::Fact(&[
                text("damage", CODE),
                text("photo", BLOB),
                text("by", CODE),
                int("at"),
            ]),
        ),
        field(
            "care",
            Class::Fact(&[text("task", CODE), text("by", CODE), int("at")]),
        ),
        field(
            "battery",
            Class::Fact(&[
                int("soh_percent"),
                int("soc_percent"),
                flag("charged"),
                text("by", CODE),
                int("at"),
            ]),
        ),
        field(
            "photo",
            Class::Fact(&[
                text("sha256", BLOB),
                text("subject", CODE),
                text("by", CODE),
                int("at"),
            ]),
        ),
        written_by(Writer::Stock, "import", IMPORT),
        written_by(Writer::Stock, "import_undone", IMPORT_UNDONE),
        written_by(
            Writer::Stock,
            "void",
            Class::Fact(&[text("reason", NAME), text("by", CODE), int("at")]),
        ),
        written_by(
            Writer::Stock,
            "void_undo",
            Class::Fact(&[text("void", CODE), text("by", CODE), int("at")]),
        ),
    ],
};

const CLAIM_END: Class = Class::Fact(&[
    text("claim", CODE),
    text("reason", CODE),
    text("by", CODE),
    int("at"),
]);
