//! What a peer's bytes cost it, before anything reads them.
//!
//! Everything that comes over a connection is counted here, below TLS' end, HTTP and WebSocket:
//! pings, fragments without content and requests without end are bytes like any others. Who has
//! not proved itself says little and is then cut off; who has is slowed down, and an honest device
//! with weeks of work to push gets it all through. And who says nothing at all is not waited for:
//! the time-outs of HTTP begin with a first byte.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use super::connections::Permit;
use super::limits;
use super::pace::Pace;

/// A stream whose reader pays.
pub(super) struct Tolled<S> {
    stream: S,
    permit: Arc<Permit>,
    pace: Pace,
    /// What the peer said before it proved itself, in bytes.
    said: usize,
    /// Until when the peer must have said something; `None` once it has.
    silence: Option<Pin<Box<Sleep>>>,
    /// Runs while the stream is not read.
    pause: Option<Pin<Box<Sleep>>>,
}

impl<S> Tolled<S> {
    /// A stream of the connection that a permit was given for.
    pub(super) fn new(stream: S, permit: Arc<Permit>) -> Self {
        Self::waiting(stream, permit, limits::REQUEST_HEAD)
    }

    /// The same, with a time for the peer to begin.
    fn waiting(stream: S, permit: Arc<Permit>, silence: Duration) -> Self {
        Self {
            stream,
            permit,
            pace: Pace::of_bytes(),
            said: 0,
            silence: Some(Box::pin(sleep_until(Instant::now() + silence))),
            pause: None,
        }
    }

    fn pay(&mut self, bytes: usize) -> io::Result<()> {
        if !self.permit.is_proved() {
            self.said = self.said.saturating_add(bytes);
            if self.said > limits::UNPROVED_BYTES {
                metrics::counter!("forecourt_unproved_cut_off_total").increment(1);
                return Err(io::Error::other("too much from a peer that proved nothing"));
            }
        }
        if let Some(pause) = self.pace.take(bytes) {
            self.pause = Some(Box::pin(sleep_until(Instant::now() + pause)));
        }
        Ok(())
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Tolled<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Some(pause) = &mut self.pause {
            ready!(pause.as_mut().poll(context));
            self.pause = None;
        }
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(context, buffer);
        if polled.is_pending()
            && let Some(silence) = &mut self.silence
        {
            ready!(silence.as_mut().poll(context));
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        ready!(polled)?;
        self.silence = None;
        let read = buffer.filled().len().saturating_sub(before);
        let paid = self.pay(read);
        if paid.is_err() {
            // What fails has read nothing.
            buffer.set_filled(before);
        }
        Poll::Ready(paid)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Tolled<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::super::connections::Connections;
    use super::*;
    use crate::settings::{Flags, Settings};

    fn permit() -> Arc<Permit> {
        let settings = Settings::resolve(Flags::default()).unwrap();
        let connections = Arc::new(Connections::new(&settings));
        let here = IpAddr::from([10, 0, 0, 1]);
        connections.admit(here, std::time::Instant::now()).unwrap()
    }

    /// Has a peer say so much, and gives how much of it was read.
    async fn heard(said: usize, is_proved: bool) -> io::Result<usize> {
        let permit = permit();
        if is_proved {
            permit.prove();
        }
        let (mut peer, ours) = tokio::io::duplex(4_096);
        let mut ours = Tolled::new(ours, permit);
        let speaking = tokio::spawn(async move {
            // It may be cut off.
            let _cut_off = peer.write_all(&vec![0; said]).await;
        });
        let mut heard = Vec::new();
        let read = ours.read_to_end(&mut heard).await;
        drop(ours);
        speaking.await.unwrap();
        read
    }

    #[tokio::test]
    async fn who_has_not_proved_itself_says_so_much_and_is_cut_off() {
        let most = limits::UNPROVED_BYTES;
        assert_eq!(heard(most, false).await.unwrap(), most);
        assert!(heard(most + 1, false).await.is_err());
    }

    #[tokio::test]
    async fn who_says_nothing_is_not_waited_for() {
        let (_peer, ours) = tokio::io::duplex(64);
        let mut ours = Tolled::waiting(ours, permit(), Duration::from_millis(20));
        let read = ours.read(&mut [0; 64]).await;
        assert_eq!(read.unwrap_err().kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn who_has_begun_may_take_its_time() {
        let (mut peer, ours) = tokio::io::duplex(64);
        let mut ours = Tolled::waiting(ours, permit(), Duration::from_millis(20));
        peer.write_all(b"x").await.unwrap();
        assert_eq!(ours.read(&mut [0; 64]).await.unwrap(), 1);
        let (_quiet, quieter) = tokio::io::duplex(64);
        let mut quieter = Tolled::waiting(quieter, permit(), Duration::from_millis(40));
        tokio::select! {
            biased;
            read = ours.read_u8() => panic!("{read:?}"),
            _ = quieter.read_u8() => {}
        }
    }

    #[tokio::test]
    async fn who_has_proved_itself_says_as_much_as_it_likes() {
        let much = 8 * limits::UNPROVED_BYTES;
        assert_eq!(heard(much, true).await.unwrap(), much);
    }
}
