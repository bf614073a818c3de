//! What the relay itself adds: confirmations of claims, duplicates across stores.

use dealership::case::duplicate;
use dealership::edit::Edits;
use dealership::vehicle::Vehicle;
use dealership::{Author, DealId, DocumentId, FactId, Kind, Seq, Space, Value};
use sync_protocol::{Outcome, PushedChange, RefusalCode};
use sync_server::store::ReadStore;

use crate::showroom::{NOON, Showroom, Tablet, fields};

const VIN: &str = "ZZZAB1C27RA000101";

/// A vehicle that the stock keeper has entered, and everyone has seen.
struct Car(DocumentId);

impl Car {
    fn in_stock(showroom: &mut Showroom, tablets: &mut [&mut Tablet]) -> Self {
        let group = showroom.relay.group().group;
        let car = Self(Vehicle::id_of(group, VIN).into());
        let staff = showroom.hire("周勇", "stock_keeper");
        let mut keeper = showroom.tablet_of(staff);
        let mut edits = Edits::default();
        let registers = fields(&[("vin", VIN.into())]);
        edits.create(car.0, Kind::Vehicle, Space::Group, registers);
        let stocked = keeper.write(car.0, Space::Group, &edits);
        showroom.accepted(&keeper, vec![stocked]);
        for tablet in tablets {
            car.seen_by(showroom, tablet);
        }
        car
    }

    /// A tablet receives the vehicle as the relay has it.
    fn seen_by(&self, showroom: &mut Showroom, tablet: &mut Tablet) {
        let document = showroom.relay.document(self.0).unwrap().unwrap();
        tablet.documents.insert(self.0, document.into_automerge().0);
        tablet.base_seq = showroom.relay.head().seq;
    }

    fn claimed_by(&self, tablet: &mut Tablet) -> (FactId, PushedChange) {
        let deal = DealId::from(tablet.id());
        let strength = ("strength", "hard".into());
        let change = [strength, ("deal", deal.to_string().into())];
        self.fact(tablet, "claim", &change)
    }

    fn finalised_by(&self, tablet: &mut Tablet, claim: FactId) -> PushedChange {
        let (_, change) = self.fact(tablet, "final", &[("claim", claim.to_string().into())]);
        change
    }

    fn fact(
        &self,
        tablet: &mut Tablet,
        name: &'static str,
        pairs: &[(&str, Value)],
    ) -> (FactId, PushedChange) {
        let fact = FactId::from_bytes(*tablet.id().as_bytes());
        let mut registers = fields(pairs);
        if name != "confirmation" {
            registers.insert("by".to_owned(), tablet.staff.to_string().into());
        }
        let mut edits = Edits::default();
        edits.record(self.0, name, fact, registers);
        (fact, tablet.write(self.0, Space::Group, &edits))
    }

    fn confirmed(&self, showroom: &mut Showroom) -> Vec<String> {
        let document = showroom.relay.document(self.0).unwrap().unwrap();
        let confirmations = document.facts("confirmation");
        let claims = confirmations.map(|fact| fact.text("claim").unwrap().to_owned());
        claims.collect()
    }
}

#[test]
fn a_claim_without_rivals_is_confirmed_in_the_transaction_that_keeps_it() {
    let mut showroom = Showroom::open();
    let mut li_na = showroom.consultant("李娜");
    let car = Car::in_stock(&mut showroom, &mut [&mut li_na]);
    let (claim, change) = car.claimed_by(&mut li_na);
    let pushed = showroom.batch(&li_na, vec![change]);

    let outcome = showroom.push(&pushed);

    let Outcome::Accepted(accepted) = &outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!(accepted.first_seq, accepted.last_seq);
    assert_eq!(showroom.head(), accepted.last_seq.0 + 1);
    assert_eq!(car.confirmed(&mut showroom), [claim.to_string()]);
    let row = showroom.relay.store().log_row(Seq(showroom.head()));
    let row = row.unwrap().unwrap();
    let (change, receipt) = row.change().unwrap();
    assert_eq!(
        (change.device, change.batch),
        (Author::relay().device, None)
    );
    assert_eq!(receipt.received_at, row.received_at);
    // Pushed again, nothing is confirmed twice.
    assert_eq!(showroom.push(&pushed), outcome);
    assert_eq!(showroom.head(), accepted.last_seq.0 + 1);
}

