//! One end of a peer: a process that is told what to do.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, Command as Start, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread;

use serde_json::Value as Json;

use super::{Command, PATIENCE};
use crate::processes::Consumption;

/// Why a peer has no figure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shortfall {
    /// It took longer than anybody waits.
    TooLong,
    /// It ended instead of answering, or does not fit.
    Failed(String),
}

/// A process that is one end; killed with the value.
pub struct End {
    child: Child,
    input: ChildStdin,
    answers: Receiver<Json>,
}

impl End {
    /// Starts one, and gives the first that it says: that it is ready.
    pub fn start(start: &mut Start) -> Result<(Self, Json), Shortfall> {
        let end = Self::launch(start);
        let ready = end.hear()?;
        Ok((end, ready))
    }

    /// Starts one, and does not wait until it is ready.
    pub fn launch(start: &mut Start) -> Self {
        let mut child = start
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{start:?} does not start: {error}"));
        let input = child.stdin.take().expect("piped");
        let output = child.stdout.take().expect("piped");
        let (sender, answers) = sync_channel(16);
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                let answer = serde_json::from_str(&line);
                let answer = answer.unwrap_or_else(|_| panic!("an end said {line}"));
                if sender.send(answer).is_err() {
                    return;
                }
            }
        });
        Self {
            child,
            input,
            answers,
        }
    }

    /// Tells it what to do.
    pub fn tell(&mut self, command: &Command) {
        let line = serde_json::to_string(command).expect("a command is JSON") + "\n";
        // One that has ended answers nothing, which says so.
        let _ended = self.input.write_all(line.as_bytes());
    }

    /// Waits for its answer.
    pub fn hear(&self) -> Result<Json, Shortfall> {
        self.answers
            .recv_timeout(PATIENCE)
            .map_err(|why| match why {
                RecvTimeoutError::Timeout => Shortfall::TooLong,
                RecvTimeoutError::Disconnected => Shortfall::Failed("it ended".to_owned()),
            })
    }

    /// Tells it what to do, and waits for its answer.
    pub fn ask(&mut self, command: &Command) -> Result<Json, Shortfall> {
        self.tell(command);
        self.hear()
    }

    /// What it costs.
    pub fn consumption(&self) -> Consumption {
        Consumption::of(self.child.id())
    }
}

impl Drop for End {
    fn drop(&mut self) {
        // It may have ended already.
        let _ended = self.child.kill();
        let _ended = self.child.wait();
    }
}
