//! What a customer wants 购车意向, and what others offer them.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::code::{Coded, coded_enum};
use crate::document::{Document, Fact};
use crate::fen::Fen;
use crate::id::{FactId, StaffId, TrimId};
use crate::time::Timestamp;

coded_enum! {
    /// What became of an intent.
    pub enum IntentStatus {
        /// 进行中
        Open = "open",
        /// 成交
        Won = "won",
        /// 战败
        Lost = "lost",
    }
}

coded_enum! {
    /// How a customer means to pay 付款方式.
    pub enum PayWay {
        /// 全款
        Cash = "cash",
        /// 贷款
        Loan = "loan",
        /// 融资租赁
        Lease = "lease",
        /// 组合
        Mixed = "mixed",
        /// 未定
        Undecided = "undecided",
    }
}

coded_enum! {
    /// Which car in the household it is.
    pub enum PurchaseType {
        /// 首购
        First = "first",
        /// 增购
        Additional = "add",
        /// 换购
        Replacement = "replace",
    }
}

coded_enum! {
    /// Whether a plate can be had in a city that rations them 限牌城市指标.
    pub enum PlateQuota {
        /// 有
        Has = "has",
        /// 无
        None = "none",
        /// 仅新能源
        NewEnergyOnly = "nev_only",
        /// 不需要
        NotNeeded = "not_needed",
    }
}

coded_enum! {
    /// What the car is for.
    pub enum Use {
        /// 代步
        Commute = "commute",
        /// 家用
        Family = "family",
        /// 商务
        Business = "business",
        /// 网约车
        RideHailing = "ride_hailing",
        /// 礼物
        Gift = "gift",
    }
}

/// One intent to buy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Intent {
    /// The entry.
    pub id: FactId,
    /// What became of it.
    pub status: Coded<IntentStatus>,
    /// In how many days they expect to order.
    pub horizon_days: Option<i64>,
    /// What they would spend at least.
    pub budget_min: Option<Fen>,
    /// What they would spend at most.
    pub budget_max: Option<Fen>,
    /// How they mean to pay.
    pub pay_way: Option<Coded<PayWay>>,
    /// Which car in the household.
    pub purchase_type: Option<Coded<PurchaseType>>,
    /// Who decides.
    pub decision_maker: Option<String>,
    /// Whether a plate can be had.
    pub plate_quota: Option<Coded<PlateQuota>>,
    /// The car they would give in part exchange.
    pub trade_in: Option<String>,
    /// What else they said.
    pub wish: Option<String>,
    /// The trims they like, the liked best first.
    pub models: Vec<TrimId>,
    /// What for.
    pub uses: BTreeSet<Coded<Use>>,
    /// Codes of energy.
    pub energies: BTreeSet<String>,
    /// Codes of bodies.
    pub bodies: BTreeSet<String>,
    /// Codes of colours.
    pub colors: BTreeSet<String>,
    /// Codes of what it must have.
    pub must_haves: BTreeSet<String>,
    /// Who recorded it.
    pub by: Option<StaffId>,
    /// When.
    pub at: Timestamp,
}

/// What a competitor offers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CompetitorOffer {
    /// The fact.
    pub id: FactId,
    /// For which intent.
    pub intent: Option<FactId>,
    /// The brand.
    pub brand: String,
    /// The series.
    pub series: Option<String>,
    /// What they ask.
    pub quoted_price: Option<Fen>,
    /// The dealer.
    pub dealer: Option<String>,
    /// Who heard of it.
    pub by: Option<StaffId>,
    /// When.
    pub at: Timestamp,
}

impl CompetitorOffer {
    /// What people call it: brand and series.
    pub fn label(&self) -> String {
        match &self.series {
            Some(series) => format!("{} {series}", self.brand),
            None => self.brand.clone(),
        }
    }
}

impl Intent {
    /// Whether it is still to be won or lost.
    pub fn is_open(&self) -> bool {
        self.status == IntentStatus::Open
    }
}

pub(super) fn read(document: &Document) -> Vec<Intent> {
    document
        .recorded("intent")
        .into_iter()
        .map(|(_, entry)| intent(document, entry))
        .collect()
}

fn intent(document: &Document, entry: &Fact) -> Intent {
    let text = |name: &str| entry.text(name).map(str::to_owned);
    let codes = |name: &str| entry.held(name).map(str::to_owned).collect();
    let mut models: Vec<(i64, TrimId)> = entry
        .members("model")
        .filter_map(|(trim, rank)| Some((rank.value.as_int()?, trim.parse().ok()?)))
        .collect();
    models.sort_unstable();
    Intent {
        id: entry.id,
        status: entry
            .coded("status")
            .unwrap_or(Coded::Known(IntentStatus::Open)),
        horizon_days: entry.int("horizon_days"),
        budget_min: entry.int("budget_min").map(Fen::new),
        budget_max: entry.int("budget_max").map(Fen::new),
        pay_way: entry.coded("pay_way"),
        purchase_type: entry.coded("purchase_type"),
        decision_maker: text("decision_maker"),
        plate_quota: entry.coded("plate_quota"),
        trade_in: text("trade_in"),
        wish: text("wish"),
        models: models.into_iter().map(|(_, trim)| trim).collect(),
        uses: entry.held("use").map(Coded::read).collect(),
        energies: codes("energy"),
        bodies: codes("body"),
        colors: codes("color"),
        must_haves: codes("must_have"),
        by: entry.parsed("by"),
        at: document.happened_at(entry),
    }
}

pub(super) fn competitors(document: &Document) -> Vec<CompetitorOffer> {
    document
        .recorded("competitor")
        .into_iter()
        .map(|(_, fact)| CompetitorOffer {
            id: fact.id,
            intent: fact.parsed("intent"),
            brand: fact.text("brand").unwrap_or_default().to_owned(),
            series: fact.text("series").map(str::to_owned),
            quoted_price: fact.int("quoted_price").map(Fen::new),
            dealer: fact.text("dealer").map(str::to_owned),
            by: fact.parsed("by"),
            at: document.happened_at(fact),
        })
        .collect()
}
