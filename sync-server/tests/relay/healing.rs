//! A relay that was restored from an older backup, and devices that bring back what it lost.

use std::collections::BTreeSet;

use change_gate::prescan;
use dealership::{DealId, DocumentId, GroupId, Seq, Space};
use sync_protocol::{
    Batch, BatchId, ChangeHash, Entry, Leaf, Outcome, PushedChange, RefusalCode, StatesRoot,
    StatesTag, TaggedState, Walk,
};
use sync_server::relay::{Pushed, Relay, RelayKey, renew_epoch};
use sync_server::store::{MemoryStore, ReadStore};
use sync_server::wire;

use crate::showroom::{NOON, Showroom, Tablet, opening};

/// A group whose relay lost a deal, and the colleague who holds what it lost.
struct Loss {
    showroom: Showroom,
    backup: MemoryStore,
    author: Tablet,
    holder: Tablet,
    deal: DealId,
    changes: Vec<PushedChange>,
    /// The leaves of the page that brought the changes, and its tag.
    leaves: Vec<Leaf>,
    tag: StatesTag,
}

impl Loss {
    /// Opens a deal and makes so many changes to it after the backup.
    fn of(edits: usize) -> Self {
        let mut showroom = Showroom::open();
        let mut author = showroom.consultant("李娜");
        let holder = showroom.consultant("赵敏");
        let backup = showroom.relay.store().backup().unwrap();
        let before = showroom.relay.head().seq;
        let space = showroom.space();
        let (deal, open) = author.open_deal(space);
        let mut changes = vec![open];
        for number in 0..edits {
            changes.push(author.rename(deal, space, &format!("第{number}次")));
        }
        showroom.accepted(&author, changes.clone());
        let head = showroom.relay.head().seq;
        let answer = showroom
            .relay
            .front_desk()
            .read(
                &BTreeSet::from([space]),
                before,
                Walk {
                    start: wire::seq(before),
                    end: wire::seq(head),
                },
            )
            .unwrap();
        let leaves = changes.iter().map(leaf).collect();
        Self {
            showroom,
            backup,
            author,
            holder,
            deal,
            changes,
            leaves,
            tag: answer.states.unwrap(),
        }
    }

    /// Restores the backup.
    fn restore(mut self) -> Self {
        renew_epoch(&mut self.backup, sync_protocol::Epoch([9; 16])).unwrap();
        let backup = std::mem::take(&mut self.backup);
        self.showroom.relay = Relay::open(backup, opening(77)).unwrap();
        self
    }

    fn state(&self, index: usize) -> TaggedState {
        let change = &self.changes[index];
        let head = Some(hash(change));
        TaggedState::on_page(change.document, head, &self.leaves, index, self.tag).unwrap()
    }

    /// Pushes changes as the holder, under these states.
    fn push(&mut self, number: u8, changes: &[PushedChange], states: &[TaggedState]) -> Outcome {
        let id = BatchId([number; 16]);
        let (changes, states) = (changes.to_vec(), states.to_vec());
        let batch = Batch::of_lost(id, sync_protocol::Seq(0), changes, states).unwrap();
        self.showroom.push(&Pushed {
            device: self.holder.device,
            shapes: dealership::schema::SHAPE as u32,
            clock_trusted: true,
            batch,
        })
    }

    #[track_caller]
    fn assert_unproven(&mut self, number: u8, changes: &[PushedChange], states: &[TaggedState]) {
        let head = self.showroom.head();
        match self.push(number, changes, states) {
            Outcome::Refused(refusal) => assert_eq!(refusal.code, RefusalCode::Unproven),
            other => panic!("{other:?}"),
        }
        assert_eq!(self.showroom.head(), head);
        let deal = self.showroom.relay.document(self.deal.into()).unwrap();
        assert!(deal.is_none());
    }
}

fn hash(change: &PushedChange) -> ChangeHash {
    ChangeHash(prescan(&change.raw).unwrap().hash)
}

