//! Segments over HTTP, on threads of their own: a download waits for the network, and a device that
//! leaves does not wait for a download.

use std::collections::VecDeque;
use std::io::{self, Read as _};
use std::thread;

use sync_protocol::{FetchProblem, SegmentHash, SegmentInfo, limits};
use tokio::sync::mpsc;

use crate::link::LinkInput;
use crate::native::Server;

/// How often a download goes on at the byte at which it broke.
const RESUMPTIONS: usize = 32;

/// How much is read at once, in bytes.
const PIECE: usize = 64 * 1024;

/// Fetches segments, each on a thread of its own.
///
/// Downloads end when it is dropped, at the next piece that arrives.
pub(super) struct Fetcher {
    server: Server,
    /// What all downloads share: their connections to the relay.
    agent: Option<ureq::Agent>,
    fetched: mpsc::Receiver<LinkInput>,
    tell: mpsc::Sender<LinkInput>,
    /// Segments that no thread could be started for.
    unstarted: VecDeque<SegmentHash>,
}

impl Fetcher {
    /// One that fetches from this relay.
    pub(super) fn of(server: Server) -> Self {
        let (tell, fetched) = mpsc::channel(limits::FETCHES_AT_ONCE);
        Self {
            server,
            agent: None,
            fetched,
            tell,
            unstarted: VecDeque::new(),
        }
    }

    /// Begins to fetch a segment.
    pub(super) fn fetch(&mut self, segment: SegmentInfo, bearer: String) {
        let agent = self.agent.get_or_insert_with(|| self.server.agent());
        let hash = segment.hash;
        let download = Download {
            agent: agent.clone(),
            url: self.server.segment_url(hash),
            bearer,
            whole: usize::try_from(segment.bytes).unwrap_or(usize::MAX),
            tell: self.tell.clone(),
        };
        let work = move || {
            let fetched = download.run();
            let told = LinkInput::Fetched { hash, fetched };
            // Who has left does not hear it.
            let _heard = download.tell.blocking_send(told);
        };
        if let Err(error) = thread::Builder::new().name("fetch".to_owned()).spawn(work) {
            tracing::warn!(%error, "no thread to fetch a segment on");
            self.unstarted.push_back(hash);
        }
    }

    /// What was fetched next; waits for ever while nothing is.
    pub(super) async fn next(&mut self) -> LinkInput {
        if let Some(hash) = self.unstarted.pop_front() {
            let fetched = Err(FetchProblem::Failed);
            return LinkInput::Fetched { hash, fetched };
        }
        match self.fetched.recv().await {
            Some(fetched) => fetched,
            None => std::future::pending().await,
        }
    }
}

/// A segment on its way.
struct Download {
    agent: ureq::Agent,
    url: String,
    bearer: String,
    /// How long it is, in bytes.
    whole: usize,
    tell: mpsc::Sender<LinkInput>,
}

impl Download {
    /// Fetches it whole; a download that breaks goes on at that byte, as long as more comes.
    fn run(&self) -> Result<Vec<u8>, FetchProblem> {
        let mut bytes = Vec::new();
        for _ in 0..RESUMPTIONS {
            let before = bytes.len();
            let went = self.go_on(&mut bytes);
            if bytes.len() == self.whole {
                return Ok(bytes);
            }
            match went {
                Err(FetchProblem::Gone) => return Err(FetchProblem::Gone),
                _ if self.tell.is_closed() => break,
                _ if bytes.len() > before => {}
                _ => break,
            }
        }
        Err(FetchProblem::Failed)
    }

    /// Reads on from where the bytes end, to the end of the segment or of the connection.
    fn go_on(&self, bytes: &mut Vec<u8>) -> Result<(), FetchProblem> {
        let failed = |error: &dyn std::fmt::Display| {
            tracing::debug!(%error, "a download broke");
            FetchProblem::Failed
        };
        let mut request = self
            .agent
            .get(&self.url)
            .header("Authorization", format!("Bearer {}", self.bearer));
        if !bytes.is_empty() {
            request = request.header("Range", format!("bytes={}-", bytes.len()));
        }
        let response = request.call().map_err(|error| failed(&error))?;
        match response.status().as_u16() {
            200 => bytes.clear(),
            206 => {}
            401 | 404 => return Err(FetchProblem::Gone),
            status => return Err(failed(&format_args!("the relay says {status}"))),
        }
        let room = self.whole.saturating_sub(bytes.len());
        let body = response.into_body().into_reader().take(room as u64);
        self.read(body, bytes).map_err(|error| failed(&error))
    }

    /// Reads until the end, or until nobody waits for it any more.
    fn read(&self, mut body: impl io::Read, bytes: &mut Vec<u8>) -> io::Result<()> {
        let mut piece = vec![0; PIECE];
        while !self.tell.is_closed() {
            let read = body.read(&mut piece)?;
            if read == 0 {
                break;
            }
            bytes.extend_from_slice(piece.get(..read).unwrap_or_default());
        }
        Ok(())
    }
}
