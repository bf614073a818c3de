//! Real processes: the relay's program, the client's program, and the line between them.
//!
//! A [`Site`] is a folder with a relay's data and its devices. Every wait is for an event (a line
//! that a program prints, the end of a process) and gives up, loudly, after [`LIMIT`].
//!
//! ```text
//! Tablet ──► forecourt ──► Line ──► forecourt-server ──► Site
//! ```
//!
//! Devices dial the [`Line`], whose address never changes; it leads to whichever relay serves now
//! and can be cut at any byte. Worse networks than that are [`crate::proxy`]'s.

use std::time::Duration;

mod certificates;
mod consumption;
mod intruder;
mod ledger;
mod line;
mod process;
mod programs;
mod showroom;
mod site;
mod tablet;

pub use consumption::Consumption;
pub use intruder::Intruder;
pub use ledger::{Audit, Ledger};
pub use line::{Line, Towards};
pub use process::{Killer, Process};
pub use programs::Programs;
pub use showroom::Showroom;
pub use site::{ADMINISTRATOR, Site};
pub use tablet::Tablet;

/// How long an event is waited for: longer than anything takes on a busy machine.
pub const LIMIT: Duration = Duration::from_secs(90);
