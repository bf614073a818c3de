//! Correcting a follow-up: a new one stands in its place, and the old stays readable.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::code::Coded;
use crate::command::contact::follow_up::{FollowUpText, NextPlanInput};
use crate::command::input;
use crate::command::{Command, Context, Library, Plan, lookup};
use crate::contact::{FeedbackKind, FollowUp, FollowUpType, Outcome};
use crate::edit::Edits;
use crate::id::{CustomerId, FactId};
use crate::refusal::Refusal;
use crate::time::Timestamp;

/// Corrects a follow-up: what is left out stays as it was said.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CorrectFollowUp {
    /// With whom.
    pub customer: CustomerId,
    /// Which.
    pub follow_up: FactId,
    /// In which way.
    #[serde(rename = "type", default)]
    pub follow_up_type: Option<FollowUpType>,
    /// What came of it.
    #[serde(default)]
    pub outcome: Option<Outcome>,
    /// When it happened.
    #[serde(default)]
    pub at: Option<Timestamp>,
    /// What was said.
    #[serde(default)]
    pub content: Option<String>,
    /// What the customer thinks of us.
    #[serde(default)]
    pub feedback: Option<String>,
    /// What that is about.
    #[serde(default)]
    pub feedback_kind: Option<FeedbackKind>,
}

/// The follow-up that stands in its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Corrected {
    /// The fact.
    pub follow_up: FactId,
}

impl Command for CorrectFollowUp {
    type Output = Corrected;

    const NAME: &'static str = "correct_follow_up";
    const ABOUT: &'static str = "Corrects a follow-up; the old one stays readable";

    fn plan(
        &self,
        library: &dyn Library,
        context: &mut Context<'_>,
    ) -> Result<Plan<Corrected>, Refusal> {
        lookup::card(library, self.customer)?;
        let (document, contact) = lookup::contact_with(library, self.customer, |contact| {
            let said = &contact.follow_ups;
            said.iter().any(|said| said.id == self.follow_up)
        })?;
        let (card, _) = lookup::card(library, contact.customer)?;
        let said = contact
            .follow_ups
            .iter()
            .find(|follow_up| follow_up.id == self.follow_up)
            .ok_or_else(|| Refusal::invalid("follow_up", "the contact has none such"))?;
        if said.corrected_by.is_some() {
            return Err(Refusal::invalid("follow_up", "is corrected already"));
        }
        let text = self.text(said, context.now)?;
        let mut edits = Edits::default();
        let follow_up = text.write(&mut edits, card.id(), document.id(), context)?;
        Ok(Plan::new(edits, Corrected { follow_up }))
    }
}

impl CorrectFollowUp {
    fn text(&self, said: &FollowUp, now: Timestamp) -> Result<FollowUpText, Refusal> {
        let newer = || {
            let problem = "was said by a later version, which alone can correct it";
            Refusal::invalid("follow_up", problem)
        };
        let follow_up_type = self.follow_up_type.or(known(&said.follow_up_type));
        let outcome = self.outcome.or(known(&said.outcome));
        Ok(FollowUpText {
            follow_up_type: follow_up_type.ok_or_else(newer)?,
            outcome: outcome.ok_or_else(newer)?,
            at: match self.at {
                Some(at) => input::past("at", Some(at), now)?,
                None => said.at,
            },
            duration_s: said.duration_s.and_then(|seconds| seconds.try_into().ok()),
            content: input::optional_prose("content", self.content.as_deref())?
                .or_else(|| said.content.clone()),
            feedback: input::optional_prose("feedback", self.feedback.as_deref())?
                .or_else(|| said.feedback.clone()),
            feedback_kind: self.feedback_kind.or(known(&said.feedback_kind)),
            grade_before: known(&said.grade_before),
            grade_after: known(&said.grade_after),
            next: said.next.as_ref().map(|next| NextPlanInput {
                date: next.date,
                slot: None,
                way: known(&next.way),
                goal: next.goal.clone(),
            }),
            tasks: said.tasks.clone(),
            deal: said.deal,
            place: said.place.clone(),
            attachments: said.attachments.clone(),
            corrects: Some(said.id),
        })
    }
}

fn known<T: Copy>(coded: &Option<Coded<T>>) -> Option<T> {
    coded.as_ref().and_then(Coded::known)
}
