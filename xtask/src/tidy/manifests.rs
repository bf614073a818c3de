//! Manifests: every crate inherits the workspace's lints, and a version is
//! written once, in the workspace.

use toml::{Table, Value};

use super::Problem;
use crate::source_tree::SourceTree;

/// Every crate's `Cargo.toml` inherits lints and versions.
pub(super) fn check(tree: &SourceTree) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (path, text) in tree.ending(&["/Cargo.toml"]) {
        // The arrows rule reports a manifest that is no TOML.
        let Ok(manifest) = text.parse::<Table>() else {
            continue;
        };
        let inherits_lints = manifest
            .get("lints")
            .and_then(|lints| lints.get("workspace"))
            .and_then(Value::as_bool);
        if inherits_lints != Some(true) {
            problems.push(Problem::in_file(path, "add `[lints] workspace = true`"));
        }
        for name in names_with_a_version(&manifest) {
            let message =
                format!("the version of `{name}` belongs into the workspace's Cargo.toml");
            problems.push(Problem::in_file(path, message));
        }
    }
    problems
}

fn names_with_a_version(manifest: &Table) -> Vec<&str> {
    let mut names = Vec::new();
    for (key, value) in manifest {
        let Value::Table(table) = value else { continue };
        if key.ends_with("dependencies") {
            let with_version = table
                .iter()
                .filter(|(_, entry)| entry.is_str() || entry.get("version").is_some());
            names.extend(with_version.map(|(name, _)| name.as_str()));
        } else if key == "target" {
            names.extend(
                table
                    .values()
                    .filter_map(Value::as_table)
                    .flat_map(names_with_a_version),
            );
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::shown;

    fn found(manifest: &str) -> Vec<String> {
        shown(&check(&SourceTree::of([("a/Cargo.toml", manifest)])))
    }

    #[test]
    fn a_crate_that_inherits_everything_passes() {
        assert!(
            found("[lints]\nworkspace = true\n[dependencies]\nserde.workspace = true\n").is_empty()
        );
    }

    #[test]
    fn a_crate_without_the_workspaces_lints_is_found() {
        assert_eq!(
            found("[lints.rust]\nunsafe_code = \"allow\"\n"),
            ["a/Cargo.toml: add `[lints] workspace = true`"]
        );
    }

    #[test]
    fn a_version_in_a_crate_is_found() {
        for table in [
            "dependencies",
            "dev-dependencies",
            "target.'cfg(unix)'.dependencies",
        ] {
            for version in ["\"1\"", "{ version = \"1\", features = [] }"] {
                let manifest = format!("[lints]\nworkspace = true\n[{table}]\nserde = {version}\n");

                assert_eq!(found(&manifest).len(), 1, "{manifest}");
            }
        }
    }
}
