//! The scenarios, the same for all.

use std::fs;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::end::{End, Shortfall};
use super::{Command, Edit, Host};
use crate::bench::counting_line::{CountingLine, Traffic};
use crate::bench::figures::milliseconds;
use crate::processes::Consumption;

/// What is measured, in this order: who cannot do one is not asked for those behind it.
pub const SCENARIOS: [&str; 8] = [
    "bootstrap",
    "unchanged",
    "changed_1",
    "changed_10",
    "changed_1_percent",
    "pushed_100",
    "crowd_new",
    "crowd_unchanged",
];

/// How often something is done of which the median counts.
const TIMES: usize = 3;

/// What takes longer than this is done once.
const LONG: Duration = Duration::from_secs(10);

/// After so long without a message nothing more is expected of those who know no end.
const LONG_SILENCE: Duration = Duration::from_secs(2);

/// After so long nothing more is expected of those who said that they are done, or left.
const SHORT_SILENCE: Duration = Duration::from_millis(200);

/// How many documents a device edits while it is offline.
const OFFLINE_EDITS: usize = 100;

/// How many clients come at once.
const CROWD: usize = 50;

/// A host, a client that writes, and those whose costs are measured.
pub struct Contest<'h> {
    host: &'h mut dyn Host,
    line: CountingLine,
    /// Takes what was measured: the scenario and what of it, the value, its unit.
    print: &'h mut dyn FnMut(&str, f64, &str),
    /// How many edits there were: each is another.
    edits: usize,
}

/// What one run of a scenario cost.
struct Sample {
    took: Duration,
    traffic: Traffic,
    /// The most memory of the server, in bytes.
    server: u64,
    /// The most memory of any client, in bytes.
    client: u64,
}

/// Until when the time of a scenario runs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Until {
    /// The last answer.
    Answered,
    /// The last message: for those who do not know when they have everything.
    Silent,
}

impl<'h> Contest<'h> {
    /// Begins with a host that serves.
    pub fn of(host: &'h mut dyn Host, print: &'h mut dyn FnMut(&str, f64, &str)) -> Self {
        let line = CountingLine::lay(host.address());
        Self {
            host,
            line,
            print,
            edits: 0,
        }
    }

    /// Runs all scenarios.
    ///
    /// # Errors
    ///
    /// The scenario that cannot be done and why; what was measured before it is printed.
    pub fn run(mut self) -> Result<(), (&'static str, Shortfall)> {
        let one_percent = self.host.documents() / 100;
        let (mut reader, mut writer) = self.bootstrap().map_err(during("bootstrap"))?;
        self.unchanged(&mut reader).map_err(during("unchanged"))?;
        for (name, count) in [
            ("changed_1", 1),
            ("changed_10", 10),
            ("changed_1_percent", one_percent),
        ] {
            self.changed(name, count, &mut reader, &mut writer)
                .map_err(during(name))?;
        }
        self.pushed(&mut reader).map_err(during("pushed_100"))?;
        let each = reader.consumption().memory();
        drop(reader);
        let mut crowd = self.crowd_new(each).map_err(during("crowd_new"))?;
        self.crowd_unchanged(&mut crowd)
            .map_err(during("crowd_unchanged"))
    }

    /// New clients, one after the other; gives the last, and one that writes.
    fn bootstrap(&mut self) -> Result<(End, End), Shortfall> {
        let mut writer = self.launch(self.host.address())?;
        self.sync(&mut writer, None)?;
        let mut last = None;
        self.several("bootstrap", |contest| {
            let mut reader = contest.launch(contest.line.address())?;
            let costs = [reader.consumption()];
            let sample = contest.sample(Until::Answered, &costs, |contest| {
                contest.sync(&mut reader, None)
            })?;
            contest.check(&mut reader, None)?;
            reader.ask(&Command::Leave)?;
            last = Some(reader);
            Ok(sample)
        })?;
        Ok((last.expect("one at least"), writer))
    }

