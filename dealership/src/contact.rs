//! How to reach a customer, what they want and what was said, read.
//!
//! Only the customer's consultant and the roles that answer for it hold this document.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::code::Coded;
use crate::customer::{Family, ownership};
use crate::document::Document;
use crate::id::{CustomerId, DocumentId, FactId, StaffId, StoreId};
use crate::kind::Kind;
use crate::space::Space;
use crate::time::Timestamp;

mod consent;
mod follow_up;
mod intent;
mod phones;
mod task;

pub use consent::{Consent, ConsentPurpose, ConsentWay};
pub use follow_up::{FeedbackKind, FollowUp, FollowUpType, NextPlan, Outcome};
pub use intent::{CompetitorOffer, Intent, IntentStatus, PayWay, PlateQuota, PurchaseType, Use};
pub use phones::{InvalidReason, NoPhoneReason, Phone, PhoneLabel};
pub use task::{Priority, Slot, Task, TaskOrigin, TaskState};

/// A customer as their consultant knows them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Contact {
    /// Which document.
    pub id: DocumentId,
    /// Whose contact it is.
    pub customer: CustomerId,
    /// The store.
    pub store: StoreId,
    /// In whose space it stands: the consultant who reads it.
    pub consultant: StaffId,
    /// Each number once, the primary first, then those that work.
    pub phones: Vec<Phone>,
    /// Why there is none.
    pub no_phone_reason: Option<Coded<NoPhoneReason>>,
    /// The WeChat id.
    pub wechat: Option<String>,
    /// Whether they are in the consultant's WeChat.
    pub wechat_added: bool,
    /// Where they work.
    pub company_name: Option<String>,
    /// What they do.
    pub occupation: Option<String>,
    /// As what.
    pub position: Option<String>,
    /// Who lives with them.
    pub family: Option<Coded<Family>>,
    /// More about it.
    pub family_note: Option<String>,
    /// What they want, in the order in which it was recorded.
    pub intents: Vec<Intent>,
    /// What others offer them, in the order in which it was recorded.
    pub competitors: Vec<CompetitorOffer>,
    /// The timeline, in the order in which it happened; corrected entries stand struck through.
    pub follow_ups: Vec<FollowUp>,
    /// What is planned, was done or was cancelled, by due date.
    pub tasks: Vec<Task>,
    /// What they consented to, in the order in which it was recorded.
    pub consents: Vec<Consent>,
    /// What was noted, in the order in which it was recorded.
    pub notes: Vec<Note>,
    /// The keys of registers in which concurrent different values stand.
    pub contested: BTreeSet<String>,
}

/// What somebody noted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Note {
    /// The fact.
    pub id: FactId,
    /// What.
    pub text: String,
    /// The fact that it explains, here or on the card.
    pub about: Option<FactId>,
    /// Who.
    pub by: Option<StaffId>,
    /// When.
    pub at: Timestamp,
}

impl Contact {
    /// The id of a customer's contact, derived so that nobody needs to look it up.
    pub fn document_id(customer: CustomerId) -> DocumentId {
        DocumentId::of_content(&[b"customer_contact", customer.as_bytes()])
    }

    /// Where the contact of a customer belongs: in the space of whoever has the customer now, as
    /// the card says.
    pub fn place(card: &Document) -> Option<Space> {
        let Space::Store(store) = card.space() else {
            return None;
        };
        let handovers = ownership::read(card);
        let owner = ownership::in_force(card.parsed("owner"), &handovers)?;
        Some(Space::Contact(store, owner))
    }

    /// Reads a contact; `None` if the document is of another kind or lives in no contact space.
    pub fn read(document: &Document) -> Option<Self> {
        let Space::Contact(store, consultant) = document.space() else {
            return None;
        };
        if document.kind() != Kind::CustomerContact {
            return None;
        }
        let text = |key: &str| document.text(key).map(str::to_owned);
        let follow_ups = follow_up::read(document);
        Some(Self {
            id: document.id(),
            customer: document.parsed("customer")?,
            store,
            consultant,
            phones: phones::read(document),
            no_phone_reason: document.coded("no_phone_reason"),
            wechat: text("wechat"),
            wechat_added: document.flag("wechat_added"),
            company_name: text("company_name"),
            occupation: text("occupation"),
            position: text("position"),
            family: document.coded("family"),
            family_note: text("family_note"),
            intents: intent::read(document),
            competitors: intent::competitors(document),
            tasks: task::read(document, &follow_ups),
            follow_ups,
            consents: consent::read(document),
            notes: notes(document),
            contested: document.contested(),
        })
    }

    /// The number to call: the primary, or else the first that works.
    pub fn phone(&self) -> Option<&Phone> {
        self.phones.iter().find(|phone| phone.invalid.is_none())
    }

    /// The intent that drives the grade: of those open, the last recorded.
    pub fn open_intent(&self) -> Option<&Intent> {
        self.intents.iter().rev().find(|intent| intent.is_open())
    }

    /// The follow-ups that stand: those that no later one corrects.
    pub fn standing_follow_ups(&self) -> impl Iterator<Item = &FollowUp> {
        self.follow_ups
            .iter()
            .filter(|follow_up| follow_up.corrected_by.is_none())
    }

    /// When the customer was last followed up.
    pub fn last_follow_up_at(&self) -> Option<Timestamp> {
        self.standing_follow_ups()
            .map(|follow_up| follow_up.at)
            .max()
    }

    /// When the customer was last spoken to: a call that nobody answered does not count.
    pub fn last_reached_at(&self) -> Option<Timestamp> {
        self.standing_follow_ups()
            .filter(|follow_up| follow_up.reached())
            .map(|follow_up| follow_up.at)
            .max()
    }

    /// What was noted about the customer and not about a fact, one note a line.
    pub fn notes_text(&self) -> String {
        let free = self.notes.iter().filter(|note| note.about.is_none());
        let lines: Vec<_> = free.map(|note| note.text.as_str()).collect();
        lines.join("\n")
    }

    /// What is still to be done, by due date.
    pub fn open_tasks(&self) -> impl Iterator<Item = &Task> {
        self.tasks
            .iter()
            .filter(|task| task.state == TaskState::Open)
    }

    /// The date of the next follow-up.
    pub fn next_follow_up(&self) -> Option<NaiveDate> {
        self.open_tasks().filter_map(|task| task.due).min()
    }

    /// What should have been done before a day.
    pub fn overdue_tasks(&self, today: NaiveDate) -> impl Iterator<Item = &Task> {
        self.open_tasks()
            .filter(move |task| task.due.is_some_and(|due| due < today))
    }
}

fn notes(document: &Document) -> Vec<Note> {
    document
        .recorded("note")
        .into_iter()
        .map(|(_, fact)| Note {
            id: fact.id,
            text: fact.text("text").unwrap_or_default().to_owned(),
            about: fact.parsed("about"),
            by: fact.parsed("by"),
            at: document.happened_at(fact),
        })
        .collect()
}
