//! A crate's own clippy.toml replaces the workspace's: it must repeat every
//! setting of it, and the cores must ban the same things.

use super::Problem;
use crate::source_tree::SourceTree;

const WORKSPACE: &str = "clippy.toml";
const CORES: [&str; 3] = [
    "dealership/clippy.toml",
    "change-gate/clippy.toml",
    "sync-protocol/clippy.toml",
];

/// Every clippy.toml holds at least the workspace's settings.
pub(super) fn check(tree: &SourceTree) -> Vec<Problem> {
    let mut problems = Vec::new();
    let shared = tree.text(WORKSPACE).unwrap_or_default();
    for (path, text) in tree.ending(&["/clippy.toml"]) {
        for setting in settings(shared) {
            if !settings(text).any(|own| own == setting) {
                let message = format!("repeat this line of {WORKSPACE}: {setting}");
                problems.push(Problem::in_file(path, message));
            }
        }
    }

    let core = tree.text(CORES[0]);
    for path in CORES {
        if tree.text(path) != core {
            let message = format!("differs from {}: the cores ban the same things", CORES[0]);
            problems.push(Problem::in_file(path, message));
        }
    }
    problems
}

/// The lines that say something: one switch or one ban each.
fn settings(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .map(str::trim)
        .filter(|line| line.starts_with('{') || line.starts_with("allow-"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::shown;

    const BAN: &str = "disallowed-methods = [\n    { path = \"std::env::temp_dir\" },\n]\n";

    #[test]
    fn a_crate_that_repeats_and_adds_passes() {
        let own = "disallowed-methods = [\n    { path = \"a::b\" },\n    { path = \"std::env::temp_dir\" },\n]\n";

        let problems = check(&SourceTree::of([(WORKSPACE, BAN), ("a/clippy.toml", own)]));

        assert!(problems.is_empty());
    }

    #[test]
    fn a_ban_that_a_crate_drops_is_found() {
        let problems = check(&SourceTree::of([(WORKSPACE, BAN), ("a/clippy.toml", "")]));

        assert_eq!(
            shown(&problems),
            ["a/clippy.toml: repeat this line of clippy.toml: { path = \"std::env::temp_dir\" },"]
        );
    }

    #[test]
    fn a_core_with_bans_of_its_own_is_found() {
        let tree = SourceTree::of([(CORES[0], BAN), (CORES[1], BAN), (CORES[2], "# none\n")]);

        assert_eq!(
            shown(&check(&tree)),
            [
                "sync-protocol/clippy.toml: differs from dealership/clippy.toml: the cores ban the same things"
            ]
        );
    }
}
