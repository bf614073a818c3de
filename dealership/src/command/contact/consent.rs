//! Consents of customers, given and withdrawn.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::command::input::{self, LONGEST_LINE};
use crate::command::{Command, Context, Library, Plan, lookup};
use crate::contact::{ConsentPurpose, ConsentWay};
use crate::edit::Edits;
use crate::id::{CustomerId, FactId, StaffId};
use crate::refusal::Refusal;

/// Records what a customer consented to.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordConsent {
    /// Who.
    pub customer: CustomerId,
    /// To what use of their data.
    pub purpose: ConsentPurpose,
    /// The version of the notice that they were shown.
    pub notice_version: String,
    /// How it was given.
    pub way: ConsentWay,
    /// What it covers.
    #[serde(default)]
    pub scope: Option<String>,
    /// Who heard it; needed where it was spoken.
    #[serde(default)]
    pub witness: Option<StaffId>,
    /// SHA-256 of the signed paper, in hex.
    #[serde(default)]
    pub paper: Option<String>,
}

/// The consent that was recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConsentRecorded {
    /// The fact.
    pub consent: FactId,
}

impl Command for RecordConsent {
    type Output = ConsentRecorded;

    const NAME: &'static str = "record_consent";
    const ABOUT: &'static str = "Records what a customer consented to";

    fn plan(
        &self,
        library: &dyn Library,
        context: &mut Context<'_>,
    ) -> Result<Plan<ConsentRecorded>, Refusal> {
        lookup::card(library, self.customer)?;
        let (document, _) = lookup::contact(library, self.customer)?;
        if self.way == ConsentWay::Verbal && self.witness.is_none() {
            return Err(Refusal::invalid("witness", "a spoken consent needs one"));
        }
        let scope = input::optional_line("scope", self.scope.as_deref(), LONGEST_LINE)?;
        let paper = self
            .paper
            .as_deref()
            .map(|paper| input::code("paper", paper))
            .transpose()?;
        let consent = context.ids.fact();
        let fields = context.signed([
            ("purpose", self.purpose.into()),
            (
                "notice_version",
                input::code("notice_version", &self.notice_version)?.into(),
            ),
            ("way", self.way.into()),
            ("scope", scope.into()),
            ("witness", self.witness.into()),
            ("paper", paper.into()),
        ]);
        let mut edits = Edits::default();
        edits.record(document.id(), "consent", consent, fields);
        Ok(Plan::new(edits, ConsentRecorded { consent }))
    }
}

/// Withdraws a consent: as easily as it was given.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WithdrawConsent {
    /// Who.
    pub customer: CustomerId,
    /// Which consent.
    pub consent: FactId,
    /// How they said so.
    pub way: ConsentWay,
}

impl Command for WithdrawConsent {
    type Output = ();

    const NAME: &'static str = "withdraw_consent";
    const ABOUT: &'static str = "Withdraws a customer's consent";

    fn plan(&self, library: &dyn Library, context: &mut Context<'_>) -> Result<Plan<()>, Refusal> {
        let (document, contact) = lookup::contact(library, self.customer)?;
        let consent = contact
            .consents
            .iter()
            .find(|consent| consent.id == self.consent)
            .ok_or_else(|| Refusal::invalid("consent", "the contact has none such"))?;
        if consent.withdrawn_at.is_some() {
            return Err(Refusal::state(&document, "the consent is withdrawn"));
        }
        let fields = context.signed([("consent", self.consent.into()), ("way", self.way.into())]);
        let mut edits = Edits::default();
        edits.record(
            document.id(),
            "consent_withdrawn",
            context.ids.fact(),
            fields,
        );
        Ok(Plan::new(edits, ()))
    }
}

/// Notes something about a customer.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AddNote {
    /// About whom.
    pub customer: CustomerId,
    /// What.
    pub text: String,
}

impl Command for AddNote {
    type Output = ();

    const NAME: &'static str = "add_note";
    const ABOUT: &'static str = "Notes something about a customer";

    fn plan(&self, library: &dyn Library, context: &mut Context<'_>) -> Result<Plan<()>, Refusal> {
        lookup::card(library, self.customer)?;
        let (document, _) = lookup::contact(library, self.customer)?;
        let text = input::prose("text", &self.text, input::LONGEST_PROSE)?;
        let mut edits = Edits::default();
        crate::command::grade::note(&mut edits, document.id(), text, None, context);
        Ok(Plan::new(edits, ()))
    }
}
