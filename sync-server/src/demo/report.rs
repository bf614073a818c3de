//! What came of the year, counted in the documents themselves, and whether it is as it should be.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use dealership::deal::{DealState, Stage};
use dealership::vehicle::Vehicle;
use dealership::{
    Contact, Customer, CustomerId, Deal, Document, Kind, Seq, Staff, StaffId, Timestamp, Vin, civil,
};

use super::plan::Numbers;
use super::{DemoError, Known};
use crate::relay::{Relay, RelayError};
use crate::store::{RunningHash, Store};

/// From how many customers on shares are near what chance gives them.
const ENOUGH: u64 = 500;

/// How many ids are read at once.
const PAGE: usize = 500;

/// What was made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// How many documents of each kind, by code.
    pub documents: BTreeMap<&'static str, u64>,
    /// How many commands wrote something.
    pub batches: u64,
    /// What the walkthrough refers to.
    pub known: Known,
    /// The end of the log.
    pub head: Seq,
    /// The hash over the whole log.
    pub running: RunningHash,
    /// How many deals are in each state, by code.
    pub deals: BTreeMap<&'static str, u64>,
    /// How many deals have come to each stage, by code.
    pub stages: BTreeMap<&'static str, u64>,
    /// How many vehicles have each status, by code.
    pub statuses: BTreeMap<&'static str, u64>,
    /// How many follow-ups were logged.
    pub follow_ups: u64,
    /// What must hold, and whether it does.
    pub checks: Vec<Check>,
}

/// Something that must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What.
    pub name: &'static str,
    /// Whether it does.
    pub holds: bool,
    /// What was found.
    pub found: String,
}

impl Report {
    /// Reads every document of a relay.
    pub(super) fn of<S: Store>(
        relay: &mut Relay<S>,
        numbers: &Numbers,
        double_sales: usize,
        now: Timestamp,
    ) -> Result<Self, DemoError> {
        let mut audit = Audit::default();
        for id in relay
            .store()
            .documents_of_kind(Kind::Staff)
            .map_err(RelayError::from)?
        {
            let staff = relay.document(id)?;
            let staff = staff.as_ref().and_then(Staff::read);
            audit
                .hired
                .extend(staff.and_then(|staff| Some((staff.id, staff.hired?))));
        }
        let mut after = None;
        loop {
            let page = relay.store().document_ids(after, PAGE);
            let page = page.map_err(RelayError::from)?;
            for id in &page {
                if let Some(document) = relay.document(*id)? {
                    audit.read(&document, now);
                }
            }
            match page.last() {
                Some(last) => after = Some(*last),
                None => break,
            }
        }
        let head = relay.head();
        let mut report = audit.finish(numbers, double_sales);
        report.head = head.seq;
        report.running = head.running;
        Ok(report)
    }

    /// The checks that do not hold.
    pub fn failed(&self) -> impl Iterator<Item = &Check> {
        self.checks.iter().filter(|check| !check.holds)
    }
}

/// The report on its way.
#[derive(Debug, Default)]
struct Audit {
    report: Report,
    hired: BTreeMap<StaffId, NaiveDate>,
    carded: BTreeMap<CustomerId, Timestamp>,
    /// When each customer was followed up first.
    followed_up: BTreeMap<CustomerId, Timestamp>,
    bad_vins: u64,
    disputed: u64,
    delivered_vehicles: u64,
    sold_without_invoice: u64,
    delivered_deals: u64,
    delivered_unfinished: u64,
    too_early: u64,
    test_driven: u64,
    ordered: BTreeMap<CustomerId, ()>,
    lost: u64,
    referred: u64,
}

impl Audit {
    fn read(&mut self, document: &Document, now: Timestamp) {
        *self
            .report
            .documents
            .entry(document.kind().code())
            .or_default() += 1;
        match document.kind() {
            Kind::Vehicle => Vehicle::read(document)
                .into_iter()
                .for_each(|it| self.vehicle(&it, now)),
            Kind::Deal => Deal::read(document)
                .into_iter()
                .for_each(|it| self.deal(&it)),
            Kind::Customer => Customer::read(document)
                .into_iter()
                .for_each(|it| self.customer(&it)),
            Kind::CustomerContact => Contact::read(document)
                .into_iter()
                .for_each(|it| self.contact(&it)),
            _ => {}
        }
    }

    fn vehicle(&mut self, vehicle: &Vehicle, now: Timestamp) {
        let status = vehicle.status(now).code();
        *self.report.statuses.entry(status).or_default() += 1;
        let vin = vehicle
            .vin
            .as_deref()
            .and_then(|vin| vin.parse::<Vin>().ok());
        let fits = vin.is_some_and(|vin| vin.check_digit_fits() && vin.maker() == "ZZZ");
        self.bad_vins += u64::from(!fits);
        self.disputed += u64::from(vehicle.dispute.is_some() || vehicle.place_disputed);
        if vehicle.delivered.is_some() {
            self.delivered_vehicles += 1;
            self.sold_without_invoice += u64::from(!vehicle.is_invoiced());
        }
    }

