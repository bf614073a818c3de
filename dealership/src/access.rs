//! Roles, and the spaces that each may hold.

use std::collections::BTreeSet;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::document::Document;
use crate::id::{DeviceNumber, StaffId, StoreId};
use crate::kind::Kind;
use crate::space::Space;

/// What a member of staff does; one person may have several roles.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// 销售顾问
    Consultant,
    /// 展厅/销售经理
    Manager,
    /// 库管
    StockKeeper,
    /// 财务
    Finance,
    /// 售后顾问
    ServiceAdviser,
    /// 客服回访
    CallCentre,
    /// 总经理
    GeneralManager,
    /// 系统管理员
    Administrator,
}

impl Role {
    /// Every role.
    pub const ALL: &'static [Self] = &[
        Self::Consultant,
        Self::Manager,
        Self::StockKeeper,
        Self::Finance,
        Self::ServiceAdviser,
        Self::CallCentre,
        Self::GeneralManager,
        Self::Administrator,
    ];

    /// The code in a staff document's `role/<code>` members.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Consultant => "consultant",
            Self::Manager => "manager",
            Self::StockKeeper => "stock_keeper",
            Self::Finance => "finance",
            Self::ServiceAdviser => "service_adviser",
            Self::CallCentre => "call_centre",
            Self::GeneralManager => "general_manager",
            Self::Administrator => "administrator",
        }
    }

    /// Whether the role reads the contacts of every consultant of its stores.
    const fn reads_contacts(self) -> bool {
        matches!(
            self,
            Self::Manager | Self::Finance | Self::CallCentre | Self::ServiceAdviser
        )
    }

    /// Whether the role reads the money of every consultant of its stores.
    const fn reads_money(self) -> bool {
        matches!(self, Self::Manager | Self::Finance)
    }
}

/// A code that names no role of this version.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} names no role")]
pub struct UnknownRole(pub String);

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(code: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .iter()
            .copied()
            .find(|role| role.code() == code)
            .ok_or_else(|| UnknownRole(code.chars().take(60).collect()))
    }
}

/// A member of staff, as far as access needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaffAccess {
    /// Who.
    pub staff: StaffId,
    /// What they do; codes of later versions are left out.
    pub roles: BTreeSet<Role>,
    /// Where; empty for those of the group.
    pub stores: BTreeSet<StoreId>,
    /// Where they worked before: what they know of customers there stays with those stores.
    pub former_stores: BTreeSet<StoreId>,
    /// Whether they still work here.
    pub active: bool,
}

impl StaffAccess {
    /// Reads a staff document; `None` if it is of another kind.
    pub fn read(document: &Document) -> Option<Self> {
        if document.kind() != Kind::Staff {
            return None;
        }
        let said = |name: &'static str, says: bool| {
            document
                .members(name)
                .filter(move |(_, register)| register.value.as_bool() == Some(says))
                .map(|(member, _)| member)
        };
        let held = |name| said(name, true);
        Some(Self {
            staff: document.id().into(),
            roles: held("role").filter_map(|code| code.parse().ok()).collect(),
            stores: held("store").filter_map(|id| id.parse().ok()).collect(),
            former_stores: said("store", false)
                .filter_map(|id| id.parse().ok())
                .collect(),
            // Leaving beats a colleague's concurrent edit of the status.
            active: document.text("status") != Some("left") && document.text("left").is_none(),
        })
    }

    /// Whether the person has any of these roles.
    pub fn has_any(&self, roles: &[Role]) -> bool {
        roles.iter().any(|role| self.roles.contains(role))
    }

    /// Whether the person may decide what a role decides: they have it, or one above it.
    pub fn may_decide_for(&self, role: Role) -> bool {
        self.has_any(&[role, Role::GeneralManager])
            || (role == Role::Consultant && self.has_any(&[Role::Manager]))
    }

    /// The spaces that this person's devices receive, given who else works here.
    ///
    /// Someone who left receives nothing.
    pub fn spaces<'s>(&self, everyone: impl IntoIterator<Item = &'s Self>) -> BTreeSet<Space> {
        let mut spaces = BTreeSet::new();
        if !self.active || self.roles.is_empty() {
            return spaces;
        }
        spaces.insert(Space::Group);
        // The general manager, and finance without a store of their own, serve every store.
        let whole_group = self.has_any(&[Role::GeneralManager])
            || (self.stores.is_empty() && self.has_any(&[Role::Finance]));
        if self.has_any(&[Role::Finance, Role::Manager, Role::GeneralManager]) {
            spaces.insert(Space::Finance);
        }
        // An administrator keeps the system and reads no customer (separation of duties).
        let reads_customers = self.roles.iter().any(|role| *role != Role::Administrator);
        if !reads_customers {
            return spaces;
        }
        for store in &self.stores {
            spaces.insert(Space::Store(*store));
            spaces.insert(Space::Contact(*store, self.staff));
            spaces.insert(Space::Money(*store, self.staff));
        }
        let contacts = self.roles.iter().any(|role| role.reads_contacts());
        let money = self.roles.iter().any(|role| role.reads_money());
        for colleague in everyone {
            // Those who left, or work in another store by now, are not skipped: their customers'
            // documents still are there.
            for store in colleague.stores.union(&colleague.former_stores) {
                let mine = whole_group || self.stores.contains(store);
                if whole_group {
                    spaces.insert(Space::Store(*store));
                }
                if mine && (contacts || whole_group) {
                    spaces.insert(Space::Contact(*store, colleague.staff));
                }
                if mine && (money || whole_group) {
                    spaces.insert(Space::Money(*store, colleague.staff));
                }
            }
        }
        spaces
    }
}

/// Who writes, on which device: what rights are judged by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author {
    /// The person with roles and stores.
    pub access: StaffAccess,
    /// The device.
    pub device: DeviceNumber,
    /// The spaces that the device holds.
    pub spaces: BTreeSet<Space>,
}

impl Author {
    /// The person.
    pub const fn staff(&self) -> StaffId {
        self.access.staff
    }

    /// Whether this is the relay itself.
    pub fn is_relay(&self) -> bool {
        self.device == DeviceNumber::RELAY && self.access.staff == StaffId::RELAY
    }

    /// The relay as an author.
    pub fn relay() -> Self {
        Self {
            access: StaffAccess {
                staff: StaffId::RELAY,
                roles: BTreeSet::new(),
                stores: BTreeSet::new(),
                former_stores: BTreeSet::new(),
                active: true,
            },
            device: DeviceNumber::RELAY,
            spaces: BTreeSet::new(),
        }
    }
}
