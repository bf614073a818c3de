//! The text that is committed or about to be: what the tidy rules read. The
//! rules see only this, so that a test can hand them a bad example.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use anyhow::{Context as _, Result};

use crate::process;

/// The files of the workspace by their path from its root, with `/` between.
#[derive(Default)]
pub(crate) struct SourceTree {
    texts: BTreeMap<String, String>,
    binary: BTreeSet<String>,
}

/// One line of Rust that is not a comment.
pub(crate) struct CodeLine<'a> {
    /// Its number, from 1.
    pub(crate) number: usize,
    pub(crate) text: &'a str,
    /// Whether the line is compiled for tests only.
    pub(crate) in_test: bool,
}

impl SourceTree {
    /// Reads every file that git tracks or would track.
    ///
    /// # Errors
    /// When the folder is not a git work tree, or a file cannot be read.
    pub(crate) fn load(root: &Path) -> Result<Self> {
        let mut list = process::command("git");
        list.args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ])
        .current_dir(root);
        let mut tree = Self::default();
        for path in process::read(&mut list)?.split_terminator('\0') {
            let file = root.join(path);
            // Git still lists a file that was deleted and not yet committed.
            if !file.is_file() {
                continue;
            }
            let bytes = std::fs::read(&file).with_context(|| format!("cannot read {path}"))?;
            match String::from_utf8(bytes) {
                Ok(text) => tree.texts.insert(path.to_owned(), text).map_or((), drop),
                Err(_) => {
                    tree.binary.insert(path.to_owned());
                }
            }
        }
        Ok(tree)
    }

    /// A tree of these files, for the tests of the rules.
    #[cfg(test)]
    pub(crate) fn of<const N: usize>(files: [(&str, &str); N]) -> Self {
        let texts = files
            .into_iter()
            .map(|(path, text)| (path.to_owned(), text.to_owned()))
            .collect();
        Self {
            texts,
            binary: BTreeSet::new(),
        }
    }

    /// Every text file: path and text.
    pub(crate) fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.texts
            .iter()
            .map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// Every text file whose name ends with one of these, such as `.rs`.
    pub(crate) fn ending<'a>(
        &'a self,
        endings: &'a [&str],
    ) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.texts()
            .filter(|(path, _)| endings.iter().any(|ending| path.ends_with(ending)))
    }

    /// The text of one file.
    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        self.texts.get(path).map(String::as_str)
    }

    /// Every path, also of files that are not text.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &str> {
        self.texts.keys().chain(&self.binary).map(String::as_str)
    }
}

/// The lines of a Rust file that are neither blank nor a comment.
pub(crate) fn code_lines<'a>(
    path: &str,
    text: &'a str,
) -> impl Iterator<Item = CodeLine<'a>> + use<'a> {
    let first_test_line = if path.split('/').any(|folder| folder == "tests") {
        Some(1)
    } else {
        first_line_of_test_module(text)
    };
    text.lines().zip(1..).filter_map(move |(text, number)| {
        let trimmed = text.trim_start();
        let is_code = !trimmed.is_empty() && !trimmed.starts_with("//");
        is_code.then_some(CodeLine {
            number,
            text,
            in_test: first_test_line.is_some_and(|first| number >= first),
        })
    })
}

/// By the house's order the test module is the last item of a file.
fn first_line_of_test_module(text: &str) -> Option<usize> {
    let mut attribute = None;
    for (line, number) in text.lines().zip(1..) {
        if line == "#[cfg(test)]" {
            attribute = Some(number);
        } else if line.starts_with("mod ") && attribute.is_some() {
            return attribute;
        } else if !line.starts_with("#[") {
            attribute = None;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str =
        "//! Head.\n\nfn run() {}\n\n#[cfg(test)]\nmod tests {\n    // why\n    fn check() {}\n}\n";

    #[test]
    fn comments_and_blank_lines_are_no_code() {
        let numbers: Vec<_> = code_lines("a/src/b.rs", FILE)
            .map(|line| line.number)
            .collect();

        assert_eq!(numbers, [3, 5, 6, 8, 9]);
    }

    #[test]
    fn code_below_the_test_attribute_is_test_code() {
        let first_test_line = code_lines("a/src/b.rs", FILE).find(|line| line.in_test);

        assert_eq!(first_test_line.unwrap().number, 5);
    }

    #[test]
    fn a_single_item_for_tests_is_not_the_test_module() {
        let file = "//! Head.\n#[cfg(test)]\nuse std::fmt;\n\nmod claim;\nfn run() {}\n";

        assert!(!code_lines("a/src/b.rs", file).any(|line| line.in_test));
    }

    #[test]
    fn a_file_in_a_tests_folder_is_all_test_code() {
        assert!(code_lines("a/tests/b.rs", FILE).all(|line| line.in_test));
    }
}
