//! Rights are decided by space, merge class and writer, on whole changes.

use std::collections::BTreeSet;

use automerge::ScalarValue;
use dealership::rights::{Act, Forbidden, Subject, Write, decide};
use dealership::schema::creator;
use dealership::{
    Author, Authorship, DeviceNumber, DocumentId, FactId, Kind, Role, Seq, Space, StaffAccess,
    StaffId, StoreId,
};

const STORE: StoreId = StoreId::from_bytes([1; 16]);
const ELSEWHERE: StoreId = StoreId::from_bytes([2; 16]);
const STAFF: StaffId = StaffId::from_bytes([3; 16]);
const FACT: FactId = FactId::from_bytes([4; 16]);

fn author(role: Role) -> Author {
    let access = StaffAccess {
        staff: STAFF,
        roles: BTreeSet::from([role]),
        stores: BTreeSet::from([STORE]),
        former_stores: BTreeSet::new(),
        active: true,
    };
    Author {
        spaces: access.spaces([&access]),
        access,
        device: DeviceNumber(5),
    }
}

fn subject(kind: Kind, space: Space) -> Subject {
    Subject {
        document: DocumentId::from_bytes([6; 16]),
        kind,
        space,
    }
}

struct Written(Vec<(Vec<String>, Operation)>);

enum Operation {
    Put(ScalarValue, bool),
    Make(bool),
    Delete(bool),
}

impl Written {
    fn one(path: &[&str], operation: Operation) -> Self {
        Self(vec![(
            path.iter().map(|key| (*key).to_owned()).collect(),
            operation,
        )])
    }

    fn and(mut self, path: &[&str], operation: Operation) -> Self {
        self.0.extend(Self::one(path, operation).0);
        self
    }

    fn decide(&self, author: &Author, subject: &Subject) -> Result<(), Forbidden> {
        let authorship = Authorship {
            staff: author.staff(),
            command: "test".into(),
            base_seq: Seq(0),
        };
        decide(
            author,
            subject,
            &authorship,
            self.0.iter().map(|(path, operation)| Write {
                path,
                act: match operation {
                    Operation::Put(value, replaces) => Act::Put {
                        value,
                        replaces: *replaces,
                    },
                    Operation::Make(replaces) => Act::MakeMap {
                        replaces: *replaces,
                    },
                    Operation::Delete(leaves_value) => Act::Delete {
                        leaves_value: *leaves_value,
                    },
                },
            }),
        )
    }
}

fn put(text: &str) -> Operation {
    Operation::Put(text.into(), false)
}

fn follow_up() -> String {
    format!("follow_up/{FACT}")
}

fn mine() -> Subject {
    subject(Kind::CustomerContact, Space::Contact(STORE, STAFF))
}

#[test]
fn a_consultant_writes_the_contacts_of_their_own_customers_only() {
    let written = Written::one(&[&follow_up()], Operation::Make(false));
    assert_eq!(written.decide(&author(Role::Consultant), &mine()), Ok(()));
    let colleague = Space::Contact(STORE, StaffId::from_bytes([8; 16]));
    let theirs = subject(Kind::CustomerContact, colleague);
    assert_eq!(
        written.decide(&author(Role::Consultant), &theirs),
        Err(Forbidden::Space { space: colleague })
    );
}

#[test]
fn a_kind_lives_in_its_spaces_only() {
    let written = Written::one(&["name"], put("x"));
    let wrong = subject(Kind::Customer, Space::Group);
    assert!(matches!(
        written.decide(&author(Role::Consultant), &wrong),
        Err(Forbidden::Place { .. })
    ));
    let other = subject(Kind::Customer, Space::Store(ELSEWHERE));
    assert!(matches!(
        written.decide(&author(Role::Consultant), &other),
        Err(Forbidden::Space { .. })
    ));
}

#[test]
fn a_fact_is_written_whole_and_never_edited() {
    let key = follow_up();
    let whole = Written::one(&[&key], Operation::Make(false)).and(&[&key, "content"], put("来电"));
    assert_eq!(whole.decide(&author(Role::Consultant), &mine()), Ok(()));
    let later = Written::one(&[&key, "content"], put("改"));
    assert!(matches!(
        later.decide(&author(Role::Consultant), &mine()),
        Err(Forbidden::Immutable { .. })
    ));
    for operation in [
        Operation::Make(true),
        Operation::Delete(false),
        Operation::Delete(true),
    ] {
        let written = Written::one(&[&key], operation);
        assert!(matches!(
            written.decide(&author(Role::Consultant), &mine()),
            Err(Forbidden::Immutable { .. })
        ));
    }
}

