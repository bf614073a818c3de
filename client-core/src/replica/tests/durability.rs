//! Saved means saved: restarts, failures half-way, lost acknowledgements, copies.

use serde_json::json;

use crate::testing::relay::Relay;
use crate::testing::{LI_NA, SeededEntropy, WANG_QIANG, made, minute, reopen, run};
use crate::{OpenError, Replica, ReplicaError};

fn name_of(replica: &Replica, customer: dealership::DocumentId) -> String {
    let document = replica.shelf().document(customer).unwrap().unwrap();
    document.text("name").unwrap().to_owned()
}

#[test]
fn an_offline_edit_survives_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let mut relay = Relay::new();
    let mut replica = LI_NA.replica_at(folder.path());
    relay.sync(LI_NA, &mut replica);
    let customer = made(&run(&mut replica, "card", json!({"name": "张伟"}), 1));
    run(
        &mut replica,
        "rename",
        json!({"customer": customer, "name": "张伟强"}),
        2,
    );
    let outbox = replica.outbox(9, &[]).unwrap();
    drop(replica);

    let replica = reopen(folder.path(), 77);

    assert_eq!(name_of(&replica, customer), "张伟强");
    assert_eq!(replica.outbox(9, &[]).unwrap(), outbox);
    assert_eq!(replica.history(customer).unwrap().len(), 2);
}

#[test]
fn a_command_before_the_first_synchronisation_says_what_is_missing() {
    let mut replica = LI_NA.replica();
    let refused = replica.execute("card", json!({"name": "张伟"}), minute(1));
    assert!(matches!(refused, Err(ReplicaError::NotYetSynced { .. })));
    assert_eq!(replica.outbox_summary().unwrap().batches, 0);
}

#[test]
fn a_replica_has_one_writer() {
    let folder = tempfile::tempdir().unwrap();
    let _replica = LI_NA.replica_at(folder.path());
    let again = Replica::open(
        folder.path(),
        SeededEntropy::boxed(1),
        minute(0),
        &mut |_| {},
    );
    assert!(matches!(again, Err(OpenError::InUse)));
}

#[test]
fn a_replica_is_made_once_and_opened_only_where_one_is() {
    let folder = tempfile::tempdir().unwrap();
    let missing = Replica::open(
        folder.path(),
        SeededEntropy::boxed(1),
        minute(0),
        &mut |_| {},
    );
    assert!(matches!(missing, Err(OpenError::Missing)));
    drop(LI_NA.replica_at(folder.path()));
    let again = Replica::create(folder.path(), &LI_NA.identity(), SeededEntropy::boxed(1));
    assert!(matches!(again, Err(OpenError::Exists)));
}

#[test]
fn a_refused_command_leaves_nothing_behind() {
    let mut relay = Relay::new();
    let mut replica = LI_NA.replica();
    relay.sync(LI_NA, &mut replica);
    let nobody = WANG_QIANG.staff();
    let refused = replica.execute(
        "rename",
        json!({"customer": nobody, "name": "x"}),
        minute(1),
    );
    assert!(matches!(refused, Err(ReplicaError::Refused(_))));
    assert_eq!(replica.outbox_summary().unwrap().batches, 0);
}

#[test]
fn a_lost_acknowledgement_does_no_harm() {
    let mut relay = Relay::new();
    let mut replica = LI_NA.replica();
    relay.sync(LI_NA, &mut replica);
    let customer = made(&run(&mut replica, "card", json!({"name": "张伟"}), 1));
    let batch = replica.outbox(1, &[]).unwrap().remove(0);
    // The relay has it; the verdict is lost, the log is not.
    relay.push(&batch);
    relay.read(&mut replica);
    assert_eq!(replica.outbox(9, &[]).unwrap(), [batch]);

    relay.sync(LI_NA, &mut replica);

    assert_eq!(replica.outbox(9, &[]).unwrap(), []);
    let history = replica.history(customer).unwrap();
    assert_eq!(history.len(), 1);
    assert!(history[0].seq.is_some());
}

#[test]
fn entries_and_cursor_are_stored_together_or_not_at_all() {
    let mut relay = Relay::new();
    let mut author = LI_NA.replica();
    relay.sync(LI_NA, &mut author);
    let customer = made(&run(&mut author, "card", json!({"name": "张伟"}), 1));
    relay.sync(LI_NA, &mut author);
    let mut replica = WANG_QIANG.replica();
    replica
        .welcomed(&relay.welcome(WANG_QIANG), minute(2))
        .unwrap();
    // The cursor cannot be written: the last thing that the transaction does.
    replica
        .sql("CREATE TRIGGER full BEFORE INSERT ON cursor BEGIN SELECT raise(ABORT, 'full'); END");

    let (entries, cursor) = relay.page(0, relay.head().0);
    assert!(replica.receive(&entries, cursor).is_err());

    assert_eq!(replica.cursor().unwrap(), None);
    assert!(replica.shelf().document(customer).unwrap().is_none());
    replica.sql("DROP TRIGGER full");
    replica.receive(&entries, cursor).unwrap();
    assert_eq!(replica.cursor().unwrap(), Some(cursor));
    assert_eq!(name_of(&replica, customer), "张伟");
}

