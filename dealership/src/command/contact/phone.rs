//! Numbers of customers.

use crate::command::Context;
use crate::contact::PhoneLabel;
use crate::edit::Edits;
use crate::id::{DocumentId, FactId};
use crate::phone::{PhoneNumber, TypedPhone};
use crate::refusal::Refusal;

/// A number as it goes into documents.
pub(in crate::command) struct PhoneInput {
    pub(in crate::command) number: PhoneNumber,
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
        Ok(Self {
            number: typed.number,
            label: label.unwrap_or(PhoneLabel::Mobile),
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
