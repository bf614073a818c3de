//! The real programs before databases of a version that is not yet.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use stories::golden;
use stories::processes::Site;

/// A version that no program knows.
const NEWER: u32 = 999;

/// Every file of a folder with what it holds.
fn contents(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let files = fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path());
    let mut files: Vec<_> = files
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect();
    // A lock is taken and given back; it holds nothing.
    files.retain(|(path, bytes)| {
        !(bytes.is_empty() && path.extension().is_some_and(|it| it == "lock"))
    });
    files.sort();
    files
}

fn newer(database: &Path) {
    let connection = Connection::open(database).unwrap();
    connection
        .pragma_update(None, "user_version", NEWER)
        .unwrap();
    connection
        .execute_batch("PRAGMA journal_mode = DELETE")
        .unwrap();
}

fn newest() -> PathBuf {
    golden::versions().pop().unwrap()
}

#[test]
fn a_replica_of_a_newer_version_is_refused_in_one_sentence_and_stays_as_it_is() {
    let site = Site::found();
    let tablet = site.stranger("newer");
    fs::create_dir(tablet.folder()).unwrap();
    let database = tablet.folder().join("replica.sqlite");
    golden::unpack(&newest().join("replica.sqlite.deflate"), &database);
    newer(&database);
    let before = contents(tablet.folder());
    for arguments in [
        &["show", "customer_list"][..],
        &["sync"],
        &["verify"],
        &["do", "-"],
    ] {
        let sentence = tablet.run(arguments).unwrap_err();
        assert!(
            sentence.contains(&NEWER.to_string()),
            "{arguments:?}: {sentence}"
        );
        assert_eq!(contents(tablet.folder()), before, "{arguments:?}");
    }
}

#[test]
fn a_relay_of_a_newer_version_is_refused_in_one_sentence_and_stays_as_it_is() {
    let site = Site::found();
    let data = site.data();
    let database = data.join("relay.sqlite");
    for file in ["relay.sqlite", "relay.sqlite-wal", "relay.sqlite-shm"] {
        let file = data.join(file);
        if file.exists() {
            fs::remove_file(file).unwrap();
        }
    }
    golden::unpack(&newest().join("relay.sqlite.deflate"), &database);
    newer(&database);
    let before = contents(&data);
    let backup = site.path("backup.sqlite");
    let backup = backup.to_str().unwrap();
    for arguments in [
        &["serve", "--listen", "127.0.0.1:0"][..],
        &["verify"],
        &["backup", backup],
        &["device", "code", "--staff", "马超"],
    ] {
        let complaint = site.try_to_administer(arguments).unwrap_err();
        let sentence = complaint.lines().last().unwrap_or_default();
        assert!(
            sentence.contains(&NEWER.to_string()),
            "{arguments:?}: {complaint}"
        );
        assert_eq!(contents(&data), before, "{arguments:?}");
    }
}
