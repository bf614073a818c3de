//! Describing a customer: only what changes is written.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::command::grade::note;
use crate::command::input::{self, Change, LONGEST_LINE, LONGEST_NAME};
use crate::command::{Command, Context, Library, Plan, lookup};
use crate::contact::Contact;
use crate::customer::{
    AgeBand, CustomerType, Family, Gender, MarketingChannel, SourceChannel, ValueClass,
};
use crate::document::Document;
use crate::edit::Edits;
use crate::id::{CustomerId, ShowId};
use crate::kind::Kind;
use crate::refusal::Refusal;
use crate::value::Value;

/// Changes what is said of a customer: what is left out stays, null clears.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EditCustomer {
    /// Whom.
    pub customer: CustomerId,
    /// What they are called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// A person or a company.
    #[serde(default, skip_serializing_if = "Change::is_keep")]
    pub customer_type: Change<CustomerType>,
    /// As they were met.
    #[serde(default, skip_serializing_if = "Change::is_keep")]
    pub gender: Change<Gender>,
    /// Roughly how old.
    #[serde(default, skip_serializing_if = "Change::is_keep")]
    pub age_band: Change<AgeBand>,
    /// The six digits of province, city and district.
    #[serde(default, skip_serializing_if = "Change::is_keep")]
    pub region: Change<String>,
    /// The channel by which they came.
    #[serde(default, skip_serializing_if = "Change::is_keep")]
    pub source_channel: Change<SourceChannel>,
    /// The platform, as a code.
    #[serde(default, skip_serializing_if = "Change::is_keep")]
    pub source_platform: Change<String>,
    /// The show at which they came.
    #[serde(default, skip_serializing_if = "Change::is_keep")]
    pub source_show: Change<ShowId>,
    /// The customer who sent them.
    #[serde(default, skip_serializing_if = "Change::is_keep")]
    pub source_referrer: Change<CustomerId>,
    /// What they are worth; null lets the rule say it.
    #[serde(default, skip_serializing_if = "Change::is_keep")]
    pub value_class: Change<ValueClass>,
    /// Why; needed with what they are worth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value_reason: Option<String>,
    /// Codes of tags to give.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub add_tags: BTreeSet<String>,
    /// Codes of tags to take away.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub remove_tags: BTreeSet<String>,
    /// The WeChat id.
    #[serde(default, skip_serializing_if = "Change::is_keep")]
    pub wechat: Change<String>,
    /// Whether they are in the consultant's WeChat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wechat_added: Option<bool>,
    /// Where they work.
    #[serde(default, skip_serializing_if = "Change::is_keep")]
    pub company_name: Change<String>,
    /// What they do.
    #[serde(default, skip_serializing_if = "Change::is_keep")]
    pub occupation: Change<String>,
    /// As what.
    #[serde(default, skip_serializing_if = "Change::is_keep")]
    pub position: Change<String>,
    /// Who lives with them.
    #[serde(default, skip_serializing_if = "Change::is_keep")]
    pub family: Change<Family>,
    /// More about it.
    #[serde(default, skip_serializing_if = "Change::is_keep")]
    pub family_note: Change<String>,
}

impl EditCustomer {
    /// An edit that changes nothing yet.
    pub const fn of(customer: CustomerId) -> Self {
        Self {
            customer,
            name: None,
            customer_type: Change::Keep,
            gender: Change::Keep,
            age_band: Change::Keep,
            region: Change::Keep,
            source_channel: Change::Keep,
            source_platform: Change::Keep,
            source_show: Change::Keep,
            source_referrer: Change::Keep,
            value_class: Change::Keep,
            value_reason: None,
            add_tags: BTreeSet::new(),
            remove_tags: BTreeSet::new(),
            wechat: Change::Keep,
            wechat_added: None,
            company_name: Change::Keep,
            occupation: Change::Keep,
            position: Change::Keep,
            family: Change::Keep,
            family_note: Change::Keep,
        }
    }

    fn card_changes(&self) -> Result<Vec<(&'static str, Option<Value>)>, Refusal> {
        let name = self
            .name
            .as_deref()
            .map(|name| input::line("name", name, LONGEST_NAME))
            .transpose()?;
        let region = self.region.clone();
        let platform = self.source_platform.clone();
        Ok(vec![
            ("name", name.map(Value::from)),
            ("type", self.customer_type.value()),
            ("gender", self.gender.value()),
            ("age_band", self.age_band.value()),
            (
                "region",
                region.try_map(|region| input::region(&region))?.value(),
            ),
            ("source_channel", self.source_channel.value()),
            (
                "source_platform",
                platform
                    .try_map(|code| input::code("source_platform", &code))?
                    .value(),
            ),
            ("source_show", self.source_show.value()),
            ("source_referrer", self.source_referrer.value()),
            ("value_class", self.value_class.value()),
        ])
    }

