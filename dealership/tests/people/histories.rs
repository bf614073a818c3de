//! Random work on two devices, in every order of syncing, ends alike and loses nothing.

use dealership::command::{
    AddPhone, CorrectFollowUp, EditCustomer, RecordStage, ReopenStage, SetGrade, SkipStage,
};
use dealership::contact::Outcome;
use dealership::deal::Stage;
use dealership::{Contact, Customer, CustomerId, Deal, DealId, Grade};
use proptest::prelude::*;

use crate::carding::zhang_wei;
use crate::deals::{deal_with, done, skipped};
use crate::follow_ups::call;
use crate::world::{Device, Relay, on, store, sunday};

/// One thing that somebody does, by number.
#[derive(Clone, Copy, Debug)]
struct Act {
    who: bool,
    what: u8,
    which: u8,
    then_sync: bool,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = (
        any::<bool>(),
        0..8_u8,
        any::<u8>(),
        proptest::bool::weighted(0.2),
    );
    let act = act.prop_map(|(who, what, which, then_sync)| Act {
        who,
        what,
        which,
        then_sync,
    });
    proptest::collection::vec(act, 1..30)
}

/// Does it if the device's own state allows; gives how many follow-ups that makes.
fn perform(
    device: &mut Device,
    minute: i64,
    act: Act,
    customer: CustomerId,
    deal: DealId,
) -> usize {
    let at = on(1, 9, minute);
    let stage = Stage::ALL[usize::from(act.which) % Stage::ALL.len()];
    match act.what {
        0 | 1 => usize::from(device.run(at, &call(customer)).is_ok()),
        2 => {
            let follow_ups = device.contact(customer).follow_ups;
            let Some(chosen) = follow_ups.get(usize::from(act.which) % (follow_ups.len() + 1))
            else {
                return 0;
            };
            let correct = CorrectFollowUp {
                customer,
                follow_up: chosen.id,
                follow_up_type: None,
                outcome: Some(Outcome::Callback),
                at: None,
                content: None,
                feedback: None,
                feedback_kind: None,
            };
            usize::from(device.run(at, &correct).is_ok())
        }
        3 => {
            let grades = [Grade::H, Grade::A, Grade::B, Grade::C];
            let set = SetGrade {
                customer,
                grade: grades[usize::from(act.which) % 4],
                reason: "判断".into(),
                as_suggested: false,
            };
            device.run(at, &set).expect("a grade may always be set");
            0
        }
        4 => {
            let add = AddPhone {
                customer,
                phone: format!("139000000{:02}", act.which % 20),
                label: None,
                primary: act.which.is_multiple_of(2),
            };
            // The number may be there already.
            drop(device.run(at, &add));
            0
        }
        5 => {
            let named = EditCustomer {
                name: Some(format!("张{}", act.which % 4)),
                ..EditCustomer::of(customer)
            };
            device.run(at, &named).expect("a name may always be given");
            0
        }
        6 => {
            let record: RecordStage = done(deal, stage);
            let skip: SkipStage = skipped(deal, stage);
            // The gates may be shut.
            if device.run(at, &record).is_err() {
                drop(device.run(at, &skip));
            }
            0
        }
        _ => {
            let reopen = ReopenStage {
                deal,
                stage,
                reason: "退回".into(),
            };
            // The stage may not be over.
            drop(device.run(at, &reopen));
            0
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn two_devices_end_alike_and_every_follow_up_is_there(acts in acts()) {
        let mut relay = Relay::new();
        let mut li_na = Device::consultant(1, store(1));
        let mut manager = Device::manager(9, store(1), &[1]);
        let customer = li_na.run(sunday(9, 0), &zhang_wei()).expect("carded").customer;
        let deal = li_na.run(sunday(9, 1), &deal_with(customer)).expect("opened").deal;
        relay.sync(&mut li_na, sunday(9, 2));
        relay.sync(&mut manager, sunday(9, 2));

        let mut follow_ups = 0;
        for (minute, act) in (0..).zip(&acts) {
            let device = if act.who { &mut li_na } else { &mut manager };
            follow_ups += perform(device, minute, *act, customer, deal);
            if act.then_sync {
                relay.sync(device, on(1, 9, minute));
            }
        }
        relay.sync(&mut li_na, on(1, 10, 0));
        relay.sync(&mut manager, on(1, 10, 0));
        relay.sync(&mut li_na, on(1, 10, 1));

        let read = |device: &Device| -> (Customer, Contact, Deal) {
            (device.customer(customer), device.contact(customer), device.deal(deal))
        };
        let (card, contact, read_deal) = read(&li_na);
        prop_assert_eq!(&(card.clone(), contact.clone(), read_deal.clone()), &read(&manager));
        prop_assert_eq!(contact.follow_ups.len(), follow_ups);
        prop_assert_eq!(card.contacted.len(), follow_ups);
        // What holds stands on what holds.
        for standing in &read_deal.progress.stages {
            if standing.holds {
                prop_assert!(standing.stage.requires().iter().all(|stage| read_deal.progress.holds(*stage)));
            }
        }
    }
}
