//! Stock and scarcity on whole documents: several devices, offline, in every order.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "what is not as a story says ends the test"
)]

#[allow(dead_code, reason = "each story takes what it needs of the world")]
mod world;

mod claims;
mod conditions;
mod deals;
mod deciders;
mod orders;
mod packs;
mod places;
mod prices;
mod rights;
mod rulings;
mod vehicles;
mod voids;