fn leaf(change: &PushedChange) -> Leaf {
    Leaf::of_state(change.document, hash(change), &change.space)
}

#[test]
fn one_state_brings_back_all_that_is_below_it_whoever_wrote_it() {
    let mut loss = Loss::of(2).restore();
    let (changes, state) = (loss.changes.clone(), loss.state(2));
    let before = loss.showroom.head();

    let outcome = loss.push(1, &changes, &[state]);

    assert!(matches!(outcome, Outcome::Accepted(_)), "{outcome:?}");
    assert_eq!(loss.showroom.head(), before + 3);
    let relay = &mut loss.showroom.relay;
    let document = relay.document(loss.deal.into()).unwrap().unwrap();
    let tablet = &loss.author.documents[&loss.deal.into()];
    assert_eq!(document.automerge().get_heads(), tablet.get_heads());
    // The old receipts are lost: the window is open to the past, the clock not trusted.
    let row = relay.store().log_row(Seq(before + 1)).unwrap().unwrap();
    let (_, receipt) = row.change().unwrap();
    assert_eq!(
        (receipt.received_at, row.space),
        (NOON, Space::Store(loss.showroom.store))
    );
    assert_eq!(receipt.base_received_at.millis(), 0);
    assert!(!receipt.clock_trusted);
}

#[test]
fn what_is_brought_back_twice_stands_once() {
    let mut loss = Loss::of(2).restore();
    let (changes, state) = (loss.changes.clone(), loss.state(2));
    let first = loss.push(1, &changes, std::slice::from_ref(&state));
    let head = loss.showroom.head();

    assert_eq!(loss.push(1, &changes, std::slice::from_ref(&state)), first);
    let again = loss.push(2, &changes, &[state]);
    assert!(matches!(again, Outcome::Accepted(_)));
    // Its author pushes it too, as at first.
    let author = std::mem::replace(&mut loss.author, loss.showroom.consultant("周勇"));
    let enrolled = loss.showroom.head();
    loss.showroom.accepted(&author, changes);
    assert_eq!(loss.showroom.head(), enrolled);
    assert!(enrolled > head);
}

#[test]
fn the_beginning_of_what_was_lost_may_come_alone_under_a_state_of_its_own() {
    let mut loss = Loss::of(2).restore();
    let (changes, states) = (loss.changes.clone(), [loss.state(0), loss.state(2)]);
    let first = loss.push(1, &changes[..1], &states[..1]);
    assert!(matches!(first, Outcome::Accepted(_)));
    let second = loss.push(2, &changes[1..], &states[1..]);
    assert!(matches!(second, Outcome::Accepted(_)));
}

#[test]
fn what_builds_on_something_that_is_not_back_yet_waits_and_vouches_for_it() {
    let mut loss = Loss::of(2).restore();
    let (changes, state) = (loss.changes.clone(), loss.state(2));
    let outcome = loss.push(1, &changes[2..], &[state]);
    let Outcome::NeedsDependencies(needs) = outcome else {
        panic!("{outcome:?}");
    };
    assert_eq!(needs.hashes, [hash(&changes[1])]);

    // What it lacks is known to have been accepted now, although no page ended with it.
    let leaves = [leaf(&changes[1])];
    let (document, head) = (changes[1].document, Some(hash(&changes[1])));
    let state = TaggedState::on_page(document, head, &leaves, 0, needs.states.unwrap()).unwrap();
    let below = loss.push(2, &changes[..2], &[state]);
    assert!(matches!(below, Outcome::Accepted(_)), "{below:?}");
    let state = loss.state(2);
    let above = loss.push(1, &changes[2..], &[state]);
    assert!(matches!(above, Outcome::Accepted(_)), "{above:?}");
}

