//! Child processes: started in the workspace's root, shown before they run, and
//! their failure told with the command that failed.

use std::{
    ffi::OsStr,
    process::{Command, Output, Stdio},
};

use anyhow::{Context as _, Result, bail};

use crate::workspace;

/// A command that runs in the workspace's root and reads no input.
pub(crate) fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(workspace::root()).stdin(Stdio::null());
    command
}

/// A cargo command of these words, with spaces between them.
pub(crate) fn cargo(words: &str) -> Command {
    let mut command = command("cargo");
    command.args(words.split_whitespace());
    command
}

/// Shows the command, runs it with our output, and fails when it fails.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let line = shown(command);
    println!("$ {line}");
    let status = command
        .status()
        .with_context(|| format!("cannot start `{line}`"))?;
    if !status.success() {
        bail!("`{line}` failed ({status})");
    }
    Ok(())
}

/// Runs the command silently and returns what it printed; fails when it fails,
/// with its own words.
pub(crate) fn read(command: &mut Command) -> Result<String> {
    let line = shown(command);
    let output = silently(command).with_context(|| format!("cannot start `{line}`"))?;
    if !output.status.success() {
        bail!(
            "`{line}` failed ({}): {}",
            output.status,
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    String::from_utf8(output.stdout).with_context(|| format!("`{line}` printed no UTF-8"))
}

/// Whether the command can be started and succeeds; its output is dropped.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    silently(command).is_ok_and(|output| output.status.success())
}

/// The command as a person would type it, with the variables it adds.
pub(crate) fn shown(command: &Command) -> String {
    let variables = command.get_envs().filter_map(|(name, value)| {
        Some(format!(
            "{}={}",
            name.display(),
            quoted(&value?.to_string_lossy())
        ))
    });
    let program = command.get_program().to_string_lossy().into_owned();
    let arguments = command
        .get_args()
        .map(|argument| quoted(&argument.to_string_lossy()));
    variables
        .chain([program])
        .chain(arguments)
        .collect::<Vec<_>>()
        .join(" ")
}

fn silently(command: &mut Command) -> std::io::Result<Output> {
    command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .output()
}

/// A word as a shell takes it.
pub(crate) fn quoted(word: &str) -> String {
    let plain = !word.is_empty()
        && word
            .chars()
            .all(|c| c.is_alphanumeric() || "-_./=:,@+%".contains(c));
    if plain {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_shown_as_a_shell_would_take_it() {
        let mut command = command("cargo");
        command
            .args(["doc", "--flag", "two words"])
            .env("RUSTDOCFLAGS", "-D warnings");

        assert_eq!(
            shown(&command),
            "RUSTDOCFLAGS='-D warnings' cargo doc --flag 'two words'"
        );
    }

    #[test]
    fn a_failing_command_is_an_error_that_names_it() {
        let error = run(&mut cargo("no-such-subcommand-exists")).unwrap_err();

        assert!(error.to_string().contains("no-such-subcommand-exists"));
    }

    #[test]
    fn the_words_of_a_failing_command_are_kept() {
        let error = read(&mut cargo("metadata --no-such-flag")).unwrap_err();

        assert!(error.to_string().contains("--no-such-flag"));
    }
}
