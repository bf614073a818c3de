//! The program as administrators and devices meet it: real processes, real files, real sockets.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod administering;
mod connecting;
mod demo;
mod process;
mod refusing;
