//! Keeps Automerge's panics and stack overflows away from the process.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
};

/// Runs `work` and turns a panic into what it said.
///
/// The closure may hold `&mut` to a document: whoever calls this throws that
/// document away when it fails. On wasm32 nothing is caught.
pub(crate) fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| message(panic.as_ref()))
}

/// Runs `work` on a thread with a stack of
/// [`STACK_BYTES`](crate::limits::STACK_BYTES) and waits for it.
///
/// A panic of `work` goes on in the caller. A thread costs tens of microseconds;
/// whoever gates all day keeps a thread of their own instead.
///
/// # Errors
///
/// Returns the error of the operating system if it gives no thread.
#[cfg(not(target_arch = "wasm32"))]
pub fn on_big_stack<T: Send>(work: impl FnOnce() -> T + Send) -> std::io::Result<T> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new()
            .name("change-gate".to_owned())
            .stack_size(crate::limits::STACK_BYTES)
            .spawn_scoped(scope, work)?;
        match thread.join() {
            Ok(result) => Ok(result),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

fn message(panic: &(dyn Any + Send)) -> String {
    if let Some(text) = panic.downcast_ref::<&str>() {
        (*text).to_owned()
    } else if let Some(text) = panic.downcast_ref::<String>() {
        text.clone()
    } else {
        "a panic without words".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_its_message() {
        let name = "gate";
        assert_eq!(caught(|| 7), Ok(7));
        assert_eq!(
            caught(|| panic!("a fixed text")),
            Err::<(), _>("a fixed text".to_owned())
        );
        assert_eq!(
            caught(|| panic!("{name} formats")),
            Err::<(), _>("gate formats".to_owned())
        );
    }

    #[test]
    fn a_big_stack_holds_what_a_small_one_would_not() {
        // 8,000 frames of 4 KiB are 32 MiB; a test's own thread has 2 MiB.
        fn descend(levels: usize) -> usize {
            let frame = std::hint::black_box([levels; 512]);
            match levels {
                0 => 0,
                _ => descend(levels - 1) + usize::from(frame[0] == levels),
            }
        }
        assert_eq!(on_big_stack(|| descend(8_000)).unwrap(), 8_000);
    }
}
