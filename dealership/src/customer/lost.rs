//! Lost customers 战败: a consultant asks, a manager confirms.

use std::collections::BTreeSet;

use automerge::ChangeHash;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::code::{Coded, coded_enum};
use crate::document::Document;
use crate::id::{FactId, StaffId};
use crate::time::Timestamp;

coded_enum! {
    /// Why a customer is lost 战败原因.
    pub enum LostReason {
        /// 价格
        Price = "price",
        /// 竞品
        Competitor = "competitor",
        /// 同品牌他店
        SameBrandOther = "same_brand_other",
        /// 无现车、等车太久
        NoStock = "no_stock",
        /// 产品配置
        Product = "product",
        /// 贷款未批、利率
        Finance = "finance",
        /// 无指标
        Plate = "plate",
        /// 家人反对
        Family = "family",
        /// 服务不满
        Service = "service",
        /// 暂缓购车
        Postpone = "postpone",
        /// 买二手车
        BoughtUsed = "bought_used",
        /// 失联
        Unreachable = "unreachable",
        /// 信息无效
        WrongInfo = "wrong_info",
    }
}

coded_enum! {
    /// What a manager says to a request.
    pub enum LostDecision {
        /// The customer is lost.
        Confirmed = "confirmed",
        /// The consultant goes on.
        Refused = "refused",
    }
}

/// A consultant's request to give a customer up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LostRequest {
    /// The fact.
    pub id: FactId,
    /// Why.
    pub reasons: BTreeSet<Coded<LostReason>>,
    /// To which competitor.
    pub competitor: Option<String>,
    /// Who asks.
    pub by: Option<StaffId>,
    /// When.
    pub at: Timestamp,
    /// The manager's word; where two differ, the one that refuses.
    pub review: Option<LostReview>,
    /// Whether managers said different things, neither having known of the other: until one of
    /// them speaks again, the consultant goes on.
    pub contradicted: bool,
}

/// A manager's word on a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LostReview {
    /// The fact.
    pub id: FactId,
    /// What was decided.
    pub decision: Option<Coded<LostDecision>>,
    /// The manager.
    pub by: Option<StaffId>,
    /// When.
    pub at: Timestamp,
}

impl LostReview {
    /// Whether the customer is lost by it.
    pub fn confirms(&self) -> bool {
        self.decision == Some(Coded::Known(LostDecision::Confirmed))
    }
}

impl LostRequest {
    /// Whether a manager's word is still wanted.
    pub const fn waits(&self) -> bool {
        self.review.is_none() || self.contradicted
    }
}

pub(super) fn read(document: &Document) -> Vec<LostRequest> {
    document
        .recorded("lost_request")
        .into_iter()
        .map(|(_, request)| {
            let reviews = standing_reviews(document, request.id);
            let refusing = reviews.iter().find(|review| !review.confirms());
            let contradicted = refusing.is_some() && reviews.iter().any(LostReview::confirms);
            LostRequest {
                id: request.id,
                reasons: request.held("reason").map(Coded::read).collect(),
                competitor: request.text("competitor").map(str::to_owned),
                by: request.parsed("by"),
                at: document.happened_at(request),
                // As with every approval: between equals the refusal holds.
                review: refusing.or(reviews.last()).cloned(),
                contradicted,
            }
        })
        .collect()
}

/// The reviews of a request that the author of no other had seen, in the order in which they were
/// recorded.
fn standing_reviews(document: &Document, request: FactId) -> Vec<LostReview> {
    let reviews: Vec<_> = document
        .recorded("lost_review")
        .into_iter()
        .filter(|(_, review)| review.parsed("request") == Some(request))
        .filter_map(|(_, review)| Some((review, document.provenance(review)?.change)))
        .collect();
    let is_seen = |one: &ChangeHash| {
        let mut others = reviews.iter().filter(|(_, other)| other != one);
        others.any(|(_, other)| document.author_of(other).had_seen(one))
    };
    reviews
        .iter()
        .filter(|(_, change)| !is_seen(change))
        .map(|(review, _)| LostReview {
            id: review.id,
            decision: review.coded("decision"),
            by: review.parsed("by"),
            at: document.happened_at(review),
        })
        .collect()
}
