//! Stores, read.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::document::Document;
use crate::id::StoreId;
use crate::kind::Kind;

/// One showroom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Store {
    /// Which.
    pub id: StoreId,
    /// Its name.
    pub name: String,
    /// What papers and their numbers call it.
    pub code: String,
    /// The six digits of province, city and district.
    pub region: Option<String>,
    /// Street and door.
    pub address: Option<String>,
    /// The number that customers call.
    pub phone: Option<String>,
    /// The keys of registers in which concurrent different values stand.
    pub contested: BTreeSet<String>,
}

impl Store {
    /// Reads a store document; `None` if it is of another kind.
    pub fn read(document: &Document) -> Option<Self> {
        if document.kind() != Kind::Store {
            return None;
        }
        let text = |key: &str| document.text(key).map(str::to_owned);
        Some(Self {
            id: document.id().into(),
            name: text("name").unwrap_or_default(),
            code: text("code").unwrap_or_default(),
            region: text("region"),
            address: text("address"),
            phone: text("phone"),
            contested: document.contested(),
        })
    }
}
