//! A replica on a file system: a folder with the database and the lock of its one writer.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;

use dealership::Timestamp;
use rusqlite::{Connection, OpenFlags};

use crate::entropy::Entropy;
use crate::error::OpenError;
use crate::identity::Identity;
use crate::projection::Progress;
use crate::replica::Replica;
use crate::settings::Medium;

/// The database's name in the folder.
pub(crate) const DATABASE: &str = "replica.sqlite";
const LOCK: &str = "replica.lock";

/// Held while the replica is open; the operating system lets go of it when the process ends.
#[derive(Debug)]
pub(crate) struct Lock(#[expect(dead_code, reason = "held, not read")] File);

impl Lock {
    /// Takes the lock of a folder.
    pub(super) fn take(folder: &Path) -> Result<Self, OpenError> {
        let file = private()
            .create(true)
            .truncate(false)
            .open(folder.join(LOCK))?;
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => Err(OpenError::InUse),
            Err(TryLockError::Error(error)) => Err(error.into()),
        }
    }
}

/// Makes a folder that its owner alone may look into; one that is there stays as it is.
pub(super) fn make(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(folder)
}

/// How a file is made that its owner alone may read: the replica holds the device's key and
/// customers' numbers. SQLite gives what it keeps beside a database the database's mode.
pub(super) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

impl Replica {
    /// Makes a replica in a folder, which is made too if it is not there.
    ///
    /// # Errors
    ///
    /// [`OpenError::Exists`] if there is one, [`OpenError::InUse`] if another program has it.
    pub fn create(
        folder: &Path,
        identity: &Identity,
        entropy: Box<dyn Entropy>,
    ) -> Result<Self, OpenError> {
        make(folder)?;
        let lock = Lock::take(folder)?;
        let database = folder.join(DATABASE);
        private().create(true).truncate(false).open(&database)?;
        let connection = Connection::open(database)?;
        let mut replica = Self::create_in(connection, Medium::File, identity, entropy)?;
        replica.lock = Some(lock);
        Ok(replica)
    }

    /// Opens the replica in a folder; only one program at a time can. `now` is what the device's
    /// clock shows.
    ///
    /// # Errors
    ///
    /// [`OpenError::Missing`] if there is none, [`OpenError::InUse`] if another program has it.
    pub fn open(
        folder: &Path,
        entropy: Box<dyn Entropy>,
        now: Timestamp,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Self, OpenError> {
        let database = folder.join(DATABASE);
        if !database.try_exists()? {
            return Err(OpenError::Missing);
        }
        let lock = Lock::take(folder)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(database, flags)?;
        let mut replica = Self::open_in(connection, Medium::File, entropy, now, progress)?;
        replica.lock = Some(lock);
        Ok(replica)
    }
}
