//! Deals: opened, moved through their stages, closed.

mod open;
mod stage;

pub use open::{DealOpened, OpenDeal};
pub use stage::{RecordStage, ReopenStage, SkipStage, StageRecorded};
