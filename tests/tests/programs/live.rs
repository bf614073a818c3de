//! Tests that start processes; the runner lets two of them run at a time.

mod attacking;
mod decoding;
mod healing;
mod killing;
mod showroom;
mod stories;
