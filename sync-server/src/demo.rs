//! The demo group 远航汽车集团: a year of a dealership, made by the same commands, gate and log as
//! every other group's.
//!
//! ```text
//! seed ─► plan (every command of the year, by time) ─► office (runs each as its author, on a
//! device of theirs) ─► Relay::accept ─► report (counts and checks what came of it)
//! ```
//!
//! The same [`Recipe`] gives the same bytes in a relay that was founded with the same seed.
//! Nobody and nothing in it is real: phones are of `1990000xxxx`, which nobody has, VINs of the
//! maker `ZZZ`, which is none, and brands are invented.
//!
//! What has no command yet is left out: money, invoices as papers, loans, service, complaints,
//! surveys, stocktakes, transfers as documents, market data. So is what only the relay moves
//! (hand-overs to another consultant), and people who have left.
//!
//! **Architecture Invariant:** nothing is written around the commands but the general manager,
//! who must be there to ask for the rest.

use chrono::NaiveDate;
use dealership::edit::{EditError, Edits, fields};
use dealership::refusal::Refusal;
use dealership::vin::VinShapeError;
use dealership::{Kind, Space, StaffId, Timestamp};
use sync_protocol::BatchError;

use crate::relay::{EnrolError, Relay, RelayError};
use crate::store::Store;

mod calendar;
mod catalogue;
mod dice;
mod known;
mod office;
mod people;
mod plan;
mod report;

pub use known::{Known, KnownCar};
pub use report::{Check, Report};

use calendar::{Calendar, at_minute, plus};
use dice::Dice;
use office::Office;
use people::{Seat, Staff};
use plan::Numbers;

/// The smallest demo: the customers and the cars of the walkthrough fit in.
pub const SMALLEST_SCALE: f64 = 0.05;

/// The largest demo: a busy group for a hundred years.
pub const LARGEST_SCALE: f64 = 100.0;

/// How many days before the founding the general manager was hired.
const GENERAL_MANAGER_HIRED_BEFORE: i64 = 3_000;

/// What demo to make.
#[derive(Clone, Copy, Debug)]
pub struct Recipe {
    /// What chance follows from.
    pub seed: u64,
    /// The day after the last of the twelve months.
    pub anchor: NaiveDate,
    /// How large: 1 is 2,000 customers, 1,200 deals and 600 vehicles.
    ///
    /// A unit of it is about 5,800 documents and 36,000 changes; some 90 documents of the group
    /// itself are in every demo. So 0.35 is 2,000 documents, 3.5 is 20,000 and 17 is 100,000.
    pub scale: f64,
}

impl Recipe {
    /// The seed of the [`Opening`](crate::relay::Opening) that the group is founded with, so that
    /// the same recipe gives the same log. No other group may be opened with it.
    pub fn founding_seed(&self) -> [u8; 32] {
        Dice::new(!self.seed).bytes()
    }
}

/// Why there is no demo.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The relay has a staff already: a demo is made in a group of its own.
    #[error("the group is not new")]
    NotNew,
    /// The scale is too small or too large.
    #[error("{0} is no scale: from {SMALLEST_SCALE} to {LARGEST_SCALE}")]
    Scale(f64),
    /// No year lies before the anchor.
    #[error("no year lies before {0}")]
    Anchor(NaiveDate),
    /// The registry lacks a command that the plan asks for.
    #[error("there is no command {0}")]
    NoCommand(&'static str),
    /// The plan uses what was not made.
    #[error("{0} was not made")]
    Unmade(String),
    /// A command refused what was planned.
    #[error("{command} at {at:?} with {input}: {source}")]
    Command {
        /// The command.
        command: &'static str,
        /// Its input, as planned.
        input: String,
        /// When it was asked for.
        at: Timestamp,
        /// Why.
        #[source]
        source: Box<Refusal>,
    },
    /// The relay did not accept what a command wrote.
    #[error("the relay did not accept {command}: {outcome}")]
    NotAccepted {
        /// The command.
        command: &'static str,
        /// What the relay said.
        outcome: String,
    },
    /// What came of it is not as it should be.
    #[error("{}: {}", .0.name, .0.found)]
    Check(Check),
    /// The catalogue holds a trim whose VINs have no shape.
    #[error(transparent)]
    Vin(#[from] VinShapeError),
    /// A command's edits do not fit their document.
    #[error(transparent)]
    Edit(#[from] EditError),
    /// A command writes more than one batch holds.
    #[error(transparent)]
    Batch(#[from] BatchError),
    /// A device was not enrolled.
    #[error(transparent)]
    Enrol(#[from] EnrolError),
    /// The relay failed.
    #[error(transparent)]
    Relay(#[from] RelayError),
}

/// Fills a relay that was just founded with the demo group; `progress` is told how many of how
/// many commands have run.
///
/// # Errors
///
/// [`DemoError`]; the relay then holds a part of the demo and should be thrown away.
pub fn build<S: Store>(
    relay: &mut Relay<S>,
    recipe: &Recipe,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Report, DemoError> {
    if relay.directory().members().next().is_some() {
        return Err(DemoError::NotNew);
    }
    if !(SMALLEST_SCALE..=LARGEST_SCALE).contains(&recipe.scale) {
        return Err(DemoError::Scale(recipe.scale));
    }
    let calendar = Calendar::before(recipe.anchor).ok_or(DemoError::Anchor(recipe.anchor))?;
    let numbers = Numbers::at(recipe.scale);
    let mut dice = Dice::new(recipe.seed);
    let staff = Staff::new();
    let year = plan::plan(&mut dice, calendar, &staff, &numbers)?;
    let first = engage_general_manager(relay, &staff, calendar)?;

    let total = year.events.len() as u64;
    let mut office = Office::open(relay, first, dice);
    for (event, done) in year.events.iter().zip(1..) {
        office.run(event)?;
        progress(done, total);
    }
    office.push()?;
    let batches = office.batches();
    let known = Known::of(&office, &year.story)?;

    let now = at_minute(recipe.anchor, 0);
    let mut report = Report::of(relay, &numbers, year.double_sales, now)?;
    report.batches = batches;
    report.known = known;
    if let Some(check) = report.failed().next() {
        return Err(DemoError::Check(check.clone()));
    }
    Ok(report)
}

/// Makes the general manager, as the relay itself: somebody must engage the others.
fn engage_general_manager<S: Store>(
    relay: &mut Relay<S>,
    staff: &Staff,
    calendar: Calendar,
) -> Result<StaffId, DemoError> {
    let now = at_minute(calendar.founded, 7 * 60);
    let id = relay.fresh_ids(now).document();
    let boss = staff
        .members()
        .find(|(seat, _)| *seat == Seat::GENERAL_MANAGER)
        .ok_or_else(|| DemoError::Unmade("the general manager".to_owned()))?
        .1;
    let hired = plus(calendar.founded, -GENERAL_MANAGER_HIRED_BEFORE);
    let role = format!("role/{}", boss.role);
    let registers = fields([
        ("name", boss.name.into()),
        ("status", "active".into()),
        ("hired", hired.to_string().into()),
        (role.as_str(), true.into()),
    ]);
    let mut edits = Edits::default();
    edits.create(id, Kind::Staff, Space::Group, registers);
    relay.establish(now, "found", &edits)?;
    Ok(id.into())
}
