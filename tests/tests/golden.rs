//! What earlier versions left on disks and said over the wire is read and answered by this one.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a harness of tests fails by panicking"
)]

#[path = "golden/live.rs"]
mod live;

use stories::golden;

#[test]
fn every_version_is_opened_shown_and_answered_as_it_was() {
    let versions = golden::versions();
    assert!(!versions.is_empty(), "there are golden files");
    for version in versions {
        let problems = golden::read(&version);
        assert_eq!(problems, [""; 0], "{}", version.display());
    }
}

#[test]
fn golden_files_are_never_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let refused = golden::make(folder.path()).unwrap_err().to_string();
    assert!(refused.contains("never changed"), "{refused}");
}

#[test]
fn a_golden_file_that_this_version_makes_it_reads() {
    let folder = tempfile::tempdir().unwrap();
    let made = folder.path().join("made");
    golden::make(&made).unwrap();
    assert_eq!(golden::read(&made), [""; 0]);
    // A test that reads anything would prove nothing.
    let path = made.join("expected.json");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("张伟", "刘备")).unwrap();
    assert!(!golden::read(&made).is_empty());
}
