//! How a connection can be wasted.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until};

/// A way to waste connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attack {
    /// Connecting and going away.
    Connects,
    /// Saying nothing at all.
    Silence,
    /// The head of a request, a byte at a time.
    SlowHead,
    /// The body of a request, a byte at a time.
    SlowBody,
    /// Requests, one after the other.
    Requests,
    /// Codes that enrol nobody.
    Codes,
    /// A frame, a byte at a time.
    SlowFrame,
    /// The head of a frame of 16 MiB, and then nothing.
    LongHead,
    /// The longest frame of nothing.
    HugeFrame,
    /// A message in fragments that never ends.
    Fragments,
    /// The same with fragments that are empty.
    EmptyFragments,
    /// Pings, as many as go.
    Pings,
    /// An enrolled device that sends pings, as many as go.
    EnrolledPings,
    /// An enrolled device that sends empty fragments, as many as go.
    EnrolledFragments,
}

/// How many frames are sent with one call.
const FRAMES_AT_ONCE: usize = 1_000;

impl Attack {
    /// Each of them.
    pub const ALL: [Self; 14] = [
        Self::Connects,
        Self::Silence,
        Self::SlowHead,
        Self::SlowBody,
        Self::Requests,
        Self::Codes,
        Self::SlowFrame,
        Self::LongHead,
        Self::HugeFrame,
        Self::Fragments,
        Self::EmptyFragments,
        Self::Pings,
        Self::EnrolledPings,
        Self::EnrolledFragments,
    ];

    /// What it is called.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Connects => "connects",
            Self::Silence => "silence",
            Self::SlowHead => "slow head",
            Self::SlowBody => "slow body",
            Self::Requests => "requests",
            Self::Codes => "codes",
            Self::SlowFrame => "slow frame",
            Self::LongHead => "long head",
            Self::HugeFrame => "huge frame",
            Self::Fragments => "fragments",
            Self::EmptyFragments => "empty fragments",
            Self::Pings => "pings",
            Self::EnrolledPings => "enrolled pings",
            Self::EnrolledFragments => "enrolled fragments",
        }
    }

    /// Whether an enrolled device does it.
    pub(super) const fn is_enrolled(self) -> bool {
        matches!(self, Self::EnrolledPings | Self::EnrolledFragments)
    }

    /// Whether it is done over a WebSocket.
    pub(super) const fn needs_upgrade(self) -> bool {
        matches!(
            self,
            Self::SlowFrame
                | Self::LongHead
                | Self::HugeFrame
                | Self::Fragments
                | Self::EmptyFragments
                | Self::Pings
        )
    }

    /// Waits before the next connection.
    pub(super) async fn pause(self) {
        let millis = if self == Self::Connects { 5 } else { 50 };
        later(Duration::from_millis(millis)).await;
    }

    /// Wastes a connection until the relay has enough.
    pub(super) async fn launch(self, mut stream: TcpStream, bytes: &mut u64) {
        let (mut from, to) = stream.split();
        let mut sender = Sender { to, bytes };
        let hears = async {
            let mut answer = [0; 4_096];
            while from.read(&mut answer).await.is_ok_and(|read| read > 0) {}
        };
        let attacks = async {
            // The relay closes the connection sooner or later: that is what it should do.
            let _closed = self.attack(&mut sender).await;
        };
        if self == Self::Connects {
            return;
        }
        tokio::select! {
            () = hears => {}
            () = attacks => {}
        }
    }

    async fn attack(self, sender: &mut Sender<'_>) -> std::io::Result<()> {
        match self {
            Self::Connects => Ok(()),
            Self::Silence => std::future::pending().await,
            Self::SlowHead => sender.slowly(b"GET /sync HTTP/1.1\r\nX-Long: ").await,
            Self::SlowBody => {
                let head = "POST /enrol HTTP/1.1\r\nHost: relay\r\nContent-Length: 4000\r\n\
                            Content-Type: application/json\r\n\r\n";
                sender.send(head.as_bytes()).await?;
                sender.slowly(b"{\"code\": \"").await
            }
            Self::Requests => {
                let request = b"GET /healthz HTTP/1.1\r\nHost: relay\r\n\r\n";
                sender.over_and_over(&request.repeat(20)).await
            }
            Self::Codes => {
                let body = format!(
                    "{{\"code\": \"BCDF-GHJK\", \"public_key\": \"{}\", \"device_name\": \"x\"}}",
                    "07".repeat(32)
                );
                let request = format!(
                    "POST /enrol HTTP/1.1\r\nHost: relay\r\nContent-Type: application/json\r\n\
                     Content-Length: {}\r\n\r\n{body}",
                    body.len()
                );
                sender.over_and_over(request.as_bytes()).await
            }
            Self::SlowFrame => sender.slowly(&frame(true, BINARY, 200)).await,
            Self::LongHead => {
                sender.send(&head(true, BINARY, 16 << 20)).await?;
                std::future::pending().await
            }
            Self::HugeFrame => {
                let longest = sync_protocol::limits::FRAME;
                sender.over_and_over(&frame(true, BINARY, longest)).await
            }
            Self::Fragments => {
                sender.send(&frame(false, BINARY, 1_000)).await?;
                sender
                    .over_and_over(&frame(false, CONTINUATION, 1_000))
                    .await
            }
            Self::EmptyFragments | Self::EnrolledFragments => {
                sender.send(&frame(false, BINARY, 0)).await?;
                let many = frame(false, CONTINUATION, 0).repeat(FRAMES_AT_ONCE);
                sender.over_and_over(&many).await
            }
            Self::Pings | Self::EnrolledPings => {
                let many = frame(true, PING, 0).repeat(FRAMES_AT_ONCE);
                sender.over_and_over(&many).await
            }
        }
    }
}

/// Sends, and counts.
struct Sender<'s> {
    to: tokio::net::tcp::WriteHalf<'s>,
    bytes: &'s mut u64,
}

impl Sender<'_> {
    async fn send(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.to.write_all(bytes).await?;
        *self.bytes += bytes.len() as u64;
        Ok(())
    }

    /// Begins like this, a byte at a time, and never ends.
    async fn slowly(&mut self, beginning: &[u8]) -> std::io::Result<()> {
        for byte in beginning.iter().copied().chain(std::iter::repeat(b'x')) {
            self.send(&[byte]).await?;
            later(Duration::from_millis(200)).await;
        }
        Ok(())
    }

    async fn over_and_over(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        loop {
            self.send(bytes).await?;
            tokio::task::yield_now().await;
        }
    }
}

const CONTINUATION: u8 = 0;
const BINARY: u8 = 2;
const PING: u8 = 9;

/// A frame as a client sends it (RFC 6455 § 5.2), masked by zeros.
fn frame(is_last: bool, opcode: u8, length: usize) -> Vec<u8> {
    let mut frame = head(is_last, opcode, length);
    frame.resize(frame.len() + length, 0);
    frame
}

fn head(is_last: bool, opcode: u8, length: usize) -> Vec<u8> {
    const MASKED: u8 = 0x80;
    let mut head = vec![u8::from(is_last) << 7 | opcode];
    match length {
        0..126 => head.push(MASKED | length as u8),
        126..0x1_0000 => {
            head.push(MASKED | 126);
            head.extend((length as u16).to_be_bytes());
        }
        _ => {
            head.push(MASKED | 127);
            head.extend((length as u64).to_be_bytes());
        }
    }
    head.extend([0; 4]);
    head
}

async fn later(time: Duration) {
    sleep_until(Instant::now() + time).await;
}
