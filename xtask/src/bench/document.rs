//! The document that the benchmarks write, each run its own section and nothing else of it:
//!
//! ```text
//! <!-- begin: NAME, written by `cargo xtask bench` -->
//! …
//! <!-- end: NAME -->
//! ```

use std::fs;

use anyhow::{Context as _, Result};

use crate::workspace;

/// Where it is.
const PATH: &str = "docs/benchmarks.md";

/// Writes a section into the document.
///
/// # Errors
/// When the document cannot be read or written, or has no place for the section.
pub(super) fn write(section: &str, text: &str) -> Result<()> {
    let path = workspace::root().join(PATH);
    let document = fs::read_to_string(&path).with_context(|| format!("cannot read {PATH}"))?;
    let document = with_section(&document, section, text)?;
    fs::write(path, document).with_context(|| format!("cannot write {PATH}"))?;
    println!("written to {PATH}");
    Ok(())
}

/// The document with this section in the place of what was there.
fn with_section(document: &str, section: &str, text: &str) -> Result<String> {
    let begin = format!("<!-- begin: {section}, written by `cargo xtask bench` -->\n");
    let end = format!("<!-- end: {section} -->");
    let parts = document.split_once(&begin).and_then(|(before, rest)| {
        let (_, after) = rest.split_once(&end)?;
        Some((before, after))
    });
    let (before, after) = parts.with_context(|| format!("{PATH} has no section {section}"))?;
    let text = text.trim_end();
    Ok(format!("{before}{begin}\n{text}\n\n{end}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = "# Title\n\n\
        <!-- begin: a, written by `cargo xtask bench` -->\n\nold\n\n<!-- end: a -->\n\nbetween\n\n\
        <!-- begin: b, written by `cargo xtask bench` -->\n<!-- end: b -->\n";

    #[test]
    fn a_section_is_replaced_and_the_rest_stays() {
        let once = with_section(DOCUMENT, "a", "new\n").unwrap();
        let twice = with_section(&once, "b", "other").unwrap();

        assert!(!twice.contains("old") && twice.contains("\n\nnew\n\n<!-- end: a -->\n\nbetween"));
        assert!(twice.ends_with("-->\n\nother\n\n<!-- end: b -->\n"));
        assert_eq!(with_section(&twice, "a", "new").unwrap(), twice);
    }

    #[test]
    fn a_document_without_the_section_is_an_error() {
        assert!(with_section(DOCUMENT, "c", "new").is_err());
    }
}
