//! Files and requests that are damaged or made up, handed to the programs: they are refused in
//! one sentence that names them, and nothing panics.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use serde_json::json;
use stories::chaos::Dice;
use stories::processes::{Line, Site};

/// How many damaged files of each kind are tried.
const TIMES: usize = 30;

/// Characters that stand in settings, keys and certificates, and some that do not.
const CHARACTERS: &[&str] = &[
    "a",
    "Z",
    "0",
    "f",
    "=",
    "\"",
    "'",
    "[",
    "]",
    "{",
    "#",
    "-",
    "_",
    ".",
    "\n",
    "\r",
    "\t",
    " ",
    "\u{0}",
    "\u{7f}",
    "城",
    "\u{feff}",
    "9999999999999999999999",
];

fn made_up(dice: &mut Dice, length: usize) -> String {
    let character = |dice: &mut Dice| CHARACTERS[dice.below(CHARACTERS.len())];
    (0..dice.below(length)).map(|_| character(dice)).collect()
}

/// A text with a piece replaced by what does not belong there.
fn changed(text: &str, dice: &mut Dice) -> String {
    let characters: Vec<char> = text.chars().collect();
    let from = dice.below(characters.len());
    let to = characters.len().min(from + dice.below(6));
    let piece = made_up(dice, 8);
    let before = characters[..from].iter();
    before
        .copied()
        .chain(piece.chars())
        .chain(characters[to..].iter().copied())
        .collect()
}

/// A program's complaint: one sentence, and not that it panicked.
#[track_caller]
fn sentence(complaint: &str) -> &str {
    assert!(!complaint.contains("panicked"), "{complaint}");
    let mut lines = complaint.lines().filter(|line| !line.is_empty());
    let first = lines.next().expect("a sentence");
    assert_eq!(lines.next(), None, "{complaint}");
    first
}

#[test]
fn settings_that_are_damaged_are_refused_with_their_file() {
    let site = Site::found();
    let path = site.path("relay.toml");
    let config = path.to_str().unwrap();
    let whole = "listen = \"127.0.0.1:0\"\nmax-connections = 9\nlog = \"info\"\n";
    let mut dice = Dice::new(31);
    let mut refused = 0;
    for number in 0..TIMES {
        let text = match number % 3 {
            0 => made_up(&mut dice, 60),
            _ => changed(whole, &mut dice),
        };
        fs::write(&path, &text).unwrap();
        if let Err(complaint) = site.try_to_administer(&["verify", "--config", config]) {
            assert!(
                sentence(&complaint).contains("relay.toml"),
                "{text:?}: {complaint}"
            );
            refused += 1;
        }
    }
    assert!(refused > TIMES / 3, "{refused}");
    fs::write(&path, [0xff, 0xfe, 0x00]).unwrap();
    let complaint = site
        .try_to_administer(&["verify", "--config", config])
        .unwrap_err();
    assert!(sentence(&complaint).contains("relay.toml"), "{complaint}");
}

#[test]
fn a_key_that_is_none_is_refused_with_its_file() {
    let site = Site::found();
    let path = site.data().join("relay.key");
    let whole = fs::read_to_string(&path).unwrap();
    let mut dice = Dice::new(32);
    let mut refused = 0;
    for number in 0..TIMES {
        let text = match number % 3 {
            0 => made_up(&mut dice, 80),
            1 => whole.chars().take(dice.below(64)).collect(),
            _ => changed(&whole, &mut dice),
        };
        fs::write(&path, &text).unwrap();
        let issued = site.try_to_administer(&["device", "code", "--staff", "马超"]);
        if let Err(complaint) = issued {
            assert!(
                sentence(&complaint).contains("relay.key"),
                "{text:?}: {complaint}"
            );
            assert!(!complaint.contains(whole.trim()), "a secret is not said");
            refused += 1;
        }
    }
    assert!(refused > TIMES / 2, "{refused}");
}

#[test]
fn certificates_that_are_none_vouch_for_nobody() {
    let site = Site::found();
    let stranger = site.stranger("stranger");
    let path = site.path("relay.pem");
    let certificates = path.to_str().unwrap();
    let mut dice = Dice::new(33);
    let frame =
        |body: &str| format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n");
    for number in 0..TIMES {
        let text = match number % 3 {
            0 => made_up(&mut dice, 80),
            1 => frame("MIIBszCCAVmgAwIBAgIUZ2FyYmFnZQ=="),
            _ => changed(&frame("MIIBszCCAVmgAwIBAgIUZ2FyYmFnZQ=="), &mut dice),
        };
        fs::write(&path, &text).unwrap();
        // Nobody listens there; it must not come as far as to matter.
        let server = ["--server", "https://127.0.0.1:9", "--code", "BCDF-GHJK"];
        let enrol = [&["enrol"][..], &server, &["--certificates", certificates]].concat();
        let complaint = stranger.run(&enrol).unwrap_err();
        assert!(sentence(&complaint).len() > 10, "{text:?}: {complaint}");
    }
}

#[test]
fn a_request_to_enrol_that_is_damaged_is_refused_and_the_next_one_is_not() {
    let site = Site::found();
    let _relay = site.serve();
    let code = site.administer(&["device", "code", "--staff", "马超"]);
    let whole = json!({"code": code, "public_key": "11".repeat(32), "device_name": "L1"});
    let whole = whole.to_string();
    let nested = format!("{}1{}", "[".repeat(1_000), "]".repeat(1_000));
    let with = |name: &str, value: serde_json::Value| {
        let mut body: serde_json::Value = serde_json::from_str(&whole).unwrap();
        body[name] = value;
        body.to_string()
    };
    let mut bodies: Vec<Vec<u8>> = (0..whole.len())
        .step_by(11)
        .map(|length| whole.as_bytes()[..length].to_vec())
        .collect();
    let mut dice = Dice::new(34);
    bodies.extend((0..10).map(|_| dice.bytes::<90>().to_vec()));
    bodies.extend(
        [
            nested,
            "null".to_owned(),
            "[]".to_owned(),
            "{}".to_owned(),
            with("public_key", json!("zz")),
            with("public_key", json!("00".repeat(32))),
            with("public_key", json!(1)),
            with("code", json!({})),
            with("device_name", json!("长".repeat(2_000))),
        ]
        .map(String::into_bytes),
    );
    for body in bodies {
        let (status, answer) = enrol(site.line(), &body);
        let said = String::from_utf8_lossy(&body).into_owned();
        assert!(
            (400..500).contains(&status),
            "{status} for {said:?}: {answer}"
        );
    }
    let (status, answer) = enrol(site.line(), whole.as_bytes());
    // Its key is no point of the curve; or it is, and then it is taken.
    assert!(status == 200 || status == 400, "{status}: {answer}");
    site.enrol("马超", "the next one");
}

/// Sends a body to `/enrol`, and gives the status and what comes with it.
fn enrol(line: &Line, body: &[u8]) -> (u16, String) {
    let mut stream = TcpStream::connect(line.address()).unwrap();
    let head = format!(
        "POST /enrol HTTP/1.1\r\nHost: relay\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    // One that is too long may be refused before all of it is sent.
    let _refused = stream.write_all(body);
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let status = answer
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    (status.unwrap_or_else(|| panic!("{answer:?}")), answer)
}
