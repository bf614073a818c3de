//! The protocol and its document change together: docs/protocol.md carries the
//! fingerprint of the code it describes. Whoever changes that code reads the
//! document again and writes the new fingerprint with `--bless`.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use sha2::{Digest as _, Sha256};

use super::Problem;
use crate::source_tree::{SourceTree, code_lines};

const DOCUMENT: &str = "docs/protocol.md";
const SOURCES: &str = "sync-protocol/src/";
/// What decides only when something is said, not how: it changes no byte that a
/// stranger's client would have to know.
const NOT_ON_THE_WIRE: [&str; 6] = [
    "backoff",
    "client_session",
    "error",
    "lib",
    "relay_session",
    "window",
];
const MARK: &str = "<!-- fingerprint: ";
const MARK_END: &str = " -->";

/// The fingerprint in the document is that of the code.
pub(super) fn check(tree: &SourceTree) -> Vec<Problem> {
    let Some(expected) = of_code(tree) else {
        return Vec::new();
    };
    let Some(document) = tree.text(DOCUMENT) else {
        let message = format!("{SOURCES} speaks a protocol and no document describes it");
        return vec![Problem::in_file(DOCUMENT, message)];
    };
    let marked = document
        .lines()
        .zip(1..)
        .find_map(|(line, number)| Some((fingerprint_in(line)?, number)));
    match marked {
        Some((found, _)) if found == expected => Vec::new(),
        Some((_, line)) => {
            let message = format!(
                "{SOURCES} has changed: bring this document up to date, then `cargo xtask tidy --bless`"
            );
            vec![Problem::at_line(DOCUMENT, line, message)]
        }
        None => {
            let message =
                format!("add the line `{MARK}0{MARK_END}`, then `cargo xtask tidy --bless`");
            vec![Problem::in_file(DOCUMENT, message)]
        }
    }
}

/// Writes the code's fingerprint into the document.
///
/// # Errors
/// When there is no document, or no line for a fingerprint in it.
pub(super) fn bless(root: &Path, tree: &SourceTree) -> Result<()> {
    let expected = of_code(tree).context("sync-protocol has no code to describe")?;
    let document = tree
        .text(DOCUMENT)
        .with_context(|| format!("{DOCUMENT} does not exist"))?;
    ensure!(
        document.lines().any(|line| fingerprint_in(line).is_some()),
        "{DOCUMENT} has no line `{MARK}…{MARK_END}`"
    );
    std::fs::write(root.join(DOCUMENT), with_fingerprint(document, &expected))
        .with_context(|| format!("cannot write {DOCUMENT}"))
}

fn with_fingerprint(document: &str, fingerprint: &str) -> String {
    document
        .split_inclusive('\n')
        .map(|line| match fingerprint_in(line.trim_end()) {
            Some(_) => format!("{MARK}{fingerprint}{MARK_END}\n"),
            None => line.to_owned(),
        })
        .collect()
}

fn fingerprint_in(line: &str) -> Option<&str> {
    line.strip_prefix(MARK)?.strip_suffix(MARK_END)
}

fn is_on_the_wire(name: &str) -> bool {
    let module = name.split(['/', '.']).next().unwrap_or(name);
    !NOT_ON_THE_WIRE.contains(&module)
}

/// The first 16 bytes, in hex, of the SHA-256 of the code's lines; nothing when
/// there is no such code yet. Comments and tests do not count.
fn of_code(tree: &SourceTree) -> Option<String> {
    let mut digest = Sha256::new();
    let mut files = 0;
    for (path, text) in tree.ending(&[".rs"]) {
        let Some(name) = path
            .strip_prefix(SOURCES)
            .filter(|name| is_on_the_wire(name))
        else {
            continue;
        };
        files += 1;
        digest.update(name);
        for line in code_lines(path, text).filter(|line| !line.in_test) {
            digest.update("\n");
            digest.update(line.text.trim());
        }
        digest.update("\0");
    }
    let hash = digest.finalize();
    let hex = hash.iter().take(16).map(|byte| format!("{byte:02x}"));
    (files > 0).then(|| hex.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::shown;

    const FILE: &str = "sync-protocol/src/message.rs";
    const CODE: &str = "//! Messages.\nenum Message { Hello }\n";

    fn tree(code: &str, document: &str) -> SourceTree {
        SourceTree::of([(FILE, code), (DOCUMENT, document)])
    }

    fn blessed(code: &str) -> String {
        let fingerprint = of_code(&tree(code, "")).unwrap();
        with_fingerprint("# Protocol\n<!-- fingerprint: 0 -->\nText\n", &fingerprint)
    }

    #[test]
    fn a_blessed_document_passes_and_keeps_its_text() {
        let document = blessed(CODE);

        assert!(document.starts_with("# Protocol\n") && document.ends_with("\nText\n"));
        assert!(check(&tree(CODE, &document)).is_empty());
    }

    #[test]
    fn a_message_changed_without_its_document_is_found() {
        let changed = "//! Messages.\nenum Message { Hello, Bye }\n";

        let problems = shown(&check(&tree(changed, &blessed(CODE))));

        assert_eq!(problems.len(), 1);
        assert!(problems[0].starts_with("docs/protocol.md:2: sync-protocol/src/ has changed"));
    }

    #[test]
    fn a_comment_or_a_test_changes_no_fingerprint() {
        let commented =
            format!("{CODE}// Why.\n\n#[cfg(test)]\nmod tests {{\n    fn check() {{}}\n}}\n");

        assert!(check(&tree(&commented, &blessed(CODE))).is_empty());
    }

    #[test]
    fn a_session_changes_no_fingerprint() {
        let with_session = SourceTree::of([
            (FILE, CODE),
            (
                "sync-protocol/src/relay_session/pushes.rs",
                "//! Pushes.\nfn push() {}\n",
            ),
        ]);

        assert_eq!(of_code(&with_session), of_code(&tree(CODE, "")));
    }

    #[test]
    fn a_renamed_file_changes_the_fingerprint() {
        let moved = SourceTree::of([("sync-protocol/src/frame.rs", CODE)]);

        assert_ne!(of_code(&moved), of_code(&tree(CODE, "")));
    }

    #[test]
    fn a_protocol_without_a_document_is_found_and_a_document_without_a_mark() {
        let alone = SourceTree::of([(FILE, CODE)]);

        assert_eq!(check(&alone).len(), 1);
        assert_eq!(check(&tree(CODE, "# Protocol\n")).len(), 1);
    }
}
