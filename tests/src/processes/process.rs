//! A running program, of which every line is heard.

use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use super::LIMIT;

/// How many lines may wait to be heard: more than any test lets a program say unheard.
const LINES: usize = 1 << 16;

/// A running program; killed with the value.
pub struct Process {
    child: Arc<Mutex<Child>>,
    input: Option<ChildStdin>,
    answers: Receiver<String>,
    complaints: Receiver<String>,
}

/// What kills a process, from any thread.
#[derive(Clone)]
pub struct Killer(Arc<Mutex<Child>>);

impl Process {
    /// Starts a program.
    pub fn start(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
        let answers = lines(child.stdout.take().expect("piped"));
        let complaints = lines(child.stderr.take().expect("piped"));
        Self {
            input: child.stdin.take(),
            child: Arc::new(Mutex::new(child)),
            answers,
            complaints,
        }
    }

    /// Writes to the program what it reads as its input, to the end; a pipe holds 64 KiB.
    pub fn tell(&mut self, text: &str) {
        let mut input = self.input.take().expect("told once");
        // The program may have ended; what it said tells.
        let _ended = input.write_all(text.as_bytes());
    }

    /// The next line on its stdout; `None` when it has closed it.
    pub fn answer(&mut self) -> Option<String> {
        hear(&self.answers)
    }

    /// The next line on its stderr; `None` when it has closed it.
    pub fn complaint(&mut self) -> Option<String> {
        hear(&self.complaints)
    }

    /// What kills it.
    pub fn killer(&self) -> Killer {
        Killer(Arc::clone(&self.child))
    }

    /// Waits for its end; for one that was killed.
    pub fn wait(&mut self) {
        while hear(&self.answers).is_some() {}
        let ended = self
            .child
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .wait();
        ended.expect("a child");
    }

    /// The id of the process.
    pub fn id(&self) -> u32 {
        self.child
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .id()
    }

    /// Waits for its end, and gives how it ended and what it said since on stdout and stderr.
    pub fn end(mut self) -> (ExitStatus, Vec<String>, Vec<String>) {
        drop(self.input.take());
        let answers = std::iter::from_fn(|| hear(&self.answers)).collect();
        let complaints = std::iter::from_fn(|| hear(&self.complaints)).collect();
        let ended = self
            .child
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .wait();
        (ended.expect("a child"), answers, complaints)
    }
}

impl Killer {
    /// Kills the process: SIGKILL, which nobody can prepare for.
    pub fn kill(&self) {
        // It may have ended already.
        let _ended = self.0.lock().unwrap_or_else(PoisonError::into_inner).kill();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.killer().kill();
        // The lines of a process that was killed end; nobody else waits for it.
        let _ended = self
            .child
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .wait();
    }
}

/// Hears what a program says, also when nobody asks.
fn lines(stream: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = sync_channel(LINES);
    thread::spawn(move || {
        for line in BufReader::new(stream).lines() {
            let Ok(line) = line else { return };
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

fn hear(lines: &Receiver<String>) -> Option<String> {
    match lines.recv_timeout(LIMIT) {
        Ok(line) => Some(line),
        Err(RecvTimeoutError::Disconnected) => None,
        Err(RecvTimeoutError::Timeout) => panic!("a program said nothing for {LIMIT:?}"),
    }
}
