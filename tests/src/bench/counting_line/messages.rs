//! Telling messages apart in one direction of a connection.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What both directions of a connection know.
#[derive(Debug, Default)]
pub(super) struct Spoken {
    /// The client asked for a WebSocket.
    is_web_socket: AtomicBool,
}

/// What some bytes were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Heard {
    /// How many messages, or requests, they completed the beginning of.
    pub(super) messages: u64,
    /// There was nothing in them but pings, pongs and farewells.
    pub(super) is_sign_of_life: bool,
}

/// Counts messages in one direction of a connection, however its bytes are cut up.
#[derive(Debug)]
pub(super) struct MessageCounter {
    spoken: Arc<Spoken>,
    is_client: bool,
    phase: Phase,
}

#[derive(Debug)]
enum Phase {
    /// Within the head of a request or of an answer.
    Head(Vec<u8>),
    /// Within the body of a request, with so many bytes to come.
    Body(usize),
    /// Answers over HTTP: nothing in them is counted.
    Answers,
    /// Frames of a WebSocket.
    Frames(Frame),
}

/// The frame of a WebSocket (RFC 6455, section 5.2) that is being heard.
#[derive(Debug, Default)]
struct Frame {
    head: Vec<u8>,
    /// Bytes of its payload that are still to come.
    left: u64,
}

impl MessageCounter {
    /// For what the client says.
    pub(super) const fn of_client(spoken: Arc<Spoken>) -> Self {
        Self::of(spoken, true)
    }

    /// For what the server says.
    pub(super) const fn of_server(spoken: Arc<Spoken>) -> Self {
        Self::of(spoken, false)
    }

    const fn of(spoken: Arc<Spoken>, is_client: bool) -> Self {
        Self {
            spoken,
            is_client,
            phase: Phase::Head(Vec::new()),
        }
    }

    /// Hears more bytes.
    pub(super) fn hear(&mut self, mut bytes: &[u8]) -> Heard {
        let mut heard = Heard {
            messages: 0,
            is_sign_of_life: true,
        };
        while !bytes.is_empty() {
            match &mut self.phase {
                Phase::Frames(frame) => {
                    let (taken, is_message) = frame.hear(bytes);
                    heard.messages += u64::from(is_message);
                    heard.is_sign_of_life &= frame.is_control();
                    bytes = &bytes[taken..];
                    if frame.is_whole() {
                        *frame = Frame::default();
                    }
                    continue;
                }
                Phase::Head(head) => {
                    head.push(bytes[0]);
                    bytes = &bytes[1..];
                    if head.ends_with(b"\r\n\r\n") {
                        let head = std::mem::take(head);
                        heard.messages += u64::from(self.begin_behind(&head));
                    }
                }
                Phase::Body(left) => {
                    let taken = bytes.len().min(*left);
                    bytes = &bytes[taken..];
                    *left -= taken;
                    if *left == 0 {
                        self.phase = Phase::Head(Vec::new());
                    }
                }
                Phase::Answers => bytes = &[],
            }
            heard.is_sign_of_life = false;
        }
        heard
    }

    /// Knows what comes behind a head, and whether the head is that of a request.
    fn begin_behind(&mut self, head: &[u8]) -> bool {
        if !self.is_client {
            self.phase = if self.spoken.is_web_socket.load(Ordering::SeqCst) {
                Phase::Frames(Frame::default())
            } else {
                Phase::Answers
            };
            return false;
        }
        let head = String::from_utf8_lossy(head).to_ascii_lowercase();
        let field = |name: &str| {
            let mut lines = head.lines().filter_map(|line| line.split_once(':'));
            lines.find_map(|(field, value)| (field == name).then(|| value.trim()))
        };
        if field("upgrade") == Some("websocket") {
            self.spoken.is_web_socket.store(true, Ordering::SeqCst);
            self.phase = Phase::Frames(Frame::default());
            return false;
        }
        assert_eq!(
            field("transfer-encoding"),
            None,
            "a request whose body comes in chunks is not counted right"
        );
        let length = field("content-length").map_or(0, |length| length.parse().expect("a length"));
        self.phase = match length {
            0 => Phase::Head(Vec::new()),
            length => Phase::Body(length),
        };
        true
    }
}