#[test]
fn a_forged_tag_and_the_state_of_another_document_head_or_space_prove_nothing() {
    let mut loss = Loss::of(1).restore();
    let (changes, good) = (loss.changes.clone(), loss.state(1));
    let mut forged = good.clone();
    forged.tag.0[3] ^= 1;
    loss.assert_unproven(1, &changes, &[forged]);

    let mut of_another_document = good.clone();
    of_another_document.document = sync_protocol::DocumentId([8; 16]);
    loss.assert_unproven(2, &changes, &[of_another_document]);

    let mut of_another_head = good.clone();
    of_another_head.head = Some(hash(&changes[0]));
    loss.assert_unproven(3, &changes, &[of_another_head]);

    // Everyone would read it in the space of the group.
    let mut elsewhere = changes.clone();
    for change in &mut elsewhere {
        change.space = wire::space(Space::Group);
    }
    loss.assert_unproven(4, &elsewhere, std::slice::from_ref(&good));
    elsewhere[1].space = changes[1].space.clone();
    loss.assert_unproven(5, &elsewhere, std::slice::from_ref(&good));

    // The head itself is not among the changes.
    loss.assert_unproven(6, &changes[..1], std::slice::from_ref(&good));
    let mut with_a_longer_path = good;
    with_a_longer_path.path.extend([0; 32]);
    loss.assert_unproven(7, &changes, &[with_a_longer_path]);
}

#[test]
fn the_tag_of_another_group_or_another_relay_proves_nothing() {
    let mut loss = Loss::of(0).restore();
    let (changes, good) = (loss.changes.clone(), loss.state(0));
    let root = StatesRoot::of(&loss.leaves).unwrap();
    let group = loss.showroom.relay.group().group;
    let key = loss.showroom.relay.key().clone();
    let others = [
        key.tag_states(GroupId::from_bytes([1; 16]), root),
        RelayKey::new([1; 32]).tag_states(group, root),
    ];
    for (number, tag) in (1..).zip(others) {
        loss.assert_unproven(
            number,
            &changes,
            &[TaggedState {
                tag,
                ..good.clone()
            }],
        );
    }
    let own = TaggedState {
        tag: key.tag_states(group, root),
        ..good
    };
    assert!(matches!(
        loss.push(9, &changes, &[own]),
        Outcome::Accepted(_)
    ));
}

#[test]
fn what_somebody_made_up_does_not_enter_beside_what_was_lost() {
    let mut loss = Loss::of(0).restore();
    let state = loss.state(0);
    // A change above the state, written as the author: rights would be skipped with the rest.
    let space = loss.showroom.space();
    let made_up = loss.author.rename(loss.deal, space, "假的");
    let changes = [loss.changes[0].clone(), made_up];

    loss.assert_unproven(1, &changes, &[state]);
}

#[test]
fn what_was_lost_of_a_document_that_was_purged_since_is_answered_gone() {
    let mut loss = Loss::of(2).restore();
    let (changes, states) = (loss.changes.clone(), [loss.state(0), loss.state(2)]);
    loss.push(1, &changes[..1], &states[..1]);
    let deal = DocumentId::from(loss.deal);
    loss.showroom.relay.purge(NOON, &[deal]).unwrap();

    match loss.push(2, &changes, &states[1..]) {
        Outcome::Refused(refusal) => assert_eq!(refusal.code, RefusalCode::Gone),
        other => panic!("{other:?}"),
    }
    assert!(loss.showroom.relay.document(deal).unwrap().is_none());
}

#[test]
fn bytes_that_are_no_sound_change_are_refused_under_any_tag() {
    let mut loss = Loss::of(1).restore();
    let (mut changes, state) = (loss.changes.clone(), loss.state(1));
    let last = changes[0].raw.len() - 1;
    changes[0].raw[last] ^= 0x40;
    let outcome = loss.push(1, &changes, &[state]);
    assert!(matches!(outcome, Outcome::Refused(_)), "{outcome:?}");
}

