//! A relay under siege: attackers who hold connections and waste them, while two devices work.
//!
//! Attackers come from addresses of their own (127.0.0.2 and on): what one address may hold is
//! theirs to use up. How soon one device shows what the other wrote is measured before and under
//! each attack, in the same run; an attack whose connections the relay does not bound shows in its
//! memory.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::thread;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::Figure;
use crate::bench::crowd::runtime;
use crate::bench::figures::{Spread, memory_of};
use crate::bench::hearing::Hearing;
use crate::bench::listener::{Credentials, Listener};
use crate::bench::many_devices::ManyDevices;
use crate::bench::serving::Serving;
use crate::processes::Consumption;

mod attack;

pub use attack::Attack;

/// How many addresses attackers come from.
const ADDRESSES: usize = 8;

/// The most memory that all attacks together may cost the relay, in MiB.
const MEMORY: f64 = 96.0;

/// How long the devices wait between edits: they work, they do not race.
const PAUSE: Duration = Duration::from_millis(5);

/// How a siege is to be.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// How long each attack goes on, and how long is measured before.
    pub each: Duration,
    /// How many connections each attack holds.
    pub connections: usize,
    /// How many edits are measured at least.
    pub edits: usize,
}

/// Lays siege to a relay with every attack after the other.
///
/// # Panics
///
/// If the devices are not served, or the relay takes more memory than all attacks may cost.
pub fn run(plan: Plan) -> Figure {
    let group = ManyDevices::found(plan.connections as u64);
    let serving = group.serve_with(&[]);
    let relay: SocketAddr = serving
        .address
        .trim_start_matches("http://")
        .parse()
        .expect("one");
    let mut hearing = Hearing::of(&group, &serving);
    let consumption = Consumption::of(serving.process());
    // What the first connections make the relay allocate once is not an attack's.
    hearing.listen(PAUSE, |edits| edits < plan.edits);
    let before = hearing.listen(PAUSE, as_long_as(plan));
    let (held, _) = memory_of(serving.process());
    let mut figure = Figure::new(
        "siege",
        0_u64,
        "% of the p99 before, under the worst attack",
    )
    .with("before: p99 in µs", micros(&before));
    for attack in Attack::ALL {
        let processor = consumption.processor_ms();
        let besiegers = Besiegers::send(attack, relay, &serving, &group, plan.connections);
        let began = Instant::now();
        let under = hearing.listen(PAUSE, as_long_as(plan));
        let took = began.elapsed().as_millis().max(1);
        let (tries, bytes) = besiegers.call_back();
        let processor = u128::from(consumption.processor_ms() - processor) * 100 / took;
        let (_, peak) = memory_of(serving.process());
        let ratio = micros(&under) * 100 / micros(&before).max(1);
        assert!(
            peak - held < MEMORY,
            "{attack:?} brings the relay from {held:.0} to {peak:.0} MiB"
        );
        let name = attack.name();
        figure.value = figure.value.max(ratio);
        figure = figure
            .with(&format!("{name}: % of the p99 before"), ratio)
            .with(
                &format!("{name}: % of a processor, the devices' work with it"),
                processor,
            )
            .with(&format!("{name}: connections"), tries)
            .with(&format!("{name}: KiB sent"), bytes >> 10);
    }
    let (_, peak) = memory_of(serving.process());
    figure.with(
        "KiB of memory that all attacks cost",
        ((peak - held) * 1_024.0) as u64,
    )
}

/// Goes on for as long as the plan says.
fn as_long_as(plan: Plan) -> impl FnMut(usize) -> bool {
    let until = Instant::now() + plan.each;
    move |edits| edits < plan.edits || Instant::now() < until
}

fn micros(spread: &Spread) -> u64 {
    (spread.percentile(99) * 1_000.0) as u64
}

/// Those who attack, on a thread of their own.
struct Besiegers {
    over: watch::Sender<bool>,
    thread: thread::JoinHandle<(u64, u64)>,
}

impl Besiegers {
    fn send(
        attack: Attack,
        relay: SocketAddr,
        serving: &Serving,
        group: &ManyDevices,
        connections: usize,
    ) -> Self {
        let (over, is_over) = watch::channel(false);
        let address = serving.address.clone();
        let devices = group.devices(connections as u64);
        let thread = thread::spawn(move || {
            runtime().block_on(async {
                let mut attacking = JoinSet::new();
                for (number, device) in devices.into_iter().enumerate() {
                    let besieger = Besieger {
                        relay,
                        source: source(number),
                        device: attack.is_enrolled().then(|| (address.clone(), device)),
                    };
                    attacking.spawn(besieger.go_on(attack, is_over.clone()));
                }
                let mut sum = (0, 0);
                while let Some(done) = attacking.join_next().await {
                    let (tries, bytes) = done.expect("an attacker gives up when told to");
                    sum = (sum.0 + tries, sum.1 + bytes);
                }
                sum
            })
        });
        Self { over, thread }
    }

    /// How many connections they opened, and how many bytes they sent.
    fn call_back(self) -> (u64, u64) {
        self.over.send(true).expect("they attack");
        self.thread.join().expect("they attack")
    }
}

/// Where an attacker comes from.
fn source(number: usize) -> SocketAddr {
    let last = u8::try_from(2 + number % ADDRESSES).expect("a few addresses");
    SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, 0, 0, last)), 0)
}

/// One who attacks.
struct Besieger {
    relay: SocketAddr,
    source: SocketAddr,
    /// Who it is enrolled as, and where it dials, if it is.
    device: Option<(String, Credentials)>,
}

impl Besieger {
    /// Attacks over one connection after the other.
    async fn go_on(self, attack: Attack, mut is_over: watch::Receiver<bool>) -> (u64, u64) {
        let (mut tries, mut bytes) = (0, 0);
        let attacking = async {
            loop {
                tries += 1;
                // Refused or cut off: it tries again, after as long as a person would notice.
                if let Some(socket) = self.open(attack).await {
                    attack.launch(socket, &mut bytes).await;
                }
                attack.pause().await;
            }
        };
        tokio::select! {
            () = attacking => {}
            _ = is_over.wait_for(|is_over| *is_over) => {}
        }
        (tries, bytes)
    }

    async fn open(&self, attack: Attack) -> Option<TcpStream> {
        if let Some((address, device)) = &self.device {
            return Listener::enter(address, device).await?.into_stream();
        }
        let socket = TcpSocket::new_v4().ok()?;
        socket.bind(self.source).ok()?;
        let mut stream = socket.connect(self.relay).await.ok()?;
        if attack.needs_upgrade() {
            upgrade(&mut stream).await.ok()?;
        }
        Some(stream)
    }
}

/// Upgrades a connection to a WebSocket.
async fn upgrade(stream: &mut TcpStream) -> std::io::Result<()> {
    const REQUEST: &str = "GET /sync HTTP/1.1\r\nHost: relay\r\nConnection: Upgrade\r\n\
                           Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                           Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\
                           Sec-WebSocket-Protocol: forecourt.1\r\n\r\n";
    stream.write_all(REQUEST.as_bytes()).await?;
    let mut answer = [0; 1_024];
    // The answer and the challenge; what they are is nothing to one who attacks.
    stream.read(&mut answer).await.map(drop)
}
