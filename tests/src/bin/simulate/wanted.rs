//! What is wanted, as the arguments say it.

use std::ops::Range;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use stories::planted::Bug;

/// What is wanted.
pub(crate) struct Wanted {
    pub(crate) mode: Mode,
}

/// What to do.
pub(crate) enum Mode {
    /// Runs seeds.
    Seeds(Seeds),
    /// Runs seeds twice each.
    Twice(Seeds),
    /// Runs the seeds that another process asks for.
    Worker {
        /// Where plans that fail are saved.
        failures: PathBuf,
    },
    /// Runs a saved plan.
    Replay(PathBuf),
    /// Finds planted bugs.
    Teeth(Teeth),
    /// Sums up the results that long runs left in a file.
    Sum(PathBuf),
}

/// Seeds to run.
pub(crate) struct Seeds {
    pub(crate) from: u64,
    pub(crate) count: u64,
    /// In how many processes.
    pub(crate) jobs: usize,
    /// Where results are added, a line for some hundred seeds.
    pub(crate) log: Option<PathBuf>,
    /// What the results are of.
    pub(crate) commit: String,
    /// Where plans that fail are saved.
    pub(crate) failures: PathBuf,
}

/// Which planted bugs are to be found.
pub(crate) struct Teeth {
    pub(crate) bugs: Vec<Bug>,
    pub(crate) tries: usize,
    pub(crate) from: u64,
    /// Where the table is written.
    pub(crate) table: Option<PathBuf>,
}

impl Seeds {
    pub(crate) fn range(&self) -> Range<u64> {
        self.from..self.from.saturating_add(self.count)
    }
}

impl Wanted {
    /// Reads the arguments.
    pub(crate) fn read(mut arguments: impl Iterator<Item = String>) -> Result<Self> {
        let mut seeds = Seeds {
            from: 0,
            count: 100,
            jobs: std::thread::available_parallelism().map_or(1, usize::from),
            log: None,
            commit: String::new(),
            failures: PathBuf::from("target/simulator"),
        };
        let (mut bugs, mut tries, mut table) = (Bug::ALL.to_vec(), 3, None);
        let mut mode = None;
        let (mut is_twice, mut is_worker, mut is_teeth) = (false, false, false);
        while let Some(name) = arguments.next() {
            match name.as_str() {
                "--twice" => is_twice = true,
                "--worker" => is_worker = true,
                "--teeth" => is_teeth = true,
                _ => {
                    let value = arguments.next();
                    let value = value.with_context(|| format!("{name} lacks a value"))?;
                    let number = || value.parse().with_context(|| format!("{name} is a number"));
                    match name.as_str() {
                        "--from" => seeds.from = number()?,
                        "--seeds" => seeds.count = number()?,
                        "--jobs" => seeds.jobs = number()?.max(1) as usize,
                        "--log" => seeds.log = Some(value.into()),
                        "--commit" => seeds.commit = value,
                        "--failures" => seeds.failures = value.into(),
                        "--replay" => mode = Some(Mode::Replay(value.into())),
                        "--sum" => mode = Some(Mode::Sum(value.into())),
                        "--tries" => tries = number()? as usize,
                        "--table" => table = Some(value.into()),
                        "--bug" => {
                            let bug = Bug::named(&value);
                            bugs = vec![bug.with_context(|| format!("there is no bug {value}"))?];
                        }
                        _ => bail!("there is no {name}; see `cargo xtask sim --help`"),
                    }
                }
            }
        }
        let from = seeds.from;
        let failures = seeds.failures.clone();
        let mode = match mode {
            Some(mode) => mode,
            None if is_worker => Mode::Worker { failures },
            None if is_twice => Mode::Twice(seeds),
            None if is_teeth => Mode::Teeth(Teeth {
                bugs,
                tries,
                from,
                table,
            }),
            None => Mode::Seeds(seeds),
        };
        Ok(Self { mode })
    }
}
