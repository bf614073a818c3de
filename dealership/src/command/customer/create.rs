//! Carding a customer 建档: the card for the store, the contact for their consultant.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::access::Author;
use crate::civil;
use crate::command::contact::{FollowUpText, IntentInput, PhoneInput};
use crate::command::grade::{check_grade, grade_fact};
use crate::command::input::{self, LONGEST_LINE, LONGEST_NAME};
use crate::command::{Command, Context, Library, Plan};
use crate::contact::{Contact, FollowUpType, NoPhoneReason, Outcome, PhoneLabel};
use crate::customer::{
    AgeBand, Customer, CustomerType, EnteredThrough, Gender, GradeOrigin, SourceChannel,
};
use crate::edit::{Edits, fields};
use crate::grade::Grade;
use crate::id::{CustomerId, DocumentId, FactId, ShowId, StaffId, StoreId};
use crate::kind::Kind;
use crate::phone::PhoneHash;
use crate::refusal::{Notice, Refusal};
use crate::space::Space;
use crate::staff::Staff;
use crate::store::Store;
use crate::time::Timestamp;

/// Cards a customer.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateCustomer {
    /// What they are called; a nickname will do until a contract names them.
    pub name: String,
    /// Their number, as typed.
    #[serde(default)]
    pub phone: Option<String>,
    /// Whose number it is.
    #[serde(default)]
    pub phone_label: Option<PhoneLabel>,
    /// Why there is none; one of both is needed.
    #[serde(default)]
    pub no_phone_reason: Option<NoPhoneReason>,
    /// What to do where the store has carded that number already.
    #[serde(default)]
    pub if_duplicate: IfDuplicate,
    /// The WeChat id.
    #[serde(default)]
    pub wechat: Option<String>,
    /// The store; left out where the author works in one only.
    #[serde(default)]
    pub store: Option<StoreId>,
    /// Whose customer it is; the author's if left out.
    #[serde(default)]
    pub owner: Option<StaffId>,
    /// A person or a company.
    #[serde(default)]
    pub customer_type: Option<CustomerType>,
    /// As they were met.
    #[serde(default)]
    pub gender: Option<Gender>,
    /// Roughly how old.
    #[serde(default)]
    pub age_band: Option<AgeBand>,
    /// The six digits of province, city and district.
    #[serde(default)]
    pub region: Option<String>,
    /// The channel by which they came.
    #[serde(default)]
    pub source_channel: Option<SourceChannel>,
    /// The platform, as a code.
    #[serde(default)]
    pub source_platform: Option<String>,
    /// The show at which they came.
    #[serde(default)]
    pub source_show: Option<ShowId>,
    /// The customer who sent them.
    #[serde(default)]
    pub source_referrer: Option<CustomerId>,
    /// Codes of tags.
    #[serde(default)]
    pub tags: BTreeSet<String>,
    /// Their grade: N, H, A, B or C; N until somebody judges.
    #[serde(default)]
    pub grade: Option<Grade>,
    /// What they want.
    #[serde(default)]
    pub intent: Option<IntentInput>,
    /// How they were met, if they were.
    #[serde(default)]
    pub met: Option<FirstMeeting>,
    /// The day on which they were carded, where a card is taken over from elsewhere; today if left
    /// out.
    #[serde(default)]
    pub carded_on: Option<NaiveDate>,
    /// How the card comes into being; by hand if left out.
    #[serde(default)]
    pub entered_through: Option<EnteredThrough>,
}

/// The first interaction with a customer.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FirstMeeting {
    /// In which way.
    #[serde(rename = "type")]
    pub follow_up_type: FollowUpType,
    /// What was said.
    #[serde(default)]
    pub content: Option<String>,
}

/// What to do where the same store has carded the number already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum IfDuplicate {
    /// Card them all the same and say so; the two become a case.
    #[default]
    Notify,
    /// Refuse.
    Refuse,
}

