//! The line between the ends of a peer, which counts what goes over it.
//!
//! Whatever they speak, every byte of their connections counts, also of WebSocket's and HTTP's own.
//! Messages are those of a WebSocket, or requests where HTTP is spoken.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::ops::Sub;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use messages::{MessageCounter, Spoken};

mod messages;

/// What went over a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Messages both ways, or requests.
    pub messages: u64,
    /// Bytes to the server.
    pub bytes_up: u64,
    /// Bytes to the client.
    pub bytes_down: u64,
}

/// A line; taken down with the value.
pub struct CountingLine {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
}

struct Shared {
    server: SocketAddr,
    counted: Mutex<Counted>,
    heard: Condvar,
    is_down: AtomicBool,
}

struct Counted {
    traffic: Traffic,
    /// When something came that was more than a sign of life.
    last: Instant,
}

impl CountingLine {
    /// Lays a line to a server.
    pub fn lay(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("bound");
        let shared = Arc::new(Shared {
            server,
            counted: Mutex::new(Counted {
                traffic: Traffic::default(),
                last: Instant::now(),
            }),
            heard: Condvar::new(),
            is_down: AtomicBool::new(false),
        });
        let seen = Arc::clone(&shared);
        let accepting = thread::spawn(move || {
            while let Ok((client, _)) = listener.accept() {
                if seen.is_down.load(Ordering::SeqCst) {
                    return;
                }
                // Where no server answers, the client sees its connection end.
                if let Ok(server) = TcpStream::connect(seen.server) {
                    carry(&seen, &client, &server);
                }
            }
        });
        Self {
            address,
            shared,
            accepting: Some(accepting),
        }
    }

    /// Where clients dial.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// What went over it until now.
    pub fn traffic(&self) -> Traffic {
        self.shared.counted().traffic
    }

    /// Waits until nothing but signs of life has come for so long, from now on; gives when the
    /// last that came did.
    pub fn silence(&self, length: Duration) -> Instant {
        let asked = Instant::now();
        let mut counted = self.shared.counted();
        loop {
            let quiet = counted.last.max(asked).elapsed();
            if quiet >= length {
                return counted.last;
            }
            let waited = self.shared.heard.wait_timeout(counted, length - quiet);
            counted = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl Drop for CountingLine {
    fn drop(&mut self) {
        self.shared.is_down.store(true, Ordering::SeqCst);
        // Wakes the thread that accepts; without a listener it has ended.
        let _woken = TcpStream::connect(self.address);
        if let Some(accepting) = self.accepting.take() {
            // It panicked on nothing that matters now.
            let _ended = accepting.join();
        }
    }
}

impl Sub for Traffic {
    type Output = Self;

    fn sub(self, earlier: Self) -> Self {
        Self {
            messages: self.messages - earlier.messages,
            bytes_up: self.bytes_up - earlier.bytes_up,
            bytes_down: self.bytes_down - earlier.bytes_down,
        }
    }
}

impl Shared {
    fn counted(&self) -> MutexGuard<'_, Counted> {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(&self, traffic: Traffic, is_sign_of_life: bool) {
        let mut counted = self.counted();
        counted.traffic.messages += traffic.messages;
        counted.traffic.bytes_up += traffic.bytes_up;
        counted.traffic.bytes_down += traffic.bytes_down;
        if !is_sign_of_life {
            counted.last = Instant::now();
            self.heard.notify_all();
        }
    }
}

/// Which way bytes go.
#[derive(Clone, Copy)]
enum Way {
    Up,
    Down,
}

/// Carries bytes both ways until either end closes.
fn carry(shared: &Arc<Shared>, client: &TcpStream, server: &TcpStream) {
    let clone = |stream: &TcpStream| stream.try_clone().expect("a socket");
    let spoken = Arc::new(Spoken::default());
    let ways = [
        (Way::Up, clone(client), clone(server)),
        (Way::Down, clone(server), clone(client)),
    ];
    for (way, from, to) in ways {
        to.set_nodelay(true).expect("a socket");
        let (shared, spoken) = (Arc::clone(shared), Arc::clone(&spoken));
        thread::spawn(move || {
            let counter = match way {
                Way::Up => MessageCounter::of_client(spoken),
                Way::Down => MessageCounter::of_server(spoken),
            };
            carry_one_way(&shared, way, counter, &from, &to);
            // Either end may be gone.
            let _gone = from.shutdown(Shutdown::Both);
            let _gone = to.shutdown(Shutdown::Both);
        });
    }
}

fn carry_one_way(
    shared: &Shared,
    way: Way,
    mut counter: MessageCounter,
    mut from: &TcpStream,
    mut to: &TcpStream,
) {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let Ok(read @ 1..) = from.read(&mut buffer) else {
            return;
        };
        let heard = counter.hear(&buffer[..read]);
        let (bytes_up, bytes_down) = match way {
            Way::Up => (read as u64, 0),
            Way::Down => (0, read as u64),
        };
        let traffic = Traffic {
            messages: heard.messages,
            bytes_up,
            bytes_down,
        };
        shared.count(traffic, heard.is_sign_of_life);
        if to.write_all(&buffer[..read]).is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_counts_what_it_carries_both_ways() {
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let line = CountingLine::lay(server.local_addr().unwrap());
        let mut client = TcpStream::connect(line.address()).unwrap();
        let (mut served, _) = server.accept().unwrap();
        let request = b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n";
        client.write_all(request).unwrap();
        let mut heard = vec![0; request.len()];
        served.read_exact(&mut heard).unwrap();
        served.write_all(b"HTTP/1.1 204 No\r\n\r\n").unwrap();
        let mut answered = [0; 19];
        client.read_exact(&mut answered).unwrap();

        assert_eq!(heard, request);
        let counted = Traffic {
            messages: 1,
            bytes_up: request.len() as u64,
            bytes_down: 19,
        };
        assert_eq!(line.traffic(), counted);
        assert_eq!(line.traffic() - counted, Traffic::default());
        let last = line.silence(Duration::from_millis(1));
        assert!(last.elapsed() >= Duration::from_millis(1));
    }
}
