//! Who comes in, and what a connection brings.

use dealership::edit::Edits;
use dealership::{Kind, Seq, Space, Timestamp, schema};
use sync_protocol::cursor::Cursor;
use sync_protocol::message::{OutboxSummary, Versions, spaces_digest};
use sync_protocol::{ByeCode, Greeting, SpaceName, Walk};
use sync_server::relay::{Admittance, Guest};
use sync_server::wire;

use crate::showroom::{NOON, Showroom, Tablet, fields};

fn greeting(tablet: &Tablet, cursor: Option<Cursor>, spaces: &[SpaceName]) -> Greeting {
    Greeting {
        versions: Versions::SPOKEN,
        device: sync_protocol::DeviceNumber(tablet.device.0),
        build: "test".to_owned(),
        shapes: schema::SHAPE as u32,
        clock: wire::timestamp(NOON),
        window: sync_protocol::limits::DEFAULT_WINDOW,
        outbox: OutboxSummary::default(),
        cursor,
        spaces: Some(spaces_digest(spaces)),
    }
}

fn guest(showroom: &Showroom, greeting: &Greeting) -> Guest {
    match showroom.relay.front_desk().admit(NOON, greeting).unwrap() {
        Admittance::Admitted(guest) => *guest,
        Admittance::Dismissed(bye) => panic!("{bye:?}"),
    }
}

/// Reads everything there is, and gives the cursor.
fn read_all(showroom: &Showroom, guest: &Guest) -> Cursor {
    let head = showroom.relay.head().seq;
    let walk = Walk {
        start: wire::seq(Seq(0)),
        end: wire::seq(head),
    };
    let desk = showroom.relay.front_desk();
    let answer = desk.read(&guest.spaces, Seq(0), walk).unwrap();
    assert_eq!(answer.through, answer.head);
    Cursor {
        epoch: guest.admission.epoch,
        seq: answer.through,
        tag: answer.tag,
    }
}

#[test]
fn a_cursor_that_the_relay_gave_counts_while_the_spaces_are_the_same() {
    let mut showroom = Showroom::open();
    let mut li_na = showroom.consultant("李娜");
    let (_, open) = li_na.open_deal(showroom.space());
    showroom.accepted(&li_na, vec![open]);
    let first = guest(&showroom, &greeting(&li_na, None, &[]));
    assert!(!first.admission.cursor_tag_is_valid);
    let cursor = read_all(&showroom, &first);
    let spaces = &first.admission.spaces;

    let again = guest(&showroom, &greeting(&li_na, Some(cursor), spaces));
    assert!(again.admission.cursor_tag_is_valid && again.admission.has_same_spaces);
    assert_eq!(&again.admission.spaces, spaces);

    // She becomes a manager, and holds the contacts of others from now on.
    let mut edits = Edits::default();
    edits.set(li_na.staff.into(), "role/manager", true);
    showroom.relay.establish(NOON, "promote", &edits).unwrap();
    let promoted = guest(&showroom, &greeting(&li_na, Some(cursor), spaces));
    assert!(promoted.admission.spaces.len() > spaces.len());
    assert!(!promoted.admission.has_same_spaces);
}

#[test]
fn a_cursor_ahead_of_the_log_proves_once_that_it_has_gone_back() {
    // The same group twice; the second has lost what the first has acknowledged.
    let (mut showroom, mut rolled_back) = (Showroom::open(), Showroom::open());
    let mut li_na = showroom.consultant("李娜");
    let mut of_the_backup = rolled_back.consultant("李娜");
    let (_, open) = li_na.open_deal(showroom.space());
    showroom.accepted(&li_na, vec![open]);
    let before = guest(&showroom, &greeting(&li_na, None, &[]));
    let cursor = read_all(&showroom, &before);
    let spaces = &before.admission.spaces;
    let forged = Cursor {
        seq: sync_protocol::Seq(cursor.seq.0 + 1),
        ..cursor
    };

    assert!(
        !guest(
            &rolled_back,
            &greeting(&of_the_backup, Some(forged), spaces)
        )
        .admission
        .cursor_tag_is_valid
    );
    assert!(!rolled_back.relay.heal(&forged).unwrap());
    // Whatever its spaces, a cursor of this relay ahead of its log counts.
    for spaces in [spaces.as_slice(), &[]] {
        let greeting = greeting(&of_the_backup, Some(cursor), spaces);
        assert!(guest(&rolled_back, &greeting).admission.cursor_tag_is_valid);
    }
    let old = rolled_back.relay.group().epoch;
    assert!(!showroom.relay.heal(&cursor).unwrap());
    assert!(rolled_back.relay.heal(&cursor).unwrap());
    assert_ne!(rolled_back.relay.group().epoch, old);
    assert!(!rolled_back.relay.heal(&cursor).unwrap());

    let mut rolled_back = rolled_back.restart();
    let again = guest(
        &rolled_back,
        &greeting(&of_the_backup, Some(cursor), spaces),
    );
    assert!(!again.admission.cursor_tag_is_valid);
    assert_ne!(again.admission.epoch, old);
    // What devices have seen of the lost end does not count against them.
    of_the_backup.base_seq = Seq(cursor.seq.0);
    let (_, late) = of_the_backup.open_deal(rolled_back.space());
    rolled_back.accepted(&of_the_backup, vec![late]);
}

