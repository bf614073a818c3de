//! What may enter an Automerge document from outside.
//!
//! Automerge 0.12 must not be fed bytes from outside as they are. A 119-byte
//! change can hold a million operations, a 0.6 KB one can overflow the stack when
//! it is read, some apply and leave a document that never loads again, and one
//! with unknown dependencies is taken with `Ok` and kept aside. So every change
//! passes this gate first, in this order, cheapest first:
//!
//! 1. [`prescan`]: one uncompressed change within the [`limits`], counted
//!    without expanding it; hash and checksum computed here.
//! 2. Its actor is the authenticated device's; its dependencies are all in the
//!    document; it is the actor's next one; its operations continue the counters.
//! 3. Its operations, decoded: maps and plain values only, every object known,
//!    every predecessor exactly what the author had seen, nothing too deep.
//! 4. The [`Judge`]: rights, which this crate knows nothing about.
//! 5. Applied to a scratch copy under `catch_unwind`.
//! 6. Once for all changes of a batch: saved, loaded again, equal.
//!
//! Nothing of a batch enters unless all of it does. Changes that a relay accepted
//! before skip the device, the judge and the last step:
//! [`extend`](GatedDocument::extend). Those that a relay accepted and has lost skip the device:
//! [`admit_again`](GatedDocument::admit_again).
//!
//! # Threads, panics, aborts
//!
//! Call the gate on a thread with a big stack, [`on_big_stack`] or one of your own
//! with [`limits::STACK_BYTES`]. The depth limit keeps Automerge's recursion short;
//! the stack is the second lock on that door. A stack overflow aborts the process.
//!
//! So do some panics: a mark on a map panics while it is applied and again in a
//! destructor on the way out, and no `catch_unwind` helps. That is why step 3 comes
//! before Automerge applies anything, also for what a relay accepted. On wasm32,
//! where a panic ends the instance and nothing is caught, it is all there is: a
//! client marks a document before it applies a foreign change, so that it knows
//! after a restart which one it was.
//!
//! A panic that is caught still runs the process's panic hook.
//!
//! # What this crate does not do
//!
//! It does no IO, reads no clock, and knows neither roles nor kinds of documents.
//! It draws no randomness either, but Automerge gives every document that it makes
//! or loads a random actor; whoever writes sets their own.

mod admit;
mod document;
mod judge;
pub mod limits;
mod lineage;
mod panics;
mod prescan;
mod proof;
mod refusal;
mod structure;

pub use crate::{
    admit::{Admission, Outgrown},
    document::{GatedDocument, Unreadable},
    judge::{Action, Judge, Write},
    prescan::{ChangeHeader, Malformed, prescan, saved_heads},
    proof::Poison,
    refusal::Refusal,
    structure::Fault,
};

#[cfg(not(target_arch = "wasm32"))]
pub use crate::panics::on_big_stack;

/// A change's name: SHA-256 over its bytes.
pub type Hash = [u8; 32];

/// One sequential writer: 8 random bytes, drawn at the first write after a
/// replica was opened, then the device's number, big-endian.
///
/// A copied or restored replica draws a new one, so no sequence forks.
pub type Actor = [u8; 16];

/// Returns the number of the device that an actor claims to write on.
#[must_use]
pub fn device_of(actor: &Actor) -> u64 {
    let [.., a, b, c, d, e, f, g, h] = *actor;
    u64::from_be_bytes([a, b, c, d, e, f, g, h])
}
