//! `cargo xtask tidy`: the rules of the house that no compiler knows. Each rule
//! is one file below, a pure function from the source tree to problems, with a
//! test that shows it a bad example.

mod arrows;
mod clippy_bans;
mod doc_paths;
mod file_length;
mod file_names;
mod fingerprint;
mod machine_traces;
mod manifests;
mod module_docs;
mod sleeping_tests;
mod unordered_collections;

use std::fmt;

use anyhow::{Result, bail};

use crate::{source_tree::SourceTree, workspace};

/// Which way to be tidy.
#[derive(clap::Args, Default)]
pub(crate) struct Options {
    /// Writes the fingerprint of today's messages into docs/protocol.md: after
    /// the document has been brought up to date with them
    #[arg(long)]
    bless: bool,
}

/// One place where a rule is broken.
pub(crate) struct Problem {
    /// The file's path from the workspace's root.
    path: String,
    /// The line, from 1, where the problem has one.
    line: Option<usize>,
    /// What is wrong and what to do.
    message: String,
}

type Rule = fn(&SourceTree) -> Vec<Problem>;

const RULES: [(&str, Rule); 11] = [
    ("arrows", arrows::check),
    ("manifests", manifests::check),
    ("clippy-bans", clippy_bans::check),
    ("file-names", file_names::check),
    ("file-length", file_length::check),
    ("module-docs", module_docs::check),
    ("doc-paths", doc_paths::check),
    ("fingerprint", fingerprint::check),
    ("machine-traces", machine_traces::check),
    ("sleeping-tests", sleeping_tests::check),
    ("unordered-collections", unordered_collections::check),
];

/// Checks every rule and prints what breaks one.
///
/// # Errors
/// When a rule is broken, or the tree cannot be read.
pub(crate) fn run(options: &Options) -> Result<()> {
    let root = workspace::root();
    let mut tree = SourceTree::load(&root)?;
    if options.bless {
        fingerprint::bless(&root, &tree)?;
        tree = SourceTree::load(&root)?;
    }

    let mut count = 0;
    for (name, check) in RULES {
        for problem in check(&tree) {
            println!("{problem} [{name}]");
            count += 1;
        }
    }
    match count {
        0 => {
            println!(
                "tidy: {} rules hold over {} files",
                RULES.len(),
                tree.paths().count()
            );
            Ok(())
        }
        1 => bail!("tidy: 1 problem"),
        _ => bail!("tidy: {count} problems"),
    }
}

impl Problem {
    fn in_file(path: &str, message: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            line: None,
            message: message.into(),
        }
    }

    fn at_line(path: &str, line: usize, message: impl Into<String>) -> Self {
        Self {
            line: Some(line),
            ..Self::in_file(path, message)
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.path, self.message),
            None => write!(f, "{}: {}", self.path, self.message),
        }
    }
}

/// What the rules' tests compare: the problems as they are printed.
#[cfg(test)]
fn shown(problems: &[Problem]) -> Vec<String> {
    problems.iter().map(ToString::to_string).collect()
}
