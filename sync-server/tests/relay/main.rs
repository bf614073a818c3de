//! The relay's core as its hosts see it: pushes, verdicts, enrolment, purges, connections.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod accepting;
mod admission;
mod bounds;
mod confirming;
mod enrolling;
mod healing;
mod purging;
mod segments;
mod showroom;