#[test]
fn a_rival_that_had_not_seen_the_claim_is_accepted_and_not_confirmed() {
    let mut showroom = Showroom::open();
    let (mut li_na, mut wang_qiang) = (showroom.consultant("李娜"), showroom.consultant("王强"));
    let car = Car::in_stock(&mut showroom, &mut [&mut li_na, &mut wang_qiang]);
    let (first, hers) = car.claimed_by(&mut li_na);
    let (_, his) = car.claimed_by(&mut wang_qiang);

    showroom.accepted(&wang_qiang, vec![his]);
    let confirmed = car.confirmed(&mut showroom);
    showroom.accepted(&li_na, vec![hers]);

    assert_eq!(confirmed.len(), 1);
    assert!(!confirmed.contains(&first.to_string()));
    assert_eq!(car.confirmed(&mut showroom), confirmed);
}

#[test]
fn the_relays_facts_go_on_after_a_restart() {
    let mut showroom = Showroom::open();
    let mut li_na = showroom.consultant("李娜");
    let car = Car::in_stock(&mut showroom, &mut [&mut li_na]);
    let mut showroom = showroom.restart();
    let (claim, change) = car.claimed_by(&mut li_na);
    showroom.accepted(&li_na, vec![change]);
    assert_eq!(car.confirmed(&mut showroom), [claim.to_string()]);
}

#[test]
fn nobody_but_the_relay_confirms() {
    let mut showroom = Showroom::open();
    let mut li_na = showroom.consultant("李娜");
    let car = Car::in_stock(&mut showroom, &mut [&mut li_na]);
    let claim = FactId::from_bytes([1; 16]);
    let (_, forged) = car.fact(
        &mut li_na,
        "confirmation",
        &[("claim", claim.to_string().into())],
    );
    let pushed = showroom.batch(&li_na, vec![forged]);
    assert_not_permitted(&showroom.push(&pushed));
}

/// A fact under an id that is in use, written by somebody who claims not to have seen it, behind
/// so many operations that it wins.
fn hiding(
    car: &Car,
    tablet: &mut Tablet,
    name: &'static str,
    id: FactId,
    pairs: &[(&str, Value)],
) -> PushedChange {
    let mut edits = Edits::default();
    let by = tablet.staff.to_string();
    for _ in 0..9 {
        let look = [("strength", "look".into()), ("deal", by.as_str().into())];
        let fact = FactId::from_bytes(*tablet.id().as_bytes());
        edits.record(car.0, "claim", fact, fields(&look));
    }
    let mut registers = fields(pairs);
    registers.insert("by".to_owned(), by.as_str().into());
    edits.record(car.0, name, id, registers);
    tablet.write(car.0, Space::Group, &edits)
}

#[test]
fn a_claim_cannot_be_hidden_behind_another_of_its_id() {
    let mut showroom = Showroom::open();
    let (mut li_na, mut wang_qiang) = (showroom.consultant("李娜"), showroom.consultant("王强"));
    let car = Car::in_stock(&mut showroom, &mut [&mut li_na, &mut wang_qiang]);
    let (claim, hers) = car.claimed_by(&mut li_na);
    showroom.accepted(&li_na, vec![hers]);
    let deal_of = |showroom: &mut Showroom| {
        let document = showroom.relay.document(car.0).unwrap().unwrap();
        document
            .fact("claim", claim)
            .unwrap()
            .text("deal")
            .unwrap()
            .to_owned()
    };
    let deal = deal_of(&mut showroom);
    let forged = [
        ("strength", "hard".into()),
        ("deal", DealId::from(wang_qiang.id()).to_string().into()),
    ];
    let hijack = hiding(&car, &mut wang_qiang, "claim", claim, &forged);

    let pushed = showroom.batch(&wang_qiang, vec![hijack]);

    assert_not_permitted(&showroom.push(&pushed));
    assert_eq!(deal_of(&mut showroom), deal);
}

