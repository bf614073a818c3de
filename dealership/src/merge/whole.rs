//! Several cards of one person, read as one: what every screen and every rule goes by.

use crate::contact::{Contact, FollowUp, Task, TaskState};
use crate::customer::Customer;
use crate::id::{CustomerId, FactId};
use crate::merge::MergeMap;
use crate::time::Timestamp;

/// The customer whom cards that merging made one show: the survivor's card, with what the others
/// tell of the same person beside it. `None` where no card is given.
///
/// What was said holds whichever card it stands on: an opt-out, a tag, a grade, a follow-up, a
/// request to give them up; so does that a card is kept for the law only. Registers, owner and
/// merges are the survivor's.
pub fn customer<'c>(cards: impl IntoIterator<Item = &'c Customer>) -> Option<Customer> {
    let cards: Vec<&Customer> = cards.into_iter().collect();
    let shown_as = shown_as(cards.iter().copied())?;
    let mut whole = cards
        .iter()
        .find(|card| card.id == shown_as)
        .map(|card| Customer::clone(card))?;
    for card in cards.iter().filter(|card| card.id != shown_as) {
        let phones = card.phones.iter();
        whole
            .phones
            .extend(phones.map(|(hash, digits)| (*hash, digits.clone())));
        whole.tags.extend(card.tags.iter().cloned());
        whole.opted_out.extend(card.opted_out.iter().cloned());
        whole.contacted.extend(card.contacted.iter().cloned());
        whole.restricted |= card.restricted;
        whole.last_carded_at = whole.last_carded_at.max(card.last_carded_at);
        if card.created_at < whole.created_at {
            whole.created_at = card.created_at;
            whole.created_by = card.created_by;
        }
    }
    whole
        .contacted
        .sort_by_key(|contacted| (contacted.at, contacted.id));
    whole.grades = in_order(cards.iter().map(|card| card.grades.as_slice()), |graded| {
        graded.at
    });
    whole.lost = in_order(cards.iter().map(|card| card.lost.as_slice()), |request| {
        request.at
    });
    Some(whole)
}

/// As which of some cards that merging made one all are shown: the survivor's, or, where that one
/// is not among them, that of the smallest id.
pub fn shown_as<'c>(cards: impl IntoIterator<Item = &'c Customer>) -> Option<CustomerId> {
    let cards: Vec<&Customer> = cards.into_iter().collect();
    let first = cards.iter().map(|card| card.id).min()?;
    let root = MergeMap::of(cards.iter().copied()).root(first);
    let is_here = cards.iter().any(|card| card.id == root);
    Some(if is_here { root } else { first })
}

/// The follow-ups of merged customers as one timeline, in the order in which they happened.
pub fn timeline<'c>(contacts: impl IntoIterator<Item = &'c Contact>) -> Vec<&'c FollowUp> {
    let mut follow_ups: Vec<_> = contacts
        .into_iter()
        .flat_map(|contact| &contact.follow_ups)
        .collect();
    follow_ups.sort_by_key(|follow_up| (follow_up.at, follow_up.id));
    follow_ups
}

/// The tasks of merged customers as one list, by due date: a follow-up does them on whichever
/// contact it was logged.
pub fn tasks<'c>(contacts: impl IntoIterator<Item = &'c Contact>) -> Vec<Task> {
    let contacts: Vec<&Contact> = contacts.into_iter().collect();
    let mut tasks: Vec<Task> = contacts
        .iter()
        .flat_map(|contact| contact.tasks.iter().cloned())
        .collect();
    for task in &mut tasks {
        let mut done_by: Vec<FactId> = contacts
            .iter()
            .flat_map(|contact| contact.standing_follow_ups())
            .filter(|follow_up| follow_up.tasks.contains(&task.id))
            .map(|follow_up| follow_up.id)
            .collect();
        done_by.sort_unstable();
        if !done_by.is_empty() {
            task.state = TaskState::Done;
        }
        task.done_by = done_by;
    }
    tasks.sort_by_key(|task| (task.due, task.id));
    tasks
}

/// Puts the logs of several cards into one by time, without turning round what one card says:
/// there the later entry had seen the earlier, whatever their clocks said.
fn in_order<'c, T: Clone + 'c>(
    logs: impl IntoIterator<Item = &'c [T]>,
    at: impl Fn(&T) -> Timestamp,
) -> Vec<T> {
    let mut entries: Vec<(Option<Timestamp>, &T)> = Vec::new();
    for log in logs {
        let mut latest = None;
        for entry in log {
            latest = latest.max(Some(at(entry)));
            entries.push((latest, entry));
        }
    }
    entries.sort_by_key(|(latest, _)| *latest);
    entries
        .into_iter()
        .map(|(_, entry)| entry.clone())
        .collect()
}