    fn deal(&mut self, deal: &Deal) {
        *self.report.deals.entry(deal.state().code()).or_default() += 1;
        if let Some(stage) = deal.stage() {
            *self.report.stages.entry(stage.code()).or_default() += 1;
        }
        self.test_driven += u64::from(deal.progress.done_at(Stage::TestDrive).is_some());
        if deal.ordered_at().is_some() && deal.state() != DealState::Cancelled {
            self.ordered.insert(deal.customer, ());
        }
        if deal.state() == DealState::Delivered {
            self.delivered_deals += 1;
            let needed = [
                Stage::Contract,
                Stage::Invoice,
                Stage::Pdi,
                Stage::Acceptance,
            ];
            let has_all = needed
                .iter()
                .all(|stage| deal.progress.done_at(*stage).is_some());
            self.delivered_unfinished += u64::from(!has_all);
        }
        self.check_hired(deal.created_by, deal.created_at);
    }

    fn customer(&mut self, customer: &Customer) {
        self.carded.insert(customer.id, customer.created_at);
        self.check_hired(customer.created_by, customer.created_at);
        for contacted in &customer.contacted {
            self.check_hired(contacted.by, contacted.at);
        }
        self.lost += u64::from(!customer.lost.is_empty());
        self.referred += u64::from(customer.source.referrer.is_some());
    }

    fn contact(&mut self, contact: &Contact) {
        self.report.follow_ups += contact.follow_ups.len() as u64;
        let first = contact
            .follow_ups
            .iter()
            .map(|follow_up| follow_up.at)
            .min();
        self.followed_up
            .extend(first.map(|first| (contact.customer, first)));
    }

    fn check_hired(&mut self, by: Option<StaffId>, at: Timestamp) {
        let hired = by.and_then(|by| self.hired.get(&by));
        let day = civil::civil_date(at.millis());
        let is_hired = hired.zip(day).is_some_and(|(hired, day)| *hired <= day);
        self.too_early += u64::from(!is_hired);
    }

    fn finish(mut self, numbers: &Numbers, double_sales: usize) -> Report {
        let before_card = self
            .followed_up
            .iter()
            .filter(|(customer, at)| self.carded.get(customer).is_none_or(|carded| *at < carded))
            .count() as u64;
        let sum = |counts: &BTreeMap<&str, u64>| counts.values().sum::<u64>();
        let customers = self.carded.len() as u64;
        self.equal(
            "every VIN fits its check digit and is of the invented maker",
            self.bad_vins,
            0,
        );
        self.equal(
            "there are as many customers as asked for",
            customers,
            numbers.customers as u64,
        );
        let statuses = sum(&self.report.statuses);
        self.equal(
            "the statuses come to the vehicles asked for",
            statuses,
            numbers.vehicles as u64,
        );
        let stages = sum(&self.report.stages);
        self.equal(
            "the stages come to the deals asked for",
            stages,
            numbers.deals as u64,
        );
        self.equal(
            "every delivered deal has contract, invoice, inspection and acceptance",
            self.delivered_unfinished,
            0,
        );
        self.equal(
            "as many vehicles as deals are delivered",
            self.delivered_vehicles,
            self.delivered_deals,
        );
        self.equal(
            "every delivered vehicle is invoiced",
            self.sold_without_invoice,
            0,
        );
        self.equal(
            "the vehicles that are disputed are those sold twice",
            self.disputed,
            double_sales as u64,
        );
        self.equal(
            "nobody is followed up before they are carded",
            before_card,
            0,
        );
        self.equal("nobody works before they are hired", self.too_early, 0);
        if customers >= ENOUGH {
            self.share("试驾率", self.test_driven, customers, 28, 40);
            self.share("成交率", self.ordered.len() as u64, customers, 20, 30);
            let decided = self.lost + self.ordered.len() as u64;
            self.share("战败率", self.lost, decided, 30, 40);
            self.share("转介绍", self.referred, customers, 5, 13);
        }
        self.report
    }

    fn equal(&mut self, name: &'static str, found: u64, wanted: u64) {
        self.report.checks.push(Check {
            name,
            holds: found == wanted,
            found: format!("{found}, wanted {wanted}"),
        });
    }

    fn share(&mut self, name: &'static str, part: u64, whole: u64, least: u64, most: u64) {
        let percent = (part * 100).checked_div(whole).unwrap_or(0);
        self.report.checks.push(Check {
            name,
            holds: (least..=most).contains(&percent),
            found: format!("{percent} %, wanted {least} to {most}"),
        });
    }
}