#[test]
fn a_fact_names_its_author_and_nobody_else() {
    let key = follow_up();
    let fact = |by: &str| Written::one(&[&key], Operation::Make(false)).and(&[&key, "by"], put(by));
    assert_eq!(
        fact(&STAFF.to_string()).decide(&author(Role::Consultant), &mine()),
        Ok(())
    );
    let other = StaffId::from_bytes([8; 16]).to_string();
    assert!(matches!(
        fact(&other).decide(&author(Role::Consultant), &mine()),
        Err(Forbidden::ForeignFact { .. })
    ));
}

#[test]
fn a_register_may_be_put_settled_and_cleared_but_not_deleted() {
    let card = subject(Kind::Customer, Space::Store(STORE));
    let decided =
        |operation| Written::one(&["name"], operation).decide(&author(Role::Consultant), &card);
    assert_eq!(decided(Operation::Put("张伟".into(), true)), Ok(()));
    assert_eq!(decided(Operation::Put(ScalarValue::Null, true)), Ok(()));
    assert_eq!(decided(Operation::Delete(true)), Ok(()));
    assert!(matches!(
        decided(Operation::Delete(false)),
        Err(Forbidden::Immutable { .. })
    ));
    assert!(matches!(
        decided(Operation::Make(false)),
        Err(Forbidden::Shape { .. })
    ));
    assert!(matches!(
        decided(Operation::Put(ScalarValue::Int(1), true)),
        Err(Forbidden::Shape { .. })
    ));
    let long = "长".repeat(10_000);
    assert!(matches!(decided(put(&long)), Err(Forbidden::Shape { .. })));
}

#[test]
fn what_is_written_once_is_not_written_twice() {
    let card = subject(Kind::Customer, Space::Store(STORE));
    let decided = |replaces| {
        Written::one(
            &["created_at"],
            Operation::Put(ScalarValue::Int(1), replaces),
        )
        .decide(&author(Role::Consultant), &card)
    };
    assert_eq!(decided(false), Ok(()));
    assert!(matches!(decided(true), Err(Forbidden::Immutable { .. })));
}

#[test]
fn the_head_of_a_document_says_its_own_kind_and_stays() {
    let card = subject(Kind::Customer, Space::Store(STORE));
    let decided = |written: Written| written.decide(&author(Role::Consultant), &card);
    assert_eq!(decided(Written::one(&["kind"], put("customer"))), Ok(()));
    assert!(decided(Written::one(&["kind"], put("vehicle"))).is_err());
    assert!(
        decided(Written::one(
            &["kind"],
            Operation::Put("customer".into(), true)
        ))
        .is_err()
    );
    assert!(decided(Written::one(&["kind"], Operation::Delete(true))).is_err());
}

#[test]
fn what_the_relay_alone_writes_no_role_writes() {
    let car = subject(Kind::Vehicle, Space::Group);
    let key = format!("confirmation/{FACT}");
    let written = Written::one(&[&key], Operation::Make(false));
    for role in Role::ALL {
        assert!(
            matches!(
                written.decide(&author(*role), &car),
                Err(Forbidden::Writer { .. })
            ),
            "{role:?}"
        );
    }
    assert_eq!(written.decide(&Author::relay(), &car), Ok(()));
}

#[test]
fn only_administrators_and_the_general_manager_write_staff() {
    let staff = subject(Kind::Staff, Space::Group);
    let written = Written::one(&["role/manager"], Operation::Put(true.into(), false));
    for role in Role::ALL {
        let allowed = matches!(role, Role::Administrator | Role::GeneralManager);
        assert_eq!(
            written.decide(&author(*role), &staff).is_ok(),
            allowed,
            "{role:?}"
        );
    }
}

#[test]
fn an_unknown_field_and_a_second_spelling_of_an_id_are_refused() {
    let consultant = author(Role::Consultant);
    for path in [
        &["aura"][..],
        &["name", "deep"],
        &["follow_up"],
        &["a", "b", "c"],
        &[],
    ] {
        assert!(
            matches!(
                Written::one(path, put("x")).decide(&consultant, &mine()),
                Err(Forbidden::UnknownField { .. })
            ),
            "{path:?}"
        );
    }
    let upper = format!("follow_up/{}", "AAAAAAAA-0000-0000-0000-000000000000");
    assert!(matches!(
        Written::one(&[&upper], Operation::Make(false)).decide(&consultant, &mine()),
        Err(Forbidden::Shape { .. })
    ));
}

