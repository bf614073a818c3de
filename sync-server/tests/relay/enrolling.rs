//! How devices are enrolled.

use dealership::{DeviceNumber, Kind, StaffId};
use ed25519_dalek::SigningKey;
use sync_server::relay::{EnrolError, Enrolment};
use sync_server::store::ReadStore;

use crate::showroom::{NOON, SERVER, Showroom};

fn key(number: u8) -> [u8; 32] {
    SigningKey::from_bytes(&[number; 32])
        .verifying_key()
        .to_bytes()
}

fn enrolment(code: &str, number: u8) -> Enrolment<'_> {
    Enrolment {
        code,
        public_key: key(number),
        device_name: "  前台平板  ",
    }
}

#[test]
fn a_code_enrols_a_device_that_colleagues_see() {
    let mut showroom = Showroom::open();
    let staff = showroom.hire("李娜", "consultant");
    let code = showroom
        .relay
        .issue_code(staff, NOON.plus_hours(1))
        .unwrap();

    let enrolled = showroom.relay.enrol(NOON, &enrolment(&code, 1)).unwrap();

    assert_eq!(enrolled.device, DeviceNumber(1));
    assert_eq!(
        (enrolled.staff, enrolled.staff_name.as_str()),
        (staff, "李娜")
    );
    assert_eq!(enrolled.server_name, SERVER);
    let devices = showroom
        .relay
        .store()
        .documents_of_kind(Kind::Device)
        .unwrap();
    let document = showroom.relay.document(devices[0]).unwrap().unwrap();
    assert_eq!(document.text("name"), Some("前台平板"));
    assert_eq!(document.parsed("staff"), Some(staff));
    let desk = showroom.relay.front_desk();
    assert_eq!(
        desk.identify(enrolled.device).unwrap().unwrap().public_key,
        key(1)
    );
}

#[test]
fn a_code_is_read_as_people_type_it() {
    let mut showroom = Showroom::open();
    let staff = showroom.hire("李娜", "consultant");
    let code = showroom
        .relay
        .issue_code(staff, NOON.plus_hours(1))
        .unwrap();
    let typed = format!(" {} ", code.to_lowercase().replace('-', " - "));
    showroom.relay.enrol(NOON, &enrolment(&typed, 1)).unwrap();
}

#[test]
fn a_code_is_used_once_and_answers_again_only_to_the_same_key() {
    let mut showroom = Showroom::open();
    let staff = showroom.hire("李娜", "consultant");
    let code = showroom
        .relay
        .issue_code(staff, NOON.plus_hours(1))
        .unwrap();
    let first = showroom.relay.enrol(NOON, &enrolment(&code, 1)).unwrap();

    let again = showroom.relay.enrol(NOON, &enrolment(&code, 1)).unwrap();
    let other = showroom.relay.enrol(NOON, &enrolment(&code, 2));

    assert_eq!(first, again);
    assert!(matches!(other, Err(EnrolError::WrongCode)));
    assert_eq!(showroom.relay.store().devices().unwrap().len(), 1);
}

#[test]
fn a_code_ends() {
    let mut showroom = Showroom::open();
    let staff = showroom.hire("李娜", "consultant");
    let code = showroom
        .relay
        .issue_code(staff, NOON.plus_hours(1))
        .unwrap();
    let late = showroom
        .relay
        .enrol(NOON.plus_hours(1), &enrolment(&code, 1));
    assert!(matches!(late, Err(EnrolError::WrongCode)));
}

#[test]
fn a_code_bears_five_wrong_tries() {
    let mut showroom = Showroom::open();
    let staff = showroom.hire("李娜", "consultant");
    let code = showroom
        .relay
        .issue_code(staff, NOON.plus_hours(1))
        .unwrap();
    let last = if code.ends_with('B') { "C" } else { "B" };
    let wrong = format!("{}{last}", &code[..code.len() - 1]);
    for _ in 0..5 {
        let refused = showroom.relay.enrol(NOON, &enrolment(&wrong, 1));
        assert!(matches!(refused, Err(EnrolError::WrongCode)));
    }
    let refused = showroom.relay.enrol(NOON, &enrolment(&code, 1));
    assert!(matches!(refused, Err(EnrolError::WrongCode)));
}

#[test]
fn nobody_gets_a_code_for_a_stranger() {
    let mut showroom = Showroom::open();
    let stranger = StaffId::from_bytes([9; 16]);
    let refused = showroom.relay.issue_code(stranger, NOON.plus_hours(1));
    assert!(matches!(refused, Err(EnrolError::NoStaff(staff)) if staff == stranger));
}

#[test]
fn a_key_of_small_order_is_refused() {
    let mut showroom = Showroom::open();
    let staff = showroom.hire("李娜", "consultant");
    let code = showroom
        .relay
        .issue_code(staff, NOON.plus_hours(1))
        .unwrap();
    let weak = Enrolment {
        public_key: [0; 32],
        ..enrolment(&code, 1)
    };
    let refused = showroom.relay.enrol(NOON, &weak);
    assert!(matches!(refused, Err(EnrolError::BadKey)));
}
