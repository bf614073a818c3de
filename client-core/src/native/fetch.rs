//! Segments over HTTP, on threads of their own: a download waits for the network, and a device that
//! leaves does not wait for a download.

use std::io::Read as _;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;

use sync_protocol::{FetchProblem, SegmentHash, SegmentInfo, limits};
use tokio::sync::mpsc as results;

use crate::link::LinkInput;
use crate::native::Server;

/// How often a download goes on at the byte at which it broke.
const RESUMPTIONS: usize = 32;

/// How much is read at once, in bytes.
const PIECE: usize = 64 * 1024;

/// What a thread is to fetch.
struct Job {
    segment: SegmentInfo,
    bearer: String,
}

/// Fetches segments; begins its threads with the first.
pub(super) struct Fetcher {
    server: Server,
    jobs: Option<mpsc::Sender<Job>>,
    fetched: results::UnboundedReceiver<LinkInput>,
    tell: results::UnboundedSender<LinkInput>,
}

impl Fetcher {
    /// One that fetches from this relay.
    pub(super) fn of(server: Server) -> Self {
        let (tell, fetched) = results::unbounded_channel();
        Self {
            server,
            jobs: None,
            fetched,
            tell,
        }
    }

    /// Begins to fetch a segment.
    pub(super) fn fetch(&mut self, segment: SegmentInfo, bearer: String) {
        let (server, tell) = (&self.server, &self.tell);
        let jobs = self.jobs.get_or_insert_with(|| begin(server, tell));
        let hash = segment.hash;
        if jobs.send(Job { segment, bearer }).is_err() {
            // No thread could be started.
            let fetched = Err(FetchProblem::Failed);
            self.say(hash, fetched);
        }
    }

    /// What was fetched next; waits for ever while nothing is.
    pub(super) async fn next(&mut self) -> LinkInput {
        match self.fetched.recv().await {
            Some(fetched) => fetched,
            None => std::future::pending().await,
        }
    }

    fn say(&self, hash: SegmentHash, fetched: Result<Vec<u8>, FetchProblem>) {
        // The other half is a field of the same value.
        let _heard = self.tell.send(LinkInput::Fetched { hash, fetched });
    }
}

/// Begins the threads; they end when nobody can give them work any more.
fn begin(server: &Server, tell: &results::UnboundedSender<LinkInput>) -> mpsc::Sender<Job> {
    let (jobs, waiting) = mpsc::channel();
    let waiting: Arc<Mutex<mpsc::Receiver<Job>>> = Arc::new(Mutex::new(waiting));
    for _ in 0..limits::FETCHES_AT_ONCE {
        let (server, waiting, tell) = (server.clone(), Arc::clone(&waiting), tell.clone());
        let work = move || {
            let agent = server.agent();
            loop {
                let job = waiting
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .recv();
                let Ok(Job { segment, bearer }) = job else {
                    return;
                };
                let hash = segment.hash;
                let fetched = download(&agent, &server.segment_url(hash), &segment, &bearer);
                if tell.send(LinkInput::Fetched { hash, fetched }).is_err() {
                    return;
                }
            }
        };
        if let Err(error) = thread::Builder::new().name("fetch".to_owned()).spawn(work) {
            tracing::warn!(%error, "no thread to fetch segments on");
        }
    }
    jobs
}

/// Fetches a segment whole; a download that breaks goes on at that byte, as long as more comes.
fn download(
    agent: &ureq::Agent,
    url: &str,
    segment: &SegmentInfo,
    bearer: &str,
) -> Result<Vec<u8>, FetchProblem> {
    let whole = usize::try_from(segment.bytes).unwrap_or(usize::MAX);
    let mut bytes = Vec::new();
    for _ in 0..RESUMPTIONS {
        let before = bytes.len();
        let went = go_on(agent, url, bearer, whole, &mut bytes);
        if bytes.len() == whole {
            return Ok(bytes);
        }
        match went {
            Err(FetchProblem::Gone) => return Err(FetchProblem::Gone),
            _ if bytes.len() > before => {}
            _ => break,
        }
    }
    Err(FetchProblem::Failed)
}

/// Reads on from where the bytes end, to the end of the segment or of the connection.
fn go_on(
    agent: &ureq::Agent,
    url: &str,
    bearer: &str,
    whole: usize,
    bytes: &mut Vec<u8>,
) -> Result<(), FetchProblem> {
    let failed = |error: &dyn std::fmt::Display| {
        tracing::debug!(%error, "a download broke");
        FetchProblem::Failed
    };
    let mut request = agent
        .get(url)
        .header("Authorization", format!("Bearer {bearer}"));
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
    let room = whole.saturating_sub(bytes.len());
    let mut body = response.into_body().into_reader().take(room as u64);
    let mut piece = vec![0; PIECE];
    loop {
        match body.read(&mut piece) {
            Ok(0) => return Ok(()),
            Ok(read) => bytes.extend_from_slice(piece.get(..read).unwrap_or_default()),
            Err(error) => return Err(failed(&error)),
        }
    }
}
