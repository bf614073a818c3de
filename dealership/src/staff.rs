//! Members of staff, read.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::access::{Role, StaffAccess};
use crate::code::{Coded, coded_enum};
use crate::document::Document;
use crate::id::{StaffId, StoreId};
use crate::kind::Kind;

coded_enum! {
    /// Where somebody stands with the dealership.
    pub enum StaffStatus {
        /// 在职
        Active = "active",
        /// 试用
        Probation = "probation",
        /// 休假
        Leave = "leave",
        /// 离职
        Left = "left",
    }
}

/// A member of staff as colleagues see them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Staff {
    /// Who.
    pub id: StaffId,
    /// Their name.
    pub name: String,
    /// What they do; codes of later versions are left out.
    pub roles: BTreeSet<Role>,
    /// Where; none for those of the group.
    pub stores: BTreeSet<StoreId>,
    /// Where they stand.
    pub status: Option<Coded<StaffStatus>>,
    /// Whether they still work here; leaving beats a concurrent edit of the status.
    pub active: bool,
    /// Since when they work here.
    pub hired: Option<NaiveDate>,
    /// The day they left.
    pub left: Option<NaiveDate>,
    /// The keys of registers in which concurrent different values stand.
    pub contested: BTreeSet<String>,
}

impl Staff {
    /// Reads a staff document; `None` if it is of another kind.
    pub fn read(document: &Document) -> Option<Self> {
        if document.kind() != Kind::Staff {
            return None;
        }
        let access = StaffAccess::read(document)?;
        Some(Self {
            id: access.staff,
            name: document.text("name").unwrap_or_default().to_owned(),
            roles: access.roles,
            stores: access.stores,
            status: document.coded("status"),
            active: access.active,
            hired: document.parsed("hired"),
            left: document.parsed("left"),
            contested: document.contested(),
        })
    }
}