#[test]
fn a_copied_replica_never_goes_on_under_the_same_actor() {
    let folder = tempfile::tempdir().unwrap();
    let mut relay = Relay::new();
    let mut replica = LI_NA.replica_at(&folder.path().join("first"));
    relay.sync(LI_NA, &mut replica);
    let customer = made(&run(&mut replica, "card", json!({"name": "张伟"}), 1));
    replica
        .backup(&folder.path().join("backup"), &mut |_| {})
        .unwrap();
    run(
        &mut replica,
        "rename",
        json!({"customer": customer, "name": "一"}),
        2,
    );
    relay.sync(LI_NA, &mut replica);

    Replica::restore(
        &folder.path().join("second"),
        &folder.path().join("backup"),
        &mut |_| {},
    )
    .unwrap();
    let mut copy = reopen(&folder.path().join("second"), 99);
    run(
        &mut copy,
        "rename",
        json!({"customer": customer, "name": "二"}),
        3,
    );
    relay.sync(LI_NA, &mut copy);
    relay.sync(LI_NA, &mut replica);

    // Both were accepted, both replicas hold the three changes and show the same.
    assert_eq!(copy.history(customer).unwrap().len(), 3);
    assert_eq!(replica.history(customer).unwrap().len(), 3);
    assert_eq!(name_of(&copy, customer), name_of(&replica, customer));
    assert!(copy.verify(&mut |_| {}).unwrap().is_well());
}

#[test]
fn a_backup_that_is_none_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("backup");
    std::fs::write(&file, "a letter to the manager").unwrap();
    let refused = Replica::restore(&folder.path().join("r"), &file, &mut |_| {});
    assert!(matches!(refused, Err(OpenError::Foreign)), "{refused:?}");
    assert!(!folder.path().join("r").exists());
}

#[test]
fn a_foreign_file_in_the_folder_is_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("replica.sqlite");
    rusqlite::Connection::open(&file)
        .unwrap()
        .execute_batch("CREATE TABLE theirs (a)")
        .unwrap();
    let before = std::fs::read(&file).unwrap();
    let opened = Replica::open(
        folder.path(),
        SeededEntropy::boxed(1),
        minute(0),
        &mut |_| {},
    );
    assert!(matches!(opened, Err(OpenError::Foreign)));
    let made = Replica::create(folder.path(), &LI_NA.identity(), SeededEntropy::boxed(1));
    assert!(matches!(made, Err(OpenError::Foreign)));
    assert_eq!(std::fs::read(&file).unwrap(), before);
}

#[test]
fn the_log_of_another_replica_is_not_replayed_into_a_restored_one() {
    let folder = tempfile::tempdir().unwrap();
    let (home, backup) = (folder.path().join("r"), folder.path().join("backup"));
    let mut relay = Relay::new();
    let mut replica = LI_NA.replica_at(&home);
    relay.sync(LI_NA, &mut replica);
    replica.backup(&backup, &mut |_| {}).unwrap();
    run(&mut replica, "card", json!({"name": "张伟"}), 1);
    // The process was killed, and only the main file was moved away.
    let left_over = home.join("replica.sqlite-wal");
    let log = std::fs::read(&left_over).unwrap();
    assert!(!log.is_empty());
    drop(replica);
    std::fs::rename(home.join("replica.sqlite"), folder.path().join("lost")).unwrap();
    std::fs::write(&left_over, &log).unwrap();
    // And a restore before was cut off.
    std::fs::write(home.join("replica.unfinished-wal"), &log).unwrap();

    let refused = Replica::restore(&home, &backup, &mut |_| {});
    assert!(matches!(refused, Err(OpenError::LeftOver { file }) if file == left_over));

    std::fs::remove_file(&left_over).unwrap();
    Replica::restore(&home, &backup, &mut |_| {}).unwrap();
    let mut replica = reopen(&home, 5);
    assert_eq!(replica.outbox_summary().unwrap().batches, 0);
    assert!(replica.verify(&mut |_| {}).unwrap().is_well());
}

#[cfg(unix)]
#[test]
fn nobody_but_its_owner_reads_a_replica() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let (home, backup) = (folder.path().join("r"), folder.path().join("backup"));
    let mut replica = LI_NA.replica_at(&home);
    Relay::new().sync(LI_NA, &mut replica);
    replica.backup(&backup, &mut |_| {}).unwrap();
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    let files = std::fs::read_dir(&home).unwrap();
    let files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    assert!(files.len() >= 3, "{files:?}");
    for file in files.iter().chain([&backup]) {
        assert_eq!(mode(file), 0o600, "{}", file.display());
    }
    assert_eq!(mode(&home), 0o700);
}

#[test]
fn what_was_purged_or_left_is_in_no_byte_of_the_replicas_files() {
    for is_purged in [true, false] {
        let folder = tempfile::tempdir().unwrap();
        let mut relay = crate::testing::relay::Relay::new();
        let mut replica = LI_NA.replica_at(folder.path());
        relay.sync(LI_NA, &mut replica);
        let cards: Vec<_> = (0..40)
            .map(|number| {
                let name = format!("秘密的名字{number:02}");
                made(&run(&mut replica, "card", json!({"name": name}), number))
            })
            .collect();
        relay.sync(LI_NA, &mut replica);
        let holds = || {
            let text = "秘密的名字".as_bytes();
            std::fs::read_dir(folder.path()).unwrap().any(|file| {
                let path = file.unwrap().path();
                let bytes = if path.is_file() {
                    std::fs::read(path).unwrap()
                } else {
                    Vec::new()
                };
                bytes.windows(text.len()).any(|window| window == text)
            })
        };
        assert!(holds(), "else nothing is proved");
        for card in cards {
            if is_purged {
                relay.purge(card);
            } else {
                relay.leave(card);
            }
        }

        relay.sync(LI_NA, &mut replica);

        assert!(!holds(), "purged: {is_purged}");
        assert!(replica.verify(&mut |_| {}).unwrap().is_well());
    }
}
