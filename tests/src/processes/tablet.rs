//! A device: a folder with a replica, and the client's program.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value as Json, json};

use super::site::program;
use super::{Process, Programs};

/// An enrolled device.
#[derive(Clone, Debug)]
pub struct Tablet {
    program: PathBuf,
    folder: PathBuf,
}

impl Tablet {
    pub(super) fn new(programs: &Programs, folder: PathBuf) -> Self {
        Self {
            program: programs.client.clone(),
            folder,
        }
    }

    /// The folder of its replica.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Runs the program to its end: what it answers, or its one sentence about what is wrong.
    pub fn run(&self, arguments: &[&str]) -> Result<Vec<Json>, String> {
        Self::outcome(self.start(arguments))
    }

    /// Starts the program.
    pub fn start(&self, arguments: &[&str]) -> Process {
        Process::start(&mut self.command(arguments))
    }

    /// What a program of a device came to.
    pub fn outcome(process: Process) -> Result<Vec<Json>, String> {
        let (ended, answers, complaints) = process.end();
        if !ended.success() {
            return Err(complaints
                .last()
                .cloned()
                .unwrap_or_else(|| ended.to_string()));
        }
        let parse = |line: &String| serde_json::from_str(line).expect("an answer is JSON");
        Ok(answers.iter().map(parse).collect())
    }

    /// Runs a command that must not be refused, and gives its output.
    #[track_caller]
    pub fn execute(&self, command: &str, input: &Json) -> Json {
        match self.try_execute(command, input) {
            Ok(output) => output,
            Err(refusal) => panic!("{command} {input}: {refusal}"),
        }
    }

    /// Runs a command, and gives its output or why it is refused.
    pub fn try_execute(&self, command: &str, input: &Json) -> Result<Json, String> {
        let answers = self.run(&["do", command, &input.to_string()])?;
        Ok(answers[0]["output"].clone())
    }

    /// Starts `do -` with these commands.
    pub fn stream<'c>(&self, commands: impl IntoIterator<Item = (&'c str, Json)>) -> Process {
        let mut process = self.start(&["do", "-"]);
        let lines = commands
            .into_iter()
            .map(|(command, input)| json!({"command": command, "input": input}).to_string() + "\n");
        process.tell(&lines.collect::<String>());
        process
    }

    /// Shows a view.
    #[track_caller]
    pub fn show(&self, view: &str, input: &Json) -> Json {
        match self.run(&["show", view, &input.to_string()]) {
            Ok(answers) => answers[0].clone(),
            Err(refusal) => panic!("{view} {input}: {refusal}"),
        }
    }

    /// Syncs once, which must succeed, and gives the report.
    #[track_caller]
    pub fn sync(&self) -> Json {
        match self.run(&["sync"]) {
            Ok(answers) => answers[0].clone(),
            Err(refusal) => panic!("sync: {refusal}"),
        }
    }

    /// Checks the replica, which must be sound.
    #[track_caller]
    pub fn verify(&self) {
        if let Err(problem) = self.run(&["verify"]) {
            panic!("{}: {problem}", self.folder.display());
        }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        program(&self.program, arguments, "--replica", &self.folder)
    }
}
