//! Shapes of customers: the card, and how to reach them.
//!
//! The card is read by the whole store: it bears no phone but its keyed hash and last four
//! digits, and nothing that a person wrote freely about a customer. What was said and why stands
//! in the contact, which only the consultant and the roles that answer for it hold.

use super::Scalar::{Bool, Int, Text};
use super::{
    CODE, Class, DATE, NAME, PROSE, Schema, Writer, field, int, rulings, set, set_of, text,
    written_by,
};
use crate::kind::Kind;

pub(super) static CUSTOMER: Schema = Schema {
    kind: Kind::Customer,
    fields: &[
        field("name", Class::Contested(Text(NAME))),
        field("type", Class::Register(Text(CODE))),
        field("gender", Class::Register(Text(CODE))),
        field("age_band", Class::Register(Text(CODE))),
        field("region", Class::Register(Text(CODE))),
        // By the keyed hash of the phone: its last four digits.
        field("phone_hash", Class::Member(Text(4))),
        field("source_channel", Class::Register(Text(CODE))),
        field("source_platform", Class::Register(Text(CODE))),
        field("source_show", Class::Register(Text(CODE))),
        field("source_referrer", Class::Register(Text(CODE))),
        field("value_class", Class::Register(Text(CODE))),
        field("tag", Class::Member(Bool)),
        field("marketing_optout", Class::Member(Bool)),
        // Who carded it; whoever it was handed to since stands in `handover`.
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
        field(
            "grade",
            Class::Fact(&[
                text("grade", CODE),
                text("before", CODE),
                text("origin", CODE),
                text("by", CODE),
                int("at"),
            ]),
        ),
        // What the store may know of a follow-up, under the same id as in the contact.
        field(
            "contacted",
            Class::Fact(&[
                text("type", CODE),
                text("outcome", CODE),
                text("corrects", CODE),
                text("by", CODE),
                int("at"),
            ]),
        ),
        field(
            "lost_request",
            Class::Fact(&[
                set("reason"),
                text("competitor", NAME),
                text("by", CODE),
                int("at"),
            ]),
        ),
        written_by(
            Writer::Manager,
            "lost_review",
            Class::Fact(&[
                text("request", CODE),
                text("decision", CODE),
                text("by", CODE),
                int("at"),
            ]),
        ),
        // Stands in the absorbed card. `chosen` is what was put on the survivor, `before` what
        // stood there, so that undoing can give it back.
        written_by(
            Writer::Manager,
            "merge",
            Class::Fact(&[
                text("into", CODE),
                set_of("chosen", Text(NAME)),
                set_of("before", Text(NAME)),
                text("by", CODE),
                int("at"),
            ]),
        ),
        written_by(
            Writer::Manager,
            "merge_undo",
            Class::Fact(&[text("merge", CODE), text("by", CODE), int("at")]),
        ),
        written_by(
            Writer::Manager,
            "void",
            Class::Fact(&[text("reason", CODE), text("by", CODE), int("at")]),
        ),
        written_by(
            Writer::Manager,
            "void_undo",
            Class::Fact(&[text("void", CODE), text("by", CODE), int("at")]),
        ),
        written_by(Writer::Manager, "restricted", Class::Register(Bool)),
        // What the relay sees that no store can: the same phone carded in another store.
        written_by(
            Writer::Relay,
            "case",
            Class::Fact(&[
                text("kind", CODE),
                text("phone_hash", CODE),
                text("other", CODE),
                text("other_store", CODE),
                text("other_owner", CODE),
                text("other_created_by", CODE),
                text("other_device", CODE),
                int("other_created_at"),
                int("at"),
            ]),
        ),
        // Takes it back: the two were merged, one was deleted, or they share no phone any more.
        written_by(
            Writer::Relay,
            "case_end",
            Class::Fact(&[text("case", CODE), text("reason", CODE), int("at")]),
        ),
        rulings(Kind::Customer),
        field("import", super::IMPORT),
        field("import_undone", super::IMPORT_UNDONE),
        field("entered_through", Class::Once(Text(CODE))),
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
            Class::Fact(&[
                text("number", CODE),
                text("extension", CODE),
                text("label", CODE),
                text("by", CODE),
                int("at"),
            ]),
        ),
        field(
            "phone_invalid",
            Class::Fact(&[
                text("phone", CODE),
                text("reason", CODE),
                text("by", CODE),
                int("at"),
            ]),
        ),
        // The id of a `phone` fact.
        field("primary_phone", Class::Contested(Text(CODE))),
        field("no_phone_reason", Class::Register(Text(CODE))),
        field("wechat", Class::Register(Text(NAME))),
        field("wechat_added", Class::Register(Bool)),
        field("company_name", Class::Register(Text(NAME))),
        field("occupation", Class::Register(Text(NAME))),
        field("position", Class::Register(Text(NAME))),
        field("family", Class::Register(Text(CODE))),
        field("family_note", Class::Register(Text(NAME))),
        field(
            "intent",
            Class::Entry(&[
                text("status", CODE),
                int("horizon_days"),
                int("budget_min"),
                int("budget_max"),
                text("pay_way", CODE),
                text("purchase_type", CODE),
                text("decision_maker", NAME),
                text("plate_quota", CODE),
                text("trade_in", NAME),
                text("wish", PROSE),
                // By the id of a trim: its rank, the liked best first.
                set_of("model", Int),
                set("use"),
                set("energy"),
                set("body"),
                set("color"),
                set("must_have"),
                text("by", CODE),
                int("at"),
            ]),
        ),
        field(
            "competitor",
            Class::Fact(&[
                text("intent", CODE),
                text("brand", NAME),
                text("series", NAME),
                int("quoted_price"),
                text("dealer", NAME),
                text("by", CODE),
                int("at"),
            ]),
        ),
        field(
            "follow_up",
            Class::Fact(&[
                text("type", CODE),
                int("duration_s"),
                text("outcome", CODE),
                text("content", PROSE),
                text("feedback", PROSE),
                text("feedback_kind", CODE),
                text("grade_before", CODE),
                text("grade_after", CODE),
                text("next_date", DATE),
                text("next_way", CODE),
                text("next_goal", NAME),
                text("place", NAME),
                text("deal", CODE),
                text("corrects", CODE),
                set("task"),
                // SHA-256 of blobs.
                set("attachment"),
                text("by", CODE),
                int("at"),
            ]),
        ),
        field(
            "task",
            Class::Entry(&[
                text("due", DATE),
                text("slot", CODE),
                text("way", CODE),
                text("goal", NAME),
                text("assignee", CODE),
                text("priority", CODE),
                text("origin", CODE),
                text("deal", CODE),
                text("by", CODE),
                int("at"),
            ]),
        ),
        field(
            "task_cancelled",
            Class::Fact(&[
                text("task", CODE),
                text("reason", NAME),
                text("by", CODE),
                int("at"),
            ]),
        ),
        field(
            "consent",
            Class::Fact(&[
                text("purpose", CODE),
                text("notice_version", CODE),
                text("way", CODE),
                text("scope", NAME),
                text("witness", CODE),
                text("paper", CODE),
                text("by", CODE),
                int("at"),
            ]),
        ),
        field(
            "consent_withdrawn",
            Class::Fact(&[
                text("consent", CODE),
                text("way", CODE),
                text("by", CODE),
                int("at"),
            ]),
        ),
        // `about` names a fact here or on the card: why a grade was set, why a customer is lost.
        field(
            "note",
            Class::Fact(&[
                text("text", PROSE),
                text("about", CODE),
                text("by", CODE),
                int("at"),
            ]),
        ),
        field("import", super::IMPORT),
        field("import_undone", super::IMPORT_UNDONE),
        rulings(Kind::CustomerContact),
    ],
};
