//! What is wrong is said in one sentence, and nothing is changed.

use std::net::TcpListener;

use crate::process::{Home, files};

#[test]
fn a_folder_without_a_group_is_not_served() {
    let home = Home::empty();
    let sentence = home.complaint(&["serve"]);
    assert!(sentence.contains("group init"), "{sentence}");
    assert!(!home.data().exists());
}

#[test]
fn a_setting_that_nobody_knows_is_refused() {
    let home = Home::founded();
    let before = files(&home.data());
    let config = home.path("relay.toml");
    std::fs::write(&config, "lisen = \"127.0.0.1:1\"").unwrap();
    let sentence = home.complaint(&["serve", "--config", config.to_str().unwrap()]);
    assert!(sentence.contains("lisen"), "{sentence}");
    assert_eq!(files(&home.data()), before);
}

#[test]
fn plain_text_for_others_is_refused() {
    let home = Home::founded();
    let sentence = home.complaint(&["serve", "--listen", "0.0.0.0:0"]);
    assert!(sentence.contains("--tls-cert"), "{sentence}");
}

#[test]
fn a_certificate_that_is_none_is_refused() {
    let home = Home::founded();
    let path = home.path("relay.crt");
    std::fs::write(&path, "nothing").unwrap();
    let path = path.to_str().unwrap();
    let sentence = home.complaint(&["serve", "--tls-cert", path, "--tls-key", path]);
    assert!(sentence.contains("relay.crt"), "{sentence}");
}

#[test]
fn a_busy_port_is_refused() {
    let home = Home::founded();
    let busy = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = busy.local_addr().unwrap().to_string();
    let sentence = home.complaint(&["serve", "--listen", &address]);
    assert!(sentence.contains(&address), "{sentence}");
    assert!(sentence.contains("in use"), "{sentence}");
}

#[test]
fn a_second_relay_in_the_same_folder_is_refused() {
    let home = Home::founded();
    let first = home.serve();
    let sentence = home.complaint(&["serve", "--listen", "127.0.0.1:0"]);
    assert!(sentence.contains("stop it first"), "{sentence}");
    assert_eq!(first.get("/healthz"), (200, "ok\n".to_owned()));
}

#[test]
fn another_programs_database_is_refused_and_left_as_it_is() {
    for setup in [
        "CREATE TABLE notes (text TEXT);",
        "PRAGMA application_id = 7; CREATE TABLE notes (text TEXT);",
    ] {
        let home = Home::founded();
        std::fs::remove_file(home.database()).unwrap();
        let foreign = rusqlite::Connection::open(home.database()).unwrap();
        foreign.execute_batch(setup).unwrap();
        drop(foreign);
        let before = std::fs::read(home.database()).unwrap();
        let sentence = home.complaint(&["serve"]);
        assert!(sentence.contains("is not a relay's database"), "{sentence}");
        assert_eq!(std::fs::read(home.database()).unwrap(), before);
    }
}

#[test]
fn a_file_that_is_no_database_is_refused_and_left_as_it_is() {
    for bytes in [&b"hello"[..], &[7; 10_000]] {
        let home = Home::founded();
        std::fs::write(home.database(), bytes).unwrap();
        let before = files(&home.data());
        let sentence = home.complaint(&["serve"]);
        assert!(sentence.contains("is not a relay's database"), "{sentence}");
        let after = files(&home.data());
        let without_lock = |files: Vec<(std::path::PathBuf, Vec<u8>)>| {
            let kept = files
                .into_iter()
                .filter(|(path, _)| !path.ends_with("relay.lock"));
            kept.collect::<Vec<_>>()
        };
        assert_eq!(without_lock(after), without_lock(before));
    }
}

#[test]
fn a_newer_database_is_refused_and_left_as_it_is() {
    let home = Home::founded();
    let newer = rusqlite::Connection::open(home.database()).unwrap();
    newer.execute_batch("PRAGMA user_version = 999;").unwrap();
    newer
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        .unwrap();
    drop(newer);
    let before = std::fs::read(home.database()).unwrap();
    let sentence = home.complaint(&["serve"]);
    assert!(sentence.contains("newer"), "{sentence}");
    assert!(sentence.contains("999"), "{sentence}");
    assert_eq!(std::fs::read(home.database()).unwrap(), before);
}

#[test]
fn a_relay_without_its_key_is_not_served() {
    let home = Home::founded();
    std::fs::remove_file(home.data().join("relay.key")).unwrap();
    let sentence = home.complaint(&["serve"]);
    assert!(sentence.contains("relay.key"), "{sentence}");
    assert!(!home.data().join("relay.key").exists());
}

#[test]
fn a_damaged_log_is_not_served() {
    let home = Home::founded();
    let database = rusqlite::Connection::open(home.database()).unwrap();
    database
        .execute_batch("UPDATE log SET received_at = received_at + 1")
        .unwrap();
    drop(database);
    let sentence = home.complaint(&["serve"]);
    assert!(sentence.contains("chain"), "{sentence}");
}

#[test]
fn a_group_is_founded_once() {
    let home = Home::founded();
    let again = [
        "group",
        "init",
        "--server-name",
        "x",
        "--administrator",
        "y",
    ];
    let sentence = home.complaint(&again);
    assert!(sentence.contains("already"), "{sentence}");
}