impl Frame {
    /// How many of the bytes belong to it, and whether a message begins to end with it.
    fn hear(&mut self, bytes: &[u8]) -> (usize, bool) {
        if self.left > 0 {
            let taken = bytes
                .len()
                .min(usize::try_from(self.left).unwrap_or(usize::MAX));
            self.left -= taken as u64;
            return (taken, false);
        }
        self.head.push(bytes[0]);
        if self.head.len() < self.head_length() {
            return (1, false);
        }
        self.left = self.payload_length();
        let is_final = self.head[0] & 0x80 != 0;
        (1, is_final && !self.is_control())
    }

    /// Whether it is a ping, a pong or a farewell; known from its first byte on.
    fn is_control(&self) -> bool {
        self.head.first().is_some_and(|first| first & 0x08 != 0)
    }

    fn is_whole(&self) -> bool {
        self.left == 0 && self.head.len() == self.head_length()
    }

    /// How long its head is, as far as it is known.
    fn head_length(&self) -> usize {
        let Some(second) = self.head.get(1) else {
            return 2;
        };
        let mask = if second & 0x80 == 0 { 0 } else { 4 };
        2 + self.length_bytes() + mask
    }

    fn length_bytes(&self) -> usize {
        match self.head[1] & 0x7f {
            126 => 2,
            127 => 8,
            _ => 0,
        }
    }

    fn payload_length(&self) -> u64 {
        let long = &self.head[2..2 + self.length_bytes()];
        if long.is_empty() {
            return u64::from(self.head[1] & 0x7f);
        }
        long.iter()
            .fold(0, |length, byte| length << 8 | u64::from(*byte))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const UPGRADE: &[u8] = b"GET /sync HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n";

    /// A frame with an empty mask, as clients send it.
    fn frame(first: u8, length: usize) -> Vec<u8> {
        let mut frame = vec![first];
        match length {
            0..126 => frame.push(0x80 | length as u8),
            126..65_536 => {
                frame.push(0x80 | 126);
                frame.extend((length as u16).to_be_bytes());
            }
            _ => {
                frame.push(0x80 | 127);
                frame.extend((length as u64).to_be_bytes());
            }
        }
        frame.extend([0; 4]);
        frame.extend(vec![7; length]);
        frame
    }

    /// How many messages there are in bytes that come in pieces, and in which pieces there is
    /// nothing but a sign of life.
    fn counted(pieces: &[&[u8]]) -> (u64, Vec<bool>) {
        let mut counter = MessageCounter::of_client(Arc::default());
        let heard: Vec<_> = pieces.iter().map(|piece| counter.hear(piece)).collect();
        let messages = heard.iter().map(|heard| heard.messages).sum();
        let signs = heard.iter().map(|heard| heard.is_sign_of_life).collect();
        (messages, signs)
    }

    #[test]
    fn a_message_in_several_frames_is_one_and_pings_are_none() {
        let (first, ping, last) = (frame(0x02, 5), frame(0x89, 3), frame(0x80, 200));
        let (messages, signs) = counted(&[UPGRADE, &first, &ping, &last]);
        assert_eq!((messages, signs), (1, vec![false, false, true, false]));
    }

    #[test]
    fn requests_are_counted_by_their_heads_and_not_by_their_bodies() {
        let post = b"POST /a HTTP/1.1\r\nContent-Length: 18\r\n\r\nGET / HTTP/1.1\r\n\r\n";
        let get = b"GET /b HTTP/1.1\r\n\r\n";
        assert_eq!(counted(&[post, get, get]).0, 3);
    }

    #[test]
    fn a_servers_messages_begin_behind_its_answer() {
        let spoken = Arc::new(Spoken::default());
        MessageCounter::of_client(Arc::clone(&spoken)).hear(UPGRADE);
        let mut server = MessageCounter::of_server(spoken);
        assert_eq!(server.hear(b"HTTP/1.1 101 Yes\r\n\r\n").messages, 0);
        assert_eq!(server.hear(&[0x82, 2, 1, 1, 0x82, 0]).messages, 2);
    }

    #[test]
    fn answers_over_http_are_no_messages() {
        let mut server = MessageCounter::of_server(Arc::default());
        let answer = b"HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\n";
        assert_eq!(server.hear(answer).messages, 0);
    }

    proptest! {
        #[test]
        fn messages_are_counted_however_their_bytes_are_cut_up(
            lengths in proptest::collection::vec(0_usize..70_000, 1..6),
            cut in 1_usize..5_000,
        ) {
            let mut said = UPGRADE.to_vec();
            for length in &lengths {
                said.extend(frame(0x82, *length));
            }
            let pieces: Vec<&[u8]> = said.chunks(cut).collect();
            prop_assert_eq!(counted(&pieces).0, lengths.len() as u64);
        }
    }
}
