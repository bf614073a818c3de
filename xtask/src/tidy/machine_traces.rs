//! Nothing committed names one person's machine, or where a machine fetches its
//! packages from: it would be true nowhere else.

use super::Problem;
use crate::source_tree::SourceTree;

// Written in two parts, so that this file passes its own rule.
const FOLDERS: [&str; 5] = [
    concat!("/ho", "me/"),
    concat!("/ro", "ot/"),
    concat!("/wo", "rk/"),
    concat!("/Us", "ers/"),
    concat!(r"C:\Us", r"ers\"),
];

const HOSTS: [&str; 9] = [
    concat!("index.", "crates.io"),
    concat!("static.", "crates.io"),
    concat!("registry.", "npmjs.org"),
    concat!("registry.", "yarnpkg.com"),
    concat!("py", "pi.org"),
    concat!("files.", "pythonhosted.org"),
    concat!("deb.", "debian.org"),
    concat!("security.", "debian.org"),
    concat!("arti", "factory"),
];

/// No text names a machine's folder or a package registry's host.
pub(super) fn check(tree: &SourceTree) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (path, text) in tree.texts() {
        for (line, number) in text.lines().zip(1..) {
            if FOLDERS.iter().any(|folder| names_folder(line, folder)) {
                let message = "names a folder of one machine: use a relative path";
                problems.push(Problem::at_line(path, number, message));
            }
            if HOSTS.iter().any(|host| line.contains(host)) {
                let message = "names the host of a package registry: name the package alone";
                problems.push(Problem::at_line(path, number, message));
            }
        }
    }
    problems
}

/// Whether the folder is named at the start of a path, not inside a longer one.
fn names_folder(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(at, _)| {
        let before = line.get(..at).and_then(|start| start.chars().next_back());
        !before.is_some_and(|c| c.is_alphanumeric() || "._-~>})".contains(c))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str) -> usize {
        check(&SourceTree::of([("a/b.md", text)])).len()
    }

    #[test]
    fn every_machines_folder_is_found_and_the_same_name_inside_a_path_is_not() {
        for folder in FOLDERS {
            assert_eq!(problems(&format!("open {folder}li/a.txt")), 1, "{folder}");
            assert_eq!(problems(&format!("file://{folder}li/a.txt")), 1, "{folder}");
            assert_eq!(problems(&format!("see docs{folder}a.txt")), 0, "{folder}");
        }
    }

    #[test]
    fn every_registrys_host_is_found() {
        for host in HOSTS {
            assert_eq!(
                problems(&format!("\"resolved\": \"https://{host}/x\"")),
                1,
                "{host}"
            );
        }
    }

    #[test]
    fn a_lock_files_name_for_the_public_index_passes() {
        assert_eq!(
            problems("source = \"registry+https://github.com/rust-lang/crates.io-index\""),
            0
        );
    }
}
