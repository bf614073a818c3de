//! The card of a customer 客户档案, read: what a whole store may know of one.
//!
//! Pure functions of the document and its receipts. What depends on the day takes the instant.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::code::Coded;
use crate::document::Document;
use crate::id::{CustomerId, FactId, StaffId, StoreId};
use crate::kind::Kind;
use crate::phone::PhoneHash;
use crate::time::Timestamp;

mod code;
mod contacted;
mod graded;
mod life_cycle;
mod lost;
pub(crate) mod ownership;
mod signals;

pub use code::{
    AgeBand, CustomerType, EnteredThrough, Family, Gender, MarketingChannel, SourceChannel, Tag,
    ValueClass,
};
pub use contacted::Contacted;
pub(crate) use contacted::corrections;
pub use graded::{GradeEvent, GradeOrigin, GradeStep};
pub use life_cycle::LifeCycle;
pub use lost::{LostDecision, LostReason, LostRequest, LostReview};
pub use ownership::Handover;

/// A customer as the card shows them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Customer {
    /// Which.
    pub id: CustomerId,
    /// The store whose card it is.
    pub store: StoreId,
    /// What they are called; a nickname until a contract names them.
    pub name: String,
    /// A person or a company.
    pub customer_type: Option<Coded<CustomerType>>,
    /// As they were met.
    pub gender: Option<Coded<Gender>>,
    /// Roughly how old.
    pub age_band: Option<Coded<AgeBand>>,
    /// The six digits of province, city and district.
    pub region: Option<String>,
    /// The last four digits of each phone, by its keyed hash.
    pub phones: BTreeMap<PhoneHash, String>,
    /// Where they came from.
    pub source: Source,
    /// What a manager says they are worth, where they overrode the rule.
    pub value_class: Option<Coded<ValueClass>>,
    /// Codes of tags.
    pub tags: BTreeSet<String>,
    /// By which channels they want no marketing; an opt-out is lost in no merge.
    pub opted_out: BTreeSet<Coded<MarketingChannel>>,
    /// Who carded them.
    pub first_owner: Option<StaffId>,
    /// The consultant who looks after them.
    pub owner: Option<StaffId>,
    /// How they were handed over, in the order in which it was recorded.
    pub handovers: Vec<Handover>,
    /// How they were graded, in the order in which it was recorded; the clock is not in it.
    pub grades: Vec<GradeEvent>,
    /// How they were followed up, without what was said, in the order in which it happened.
    pub contacted: Vec<Contacted>,
    /// What was said of their being lost, in the order in which it was recorded.
    pub lost: Vec<LostRequest>,
    /// Into which customers this one was merged, undone merges included.
    pub merges: Vec<Merge>,
    /// Whether the card was deleted, and how.
    pub voided: Option<Voided>,
    /// Whether the card is kept for the law only: shown nowhere but to finance and the general
    /// manager (PIPL 47).
    pub restricted: bool,
    /// The keys of registers in which concurrent different values stand.
    pub contested: BTreeSet<String>,
    /// How the card came into being.
    pub entered_through: Option<Coded<EnteredThrough>>,
    /// When it was made, as far as can be told.
    pub created_at: Timestamp,
    /// When the person was carded last: later than that where several cards were merged.
    pub last_carded_at: Timestamp,
    /// Who made it.
    pub created_by: Option<StaffId>,
}

/// Where a customer came from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Source {
    /// The channel 客户来源.
    pub channel: Option<Coded<SourceChannel>>,
    /// The platform, as a code.
    pub platform: Option<String>,
    /// The show.
    pub show: Option<crate::id::ShowId>,
    /// The customer who sent them.
    pub referrer: Option<CustomerId>,
}

/// One merging of this customer into another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Merge {
    /// The fact.
    pub id: FactId,
    /// The survivor.
    pub into: CustomerId,
    /// What was put on the survivor, by register.
    pub chosen: BTreeMap<String, String>,
    /// What stood there before, by register.
    pub before: BTreeMap<String, String>,
    /// Who merged.
    pub by: Option<StaffId>,
    /// When.
    pub at: Timestamp,
    /// Whether it was undone.
    pub undone: bool,
}

/// The deletion of a card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Voided {
    /// The fact.
    pub id: FactId,
    /// The code of the reason.
    pub reason: Option<String>,
    /// Who deleted it.
    pub by: Option<StaffId>,
    /// When.
    pub at: Timestamp,
}