#[test]
fn a_final_cannot_be_hidden_behind_another_of_its_id() {
    let mut showroom = Showroom::open();
    let mut li_na = showroom.consultant("李娜");
    let car = Car::in_stock(&mut showroom, &mut [&mut li_na]);
    let (claim, change) = car.claimed_by(&mut li_na);
    showroom.accepted(&li_na, vec![change]);
    let wu_fang = showroom.hire("吴芳", "finance");
    let (mut one, mut other) = (showroom.tablet_of(wu_fang), showroom.tablet_of(wu_fang));
    for tablet in [&mut one, &mut other] {
        car.seen_by(&mut showroom, tablet);
    }
    let pairs = [("claim", claim.to_string().into())];
    let (final_, first) = car.fact(&mut one, "final", &pairs);
    showroom.accepted(&one, vec![first]);

    let pairs = [("claim", Value::from(other.staff.to_string()))];
    let hijack = hiding(&car, &mut other, "final", final_, &pairs);

    let pushed = showroom.batch(&other, vec![hijack]);
    assert_not_permitted(&showroom.push(&pushed));
}

#[test]
fn nobody_takes_the_id_of_another_vehicle() {
    let mut showroom = Showroom::open();
    let group = showroom.relay.group().group;
    let id = Vehicle::id_of(group, VIN).into();
    let staff = showroom.hire("周勇", "stock_keeper");
    let mut keeper = showroom.tablet_of(staff);
    let staff = showroom.hire("陈刚", "manager");
    let mut manager = showroom.tablet_of(staff);
    let mut made = |tablet: &mut Tablet, kind: Kind, registers: &[(&str, Value)]| {
        let mut edits = Edits::default();
        edits.create(id, kind, Space::Group, fields(registers));
        let change = tablet.write(id, Space::Group, &edits);
        tablet.documents.clear();
        let pushed = showroom.batch(tablet, vec![change]);
        showroom.push(&pushed)
    };
    let vehicle = Kind::Vehicle;
    assert_not_permitted(&made(&mut keeper, vehicle, &[]));
    assert_not_permitted(&made(
        &mut keeper,
        vehicle,
        &[("vin", "ZZZAB1C26SA000208".into())],
    ));
    let registers = [("vin", VIN.into())];
    let outcome = made(&mut keeper, vehicle, &registers);
    assert!(matches!(outcome, Outcome::Accepted(_)), "{outcome:?}");
    assert_not_permitted(&made(&mut manager, Kind::Show, &[("name", "车展".into())]));
}

#[test]
fn a_confirmed_claim_becomes_final_once() {
    let mut showroom = Showroom::open();
    let mut li_na = showroom.consultant("李娜");
    let car = Car::in_stock(&mut showroom, &mut [&mut li_na]);
    let (claim, change) = car.claimed_by(&mut li_na);
    showroom.accepted(&li_na, vec![change]);
    let wu_fang = showroom.hire("吴芳", "finance");
    let (mut one, mut other) = (showroom.tablet_of(wu_fang), showroom.tablet_of(wu_fang));
    for tablet in [&mut one, &mut other] {
        car.seen_by(&mut showroom, tablet);
    }
    let first = car.finalised_by(&mut one, claim);
    let second = car.finalised_by(&mut other, claim);
    showroom.accepted(&one, vec![first]);
    let pushed = showroom.batch(&other, vec![second]);
    assert_not_permitted(&showroom.push(&pushed));
}

#[test]
fn a_disputed_claim_does_not_become_final() {
    let mut showroom = Showroom::open();
    let (mut li_na, mut wang_qiang) = (showroom.consultant("李娜"), showroom.consultant("王强"));
    let car = Car::in_stock(&mut showroom, &mut [&mut li_na, &mut wang_qiang]);
    let (claim, hers) = car.claimed_by(&mut li_na);
    let (_, his) = car.claimed_by(&mut wang_qiang);
    showroom.accepted(&li_na, vec![hers]);
    showroom.accepted(&wang_qiang, vec![his]);
    let wu_fang = showroom.hire("吴芳", "finance");
    let mut finance = showroom.tablet_of(wu_fang);
    car.seen_by(&mut showroom, &mut finance);
    let change = car.finalised_by(&mut finance, claim);
    let pushed = showroom.batch(&finance, vec![change]);
    assert_not_permitted(&showroom.push(&pushed));
}

