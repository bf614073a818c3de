//! Every setting: its flag, its environment variable, its name in the file, its default.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use clap::Args;
use serde::Deserialize;

/// Writes the one list of settings as flags, as a file, and as what they come to.
macro_rules! settings {
    (
        {$($name:ident: $type:ty, $variable:literal, $about:literal, default $default:literal;)+}
        {$($maybe:ident: $maybe_type:ty, $maybe_variable:literal, $maybe_about:literal;)+}
    ) => {
        /// The settings as given on the command line or in the environment.
        #[derive(Args, Clone, Debug, Default)]
        pub(crate) struct Flags {
            $(
                #[arg(long, env = $variable, hide_env_values = true, help = concat!($about, " [default: ", $default, "]"))]
                pub(crate) $name: Option<$type>,
            )+
            $(
                #[arg(long, env = $maybe_variable, hide_env_values = true, help = concat!($maybe_about, " [default: none]"))]
                pub(crate) $maybe: Option<$maybe_type>,
            )+
            /// A TOML file with any of these settings under the same names, as in `listen = "…"` [default: none]
            #[arg(long, env = "FORECOURT_CONFIG", value_name = "FILE")]
            pub(crate) config: Option<PathBuf>,
        }

        #[derive(Debug, Default, Deserialize)]
        #[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
        struct File {
            $($name: Option<$type>,)+
            $($maybe: Option<$maybe_type>,)+
        }

        /// The settings, as they come to.
        #[derive(Clone, Debug)]
        pub(crate) struct Settings {
            $(#[doc = $about] pub(crate) $name: $type,)+
            $(#[doc = $maybe_about] pub(crate) $maybe: Option<$maybe_type>,)+
        }

        impl Settings {
            fn merge(flags: Flags, file: File) -> Result<Self> {
                Ok(Self {
                    $($name: match flags.$name.or(file.$name) {
                        Some(value) => value,
                        None => $default.parse().context(concat!("the default of ", stringify!($name)))?,
                    },)+
                    $($maybe: flags.$maybe.or(file.$maybe),)+
                })
            }
        }
    };
}

settings! {
    {
    data: PathBuf, "FORECOURT_DATA",
        "The folder of the database, its key and its lock", default "forecourt-data";
    listen: SocketAddr, "FORECOURT_LISTEN",
        "The address to listen on; anything but loopback needs --tls-cert and --tls-key",
        default "127.0.0.1:8080";
    max_connections: usize, "FORECOURT_MAX_CONNECTIONS",
        "The most connections at once", default "15000";
    connections_per_address: usize, "FORECOURT_CONNECTIONS_PER_ADDRESS",
        "The most connections at once from one address; a showroom behind a router is one address",
        default "300";
    cached_documents: usize, "FORECOURT_CACHED_DOCUMENTS",
        "How many documents are kept in memory, about 20 KB each", default "2000";
    readers: usize, "FORECOURT_READERS",
        "How many connections read the database at once", default "2";
    drain_seconds: u64, "FORECOURT_DRAIN_SECONDS",
        "How long to wait for connections to end when the relay stops", default "10";
    log: String, "FORECOURT_LOG",
        "What to log, as in `info` or `warn,sync_server=debug`", default "info";
    log_format: LogFormat, "FORECOURT_LOG_FORMAT",
        "How to log: `text` or `json`", default "text";
    }
    {
    tls_cert: PathBuf, "FORECOURT_TLS_CERT",
        "The certificate with its chain, leaf first, as PEM";
    tls_key: PathBuf, "FORECOURT_TLS_KEY",
        "The private key of the certificate, as PEM";
    allow_origin: String, "FORECOURT_ALLOW_ORIGIN",
        "A web app's origin that may connect beside the relay's own, as in `https://app.example`";
    metrics_token: String, "FORECOURT_METRICS_TOKEN",
        "What a reader of /metrics must send as its bearer token; without it there are none";
    }
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
}

impl std::str::FromStr for LogFormat {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            other => bail!("{other:?} is neither text nor json"),
        }
    }
}

/// Where the relay's folder is: what every command but `serve` needs.
#[derive(Args, Clone, Debug)]
pub(crate) struct Place {
    /// The folder of the database, its key and its lock [default: forecourt-data]
    #[arg(long, env = "FORECOURT_DATA")]
    data: Option<PathBuf>,
    /// A TOML file with settings, of which this command takes `data` [default: none]
    #[arg(long, env = "FORECOURT_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
}

impl Place {
    /// The settings with everything but the folder at its default.
    pub(crate) fn settings(&self) -> Result<Settings> {
        Settings::resolve(Flags {
            data: self.data.clone(),
            config: self.config.clone(),
            ..Flags::default()
        })
    }
}

impl Settings {
    /// Works out every setting, and refuses those that contradict each other.
    pub(crate) fn resolve(flags: Flags) -> Result<Self> {
        let file = flags.config.as_deref().map(read_file).transpose()?;
        let settings = Self::merge(flags, file.unwrap_or_default())?;
        if settings.tls_cert.is_some() != settings.tls_key.is_some() {
            bail!("--tls-cert and --tls-key are given both or neither");
        }
        for (name, value) in [
            ("max-connections", settings.max_connections),
            ("connections-per-address", settings.connections_per_address),
            ("cached-documents", settings.cached_documents),
            ("readers", settings.readers),
        ] {
            if value == 0 {
                bail!("--{name} must be at least 1");
            }
        }
        Ok(settings)
    }
}

fn read_file(path: &Path) -> Result<File> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("the settings in {} cannot be read", path.display()))?;
    toml::from_str(&text).map_err(|error| {
        // One line: the parser draws a picture of the place.
        let message = error.message().trim().replace('\n', " ");
        anyhow::anyhow!("the settings in {} are wrong: {message}", path.display())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_is_a_value() {
        let settings = Settings::resolve(Flags::default()).unwrap();
        assert_eq!(settings.listen.to_string(), "127.0.0.1:8080");
        assert_eq!(settings.log_format, LogFormat::Text);
    }

    #[test]
    fn a_flag_wins_over_the_file_and_the_file_over_the_default() {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("relay.toml");
        std::fs::write(
            &config,
            "readers = 7\nmax-connections = 9\nlog-format = \"json\"",
        )
        .unwrap();
        let settings = Settings::resolve(Flags {
            readers: Some(3),
            config: Some(config),
            ..Flags::default()
        })
        .unwrap();
        assert_eq!((settings.readers, settings.max_connections), (3, 9));
        assert_eq!(settings.log_format, LogFormat::Json);
        assert_eq!(settings.connections_per_address, 300);
    }

    #[test]
    fn an_unknown_setting_is_refused_in_one_line() {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("relay.toml");
        std::fs::write(&config, "raeders = 7").unwrap();
        let refused = Settings::resolve(Flags {
            config: Some(config),
            ..Flags::default()
        });
        let sentence = format!("{:#}", refused.unwrap_err());
        assert!(sentence.contains("raeders"), "{sentence}");
        assert!(!sentence.contains('\n'), "{sentence}");
    }

    #[test]
    fn half_a_certificate_is_refused() {
        let refused = Settings::resolve(Flags {
            tls_cert: Some("relay.crt".into()),
            ..Flags::default()
        });
        assert!(refused.is_err());
    }
}
