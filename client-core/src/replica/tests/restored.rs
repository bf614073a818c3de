//! A relay that went back to an earlier backup takes nothing away, and gets back what builds on it.

use serde_json::json;

use crate::Replica;
use crate::replica::tests::catch_up::{dealership, heads, reader};
use crate::testing::relay::cursor;
use crate::testing::{LI_NA, WANG_QIANG, run};

#[test]
fn a_save_of_a_relay_that_lost_changes_takes_none_away() {
    let (mut relay, _, [customer, _]) = dealership();
    let mut replica = reader(&relay);
    replica
        .receive(&relay.saves(), cursor(relay.head().0))
        .unwrap();
    // A backup from before the last rename was restored at the relay.
    relay.log.pop();

    replica
        .receive(&relay.saves(), cursor(relay.head().0))
        .unwrap();

    assert_eq!(replica.history(customer).unwrap().len(), 3);
    assert!(replica.verify(&mut |_| {}).unwrap().is_well());
}

#[test]
fn own_changes_that_a_relay_has_lost_are_pushed_again_below_what_builds_on_them() {
    for is_save in [false, true] {
        let (mut relay, mut author, [customer, _]) = dealership();
        let before = relay.head();
        let rename = |author: &mut Replica, minutes, name: &str| {
            let input = json!({"customer": customer, "name": name});
            run(author, "rename", input, minutes);
        };
        rename(&mut author, 6, "一");
        rename(&mut author, 7, "二");
        relay.sync(LI_NA, &mut author);
        if is_save {
            author
                .receive(&relay.saves(), cursor(relay.head().0))
                .unwrap();
        }
        relay.lose_after(before);
        rename(&mut author, 8, "三");

        relay.sync(LI_NA, &mut author);

        assert_eq!(author.outbox(9, &[]).unwrap(), []);
        assert_eq!(author.outbox_summary().unwrap().batches, 0);
        assert_eq!(author.quarantine().unwrap(), []);
        let mut other = reader(&relay);
        relay.read(&mut other);
        assert_eq!(heads(&other, customer), heads(&author, customer));
        assert_eq!(other.history(customer).unwrap().len(), 6);
        assert!(author.verify(&mut |_| {}).unwrap().is_well());
    }
}

#[test]
fn what_builds_on_lost_changes_is_applied_after_them() {
    let (mut relay, _, [customer, _]) = dealership();
    let before = relay.head();
    let mut replica = reader(&relay);
    relay.read(&mut replica);
    let rename = |name: &str| json!({"customer": customer, "name": name});
    run(&mut replica, "rename", rename("一"), 6);
    relay.sync(WANG_QIANG, &mut replica);
    // The change is in the base, and another in a row above it.
    replica
        .receive(&relay.saves(), cursor(relay.head().0))
        .unwrap();
    run(&mut replica, "rename", rename("二"), 7);
    relay.lose_after(before);

    for _ in 0..2 {
        replica
            .receive(&relay.saves(), cursor(relay.head().0))
            .unwrap();
        replica.rebuild(&mut |_| {}).unwrap();
        assert_eq!(replica.history(customer).unwrap().len(), 5);
    }
    assert!(replica.verify(&mut |_| {}).unwrap().is_well());
}