/// The customer who was carded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CustomerCreated {
    /// Which.
    pub customer: CustomerId,
    /// The document that says how to reach them.
    pub contact: DocumentId,
    /// The entry of what they want.
    pub intent: Option<FactId>,
    /// The first interaction.
    pub follow_up: Option<FactId>,
    /// Who bears the same number already.
    pub duplicates: Vec<Carded>,
}

/// A card that bears a number already: who carded it and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Carded {
    /// Which.
    pub customer: CustomerId,
    /// At which store.
    pub store: StoreId,
    /// What papers call that store, if it is here.
    pub store_name: Option<String>,
    /// Whose customer it is.
    pub owner: Option<StaffId>,
    /// Their name, if it is here.
    pub owner_name: Option<String>,
    /// When it was carded.
    pub created_at: Timestamp,
}

impl Command for CreateCustomer {
    type Output = CustomerCreated;

    const NAME: &'static str = "create_customer";
    const ABOUT: &'static str = "Cards a customer, and says who bears the same number already";

    fn plan(
        &self,
        library: &dyn Library,
        context: &mut Context<'_>,
    ) -> Result<Plan<CustomerCreated>, Refusal> {
        let store = store_of(context.author, self.store)?;
        let owner = self.owner.unwrap_or(context.author.staff());
        let phone = self
            .phone
            .as_deref()
            .map(|typed| PhoneInput::read(typed, self.phone_label))
            .transpose()?;
        if phone.is_none() && self.no_phone_reason.is_none() {
            let problem = "give a number, or the reason why there is none";
            return Err(Refusal::invalid("phone", problem));
        }
        let duplicates = match &phone {
            Some(phone) => carded(library, &context.phone_key.hash(&phone.number))?,
            None => Vec::new(),
        };
        if self.if_duplicate == IfDuplicate::Refuse
            && duplicates.iter().any(|carded| carded.store == store)
        {
            return Err(Refusal::AlreadyCarded { cards: duplicates });
        }

        let customer = CustomerId::from(context.ids.document());
        let card = DocumentId::from(customer);
        let contact = Contact::document_id(customer);
        let mut edits = Edits::default();
        self.create_card(&mut edits, card, Space::Store(store), owner, context)?;
        self.create_contact(&mut edits, contact, customer, Space::Contact(store, owner))?;
        if let Some(phone) = &phone {
            phone.write(&mut edits, card, contact, true, context);
        }
        if let Some(grade) = self.grade {
            check_grade(grade)?;
            grade_fact(&mut edits, card, grade, None, GradeOrigin::Manual, context);
        }
        let intent = match &self.intent {
            Some(intent) => Some(intent.write(&mut edits, contact, context)?),
            None => None,
        };
        let follow_up = match &self.met {
            Some(met) => Some(met.write(&mut edits, card, contact, self.grade, context)?),
            None => None,
        };
        let notices = notices(&duplicates);
        let output = CustomerCreated {
            customer,
            contact,
            intent,
            follow_up,
            duplicates,
        };
        Ok(Plan {
            edits,
            output,
            notices,
        })
    }
}

impl CreateCustomer {
    fn create_card(
        &self,
        edits: &mut Edits,
        card: DocumentId,
        space: Space,
        owner: StaffId,
        context: &Context<'_>,
    ) -> Result<(), Refusal> {
        let entered_through = self.entered_through.unwrap_or(EnteredThrough::Manual);
        let platform = self.source_platform.as_deref();
        let mut registers = fields([
            (
                "name",
                input::line("name", &self.name, LONGEST_NAME)?.into(),
            ),
            (
                "type",
                self.customer_type.unwrap_or(CustomerType::Person).into(),
            ),
            ("gender", self.gender.into()),
            ("age_band", self.age_band.into()),
            (
                "region",
                self.region
                    .as_deref()
                    .map(input::region)
                    .transpose()?
                    .into(),
            ),
            ("source_channel", self.source_channel.into()),
            (
                "source_platform",
                platform
                    .map(|code| input::code("source_platform", code))
                    .transpose()?
                    .into(),
            ),
            ("source_show", self.source_show.into()),
            ("source_referrer", self.source_referrer.into()),
            ("owner", owner.into()),
            ("entered_through", entered_through.into()),
            ("created_at", self.created_at(context.now)?.into()),
            ("created_by", context.author.staff().into()),
        ]);
        for tag in &self.tags {
            registers.insert(format!("tag/{}", input::code("tags", tag)?), true.into());
        }
        edits.create(card, Kind::Customer, space, registers);
        Ok(())
    }

