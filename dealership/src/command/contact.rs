//! How to reach customers, what they want and what was said.

mod follow_up;
mod intent;
mod phone;
mod task;

pub use follow_up::{FollowUpLogged, LogFollowUp, Next, NextPlanInput};
pub use intent::IntentInput;

pub(super) use follow_up::FollowUpText;
pub(super) use phone::PhoneInput;
