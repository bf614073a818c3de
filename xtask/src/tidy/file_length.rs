//! A file is about one concept; past this length it is two.

use super::Problem;
use crate::source_tree::SourceTree;

/// Lines that a source file may have.
const LIMIT: usize = 500;

/// No source file is longer than the limit.
pub(super) fn check(tree: &SourceTree) -> Vec<Problem> {
    tree.ending(&[".rs", ".ts", ".tsx"])
        .filter_map(|(path, text)| {
            let lines = text.lines().count();
            let message = format!("{lines} lines; past {LIMIT} a file is two concepts: split it");
            (lines > LIMIT).then(|| Problem::in_file(path, message))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(lines: usize) -> usize {
        check(&SourceTree::of([("a/src/b.rs", &"x\n".repeat(lines))])).len()
    }

    #[test]
    fn a_file_at_the_limit_passes_and_one_past_it_is_found() {
        assert_eq!(problems(LIMIT), 0);
        assert_eq!(problems(LIMIT + 1), 1);
    }
}
