//! A few connections that read the database, for everyone.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, Result};
use sync_server::relay::{Directory, FrontDesk, RelayKey};
use sync_server::store::SqliteStore;
use sync_server::store::sqlite::Reading;
use tokio::sync::{Semaphore, watch};

use super::writer::Writer;
use crate::folder::Folder;

/// The reading connections.
#[derive(Clone)]
pub(super) struct Readers {
    idle: Arc<Mutex<Vec<SqliteStore<Reading>>>>,
    places: Arc<Semaphore>,
    key: RelayKey,
    directory: watch::Receiver<Arc<Directory>>,
}

impl Readers {
    /// Opens so many connections.
    pub(super) fn open(
        folder: &Folder,
        count: usize,
        key: RelayKey,
        directory: Arc<Directory>,
    ) -> Result<Self> {
        let stores: Result<Vec<_>> = (0..count).map(|_| folder.reading_store()).collect();
        Ok(Self {
            idle: Arc::new(Mutex::new(stores?)),
            places: Arc::new(Semaphore::new(count)),
            key,
            directory: watch::channel(directory).1,
        })
    }

    /// The same, with the writer's directory as it changes.
    pub(super) fn following(&self, writer: &Writer) -> Self {
        Self {
            directory: writer.handle().directory(),
            ..self.clone()
        }
    }

    /// Asks the front desk, when a connection is free.
    ///
    /// # Errors
    ///
    /// What the front desk says, or that the question panicked.
    pub(super) async fn ask<T, E>(
        &self,
        question: impl FnOnce(&FrontDesk<'_, SqliteStore<Reading>>) -> Result<T, E> + Send + 'static,
    ) -> Result<T>
    where
        T: Send + 'static,
        E: std::error::Error + Send + Sync + 'static,
    {
        let place = Arc::clone(&self.places).acquire_owned().await;
        let place = place.context("the readers have ended")?;
        let readers = self.clone();
        let answered = tokio::task::spawn_blocking(move || {
            // Given back last, when the connection is idle again.
            let _place = place;
            let store = readers.pop().context("no connection to read with")?;
            let directory = Arc::clone(&readers.directory.borrow());
            let answer = question(&FrontDesk::new(&store, &readers.key, &directory));
            readers.push(store);
            Ok(answer?)
        });
        answered.await.context("the reading panicked")?
    }

    fn pop(&self) -> Option<SqliteStore<Reading>> {
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop()
    }

    fn push(&self, store: SqliteStore<Reading>) {
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(store);
    }
}