#[test]
fn every_page_with_entries_bears_the_tag_of_their_states() {
    let loss = Loss::of(1);
    let key = loss.showroom.relay.key();
    let group = loss.showroom.relay.group().group;
    let root = StatesRoot::of(&loss.leaves).unwrap();
    assert_eq!(loss.tag, key.tag_states(group, root));
    // A page without any has none.
    let desk = loss.showroom.relay.front_desk();
    let head = loss.showroom.relay.head().seq;
    let end = wire::seq(head);
    let walk = Walk { start: end, end };
    let answer = desk.read(&BTreeSet::new(), head, walk).unwrap();
    assert_eq!(answer.states, None);
}

#[test]
fn a_save_is_a_state_for_each_head_that_it_names() {
    let loss = Loss::of(5);
    let desk = loss.showroom.relay.front_desk();
    let head = wire::seq(loss.showroom.relay.head().seq);
    let walk = Walk {
        start: wire::seq(Seq(0)),
        end: head,
    };
    let spaces = BTreeSet::from([loss.showroom.space()]);
    let answer = desk.read(&spaces, Seq(0), walk).unwrap();

    // All changes of the deal are on the way, so it travels whole, and alone in its space.
    let row = loss.showroom.relay.store().document(loss.deal.into());
    let saved = row.unwrap().unwrap().content.unwrap().saved;
    let entry = Entry::Save(sync_protocol::entry::SaveEntry {
        seq: sync_protocol::Seq(1),
        through: head,
        space: loss.changes[0].space.clone(),
        document: loss.changes[0].document,
        saved,
        receipts: Vec::new(),
    });
    let leaves = wire::leaves(&entry);
    assert_eq!(leaves, [leaf(&loss.changes[5])]);
    let key = loss.showroom.relay.key();
    let group = loss.showroom.relay.group().group;
    let root = StatesRoot::of(&leaves).unwrap();
    assert_eq!(answer.states, Some(key.tag_states(group, root)));
}

#[test]
fn a_purge_that_the_relay_has_lost_is_shown_to_it_and_happens_again() {
    let mut showroom = Showroom::open();
    let mut author = showroom.consultant("李娜");
    let space = showroom.space();
    let (deal, open) = author.open_deal(space);
    showroom.accepted(&author, vec![open]);
    let mut backup = showroom.relay.store().backup().unwrap();
    let before = showroom.relay.head().seq;
    showroom.relay.purge(NOON, &[deal.into()]).unwrap();
    let walk = Walk {
        start: wire::seq(before),
        end: wire::seq(showroom.relay.head().seq),
    };
    let desk = showroom.relay.front_desk();
    let answer = desk.read(&BTreeSet::from([space]), before, walk).unwrap();
    let (document, tag) = (wire::document(deal.into()), answer.states.unwrap());
    let leaves = [Leaf::of_purge(document)];
    let purge = TaggedState::on_page(document, None, &leaves, 0, tag).unwrap();
    renew_epoch(&mut backup, sync_protocol::Epoch([9; 16])).unwrap();
    showroom.relay = Relay::open(backup, opening(77)).unwrap();
    assert!(showroom.relay.document(deal.into()).unwrap().is_some());

    let mut push = |number: u8, state: &TaggedState| {
        let id = BatchId([number; 16]);
        let states = vec![state.clone()];
        let batch = Batch::of_lost(id, sync_protocol::Seq(0), Vec::new(), states).unwrap();
        showroom.push(&Pushed {
            device: author.device,
            shapes: dealership::schema::SHAPE as u32,
            clock_trusted: true,
            batch,
        })
    };
    let mut forged = purge.clone();
    forged.tag.0[0] ^= 1;
    match push(1, &forged) {
        Outcome::Refused(refusal) => assert_eq!(refusal.code, RefusalCode::Unproven),
        other => panic!("{other:?}"),
    }
    let first = push(2, &purge);
    let Outcome::Accepted(accepted) = first else {
        panic!("{first:?}");
    };
    assert_eq!(accepted.first_seq.0, before.0 + 1);
    // Somebody else shows it too.
    assert!(matches!(push(3, &purge), Outcome::Accepted(_)));
    assert!(showroom.relay.document(deal.into()).unwrap().is_none());
    assert_eq!(showroom.head(), before.0 + 1);
}
