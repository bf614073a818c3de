//! Deals through their stages.

use dealership::command::{
    CreateCustomer, IntentInput, OpenDeal, RecordStage, ReopenStage, SkipStage,
};
use dealership::deal::{Missing, Stage, StageState};
use dealership::refusal::Refusal;
use dealership::{CustomerId, DealId};

use crate::carding::zhang_wei;
use crate::follow_ups::call;
use crate::world::{Device, Relay, on, store, sunday};

pub(crate) fn deal_with(customer: CustomerId) -> OpenDeal {
    OpenDeal {
        customer,
        intent: None,
        owner: None,
        show: None,
        trim: None,
        title: None,
        expected_date: None,
    }
}

pub(crate) fn done(deal: DealId, stage: Stage) -> RecordStage {
    RecordStage {
        deal,
        stage,
        at: None,
        evidence: None,
    }
}

pub(crate) fn skipped(deal: DealId, stage: Stage) -> SkipStage {
    SkipStage {
        deal,
        stage,
        reason: "客户不愿".into(),
    }
}

fn reopened(deal: DealId, stage: Stage) -> ReopenStage {
    ReopenStage {
        deal,
        stage,
        reason: "改配置".into(),
    }
}

/// A customer who was called and wants something, with a deal that stands at its reception.
fn opened(device: &mut Device) -> DealId {
    let card = CreateCustomer {
        intent: Some(IntentInput {
            horizon_days: Some(7),
            budget_max: dealership::Fen::from_yuan(160_000),
            ..IntentInput::default()
        }),
        ..zhang_wei()
    };
    let customer = device.run(sunday(10, 0), &card).unwrap().customer;
    device.run(sunday(10, 10), &call(customer)).unwrap();
    device
        .run(sunday(10, 20), &deal_with(customer))
        .unwrap()
        .deal
}

#[test]
fn a_deal_of_a_customer_who_was_met_stands_at_reception() {
    let mut li_na = Device::consultant(1, store(1));
    let deal = opened(&mut li_na);

    let read = li_na.deal(deal);

    assert_eq!(read.stage(), Some(Stage::Reception));
    assert_eq!(read.owner, Some(li_na.staff()));
    assert!(read.intent.is_some());
    assert_eq!(read.progress.next(), Some(Stage::Needs));
    assert_eq!(read.days_in_stage("2026-05-06".parse().unwrap()), 3);
}

#[test]
fn needs_are_known_when_the_intent_says_when_and_what() {
    let mut li_na = Device::consultant(1, store(1));
    let customer = li_na.run(sunday(10, 0), &zhang_wei()).unwrap().customer;
    let deal = li_na.run(sunday(10, 0), &deal_with(customer)).unwrap().deal;
    for (stage, lacks) in [
        (Stage::Reception, Missing::FirstContact),
        (Stage::Needs, Missing::Intent),
        (Stage::Contract, Missing::Stage(Stage::Quote)),
    ] {
        match li_na.run(sunday(10, 1), &done(deal, stage)).unwrap_err() {
            Refusal::StageLacks { missing, .. } => assert_eq!(missing, [lacks]),
            other => panic!("{other}"),
        }
    }
}

#[test]
fn only_what_may_be_skipped_is_skipped_and_a_deposit_by_a_manager() {
    let mut relay = Relay::new();
    let mut li_na = Device::consultant(1, store(1));
    let mut manager = Device::manager(9, store(1), &[1]);
    let deal = opened(&mut li_na);
    relay.sync(&mut li_na, sunday(11, 0));
    relay.sync(&mut manager, sunday(11, 0));

    assert!(
        li_na
            .run(sunday(12, 0), &skipped(deal, Stage::Quote))
            .is_err()
    );
    assert!(
        li_na
            .run(sunday(12, 0), &skipped(deal, Stage::Deposit))
            .is_err()
    );
    assert!(
        li_na
            .run(sunday(12, 0), &skipped(deal, Stage::TestDrive))
            .is_ok()
    );
    assert!(
        manager
            .run(sunday(12, 0), &skipped(deal, Stage::Deposit))
            .is_ok()
    );
}

