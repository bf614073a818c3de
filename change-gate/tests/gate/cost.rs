//! What the dearest changes that may enter cost the thread that judges them.
//!
//! Few bytes can hold as many operations as the limits allow, and every one of them costs
//! Automerge time. Measured is the thread's own time on a processor, which a busy machine
//! stretches little.

use automerge::{Automerge, ObjType, ROOT, transaction::Transactable};
use change_gate::{GatedDocument, limits};

use crate::{
    attacks::DEVICE,
    replica::{Lenient, actor, commit, replica},
};

/// More than any change may cost the gate, in milliseconds: what is left of a message's 250 is
/// for what a relay does with the document afterwards.
const BOUND: u64 = 150;

#[test]
fn the_dearest_changes_that_may_enter_are_judged_within_their_time() {
    for (shape, write) in SHAPES {
        let mut author = replica(actor(1, DEVICE));
        let change = write(&mut author, limits::BATCH_OPERATIONS);
        let document = GatedDocument::empty();
        // What else the machine does stretches a run, and never shortens one.
        let spent = (0..3).map(|_| {
            let before = on_processor();
            let admitted = document.admit(DEVICE, &[&change], &mut Lenient::default());
            assert!(admitted.is_ok(), "{shape}");
            (on_processor() - before) / 1_000_000
        });
        let spent = spent.min().unwrap();
        println!("{shape}: {} bytes, {spent} ms", change.len());
        assert!(spent <= BOUND, "{shape} takes {spent} ms");
    }
}

/// How a change can be dear.
type Shape = (&'static str, fn(&mut Automerge, u64) -> Vec<u8>);

const SHAPES: [Shape; 4] = [
    ("keys of the root", |author, count| {
        commit(author, |transaction| {
            for number in 0..count {
                transaction
                    .put(ROOT, format!("{:x}", scattered(number)), ())
                    .unwrap();
            }
        })
        .unwrap()
    }),
    ("keys of a map", |author, count| {
        commit(author, |transaction| {
            let map = transaction.put_object(ROOT, "map", ObjType::Map).unwrap();
            for number in 1..count {
                transaction
                    .put(&map, format!("{:x}", scattered(number)), ())
                    .unwrap();
            }
        })
        .unwrap()
    }),
    ("maps", |author, count| {
        commit(author, |transaction| {
            for number in 0..count {
                let key = format!("{:x}", scattered(number));
                transaction.put_object(ROOT, key, ObjType::Map).unwrap();
            }
        })
        .unwrap()
    }),
    ("one key", |author, count| {
        commit(author, |transaction| {
            for number in 0..count {
                transaction
                    .put(ROOT, "key", number.is_multiple_of(2))
                    .unwrap();
            }
        })
        .unwrap()
    }),
];

/// Keys in no order, so that each is inserted somewhere else.
fn scattered(number: u64) -> u16 {
    (number.wrapping_mul(40_503) & 0xffff) as u16
}

/// How long this thread has been on a processor, in nanoseconds.
fn on_processor() -> u64 {
    let spent = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    spent.split(' ').next().unwrap().parse().unwrap()
}
