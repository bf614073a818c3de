//! What the benchmarks share: a demo group of any size with a relay that serves it, replicas of
//! it, figures, and its peers.
//!
//! Everything that is costly to make is made once and kept in `target/bench`; a benchmark works
//! on a copy.

pub mod counting_line;
pub mod crowd;
pub mod figures;
pub mod group_of_size;
pub mod hearing;
pub mod listener;
pub mod many_devices;
pub mod peers;
pub mod records;
pub mod serving;

pub use figures::{Spread, say, say_bound};
pub use group_of_size::GroupOfSize;
pub use serving::Serving;

/// The numbers of documents to measure at: those of the variable `FORECOURT_BENCH_DOCUMENTS`,
/// with commas between them, else 2,000, 20,000 and 100,000.
pub fn sizes() -> Vec<usize> {
    match std::env::var("FORECOURT_BENCH_DOCUMENTS") {
        Ok(text) => text
            .split(',')
            .map(|size| size.trim().parse().expect("a number of documents"))
            .collect(),
        Err(_) => vec![2_000, 20_000, 100_000],
    }
}
