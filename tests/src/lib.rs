//! What the stories share: a whole group in one process, without a socket and without a clock.
//!
//! A [`Network`] holds a relay and the replicas of its devices. A story says who does what, when
//! and where the network is missing; [`Network::sync`] and [`Network::settle`] carry messages,
//! with faults that a seed decides. [`processes`] does the same with the real programs.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a harness of tests fails by panicking"
)]

pub mod bench;
pub mod chaos;
pub mod commands;
pub mod connection;
pub mod drill;
pub mod faults;
pub mod fuzzing;
pub mod golden;
pub mod group;
pub mod invariants;
pub mod network;
pub mod planted;
pub mod processes;
pub mod proxy;
pub mod sim;

pub use chaos::Weather;
pub use network::{Device, Network};
