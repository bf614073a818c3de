//! The demo group, made by the program.

use std::fs;

use crate::process::Home;

const DEMO: [&str; 5] = ["demo", "--scale", "0.05", "--anchor", "2026-06-01"];

#[test]
fn the_demo_is_made_once_and_its_staff_can_be_enrolled_by_name() {
    let home = Home::empty();
    let made = home.say(&DEMO);
    assert!(
        made.contains("100 customers, 60 deals, 30 vehicles"),
        "{made}"
    );
    let before = fs::read(home.database()).unwrap();

    let again = home.say(&DEMO);
    let whatever = home.say(&["demo"]);

    assert!(again.contains("already"), "{again}");
    assert_eq!(whatever, again);
    assert_eq!(fs::read(home.database()).unwrap(), before);
    assert!(!home.path("relay.making").exists());
    for name in ["李娜", "王强", "陈刚", "马超"] {
        let code = home.say(&["device", "code", "--staff", name]);
        assert_eq!(code.len(), 9, "{code}");
    }
    assert!(home.say(&["verify"]).ends_with("0 problems"));
}

#[test]
fn another_demo_does_not_take_the_place_of_one_that_is_there() {
    let home = Home::empty();
    home.say(&DEMO);
    let before = fs::read(home.database()).unwrap();
    for other in [
        ["--seed", "8"],
        ["--scale", "1"],
        ["--anchor", "2026-07-01"],
    ] {
        let complaint = home.complaint(["demo"].iter().chain(&other));
        assert!(complaint.contains("another demo group"), "{complaint}");
    }
    assert_eq!(fs::read(home.database()).unwrap(), before);
}

#[test]
fn a_folder_with_anything_else_is_refused_and_left_alone() {
    let home = Home::founded();
    let before = fs::read(home.database()).unwrap();
    let complaint = home.complaint(&DEMO);
    assert!(complaint.contains("not the demo"), "{complaint}");
    assert_eq!(fs::read(home.database()).unwrap(), before);

    let home = Home::empty();
    fs::create_dir(home.data()).unwrap();
    fs::write(home.data().join("letters.txt"), "dear").unwrap();
    let complaint = home.complaint(&DEMO);
    assert!(complaint.contains("not empty"), "{complaint}");
    assert!(!home.database().exists());
}

#[test]
fn a_run_that_was_stopped_half_way_is_cleared_away_and_begun_anew() {
    let home = Home::empty();
    let making = home.path("relay.making");
    fs::create_dir(&making).unwrap();
    fs::write(making.join("relay.sqlite"), "half a database").unwrap();
    fs::write(making.join("relay.lock"), "").unwrap();

    let made = home.say(&DEMO);

    assert!(made.contains("stopped before"), "{made}");
    assert!(made.contains("100 customers"), "{made}");
    assert!(!making.exists());
    assert!(home.say(&["verify"]).ends_with("0 problems"));
}
