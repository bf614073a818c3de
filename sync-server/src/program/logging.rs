//! Log lines: to stderr, with typed fields, without anything about persons.

use anyhow::{Context as _, Result};
use tracing_subscriber::EnvFilter;

use crate::settings::{LogFormat, Settings};

/// Starts to log.
///
/// # Errors
///
/// When the filter cannot be read.
pub(crate) fn start(settings: &Settings) -> Result<()> {
    let filter = EnvFilter::try_new(&settings.log)
        .with_context(|| format!("--log {:?} cannot be read", settings.log))?;
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(false);
    match settings.log_format {
        LogFormat::Text => lines.init(),
        LogFormat::Json => lines.json().init(),
    }
    Ok(())
}
