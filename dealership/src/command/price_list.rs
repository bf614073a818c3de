//! Publishing price lists.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::command::input::{self, LONGEST_LINE};
use crate::command::{Command, Context, Library, Plan};
use crate::edit::{Edits, fields};
use crate::fen::Fen;
use crate::id::{DocumentId, StoreId, TrimId};
use crate::kind::Kind;
use crate::price_list::{PriceList, PriceRow};
use crate::refusal::{Notice, Refusal};
use crate::space::Space;

/// How many trims a list has at most: they are one change.
const MOST_ROWS: usize = 300;

/// Publishes a version of the price list; it is never edited, the next version takes its place.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PublishPriceList {
    /// The first day on which it is good.
    pub effective_from: NaiveDate,
    /// The last day on which it is good; until the next if left out.
    #[serde(default)]
    pub effective_to: Option<NaiveDate>,
    /// The stores that it is for; every store if left out.
    #[serde(default)]
    pub stores: BTreeSet<StoreId>,
    /// The prices.
    pub rows: BTreeMap<TrimId, PriceRow>,
}

/// The list that was published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PriceListPublished {
    /// The document.
    pub price_list: DocumentId,
    /// Its number. Two published apart may bear the same; the later beginning counts, then the
    /// higher id.
    pub version: i64,
}

impl Command for PublishPriceList {
    type Output = PriceListPublished;

    const NAME: &'static str = "publish_price_list";
    const ABOUT: &'static str = "Publishes a version of the price list, which is never edited";

    fn plan(
        &self,
        library: &dyn Library,
        context: &mut Context<'_>,
    ) -> Result<Plan<PriceListPublished>, Refusal> {
        if self.effective_to.is_some_and(|to| to < self.effective_from) {
            let problem = "it ends before it begins";
            return Err(Refusal::invalid("effective_to", problem));
        }
        if !(1..=MOST_ROWS).contains(&self.rows.len()) {
            let problem = format!("a list has 1 to {MOST_ROWS} trims");
            return Err(Refusal::invalid("rows", problem));
        }
        let version = library
            .of_kind(Kind::PriceList)?
            .iter()
            .filter_map(|document| PriceList::read(document))
            .map(|list| list.version)
            .max()
            .unwrap_or(0)
            .saturating_add(1);
        let id = context.ids.document();
        let date = |date: NaiveDate| date.to_string();
        let mut edits = Edits::default();
        edits.create(
            id,
            Kind::PriceList,
            Space::Group,
            fields([
                ("version", version.into()),
                ("effective_from", date(self.effective_from).into()),
                ("effective_to", self.effective_to.map(date).into()),
                ("published_by", context.author.staff().to_string().into()),
                ("published_at", context.now.millis().into()),
            ]),
        );
        for store in &self.stores {
            library.find(Kind::Store, (*store).into())?;
            let scope = fields([("store", store.to_string().into())]);
            edits.record(id, "scope", context.ids.fact(), scope);
        }
        for (trim, row) in &self.rows {
            library.find(Kind::Trim, (*trim).into())?;
            check(row)?;
            let gift = input::optional_line("rows", row.gift.as_deref(), LONGEST_LINE)?;
            let row = fields([
                ("trim", trim.to_string().into()),
                ("msrp", row.msrp.get().into()),
                ("floor", row.floor.get().into()),
                (
                    "consultant_authority",
                    row.authority.consultant.get().into(),
                ),
                ("manager_authority", row.authority.manager.get().into()),
                ("cash_discount", row.cash_discount.map(Fen::get).into()),
                ("gift", gift.into()),
            ]);
            edits.record(id, "row", context.ids.fact(), row);
        }
        let output = PriceListPublished {
            price_list: id,
            version,
        };
        let mut plan = Plan::new(edits, output);
        if self.effective_to.is_none() {
            plan.notices.push(Notice {
                code: "no_last_day".to_owned(),
                text: "a device that is offline cannot know when this list has been replaced"
                    .to_owned(),
                documents: vec![id],
            });
        }
        Ok(plan)
    }
}

fn check(row: &PriceRow) -> Result<(), Refusal> {
    let amounts = [
        row.msrp,
        row.floor,
        row.authority.consultant,
        row.authority.manager,
        row.cash_discount.unwrap_or(Fen::ZERO),
    ];
    let out_of_range = |fen: &Fen| fen.is_negative() || *fen > Fen::LARGEST_TYPED;
    let problem = if amounts.iter().any(out_of_range) {
        "an amount is out of range"
    } else if row.floor > row.msrp {
        "the floor is above the guide price"
    } else if row.authority.consultant > row.authority.manager {
        "a consultant may give away more than a manager"
    } else {
        return Ok(());
    };
    Err(Refusal::invalid("rows", problem))
}
