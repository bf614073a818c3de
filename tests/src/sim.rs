//! The simulator: groups with their relays and devices, on disks, networks and clocks that fail,
//! in virtual time.
//!
//! A [`Plan`] says who there is and what happens when; a seed [draws one](Plan::of_seed). A
//! world runs it over what ships: the sessions, the gate, the domain, SQLite. First there is
//! chaos; then faults stop, and within bounded time everyone must have everything. What must hold
//! is asked of [`crate::invariants`]; that what does not hold is found is asked of [planted
//! bugs](crate::planted). Whoever runs a plan again gets the same trace; one that fails
//! [is shrunk](shrink()) to what it takes.

mod check;
pub(crate) mod disk;
mod dues;
mod generate;
mod hostile;
mod ledger;
mod line;
mod member;
mod opening;
mod outage;
mod people;
mod plan;
mod replaced;
mod restored;
mod seen;
mod shrink;
mod site;
mod teeth;
mod trace;
mod twins;
mod world;

pub use plan::{Event, Node, Plan, Role, What};
pub use seen::{RARE, SIGHTS, Seen};
pub use shrink::shrink;
pub use teeth::{Bite, bite, broken_by};
pub use world::{Outcome, run, run_planted};
