//! A file bears the name of its one concept. These names say only that
//! something was left over.

use super::Problem;
use crate::source_tree::SourceTree;

const BANNED: [&str; 10] = [
    "common",
    "helper",
    "helpers",
    "manager",
    "misc",
    "mod",
    "types",
    "util",
    "utilities",
    "utils",
];

/// No source file and no folder that holds one bears a banned name.
pub(super) fn check(tree: &SourceTree) -> Vec<Problem> {
    tree.ending(&[".rs", ".ts", ".tsx"])
        .filter_map(|(path, _)| {
            let name = path
                .split('/')
                .map(|part| part.split('.').next().unwrap_or(part))
                .find(|name| BANNED.contains(name))?;
            let message = match name {
                "mod" => "name the file after its folder: foo.rs beside foo/".to_owned(),
                _ => format!("`{name}` names nothing: call it by its one concept"),
            };
            Some(Problem::in_file(path, message))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::shown;

    fn found(path: &str) -> Vec<String> {
        shown(&check(&SourceTree::of([(path, "//! x\n")])))
    }

    #[test]
    fn a_concept_is_a_good_name() {
        assert!(found("dealership/src/utility_vehicle.rs").is_empty());
    }

    #[test]
    fn left_over_names_are_found_in_files_and_folders() {
        for path in [
            "a/src/utils.rs",
            "a/src/common/claim.rs",
            "common/src/claim.rs",
            "client-web/app/helpers.test.ts",
        ] {
            assert_eq!(found(path).len(), 1, "{path}");
        }
    }

    #[test]
    fn a_module_file_in_its_folder_is_found() {
        assert_eq!(
            found("a/src/claim/mod.rs"),
            ["a/src/claim/mod.rs: name the file after its folder: foo.rs beside foo/"]
        );
    }
}
