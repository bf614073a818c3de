//! What a customer consented to (PIPL 13–16, 23, 25, 29).

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::code::{Coded, coded_enum};
use crate::document::Document;
use crate::id::{FactId, StaffId};
use crate::time::Timestamp;

coded_enum! {
    /// For what a customer's data is used.
    pub enum ConsentPurpose {
        /// 跟进
        FollowUp = "follow_up",
        /// 营销
        Marketing = "marketing",
        /// 试驾核验
        TestDrive = "test_drive",
        /// 给金融机构
        Loan = "loan",
        /// 给保险公司
        Insurance = "insurance",
        /// 给主机厂
        Manufacturer = "manufacturer",
        /// 交车照片
        CeremonyPhoto = "ceremony_photo",
        /// 售后关怀
        AfterSales = "after_sales",
    }
}

coded_enum! {
    /// How consent was given or withdrawn.
    pub enum ConsentWay {
        /// 签名
        Signature = "signature",
        /// 勾选
        Checkbox = "checkbox",
        /// 口头, before a witness.
        Verbal = "verbal",
        /// 书面
        Written = "written",
    }
}

/// One consent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Consent {
    /// The fact.
    pub id: FactId,
    /// For what.
    pub purpose: Option<Coded<ConsentPurpose>>,
    /// The version of the notice that the customer was shown.
    pub notice_version: Option<String>,
    /// How it was given.
    pub way: Option<Coded<ConsentWay>>,
    /// What it covers.
    pub scope: Option<String>,
    /// Who heard it.
    pub witness: Option<StaffId>,
    /// SHA-256 of the signed paper.
    pub paper: Option<String>,
    /// Who recorded it.
    pub by: Option<StaffId>,
    /// When.
    pub at: Timestamp,
    /// When it was withdrawn: it stays so, and new consent is a new fact.
    pub withdrawn_at: Option<Timestamp>,
}

pub(super) fn read(document: &Document) -> Vec<Consent> {
    let mut withdrawn: BTreeMap<FactId, Timestamp> = BTreeMap::new();
    for fact in document.facts("consent_withdrawn") {
        if let Some(consent) = fact.parsed("consent") {
            let at = document.happened_at(fact);
            let first = withdrawn.entry(consent).or_insert(at);
            *first = at.min(*first);
        }
    }
    document
        .recorded("consent")
        .into_iter()
        .map(|(_, fact)| Consent {
            id: fact.id,
            purpose: fact.coded("purpose"),
            notice_version: fact.text("notice_version").map(str::to_owned),
            way: fact.coded("way"),
            scope: fact.text("scope").map(str::to_owned),
            witness: fact.parsed("witness"),
            paper: fact.text("paper").map(str::to_owned),
            by: fact.parsed("by"),
            at: document.happened_at(fact),
            withdrawn_at: withdrawn.get(&fact.id).copied(),
        })
        .collect()
}
