//! Changes and saved documents.

use std::convert::Infallible;

use automerge::Automerge;
use change_gate::{Admission, ChangeHeader, GatedDocument, Judge, Write, device_of, prescan};
use sync_protocol::{Batch, BatchId, Outcome, PushedChange, SpaceName};
use sync_server::relay::Pushed;

use super::chunk::{CHANGE, DOCUMENT, body_of, sealed};
use super::world::{Known, World};
use crate::invariants;

/// Lets everything in that has the right structure.
struct Lenient;

impl Judge for Lenient {
    type Reason = Infallible;

    fn judge(&mut self, _: &ChangeHeader, _: &Automerge, _: &[Write]) -> Result<(), Infallible> {
        Ok(())
    }
}

/// A change as it comes.
pub(super) fn gate(world: &mut World, bytes: &[u8]) {
    let (known, bytes) = chosen(world, bytes);
    offer(known, bytes);
}

/// A change around a body that came.
pub(super) fn gate_sealed(world: &mut World, bytes: &[u8]) {
    let (known, body) = chosen(world, bytes);
    offer(known, &sealed(CHANGE, body));
}

/// Offers a change to the gate both ways: as a device's own, and as one that a relay accepted.
fn offer(known: &Known, chunk: &[u8]) {
    let device = prescan(chunk).map_or(0, |header| device_of(&header.actor));
    for document in [&known.before, &GatedDocument::empty()] {
        if let Ok(admission) = document.admit(device, &[chunk], &mut Lenient) {
            is_sound(&admission);
        }
        if let Ok(extended) = document.extend(&[chunk]) {
            // What a relay let in is not tried again; reading it must not panic all the same.
            extended.automerge().hydrate(None);
        }
    }
}

fn is_sound(admission: &Admission) {
    let admitted = admission.document.automerge();
    let loaded = GatedDocument::load(&admission.saved).expect("what was admitted loads again");
    assert_eq!(loaded.automerge().get_heads(), admitted.get_heads());
    assert_eq!(loaded.automerge().hydrate(None), admitted.hydrate(None));
}

/// A change around a body that came, pushed by the device that it says it is of.
pub(super) fn push(world: &mut World, bytes: &[u8]) {
    let (known, body) = chosen(world, bytes);
    let raw = sealed(CHANGE, body);
    let Ok(header) = prescan(&raw) else { return };
    let change = PushedChange {
        document: sync_server::wire::document(known.id),
        space: SpaceName::new(known.space.to_string()).expect("a name"),
        raw,
    };
    let seq = world.network.relay.head().seq;
    let base_seq = sync_server::wire::seq(seq);
    let Ok(batch) = Batch::new(BatchId([7; 16]), base_seq, vec![change]) else {
        return;
    };
    let pushed = Pushed {
        device: dealership::DeviceNumber(device_of(&header.actor)),
        shapes: 1,
        clock_trusted: true,
        batch,
    };
    let now = world.network.now();
    let outcomes = world.network.relay.accept(now, &[pushed]);
    match outcomes.expect("the relay goes on").as_slice() {
        [Outcome::Accepted(_)] => {
            let problems = invariants::a_relay_is_sound(world.network.relay.store());
            assert_eq!(problems, [""; 0]);
        }
        [_] => {}
        other => panic!("one batch, one outcome: {other:?}"),
    }
    // The verdict is kept, too.
    world.put_back();
}

/// A saved document.
pub(super) fn snapshot(_: &mut World, bytes: &[u8]) {
    for saved in [bytes.to_vec(), sealed(DOCUMENT, bytes)] {
        if let Ok(document) = GatedDocument::load(&saved) {
            let again = document.automerge().save_nocompress();
            let loaded = GatedDocument::load(&again).expect("what was loaded loads again");
            let heads = document.automerge().get_heads();
            assert_eq!(loaded.automerge().get_heads(), heads);
            loaded.automerge().hydrate(None);
        }
    }
}

/// The first byte chooses the document.
fn chosen<'w, 'b>(world: &'w World, bytes: &'b [u8]) -> (&'w Known, &'b [u8]) {
    let (first, rest) = bytes.split_first().unwrap_or((&0, &[]));
    (&world.known[usize::from(*first) % world.known.len()], rest)
}

pub(super) fn seeds_of_changes(world: &World) -> Vec<Vec<u8>> {
    chosen_by_number(world, |known| known.next.clone())
}

pub(super) fn seeds_of_bodies(world: &World) -> Vec<Vec<u8>> {
    chosen_by_number(world, |known| body_of(&known.next).to_vec())
}

pub(super) fn seeds_of_snapshots(world: &World) -> Vec<Vec<u8>> {
    let saved = world.known.iter().map(|known| known.saved.clone());
    let bodies = world
        .known
        .iter()
        .map(|known| body_of(&known.saved).to_vec());
    saved.chain(bodies).collect()
}

fn chosen_by_number(world: &World, bytes: impl Fn(&Known) -> Vec<u8>) -> Vec<Vec<u8>> {
    let numbered = (0_u8..).zip(&world.known);
    numbered
        .map(|(number, known)| [vec![number], bytes(known)].concat())
        .collect()
}
