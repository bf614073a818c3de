//! The programs that were built beside the tests.

use std::env::consts::EXE_SUFFIX;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Where the programs are.
#[derive(Clone, Debug)]
pub struct Programs {
    /// `forecourt-server`.
    pub server: PathBuf,
    /// `forecourt`.
    pub client: PathBuf,
}

impl Programs {
    /// Finds the programs in the folder that the running test was built into.
    ///
    /// Cargo builds the programs of other packages for no test; `cargo xtask test` has them built
    /// first. One that is missing, or older than what it was made from, would test something
    /// else: then this panics and says what to do.
    pub fn built() -> Self {
        let folder = Self::folder();
        Self {
            server: program(&folder, "forecourt-server"),
            client: program(&folder, "forecourt"),
        }
    }

    /// Where cargo puts programs: `target/PROFILE`, seen from a program there or a test in its
    /// `deps`.
    pub fn folder() -> PathBuf {
        let test = std::env::current_exe().expect("a test knows its own path");
        let folder = test.parent().expect("cargo's target folder");
        match folder.parent().filter(|_| folder.ends_with("deps")) {
            Some(above) => above.to_owned(),
            None => folder.to_owned(),
        }
    }
}

fn program(folder: &Path, name: &str) -> PathBuf {
    const REMEDY: &str =
        "run `cargo build --workspace --bins --locked`, as `cargo xtask test` does";
    let path = folder.join(format!("{name}{EXE_SUFFIX}"));
    let Ok(built) = modified(&path) else {
        panic!("{} is not built: {REMEDY}", path.display());
    };
    let notes = folder.join(format!("{name}.d"));
    let notes = fs::read_to_string(&notes)
        .unwrap_or_else(|error| panic!("{} cannot be read: {error}", notes.display()));
    // One that is gone was renamed, and the program is older than that.
    let is_newer = |source: &PathBuf| modified(source).map_or(true, |at| at > built);
    if let Some(newer) = sources(&notes).into_iter().find(is_newer) {
        panic!(
            "{} is older than {}: {REMEDY}",
            path.display(),
            newer.display()
        );
    }
    path
}

/// The files that cargo noted: `PROGRAM: FILE FILE…`, spaces within a name escaped.
fn sources(notes: &str) -> Vec<PathBuf> {
    let listed = notes.split_once(": ").map_or("", |(_, files)| files);
    listed
        .replace("\\ ", "\0")
        .split_whitespace()
        .map(|file| PathBuf::from(file.replace('\0', " ")))
        .collect()
}

fn modified(path: &Path) -> std::io::Result<SystemTime> {
    fs::metadata(path)?.modified()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_is_not_built_is_said_to_be_so_with_the_remedy() {
        let folder = tempfile::tempdir().unwrap();
        let caught = std::panic::catch_unwind(|| program(folder.path(), "forecourt"));
        let message = caught.unwrap_err();
        let message = message.downcast_ref::<String>().unwrap();
        assert!(
            message.contains("cargo build --workspace --bins"),
            "{message}"
        );
    }

    #[test]
    fn a_program_older_than_its_source_is_not_run() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(format!("forecourt{EXE_SUFFIX}"));
        fs::write(&path, "").unwrap();
        let old = fs::File::options().write(true).open(&path).unwrap();
        old.set_modified(SystemTime::UNIX_EPOCH).unwrap();
        let source = folder.path().join("a b.rs");
        fs::write(&source, "").unwrap();
        let noted = source.display().to_string().replace(' ', "\\ ");
        fs::write(folder.path().join("forecourt.d"), format!("x: {noted}\n")).unwrap();
        let caught = std::panic::catch_unwind(|| program(folder.path(), "forecourt"));
        let message = caught.unwrap_err();
        let message = message.downcast_ref::<String>().unwrap();
        assert!(message.contains("is older than"), "{message}");
        old.set_modified(SystemTime::now()).unwrap();
        assert_eq!(program(folder.path(), "forecourt"), path);
    }
}
