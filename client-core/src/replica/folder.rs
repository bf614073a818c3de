//! A replica on a file system: a folder with the database and the lock of its one writer.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::Path;

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
        let file = OpenOptions::new()
            .create(true)
            .write(true)
            .truncate(false)
            .open(folder.join(LOCK))?;
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => Err(OpenError::InUse),
            Err(TryLockError::Error(error)) => Err(error.into()),
        }
    }
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
        fs::create_dir_all(folder)?;
        let lock = Lock::take(folder)?;
        let connection = Connection::open(folder.join(DATABASE))?;
        let mut replica = Self::create_in(connection, Medium::File, identity, entropy)?;
        replica.lock = Some(lock);
        Ok(replica)
    }

    /// Opens the replica in a folder; only one program at a time can.
    ///
    /// # Errors
    ///
    /// [`OpenError::Missing`] if there is none, [`OpenError::InUse`] if another program has it.
    pub fn open(
        folder: &Path,
        entropy: Box<dyn Entropy>,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Self, OpenError> {
        let database = folder.join(DATABASE);
        if !database.try_exists()? {
            return Err(OpenError::Missing);
        }
        let lock = Lock::take(folder)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(database, flags)?;
        let mut replica = Self::open_in(connection, Medium::File, entropy, progress)?;
        replica.lock = Some(lock);
        Ok(replica)
    }
}
