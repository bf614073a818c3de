//! Commands: what a person asks for.
//!
//! A command is a pure function of documents and a context that hands in who, on which device,
//! when, and fresh ids: a typed refusal, or leaf edits. So the client runs it offline, replays it
//! with the same outcome from its intent, and tests need nothing around it.

use std::rc::Rc;

use schemars::{JsonSchema, Schema};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use crate::access::Author;
use crate::document::Document;
use crate::edit::{Edits, Fields, fields};
use crate::id::{CustomerId, DealId, DocumentId, FreshIds, GroupId, VehicleId};
use crate::kind::Kind;
use crate::phone::{PhoneHash, PhoneKey};
use crate::refusal::{Notice, Refusal};
use crate::time::Timestamp;
use crate::value::Value;

mod case;
mod claim;
mod contact;
mod customer;
mod deal;
mod grade;
mod import;
mod input;
mod lookup;
mod lost;
mod merge;
mod pack;
mod price_list;
mod registry;
mod show;
mod staff;
mod store;
mod trim;
mod vehicle;

pub use case::{CaseDecided, DecideCase};
pub use claim::{ClaimVehicle, Claimed, FinaliseClaim, HardenClaim, ReleaseClaim, ReverseFinal};
pub use contact::{
    AddIntent, AddNote, AddPhone, CancelTask, ConsentRecorded, CorrectFollowUp, Corrected,
    EditIntent, EditTask, FollowUpLogged, IntentAdded, IntentInput, LogFollowUp, MarkPhoneInvalid,
    Next, NextPlanInput, NoteCompetitor, PhoneAdded, PlanTask, RecordConsent, SetPrimaryPhone,
    TaskPlanned, WithdrawConsent,
};
pub use customer::{
    Carded, CreateCustomer, CustomerCreated, DeleteCustomer, DeleteReason, Deleted, EditCustomer,
    FirstMeeting, IfDuplicate, OptOut, QuickCard, RestoreCustomer, TransferOwner, Transferred,
};
pub use deal::{
    CloseDeal, DealClosed, DealOpened, EditDeal, OpenDeal, RecordStage, ReopenStage, ReviveDeal,
    SkipStage, StageRecorded,
};
pub use grade::{Graded, SetGrade};
pub use import::{
    ImportPrices, ImportSheetRow, ImportUndone, LeftReason, LeftThing, PriceCells, PriceTaken,
    PricesTaken, UndoImport, UndoOutcome,
};
pub use input::Change;
pub use lost::{ConfirmLost, LostRequested, RequestLost};
pub use merge::{LaterEntry, MergeCustomers, Merged, UndoMerge, Unmerged};
pub use pack::{AllRecorded, PackVehicles, ReleasePack};
pub use price_list::{PriceListPublished, PublishPriceList};
pub use registry::{REGISTRY, find};
pub use show::{CreateShow, EditShow, ShowCreated};
pub use staff::{CreateStaff, EditStaff, SetStaffRoles, SetStaffStores, StaffCreated, StaffLeft};
pub use store::{CreateStore, EditStore, StoreCreated};
pub use trim::{CreateTrim, EditTrim, TrimCreated, TrimDetails};
pub use vehicle::{
    AddVehiclePhoto, DeliverVehicle, EditVehicle, FreezeVehicle, InspectVehicle, LogCare,
    MoveVehicle, NoteDamage, NoteOdometer, NoteRepair, ReadBattery, RecordPdi, Recorded,
    RestoreVehicle, RuleOnVehicle, SetCustody, StockIn, StockedIn, UnfreezeVehicle, VoidVehicle,
};

/// What a person can ask for.
pub trait Command: Serialize + DeserializeOwned + JsonSchema {
    /// What the person is told.
    type Output: Serialize + JsonSchema;

    /// Its name in the CLI, on the wire and in history: lower case and underscores.
    const NAME: &'static str;

    /// One line of help.
    const ABOUT: &'static str;

    /// Works out what is to be written.
    ///
    /// # Errors
    ///
    /// [`Refusal`], and then nothing is written.
    fn plan(
        &self,
        library: &dyn Library,
        context: &mut Context<'_>,
    ) -> Result<Plan<Self::Output>, Refusal>;
}

/// Who asks, where and when; all that a command may know beside documents.
#[derive(Debug)]
pub struct Context<'c> {
    /// The person and the device.
    pub author: &'c Author,
    /// The group.
    pub group: GroupId,
    /// What phones are hashed with for the duplicate check.
    pub phone_key: &'c PhoneKey,
    /// The device's clock.
    pub now: Timestamp,
    /// Ids for what is made.
    pub ids: FreshIds,
}

