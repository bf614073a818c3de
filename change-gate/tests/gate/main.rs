//! What the gate promises, seen from outside.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that fails should fail loudly"
)]

mod attacks;
mod corpus;
mod encoder;
mod honest;
mod hostile;
mod memory;
mod mutations;
mod replica;
mod verdicts;
