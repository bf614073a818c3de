//! The cores give the same result for the same input on every machine, so
//! nothing in them iterates in random order.

use super::Problem;
use crate::source_tree::{SourceTree, code_lines};

const CORES: [&str; 3] = ["dealership/", "change-gate/", "sync-protocol/"];
const UNORDERED: [&str; 4] = ["HashMap", "HashSet", "hash_map", "hash_set"];

/// No core names a hash map or a hash set.
pub(super) fn check(tree: &SourceTree) -> Vec<Problem> {
    let mut problems = Vec::new();
    let in_core = |path: &str| CORES.iter().any(|core| path.starts_with(core));
    for (path, text) in tree.ending(&[".rs"]).filter(|(path, _)| in_core(path)) {
        for line in code_lines(path, text) {
            if UNORDERED.iter().any(|name| line.text.contains(name)) {
                let message = "its order differs from run to run: use BTreeMap or BTreeSet";
                problems.push(Problem::at_line(path, line.number, message));
            }
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(path: &str) -> usize {
        let text = "//! No HashMap here.\nuse std::collections::HashMap;\n";
        check(&SourceTree::of([(path, text)])).len()
    }

    #[test]
    fn a_hash_map_in_a_core_is_found_once_and_its_mention_in_a_comment_is_not() {
        assert_eq!(problems("dealership/src/stock.rs"), 1);
        assert_eq!(problems("sync-protocol/tests/golden.rs"), 1);
    }

    #[test]
    fn a_hash_map_elsewhere_passes() {
        assert_eq!(problems("sync-server/src/hub.rs"), 0);
    }
}
