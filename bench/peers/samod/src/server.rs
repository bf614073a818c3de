//! The end that has the documents.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use samod::storage::TokioFilesystemStorage;
use samod::{Repo, ShareConfig, Url};
use tokio::fs;
use tokio::net::TcpListener;

use crate::record;
use crate::replica::{Expected, Replica};
use crate::web_socket;

pub(crate) struct Server {
    port: u16,
    replica: Replica,
}

impl Server {
    /// Takes in the records, keeps them in the folder, and listens; gives the file with the
    /// documents' ids too.
    pub(crate) async fn start(records: &Path, folder: &Path) -> Result<(Self, PathBuf)> {
        let repo = Repo::build_tokio()
            .with_storage(TokioFilesystemStorage::new(folder.join("documents")))
            .with_share_policy(ShareConfig::read_write().with_announce(false))
            .load()
            .await;
        let mut replica = Replica::default();
        let mut ids = Vec::new();
        for line in fs::read_to_string(records).await?.lines() {
            let document = record::document(&serde_json::from_str(line)?)?;
            let handle = repo.create(document).await?;
            ids.push(handle.document_id().to_string());
            replica.follow(handle)?;
        }
        let index = folder.join("index.json");
        fs::write(&index, serde_json::to_vec(&ids)?)
            .await
            .with_context(|| format!("{} cannot be written", index.display()))?;

        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        let acceptor = repo.make_acceptor(Url::parse(&format!("ws://127.0.0.1:{port}"))?)?;
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    match web_socket::accept(stream).await {
                        Ok(transport) => drop(acceptor.accept(transport)),
                        Err(error) => eprintln!("samod: a client was not accepted: {error}"),
                    }
                });
            }
        });
        Ok((Self { port, replica }, index))
    }

    pub(crate) const fn port(&self) -> u16 {
        self.port
    }

    /// Waits until it holds what is expected.
    pub(crate) async fn hold(&self, expected: &Expected) -> Result<()> {
        self.replica.until(expected).await
    }
}
