//! Faults of storage, one at a time and thousands of times: what a relay and a device do when
//! their disk fails them.
//!
//! A [`Stage`] is a relay and a device with something on them; each fault happens to a copy of
//! it. What they run on is the simulator's disk, below the code that opens, writes and reads
//! databases in the programs.

#![allow(
    clippy::print_stdout,
    reason = "what is played again is told on the terminal"
)]

pub mod operation;
pub mod power;
mod stage;

pub use stage::Stage;