#[test]
fn a_person_carded_in_two_stores_is_told_to_both() {
    let mut showroom = Showroom::open();
    let mut li_na = showroom.consultant("李娜");
    let other_store = showroom.other_store;
    let wang_qiang = showroom.hire_at("王强", "consultant", other_store);
    let mut wang_qiang = showroom.tablet_of(wang_qiang);
    let (here, there) = (showroom.space(), Space::Store(other_store));
    let phone = format!("phone_hash/{}", "a".repeat(64));
    let mut card = |tablet: &mut Tablet, space, name: &str| {
        let id = tablet.id();
        let mut edits = Edits::default();
        let registers = fields(&[
            ("name", name.into()),
            ("owner", tablet.staff.to_string().into()),
            ("created_at", NOON.millis().into()),
            (&phone, "0001".into()),
        ]);
        edits.create(id, Kind::Customer, space, registers);
        let change = tablet.write(id, space, &edits);
        showroom.accepted(tablet, vec![change]);
        id
    };
    let hers = card(&mut li_na, here, "张伟");
    let his = card(&mut wang_qiang, there, "张先生");

    let document = showroom.relay.document(hers).unwrap().unwrap();
    let raised: Vec<_> = document.fact_names().collect();
    assert!(!raised.is_empty());
    let facts = |showroom: &mut Showroom, id| {
        let document = showroom.relay.document(id).unwrap().unwrap();
        let names: Vec<String> = document.fact_names().map(str::to_owned).collect();
        names
            .iter()
            .flat_map(|name| document.facts(name))
            .flat_map(|fact| fact.fields().map(|(_, register)| register.value.clone()))
            .collect::<Vec<_>>()
    };
    assert!(facts(&mut showroom, hers).contains(&his.to_string().into()));
    assert!(facts(&mut showroom, his).contains(&hers.to_string().into()));
    // Once is enough.
    let head = showroom.head();
    let mut edits = Edits::default();
    edits.set(hers, "value_class", "a");
    let document = showroom.relay.document(hers).unwrap().unwrap();
    li_na.documents.insert(hers, document.into_automerge().0);
    let change = li_na.write(hers, here, &edits);
    showroom.accepted(&li_na, vec![change]);
    assert_eq!(showroom.head(), head + 1);
    assert_eq!([hers, his].map(|id| elsewhere(&mut showroom, id)), [1, 1]);
    // Who bears the number no more is nobody's double.
    let mut edits = Edits::default();
    edits.set(hers, phone.as_str(), Value::Null);
    let change = li_na.write(hers, here, &edits);
    showroom.accepted(&li_na, vec![change]);
    assert_eq!([hers, his].map(|id| elsewhere(&mut showroom, id)), [0, 0]);
}

#[test]
fn a_number_that_very_many_cards_bear_is_compared_with_some_of_them() {
    let mut showroom = Showroom::open();
    let mut li_na = showroom.consultant("李娜");
    let other_store = showroom.other_store;
    let wang_qiang = showroom.hire_at("王强", "consultant", other_store);
    let mut wang_qiang = showroom.tablet_of(wang_qiang);
    let (here, there) = (showroom.space(), Space::Store(other_store));
    let phone = format!("phone_hash/{}", "b".repeat(64));
    let mut last = None;
    for number in 0..40 {
        let (tablet, space) = match number {
            39 => (&mut wang_qiang, there),
            _ => (&mut li_na, here),
        };
        let id = tablet.id();
        let mut edits = Edits::default();
        let registers = fields(&[
            ("name", "总机".into()),
            ("owner", tablet.staff.to_string().into()),
            ("created_at", NOON.millis().into()),
            (&phone, "0001".into()),
        ]);
        edits.create(id, Kind::Customer, space, registers);
        let change = tablet.write(id, space, &edits);
        showroom.accepted(tablet, vec![change]);
        last = Some(id);
    }
    assert_eq!(elsewhere(&mut showroom, last.unwrap()), 32);
}

/// With how many cards of other stores the relay says that a card may be one person's.
fn elsewhere(showroom: &mut Showroom, card: DocumentId) -> usize {
    let document = showroom.relay.document(card).unwrap().unwrap();
    duplicate::elsewhere(&document).len()
}

fn assert_not_permitted(outcome: &Outcome) {
    match outcome {
        Outcome::Refused(refusal) => assert_eq!(refusal.code, RefusalCode::NotPermitted),
        other => panic!("{other:?}"),
    }
}