#[test]
fn a_log_that_went_back_is_known_also_after_it_has_grown_again() {
    let (mut showroom, mut rolled_back) = (Showroom::open(), Showroom::open());
    let mut li_na = showroom.consultant("李娜");
    let mut of_the_backup = rolled_back.consultant("李娜");
    let (_, open) = li_na.open_deal(showroom.space());
    showroom.accepted(&li_na, vec![open]);
    let before = guest(&showroom, &greeting(&li_na, None, &[]));
    let cursor = read_all(&showroom, &before);
    of_the_backup.actor[0] = 8;
    for _ in 0..3 {
        let (deal, open) = of_the_backup.open_deal(rolled_back.space());
        let stage = of_the_backup.stage(deal, rolled_back.space(), "needs");
        rolled_back.accepted(&of_the_backup, vec![open, stage]);
    }
    assert!(rolled_back.head() > cursor.seq.0);

    let hello = greeting(&of_the_backup, Some(cursor), &before.admission.spaces);
    let admission = guest(&rolled_back, &hello).admission;

    assert!(!admission.cursor_tag_is_valid);
    assert!(admission.cursor_is_of_a_lost_history);
    let old = rolled_back.relay.group().epoch;
    assert!(rolled_back.relay.heal(&cursor).unwrap());
    assert_ne!(rolled_back.relay.group().epoch, old);
    // And the log that holds that history is not bothered.
    let hello = greeting(&li_na, Some(cursor), &before.admission.spaces);
    let here = guest(&showroom, &hello).admission;
    assert!(here.cursor_tag_is_valid && !here.cursor_is_of_a_lost_history);
    assert!(!showroom.relay.heal(&cursor).unwrap());
}

#[test]
fn a_clock_more_than_ten_minutes_off_is_not_trusted() {
    let mut showroom = Showroom::open();
    let li_na = showroom.consultant("李娜");
    let trusted = |minutes: i64| {
        let clock = NOON.plus_millis(minutes * 60_000);
        let greeting = Greeting {
            clock: wire::timestamp(clock),
            ..greeting(&li_na, None, &[])
        };
        guest(&showroom, &greeting).clock_trusted
    };
    assert!(trusted(0) && trusted(10) && trusted(-10));
    assert!(!trusted(11) && !trusted(-11));
    let far = Greeting {
        clock: sync_protocol::Timestamp(i64::MIN),
        ..greeting(&li_na, None, &[])
    };
    assert!(!guest(&showroom, &far).clock_trusted);
}

#[test]
fn the_device_of_somebody_who_left_is_dismissed() {
    let mut showroom = Showroom::open();
    let li_na = showroom.consultant("李娜");
    let mut edits = Edits::default();
    edits.set(li_na.staff.into(), "status", "left");
    showroom.relay.establish(NOON, "dismiss", &edits).unwrap();
    let greeting = greeting(&li_na, None, &[]);
    let admittance = showroom.relay.front_desk().admit(NOON, &greeting).unwrap();
    let Admittance::Dismissed(bye) = admittance else {
        panic!("admitted")
    };
    assert_eq!(bye.code, ByeCode::Denied);
    assert_eq!(Timestamp::from_millis(0), Timestamp::default());
}

#[test]
fn that_a_device_came_with_nothing_unsent_is_noted_around_a_show_of_its_owner_and_seldom() {
    let mut showroom = Showroom::open();
    let li_na = showroom.consultant("李娜");
    let wang_qiang = showroom.consultant("王强");
    let ends_at = NOON.plus_hours(6);
    let show = showroom.relay.fresh_ids(NOON).document();
    let mut edits = Edits::default();
    let registers = fields(&[
        ("name", "车展".into()),
        ("starts_at", NOON.plus_hours(-24).millis().into()),
        ("ends_at", ends_at.millis().into()),
        (&format!("team/{}", li_na.staff), true.into()),
    ]);
    edits.create(show, Kind::Show, Space::Group, registers);
    showroom.relay.establish(NOON, "plan", &edits).unwrap();

    let mut with_work = greeting(&li_na, None, &[]);
    with_work.outbox.batches = 1;
    assert!(guest(&showroom, &greeting(&li_na, None, &[])).is_awaited);
    assert!(!guest(&showroom, &with_work).is_awaited);
    assert!(!guest(&showroom, &greeting(&wang_qiang, None, &[])).is_awaited);

    let mut noted_at = |now: Timestamp| {
        let before = showroom.head();
        showroom.relay.note_synced(now, li_na.device).unwrap();
        showroom.relay.note_synced(now, wang_qiang.device).unwrap();
        showroom.head() > before
    };
    assert!(noted_at(NOON));
    assert!(!noted_at(NOON.plus_millis(1)), "it was noted just now");
    assert!(noted_at(ends_at.plus_millis(-1)));
    assert!(noted_at(ends_at), "the show has ended since");
    assert!(
        !noted_at(ends_at.plus_hours(24 * 30)),
        "nobody waits any more"
    );
}

#[test]
fn nobody_is_read_a_page_after_their_rights_were_taken() {
    let mut showroom = Showroom::open();
    let li_na = showroom.consultant("李娜");
    let first = guest(&showroom, &greeting(&li_na, None, &[]));
    let may_read = |showroom: &Showroom| {
        let desk = showroom.relay.front_desk();
        desk.may_read(li_na.device, &first.spaces).unwrap()
    };
    assert!(may_read(&showroom));
    let mut set = |key: &str, value: dealership::Value| {
        let mut edits = Edits::default();
        edits.set(li_na.staff.into(), key, value);
        showroom.relay.establish(NOON, "edit", &edits).unwrap();
        may_read(&showroom)
    };
    assert!(!set("role/manager", true.into()), "others spaces");
    assert!(set("role/manager", false.into()));
    assert!(!set("status", "left".into()), "nobody any more");
}
