//! The measured values beside the goals.

use std::fmt;

use anyhow::Result;

use super::{
    goals::{GOALS, Goal, Limit},
    measurement::Measurement,
    pace,
};
use crate::machine::Machine;
use crate::process;

/// What the numbers were measured on.
pub(super) struct Circumstances {
    machine: Machine,
    commit: String,
    load: String,
    /// At the beginning and at the end, in millions of steps a second.
    pace: [f64; 2],
}

impl Circumstances {
    /// This machine, with the commit that is checked out and what else it is doing.
    ///
    /// # Errors
    /// When the folder is not a git work tree.
    pub(super) fn of_this_run() -> Result<Self> {
        let commit =
            process::read(process::command("git").args(["describe", "--always", "--dirty"]))?;
        Ok(Self {
            machine: Machine::of_this_run(),
            commit: commit.trim().to_owned(),
            load: load().unwrap_or_else(|| "unknown".to_owned()),
            pace: [pace::measure(); 2],
        })
    }

    /// Measures the pace once more, after the benchmarks.
    pub(super) fn note_pace_at_end(&mut self) {
        self.pace[1] = pace::measure();
    }
}

impl fmt::Display for Circumstances {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Machine {
            processor,
            cores,
            memory,
        } = &self.machine;
        let [at_begin, at_end] = self.pace;
        write!(
            f,
            "commit {}, on {processor} with {cores} cores and {memory} of memory, at a load of {} \
             when it began and a core's pace (xtask/src/bench/pace.rs) of {at_begin:.0} at the \
             beginning and {at_end:.0} at the end (two reports compare only where their paces do)",
            self.commit, self.load
        )
    }
}

/// The section of the document, in Markdown.
pub(super) fn markdown(
    measurements: &[Measurement],
    circumstances: &Circumstances,
    sizes: &[String],
) -> String {
    let goals: String = GOALS
        .iter()
        .map(|goal| goal_row(goal, measurements))
        .collect();
    let mut document = format!(
        "Written by `cargo xtask bench --documents {}` at {circumstances}, relay and clients on the \
         same machine. A goal is a number to reach, never a timed test: a miss says what bounds \
         it. The ratio is what was measured over the goal.\n\n\
         | work | today's best peer | goal | measured | ratio | kept | bound by |\n\
         |---|---|---|---|---|---|---|\n{goals}",
        sizes.join(",")
    );

    let others = measurements
        .iter()
        .filter(|measured| goal_of(measured).is_none());
    let rows: String = others.map(other_row).collect();
    if !rows.is_empty() {
        document.push_str(
            "\n### Also measured\n\n| what | measured | peer | bound by |\n|---|---|---|---|\n",
        );
        document.push_str(&rows);
    }
    document
}

fn goal_row(goal: &Goal, measurements: &[Measurement]) -> String {
    let wanted = match goal.limit {
        Limit::AtMost(most) => format!("≤ {}", quantity(most, goal.unit)),
        Limit::AtLeast(least) => format!("≥ {}", quantity(least, goal.unit)),
    };
    let Some(measured) = measurements
        .iter()
        .find(|measured| measured.name == goal.name)
    else {
        return format!(
            "| {} | {} | {wanted} | not measured | | | |\n",
            goal.work, goal.peer
        );
    };
    // A benchmark that changes its unit must not pass for a better number.
    let kept = match goal.limit.is_kept_by(measured.value) {
        _ if measured.unit != goal.unit => "other unit",
        true => "yes",
        false => "no",
    };
    format!(
        "| {} | {} | {wanted} | {} | {:.2} | {kept} | {} |\n",
        goal.work,
        measured.peer.as_deref().unwrap_or(goal.peer),
        quantity(measured.value, &measured.unit),
        measured.value / goal.limit.value(),
        measured.bound.as_deref().unwrap_or_default()
    )
}

fn other_row(measured: &Measurement) -> String {
    format!(
        "| {} | {} | {} | {} |\n",
        measured.name,
        quantity(measured.value, &measured.unit),
        measured.peer.as_deref().unwrap_or_default(),
        measured.bound.as_deref().unwrap_or_default()
    )
}

fn goal_of(measured: &Measurement) -> Option<&'static Goal> {
    GOALS.iter().find(|goal| goal.name == measured.name)
}

/// Three digits are what such a measurement is good for.
pub(super) fn quantity(value: f64, unit: &str) -> String {
    let decimals = match value.abs() {
        size if size >= 100.0 || value.fract() == 0.0 => 0,
        size if size >= 10.0 => 1,
        _ => 2,
    };
    let digits = format!("{value:.decimals$}");
    let (whole, fraction) = digits.split_at(digits.find('.').unwrap_or(digits.len()));
    format!("{}{fraction} {unit}", grouped_digits(whole))
}

/// A number with a comma after every third digit.
pub(crate) fn grouped(number: u64) -> String {
    grouped_digits(&number.to_string())
}

fn grouped_digits(whole: &str) -> String {
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) && !grouped.ends_with('-') {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// How many processes wanted a core on average over the last minute.
fn load() -> Option<String> {
    let averages = std::fs::read_to_string("/proc/loadavg").ok()?;
    averages.split_whitespace().next().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(value: f64, unit: &str, name: &str) -> String {
        let measured = Measurement {
            name: name.to_owned(),
            value,
            unit: unit.to_owned(),
            peer: None,
            bound: Some("decoding".to_owned()),
        };
        let circumstances = Circumstances {
            machine: Machine {
                processor: "a processor".into(),
                cores: 2,
                memory: "8 GiB".into(),
            },
            commit: "abc".into(),
            load: "0.1".into(),
            pace: [300.0, 150.0],
        };
        markdown(&[measured], &circumstances, &["2000".to_owned()])
    }

    #[test]
    fn a_goal_that_is_kept_and_one_that_is_missed_are_told_apart() {
        assert!(report(4.0, "ms", "command/p99").contains("| ≤ 5 ms | 4 ms | 0.80 | yes |"));
        assert!(
            report(6.25, "ms", "command/p99")
                .contains("| ≤ 5 ms | 6.25 ms | 1.25 | no | decoding |")
        );
    }

    #[test]
    fn a_goal_nobody_measured_says_so() {
        assert!(report(4.0, "ms", "command/p99").contains("| ≥ 1,500 changes/s | not measured |"));
    }

    #[test]
    fn a_measurement_in_another_unit_keeps_no_goal() {
        assert!(report(4.0, "s", "command/p99").contains("| other unit |"));
    }

    #[test]
    fn a_measurement_without_a_goal_has_its_own_table() {
        assert!(report(12_345.0, "B", "segment/bytes").contains("| segment/bytes | 12,345 B |"));
    }
}