    fn created_at(&self, now: Timestamp) -> Result<Timestamp, Refusal> {
        let Some(day) = self
            .carded_on
            .filter(|day| input::today(now).ok() != Some(*day))
        else {
            return Ok(now);
        };
        let began = Timestamp::from_millis(civil::start_of_day(day));
        input::past("carded_on", Some(began), now)
    }

    fn create_contact(
        &self,
        edits: &mut Edits,
        contact: DocumentId,
        customer: CustomerId,
        space: Space,
    ) -> Result<(), Refusal> {
        let wechat = input::optional_line("wechat", self.wechat.as_deref(), LONGEST_LINE)?;
        let registers = fields([
            ("customer", customer.into()),
            ("no_phone_reason", self.no_phone_reason.into()),
            ("wechat", wechat.into()),
        ]);
        edits.create(contact, Kind::CustomerContact, space, registers);
        Ok(())
    }
}

impl FirstMeeting {
    fn write(
        &self,
        edits: &mut Edits,
        card: DocumentId,
        contact: DocumentId,
        grade: Option<Grade>,
        context: &mut Context<'_>,
    ) -> Result<FactId, Refusal> {
        let text = FollowUpText {
            follow_up_type: self.follow_up_type,
            outcome: Outcome::Reached,
            content: self.content.clone(),
            grade_after: grade,
            ..FollowUpText::at(context.now)
        };
        text.write(edits, card, contact, context)
    }
}

/// The store in which the author works, or the one that they name.
pub(in crate::command) fn store_of(
    author: &Author,
    named: Option<StoreId>,
) -> Result<StoreId, Refusal> {
    match named {
        Some(store) => Ok(store),
        None => {
            let mut stores = author.access.stores.iter();
            match (stores.next(), stores.next()) {
                (Some(store), None) => Ok(*store),
                _ => Err(Refusal::invalid("store", "say which")),
            }
        }
    }
}

/// The cards that bear a number, those deleted left out, the oldest first.
pub(in crate::command) fn carded(
    library: &dyn Library,
    hash: &PhoneHash,
) -> Result<Vec<Carded>, Refusal> {
    let mut cards = Vec::new();
    for id in library.customers_with_phone(hash)? {
        let Some(document) = library.document(id.into())? else {
            continue;
        };
        let Some(customer) = Customer::read(&document) else {
            continue;
        };
        if customer.voided.is_some() {
            continue;
        }
        let owner_name = match customer.owner {
            Some(owner) => library
                .document(owner.into())?
                .and_then(|document| Some(Staff::read(&document)?.name)),
            None => None,
        };
        let store_name = library
            .document(customer.store.into())?
            .and_then(|document| Some(Store::read(&document)?.name));
        cards.push(Carded {
            customer: customer.id,
            store: customer.store,
            store_name,
            owner: customer.owner,
            owner_name,
            created_at: customer.created_at,
        });
    }
    cards.sort_by_key(|card| (card.created_at, card.customer));
    Ok(cards)
}

/// One notice for each card that bears the number already.
pub(in crate::command) fn notices(cards: &[Carded]) -> Vec<Notice> {
    cards
        .iter()
        .map(|card| {
            let on = civil::civil_date(card.created_at.millis())
                .map_or_else(String::new, |date| format!(" on {date}"));
            let by = card
                .owner_name
                .as_deref()
                .unwrap_or("somebody not known here");
            let store = card.store_name.as_deref().unwrap_or("another store");
            Notice {
                code: "already_carded".into(),
                text: format!("this number was carded{on}; it is a customer of {by}, {store}"),
                documents: vec![card.customer.into()],
            }
        })
        .collect()
}
