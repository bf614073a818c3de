//! What the documents of a customer tell of how soon they may order.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use crate::civil;
use crate::code::Coded;
use crate::contact::{Contact, FollowUp, FollowUpType, Outcome, PlateQuota};
use crate::deal::{Deal, Stage};
use crate::fen::Fen;
use crate::grade::GradeSignals;
use crate::merge;

/// What customers say who do not want to decide yet.
const JUST_LOOKING: &str = "再看看";

impl GradeSignals {
    /// Reads the signs from the contacts of a customer, one for each card that merging made one,
    /// and their deals; [`suggest_grade`] makes a suggestion of them.
    ///
    /// `on_road_price` is that of what they want, if somebody worked it out. Whether the decision
    /// maker was present no document says: the person who asks may add it.
    ///
    /// [`suggest_grade`]: crate::grade::suggest_grade
    pub fn read<'c, 'd>(
        contacts: impl IntoIterator<Item = &'c Contact>,
        deals: impl IntoIterator<Item = &'d Deal>,
        on_road_price: Option<Fen>,
    ) -> Self {
        let mut passed = BTreeSet::new();
        for deal in deals {
            passed.extend(
                [Stage::Quote, Stage::TestDrive, Stage::Finance]
                    .into_iter()
                    .filter(|stage| deal.progress.done_at(*stage).is_some()),
            );
        }
        let contacts: Vec<&Contact> = contacts.into_iter().collect();
        let mut standing = merge::timeline(contacts.iter().copied());
        standing.retain(|follow_up| follow_up.corrected_by.is_none());
        let intent = contacts
            .iter()
            .filter_map(|contact| contact.open_intent())
            .max_by_key(|intent| (intent.at, intent.id));
        let quota = intent
            .and_then(|intent| intent.plate_quota.as_ref())
            .and_then(Coded::known);
        Self {
            horizon_days: intent
                .and_then(|intent| intent.horizon_days)
                .and_then(|days| days.try_into().ok()),
            asked_for_quote: passed.contains(&Stage::Quote),
            test_driven: passed.contains(&Stage::TestDrive)
                || standing.iter().any(|follow_up| {
                    follow_up.reached() && is_of(follow_up, &[FollowUpType::TestDrive])
                }),
            came_again: days_of_visits(&standing).len() >= 2,
            decision_maker_was_present: false,
            budget: intent.and_then(|intent| intent.budget_max),
            on_road_price,
            plate_quota_is_ready: matches!(quota, Some(PlateQuota::Has | PlateQuota::NotNeeded)),
            has_competitor_quote: contacts
                .iter()
                .flat_map(|contact| &contact.competitors)
                .any(|offer| offer.quoted_price.is_some()),
            loan_was_prechecked: passed.contains(&Stage::Finance),
            unanswered_calls: unanswered(&standing),
            is_just_looking: standing
                .last()
                .and_then(|follow_up| follow_up.content.as_deref())
                .is_some_and(|content| content.contains(JUST_LOOKING)),
        }
    }
}

fn days_of_visits(follow_ups: &[&FollowUp]) -> BTreeSet<NaiveDate> {
    let visits = [
        FollowUpType::Showroom,
        FollowUpType::Show,
        FollowUpType::TestDrive,
    ];
    follow_ups
        .iter()
        .filter(|follow_up| is_of(follow_up, &visits))
        .filter_map(|follow_up| civil::civil_date(follow_up.at.millis()))
        .collect()
}

/// How many of the last calls in a row nobody answered.
fn unanswered(follow_ups: &[&FollowUp]) -> u32 {
    let in_a_row = follow_ups
        .iter()
        .rev()
        .take_while(|follow_up| {
            follow_up.outcome.as_ref().and_then(Coded::known) == Some(Outcome::NoAnswer)
        })
        .count();
    u32::try_from(in_a_row).unwrap_or(u32::MAX)
}

fn is_of(follow_up: &FollowUp, types: &[FollowUpType]) -> bool {
    follow_up
        .follow_up_type
        .as_ref()
        .and_then(Coded::known)
        .is_some_and(|of| types.contains(&of))
}
