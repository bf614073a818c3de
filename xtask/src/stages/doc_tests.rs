//! The examples in the documentation. Cargo's own run starts rustdoc for every
//! crate and closes with "0 passed" for each that has none, so it is started
//! only where there is an example to run.

use std::collections::BTreeSet;

use anyhow::Result;

use crate::{process, source_tree::SourceTree, workspace};

/// Runs the documentation's examples of the libraries that have some.
///
/// # Errors
/// When one fails.
pub(super) fn run() -> Result<()> {
    let tree = SourceTree::load(&workspace::root())?;
    let folders = folders_with_examples(&tree);
    if folders.is_empty() {
        println!("no documentation holds an example to run");
    }
    for folder in folders {
        let manifest = format!("{folder}/Cargo.toml");
        let mut examples = process::cargo("test --doc --locked --manifest-path");
        process::run(examples.arg(manifest))?;
    }
    Ok(())
}

fn folders_with_examples(tree: &SourceTree) -> BTreeSet<&str> {
    tree.ending(&[".rs"])
        .filter(|(_, text)| has_example(text))
        .filter_map(|(path, _)| path.split_once("/src/"))
        .map(|(folder, _)| folder)
        .filter(|folder| tree.text(&format!("{folder}/src/lib.rs")).is_some())
        .collect()
}

/// Whether a documentation comment opens a block that rustdoc would run.
fn has_example(text: &str) -> bool {
    let mut open = false;
    text.lines().any(|line| {
        let comment = line.trim_start();
        let documentation = comment
            .strip_prefix("///")
            .or_else(|| comment.strip_prefix("//!"));
        let Some(language) = documentation.and_then(|words| words.trim_start().strip_prefix("```"))
        else {
            return false;
        };
        open = !open;
        let runs = ["", "rust", "no_run", "should_panic", "compile_fail"];
        open && runs.contains(&language.split(',').next().unwrap_or_default().trim())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_with_a_runnable_block_is_named() {
        let tree = SourceTree::of([
            ("a/src/lib.rs", "//! A.\n"),
            (
                "a/src/b.rs",
                "/// ```\n/// assert!(true);\n/// ```\nfn b() {}\n",
            ),
            ("c/src/lib.rs", "//! ```text\n//! a picture\n//! ```\n"),
        ]);

        assert_eq!(folders_with_examples(&tree), BTreeSet::from(["a"]));
    }

    #[test]
    fn a_program_has_no_examples_to_run() {
        let tree = SourceTree::of([("a/src/main.rs", "//! ```\n//! run();\n//! ```\n")]);

        assert!(folders_with_examples(&tree).is_empty());
    }
}