impl Context<'_> {
    /// Who and when: what every fact bears.
    pub fn signature(&self) -> Fields {
        fields([
            ("by", self.author.staff().to_string().into()),
            ("at", self.now.millis().into()),
        ])
    }

    /// The fields of a fact with the signature that it bears.
    pub fn signed<'n>(&self, named: impl IntoIterator<Item = (&'n str, Value)>) -> Fields {
        let mut written = fields(named);
        written.extend(self.signature());
        written
    }
}

/// What a command wants written, and what the person is told.
#[derive(Debug)]
pub struct Plan<O> {
    /// What is written, as one batch.
    pub edits: Edits,
    /// The answer.
    pub output: O,
    /// What the person should know, though it stops nothing.
    pub notices: Vec<Notice>,
}

impl<O> Plan<O> {
    /// A plan without notices.
    pub const fn new(edits: Edits, output: O) -> Self {
        Self {
            edits,
            output,
            notices: Vec::new(),
        }
    }
}

/// The documents that a command may read.
pub trait Library {
    /// One document, `None` if it is not here.
    ///
    /// # Errors
    ///
    /// [`Refusal::Storage`] when the store fails.
    fn document(&self, id: DocumentId) -> Result<Option<Rc<Document>>, Refusal>;

    /// The document of a kind under that id.
    ///
    /// # Errors
    ///
    /// [`Refusal::NotHere`] if it is not here or of another kind, [`Refusal::Storage`] when the
    /// store fails.
    fn find(&self, kind: Kind, id: DocumentId) -> Result<Rc<Document>, Refusal> {
        self.document(id)?
            .filter(|document| document.kind() == kind)
            .ok_or(Refusal::NotHere { kind, id })
    }

    /// The documents of a kind; for the few kinds of which there are few (staff, stores, trims,
    /// price lists, shows).
    ///
    /// # Errors
    ///
    /// [`Refusal::Storage`] when the store fails.
    fn of_kind(&self, kind: Kind) -> Result<Vec<Rc<Document>>, Refusal>;

    /// The deals of a customer that are here.
    ///
    /// # Errors
    ///
    /// [`Refusal::Storage`] when the store fails.
    fn deals_of(&self, customer: CustomerId) -> Result<Vec<DealId>, Refusal> {
        let deals = self.of_kind(Kind::Deal)?;
        Ok(deals
            .iter()
            .filter(|deal| deal.parsed("customer") == Some(customer))
            .map(|deal| deal.id().into())
            .collect())
    }

    /// The customers that bear this phone, in the spaces held here.
    ///
    /// # Errors
    ///
    /// [`Refusal::Storage`] when the store fails.
    fn customers_with_phone(&self, hash: &PhoneHash) -> Result<Vec<CustomerId>, Refusal>;

    /// The vehicles on which a deal has or had claims, in order of their ids.
    ///
    /// # Errors
    ///
    /// [`Refusal::Storage`] when the store fails.
    fn vehicles_claimed_for(&self, deal: DealId) -> Result<Vec<VehicleId>, Refusal>;

    /// The customers that merging makes one with this one, themselves among them, in order of
    /// ids.
    ///
    /// # Errors
    ///
    /// [`Refusal::Storage`] when the store fails.
    fn merged_with(&self, customer: CustomerId) -> Result<Vec<CustomerId>, Refusal>;
}

/// A command with its types taken away, as registries list it.
pub struct Entry {
    /// [`Command::NAME`].
    pub name: &'static str,
    /// [`Command::ABOUT`].
    pub about: &'static str,
    /// The JSON Schema of its input.
    pub input: fn() -> Schema,
    /// The JSON Schema of its output.
    pub output: fn() -> Schema,
    /// Parses the input and plans.
    pub plan: PlanJson,
}

/// [`Command::plan`] with its types taken away.
pub type PlanJson = fn(Json, &dyn Library, &mut Context<'_>) -> Result<Plan<Json>, Refusal>;

impl Entry {
    /// Takes a command's types away.
    pub const fn of<C: Command>() -> Self {
        Self {
            name: C::NAME,
            about: C::ABOUT,
            input: || schemars::schema_for!(C),
            output: || schemars::schema_for!(C::Output),
            plan: |input, library, context| {
                let command: C =
                    serde_json::from_value(input).map_err(|source| Refusal::NotThisCommand {
                        command: C::NAME,
                        problem: source.to_string(),
                    })?;
                let plan = command.plan(library, context)?;
                let output = serde_json::to_value(&plan.output).map_err(Refusal::storage)?;
                Ok(Plan {
                    edits: plan.edits,
                    output,
                    notices: plan.notices,
                })
            },
        }
    }
}
