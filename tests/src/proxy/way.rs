//! One direction of one connection.

use std::convert::Infallible;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::task::yield_now;
use tokio::time::{Instant, sleep_until, timeout};

use super::conditions::{Conditions, Mishap, MishapKind, Pace};
use super::{Ending, Shared, Towards};
use crate::chaos::Dice;

/// What is read at a time, in bytes.
const BUFFER: usize = 16 * 1_024;

/// What a narrow way passes at a time, in bytes.
const NARROW: usize = 256;

/// How many bytes in a row go one at a time; more would only take long.
const SLICES: usize = 4_096;

/// What carries bytes one way.
pub(super) struct Way<'c> {
    shared: &'c Shared,
    pace: Pace,
    /// What is still to happen.
    mishap: Option<Mishap>,
    dice: Dice,
    /// How many bytes went.
    carried: usize,
    heard: Option<(&'c mut Vec<u8>, usize)>,
}

impl<'c> Way<'c> {
    pub(super) fn new(shared: &'c Shared, towards: Towards, conditions: &Conditions) -> Self {
        let mishap = conditions.mishap.filter(|mishap| mishap.towards == towards);
        Self {
            shared,
            pace: conditions.pace,
            mishap,
            dice: Dice::new(conditions.seed ^ towards as u64),
            carried: 0,
            heard: None,
        }
    }

    /// Writes down what goes this way, up to so many bytes.
    pub(super) fn listen(&mut self, heard: &'c mut Vec<u8>, most: usize) {
        self.heard = Some((heard, most));
    }

    /// Carries bytes until their sender closes this way, which its receiver is told.
    ///
    /// # Errors
    ///
    /// How the whole connection ends.
    pub(super) async fn carry(
        mut self,
        from: &mut ReadHalf<'_>,
        to: &mut WriteHalf<'_>,
    ) -> Result<(), Ending> {
        if self.pace != Pace::Quick {
            self.shared.saw(self.pace.name());
        }
        let mut buffer = [0; BUFFER];
        loop {
            let read = from.read(&mut buffer).await.map_err(|_| Ending::Reset)?;
            let bytes = &mut buffer[..read];
            if bytes.is_empty() {
                // The receiver may be gone.
                let _gone = to.shutdown().await;
                return Ok(());
            }
            self.note(bytes);
            let due = self.mishap.filter(|it| it.after < self.carried + read);
            let Some(mishap) = due else {
                self.pass(bytes, to).await?;
                self.carried += read;
                continue;
            };
            self.mishap = None;
            self.shared.saw(mishap.kind.name());
            let before = mishap.after - self.carried;
            if mishap.kind == MishapKind::Corrupted {
                bytes[before] ^= 1 << self.dice.below(8);
                self.pass(bytes, to).await?;
                self.carried += read;
                continue;
            }
            self.pass(&bytes[..before], to).await?;
            match strike(mishap, from, to).await {
                Err(ending) => return Err(ending),
                Ok(never) => match never {},
            }
        }
    }

    fn note(&mut self, bytes: &[u8]) {
        if let Some((heard, most)) = &mut self.heard {
            let room = most.saturating_sub(heard.len()).min(bytes.len());
            heard.extend_from_slice(&bytes[..room]);
        }
    }

    async fn pass(&mut self, bytes: &[u8], to: &mut WriteHalf<'_>) -> Result<(), Ending> {
        let closed = |_| Ending::Closed;
        match self.pace {
            Pace::Quick => to.write_all(bytes).await.map_err(closed),
            Pace::Late { delay, jitter } => {
                let millis = delay + self.dice.below(jitter);
                later(Duration::from_millis(millis as u64)).await;
                to.write_all(bytes).await.map_err(closed)
            }
            Pace::Narrow { bytes_per_second } => {
                for piece in bytes.chunks(NARROW) {
                    let micros = piece.len() * 1_000_000 / bytes_per_second;
                    later(Duration::from_micros(micros as u64)).await;
                    to.write_all(piece).await.map_err(closed)?;
                }
                Ok(())
            }
            Pace::Sliced => {
                let (slices, rest) = bytes.split_at(bytes.len().min(SLICES));
                for slice in slices.chunks(1) {
                    to.write_all(slice).await.map_err(closed)?;
                    yield_now().await;
                }
                to.write_all(rest).await.map_err(closed)
            }
        }
    }
}

/// Does to a connection what happens to it.
async fn strike(
    mishap: Mishap,
    from: &mut ReadHalf<'_>,
    to: &mut WriteHalf<'_>,
) -> Result<Infallible, Ending> {
    match mishap.kind {
        MishapKind::Cut | MishapKind::Corrupted => {}
        MishapKind::Reset => return Err(Ending::Reset),
        MishapKind::Deaf => later(mishap.patience).await,
        MishapKind::HalfClosed => {
            // The receiver may be gone.
            let _gone = to.shutdown().await;
            swallow(from, mishap.patience).await;
        }
        MishapKind::Swallowed => swallow(from, mishap.patience).await,
    }
    Err(Ending::Closed)
}

/// Takes what comes and gives it to nobody, for so long.
async fn swallow(from: &mut ReadHalf<'_>, patience: Duration) {
    let until = Instant::now() + patience;
    let mut buffer = [0; BUFFER];
    let everything = async { while from.read(&mut buffer).await.is_ok_and(|read| read > 0) {} };
    // A sender that closed its way still hears nothing.
    let _closed = timeout(patience, everything).await;
    sleep_until(until).await;
}

/// Lets time pass: it is what the network takes.
async fn later(time: Duration) {
    sleep_until(Instant::now() + time).await;
}
