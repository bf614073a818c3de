//! The tables whose rows are replaced owner by owner, and which of them a document has rows in.

use std::sync::LazyLock;

use dealership::kind::Kind;

/// A table in which every row has an owner: a document, in layer 1.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) name: &'static str,
    /// The columns that tell an owner's rows apart.
    pub(super) keys: &'static [&'static str],
    /// The other columns.
    pub(super) columns: &'static [&'static str],
    /// Reads an owner's rows.
    pub(super) select: String,
    /// Puts a row, in the place of the one with its key.
    pub(super) put: String,
    /// Deletes a row by its key.
    pub(super) delete: String,
}

impl Table {
    /// A table; `begun` are columns that a new row begins with and that layer 2 keeps from then on.
    fn new(
        name: &'static str,
        owner: &'static str,
        keys: &'static [&'static str],
        columns: &'static [&'static str],
        begun: &'static [&'static str],
    ) -> Self {
        let compared = [keys, columns].concat();
        let selected = if compared.is_empty() {
            "NULL".to_owned()
        } else {
            compared.join(", ")
        };
        let all = [&[owner], keys, columns, begun].concat();
        let places = vec!["?"; all.len()].join(", ");
        let kept: Vec<_> = columns
            .iter()
            .map(|column| format!("{column} = excluded.{column}"))
            .collect();
        let conflict = if kept.is_empty() {
            "NOTHING".to_owned()
        } else {
            format!("UPDATE SET {}", kept.join(", "))
        };
        let key: String = keys.iter().map(|key| format!(" AND {key} = ?")).collect();
        Self {
            name,
            keys,
            columns,
            select: format!("SELECT {selected} FROM {name} WHERE {owner} = ?"),
            put: format!(
                "INSERT INTO {name} ({}) VALUES ({places}) ON CONFLICT DO {conflict}",
                all.join(", ")
            ),
            delete: format!("DELETE FROM {name} WHERE {owner} = ?{key}"),
        }
    }
}

macro_rules! tables {
    ($(
        $constant:ident = $name:literal of $owner:literal
            [$($key:literal),*] [$($column:literal),*] $(begun [$($begun:literal),*])?;
    )*) => {
        $(
            pub(super) static $constant: LazyLock<Table> = LazyLock::new(|| {
                Table::new($name, $owner, &[$($key),*], &[$($column),*], &[$($($begun),*)?])
            });
        )*
    };
}

tables! {
    DOCUMENT_KIND = "document_kind" of "document" [] ["kind"];
    PERSON = "person" of "document" [] ["name"];
    DEVICE = "device" of "document" [] ["staff"];
    STORE = "store" of "document" [] ["name", "code"];
    TRIM = "trim" of "document" []
        ["brand", "series", "name", "model_year", "code", "energy", "body", "msrp"];
    CUSTOMER = "customer" of "document" []
        ["store", "owner", "name", "sort_key", "type", "source", "region", "created_at", "created_by",
         "was_deleted"]
        begun ["last_contact_at", "is_live", "shown_as", "is_listed", "opted_out"];
    CUSTOMER_PHONE = "customer_phone" of "document" ["hash"] [];
    CUSTOMER_MERGE = "customer_merge" of "document" ["into_id"] [];
    CUSTOMER_TERM = "customer_term" of "document" ["term", "customer"] ["rank"];
    DUPLICATE_KEY = "duplicate_key" of "document" ["key"] [];
    CONTACT = "contact" of "document" [] ["customer", "consultant", "phone"];
    TASK = "task" of "document" ["id"] ["customer", "assignee", "due", "is_open"];
    TASK_DONE = "task_done" of "document" ["task"] ["customer"];
    DEAL = "deal" of "document" []
        ["customer", "store", "owner", "trim", "title", "stage", "state", "since",
         "expected_date", "created_at"];
    VEHICLE = "vehicle" of "document" []
        ["vin", "trim", "ext_color", "int_color", "specification", "store", "place", "slot",
         "stocked_in", "prod_date"];
    VEHICLE_STATUS = "vehicle_status" of "document" ["from_at"]
        ["until_at", "status", "specification"];
    CLAIM = "claim" of "document" ["id"] ["deal", "staff", "strength", "state", "until_at"];
    VEHICLE_TERM = "vehicle_term" of "document" ["term"] [];
    IMPORTED = "imported" of "document" ["id"] ["import", "kind", "row", "staff", "at", "is_undone"];
    KNOWN_CASE = "known_case" of "source" ["id"] ["kind", "is_open", "body"];
    CASE_DOCUMENT = "case_document" of "source" ["id", "document"] [];
    CUSTOMER_GRADE = "customer_grade" of "customer" ["from_at"] ["until_at", "grade"];
}

/// The tables in which a document of a kind has rows.
pub(super) fn of_kind(kind: Kind) -> Vec<&'static Table> {
    let own: &[&'static Table] = match kind {
        Kind::Staff => &[&PERSON],
        Kind::Device => &[&DEVICE],
        Kind::Store => &[&STORE],
        Kind::Trim => &[&TRIM],
        Kind::Customer => &[
            &CUSTOMER,
            &CUSTOMER_PHONE,
            &CUSTOMER_MERGE,
            &CUSTOMER_TERM,
            &DUPLICATE_KEY,
        ],
        Kind::CustomerContact => &[&CONTACT, &TASK, &TASK_DONE, &CUSTOMER_TERM],
        Kind::Deal => &[&DEAL],
        Kind::Vehicle => &[&VEHICLE, &VEHICLE_STATUS, &CLAIM, &VEHICLE_TERM],
        Kind::PriceList | Kind::Show => &[],
    };
    let every: [&'static Table; 2] = [&DOCUMENT_KIND, &IMPORTED];
    [&every, own].concat()
}
