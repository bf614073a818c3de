//! A result with what it was measured on, as it is kept.

use anyhow::Result;
use serde_json::Value;

use crate::machine::Machine;
use crate::process;

/// What a run is measured on; nothing of it names a folder or a host.
pub(super) struct Circumstances {
    commit: String,
    /// Whether the tree has changes that are not committed, but for the scoreboard's own.
    is_dirty: bool,
    rustc: String,
    machine: String,
    /// The day, in UTC.
    date: String,
}

impl Circumstances {
    /// Those of now.
    ///
    /// # Errors
    /// When the folder is not a git work tree.
    pub(super) fn of_this_run() -> Result<Self> {
        let read = |program: &str, arguments: &str| {
            let mut command = process::command(program);
            let said = process::read(command.args(arguments.split(' ')))?;
            Ok::<_, anyhow::Error>(said.trim().to_owned())
        };
        let changes = "status --porcelain -- . :!docs/scoreboard.jsonl :!README.md";
        Ok(Self {
            commit: read("git", "rev-parse --short=10 HEAD")?,
            is_dirty: !read("git", changes)?.is_empty(),
            rustc: read("rustc", "--version")?,
            machine: Machine::of_this_run().to_string(),
            date: read("date", "-u +%Y-%m-%d")?,
        })
    }

    /// A result as it is kept; a shape other than an object is left as it is.
    pub(super) fn record(&self, mut result: Value, form: &str, seconds: u64) -> Value {
        if let Some(fields) = result.as_object_mut() {
            let mut put = |key: &str, value: Value| fields.insert(key.to_owned(), value);
            put("form", form.into());
            put("seconds", seconds.into());
            put("commit", self.commit.as_str().into());
            put("dirty", self.is_dirty.into());
            put("rustc", self.rustc.as_str().into());
            put("machine", self.machine.as_str().into());
            put("date", self.date.as_str().into());
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_says_what_it_was_measured_on_and_names_no_folder() {
        let circumstances = Circumstances::of_this_run().unwrap();

        let record = circumstances.record(serde_json::json!({"value": 3}), "quick", 7);

        for key in ["commit", "rustc", "machine", "date", "form"] {
            let text = record[key].as_str().unwrap();
            assert!(
                !text.is_empty() && !text.contains('/') && !text.contains('\\'),
                "{key}"
            );
        }
        assert_eq!(
            (record["seconds"].as_u64(), record["value"].as_u64()),
            (Some(7), Some(3))
        );
    }
}
