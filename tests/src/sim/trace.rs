//! The trace of a run: what happened, as a hash and, for who reads a failure, as lines.

use sha2::{Digest, Sha256};

/// How many lines are kept.
const KEPT: usize = 400;

/// What happened until now.
#[derive(Default)]
pub(super) struct Trace {
    hash: Sha256,
    lines: std::collections::VecDeque<String>,
}

impl Trace {
    /// Adds something that a person can read.
    pub(super) fn say(&mut self, at: u64, line: &str) {
        self.hash.update(at.to_be_bytes());
        self.hash.update(line);
        if self.lines.len() == KEPT {
            self.lines.pop_front();
        }
        let seconds = at as f64 / 1_000.0;
        self.lines.push_back(format!("{seconds:>9.3} {line}"));
    }

    /// Adds bytes.
    pub(super) fn add(&mut self, at: u64, bytes: &[u8]) {
        self.hash.update(at.to_be_bytes());
        self.hash.update(bytes);
    }

    /// The hash of all of it, and the last lines.
    pub(super) fn end(self) -> (String, Vec<String>) {
        (hex::encode(self.hash.finalize()), self.lines.into())
    }
}
