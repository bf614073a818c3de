//! Customers, their contacts and deals, as several devices work on them offline.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "what is not as a story says ends the test"
)]

mod carding;
mod cases;
mod containers;
mod deals;
mod deletions;
mod duplicates;
mod follow_ups;
mod histories;
mod importing;
mod lost;
mod merging;
mod ownership;
mod staff;
#[allow(dead_code, reason = "each story takes what it needs of the world")]
mod world;