impl Customer {
    /// Reads a card; `None` if the document is of another kind or lives in no store.
    pub fn read(document: &Document) -> Option<Self> {
        if document.kind() != Kind::Customer {
            return None;
        }
        let store = document.space().store()?;
        let first_owner = document.parsed("owner");
        let handovers = ownership::read(document);
        let created_at = created_at(document);
        Some(Self {
            id: document.id().into(),
            store,
            name: document.text("name").unwrap_or_default().to_owned(),
            customer_type: document.coded("type"),
            gender: document.coded("gender"),
            age_band: document.coded("age_band"),
            region: document.text("region").map(str::to_owned),
            phones: phones(document),
            source: Source {
                channel: document.coded("source_channel"),
                platform: document.text("source_platform").map(str::to_owned),
                show: document.parsed("source_show"),
                referrer: document.parsed("source_referrer"),
            },
            value_class: document.coded("value_class"),
            tags: document.held("tag").map(str::to_owned).collect(),
            opted_out: opted_out(document),
            first_owner,
            owner: ownership::in_force(first_owner, &handovers),
            handovers,
            grades: graded::read(document),
            contacted: contacted::read(document),
            lost: lost::read(document),
            merges: merges(document),
            voided: voided(document),
            restricted: document.flag("restricted"),
            contested: document.contested(),
            entered_through: document.coded("entered_through"),
            created_at,
            last_carded_at: created_at,
            created_by: document.parsed("created_by"),
        })
    }

    /// The customers into which this one is merged now.
    pub fn merged_into(&self) -> impl Iterator<Item = CustomerId> {
        self.merges
            .iter()
            .filter(|merge| !merge.undone)
            .map(|merge| merge.into)
    }

    /// The follow-ups that stand: those that no later one corrects.
    pub fn standing_contacted(&self) -> impl Iterator<Item = &Contacted> {
        self.contacted
            .iter()
            .filter(|contacted| contacted.corrected_by.is_none())
    }

    /// When anybody last followed them up, or met them to card them.
    pub fn last_contact_at(&self) -> Timestamp {
        self.standing_contacted()
            .map(|contacted| contacted.at)
            .max()
            .map_or(self.last_carded_at, |at| at.max(self.last_carded_at))
    }

    /// Whether the person may be called, messaged or exported at all.
    pub const fn is_live(&self) -> bool {
        self.voided.is_none() && !self.restricted
    }
}

/// When a card was made: the claimed time, held within what the relay vouches for.
fn created_at(document: &Document) -> Timestamp {
    let recorded = document
        .rivals("created_at")
        .first()
        .map(|rival| rival.provenance.clone());
    let claimed = document.instant("created_at").unwrap_or_default();
    match recorded.and_then(|provenance| Some((provenance.receipt?, provenance))) {
        Some((receipt, provenance)) if !receipt.clock_trusted => {
            document.chronology().moment(&provenance.change).time
        }
        Some((receipt, _)) => claimed.min(receipt.received_at),
        None => claimed,
    }
}

/// A number that reaches nobody is cleared; where somebody added it again apart, it stands.
fn phones(document: &Document) -> BTreeMap<PhoneHash, String> {
    document
        .members("phone_hash")
        .filter_map(|(hash, register)| {
            let digits = match register.value.as_text() {
                Some(digits) => digits.to_owned(),
                None if register.concurrent => document
                    .rivals(&format!("phone_hash/{hash}"))
                    .iter()
                    .find_map(|rival| rival.value.as_text().map(str::to_owned))?,
                None => return None,
            };
            Some((hash.parse().ok()?, digits))
        })
        .collect()
}

/// A channel is opted out where any of the concurrent values says so.
fn opted_out(document: &Document) -> BTreeSet<Coded<MarketingChannel>> {
    document
        .members("marketing_optout")
        .filter(|(channel, register)| {
            register.value.as_bool() == Some(true)
                || register.concurrent
                    && document
                        .rivals(&format!("marketing_optout/{channel}"))
                        .iter()
                        .any(|rival| rival.value.as_bool() == Some(true))
        })
        .map(|(channel, _)| Coded::read(channel))
        .collect()
}

fn merges(document: &Document) -> Vec<Merge> {
    let undone: BTreeSet<FactId> = document
        .facts("merge_undo")
        .filter_map(|fact| fact.parsed("merge"))
        .collect();
    let texts = |fact: &crate::document::Fact, name: &str| {
        fact.members(name)
            .filter_map(|(register, text)| {
                Some((register.to_owned(), text.value.as_text()?.to_owned()))
            })
            .collect()
    };
    document
        .recorded("merge")
        .into_iter()
        .filter_map(|(_, fact)| {
            Some(Merge {
                id: fact.id,
                into: fact.parsed("into")?,
                chosen: texts(fact, "chosen"),
                before: texts(fact, "before"),
                by: fact.parsed("by"),
                at: document.happened_at(fact),
                undone: undone.contains(&fact.id),
            })
        })
        .collect()
}

fn voided(document: &Document) -> Option<Voided> {
    let undone: BTreeSet<FactId> = document
        .facts("void_undo")
        .filter_map(|fact| fact.parsed("void"))
        .collect();
    document
        .recorded("void")
        .into_iter()
        .find(|(_, fact)| !undone.contains(&fact.id))
        .map(|(_, fact)| Voided {
            id: fact.id,
            reason: fact.text("reason").map(str::to_owned),
            by: fact.parsed("by"),
            at: document.happened_at(fact),
        })
}
