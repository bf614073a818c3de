//! Work that needs no database, on a few threads.

/// Works on items and hands what comes of them over in their order, on the calling thread, while
/// the work goes on.
///
/// # Errors
///
/// The first of `take`; then nothing more is handed over.
#[cfg(target_arch = "wasm32")]
pub(crate) fn in_parallel<T, R, E>(
    items: &[T],
    work: impl Fn(&T) -> R,
    mut take: impl FnMut(R) -> Result<(), E>,
) -> Result<(), E> {
    items.iter().try_for_each(|item| take(work(item)))
}

#[cfg(not(target_arch = "wasm32"))]
pub(crate) use native::in_parallel;

#[cfg(not(target_arch = "wasm32"))]
mod native {
    use std::collections::BTreeMap;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;
    use std::thread;

    /// The most threads: what comes of their work goes through one.
    const THREADS: usize = 4;

    /// How many items a thread takes at once.
    const AT_ONCE: usize = 16;

    /// How many such pieces wait to be taken.
    const AHEAD: usize = 8;

    /// What a document is read on; foreign ones may be nested.
    const STACK_BYTES: usize = 8 * 1024 * 1024;

    /// Works on items and hands what comes of them over in their order, on the calling thread,
    /// while the work goes on.
    ///
    /// # Errors
    ///
    /// The first of `take`; then nothing more is handed over.
    pub(crate) fn in_parallel<T: Sync, R: Send, E>(
        items: &[T],
        work: impl Fn(&T) -> R + Sync,
        mut take: impl FnMut(R) -> Result<(), E>,
    ) -> Result<(), E> {
        let pieces: Vec<&[T]> = items.chunks(AT_ONCE).collect();
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let threads = cores.min(THREADS).min(pieces.len());
        if threads < 2 {
            return items.iter().try_for_each(|item| take(work(item)));
        }
        let next = AtomicUsize::new(0);
        let (done, results) = mpsc::sync_channel(AHEAD);
        let run = |done: mpsc::SyncSender<(usize, Vec<R>)>| {
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let Some(piece) = pieces.get(index) else {
                    return;
                };
                // Nobody takes any more: there was an error.
                if done
                    .send((index, piece.iter().map(&work).collect()))
                    .is_err()
                {
                    return;
                }
            }
        };
        thread::scope(|scope| {
            let results = results;
            let mut started = 0;
            for _ in 0..threads {
                let (run, done) = (&run, done.clone());
                let thread = thread::Builder::new().stack_size(STACK_BYTES);
                let spawned = thread.spawn_scoped(scope, move || run(done));
                started += usize::from(spawned.is_ok());
            }
            drop(done);
            if started == 0 {
                return items.iter().try_for_each(|item| take(work(item)));
            }
            let mut early = BTreeMap::new();
            let mut wanted = 0;
            for (index, piece) in results {
                early.insert(index, piece);
                while let Some(piece) = early.remove(&wanted) {
                    wanted += 1;
                    piece.into_iter().try_for_each(&mut take)?;
                }
            }
            Ok(())
        })
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn what_comes_of_the_work_is_handed_over_in_order() {
            for length in [0, 1, 15, 16, 17, 1_000] {
                let items: Vec<u32> = (0..length).collect();
                let mut taken = Vec::new();
                let done = in_parallel(
                    &items,
                    |item| item * 2,
                    |double| {
                        taken.push(double);
                        Ok::<_, ()>(())
                    },
                );
                assert_eq!(done, Ok(()));
                assert_eq!(taken, items.iter().map(|item| item * 2).collect::<Vec<_>>());
            }
        }

        #[test]
        fn after_an_error_nothing_more_is_handed_over() {
            let items: Vec<u32> = (0..10_000).collect();
            let mut taken = 0;
            let done = in_parallel(
                &items,
                |item| *item,
                |item| {
                    taken += 1;
                    if item == 100 { Err(item) } else { Ok(()) }
                },
            );
            assert_eq!((done, taken), (Err(100), 101));
        }
    }
}
