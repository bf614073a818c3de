//! stdout and stderr: the only file that writes to either.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "this is the program's voice"
)]

use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use anyhow::{Context, Error, Result};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;
use tracing_subscriber::EnvFilter;

/// Prints an answer: one line, or indented when a person looks at it.
pub(crate) fn answer(value: &impl Serialize) -> Result<()> {
    let text = if io::stdout().is_terminal() {
        serde_json::to_string_pretty(value)
    } else {
        serde_json::to_string(value)
    };
    print(&format!("{}\n", text?))
}

/// Prints text as it is.
pub(crate) fn print(text: &str) -> Result<()> {
    let mut out = io::stdout().lock();
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    match written {
        // Whoever reads has enough: `forecourt views | head`.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other.context("the answer cannot be written to stdout"),
    }
}

/// Says what went wrong, with its causes, on one line.
pub(crate) fn complain(error: &Error) {
    let line = format!("{error:#}").replace(['\n', '\r'], " ");
    eprintln!("forecourt: {line}");
}

/// Sends the log to stderr: nothing but warnings unless asked.
pub(crate) fn start_log(verbose: u8) {
    let level = match verbose {
        0 => "warn",
        1 => "info",
        _ => "debug",
    };
    let filter = EnvFilter::try_from_env("FORECOURT_LOG").unwrap_or_else(|_| EnvFilter::new(level));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_target(false)
        .init();
}

/// A bar on stderr for what takes longer than a second; nothing where no person looks.
pub(crate) fn progress(what: &'static str) -> ProgressBar {
    let bar = ProgressBar::new(0).with_message(what);
    let target = if io::stderr().is_terminal() {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::hidden()
    };
    bar.set_draw_target(target);
    if let Ok(style) = ProgressStyle::with_template("{msg} {bar:30} {pos}/{len} {eta}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_secs(1));
    bar
}
