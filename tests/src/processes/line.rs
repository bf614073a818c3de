//! The line between devices and the relay: an address that stays, and a place to cut.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

/// Which way bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Towards {
    /// To the relay.
    Relay,
    /// To the device.
    Device,
}

/// A line; taken down with the value.
pub struct Line {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    relay: Mutex<Option<SocketAddr>>,
    cut: Mutex<Option<Cut>>,
    is_down: AtomicBool,
}

/// A cut to come.
struct Cut {
    towards: Towards,
    bytes_left: usize,
    then: Box<dyn FnOnce() + Send>,
}

impl Line {
    /// Lays a line that leads nowhere yet.
    pub fn lay() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("bound");
        let shared = Arc::new(Shared::default());
        let seen = Arc::clone(&shared);
        let accepting = thread::spawn(move || {
            while let Ok((device, _)) = listener.accept() {
                if seen.is_down.load(Ordering::SeqCst) {
                    return;
                }
                // Where no relay answers, the device sees its connection end.
                let relay = *locked(&seen.relay);
                if let Some(relay) = relay.and_then(|relay| TcpStream::connect(relay).ok()) {
                    carry(&seen, &device, &relay);
                }
            }
        });
        Self {
            address,
            shared,
            accepting: Some(accepting),
        }
    }

    /// Where devices dial.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Leads new connections to this relay.
    pub fn lead_to(&self, relay: SocketAddr) {
        *locked(&self.shared.relay) = Some(relay);
    }

    /// The relay that new connections are led to.
    pub fn leads_to(&self) -> Option<SocketAddr> {
        *locked(&self.shared.relay)
    }

    /// Cuts the line after so many more bytes one way: does something while both ends wait for
    /// the rest, and then ends the connection.
    pub fn cut_after(&self, bytes: usize, towards: Towards, then: impl FnOnce() + Send + 'static) {
        *locked(&self.shared.cut) = Some(Cut {
            towards,
            bytes_left: bytes,
            then: Box::new(then),
        });
    }

    /// Calls off a cut that did not come, and says whether there was one.
    pub fn call_off(&self) -> bool {
        locked(&self.shared.cut).take().is_some()
    }
}

impl Drop for Line {
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

/// Carries bytes both ways until either end closes.
fn carry(shared: &Arc<Shared>, device: &TcpStream, relay: &TcpStream) {
    let clone = |stream: &TcpStream| stream.try_clone().expect("a socket");
    let ways = [
        (Towards::Relay, clone(device), clone(relay)),
        (Towards::Device, clone(relay), clone(device)),
    ];
    for (towards, from, to) in ways {
        let shared = Arc::clone(shared);
        thread::spawn(move || {
            carry_one_way(&shared, towards, &from, &to);
            // Either end may be gone.
            let _gone = from.shutdown(Shutdown::Both);
            let _gone = to.shutdown(Shutdown::Both);
        });
    }
}

fn carry_one_way(shared: &Shared, towards: Towards, mut from: &TcpStream, mut to: &TcpStream) {
    let mut buffer = [0; 16 * 1024];
    loop {
        let Ok(read @ 1..) = from.read(&mut buffer) else {
            return;
        };
        let bytes = &buffer[..read];
        let Some(cut) = shared.count(towards, read) else {
            if to.write_all(bytes).is_err() {
                return;
            }
            continue;
        };
        // The other end may be gone; the cut is made all the same.
        let _gone = to.write_all(&bytes[..cut.bytes_left]);
        (cut.then)();
        return;
    }
}

impl Shared {
    /// Counts bytes towards a cut, and gives it when it is due within them.
    fn count(&self, towards: Towards, bytes: usize) -> Option<Cut> {
        let mut next = locked(&self.cut);
        let cut = next.as_mut().filter(|cut| cut.towards == towards)?;
        if cut.bytes_left <= bytes {
            return next.take();
        }
        cut.bytes_left -= bytes;
        None
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
