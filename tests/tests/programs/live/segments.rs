//! New devices that fetch segments from the real program, over a line that breaks.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use serde_json::{Value as Json, json};
use stories::processes::{Showroom, Tablet, Towards};

/// How many customers there are: enough that their segment takes several reads of a socket.
const CUSTOMERS: usize = 120;

/// After how many bytes towards the device something breaks: in the handshake, in the list, in
/// segments.
const BREAKS: [usize; 6] = [400, 1_500, 4_000, 9_000, 20_000, 40_000];

fn showroom() -> Showroom {
    let showroom = Showroom::open(&["李娜", "陈刚"]);
    let lina = showroom.tablet("李娜");
    let cards = (0..CUSTOMERS).map(|number| {
        let name = format!("客户{number}");
        let card = json!({"name": name, "phone": format!("138{number:08}")});
        ("create_customer", card)
    });
    let (ended, answers, complaints) = lina.stream(cards).end();
    assert!(
        ended.success() && answers.len() == CUSTOMERS,
        "{complaints:?}"
    );
    assert_eq!(lina.sync()["unsent"], 0);
    showroom
}

/// How many customers a device shows on one page.
fn shown(tablet: &Tablet) -> usize {
    let list = tablet.show("customer_list", &json!({"limit": 200}));
    list["rows"].as_array().map_or(0, Vec::len)
}

fn is_whole(tablet: &Tablet) {
    assert_eq!(shown(tablet), CUSTOMERS);
    assert_eq!(tablet.sync()["received"], 0, "there is nothing more");
    tablet.verify();
}

#[test]
fn a_new_device_fetches_segments_and_is_whole() {
    let showroom = showroom();
    let chen = showroom.site.enrol("陈刚", "chen");
    let report: Json = chen.sync();
    assert!(report["segments"].as_u64().unwrap() > 0, "{report}");
    assert!(
        report["received"].as_u64().unwrap() > CUSTOMERS as u64,
        "{report}"
    );
    is_whole(&chen);
    // The next device costs no packing: it gets the same.
    let again = showroom.site.enrol("陈刚", "again");
    assert_eq!(again.sync()["segments"], report["segments"]);
    is_whole(&again);
    showroom.check(&[&chen, &again]);
}

#[test]
fn a_download_over_a_line_that_breaks_goes_on() {
    let showroom = showroom();
    for bytes in BREAKS {
        let chen = showroom.site.enrol("陈刚", &format!("after-{bytes}"));
        let line = showroom.site.line();
        line.cut_after(bytes, Towards::Device, || {});
        // What broke was the socket, or a download that went on by itself.
        let _either = chen.run(&["sync"]);
        line.call_off();
        chen.sync();
        is_whole(&chen);
    }
}

#[test]
fn a_device_that_is_killed_while_it_fetches_goes_on_where_it_was() {
    let showroom = showroom();
    let mut killed = 0;
    for bytes in BREAKS {
        let chen = showroom.site.enrol("陈刚", &format!("killed-{bytes}"));
        let sync = chen.start(&["sync"]);
        let killer = sync.killer();
        let line = showroom.site.line();
        line.cut_after(bytes, Towards::Device, move || killer.kill());
        let (ended, _, _) = sync.end();
        killed += usize::from(!ended.success());
        line.call_off();
        // Whatever is here already can be shown.
        assert!(shown(&chen) <= CUSTOMERS);
        chen.sync();
        is_whole(&chen);
    }
    assert!(killed > 0, "nothing was killed");
}

#[test]
fn a_stranger_fetches_nothing() {
    let showroom = showroom();
    let name = "5e".repeat(32);
    for (path, bearer, status) in [
        (format!("/segments/{name}"), None, "401"),
        (format!("/segments/{name}"), Some("00".repeat(32)), "401"),
        (
            format!("/segments/{name}"),
            Some("bearer".to_owned()),
            "401",
        ),
        ("/segments/5e".to_owned(), Some("00".repeat(32)), "404"),
    ] {
        let bearer = bearer.map(|bearer| format!("Authorization: Bearer {bearer}\r\n"));
        let bearer = bearer.unwrap_or_default();
        let mut socket = TcpStream::connect(showroom.site.line().address()).unwrap();
        let close = "Connection: close\r\n\r\n";
        write!(
            socket,
            "GET {path} HTTP/1.1\r\nHost: relay\r\n{bearer}{close}"
        )
        .unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).unwrap();
        let found = answer.split(' ').nth(1);
        assert_eq!(found, Some(status), "{path}: {answer}");
    }
}
