//! What `do -` reads: one command a line.

use std::io::{BufRead, Read as _};

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::Value as Json;

/// The longest line of `do -`: as much as one batch may weigh, with room for JSON.
const MAX_LINE: usize = 1 << 20;

/// The lines of `do -`, of which no more than the longest that may be is ever in memory.
pub(super) struct Lines<R> {
    input: R,
    /// The line that was read last, from 1.
    pub(super) number: usize,
}

/// A line of `do -`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Line {
    /// The command's name.
    pub(super) command: String,
    /// Its input.
    #[serde(default)]
    pub(super) input: Json,
}

impl<R: BufRead> Lines<R> {
    /// Reads them from here.
    pub(super) const fn of(input: R) -> Self {
        Self { input, number: 0 }
    }

    /// The next line that is not blank; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Line>> {
        loop {
            self.number = self.number.saturating_add(1);
            let number = self.number;
            let mut line = Vec::new();
            // One byte more tells a line that is too long from one that just fits.
            let mut room = self.input.by_ref().take(MAX_LINE as u64 + 1);
            let read = room.read_until(b'\n', &mut line);
            read.with_context(|| format!("line {number} of stdin cannot be read"))?;
            if line.is_empty() {
                return Ok(None);
            }
            if line.strip_suffix(b"\n").unwrap_or(&line).len() > MAX_LINE {
                bail!("line {number} of stdin is longer than {MAX_LINE} bytes");
            }
            if line.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            let parsed = serde_json::from_slice(&line);
            return parsed.map(Some).with_context(|| {
                format!("line {number} of stdin is not {{\"command\", \"input\"}}")
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Cursor};

    use super::*;

    fn commands(input: &[u8]) -> Result<Vec<String>> {
        let mut lines = Lines::of(Cursor::new(input));
        let mut commands = Vec::new();
        while let Some(line) = lines.next()? {
            commands.push(line.command);
        }
        Ok(commands)
    }

    #[test]
    fn commands_stand_one_a_line_and_blank_lines_are_none() {
        let input = b"{\"command\": \"a\"}\n\n  \n{\"command\": \"b\", \"input\": {}}";
        assert_eq!(commands(input).unwrap(), ["a", "b"]);
        assert_eq!(commands(b"").unwrap(), [] as [&str; 0]);
    }

    #[test]
    fn a_line_without_end_is_not_taken_into_memory() {
        /// Never ends, and counts.
        struct Endless(u64);
        impl io::Read for Endless {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                buffer.fill(b' ');
                self.0 += buffer.len() as u64;
                Ok(buffer.len())
            }
        }
        let mut lines = Lines::of(io::BufReader::new(Endless(0)));
        let refused = lines.next().err().unwrap();
        assert!(refused.to_string().starts_with("line 1 of stdin is longer"));
        let taken = lines.input.into_inner().0;
        assert!(taken <= 2 * MAX_LINE as u64, "{taken}");
    }

    #[test]
    fn whatever_is_no_command_is_refused_with_its_line() {
        let deep = "[".repeat(100_000);
        for wrong in [
            &b"\xff\xfe"[..],
            b"hello",
            b"{}",
            b"{\"command\": 1}",
            b"{\"command\": \"a\", \"more\": 1}",
            b"{\"command\": \"a\"",
            deep.as_bytes(),
        ] {
            let input = [b"{\"command\": \"a\"}\n", wrong].concat();
            let refused = format!("{:#}", commands(&input).err().unwrap());
            assert!(refused.starts_with("line 2 of stdin is not"), "{refused}");
        }
    }
}
