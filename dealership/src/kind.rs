//! Kinds of documents.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::space::Space;

/// Declares the kinds with the code that each bears in its document's `kind` register.
macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $code:literal),+ $(,)?) => {
        /// What a document is about: one kind for each business entity.
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
        )]
        pub enum Kind {
            $($(#[$doc])* #[serde(rename = $code)] $name,)+
        }

        impl Kind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The code in the document's `kind` register.
            pub const fn code(self) -> &'static str {
                match self {
                    $(Self::$name => $code,)+
                }
            }
        }
    };
}

kinds! {
    /// A showroom.
    Store = "store",
    /// A member of staff, with roles and stores.
    Staff = "staff",
    /// An enrolled installation, as colleagues see it.
    Device = "device",
    /// A trim of a series that the group sells.
    Trim = "trim",
    /// One version of the price list; never edited.
    PriceList = "price_list",
    /// One car, named by its VIN.
    Vehicle = "vehicle",
    /// An off-site show, with its team.
    Show = "show",
    /// The card of a customer: no phone, no free text.
    Customer = "customer",
    /// How to reach a customer, what they want and what was said.
    CustomerContact = "customer_contact",
    /// A deal, from reception to keys; thin.
    Deal = "deal",
}

impl Kind {
    /// Whether documents of this kind may live in that space.
    pub const fn may_live_in(self, space: Space) -> bool {
        match self {
            Self::Store
            | Self::Staff
            | Self::Device
            | Self::Trim
            | Self::PriceList
            | Self::Vehicle
            | Self::Show => matches!(space, Space::Group),
            Self::Customer | Self::Deal => matches!(space, Space::Store(_)),
            Self::CustomerContact => matches!(space, Space::Contact(..)),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// A code that names no kind of this version.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} names no kind of document that this version knows")]
pub struct UnknownKind(pub String);

impl FromStr for Kind {
    type Err = UnknownKind;

    fn from_str(code: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .iter()
            .copied()
            .find(|kind| kind.code() == code)
            .ok_or_else(|| UnknownKind(code.chars().take(60).collect()))
    }
}
