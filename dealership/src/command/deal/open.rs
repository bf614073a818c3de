//! Opening a deal.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::command::input::{self, LONGEST_LINE};
use crate::command::{Command, Context, Library, Plan, lookup};
use crate::contact::Contact;
use crate::deal::{Stage, StageState};
use crate::edit::{Edits, fields};
use crate::id::{CustomerId, DealId, FactId, ShowId, StaffId, TrimId};
use crate::kind::Kind;
use crate::refusal::Refusal;
use crate::space::Space;

/// Opens a deal with a customer.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenDeal {
    /// With whom.
    pub customer: CustomerId,
    /// Out of which intent; the open one if left out and the contact is here.
    #[serde(default)]
    pub intent: Option<FactId>,
    /// Whose deal it is; the customer's consultant's if left out.
    #[serde(default)]
    pub owner: Option<StaffId>,
    /// At which show it begins.
    #[serde(default)]
    pub show: Option<ShowId>,
    /// About which trim.
    #[serde(default)]
    pub trim: Option<TrimId>,
    /// What it is called; never a person's name, since the whole store reads it.
    #[serde(default)]
    pub title: Option<String>,
    /// When it is expected to close.
    #[serde(default)]
    pub expected_date: Option<NaiveDate>,
}

/// The deal that was opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DealOpened {
    /// Which.
    pub deal: DealId,
    /// The stage event of the reception, if the customer was met.
    pub reception: Option<FactId>,
}

impl Command for OpenDeal {
    type Output = DealOpened;

    const NAME: &'static str = "open_deal";
    const ABOUT: &'static str = "Opens a deal with a customer";

    fn plan(
        &self,
        library: &dyn Library,
        context: &mut Context<'_>,
    ) -> Result<Plan<DealOpened>, Refusal> {
        let (_, customer) = lookup::card(library, self.customer)?;
        let contact = library
            .document(Contact::document_id(self.customer))?
            .and_then(|document| Contact::read(&document));
        let intent = match (self.intent, &contact) {
            (Some(named), Some(contact)) => {
                if !contact.intents.iter().any(|intent| intent.id == named) {
                    return Err(Refusal::invalid("intent", "the contact has none such"));
                }
                Some(named)
            }
            (named, None) => named,
            (None, Some(contact)) => contact.open_intent().map(|intent| intent.id),
        };
        if let Some(show) = self.show {
            library.find(Kind::Show, show.into())?;
        }
        if let Some(trim) = self.trim {
            library.find(Kind::Trim, trim.into())?;
        }
        let owner = self
            .owner
            .or(customer.owner)
            .unwrap_or(context.author.staff());
        let deal = DealId::from(context.ids.document());
        let mut edits = Edits::default();
        edits.create(
            deal.into(),
            Kind::Deal,
            Space::Store(customer.store),
            fields([
                ("customer", self.customer.into()),
                ("intent", intent.into()),
                ("owner", owner.into()),
                ("show", self.show.into()),
                ("trim", self.trim.into()),
                (
                    "title",
                    input::optional_line("title", self.title.as_deref(), LONGEST_LINE)?.into(),
                ),
                ("expected_date", self.expected_date.into()),
                ("created_at", context.now.into()),
                ("created_by", context.author.staff().into()),
            ]),
        );
        // Reception needs a customer and a first interaction: there may be one already.
        let met = customer
            .contacted
            .iter()
            .rev()
            .find(|contacted| contacted.corrected_by.is_none());
        let reception = met.map(|met| {
            let id = context.ids.fact();
            let event = context.signed([
                ("stage", Stage::Reception.into()),
                ("state", StageState::Done.into()),
                ("evidence", met.id.into()),
            ]);
            edits.record(deal.into(), "stage", id, event);
            id
        });
        Ok(Plan::new(edits, DealOpened { deal, reception }))
    }
}
