//! Price lists: versions that are never edited.
//!
//! A list is what stands in the change that published it: a row that was added later by whatever
//! client is no part of it, so a quote that names a version names one table.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::document::{Document, Fact};
use crate::fen::Fen;
use crate::id::{DocumentId, StaffId, StoreId, TrimId};
use crate::kind::Kind;
use crate::time::Timestamp;

/// One version of the price list (价格表).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PriceList {
    /// The document.
    pub id: DocumentId,
    /// Its number; a later version has a higher one.
    pub version: i64,
    /// The first day on which it is good.
    pub effective_from: NaiveDate,
    /// The last day on which it is good; none if it is good until the next.
    pub effective_to: Option<NaiveDate>,
    /// The stores that it is for; none means every store.
    pub stores: BTreeSet<StoreId>,
    /// The prices.
    pub rows: BTreeMap<TrimId, PriceRow>,
    /// Whether it was withdrawn: then it is as if it had never been published.
    #[serde(default)]
    pub voided: bool,
    /// Who published it.
    pub published_by: Option<StaffId>,
    /// When, as the device claims.
    pub published_at: Option<Timestamp>,
}

/// What a trim costs, and who may give how much of it away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Authority {
    /// The largest discount of a consultant.
    pub consultant: Fen,
    /// The largest discount of a manager; beyond it the general manager decides.
    pub manager: Fen,
}

/// One trim in a price list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PriceRow {
    /// 指导价
    pub msrp: Fen,
    /// 限价: nobody sells below it.
    pub floor: Fen,
    /// Who may give how much away.
    pub authority: Authority,
    /// 现金优惠: what every customer gets.
    #[serde(default)]
    pub cash_discount: Option<Fen>,
    /// 赠品
    #[serde(default)]
    pub gift: Option<String>,
}

impl PriceList {
    /// Reads a price list; `None` if the document is of another kind or was never published.
    pub fn read(document: &Document) -> Option<Self> {
        if document.kind() != Kind::PriceList {
            return None;
        }
        let published = document.rivals("version").pop()?.provenance.change;
        let with_it = |fact: &&Fact| {
            document
                .provenance(fact)
                .is_some_and(|made| made.change == published)
        };
        Some(Self {
            id: document.id(),
            version: document.int("version")?,
            effective_from: document.parsed("effective_from")?,
            effective_to: document.parsed("effective_to"),
            stores: document
                .facts("scope")
                .filter(with_it)
                .filter_map(|fact| fact.parsed("store"))
                .collect(),
            rows: document
                .facts("row")
                .filter(with_it)
                .filter_map(|fact| Some((fact.parsed("trim")?, PriceRow::read(fact)?)))
                .collect(),
            voided: document.facts("void").next().is_some(),
            published_by: document.parsed("published_by"),
            published_at: document.int("published_at").map(Timestamp::from_millis),
        })
    }

    /// Whether it is good in a store on a day, as far as the list itself says.
    pub fn is_good(&self, store: StoreId, day: NaiveDate) -> bool {
        let for_store = self.stores.is_empty() || self.stores.contains(&store);
        let begun = self.effective_from <= day;
        !self.voided && for_store && begun && self.effective_to.is_none_or(|last| day <= last)
    }

    /// The list that is good in a store on a day: of those that are, the one that began last,
    /// then the highest version, then the highest id.
    pub fn in_force<'l>(
        lists: impl IntoIterator<Item = &'l Self>,
        store: StoreId,
        day: NaiveDate,
    ) -> Option<&'l Self> {
        lists
            .into_iter()
            .filter(|list| list.is_good(store, day))
            .max_by_key(|list| (list.effective_from, list.version, list.id))
    }
}

impl PriceRow {
    fn read(fact: &Fact) -> Option<Self> {
        let fen = |name: &str| fact.int(name).map(Fen::new);
        Some(Self {
            msrp: fen("msrp")?,
            floor: fen("floor")?,
            authority: Authority {
                consultant: fen("consultant_authority")?,
                manager: fen("manager_authority")?,
            },
            cash_discount: fen("cash_discount"),
            gift: fact.text("gift").map(str::to_owned),
        })
    }
}
