//! What the relay itself writes after it has accepted changes: the few facts that are its own.

use std::collections::BTreeSet;

use crate::case::duplicate;
use crate::claim::{ClaimState, Standing, Strength};
use crate::device::Device;
use crate::document::Document;
use crate::edit::{Edits, fields};
use crate::id::{CustomerId, DocumentId, FactId};
use crate::kind::Kind;
use crate::show::Show;
use crate::time::Timestamp;
use crate::vehicle::Vehicle;

/// The name that the relay's own change bears as its command.
pub const CONFIRM: &str = "confirm";

/// Works out what the relay adds to the documents that a batch changed, to be written by
/// [`Author::relay`](crate::Author::relay) in the same transaction.
///
/// `changed` are the relay's documents with the batch in them, receipts included. Running it
/// again over what it wrote gives nothing; a vehicle is looked at whole, so a claim that waited
/// for a pack's release or a rival's end is confirmed when that comes.
pub fn after_batch<'d>(changed: impl IntoIterator<Item = &'d Document>, now: Timestamp) -> Edits {
    let mut edits = Edits::default();
    for document in changed {
        if document.kind() == Kind::Vehicle {
            confirm_holds(document, now, &mut edits);
        }
    }
    edits
}

/// The name that the relay's own change bears as its command when it raises a duplicate.
pub const RAISE: &str = "raise_duplicate";

/// Works out what the relay adds to customers' cards that bear one phone in several stores: a
/// fact in each that names the other, to be written by [`Author::relay`](crate::Author::relay).
///
/// `cards` are a `changed` card and those that may be the same person's, whatever their stores:
/// those that share a phone, that it is merged into, or that the relay named. Only what is about
/// the changed one's person is looked at. What holds no more, the relay takes back by a fact of its
/// own. Running it again over what it wrote gives nothing.
pub fn duplicates_across_stores<'d>(
    changed: CustomerId,
    cards: impl IntoIterator<Item = &'d Document>,
    now: Timestamp,
) -> Edits {
    duplicate::across_stores(changed, cards, now)
}

/// The cards of other stores that the relay named in a card as the same person's, and has not taken
/// back.
pub fn duplicates_named(card: &Document) -> BTreeSet<CustomerId> {
    duplicate::named_elsewhere(card)
}

/// Works out what the relay adds to a card that names others as the same person's which were
/// purged since, to be written by [`Author::relay`](crate::Author::relay).
pub fn duplicates_purged(card: &Document, purged: &BTreeSet<CustomerId>, now: Timestamp) -> Edits {
    duplicate::purged_elsewhere(card, purged, now)
}

/// The name that the relay's own change bears as its command when it notes that a device came
/// with nothing unsent.
pub const NOTE_SYNCED: &str = "note_synced";

/// How long such a note is not made anew, in hours, unless a show ended since.
const NOTED_HOURS: i64 = 1;

/// Works out what the relay adds to a device that came with nothing unsent: when that was, so
/// that whoever takes a show's vehicles back knows whose sales may still be on their way.
///
/// `shows` are those that await its owner. Without one nothing is noted: a device that comes a
/// hundred times a day leaves no hundred entries in everybody's log.
pub fn after_syncing<'s>(
    document: &Document,
    shows: impl IntoIterator<Item = &'s Show>,
    now: Timestamp,
) -> Edits {
    let mut edits = Edits::default();
    let Some(device) = Device::read(document) else {
        return edits;
    };
    let is_news = shows.into_iter().any(|show| {
        let Some(noted) = device.synced_at else {
            return true;
        };
        let ended_since = |end: Timestamp| noted < end && end <= now;
        noted.plus_hours(NOTED_HOURS) <= now || show.ends_at.is_some_and(ended_since)
    });
    if is_news {
        edits.set(device.id, "synced_at", now.millis());
    }
    edits
}

/// Confirms the hard claims of a vehicle's only deal, unless a pack of others holds it, and the
/// only pack, unless a claim of somebody outside stands; nothing while the entry is void.
fn confirm_holds(document: &Document, now: Timestamp, edits: &mut Edits) {
    let standing = Standing::of(document);
    // What waits is confirmed when somebody has ruled, or has taken the voiding back.
    if standing.is_disputed() || Vehicle::is_void(document) {
        return;
    }
    let claims = standing.claims();
    let waiting = claims.iter().filter(|claim| {
        claim.strength == Strength::Hard
            && claim.state == ClaimState::Provisional
            && standing.pack_against(claim).is_none()
    });
    let mut holding = standing.holding_packs();
    let only_pack = match (holding.next(), holding.next()) {
        (Some(pack), None) => standing
            .contenders()
            .iter()
            .all(|claim| claim.pack == Some(pack.id))
            .then_some(pack.id),
        _ => None,
    };
    for id in waiting.map(|claim| claim.id).chain(only_pack) {
        let confirmation = confirmation_id(id);
        if document.fact("confirmation", confirmation).is_none() {
            let fields = fields([
                ("claim", id.to_string().into()),
                ("at", now.millis().into()),
            ]);
            edits.record(document.id(), "confirmation", confirmation, fields);
        }
    }
}

/// One claim or pack has one confirmation, however often the relay works it out.
fn confirmation_id(id: FactId) -> FactId {
    let derived = DocumentId::of_content(&[b"confirmation", id.as_bytes()]);
    FactId::from_bytes(*derived.as_bytes())
}
