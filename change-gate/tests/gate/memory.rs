//! No attack makes the gate use much memory.
//!
//! The tests' allocator counts, for each thread, what it holds.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
};

use change_gate::{GatedDocument, prescan};

use crate::{
    attacks::{self, DEVICE},
    replica::Lenient,
};

/// More than any attack may make the gate hold at once, in bytes.
const BOUND: usize = 64 * 1024 * 1024;

#[test]
fn no_attack_makes_the_gate_hold_more_than_64_mib() {
    let mut worst = (0, "");
    for attack in attacks::all() {
        let known: Vec<&[u8]> = attack.known.iter().map(Vec::as_slice).collect();
        let hostile: Vec<&[u8]> = attack.hostile.iter().map(Vec::as_slice).collect();
        let document = GatedDocument::empty().extend(&known).unwrap();
        let used = peak(|| {
            document
                .admit(DEVICE, &hostile, &mut Lenient::default())
                .unwrap_err();
        });
        assert!(used <= BOUND, "{} held {used} bytes", attack.name);
        worst = worst.max((used, attack.name));
    }
    println!("the worst is {worst:?}");
}

#[test]
fn the_prescan_holds_little_more_than_the_chunk_it_reads() {
    for attack in attacks::all() {
        for chunk in &attack.hostile {
            let allowed = chunk.len() + 1024;
            let used = peak(|| drop(prescan(chunk)));
            assert!(
                used <= allowed,
                "{}: {used} of {}",
                attack.name,
                chunk.len()
            );
        }
    }
}

/// What the limits allow at most is bounded as well.
#[test]
fn the_greatest_batch_that_enters_holds_less_than_64_mib() {
    let greatest = attacks::repeated_puts(1);
    let chunks: Vec<&[u8]> = greatest.iter().map(Vec::as_slice).collect();
    let used = peak(|| {
        GatedDocument::empty()
            .admit(DEVICE, &chunks, &mut Lenient::default())
            .unwrap();
    });
    assert!(used <= BOUND, "{used} bytes");
    println!("the greatest batch held {used} bytes");
}

/// Runs `work` and returns how much more than before this thread held at its
/// worst, in bytes.
fn peak(work: impl FnOnce()) -> usize {
    let before = HELD.get();
    PEAK.set(before);
    work();
    usize::try_from(PEAK.get() - before).unwrap()
}

thread_local! {
    static HELD: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// The system's allocator, counting.
struct Counting;

#[allow(unsafe_code, reason = "an allocator can be written no other way")]
// SAFETY: every call goes to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(pointer, layout) }
    }
}

fn count(bytes: isize) {
    let held = HELD.get() + bytes;
    HELD.set(held);
    PEAK.set(PEAK.get().max(held));
}
