//! What people, programs and disks hand in, damaged or made up: it is read, or refused with a
//! sentence that says what and where, and nothing panics.
//!
//! Frames and changes have tests of their own beside their decoders.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a harness of tests fails by panicking"
)]

mod damage;
mod databases;
mod inputs;
mod made_up;
