//! What holds of the real programs, over real sockets and files.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a harness of tests fails by panicking"
)]

mod live;
