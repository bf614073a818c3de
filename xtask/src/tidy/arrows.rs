//! Which of our crates may know which: the arrows of ARCHITECTURE.md. An arrow
//! that is not in the table is a problem, in tests and build scripts too.

use toml::{Table, Value};

use super::Problem;
use crate::source_tree::SourceTree;

/// A package and those of our packages that it may depend on.
type Row = (&'static str, &'static [&'static str]);

const ALLOWED: [Row; 10] = [
    ("dealership", &[]),
    ("change-gate", &[]),
    ("sync-protocol", &[]),
    (
        "client-core",
        &["dealership", "change-gate", "sync-protocol"],
    ),
    ("client-cli", &["client-core", "dealership"]),
    (
        "sync-server",
        &["dealership", "change-gate", "sync-protocol"],
    ),
    (
        "stories",
        &[
            "dealership",
            "change-gate",
            "sync-protocol",
            "client-core",
            "client-cli",
            "sync-server",
        ],
    ),
    ("fuzz-targets", &["stories"]),
    ("xtask", &[]),
    ("samod-driver", &[]),
];

/// Every arrow between our crates is in the table.
pub(super) fn check(tree: &SourceTree) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut packages = Vec::new();
    for (path, text) in tree.ending(&["Cargo.toml"]) {
        match text.parse::<Table>() {
            Ok(manifest) => {
                packages.extend(package_name(&manifest).map(|name| (path, name, manifest)))
            }
            Err(error) => problems.push(Problem::in_file(path, format!("no valid TOML: {error}"))),
        }
    }
    let ours: Vec<&str> = packages.iter().map(|(_, name, _)| name.as_str()).collect();

    for (path, name, manifest) in &packages {
        let Some((_, allowed)) = ALLOWED.iter().find(|(package, _)| package == name) else {
            let message =
                format!("`{name}` has no row in xtask/src/tidy/arrows.rs: decide what it may know");
            problems.push(Problem::in_file(path, message));
            continue;
        };
        for dependency in dependencies(manifest) {
            if ours.contains(&dependency.as_str()) && !allowed.contains(&dependency.as_str()) {
                let message =
                    format!("the arrow {name} → {dependency} is not drawn in ARCHITECTURE.md");
                problems.push(Problem::in_file(path, message));
            }
        }
    }
    problems
}

fn package_name(manifest: &Table) -> Option<String> {
    Some(manifest.get("package")?.get("name")?.as_str()?.to_owned())
}

/// The packages that a manifest names in any of its dependency tables, also in
/// those of one target, under their real names.
fn dependencies(manifest: &Table) -> Vec<String> {
    let mut found = Vec::new();
    for (key, value) in manifest {
        let Value::Table(table) = value else { continue };
        if matches!(
            key.as_str(),
            "dependencies" | "dev-dependencies" | "build-dependencies"
        ) {
            found.extend(table.iter().map(|(name, entry)| {
                let renamed = entry.get("package").and_then(Value::as_str);
                renamed.unwrap_or(name).to_owned()
            }));
        } else if key == "target" {
            let targets = table.values().filter_map(Value::as_table);
            found.extend(targets.flat_map(dependencies));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::shown;

    const GATE: (&str, &str) = (
        "change-gate/Cargo.toml",
        "[package]\nname = \"change-gate\"\n",
    );

    fn domain(dependencies: &str) -> String {
        format!("[package]\nname = \"dealership\"\n{dependencies}")
    }

    fn found(dependencies: &str) -> Vec<String> {
        let manifest = domain(dependencies);
        let tree = SourceTree::of([GATE, ("dealership/Cargo.toml", &manifest)]);
        shown(&check(&tree))
    }

    #[test]
    fn a_drawn_arrow_passes() {
        let client =
            "[package]\nname = \"client-core\"\n[dependencies]\nchange-gate.workspace = true\n";

        let problems = check(&SourceTree::of([GATE, ("client-core/Cargo.toml", client)]));

        assert!(problems.is_empty());
    }

    #[test]
    fn a_planted_arrow_is_found_in_every_kind_of_dependency_table() {
        for table in [
            "dependencies",
            "dev-dependencies",
            "build-dependencies",
            "target.'cfg(unix)'.dependencies",
        ] {
            let problems = found(&format!("[{table}]\nchange-gate.workspace = true\n"));

            assert_eq!(
                problems,
                [
                    "dealership/Cargo.toml: the arrow dealership → change-gate is not drawn in ARCHITECTURE.md"
                ],
                "in [{table}]"
            );
        }
    }

    #[test]
    fn a_planted_arrow_is_found_under_another_name() {
        let problems = found(
            "[dependencies]\ngate = { package = \"change-gate\", path = \"../change-gate\" }\n",
        );

        assert_eq!(problems.len(), 1);
    }

    #[test]
    fn a_dependency_on_someone_elses_crate_is_no_arrow() {
        assert!(found("[dependencies]\nserde = \"1\"\n").is_empty());
    }

    #[test]
    fn a_crate_without_a_row_is_found() {
        let tree = SourceTree::of([("left-over/Cargo.toml", "[package]\nname = \"left-over\"\n")]);

        assert!(shown(&check(&tree))[0].contains("`left-over` has no row"));
    }
}
