//! Peers that never come to the end of what they say: the relay hangs up on each, and serves
//! others meanwhile.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use stories::processes::{LIMIT, Showroom};

/// How long a relay may listen to one who says nothing of worth.
const PATIENCE: Duration = Duration::from_secs(25);

/// How often a peer says another byte.
const DRIP: Duration = Duration::from_millis(300);

/// A client's first bytes of a TLS handshake: a record of 512 bytes, with a hello in it.
const HELLO: &[u8] = &[
    0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03,
];

/// A request for a WebSocket.
const UPGRADE: &str = "GET /sync HTTP/1.1\r\nHost: relay\r\nConnection: Upgrade\r\n\
                       Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                       Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\
                       Sec-WebSocket-Protocol: forecourt.1\r\n\r\n";

/// Says something, then a byte now and then, or nothing more; how long until the relay hangs up.
fn until_hung_up(relay: SocketAddr, beginning: &[u8], drips: bool) -> Duration {
    let began = Instant::now();
    let mut socket = TcpStream::connect(relay).unwrap();
    socket.set_read_timeout(Some(DRIP)).unwrap();
    socket.write_all(beginning).unwrap();
    let mut answer = [0; 4_096];
    while began.elapsed() < LIMIT {
        match socket.read(&mut answer) {
            Ok(0) => return began.elapsed(),
            Ok(_) => {}
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                if drips && socket.write_all(b"x").is_err() {
                    return began.elapsed();
                }
            }
            Err(_) => return began.elapsed(),
        }
    }
    panic!("nobody hung up");
}

#[test]
fn a_peer_that_never_comes_to_an_end_is_hung_up_on_while_others_are_served() {
    let plain = Showroom::open(&["李娜"]);
    let sealed = Showroom::open_sealed(&["李娜"]);
    let tablets = [plain.tablet("李娜"), sealed.tablet("李娜")];
    let address = |showroom: &Showroom| showroom.site.line().leads_to().unwrap();
    let body = "POST /enrol HTTP/1.1\r\nHost: relay\r\nContent-Type: application/json\r\n\
                Content-Length: 4000\r\n\r\n{\"code\": \"";
    let fragment = [UPGRADE.as_bytes(), &[0x02, 0x80, 0, 0, 0, 0]].concat();
    let frame = [UPGRADE.as_bytes(), &[0x82, 0xfe, 0x0f, 0xff, 0, 0, 0, 0]].concat();
    let peers: [(&str, &Showroom, &[u8], bool); 9] = [
        ("silence", &plain, b"", false),
        (
            "the head of a request",
            &plain,
            b"GET /sync HTTP/1.1\r\nX: ",
            true,
        ),
        (
            "a request, and nothing more",
            &plain,
            b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
            false,
        ),
        ("the body of a request", &plain, body.as_bytes(), true),
        (
            "a WebSocket, and nothing more",
            &plain,
            UPGRADE.as_bytes(),
            false,
        ),
        ("a frame", &plain, &frame, true),
        ("fragments", &plain, &fragment, false),
        ("silence before TLS", &sealed, b"", false),
        ("the hello of TLS", &sealed, HELLO, true),
    ];
    thread::scope(|scope| {
        let peers = peers.map(|(what, showroom, beginning, drips)| {
            let relay = address(showroom);
            (
                what,
                scope.spawn(move || until_hung_up(relay, beginning, drips)),
            )
        });
        let mut served = 0;
        while !peers.iter().all(|(_, peer)| peer.is_finished()) || served == 0 {
            tablets.iter().for_each(|tablet| drop(tablet.sync()));
            served += 1;
        }
        for (what, peer) in peers {
            let time = peer.join().unwrap();
            assert!(time < PATIENCE, "{what}: {time:?}");
        }
    });
}
