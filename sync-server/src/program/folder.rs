//! The relay's folder.
//!
//! ```text
//! relay.sqlite   the database (with -wal and -shm while it is open)
//! relay.key      the relay's secret, 64 hex digits: back it up, apart from the database
//! relay.lock     held by the one process that writes the log
//! demo.json      what demo it is, if it is one
//! ```

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use sync_server::relay::{Opening, Relay, RelayKey};
use sync_server::store::SqliteStore;
use sync_server::store::sqlite::Reading;

use crate::settings::Settings;

/// File systems on which neither locks nor SQLite's write-ahead log can be relied on.
const NETWORK_FILE_SYSTEMS: [(u64, &str); 4] = [
    (0x6969, "NFS"),
    (0x517b, "SMB"),
    (0xff53_4d42, "CIFS"),
    (0xfe53_4d42, "SMB"),
];

/// A relay's folder.
#[derive(Clone, Debug)]
pub(crate) struct Folder(PathBuf);

/// Keeps every other process from writing the log; ends with the value.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Folder {
    /// The folder of the settings; it need not exist.
    pub(crate) fn of(settings: &Settings) -> Self {
        Self(settings.data.clone())
    }

    /// Where the database is.
    pub(crate) fn database(&self) -> PathBuf {
        self.0.join("relay.sqlite")
    }

    /// The folder's path.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// A folder next to it, for what is not whole yet.
    pub(crate) fn beside(&self, suffix: &str) -> Result<Self> {
        let name = self.0.file_name();
        let name = name.with_context(|| format!("{} names no folder", self.0.display()))?;
        let mut beside = name.to_owned();
        beside.push(".");
        beside.push(suffix);
        Ok(Self(self.0.with_file_name(beside)))
    }

    /// Gives the folder another name, where no folder is or an empty one; it is durable with all
    /// its files when this returns.
    pub(crate) fn rename(&self, to: &Self) -> Result<()> {
        let above = match to.0.parent() {
            Some(above) if above != Path::new("") => above,
            _ => Path::new("."),
        };
        let rename = || {
            for entry in fs::read_dir(&self.0)? {
                File::open(entry?.path())?.sync_all()?;
            }
            File::open(&self.0)?.sync_all()?;
            fs::rename(&self.0, &to.0)?;
            File::open(above)?.sync_all()
        };
        rename().with_context(|| {
            let (from, to) = (self.0.display(), to.0.display());
            format!("{from} cannot be renamed to {to}")
        })
    }

    /// Makes the folder if there is none, readable by its owner only also if there was one.
    pub(crate) fn create(&self) -> Result<()> {
        use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
        let folder = self.0.display();
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.0)
            .with_context(|| format!("the folder {folder} cannot be made"))?;
        fs::set_permissions(&self.0, fs::Permissions::from_mode(0o700))
            .with_context(|| format!("the folder {folder} cannot be closed to others"))
    }

    /// Fails unless a group was founded here.
    pub(crate) fn must_hold_a_group(&self) -> Result<()> {
        if self.database().exists() {
            return Ok(());
        }
        let folder = self.0.display();
        bail!("there is no group in {folder}; found one with `forecourt-server group init`")
    }

    /// Keeps every other process from writing the log.
    pub(crate) fn lock(&self) -> Result<Lock> {
        self.refuse_network_file_systems()?;
        let path = self.lock_path();
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(&path)
            .with_context(|| format!("{} cannot be opened", path.display()))?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Lock { _file: file }),
            Err(Errno::WOULDBLOCK) => {
                let folder = self.0.display();
                bail!("another forecourt-server uses the folder {folder}: stop it first")
            }
            Err(error) => {
                Err(error).with_context(|| format!("{} cannot be locked", path.display()))
            }
        }
    }

    /// The relay's secret.
    pub(crate) fn key(&self) -> Result<RelayKey> {
        let path = self.key_path();
        let text = fs::read_to_string(&path).with_context(|| {
            format!(
                "the relay's key {} cannot be read: put it back from where it is backed up",
                path.display()
            )
        })?;
        let mut key = [0; 32];
        hex::decode_to_slice(text.trim(), &mut key)
            .with_context(|| format!("{} is not 64 hex digits", path.display()))?;
        Ok(RelayKey::new(key))
    }

    /// The relay's secret, drawn now if there is none.
    pub(crate) fn key_or_new(&self) -> Result<RelayKey> {
        let path = self.key_path();
        if path.exists() {
            return self.key();
        }
        let key = RelayKey::new(random()?);
        let write = || {
            let mut file = OpenOptions::new()
                .create_new(true)
                .write(true)
                .mode(0o600)
                .open(&path)?;
            writeln!(file, "{}", hex::encode(key.as_bytes()))?;
            file.sync_all()?;
            File::open(&self.0)?.sync_all()
        };
        write().with_context(|| format!("{} cannot be written", path.display()))?;
        Ok(key)
    }

    /// Opens the database to write; the lock is held by whoever writes the log.
    pub(crate) fn store(&self) -> Result<SqliteStore> {
        Ok(SqliteStore::open(&self.database())?)
    }

    /// Opens a database to fill it, unsynced: the folder must be renamed before it counts.
    pub(crate) fn store_to_fill(&self) -> Result<SqliteStore> {
        Ok(SqliteStore::open_to_fill(&self.database())?)
    }

    /// Opens the database to read.
    pub(crate) fn reading_store(&self) -> Result<SqliteStore<Reading>> {
        Ok(SqliteStore::open_to_read(&self.database())?)
    }

    /// Opens the relay.
    pub(crate) fn relay(&self, cached_documents: usize) -> Result<Relay<SqliteStore>> {
        let opening = self.opening(self.key()?, cached_documents)?;
        Ok(Relay::open(self.store()?, opening)?)
    }

    /// What a relay needs beside its store.
    pub(crate) fn opening(&self, key: RelayKey, cached_documents: usize) -> Result<Opening> {
        Ok(Opening {
            key,
            seed: random()?,
            cached_documents,
        })
    }

    /// Where the lock is.
    pub(crate) fn lock_path(&self) -> PathBuf {
        self.0.join("relay.lock")
    }

    fn key_path(&self) -> PathBuf {
        self.0.join("relay.key")
    }

    fn refuse_network_file_systems(&self) -> Result<()> {
        let folder = self.0.display();
        let found = rustix::fs::statfs(&self.0)
            .with_context(|| format!("the folder {folder} cannot be opened"))?;
        // The type's width differs between platforms; its low 32 bits are the magic number.
        #[allow(
            clippy::unnecessary_cast,
            reason = "the field is signed or not, by platform"
        )]
        let magic = found.f_type as u64 & 0xffff_ffff;
        match NETWORK_FILE_SYSTEMS.iter().find(|(one, _)| *one == magic) {
            Some((_, name)) => {
                bail!("the folder {folder} is on {name}: a database needs a disk of this machine")
            }
            None => Ok(()),
        }
    }
}

/// Bytes from the operating system's randomness.
pub(crate) fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| anyhow::anyhow!("no randomness: {error}"))?;
    Ok(bytes)
}
