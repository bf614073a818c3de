//! Makes the golden files of this version.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use dealership::Timestamp;
use rusqlite::Connection as Database;
use serde_json::{Value as Json, json};
use sync_protocol::frame::decode_relay;
use sync_protocol::message::RelayMessage;
use sync_server::relay::Relay;
use sync_server::store::{SqliteStore, Store as _};

use super::cast::{Cast, follow_up, opening};
use super::{
    EXPECTED, Expected, RELAY, REPLICA, SERVER_NAME, Said, Speaker, TRANSCRIPT, Transcript, pack,
    read, views,
};
use crate::group;

/// Nine in the morning of the stories' day.
const NOW: i64 = 1_777_770_000_000;

const VINS: [&str; 3] = [
    "ZZZAB1C27RA000101",
    "ZZZAB1C26SA000208",
    "ZZZAB1C29TA000303",
];

/// Makes the golden files of this version in a folder, which must not be there.
///
/// # Errors
///
/// When the folder is there: golden files are never changed.
pub fn make(folder: &Path) -> anyhow::Result<()> {
    anyhow::ensure!(
        !folder.exists(),
        "{} is there, and golden files are never changed: a new version has a new name",
        folder.display()
    );
    let scratch = tempfile::tempdir()?;
    let database = scratch.path().join("relay.sqlite");
    let now = Timestamp::from_millis(NOW);
    let mut relay = Relay::found(SqliteStore::open(&database)?, SERVER_NAME, opening(1))?;
    relay.establish(now, "found", &group::founding())?;
    let mut cast = Cast::new(relay, now, 7);

    let home = scratch.path().join("device");
    let mut lina = cast.device("李娜", Some(&home));
    let mut keeper = cast.device("周勇", None);
    let mut director = cast.device("何建国", None);
    let trim = json!({"brand": "启程", "series": "E7", "name": "长续航"});
    cast.run(&mut director, "create_trim", trim);
    let vehicles = VINS[..2]
        .iter()
        .map(|vin| stock_in(&cast, &mut keeper, vin));
    let vehicles: Vec<_> = vehicles.collect();
    cast.sync(&mut keeper);
    cast.sync(&mut director);
    cast.sync(&mut lina);
    let mut deals = Vec::new();
    let mut customers = Vec::new();
    for (number, name) in ["张伟", "刘洋", "王芳"].iter().enumerate() {
        let card = json!({"name": name, "phone": format!("1380000000{number}")});
        let customer = cast.run(&mut lina, "create_customer", card)["customer"].clone();
        let deal = json!({"customer": customer});
        deals.push(cast.run(&mut lina, "open_deal", deal)["deal"].clone());
        cast.run(&mut lina, "log_follow_up", follow_up(&customer, "看了E7"));
        customers.push(customer);
    }
    claim(&cast, &mut lina, &vehicles[0], &deals[0]);
    cast.sync(&mut lina);

    // What the device has not read, and what it has not sent.
    stock_in(&cast, &mut keeper, VINS[2]);
    cast.sync(&mut keeper);
    claim(&cast, &mut lina, &vehicles[1], &deals[1]);
    for content in ["问价格", "约周末"] {
        cast.run(
            &mut lina,
            "log_follow_up",
            follow_up(&customers[1], content),
        );
    }
    let card = json!({"name": "赵云", "phone": "13800000009"});
    cast.run(&mut lina, "create_customer", card);

    fs::create_dir_all(folder)?;
    let copy = scratch.path().join("replica.sqlite");
    lina.backup(&copy, &mut |_| {})?;
    Database::open(&copy)?.execute_batch("VACUUM")?;
    pack(&copy, &folder.join(REPLICA));
    let before = views::shown(&lina, now);
    let documents = read::heads(cast.relay.store());
    let mut store = cast.relay.into_store();
    store.tidy_up(true)?;
    drop(store);
    pack(&database, &folder.join(RELAY));

    let relay = Relay::open(SqliteStore::open(&database)?, opening(2))?;
    let mut cast = Cast::new(relay, now, 8);
    let nonce = [9; 32];
    let said = cast.converse(&mut lina, nonce);
    let expected = Expected {
        now: NOW,
        documents,
        before,
        after: views::shown(&lina, now),
        manager: views::shown(&cast.device("何建国", None), now),
        outcomes: outcomes(&said),
    };
    let transcript = Transcript {
        nonce: hex::encode(nonce),
        said,
    };
    write(&folder.join(EXPECTED), &serde_json::to_value(expected)?)?;
    write(&folder.join(TRANSCRIPT), &serde_json::to_value(transcript)?)?;
    Ok(())
}

fn stock_in(cast: &Cast, keeper: &mut client_core::Replica, vin: &str) -> Json {
    let stock = json!({"vin": vin, "store": group::store(1), "ext_color": "black",
                       "inspected": true, "date": "2026-04-20"});
    cast.run(keeper, "stock_in", stock)["vehicle"].clone()
}

fn claim(cast: &Cast, lina: &mut client_core::Replica, vehicle: &Json, deal: &Json) {
    let claim = json!({"vehicle": vehicle, "deal": deal, "strength": "hard", "deposit": true});
    cast.run(lina, "claim_vehicle", claim);
}

/// What became of each batch, as the relay said it.
pub(super) fn outcomes(said: &[Said]) -> BTreeMap<String, String> {
    let of_relay = said.iter().filter(|said| said.from == Speaker::Relay);
    let frames = of_relay.map(|said| hex::decode(&said.frame).expect("hexadecimal"));
    let version = |frame: &[u8]| frame.first().copied().unwrap_or_default();
    frames
        .filter_map(|frame| match decode_relay(version(&frame), &frame) {
            Ok(Some(RelayMessage::Verdict(verdict))) => {
                let outcome = format!("{:?}", verdict.outcome);
                let word = outcome.split(['(', ' ', '{']).next().unwrap_or_default();
                Some((hex::encode(verdict.batch.0), word.to_owned()))
            }
            _ => None,
        })
        .collect()
}

fn write(path: &Path, value: &Json) -> anyhow::Result<()> {
    Ok(fs::write(path, format!("{value:#}\n"))?)
}
