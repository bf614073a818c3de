//! Numbers of customers.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::command::customer::{Carded, carded, notices, set_changed};
use crate::command::{Command, Context, Library, Plan, lookup};
use crate::contact::{Contact, InvalidReason, Phone, PhoneLabel};
use crate::edit::Edits;
use crate::id::{CustomerId, DocumentId, FactId};
use crate::phone::{PhoneKind, PhoneNumber, TypedPhone};
use crate::refusal::Refusal;
use crate::value::Value;

/// A number as it goes into documents.
pub(in crate::command) struct PhoneInput {
    pub(in crate::command) number: PhoneNumber,
    extension: Option<String>,
    label: PhoneLabel,
}

impl PhoneInput {
    /// Reads what somebody typed.
    pub(in crate::command) fn read(
        typed: &str,
        label: Option<PhoneLabel>,
    ) -> Result<Self, Refusal> {
        let typed: TypedPhone = typed.parse().map_err(|problem: crate::phone::PhoneError| {
            Refusal::invalid("phone", problem.to_string())
        })?;
        let label = label.unwrap_or(match (typed.number.kind(), &typed.extension) {
            (PhoneKind::Landline | PhoneKind::Service, Some(_)) | (PhoneKind::Service, None) => {
                PhoneLabel::Work
            }
            (PhoneKind::Landline, None) => PhoneLabel::Home,
            _ => PhoneLabel::Mobile,
        });
        Ok(Self {
            number: typed.number,
            extension: typed.extension,
            label,
        })
    }

    /// Writes the number into the contact and its keyed hash onto the card; gives the fact's id.
    pub(in crate::command) fn write(
        &self,
        edits: &mut Edits,
        card: DocumentId,
        contact: DocumentId,
        primary: bool,
        context: &mut Context<'_>,
    ) -> FactId {
        let id = context.ids.fact();
        let fields = context.signed([
            ("number", self.number.as_str().into()),
            ("extension", self.extension.clone().into()),
            ("label", self.label.into()),
        ]);
        edits.record(contact, "phone", id, fields);
        if primary {
            edits.set(contact, "primary_phone", id);
        }
        let hash = context.phone_key.hash(&self.number);
        edits.set(card, format!("phone_hash/{hash}"), self.last_four());
        id
    }

    fn last_four(&self) -> String {
        let number = self.number.as_str();
        number
            .get(number.len().saturating_sub(4)..)
            .unwrap_or_default()
            .to_owned()
    }
}

/// Adds a number of a customer.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AddPhone {
    /// Whose.
    pub customer: CustomerId,
    /// The number, as typed.
    pub phone: String,
    /// Whose number it is.
    #[serde(default)]
    pub label: Option<PhoneLabel>,
    /// Whether it is the one to call from now on; the first always is.
    #[serde(default)]
    pub primary: bool,
}

/// The number that was added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PhoneAdded {
    /// The fact.
    pub phone: FactId,
    /// Which other customers bear it already.
    pub duplicates: Vec<Carded>,
}

impl Command for AddPhone {
    type Output = PhoneAdded;

    const NAME: &'static str = "add_phone";
    const ABOUT: &'static str = "Adds a number of a customer, and says who else bears it";

    fn plan(
        &self,
        library: &dyn Library,
        context: &mut Context<'_>,
    ) -> Result<Plan<PhoneAdded>, Refusal> {
        let (card, _) = lookup::card(library, self.customer)?;
        let (document, contact) = lookup::contact(library, self.customer)?;
        let input = PhoneInput::read(&self.phone, self.label)?;
        let known = contact
            .phones
            .iter()
            .find(|phone| phone.number == input.number.as_str());
        let says_nothing_new = |phone: &Phone| {
            phone.invalid.is_none()
                && (input.extension.is_none() || phone.extension == input.extension)
        };
        if known.is_some_and(says_nothing_new) {
            return Err(Refusal::state(&document, "the customer has this number"));
        }
        let hash = context.phone_key.hash(&input.number);
        let mut duplicates = carded(library, &hash)?;
        duplicates.retain(|carded| carded.customer != self.customer);
        let mut edits = Edits::default();
        let primary = self.primary || contact.phone().is_none();
        let phone = input.write(&mut edits, card.id(), document.id(), primary, context);
        Ok(Plan {
            edits,
            notices: notices(&duplicates),
            output: PhoneAdded { phone, duplicates },
        })
    }
}

/// Says which number to call.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetPrimaryPhone {
    /// Whose.
    pub customer: CustomerId,
    /// The fact of the number.
    pub phone: FactId,
}

impl Command for SetPrimaryPhone {
    type Output = ();

    const NAME: &'static str = "set_primary_phone";
    const ABOUT: &'static str = "Says which number of a customer to call";

    fn plan(&self, library: &dyn Library, _: &mut Context<'_>) -> Result<Plan<()>, Refusal> {
        lookup::card(library, self.customer)?;
        let (document, contact) = lookup::contact(library, self.customer)?;
        let phone = known(&contact, self.phone)?;
        if phone.invalid.is_some() {
            return Err(Refusal::invalid("phone", "reaches nobody"));
        }
        let mut edits = Edits::default();
        set_changed(
            &mut edits,
            &document,
            [("primary_phone", Some(self.phone.into()))],
        );
        Ok(Plan::new(edits, ()))
    }
}

/// Says that a number reaches nobody; adding it again says that it does.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MarkPhoneInvalid {
    /// Whose.
    pub customer: CustomerId,
    /// A fact of the number.
    pub phone: FactId,
    /// Why.
    pub reason: InvalidReason,
}

impl Command for MarkPhoneInvalid {
    type Output = ();

    const NAME: &'static str = "mark_phone_invalid";
    const ABOUT: &'static str = "Says that a number of a customer reaches nobody";

    fn plan(&self, library: &dyn Library, context: &mut Context<'_>) -> Result<Plan<()>, Refusal> {
        let (card, _) = lookup::card(library, self.customer)?;
        let (document, contact) = lookup::contact(library, self.customer)?;
        let phone = known(&contact, self.phone)?;
        if phone.invalid.is_some() {
            return Err(Refusal::state(&document, "the number is marked already"));
        }
        let mut edits = Edits::default();
        // Two devices may have typed it: every fact of it is marked.
        for id in &phone.ids {
            let fields = context.signed([("phone", (*id).into()), ("reason", self.reason.into())]);
            edits.record(document.id(), "phone_invalid", context.ids.fact(), fields);
        }
        // A suspended number is still theirs; any other finds somebody else, or nobody.
        if self.reason != InvalidReason::Suspended
            && let Ok(number) = phone.number.parse::<PhoneNumber>()
        {
            let hash = context.phone_key.hash(&number);
            edits.set(card.id(), format!("phone_hash/{hash}"), Value::Null);
        }
        Ok(Plan::new(edits, ()))
    }
}

fn known(contact: &Contact, id: FactId) -> Result<&Phone, Refusal> {
    contact
        .phones
        .iter()
        .find(|phone| phone.ids.contains(&id))
        .ok_or_else(|| Refusal::invalid("phone", "the contact has none such"))
}
