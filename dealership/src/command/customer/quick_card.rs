//! 车展快速建档: a card in four fields, with the booth as the place of the first meeting.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::command::contact::IntentInput;
use crate::command::customer::create::{
    CreateCustomer, CustomerCreated, FirstMeeting, IfDuplicate,
};
use crate::command::{Command, Context, Library, Plan};
use crate::contact::FollowUpType;
use crate::customer::{EnteredThrough, SourceChannel};
use crate::grade::Grade;
use crate::id::{ShowId, StoreId, TrimId};
use crate::kind::Kind;
use crate::refusal::Refusal;

/// Cards a visitor of a show.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QuickCard {
    /// The show.
    pub show: ShowId,
    /// What they are called.
    pub name: String,
    /// Their number, as typed.
    pub phone: String,
    /// The trim that they like.
    #[serde(default)]
    pub model: Option<TrimId>,
    /// Their grade: N, H, A, B or C; N until somebody judges.
    #[serde(default)]
    pub grade: Option<Grade>,
    /// What was said.
    #[serde(default)]
    pub content: Option<String>,
    /// The store; left out where the author works in one only.
    #[serde(default)]
    pub store: Option<StoreId>,
    /// What to do where the store has carded that number already.
    #[serde(default)]
    pub if_duplicate: IfDuplicate,
}

impl Command for QuickCard {
    type Output = CustomerCreated;

    const NAME: &'static str = "quick_card";
    const ABOUT: &'static str = "Cards a visitor of a show in four fields";

    fn plan(
        &self,
        library: &dyn Library,
        context: &mut Context<'_>,
    ) -> Result<Plan<CustomerCreated>, Refusal> {
        library.find(Kind::Show, self.show.into())?;
        CreateCustomer {
            name: self.name.clone(),
            phone: Some(self.phone.clone()),
            if_duplicate: self.if_duplicate,
            store: self.store,
            source_channel: Some(SourceChannel::Show),
            source_show: Some(self.show),
            grade: self.grade,
            intent: self.model.map(|model| IntentInput {
                models: Some(vec![model]),
                ..IntentInput::default()
            }),
            met: Some(FirstMeeting {
                follow_up_type: FollowUpType::Show,
                content: self.content.clone(),
            }),
            entered_through: Some(EnteredThrough::Show),
            ..CreateCustomer::default()
        }
        .plan(library, context)
    }
}
