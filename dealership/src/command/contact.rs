//! How to reach customers, what they want and what was said.

mod consent;
mod correct;
mod follow_up;
mod intent;
mod phone;
mod task;

pub use consent::{AddNote, ConsentRecorded, RecordConsent, WithdrawConsent};
pub use correct::{CorrectFollowUp, Corrected};
pub use follow_up::{FollowUpLogged, LogFollowUp, Next, NextPlanInput};
pub use intent::{AddIntent, EditIntent, IntentAdded, IntentInput, NoteCompetitor};
pub use phone::{AddPhone, MarkPhoneInvalid, PhoneAdded, SetPrimaryPhone};
pub use task::{CancelTask, EditTask, PlanTask, TaskPlanned};

pub(super) use follow_up::FollowUpText;
pub(super) use phone::PhoneInput;
pub(super) use task::TaskInput;
