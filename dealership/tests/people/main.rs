//! Customers, their contacts and deals, as several devices work on them offline.

mod carding;
mod deals;
mod follow_ups;
mod staff;
mod world;