    /// Takes tags away from every card that shows them as this customer's.
    fn remove_tags(
        &self,
        library: &dyn Library,
        card: &Document,
        edits: &mut Edits,
    ) -> Result<(), Refusal> {
        let merged = lookup::whole(library, self.customer)?.cards;
        for tag in &self.remove_tags {
            let tag = input::code("remove_tags", tag)?;
            let key = format!("tag/{tag}");
            for (document, customer) in &merged {
                if document.id() == card.id() || customer.tags.contains(&tag) {
                    set_changed(edits, document, [(key.as_str(), Some(false.into()))]);
                }
            }
        }
        Ok(())
    }

    fn contact_changes(&self) -> Result<Vec<(&'static str, Option<Value>)>, Refusal> {
        let line = |field: &'static str, change: &Change<String>| {
            change
                .clone()
                .try_map(|text| input::line(field, &text, LONGEST_LINE))
                .map(|change| (field, change.value()))
        };
        Ok(vec![
            line("wechat", &self.wechat)?,
            ("wechat_added", self.wechat_added.map(Value::from)),
            line("company_name", &self.company_name)?,
            line("occupation", &self.occupation)?,
            line("position", &self.position)?,
            ("family", self.family.value()),
            line("family_note", &self.family_note)?,
        ])
    }
}

impl Command for EditCustomer {
    type Output = ();

    const NAME: &'static str = "edit_customer";
    const ABOUT: &'static str = "Changes what is said of a customer";

    fn plan(&self, library: &dyn Library, context: &mut Context<'_>) -> Result<Plan<()>, Refusal> {
        let (card, _) = lookup::card(library, self.customer)?;
        let mut edits = Edits::default();
        set_changed(&mut edits, &card, self.card_changes()?);
        for tag in &self.add_tags {
            let key = format!("tag/{}", input::code("add_tags", tag)?);
            set_changed(&mut edits, &card, [(key.as_str(), Some(true.into()))]);
        }
        if !self.remove_tags.is_empty() {
            self.remove_tags(library, &card, &mut edits)?;
        }
        let reason = input::optional_prose("value_reason", self.value_reason.as_deref())?;
        let changes = self.contact_changes()?;
        let touches_contact = changes.iter().any(|(_, value)| value.is_some());
        if touches_contact || reason.is_some() {
            let contact = Contact::document_id(self.customer);
            let document = library.find(Kind::CustomerContact, contact)?;
            set_changed(&mut edits, &document, changes);
            if let Some(reason) = reason {
                note(&mut edits, contact, reason, None, context);
            }
        } else if !self.value_class.is_keep() {
            let problem = "say why they are worth it";
            return Err(Refusal::invalid("value_reason", problem));
        }
        Ok(Plan::new(edits, ()))
    }
}

/// Takes note that a customer wants no marketing by some channels. It is never taken back:
/// marketing needs a new consent.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OptOut {
    /// Who.
    pub customer: CustomerId,
    /// By which channels.
    pub channels: BTreeSet<MarketingChannel>,
}

impl Command for OptOut {
    type Output = ();

    const NAME: &'static str = "opt_out";
    const ABOUT: &'static str = "Takes note that a customer wants no marketing by some channels";

    fn plan(&self, library: &dyn Library, _: &mut Context<'_>) -> Result<Plan<()>, Refusal> {
        let (card, _) = lookup::any_card(library, self.customer)?;
        if self.channels.is_empty() {
            return Err(Refusal::invalid("channels", "name at least one"));
        }
        let mut edits = Edits::default();
        for channel in &self.channels {
            edits.set(card.id(), format!("marketing_optout/{channel}"), true);
        }
        Ok(Plan::new(edits, ()))
    }
}

/// Writes the registers that become something else; a contested one is written in any case, since
/// that settles it.
pub(in crate::command) fn set_changed<'k>(
    edits: &mut Edits,
    document: &Document,
    changes: impl IntoIterator<Item = (&'k str, Option<Value>)>,
) {
    for (key, value) in changes {
        let Some(value) = value else { continue };
        let (stands, contested) = match document.register(key) {
            Some(register) => (register.value.clone(), register.concurrent),
            None => (Value::Null, false),
        };
        if stands != value || contested {
            edits.set(document.id(), key, value);
        }
    }
}
