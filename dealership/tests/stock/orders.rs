//! Whatever the order in which changes come, every replica says the same.

use automerge::{ActorId, Automerge};
use dealership::case::double_vin;
use dealership::claim::{ClaimState, may_finalise};
use dealership::command::{FinaliseClaim, PackVehicles, ReleasePack, RuleOnVehicle};
use dealership::pack::{Pack, PackState};
use dealership::vehicle::Vehicle;
use dealership::{Document, FactId, Role, Space, StaffId, Timestamp};
use proptest::prelude::*;
use std::collections::BTreeSet;

use crate::claims::{Story, hard, state_of, stock_in, story};
use crate::world::{Device, Relay, V1, on, store, sunday, vehicle};

/// Every order of a few things.
fn permutations(count: usize) -> Vec<Vec<usize>> {
    if count == 0 {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for order in permutations(count - 1) {
        for place in 0..=order.len() {
            let mut longer = order.clone();
            longer.insert(place, count - 1);
            all.push(longer);
        }
    }
    all
}

/// Rebuilds a document by taking its changes in another order, as far as it has them.
fn rebuilt(document: &Document, keys: &[u32]) -> Document {
    let changes = document.automerge().get_changes(&[]);
    let mut order: Vec<usize> = (0..changes.len()).collect();
    order.sort_by_key(|index| keys[index % keys.len()].wrapping_mul(*index as u32 + 1));
    let mut automerge = Automerge::new().with_actor(ActorId::from([0xee; 16]));
    for index in order {
        // Automerge keeps what still misses something, and takes it in when that comes.
        automerge
            .apply_changes([changes[index].clone()])
            .expect("applies");
    }
    assert_eq!(
        automerge.get_heads().len(),
        document.automerge().get_heads().len()
    );
    Document::read(
        document.id(),
        Space::Group,
        automerge,
        document.receipts().clone(),
    )
    .expect("of ours")
}

#[test]
fn o12_a_clock_that_is_a_year_ahead_or_behind_never_wins_by_what_it_claims() {
    let year = 365 * 24 * 3_600_000;
    for off_by in [year, -year] {
        let mut s = story();
        s.two.clock_off_by = off_by;
        let honest = s.one.run(sunday(10, 20), &hard(s.one_deal)).expect("free");
        let wrong = s.two.run(sunday(10, 5), &hard(s.two_deal)).expect("free");
        s.relay.sync(&mut s.two, sunday(18, 0));
        s.relay.sync(&mut s.one, sunday(18, 30));
        let read = s.relay.vehicle(V1);
        assert_eq!(read.held_by, Some(honest.claim), "off by {off_by}");
        let case = double_vin::cases(&s.relay.read(vehicle(V1))).remove(0);
        assert_eq!(
            case.proposal.expect("a rule").rule,
            "order_time_receipts",
            "the case says that a clock was not right"
        );
        let side = case
            .sides
            .iter()
            .find(|side| side.fact == Some(wrong.claim));
        let receipt = side.and_then(|side| side.order.receipt).expect("received");
        assert!(!receipt.clock_trusted);
        assert_eq!(receipt.received_at, sunday(18, 0));
        assert_eq!(receipt.base_received_at, sunday(8, 1));
    }
}

#[test]
fn o12_windows_that_do_not_overlap_decide_whatever_the_clock_says() {
    let mut s = story();
    s.two.clock_off_by = 365 * 24 * 3_600_000;
    let early = s.two.run(sunday(9, 30), &hard(s.two_deal)).expect("free");
    s.relay.receive(&mut s.two, sunday(9, 40));
    // The other had seen something later than that, but not the claim itself.
    let mut s_one_only = Device::new(5, &[Role::StockKeeper], &[store(1)]);
    s_one_only.fetch(&mut Relay::default());
    let other_vin = crate::world::V2;
    s_one_only
        .run(sunday(9, 45), &stock_in(other_vin, store(1)))
        .expect("new");
    s.relay.receive(&mut s_one_only, sunday(9, 50));
    s.one.fetch_all_but(&mut s.relay, vehicle(V1).into());
    let late = s.one.run(sunday(10, 0), &hard(s.one_deal)).expect("unseen");
    s.relay.sync(&mut s.one, sunday(10, 1));
    let read = s.relay.vehicle(V1);
    assert_eq!(read.held_by, Some(early.claim));
    assert_ne!(read.held_by, Some(late.claim));
    let case = double_vin::cases(&s.relay.read(vehicle(V1))).remove(0);
    assert_eq!(case.proposal.expect("a rule").rule, "order_time_windows");
}

/// Three deals claim V1 offline at 10:00, 10:10 and 10:20; they sync in a given order.
fn three_rivals(order: &[usize]) -> (Story, Device, Vec<dealership::FactId>) {
    let mut s = story();
    let mut third = Device::consultant(3, store(3));
    third.fetch(&mut s.relay);
    let third_deal = third.new_deal(sunday(9, 10));
    let claims = vec![
        s.one
            .run(sunday(10, 0), &hard(s.one_deal))
            .expect("free")
            .claim,
        s.two
            .run(sunday(10, 10), &hard(s.two_deal))
            .expect("free")
            .claim,
        third
            .run(sunday(10, 20), &hard(third_deal))
            .expect("free")
            .claim,
    ];
    for (step, device) in order.iter().enumerate() {
        let at = sunday(18, step as i64);
        match device {
            0 => s.relay.sync(&mut s.one, at),
            1 => s.relay.sync(&mut s.two, at),
            _ => s.relay.sync(&mut third, at),
        }
    }
    (s, third, claims)
}

#[test]
fn o1_the_case_and_its_proposal_do_not_depend_on_who_syncs_first() {
    let mut cases = BTreeSet::new();
    for order in permutations(3) {
        let (mut s, mut third, claims) = three_rivals(&order);
        for device in [&mut s.one, &mut s.two, &mut third] {
            device.fetch(&mut s.relay);
            let read = device.vehicle(V1);
            assert_eq!(read.held_by, Some(claims[0]), "{order:?}");
            let found = double_vin::cases(&device.read(vehicle(V1)));
            assert_eq!(found.len(), 1, "{order:?}");
            cases.insert(found[0].id);
            for claim in &claims {
                assert_eq!(state_of(&read, *claim), ClaimState::Provisional);
                assert!(may_finalise(&device.read(vehicle(V1)), *claim).is_err());
            }
        }
    }
    assert_eq!(cases.len(), 1, "the same id in every order");
}

/// What the people of a random day do.
#[derive(Clone, Copy, Debug)]
enum Step {
    Claim(usize),
    Release(usize),
    Sync(usize),
    Fetch(usize),
    Rule,
    Pack,
    Unpack,
    Finalise,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let device = 0..3_usize;
    let step = prop_oneof![
        6 => device.clone().prop_map(Step::Claim),
        1 => device.clone().prop_map(Step::Release),
        5 => device.clone().prop_map(Step::Sync),
        2 => device.prop_map(Step::Fetch),
        1 => Just(Step::Rule),
        2 => Just(Step::Pack),
        1 => Just(Step::Unpack),
        2 => Just(Step::Finalise),
    ];
    proptest::collection::vec(step, 1..24)
}

/// A random day as it was played.
struct Day {
    relay: Relay,
    devices: Vec<Device>,
    /// The claims of which their authors were told that they are certain.
    certain: Vec<FactId>,
}

/// When the team may claim from its pack: some while within the day.
fn window() -> (Timestamp, Timestamp) {
    (sunday(10, 12), sunday(10, 54))
}

/// Plays a random day. The pack's team is the first two people. The office (keeper and finance)
/// has a network, but packs by what it saw last; what the relay would refuse as a second final is
/// not written.
fn play(steps: &[Step], clocks: [i64; 3]) -> Day {
    let Story {
        mut relay,
        mut keeper,
        one,
        two,
        ..
    } = story();
    let mut finance = Device::new(6, &[Role::Finance], &[store(1)]);
    let mut third = Device::consultant(3, store(3));
    third.fetch(&mut relay);
    let mut devices = vec![one, two, third];
    for (device, clock) in devices.iter_mut().zip(clocks) {
        device.clock_off_by = clock;
    }
    let team = [devices[0].staff(), devices[1].staff()];
    let (from, until) = window();
    let show = keeper.new_show(sunday(8, 2), from, until, &team);
    let mut certain = Vec::new();
    for (index, step) in steps.iter().enumerate() {
        let at = sunday(10, 3 * index as i64);
        let cars = BTreeSet::from([vehicle(V1)]);
        match *step {
            Step::Claim(who) => {
                let deal = devices[who].new_deal(at);
                let before = devices[who].vehicle(V1);
                // What is refused is not written; that is a step like any other.
                if let Ok(claimed) = devices[who].run(at, &hard(deal)) {
                    check_sight(&before, devices[who].staff(), &team, claimed.certain);
                    certain.extend(claimed.certain.then_some(claimed.claim));
                }
            }
            Step::Release(who) => {
                let staff = devices[who].staff();
                let read = devices[who].vehicle(V1);
                let own = read
                    .claims
                    .iter()
                    .find(|claim| claim.staff == staff && claim.excludes());
                if let Some(own) = own {
                    let release = dealership::command::ReleaseClaim {
                        vehicle: vehicle(V1),
                        claim: own.id,
                        reason: dealership::claim::ClaimEndReason::Released,
                    };
                    drop(devices[who].run(at, &release));
                }
            }
            Step::Sync(who) => relay.sync(&mut devices[who], at),
            Step::Fetch(who) => devices[who].fetch(&mut relay),
            Step::Rule => {
                keeper.fetch(&mut relay);
                let case = double_vin::cases(&keeper.read(vehicle(V1)))
                    .into_iter()
                    .find(|case| case.is_open());
                if let Some(case) = case {
                    let rule = RuleOnVehicle {
                        vehicle: vehicle(V1),
                        case: case.id,
                        winner: case.proposal.expect("a rule applies").winner,
                        reason: "订车在先".into(),
                    };
                    keeper.run(at, &rule).expect("the proposal may be followed");
                    relay.sync(&mut keeper, at);
                }
            }
            Step::Pack => {
                let pack = PackVehicles {
                    show,
                    vehicles: cars,
                    from: None,
                    until: None,
                };
                drop(keeper.run(at, &pack));
                relay.sync(&mut keeper, at);
            }
            Step::Unpack => {
                keeper.fetch(&mut relay);
                let release = ReleasePack {
                    show,
                    vehicles: cars,
                    unsynced_devices: None,
                    despite_unsynced: true,
                };
                drop(keeper.run(at, &release));
                relay.sync(&mut keeper, at);
            }
            Step::Finalise => {
                finance.fetch(&mut relay);
                let held = finance.vehicle(V1).held_by;
                if let Some(claim) = held {
                    let finalise = FinaliseClaim {
                        vehicle: vehicle(V1),
                        claim,
                    };
                    drop(finance.run(at, &finalise));
                    relay.sync(&mut finance, at);
                }
            }
        }
    }
    for device in &mut devices {
        relay.sync(device, on(1, 9, 0));
    }
    Day {
        relay,
        devices,
        certain,
    }
}

/// Whoever could claim saw no hold of another deal, unless it is from outside their own confirmed
/// pack; and what is told to be certain was claimed in sight of none at all.
fn check_sight(before: &Vehicle, who: StaffId, team: &[StaffId], certain: bool) {
    for other in before.claims.iter().filter(|claim| claim.excludes()) {
        let confirmed =
            |pack: &Pack| pack.state == PackState::Confirmed && pack.team.contains(&who);
        assert!(!certain, "{other:?} stood in sight");
        assert!(!team.contains(&other.staff), "a team-mate holds it");
        assert!(
            before.packs.iter().any(confirmed),
            "{other:?} was confirmed"
        );
    }
}

/// What was told to be certain is never barred, and counts as made from the pack unless the
/// receipts prove that it was not made in the window.
fn check_certain(read: &Vehicle, certain: &[FactId]) {
    let (from, until) = window();
    for claim in read
        .claims
        .iter()
        .filter(|claim| certain.contains(&claim.id))
    {
        assert_ne!(claim.state, ClaimState::Barred);
        let receipt = claim.order.receipt.expect("everything was received");
        let may_be = receipt.base_received_at <= until && receipt.received_at >= from;
        if receipt.clock_trusted || may_be {
            assert!(claim.pack.is_some(), "{claim:?}");
            let holder = read
                .claims
                .iter()
                .find(|held| Some(held.id) == read.held_by);
            if claim.excludes()
                && let Some(holder) = holder
            {
                assert!(
                    holder.pack.is_some() || holder.state == ClaimState::Final,
                    "{holder:?}"
                );
            }
        }
    }
}

/// How far a clock is off: right, within what is trusted, twenty minutes, a year.
fn clock() -> impl Strategy<Value = i64> {
    let minute = 60_000;
    let year = 365 * 24 * 60 * minute;
    prop_oneof![
        3 => Just(0),
        1 => proptest::sample::select(vec![-4 * minute, 4 * minute]),
        2 => proptest::sample::select(vec![-20 * minute, 20 * minute]),
        1 => proptest::sample::select(vec![-year, year]),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn holder_and_cases_are_the_same_on_every_replica_in_whatever_order_changes_came(
        steps in steps(),
        clocks in [clock(), clock(), clock()],
        keys in proptest::collection::vec(any::<u32>(), 1..20),
    ) {
        let Day { mut relay, mut devices, certain } = play(&steps, clocks);
        let at_relay = relay.read(vehicle(V1));
        let read = Vehicle::read(&at_relay).expect("a vehicle");
        let cases = double_vin::cases(&at_relay);

        for device in &mut devices {
            device.fetch(&mut relay);
            let document = device.read(vehicle(V1));
            prop_assert_eq!(&Vehicle::read(&document).expect("a vehicle"), &read);
            prop_assert_eq!(&double_vin::cases(&document), &cases);
        }
        let document = rebuilt(&at_relay, &keys);
        prop_assert_eq!(&Vehicle::read(&document).expect("a vehicle"), &read);
        prop_assert_eq!(&double_vin::cases(&document), &cases);

        check_certain(&read, &certain);
        let finals = read.claims.iter().filter(|claim| claim.state == ClaimState::Final);
        prop_assert!(finals.count() <= 1);
        prop_assert_eq!(
            at_relay.facts("final").count(),
            usize::from(read.is_invoiced()),
            "what was ever accepted as final still is"
        );
        let deals: BTreeSet<_> = read
            .claims
            .iter()
            .filter(|claim| claim.excludes())
            .map(|claim| claim.deal)
            .collect();
        prop_assert_eq!(read.dispute.is_some(), deals.len() > 1);
        let confirmed = read.claims.iter().any(|claim| claim.state == ClaimState::Confirmed);
        prop_assert!(!(confirmed && read.dispute.is_some()));
    }
}
