//! Spaces: the units of replication and of read permission.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::id::{StaffId, StoreId};

/// A device receives whole spaces, or nothing of them.
///
/// | space | holds |
/// |---|---|
/// | `group` | stores, staff, devices, trims, price lists, vehicles, shows |
/// | `group/finance` | vehicle cost, rebates, expenses |
/// | `store/S` | customer cards, deals |
/// | `store/S/contact/<staff>` | contacts of that consultant's customers |
/// | `store/S/money/<staff>` | vaults and money of that consultant's deals |
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Space {
    /// What every device of the group holds.
    Group,
    /// Costs; finance and managers.
    Finance,
    /// What every device of one store holds.
    Store(StoreId),
    /// How to reach the customers of one consultant, and what was said.
    Contact(StoreId, StaffId),
    /// Identity papers and money of one consultant's deals.
    Money(StoreId, StaffId),
}

impl Space {
    /// The store whose space this is, if it is one store's.
    pub const fn store(self) -> Option<StoreId> {
        match self {
            Self::Group | Self::Finance => None,
            Self::Store(store) | Self::Contact(store, _) | Self::Money(store, _) => Some(store),
        }
    }
}

impl fmt::Display for Space {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Group => f.write_str("group"),
            Self::Finance => f.write_str("group/finance"),
            Self::Store(store) => write!(f, "store/{store}"),
            Self::Contact(store, staff) => write!(f, "store/{store}/contact/{staff}"),
            Self::Money(store, staff) => write!(f, "store/{store}/money/{staff}"),
        }
    }
}

/// A text that names no space.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} names no space")]
pub struct NotASpace(pub String);

impl FromStr for Space {
    type Err = NotASpace;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parse = || -> Option<Self> {
            let mut parts = text.split('/');
            let space = match (parts.next()?, parts.next(), parts.next(), parts.next()) {
                ("group", None, None, None) => Self::Group,
                ("group", Some("finance"), None, None) => Self::Finance,
                ("store", Some(store), None, None) => Self::Store(store.parse().ok()?),
                ("store", Some(store), Some("contact"), Some(staff)) => {
                    Self::Contact(store.parse().ok()?, staff.parse().ok()?)
                }
                ("store", Some(store), Some("money"), Some(staff)) => {
                    Self::Money(store.parse().ok()?, staff.parse().ok()?)
                }
                _ => return None,
            };
            // One spelling only: the text is a key at the relay and in every replica.
            (space.to_string() == text).then_some(space)
        };
        parse().ok_or_else(|| NotASpace(text.chars().take(120).collect()))
    }
}

impl TryFrom<String> for Space {
    type Error = NotASpace;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Space> for String {
    fn from(space: Space) -> Self {
        space.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::FreshIds;
    use crate::time::Timestamp;

    #[test]
    fn every_space_reads_back_from_its_text() {
        let mut ids = FreshIds::new(Timestamp::from_millis(0), [1; 16]);
        let store = StoreId::from(ids.document());
        let staff = StaffId::from(ids.document());
        for space in [
            Space::Group,
            Space::Finance,
            Space::Store(store),
            Space::Contact(store, staff),
            Space::Money(store, staff),
        ] {
            assert_eq!(space.to_string().parse(), Ok(space));
        }
    }

    #[test]
    fn a_space_has_one_spelling_only() {
        let mut ids = FreshIds::new(Timestamp::from_millis(0), [1; 16]);
        let upper = format!("store/{}", ids.document().to_string().to_uppercase());
        for text in ["", "group/", "group/x", "store", "store/x", upper.as_str()] {
            assert!(text.parse::<Space>().is_err(), "{text}");
        }
        let long = format!("{}/a", Space::Store(ids.document().into()));
        assert!(long.parse::<Space>().is_err());
    }
}
