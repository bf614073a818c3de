//! The end that joins a server.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use samod::{BackoffConfig, DialerHandle, DocumentId, Repo, Url};
use tokio::fs;
use tokio_tungstenite::tungstenite::Error as SocketError;

use crate::record;
use crate::replica::{Expected, Replica};
use crate::web_socket::WebSocketDialer;

pub(crate) struct Client {
    repo: Repo,
    url: Url,
    ids: Vec<DocumentId>,
    replica: Replica,
    dialer: Option<DialerHandle<SocketError>>,
}

impl Client {
    pub(crate) async fn new(url: &str, index: &Path) -> Result<Self> {
        let ids: Vec<String> = serde_json::from_slice(&fs::read(index).await?)?;
        let ids: Result<_, _> = ids.iter().map(|id| id.parse()).collect();
        Ok(Self {
            repo: Repo::build_tokio().load().await,
            url: Url::parse(url)?,
            ids: ids?,
            replica: Replica::default(),
            dialer: None,
        })
    }

    /// Connects if it is not connected, and waits until everything expected is here.
    pub(crate) async fn sync(&mut self, expected: &Expected) -> Result<()> {
        if self.dialer.is_none() {
            let dialer = Arc::new(WebSocketDialer::new(self.url.clone()));
            let dialer = self.repo.dial(BackoffConfig::default(), dialer)?;
            dialer.established().await?;
            self.dialer = Some(dialer);
        }
        if self.replica.is_empty() {
            let ids = self.ids.iter().cloned();
            let mut found: FuturesUnordered<_> = ids.map(|id| self.repo.find(id)).collect();
            while let Some(handle) = found.next().await {
                self.replica.follow(handle?.context("the server has it")?)?;
            }
        }
        self.replica.until(expected).await
    }

    /// Waits until it holds what is expected.
    pub(crate) async fn hold(&self, expected: &Expected) -> Result<()> {
        self.replica.until(expected).await
    }

    /// Closes its connection.
    pub(crate) fn leave(&mut self) {
        if let Some(dialer) = self.dialer.take() {
            dialer.close();
        }
    }

    /// Replaces a document's remark.
    pub(crate) fn edit(&self, number: u64, text: &str) -> Result<()> {
        let handle = self.replica.handle(number);
        record::set_remark(handle.context("no such document")?, text)
    }
}
