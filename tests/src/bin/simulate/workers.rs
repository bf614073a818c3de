//! Processes that run seeds side by side: SQLite's allocator is shared within one, and what ends a
//! process ends one seed.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Mutex;

use anyhow::{Context as _, Result};

use super::results::{OfSeed, Results};
use super::wanted::Seeds;

/// How many seeds make a line of results.
const SEEDS_PER_LINE: u64 = 200;

/// A process that runs seeds.
struct Worker {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

/// What is left to do, and what came of what was done.
struct State {
    rest: std::ops::Range<u64>,
    /// Of the seeds since the last line.
    since_line: Results,
    all: Results,
}

/// Runs seeds, and writes down what came of them as they go.
pub(crate) fn run(seeds: &Seeds) -> Result<Results> {
    let begin = |from| Results {
        commit: seeds.commit.clone(),
        from,
        ..Results::default()
    };
    let state = Mutex::new(State {
        rest: seeds.range(),
        since_line: begin(seeds.from),
        all: begin(seeds.from),
    });
    std::thread::scope(|scope| {
        let jobs = (0..seeds.jobs).map(|_| scope.spawn(|| work(seeds, &state)));
        let jobs: Vec<_> = jobs.collect();
        for job in jobs {
            job.join().expect("a worker's thread")?;
        }
        Ok::<_, anyhow::Error>(())
    })?;
    let mut state = state.into_inner().expect("nobody panicked");
    state.write_line(seeds)?;
    Ok(state.all)
}

fn work(seeds: &Seeds, state: &Mutex<State>) -> Result<()> {
    let mut worker = None;
    loop {
        let next = state.lock().expect("nobody panicked").rest.next();
        let Some(seed) = next else { return Ok(()) };
        let mut running = match worker.take() {
            Some(running) => running,
            None => Worker::start(&seeds.failures)?,
        };
        let done = running.run(seed);
        let of_seed = match done {
            Some(of_seed) => {
                worker = Some(running);
                of_seed
            }
            None => {
                eprintln!(
                    "seed {seed} ended its process: {:?}",
                    running.process.wait()
                );
                OfSeed::fatal(seed)
            }
        };
        let mut state = state.lock().expect("nobody panicked");
        state.since_line.add(&of_seed);
        if state.since_line.seeds >= SEEDS_PER_LINE {
            state.write_line(seeds)?;
        }
    }
}

impl State {
    /// Writes down what came of the seeds since the last line.
    fn write_line(&mut self, seeds: &Seeds) -> Result<()> {
        let next = Results {
            commit: self.all.commit.clone(),
            from: self.since_line.from + self.since_line.seeds,
            ..Results::default()
        };
        let line = std::mem::replace(&mut self.since_line, next);
        self.all.merge(&line);
        if let Some(log) = seeds.log.as_ref().filter(|_| line.seeds > 0) {
            line.append_to(log)?;
            eprintln!("up to {}: {}", line.from + line.seeds, self.all);
        }
        Ok(())
    }
}

impl Worker {
    fn start(failures: &Path) -> Result<Self> {
        let program = std::env::current_exe().context("this program")?;
        let mut process = Command::new(program)
            .arg("--worker")
            .arg("--failures")
            .arg(failures)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("a process that runs seeds")?;
        let input = process.stdin.take().context("its input is piped")?;
        let output = process.stdout.take().context("its output is piped")?;
        Ok(Self {
            process,
            input,
            output: BufReader::new(output),
        })
    }

    /// What became of a seed; nothing if the process ended.
    fn run(&mut self, seed: u64) -> Option<OfSeed> {
        writeln!(self.input, "{seed}").ok()?;
        let mut line = String::new();
        self.output.read_line(&mut line).ok()?;
        serde_json::from_str(&line).ok()
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // Its input ends, and so does it.
        let _ended = self.process.kill().and_then(|()| self.process.wait());
    }
}
