//! What administrators do.

use serde_json::json;

use crate::process::Home;

/// An Ed25519 public key: the base point's, RFC 8032 test 1.
const KEY: &str = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";

#[test]
fn a_device_is_enrolled_with_a_code_made_while_the_relay_serves() {
    let home = Home::founded();
    let relay = home.serve();
    let code = home.say(&["device", "code", "--staff", "马超"]);
    let body = json!({ "code": code, "public_key": KEY, "device_name": "办公室" });

    let (status, answer) = relay.post("/enrol", &body);

    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["staff_name"], "马超");
    assert_eq!(answer["server_name"], "relay.example");
    assert_eq!(answer["device"], 1);
    assert_eq!(answer["phone_key"].as_str().unwrap().len(), 64);
    // The answer was lost, the device asks again.
    assert_eq!(relay.post("/enrol", &body), (200, answer));
    let other = json!({ "code": code, "public_key": KEY.replace('d', "e"), "device_name": "x" });
    let (status, refused) = relay.post("/enrol", &other);
    assert!(status == 403 || status == 400, "{refused}");
    assert!(refused["error"].is_string());
}

#[test]
fn a_code_is_made_for_people_who_work_here() {
    let home = Home::founded();
    let sentence = home.complaint(&["device", "code", "--staff", "王强"]);
    assert!(sentence.contains("马超"), "{sentence}");
}

#[test]
fn a_relay_tells_how_it_does_and_ends_when_it_is_told_to() {
    let home = Home::founded();
    let relay = home.serve();
    assert_eq!(relay.get("/healthz"), (200, "ok\n".to_owned()));
    // Also from loopback: behind a proxy everyone comes from there.
    assert_eq!(relay.get("/metrics").0, 404);
    assert_eq!(relay.get("/nothing").0, 404);
    let (code, log) = relay.stop();
    assert_eq!(code, Some(0), "{log}");
    // What was in the write-ahead log is in the database.
    assert!(!home.data().join("relay.sqlite-wal").exists());
}

#[test]
fn a_backup_made_while_the_relay_serves_is_restored_with_a_new_epoch() {
    let home = Home::founded();
    let relay = home.serve();
    let backup = home.path("backup.sqlite");
    home.say(&["backup", backup.to_str().unwrap()]);
    let again = home.complaint(&["backup", backup.to_str().unwrap()]);
    assert!(again.contains("exists already"), "{again}");
    assert_eq!(relay.stop().0, Some(0));
    let kept = epoch(&home);
    for private in [&home.database(), &backup, &home.data().join("relay.key")] {
        assert_eq!(mode(private), 0o600, "{}", private.display());
    }
    assert_eq!(mode(&home.data()), 0o700);
    std::fs::rename(home.database(), home.path("lost")).unwrap();

    home.say(&["restore", backup.to_str().unwrap()]);

    assert_ne!(epoch(&home), kept);
    assert!(home.say(&["verify"]).ends_with("0 problems"));
    let relay = home.serve();
    assert_eq!(relay.get("/healthz").0, 200);
    let sentence = home.complaint(&["restore", backup.to_str().unwrap()]);
    assert!(sentence.contains("stop it first"), "{sentence}");
}

#[test]
fn the_log_of_another_database_is_not_replayed_into_a_restored_one() {
    let home = Home::founded();
    let backup = home.path("backup.sqlite");
    home.say(&["backup", backup.to_str().unwrap()]);
    // The relay was killed, and only its main file was moved away.
    let relay = home.serve();
    home.say(&["device", "code", "--staff", "马超"]);
    drop(relay);
    let left_over = home.data().join("relay.sqlite-wal");
    assert!(left_over.metadata().unwrap().len() > 0);
    std::fs::rename(home.database(), home.path("lost")).unwrap();
    // And a restore before was cut off.
    let partial = home.data().join("relay.sqlite.partial");
    std::fs::copy(&left_over, partial.with_extension("partial-wal")).unwrap();

    let sentence = home.complaint(&["restore", backup.to_str().unwrap()]);
    assert!(sentence.contains("relay.sqlite-wal"), "{sentence}");
    assert!(!home.database().exists());

    for beside in ["relay.sqlite-wal", "relay.sqlite-shm"] {
        std::fs::remove_file(home.data().join(beside)).unwrap();
    }
    home.say(&["restore", backup.to_str().unwrap()]);
    assert!(home.say(&["verify"]).ends_with("0 problems"));
    let left: Vec<_> = crate::process::files(&home.data())
        .into_iter()
        .filter(|(path, _)| path.display().to_string().contains("partial"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn verify_finds_a_document_that_is_not_what_its_changes_make() {
    let home = Home::founded();
    assert!(home.say(&["verify"]).ends_with("0 problems"));
    let database = rusqlite::Connection::open(home.database()).unwrap();
    database
        .execute_batch("UPDATE document SET receipts = x''")
        .unwrap();
    drop(database);
    let output = home.run(&["verify"]);
    assert!(!output.status.success());
    assert!(
        String::from_utf8(output.stdout)
            .unwrap()
            .contains("receipts")
    );
}

#[test]
fn purging_what_is_not_there_says_so() {
    let home = Home::founded();
    let nothing = "01890000-0000-7000-8000-000000000000";
    let sentence = home.complaint(&["purge", nothing]);
    assert!(sentence.contains(nothing), "{sentence}");
}

#[test]
fn every_command_explains_itself() {
    let home = Home::empty();
    for command in [
        &["serve"][..],
        &["group", "init"],
        &["device", "code"],
        &["backup"],
        &["restore"],
        &["verify"],
        &["purge"],
    ] {
        let mut run = std::process::Command::new(env!("CARGO_BIN_EXE_forecourt-server"));
        let output = run.args(command).arg("--help").output().unwrap();
        let help = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{command:?}");
        assert!(help.contains("--data"), "{help}");
        assert!(help.contains("[default: "), "{help}");
    }
    assert!(!home.data().exists());
}

fn mode(path: &std::path::Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    path.metadata().unwrap().permissions().mode() & 0o777
}

fn epoch(home: &Home) -> Vec<u8> {
    let database = rusqlite::Connection::open(home.database()).unwrap();
    database
        .query_row("SELECT epoch FROM tenant", [], |row| row.get(0))
        .unwrap()
}
