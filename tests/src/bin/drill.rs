//! `drill`: plays one drill, mostly with the real programs, and prints its figure as one line of
//! JSON.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line tool speaks on the terminal"
)]

use std::panic::catch_unwind;
use std::path::Path;
use std::process::ExitCode;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde_json::json;
use stories::drill::{Figure, holding, killing, restoring, siege, storm};
use stories::fuzzing::{self, TARGETS};
use stories::golden;

const USAGE: &str = "\
drill kill9   [--seed N] [--rounds CYCLES]   processes are killed, again and again
drill proxy   [--from SEED] [--rounds SEEDS] the network between them misbehaves
drill restore [--from SEED] [--rounds SEEDS] a relay under load is lost and restored
drill siege   [--rounds SECONDS]             attackers waste connections while devices work
drill hold    [--rounds SECONDS]             10,000 devices hold their connections
drill golden                                 what earlier versions left is read and answered
drill corpus                                 what fuzzers found worth keeping is tried again
drill seeds FOLDER                           writes what fuzzers begin with
drill make-golden [NAME]                     makes the golden files of this version

--quick is the short form.";

/// How often each device writes and syncs in one storm.
const STORM_ROUNDS: usize = 14;

/// What is wanted.
struct Wanted {
    drill: String,
    from: u64,
    rounds: Option<usize>,
    is_quick: bool,
}

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    match arguments
        .iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .as_slice()
    {
        ["seeds", folder] => return exit(write_seeds(Path::new(folder))),
        ["make-golden"] => return exit(make_golden(&golden::this_version())),
        ["make-golden", name] => return exit(make_golden(name)),
        _ => {}
    }
    let wanted = match wanted(arguments.into_iter()) {
        Ok(wanted) => wanted,
        Err(error) => {
            eprintln!("drill: {error:#}\n\n{USAGE}");
            return ExitCode::FAILURE;
        }
    };
    let Some((rounds, play)) = drill(&wanted) else {
        eprintln!("drill: there is no {}\n\n{USAGE}", wanted.drill);
        return ExitCode::FAILURE;
    };
    let range = match wanted.drill.as_str() {
        "proxy" | "restore" => format!("seeds {}..{}", wanted.from, wanted.from + rounds as u64),
        "kill9" => format!("seed {}, {rounds} cycles", wanted.from),
        "siege" | "hold" => format!("{rounds} s"),
        _ => "all".to_owned(),
    };
    let mut sum: Option<Figure> = None;
    for (round, only) in play {
        let Ok(figure) = catch_unwind(|| only(round)) else {
            let figure = json!({"figure": wanted.drill, "value": 0, "unit": "failed",
                                "range": range, "lost": 0, "violations": 1});
            println!("{figure}");
            eprintln!(
                "drill: again by `drill {} {}`",
                wanted.drill,
                again(&wanted, round, rounds)
            );
            return ExitCode::FAILURE;
        };
        match &mut sum {
            Some(sum) => sum.add(&figure),
            None => sum = Some(figure),
        }
    }
    if let Some(figure) = sum {
        println!("{}", figure.to_json(&range));
    }
    ExitCode::SUCCESS
}

