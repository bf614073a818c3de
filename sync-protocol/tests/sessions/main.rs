//! Both sessions wired back to back, with scripted hosts around them.
//!
//! No runtime, no clock, no sockets: a network is a few queues, and every run can be replayed.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    unreachable_pub,
    reason = "a test stops at what it did not expect"
)]

mod builders;
mod hub;
mod lone;
mod network;
mod replica;

mod catch_up;
mod document;
mod entries;
mod handshake;
mod judging;
mod lifetime;
mod offering;
mod offers;
mod push;
mod reading;
mod resume;
mod segments;
mod simulation;
