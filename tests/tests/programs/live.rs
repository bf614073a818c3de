//! Tests that start processes; the runner lets two of them run at a time.

mod attacking;
mod dawdling;
mod decoding;
mod drills;
mod healing;
mod segments;
mod stories;