fn exit(done: Result<()>) -> ExitCode {
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("drill: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn make_golden(name: &str) -> Result<()> {
    let folder = golden::folder().join(name);
    golden::make(&folder)?;
    println!("{}", folder.display());
    Ok(())
}

/// Writes the seeds of each target into a folder of its name.
fn write_seeds(folder: &Path) -> Result<()> {
    for target in TARGETS {
        let folder = folder.join(target.name);
        std::fs::create_dir_all(&folder)?;
        for (number, seed) in target.seeds().iter().enumerate() {
            std::fs::write(folder.join(number.to_string()), seed)?;
        }
    }
    Ok(())
}

/// Reads the golden files of every version.
fn read_golden(_: u64) -> Figure {
    let versions = golden::versions();
    for version in &versions {
        let problems = golden::read(version);
        assert_eq!(problems, [""; 0], "{}", version.display());
    }
    Figure::new("golden", versions.len(), "versions read and answered")
}

/// Tries again what fuzzers begin with and what they found.
fn replay_corpus(_: u64) -> Figure {
    let mut figure = Figure::new("fuzz-replay", 0_u64, "inputs tried again");
    for target in TARGETS {
        let inputs: Vec<_> = target.seeds().into_iter().chain(target.kept()).collect();
        inputs
            .iter()
            .for_each(|input| fuzzing::run(target.name, input));
        figure.value += inputs.len() as u64;
        figure = figure.with(target.name, inputs.len());
    }
    figure
}

/// What plays one seed.
type Play = Box<dyn Fn(u64) -> Figure + std::panic::RefUnwindSafe>;

/// How many rounds a drill has, and what plays each of its seeds.
type Rounds = (usize, Vec<(u64, Rc<Play>)>);

/// The drill of a name.
fn drill(wanted: &Wanted) -> Option<Rounds> {
    let rounds = |usual: usize, quick: usize| {
        let usual = if wanted.is_quick { quick } else { usual };
        wanted.rounds.unwrap_or(usual)
    };
    let seeds = |rounds: usize, play: Play| {
        let play = Rc::new(play);
        let seeds = wanted.from..wanted.from + rounds as u64;
        Some((rounds, seeds.map(|seed| (seed, play.clone())).collect()))
    };
    let once = |rounds: usize, play: Play| Some((rounds, vec![(wanted.from, Rc::new(play))]));
    match wanted.drill.as_str() {
        "kill9" => {
            let cycles = rounds(2_000, 100);
            once(cycles, Box::new(move |seed| killing::run(seed, cycles)))
        }
        "golden" => once(1, Box::new(read_golden)),
        "corpus" => once(1, Box::new(replay_corpus)),
        "proxy" => seeds(rounds(100, 4), Box::new(storm)),
        "siege" => {
            let seconds = rounds(20, 2);
            let (connections, edits) = if wanted.is_quick {
                (40, 10)
            } else {
                (200, 100)
            };
            once(
                seconds,
                Box::new(move |_| {
                    siege::run(siege::Plan {
                        each: Duration::from_secs(seconds as u64),
                        connections,
                        edits,
                    })
                }),
            )
        }
        "hold" => {
            let seconds = rounds(600, 20);
            let connections = if wanted.is_quick { 1_000 } else { 10_000 };
            let time = Duration::from_secs(seconds as u64);
            once(seconds, Box::new(move |_| holding::run(connections, time)))
        }
        "restore" => seeds(rounds(200, 5), Box::new(restoring::run)),
        _ => None,
    }
}

/// Every other seed speaks TLS; one in eight has silences that are longer than what the ends wait
/// for.
fn storm(seed: u64) -> Figure {
    storm::run(storm::Run {
        seed,
        rounds: STORM_ROUNDS,
        is_sealed: seed.is_multiple_of(2),
        patience: match seed % 8 {
            7 => Duration::from_secs(70),
            _ => Duration::from_millis(1_500),
        },
    })
}

/// The arguments that play what failed again.
fn again(wanted: &Wanted, seed: u64, rounds: usize) -> String {
    match wanted.drill.as_str() {
        "kill9" => format!("--seed {seed} --rounds {rounds}"),
        "siege" | "hold" => format!("--rounds {rounds}"),
        "golden" | "corpus" => String::new(),
        _ => format!("--from {seed} --rounds 1"),
    }
}

fn wanted(mut arguments: impl Iterator<Item = String>) -> Result<Wanted> {
    let mut wanted = Wanted {
        drill: arguments.next().context("which drill?")?,
        from: 0,
        rounds: None,
        is_quick: false,
    };
    while let Some(name) = arguments.next() {
        if name == "--quick" {
            wanted.is_quick = true;
            continue;
        }
        let value = arguments.next();
        let value = value.with_context(|| format!("{name} lacks a value"))?;
        let number: u64 = value
            .parse()
            .with_context(|| format!("{name} is a number"))?;
        match name.as_str() {
            "--seed" | "--from" => wanted.from = number,
            "--rounds" => wanted.rounds = Some(usize::try_from(number)?),
            _ => bail!("there is no {name}"),
        }
    }
    Ok(wanted)
}
