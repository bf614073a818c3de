//! What the program says: answers on stdout, causes on stderr.

use std::io::{self, Write as _};

/// Says one line of an answer.
pub(crate) fn say(line: impl std::fmt::Display) -> io::Result<()> {
    writeln!(io::stdout().lock(), "{line}")
}

/// Says why the program fails, in one sentence.
pub(crate) fn complain(error: &anyhow::Error) {
    let mut sentence = String::new();
    for cause in error.chain() {
        let cause = cause.to_string().replace('\n', " ");
        // Some errors say their cause themselves.
        if !sentence.contains(&cause) {
            if !sentence.is_empty() {
                sentence.push_str(": ");
            }
            sentence.push_str(&cause);
        }
    }
    // With stderr closed there is nobody to tell.
    let _nobody = writeln!(io::stderr().lock(), "forecourt-server: {sentence}");
}
