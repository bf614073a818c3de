//! Stores and staff.

use dealership::command::{
    CreateStaff, CreateStore, EditStaff, SetStaffRoles, SetStaffStores, StaffLeft,
};
use dealership::staff::StaffStatus;
use dealership::{Role, Staff, StaffId, StoreId};

use crate::world::{Device, Relay, on, store, sunday};

fn city_east(device: &mut Device) -> StoreId {
    let create = CreateStore {
        name: "城东店".into(),
        code: "CD".into(),
        region: Some("440300".into()),
        address: None,
        phone: None,
    };
    device.run(sunday(9, 0), &create).unwrap().store
}

fn engaged(device: &mut Device, roles: &[Role], stores: &[StoreId]) -> StaffId {
    let create = CreateStaff {
        name: "李娜".into(),
        roles: roles.iter().copied().collect(),
        stores: stores.iter().copied().collect(),
        status: None,
        hired: None,
    };
    device.run(sunday(9, 0), &create).unwrap().staff
}

fn read(device: &Device, staff: StaffId) -> Staff {
    Staff::read(&device.read(staff)).unwrap()
}

fn administrator(number: u8) -> Device {
    Device::new(number, &[Role::Administrator], &[], &[])
}

#[test]
fn a_store_code_is_given_once() {
    let mut admin = administrator(1);
    city_east(&mut admin);
    let again = CreateStore {
        name: "另一店".into(),
        code: "CD".into(),
        region: None,
        address: None,
        phone: None,
    };
    assert_eq!(
        admin.run(sunday(9, 1), &again).unwrap_err().code(),
        "invalid"
    );
}

#[test]
fn staff_are_engaged_placed_and_let_go() {
    let mut admin = administrator(1);
    let (east, west) = (city_east(&mut admin), store(7));
    engaged(&mut admin, &[Role::Administrator], &[]);
    let li_na = engaged(&mut admin, &[Role::Consultant], &[east]);

    let nowhere = SetStaffStores {
        staff: li_na,
        stores: [].into(),
    };
    assert!(admin.run(sunday(9, 5), &nowhere).is_err());
    let unknown = SetStaffStores {
        staff: li_na,
        stores: [west].into(),
    };
    assert_eq!(
        admin.run(sunday(9, 5), &unknown).unwrap_err().code(),
        "not_here"
    );
    let promoted = SetStaffRoles {
        staff: li_na,
        roles: [Role::Manager].into(),
    };
    admin.run(sunday(9, 6), &promoted).unwrap();
    assert_eq!(read(&admin, li_na).roles, [Role::Manager].into());

    let left = StaffLeft {
        staff: li_na,
        on: None,
    };
    admin.run(on(1, 9, 0), &left).unwrap();
    let gone = read(&admin, li_na);
    assert!(!gone.active);
    assert_eq!(gone.left, Some("2026-05-04".parse().unwrap()));
    assert_eq!(admin.run(on(1, 9, 1), &left).unwrap_err().code(), "state");
}

#[test]
fn the_last_who_can_engage_staff_stays() {
    let mut admin = administrator(1);
    let only = engaged(&mut admin, &[Role::Administrator], &[]);
    let left = StaffLeft {
        staff: only,
        on: None,
    };
    assert_eq!(admin.run(sunday(10, 0), &left).unwrap_err().code(), "state");
    let moved = SetStaffRoles {
        staff: only,
        roles: [Role::Finance].into(),
    };
    assert_eq!(
        admin.run(sunday(10, 0), &moved).unwrap_err().code(),
        "state"
    );
}

#[test]
fn leaving_beats_a_concurrent_edit_of_the_status() {
    let mut relay = Relay::new();
    let mut one = administrator(1);
    let east = city_east(&mut one);
    engaged(&mut one, &[Role::Administrator], &[]);
    let li_na = engaged(&mut one, &[Role::Consultant], &[east]);
    // Whichever device wins Automerge's tie, the person has left.
    for number in [2, 200] {
        let mut other = administrator(number);
        relay.sync(&mut one, sunday(10, 0));
        relay.sync(&mut other, sunday(10, 0));
        let left = StaffLeft {
            staff: li_na,
            on: None,
        };
        let on_leave = EditStaff {
            staff: li_na,
            name: None,
            status: Some(StaffStatus::Leave),
            hired: None,
        };
        one.run(sunday(11, 0), &left).unwrap();
        other.run(sunday(11, 0), &on_leave).unwrap();
        relay.sync(&mut one, sunday(12, 0));
        relay.sync(&mut other, sunday(12, 0));

        assert!(!read(&other, li_na).active);

        let back = EditStaff {
            status: Some(StaffStatus::Active),
            ..on_leave
        };
        other.run(sunday(13, 0), &back).unwrap();
        assert!(read(&other, li_na).active);
        relay.sync(&mut other, sunday(14, 0));
        relay.sync(&mut one, sunday(14, 0));
    }
}
