//! Who may write which fact of a vehicle, also with a client that is not ours.

use dealership::rights::{Act, Forbidden, Subject, Write, decide};
use dealership::{Author, Authorship, FactId, Kind, Role, Seq, Space};

use crate::world::{Device, V1, store, vehicle};

fn may(author: &Author, fact: &str) -> bool {
    let subject = Subject {
        document: vehicle(V1).into(),
        kind: Kind::Vehicle,
        space: Space::Group,
    };
    let authorship = Authorship {
        staff: author.staff(),
        command: "test".into(),
        base_seq: Seq(0),
    };
    let path = [format!("{fact}/{}", FactId::from_bytes([1; 16]))];
    let write = Write {
        path: &path,
        act: Act::MakeMap { replaces: false },
    };
    match decide(author, &subject, &authorship, [write]) {
        Ok(()) => true,
        Err(Forbidden::Writer { .. }) => false,
        Err(other) => panic!("{fact}: {other}"),
    }
}

#[test]
fn each_fact_of_a_vehicle_has_its_writers() {
    let table: [(&str, &[Role]); 12] = [
        ("claim", Role::ALL),
        ("claim_end", Role::ALL),
        ("delivered", Role::ALL),
        ("odometer", Role::ALL),
        ("claim_revocation", &[Role::Manager, Role::GeneralManager]),
        ("pack", &[Role::Manager, Role::GeneralManager]),
        ("pack_release", &[Role::Manager, Role::GeneralManager]),
        ("ruling", &[Role::Manager, Role::GeneralManager]),
        ("final", &[Role::Finance, Role::GeneralManager]),
        (
            "move",
            &[Role::StockKeeper, Role::Manager, Role::GeneralManager],
        ),
        (
            "custody",
            &[
                Role::StockKeeper,
                Role::Finance,
                Role::Manager,
                Role::GeneralManager,
            ],
        ),
        ("confirmation", &[]),
    ];
    for (fact, writers) in table {
        for role in Role::ALL {
            let author = Device::new(1, &[*role], &[store(1)]).author;
            assert_eq!(
                may(&author, fact),
                writers.contains(role),
                "{} and {fact}",
                role.code()
            );
        }
        assert!(may(&Author::relay(), fact), "the relay and {fact}");
    }
}