    /// A client that has everything comes back.
    fn unchanged(&mut self, reader: &mut End) -> Result<(), Shortfall> {
        // Once unmeasured: some ask again about what they have only just got.
        self.sync(reader, None)?;
        self.leave(reader)?;
        self.several("unchanged", |contest| {
            let costs = [reader.consumption()];
            let until = contest.end_of_nothing();
            let sample = contest.sample(until, &costs, |contest| contest.sync(reader, None))?;
            contest.leave(reader)?;
            Ok(sample)
        })
    }

    /// A client comes back after somebody else changed so many documents.
    fn changed(
        &mut self,
        name: &str,
        count: usize,
        reader: &mut End,
        writer: &mut End,
    ) -> Result<(), Shortfall> {
        self.several(name, |contest| {
            let edit = contest.next_edit(count);
            contest
                .host
                .watch_for(&contest.host.expected(Some(edit.clone())));
            writer.ask(&Command::Edit { edit: edit.clone() })?;
            contest.sync(writer, None)?;
            contest.host.until_they_came()?;
            let costs = [reader.consumption()];
            let sample = contest.sample(Until::Answered, &costs, |contest| {
                contest.sync(reader, Some(edit.clone()))
            })?;
            contest.check(reader, Some(edit))?;
            contest.leave(reader)?;
            Ok(sample)
        })
    }

    /// A client comes back that edited documents without a network; the time is until the server
    /// has them.
    fn pushed(&mut self, reader: &mut End) -> Result<(), Shortfall> {
        let mut took = Vec::new();
        self.several("pushed_100", |contest| {
            let edit = contest.next_edit(OFFLINE_EDITS);
            let answer = reader.ask(&Command::Edit { edit: edit.clone() })?;
            let each = answer["milliseconds"].as_array().expect("times");
            took.extend(each.iter().filter_map(serde_json::Value::as_f64));
            let costs = [reader.consumption()];
            let sample = contest.sample(Until::Answered, &costs, |contest| {
                contest
                    .host
                    .watch_for(&contest.host.expected(Some(edit.clone())));
                contest.sync(reader, None)?;
                contest.host.until_they_came()
            })?;
            contest.leave(reader)?;
            Ok(sample)
        })?;
        took.sort_by(f64::total_cmp);
        let percentile = |percent: usize| took[(took.len() - 1) * percent / 100];
        (self.print)("edit/p50", percentile(50), "ms");
        (self.print)("edit/p99", percentile(99), "ms");
        Ok(())
    }

    /// Many new clients at once.
    fn crowd_new(&mut self, each: u64) -> Result<Vec<End>, Shortfall> {
        let (wanted, there) = (each * CROWD as u64, available_memory() / 10 * 7);
        if wanted > there {
            let wanted = wanted >> 30;
            return Err(Shortfall::Failed(format!("needs {wanted} GiB")));
        }
        let dial = self.line.address();
        let mut crowd: Vec<_> = (0..CROWD).map(|_| self.host.launch_client(dial)).collect();
        for end in &crowd {
            end.hear()?;
        }
        let sample = self.sample_crowd(Until::Answered, &mut crowd)?;
        self.say("crowd_new", &sample);
        Ok(crowd)
    }

    /// Many clients that have everything come back at once.
    fn crowd_unchanged(&mut self, crowd: &mut [End]) -> Result<(), Shortfall> {
        for measured in [false, true] {
            for end in &mut *crowd {
                end.ask(&Command::Leave)?;
            }
            self.line.silence(SHORT_SILENCE);
            let sample = self.sample_crowd(self.end_of_nothing(), crowd)?;
            if measured {
                self.say("crowd_unchanged", &sample);
            }
        }
        Ok(())
    }

    fn sample_crowd(&mut self, until: Until, crowd: &mut [End]) -> Result<Sample, Shortfall> {
        let costs: Vec<_> = crowd.iter().map(End::consumption).collect();
        let expect = self.host.expected(None);
        self.sample(until, &costs, |_| {
            for end in &mut *crowd {
                let expect = expect.clone();
                end.tell(&Command::Sync { expect });
            }
            crowd.iter().try_for_each(|end| end.hear().map(drop))
        })
    }

