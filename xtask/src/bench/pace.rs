//! How fast a core is just now.
//!
//! A shared machine can be twice as fast at noon as at midnight, whatever its
//! load says. Two reports compare only where their paces do.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

/// Steps of one chain; each needs the one before, so that every build of this
/// loop takes the same few cycles a step.
const STEPS: u32 = 20_000_000;

/// How often the chain is run; the best counts, for others can only slow it.
const TRIES: usize = 5;

/// Millions of xorshift steps that one core does in a second.
pub(super) fn measure() -> f64 {
    let fastest = (0..TRIES).map(|_| time_of_a_chain()).min();
    f64::from(STEPS) / 1e6 / fastest.unwrap_or(Duration::MAX).as_secs_f64()
}

fn time_of_a_chain() -> Duration {
    let begun = Instant::now();
    let mut state = black_box(0x9e37_79b9_7f4a_7c15_u64);
    for _ in 0..STEPS {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
    }
    black_box(state);
    begun.elapsed()
}
