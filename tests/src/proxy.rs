//! A network that misbehaves, between real processes.
//!
//! ```text
//! forecourt ──► Proxy ──► forecourt-server
//! ```
//!
//! The proxy is fair until [`Proxy::storm`]. From then on each connection is dealt its
//! [`Conditions`] from a seed: how fast bytes go, what happens to it after so many bytes, and
//! whether somebody who listened to an earlier one now sends it again. [`Proxy::clear`] ends the
//! storm, and with it every connection that is not fair.
//!
//! The seed decides what connections meet. It does not decide which of two processes dials first,
//! so a run that failed need not fail again.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use socket2::SockRef;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::chaos::Dice;

mod conditions;
mod way;

pub use conditions::{Climate, Conditions, Mishap, MishapKind, Pace};
use way::Way;

/// How many streams of devices are kept to be sent again.
const RECORDED: usize = 16;

/// How much of a stream is kept, in bytes.
const RECORDED_BYTES: usize = 64 * 1_024;

/// How long somebody who sends a stream again listens for an answer.
const REPLAYER_LISTENS: Duration = Duration::from_secs(6);

/// Which way bytes go.
pub use crate::processes::Towards;

/// A proxy; taken down with the value.
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    /// `None` when it is being dropped.
    runtime: Option<Runtime>,
}

/// What its connections share.
struct Shared {
    relay: Mutex<Option<SocketAddr>>,
    storm: Mutex<Option<Storm>>,
    /// Counts the storms that are over.
    cleared: watch::Sender<u64>,
    seen: Mutex<BTreeMap<&'static str, u64>>,
    recorded: Mutex<VecDeque<Vec<u8>>>,
}

/// What connections are dealt from.
struct Storm {
    dice: Dice,
    climate: Climate,
}

/// How a connection ends, unless both ends close it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    /// As when a process ends.
    Closed,
    /// At once, with everything that is on its way.
    Reset,
}

impl Proxy {
    /// Lays one that leads nowhere yet and is fair.
    pub fn lay() -> Self {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"));
        let listener = listener.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let shared = Arc::new(Shared {
            relay: Mutex::default(),
            storm: Mutex::default(),
            cleared: watch::channel(0).0,
            seen: Mutex::default(),
            recorded: Mutex::default(),
        });
        runtime.spawn(accept(listener, Arc::clone(&shared)));
        Self {
            address,
            shared,
            runtime: Some(runtime),
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

    /// Deals every new connection its conditions, from a seed.
    pub fn storm(&self, seed: u64, climate: Climate) {
        let dice = Dice::new(seed);
        *locked(&self.shared.storm) = Some(Storm { dice, climate });
    }

    /// Ends the storm: new connections are fair, and those that are not end.
    pub fn clear(&self) {
        *locked(&self.shared.storm) = None;
        self.shared.cleared.send_modify(|storms| *storms += 1);
    }

    /// How often what happened to connections, by its name.
    pub fn seen(&self) -> BTreeMap<&'static str, u64> {
        locked(&self.shared.seen).clone()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Shared {
    fn deal(&self) -> Conditions {
        let mut storm = locked(&self.storm);
        let dealt = storm
            .as_mut()
            .map(|storm| Conditions::draw(&mut storm.dice, storm.climate));
        dealt.unwrap_or_default()
    }

    fn saw(&self, what: &'static str) {
        *locked(&self.seen).entry(what).or_default() += 1;
    }

    fn record(&self, stream: Vec<u8>) {
        let mut recorded = locked(&self.recorded);
        if recorded.len() == RECORDED {
            recorded.pop_front();
        }
        recorded.push_back(stream);
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((device, _)) = listener.accept().await {
        tokio::spawn(connection(Arc::clone(&shared), device));
    }
}

/// Carries one connection from its beginning to its end.
async fn connection(shared: Arc<Shared>, mut device: TcpStream) {
    let mut cleared = shared.cleared.subscribe();
    let conditions = shared.deal();
    // Where no relay answers, the device sees its connection end.
    let address = *locked(&shared.relay);
    let Some(address) = address else { return };
    let Ok(mut relay) = TcpStream::connect(address).await else {
        return;
    };
    for stream in [&device, &relay] {
        // Without it single bytes would be gathered again.
        let _gone = stream.set_nodelay(true);
    }
    if conditions.is_replayed {
        let stream = locked(&shared.recorded).pop_back();
        if let Some(stream) = stream {
            shared.saw("replayed");
            tokio::spawn(replay(address, stream));
        }
    }
    let mut heard = Vec::new();
    let ending = {
        let (mut from_device, mut to_device) = device.split();
        let (mut from_relay, mut to_relay) = relay.split();
        let mut up = Way::new(&shared, Towards::Relay, &conditions);
        up.listen(&mut heard, RECORDED_BYTES);
        let down = Way::new(&shared, Towards::Device, &conditions);
        let both = async {
            tokio::try_join!(
                up.carry(&mut from_device, &mut to_relay),
                down.carry(&mut from_relay, &mut to_device),
            )
        };
        tokio::select! {
            ended = both => ended.err(),
            _ = cleared.changed(), if !conditions.is_fair() => Some(Ending::Closed),
        }
    };
    if ending == Some(Ending::Reset) {
        for stream in [&device, &relay] {
            // Closing a socket that lingers for no time resets it.
            let _gone = SockRef::from(stream).set_linger(Some(Duration::ZERO));
        }
    }
    shared.record(heard);
}

/// Sends what a device once sent over a connection of its own, and listens until the relay ends
/// it.
async fn replay(relay: SocketAddr, stream: Vec<u8>) {
    let replayed = async {
        let mut socket = TcpStream::connect(relay).await?;
        socket.write_all(&stream).await?;
        let mut answer = [0; 4_096];
        while socket.read(&mut answer).await? > 0 {}
        std::io::Result::Ok(())
    };
    // However the relay ends it.
    let _ended = timeout(REPLAYER_LISTENS, replayed).await;
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