#[test]
fn an_administrator_and_someone_who_left_hold_no_customer() {
    let administrator = author(Role::Administrator);
    assert_eq!(administrator.spaces, BTreeSet::from([Space::Group]));
    let left = StaffAccess {
        active: false,
        ..author(Role::Manager).access
    };
    assert_eq!(left.spaces([&left]), BTreeSet::new());
}

#[test]
fn each_role_holds_the_spaces_of_its_row() {
    let consultant = author(Role::Consultant).access;
    let held = |role, stores: &[StoreId]| {
        let access = StaffAccess {
            staff: StaffId::from_bytes([7; 16]),
            roles: BTreeSet::from([role]),
            stores: stores.iter().copied().collect(),
            former_stores: BTreeSet::new(),
            active: true,
        };
        access.spaces([&access, &consultant])
    };
    let (contact, money) = (Space::Contact(STORE, STAFF), Space::Money(STORE, STAFF));
    for (role, reads_contact, reads_money, reads_finance) in [
        (Role::Consultant, false, false, false),
        (Role::StockKeeper, false, false, false),
        (Role::ServiceAdviser, true, false, false),
        (Role::CallCentre, true, false, false),
        (Role::Finance, true, true, true),
        (Role::Manager, true, true, true),
    ] {
        let spaces = held(role, &[STORE]);
        assert!(spaces.contains(&Space::Store(STORE)), "{role:?}");
        assert_eq!(spaces.contains(&contact), reads_contact, "{role:?}");
        assert_eq!(spaces.contains(&money), reads_money, "{role:?}");
        assert_eq!(spaces.contains(&Space::Finance), reads_finance, "{role:?}");
        assert!(!held(role, &[ELSEWHERE]).contains(&contact), "{role:?}");
    }
    for (role, stores) in [(Role::GeneralManager, &[][..]), (Role::Finance, &[])] {
        let spaces = held(role, stores);
        assert!(
            spaces.is_superset(&BTreeSet::from([Space::Store(STORE), contact, money])),
            "{role:?}"
        );
    }
}

#[test]
fn the_contacts_of_who_went_to_another_store_stay_with_those_who_answer_for_it() {
    let mut consultant = author(Role::Consultant).access;
    consultant.stores = BTreeSet::from([ELSEWHERE]);
    consultant.former_stores = BTreeSet::from([STORE]);
    let manager = StaffAccess {
        staff: StaffId::from_bytes([7; 16]),
        ..author(Role::Manager).access
    };
    let left_behind = Space::Contact(STORE, STAFF);
    assert!(
        manager
            .spaces([&manager, &consultant])
            .contains(&left_behind)
    );
    let hers = consultant.spaces([&manager, &consultant]);
    assert!(!hers.contains(&left_behind));
    assert!(!hers.contains(&Space::Store(STORE)));
    assert!(hers.contains(&Space::Contact(ELSEWHERE, STAFF)));
}

#[test]
fn a_kind_is_created_by_those_who_keep_it() {
    let rows = [
        (Kind::Store, Role::Administrator),
        (Kind::Staff, Role::Administrator),
        (Kind::PriceList, Role::Administrator),
        (Kind::Trim, Role::Manager),
        (Kind::Show, Role::Manager),
        (Kind::Vehicle, Role::StockKeeper),
    ];
    for (kind, keeper) in rows {
        let made = Written::one(&["kind"], Operation::Put(kind.code().into(), false));
        let subject = subject(kind, Space::Group);
        assert_eq!(made.decide(&author(keeper), &subject), Ok(()), "{kind}");
        assert_eq!(
            made.decide(&author(Role::Consultant), &subject),
            Err(Forbidden::Writer {
                path: "kind".into(),
                writer: creator(kind)
            }),
            "{kind}"
        );
    }
    let device = Written::one(&["kind"], Operation::Put("device".into(), false));
    let subject = subject(Kind::Device, Space::Group);
    let everyone = author(Role::GeneralManager);
    assert!(device.decide(&everyone, &subject).is_err());
}
