//! Staying in touch: connection after connection, with pauses that grow.

use sync_protocol::{Backoff, CloseReason, Retry};
use tokio::sync::mpsc;

use crate::link::{LinkEffect, Statistics};
use crate::native::connection::{Connection, Until, tidy_up};
use crate::native::{Clock, SyncError};
use crate::replica::Replica;

/// Something to do with the replica between two messages: a command, a view.
pub type Errand = Box<dyn FnOnce(&mut Replica) + Send>;

/// What happens while a replica stays in touch.
#[derive(Debug)]
pub enum WatchEvent<'w> {
    /// Something on a connection.
    Link(&'w LinkEffect),
    /// A connection ended, with what went over it.
    Over {
        /// What went over it; nothing if it was never open.
        statistics: Statistics,
        /// Why it ended.
        error: &'w SyncError,
        /// After how many milliseconds the relay is dialled again.
        pause: u64,
    },
}

/// Stays in touch with the relay until the senders of errands are dropped.
///
/// Errands run between messages also while there is no connection; what they wrote is pushed at
/// once. Being offline is no failure: the relay is dialled again after a pause that grows to a
/// minute, with jitter, and shrinks only after catching up.
///
/// # Errors
///
/// [`SyncError`] for what no waiting can mend.
pub async fn watch(
    replica: &mut Replica,
    clock: &Clock,
    build: &str,
    errands: &mut mpsc::Receiver<Errand>,
    observe: &mut dyn FnMut(WatchEvent<'_>),
) -> Result<(), SyncError> {
    let mut backoff = Backoff::default();
    loop {
        // Also where there is no network for days.
        let back = replica.retry_set_aside(clock.now().wall)?;
        if !back.is_empty() {
            observe(WatchEvent::Link(&LinkEffect::Changed(back)));
        }
        let (statistics, ended) = connect(replica, clock, build, errands, &mut |effect| {
            if *effect == LinkEffect::CaughtUp {
                backoff.caught_up();
            }
            observe(WatchEvent::Link(effect));
        })
        .await;
        let error = match ended {
            Ok(None | Some(CloseReason::Left(_))) => return Ok(()),
            Ok(Some(reason)) => SyncError::Closed(Box::new(reason)),
            Err(error) => error,
        };
        if !error.is_worth_retrying() {
            return Err(error);
        }
        let asked = match &error {
            SyncError::Closed(reason) => match reason.retry() {
                Retry::After(pause) => Some(pause),
                Retry::Backoff | Retry::WhenSomethingChanged => None,
            },
            _ => None,
        };
        let random = u64::from_be_bytes(replica.draw());
        let pause = backoff.next_pause(random, asked);
        observe(WatchEvent::Over {
            statistics,
            error: &error,
            pause,
        });
        let until = clock.instant(clock.now().monotonic.saturating_add(pause));
        loop {
            tidy_up(replica);
            tokio::select! {
                () = tokio::time::sleep_until(until) => break,
                errand = errands.recv() => match errand {
                    Some(errand) => errand(replica),
                    None => return Ok(()),
                },
            }
        }
    }
}

/// One connection to its end; no reason if it was never opened because nobody wants it any more.
async fn connect(
    replica: &mut Replica,
    clock: &Clock,
    build: &str,
    errands: &mut mpsc::Receiver<Errand>,
    observe: &mut dyn FnMut(&LinkEffect),
) -> (Statistics, Result<Option<CloseReason>, SyncError>) {
    let mut until = Until::Dismissed(errands);
    match Connection::open(replica, clock, build, &mut until).await {
        Ok(Some(mut connection)) => {
            let ended = connection.run(replica, clock, observe, &mut until).await;
            (connection.link.statistics(), ended.map(Some))
        }
        Ok(None) => (Statistics::default(), Ok(None)),
        Err(error) => (Statistics::default(), Err(error)),
    }
}
