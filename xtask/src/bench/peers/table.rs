//! The figures side by side: first the times, then all that was measured for each size.

use super::Peer;
use crate::bench::{
    measurement::Measurement,
    report::{Circumstances, grouped, quantity},
};

/// What the benchmark calls us.
const OURSELVES: &str = "forecourt";

/// What is done: its name in the benchmark, and in words.
const SCENARIOS: [(&str, &str); 8] = [
    ("bootstrap", "a new device, until everything can be read"),
    ("unchanged", "reconnect, nothing changed"),
    ("changed_1", "reconnect, 1 document changed elsewhere"),
    ("changed_10", "reconnect, 10 changed elsewhere"),
    ("changed_1_percent", "reconnect, 1 % changed elsewhere"),
    (
        "pushed_100",
        "reconnect with 100 documents edited offline, until the server has them",
    ),
    ("crowd_new", "50 new devices at once, the last"),
    (
        "crowd_unchanged",
        "50 devices reconnect at once, nothing changed, the last",
    ),
];

/// What is measured of it: its name in the benchmark, and in words.
const MEASURED: [(&str, &str); 6] = [
    ("time", "time"),
    ("messages", "messages"),
    ("bytes_down", "bytes to the device"),
    ("bytes_up", "bytes to the server"),
    ("server", "server's memory, at most"),
    ("client", "device's memory, at most"),
];

/// A goal, with the size that it speaks of, if of one.
const GOALS: [(&str, Option<u32>, &str); 5] = [
    ("bootstrap/time", Some(20_000), "≤ 2 s"),
    ("unchanged/time", None, "≤ 5 ms"),
    ("unchanged/bytes_down", None, "< 1 KB both ways"),
    ("changed_1_percent/time", Some(20_000), "≤ 50 ms"),
    ("edit/p99", None, "≤ 5 ms"),
];

/// The figures of one run.
struct Figures<'m> {
    measurements: &'m [Measurement],
    names: Vec<&'static str>,
}

/// The section of the document, in Markdown.
pub(super) fn markdown(
    measurements: &[Measurement],
    peers: &[&Peer],
    versions: &[String],
    circumstances: &Circumstances,
    sizes: &[u32],
) -> String {
    let figures = Figures {
        measurements,
        names: [OURSELVES]
            .into_iter()
            .chain(peers.iter().map(|peer| peer.name))
            .collect(),
    };
    let titles: String = peers
        .iter()
        .map(|peer| format!(" {} |", peer.title))
        .collect();
    let rule = "---|".repeat(peers.len());
    let joined: Vec<String> = sizes.iter().map(u32::to_string).collect();
    let mut text = format!(
        "Written by `cargo xtask bench peers --documents {}` at {circumstances}. All of it was measured \
         in one run on that machine, every end a process of its own, over one line that counts \
         bytes and messages, HTTP's requests as messages. In brackets: the peer over us.\n\n\
         | who | version | a document is | durability |\n|---|---|---|---|\n\
         | Forecourt | this commit | an Automerge document of a demo group, with its history | \
         server and device: SQLite, synced to disk with each commit |\n",
        joined.join(",")
    );
    for (peer, versions) in peers.iter().zip(versions) {
        text += &format!(
            "| {} | {versions} | {} | {} |\n",
            peer.title, peer.document, peer.durability
        );
    }

    text += &format!(
        "\n### Times\n\n| documents | work | goal | Forecourt |{titles}\n|---|---|---|---|{rule}\n"
    );
    for size in sizes {
        for (scenario, words) in SCENARIOS {
            text += &figures.row(
                *size,
                &grouped(u64::from(*size)),
                words,
                &format!("{scenario}/time"),
            );
        }
        for percent in ["p50", "p99"] {
            let words = format!("an edit on the device, {percent}");
            text += &figures.row(
                *size,
                &grouped(u64::from(*size)),
                &words,
                &format!("edit/{percent}"),
            );
        }
    }

    for size in sizes {
        text += &format!(
            "\n### All that was measured at {} documents\n\n\
             | work | what | goal | Forecourt |{titles}\n|---|---|---|---|{rule}\n",
            grouped(u64::from(*size))
        );
        text += &figures.row(*size, "documents", "", "documents");
        text += &figures.row(*size, "a document before it is synced", "", "document");
        for (scenario, words) in SCENARIOS {
            for (what, of_what) in MEASURED {
                text += &figures.row(*size, words, of_what, &format!("{scenario}/{what}"));
            }
        }
    }
    text
}

impl Figures<'_> {
    /// One row: what it is of, and what everybody has there.
    fn row(&self, size: u32, first: &str, second: &str, what: &str) -> String {
        let ours = self.of(OURSELVES, size, what);
        let is_goal = |(name, at, _): &&(&str, Option<u32>, &str)| {
            *name == what && at.is_none_or(|at| at == size)
        };
        let goal = GOALS.iter().find(is_goal).map_or("", |(_, _, goal)| goal);
        let cells: String = self
            .names
            .iter()
            .map(|name| format!(" {} |", cell(self.of(name, size, what), name, ours)))
            .collect();
        format!("| {first} | {second} | {goal} |{cells}\n")
    }

    fn of(&self, name: &str, size: u32, what: &str) -> Option<&Measurement> {
        let wanted = format!("peers/{name}/{size}/{what}");
        self.measurements
            .iter()
            .find(|measured| measured.name == wanted)
    }
}

/// A figure beside ours, or why there is none.
fn cell(measured: Option<&Measurement>, name: &str, ours: Option<&Measurement>) -> String {
    let Some(measured) = measured else {
        return String::new();
    };
    if let Some(why) = &measured.bound {
        return why.clone();
    }
    let shown = shown(measured);
    match ours {
        Some(ours) if name != OURSELVES && ours.bound.is_none() && ours.value > 0.0 => {
            let ratio = quantity(measured.value / ours.value, "×");
            format!("{shown} ({ratio})")
        }
        _ => shown,
    }
}

/// A value in the unit that suits its size.
fn shown(measured: &Measurement) -> String {
    match measured.unit.as_str() {
        "ms" if measured.value >= 1_000.0 => quantity(measured.value / 1_000.0, "s"),
        "messages" | "documents" => quantity(measured.value, "").trim_end().to_owned(),
        unit => quantity(measured.value, unit),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(name: &str, value: f64, bound: Option<&str>) -> Measurement {
        Measurement {
            name: name.to_owned(),
            value,
            unit: "ms".to_owned(),
            peer: None,
            bound: bound.map(str::to_owned),
        }
    }

    fn row(measurements: &[Measurement]) -> String {
        let names = vec![OURSELVES, "other"];
        Figures {
            measurements,
            names,
        }
        .row(20_000, "20,000", "new", "bootstrap/time")
    }

    #[test]
    fn a_peer_stands_beside_us_with_its_ratio_and_the_goal() {
        let ours = measured("peers/forecourt/20000/bootstrap/time", 500.0, None);
        let other = measured("peers/other/20000/bootstrap/time", 60_000.0, None);

        let row = row(&[ours, other]);

        assert_eq!(row, "| 20,000 | new | ≤ 2 s | 500 ms | 60 s (120 ×) |\n");
    }

    #[test]
    fn who_has_no_figure_says_why() {
        let ours = measured("peers/forecourt/20000/bootstrap/time", 500.0, None);
        let other = measured("peers/other/20000/bootstrap/time", 0.0, Some("> 10 min"));

        assert!(row(&[ours, other]).ends_with("| 500 ms | > 10 min |\n"));
        assert!(row(&[]).ends_with("|  |  |\n"));
    }
}
