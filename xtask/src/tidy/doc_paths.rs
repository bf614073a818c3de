//! Documents name only files and folders that exist, in backticks and in links.

use super::Problem;
use crate::source_tree::SourceTree;

/// Every path that README.md, ARCHITECTURE.md, CHANGELOG.md or a document under
/// docs/ names exists in the tree.
pub(super) fn check(tree: &SourceTree) -> Vec<Problem> {
    let mut problems = Vec::new();
    let is_document = |path: &str| !path.contains('/') || path.starts_with("docs/");
    for (path, text) in tree.ending(&[".md"]).filter(|(path, _)| is_document(path)) {
        for (line, number) in prose_lines(text) {
            let named = code_spans(line).filter(|span| !exists(tree, span));
            let linked = link_targets(line).filter(|target| !exists_beside(tree, path, target));
            for missing in named.chain(linked) {
                let message = format!("`{missing}` is not in the tree");
                problems.push(Problem::at_line(path, number, message));
            }
        }
    }
    problems
}

/// The lines outside fenced blocks, with their numbers.
fn prose_lines(text: &str) -> impl Iterator<Item = (&str, usize)> {
    let mut fenced = false;
    text.lines().zip(1..).filter(move |(line, _)| {
        let is_fence = line.trim_start().starts_with("```");
        fenced ^= is_fence;
        !fenced && !is_fence
    })
}

fn code_spans(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

fn link_targets(line: &str) -> impl Iterator<Item = &str> {
    line.split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next())
        .filter_map(|target| target.split('#').next())
        .filter(|target| !target.is_empty() && !target.contains(':'))
}

/// Whether a span that reads as a path is in the tree; any other span passes.
///
/// A path starts at the root when its first part is there. Else it may start
/// anywhere: `store/sqlite.rs` is what `sync-server/src/store/sqlite.rs` is
/// called when the talk is of that crate.
fn exists(tree: &SourceTree, span: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    if !span.contains('/') || span.starts_with('/') || !span.chars().all(plain) {
        return true;
    }
    let first = span.split('/').next().unwrap_or(span);
    if tree.paths().any(|path| is_at_or_below(path, first)) {
        return tree.paths().any(|path| is_at_or_below(path, span));
    }
    let is_file = [".rs", ".md", ".toml", ".ts", ".tsx", ".json"]
        .iter()
        .any(|ending| span.ends_with(ending));
    !is_file || tree.paths().any(|path| path.ends_with(&format!("/{span}")))
}

fn exists_beside(tree: &SourceTree, document: &str, target: &str) -> bool {
    let mut parts: Vec<&str> = document.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "." | "" => {}
            ".." => drop(parts.pop()),
            name => parts.push(name),
        }
    }
    let wanted = parts.join("/");
    tree.paths().any(|path| is_at_or_below(path, &wanted))
}

fn is_at_or_below(path: &str, wanted: &str) -> bool {
    let wanted = wanted.trim_end_matches('/');
    path.strip_prefix(wanted)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::shown;

    fn found(document: &str) -> Vec<String> {
        let files = [
            ("sync-server/src/store/sqlite.rs", "//! x\n"),
            ("docs/protocol.md", "# Protocol\n"),
        ];
        let mut problems = check(&SourceTree::of([
            files[0],
            files[1],
            ("README.md", document),
        ]));
        problems.extend(check(&SourceTree::of([
            files[0],
            files[1],
            ("docs/a.md", document),
        ])));
        shown(&problems)
    }

    #[test]
    fn files_and_folders_that_exist_pass() {
        let document =
            "`sync-server/`, `sync-server/src/store`, `store/sqlite.rs`, `docs/protocol.md`\n";

        assert!(found(document).is_empty());
    }

    #[test]
    fn a_file_that_is_gone_is_found_from_the_root_and_within_a_crate() {
        let problems = found("see\n`sync-server/src/hub.rs` and `store/postgres.rs`\n");

        assert_eq!(
            problems[0],
            "README.md:2: `sync-server/src/hub.rs` is not in the tree"
        );
        assert_eq!(
            problems[1],
            "README.md:2: `store/postgres.rs` is not in the tree"
        );
        assert_eq!(problems.len(), 4);
    }

    #[test]
    fn spaces_keys_commands_and_fenced_blocks_are_no_paths() {
        let document =
            "`store/S`, `claim/<uuid>`, `cargo xtask run`, `/healthz`\n```\n`docs/gone.md`\n```\n";

        assert!(found(document).is_empty());
    }

    #[test]
    fn a_link_is_followed_from_its_own_document() {
        let problems = found("[protocol](docs/protocol.md#frames), [web](https://example.com/x)\n");

        assert_eq!(
            problems,
            ["docs/a.md:1: `docs/protocol.md` is not in the tree"]
        );
    }
}
