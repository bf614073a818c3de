//! Deals: opened, described, moved through their stages, closed.

mod close;
mod open;
mod stage;

pub use close::{CloseDeal, DealClosed, EditDeal, ReviveDeal};
pub use open::{DealOpened, OpenDeal};
pub use stage::{RecordStage, ReopenStage, SkipStage, StageRecorded};
