//! The numbers of a customer.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::code::{Coded, coded_enum};
use crate::document::{Document, Fact, Moment};
use crate::id::{FactId, StaffId};
use crate::time::Timestamp;

coded_enum! {
    /// Whose number it is.
    pub enum PhoneLabel {
        /// 手机
        Mobile = "mobile",
        /// 住宅
        Home = "home",
        /// 单位
        Work = "work",
        /// 家人
        Family = "family",
    }
}

coded_enum! {
    /// Why a number reaches nobody.
    pub enum InvalidReason {
        /// 空号
        NotInService = "not_in_service",
        /// 错号: somebody else's.
        WrongNumber = "wrong_number",
        /// 停机
        Suspended = "suspended",
    }
}

coded_enum! {
    /// Why a customer is carded without a number.
    pub enum NoPhoneReason {
        /// 客户拒绝
        Refused = "refused",
        /// 仅微信
        WechatOnly = "wechat_only",
        /// 他人代理
        Represented = "represented",
    }
}

/// One number, however often it was typed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Phone {
    /// The facts that say so, in the order in which they were recorded.
    pub ids: Vec<FactId>,
    /// In E.164 form.
    pub number: String,
    /// What to dial after it, behind a switchboard, as said last.
    pub extension: Option<String>,
    /// Whose it is, as said last.
    pub label: Option<Coded<PhoneLabel>>,
    /// Whether it is the one to call.
    pub is_primary: bool,
    /// Why it reaches nobody, if so.
    pub invalid: Option<Invalid>,
}

/// That a number reaches nobody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Invalid {
    /// The fact.
    pub id: FactId,
    /// Why.
    pub reason: Option<Coded<InvalidReason>>,
    /// Who found out.
    pub by: Option<StaffId>,
    /// When.
    pub at: Timestamp,
}

pub(super) fn read(document: &Document) -> Vec<Phone> {
    let primary: Option<FactId> = document.parsed("primary_phone");
    let marks = document.recorded("phone_invalid");
    let mut by_number: BTreeMap<&str, Phone> = BTreeMap::new();
    let mut first_said: BTreeMap<&str, (Moment, FactId)> = BTreeMap::new();
    for (moment, fact) in document.recorded("phone") {
        let Some(number) = fact.text("number") else {
            continue;
        };
        first_said.entry(number).or_insert((moment, fact.id));
        let phone = by_number.entry(number).or_insert_with(|| Phone {
            ids: Vec::new(),
            number: number.to_owned(),
            extension: None,
            label: None,
            is_primary: false,
            invalid: None,
        });
        phone.ids.push(fact.id);
        let extension = fact.text("extension").map(str::to_owned);
        phone.extension = extension.or(phone.extension.take());
        phone.label = fact.coded("label").or(phone.label.take());
        phone.is_primary |= primary == Some(fact.id);
        // Saying a number again after it was found dead makes it live again.
        phone.invalid = mark_of(document, &marks, fact.id);
    }
    let mut phones: Vec<_> = by_number.into_values().collect();
    phones.sort_by_key(|phone| {
        let said = first_said.get(phone.number.as_str()).copied();
        (phone.invalid.is_some(), !phone.is_primary, said)
    });
    phones
}

fn mark_of(document: &Document, marks: &[(Moment, &Fact)], phone: FactId) -> Option<Invalid> {
    let (_, mark) = marks
        .iter()
        .find(|(_, mark)| mark.parsed("phone") == Some(phone))?;
    Some(Invalid {
        id: mark.id,
        reason: mark.coded("reason"),
        by: mark.parsed("by"),
        at: document.happened_at(mark),
    })
}