    /// Does something several times, or once if it is long, and prints the median.
    fn several(
        &mut self,
        name: &str,
        mut once: impl FnMut(&mut Self) -> Result<Sample, Shortfall>,
    ) -> Result<(), Shortfall> {
        let mut samples = vec![once(self)?];
        while samples.len() < TIMES && samples[0].took < LONG {
            samples.push(once(self)?);
        }
        samples.sort_by_key(|sample| sample.took);
        self.say(name, &samples[samples.len() / 2]);
        Ok(())
    }

    /// Does something and says what it cost, with what comes after it.
    fn sample(
        &mut self,
        until: Until,
        clients: &[Consumption],
        work: impl FnOnce(&mut Self) -> Result<(), Shortfall>,
    ) -> Result<Sample, Shortfall> {
        let server = self.host.consumption();
        let before = self.line.traffic();
        server.forget_peak();
        clients.iter().for_each(Consumption::forget_peak);
        let start = Instant::now();
        work(self)?;
        let answered = start.elapsed();
        let last = self.line.silence(if self.host.has_an_end() {
            SHORT_SILENCE
        } else {
            LONG_SILENCE
        });
        Ok(Sample {
            took: match until {
                Until::Answered => answered,
                Until::Silent => last.saturating_duration_since(start),
            },
            traffic: self.line.traffic() - before,
            server: server.peak_memory(),
            client: clients
                .iter()
                .map(Consumption::peak_memory)
                .max()
                .unwrap_or_default(),
        })
    }

    fn say(&mut self, name: &str, sample: &Sample) {
        const MEBIBYTE: f64 = 1_048_576.0;
        let Traffic {
            messages,
            bytes_up,
            bytes_down,
        } = sample.traffic;
        for (what, value, unit) in [
            ("time", milliseconds(sample.took), "ms"),
            ("messages", messages as f64, "messages"),
            ("bytes_down", bytes_down as f64, "B"),
            ("bytes_up", bytes_up as f64, "B"),
            ("server", sample.server as f64 / MEBIBYTE, "MiB"),
            ("client", sample.client as f64 / MEBIBYTE, "MiB"),
        ] {
            (self.print)(&format!("{name}/{what}"), value, unit);
        }
    }

    fn launch(&mut self, dial: SocketAddr) -> Result<End, Shortfall> {
        let end = self.host.launch_client(dial);
        end.hear()?;
        Ok(end)
    }

    fn sync(&self, end: &mut End, edit: Option<Edit>) -> Result<(), Shortfall> {
        let expect = self.host.expected(edit);
        end.ask(&Command::Sync { expect }).map(drop)
    }

    /// Makes sure that a client has what it should.
    fn check(&self, end: &mut End, edit: Option<Edit>) -> Result<(), Shortfall> {
        let expect = self.host.expected(edit);
        end.ask(&Command::Hold { expect }).map(drop)
    }

    fn leave(&self, end: &mut End) -> Result<(), Shortfall> {
        end.ask(&Command::Leave)?;
        self.line.silence(SHORT_SILENCE);
        Ok(())
    }

    /// How the end of a sync is known in which nothing is to come.
    fn end_of_nothing(&self) -> Until {
        if self.host.has_an_end() {
            Until::Answered
        } else {
            Until::Silent
        }
    }

    /// Edits that were not made before, of documents that everybody has: in a demo group a third
    /// of them are customers, which can be edited.
    fn next_edit(&mut self, count: usize) -> Edit {
        self.edits += 1;
        let places = self.host.documents() / 4 - count;
        Edit {
            from: self.edits * 37 % places,
            count,
            text: format!("第{}次：周末来看车", self.edits),
        }
    }
}

fn during(scenario: &'static str) -> impl Fn(Shortfall) -> (&'static str, Shortfall) {
    move |shortfall| (scenario, shortfall)
}

/// Memory that processes may still take, in bytes.
fn available_memory() -> u64 {
    let memory = fs::read_to_string("/proc/meminfo").expect("Linux");
    let line = memory
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"));
    let kibibytes = line.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok());
    kibibytes.expect("a size") * 1_024
}
