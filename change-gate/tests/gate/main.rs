//! What the gate promises, seen from outside.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a test that fails should fail loudly"
)]

mod attacks;
mod corpus;
mod cost;
mod decoded;
mod encoder;
mod histories;
mod honest;
mod hostile;
mod memory;
mod mutations;
mod replica;
mod verdicts;
