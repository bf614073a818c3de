//! forecourt-server, the relay: it checks, merges, orders and keeps every change of a group.
//!
//! Read in this order: [`store`] (what is kept), [`relay`] (what is accepted, and who gets it).

pub mod demo;
pub mod relay;
pub mod store;
pub mod wire;