#[test]
fn going_back_to_the_quote_takes_the_contract_with_it_until_there_is_a_new_one() {
    let mut li_na = Device::consultant(1, store(1));
    let deal = opened(&mut li_na);
    li_na.run(sunday(11, 0), &done(deal, Stage::Quote)).unwrap();
    li_na
        .run(sunday(12, 0), &done(deal, Stage::Contract))
        .unwrap();
    assert_eq!(li_na.deal(deal).stage(), Some(Stage::Contract));
    assert!(li_na.deal(deal).is_ordered());

    li_na
        .run(sunday(13, 0), &reopened(deal, Stage::Quote))
        .unwrap();
    let read = li_na.deal(deal);
    assert_eq!(read.stage(), Some(Stage::Reception));
    assert!(!read.is_ordered());
    assert_eq!(
        read.progress.standing(Stage::Contract).unwrap().missing,
        [Stage::Quote]
    );

    li_na.run(sunday(14, 0), &done(deal, Stage::Quote)).unwrap();
    assert_eq!(li_na.deal(deal).stage(), Some(Stage::Contract));
}

#[test]
fn a_reopening_takes_back_only_what_its_author_had_seen() {
    let mut relay = Relay::new();
    let mut li_na = Device::consultant(1, store(1));
    let mut manager = Device::manager(9, store(1), &[1]);
    let deal = opened(&mut li_na);
    li_na.run(sunday(11, 0), &done(deal, Stage::Quote)).unwrap();
    relay.sync(&mut li_na, sunday(11, 10));
    relay.sync(&mut manager, sunday(11, 10));

    // Apart: the manager goes back to the quote; the consultant does so too and quotes anew.
    manager
        .run(sunday(13, 0), &reopened(deal, Stage::Quote))
        .unwrap();
    li_na
        .run(sunday(12, 0), &reopened(deal, Stage::Quote))
        .unwrap();
    li_na
        .run(sunday(12, 30), &done(deal, Stage::Quote))
        .unwrap();
    relay.sync(&mut li_na, on(1, 9, 0));
    relay.sync(&mut manager, on(1, 9, 0));
    relay.sync(&mut li_na, on(1, 9, 1));

    for device in [&li_na, &manager] {
        let read = device.deal(deal);
        assert!(read.progress.holds(Stage::Quote));
        let taken_back: Vec<_> = read
            .progress
            .events
            .iter()
            .map(|event| (event.state.known().unwrap(), event.taken_back))
            .filter(|(state, _)| *state == StageState::Done)
            .collect();
        assert_eq!(
            taken_back,
            [
                (StageState::Done, false),
                (StageState::Done, true),
                (StageState::Done, false)
            ]
        );
    }
    assert_eq!(li_na.deal(deal), manager.deal(deal));
}

#[test]
fn done_beats_skipped_where_both_happen_apart() {
    let mut relay = Relay::new();
    let mut li_na = Device::consultant(1, store(1));
    let mut manager = Device::manager(9, store(1), &[1]);
    let deal = opened(&mut li_na);
    relay.sync(&mut li_na, sunday(11, 10));
    relay.sync(&mut manager, sunday(11, 10));

    li_na
        .run(sunday(12, 0), &done(deal, Stage::TestDrive))
        .unwrap();
    manager
        .run(sunday(13, 0), &skipped(deal, Stage::TestDrive))
        .unwrap();
    relay.sync(&mut manager, on(1, 9, 0));
    relay.sync(&mut li_na, on(1, 9, 0));
    relay.sync(&mut manager, on(1, 9, 1));

    for device in [&li_na, &manager] {
        let read = device.deal(deal);
        let standing = read.progress.standing(Stage::TestDrive).unwrap();
        assert_eq!(standing.state, Some(StageState::Done));
        assert_eq!(standing.since, Some(sunday(12, 0)));
    }
}
