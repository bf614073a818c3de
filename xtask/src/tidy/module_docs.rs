//! Every Rust file opens with `//!`: what it is for, before anything else.

use super::Problem;
use crate::source_tree::SourceTree;

/// The first line of every Rust file is a module document with words in it.
pub(super) fn check(tree: &SourceTree) -> Vec<Problem> {
    tree.ending(&[".rs"])
        .filter(|(_, text)| !opens_with_words(text))
        .map(|(path, _)| Problem::at_line(path, 1, "open with `//!` and say what the file is for"))
        .collect()
}

fn opens_with_words(text: &str) -> bool {
    text.lines()
        .next()
        .and_then(|line| line.strip_prefix("//!"))
        .is_some_and(|words| !words.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str) -> usize {
        check(&SourceTree::of([("a/src/b.rs", text)])).len()
    }

    #[test]
    fn a_file_that_says_what_it_is_for_passes() {
        assert_eq!(problems("//! Claims on a vehicle.\n"), 0);
    }

    #[test]
    fn a_file_without_a_head_is_found() {
        for text in [
            "",
            "use std::fmt;\n",
            "// A comment.\n",
            "//!\n",
            "\n//! Late.\n",
        ] {
            assert_eq!(problems(text), 1, "{text:?}");
        }
    }
}
