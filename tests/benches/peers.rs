//! Forecourt beside its peers; `cargo xtask bench peers` builds the peers first, and sets the
//! figures side by side.

#![allow(clippy::print_stdout, reason = "a benchmark prints")]

use std::io::Write as _;

use serde_json::json;
use stories::bench::peers::{
    Contest, Forecourt, Host, PEERS, PeerHost, SCENARIOS, Shortfall, TOO_LONG,
};
use stories::bench::{say, sizes};

/// What we are called among the peers.
const OURSELVES: &str = "forecourt";

/// The variable with the peers that are wanted, with commas between them; all if it is not set.
const WANTED: &str = "FORECOURT_BENCH_PEERS";

fn main() {
    let wanted = std::env::var(WANTED).ok();
    let is_wanted = |name: &str| {
        let names = wanted.as_deref();
        names.is_none_or(|names| names.split(',').any(|wanted| wanted == name))
    };
    // Who could not do it is not asked for more of it.
    let mut gave_up = Vec::new();
    for documents in sizes() {
        measure(OURSELVES, documents, || Ok(Forecourt::start(documents)));
        for peer in PEERS.into_iter().filter(|peer| is_wanted(peer.name)) {
            if gave_up.contains(&peer.name) {
                say_shortfall(peer.name, documents, SCENARIOS[0], &Shortfall::TooLong);
                continue;
            }
            if !measure(peer.name, documents, || PeerHost::start(peer, documents)) {
                gave_up.push(peer.name);
            }
        }
    }
}

/// Measures one host, and says whether it got anything done.
fn measure<H: Host>(
    name: &str,
    documents: usize,
    start: impl FnOnce() -> Result<H, Shortfall>,
) -> bool {
    let name_of = |what: &str| format!("peers/{name}/{documents}/{what}");
    let mut host = match start() {
        Ok(host) => host,
        Err(shortfall) => {
            say_shortfall(name, documents, SCENARIOS[0], &shortfall);
            return false;
        }
    };
    say(&name_of("documents"), host.documents() as f64, "documents");
    say(&name_of("document"), host.bytes_a_document(), "B");
    let mut print = |what: &str, value: f64, unit: &str| {
        say(&name_of(what), value, unit);
        // Who waits for hours wants to see what there is.
        let _closed = std::io::stdout().flush();
    };
    match Contest::of(&mut host, &mut print).run() {
        Ok(()) => true,
        Err((scenario, shortfall)) => {
            say_shortfall(name, documents, scenario, &shortfall);
            scenario != SCENARIOS[0]
        }
    }
}

/// Says that there is no figure for a scenario, nor for those behind it, and why.
fn say_shortfall(name: &str, documents: usize, first: &str, shortfall: &Shortfall) {
    let why = match shortfall {
        Shortfall::TooLong => TOO_LONG,
        Shortfall::Failed(why) => why,
    };
    for scenario in SCENARIOS.into_iter().skip_while(|name| *name != first) {
        let name = format!("peers/{name}/{documents}/{scenario}/time");
        println!(
            "{}",
            json!({"name": name, "value": 0, "unit": "ms", "bound": why})
        );
    }
}
