//! The one thread that writes: it takes what has come, keeps it in one commit, and answers.

use std::sync::Arc;
use std::thread::JoinHandle;

use anyhow::{Context as _, Result, bail};
use dealership::{DeviceNumber, Seq, Timestamp};
use sync_protocol::message::Later;
use sync_protocol::{Cursor, Epoch, Outcome};
use sync_server::relay::{
    Built, Directory, EnrolError, Enrolled, Enrolment, Pushed, Relay, purge_progress,
};
use sync_server::store::SqliteStore;
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;

use super::limits;
use crate::clock;

/// How long devices wait with what could not be kept, in milliseconds.
const PAUSE: u32 = 30_000;

/// The thread.
pub(super) struct Writer {
    thread: JoinHandle<()>,
    handle: WriterHandle,
}

/// What gives the thread work.
#[derive(Clone)]
pub(super) struct WriterHandle {
    jobs: mpsc::Sender<Job>,
    head: watch::Receiver<Seq>,
    directory: watch::Receiver<Arc<Directory>>,
    failing: watch::Receiver<Option<String>>,
    epoch: watch::Receiver<Epoch>,
}

/// What the thread says to everyone.
struct Published {
    head: watch::Sender<Seq>,
    directory: watch::Sender<Arc<Directory>>,
    failing: watch::Sender<Option<String>>,
    epoch: watch::Sender<Epoch>,
}

enum Job {
    Accept(Pushed, oneshot::Sender<Outcome>),
    Enrol(Box<EnrolJob>),
    Heal(Cursor, oneshot::Sender<()>),
    NoteSynced(DeviceNumber),
    NoteErased(DeviceNumber, Seq),
    KeepSegments(Box<Built>, oneshot::Sender<()>),
    TidyUp,
}

struct EnrolJob {
    code: String,
    public_key: [u8; 32],
    device_name: String,
    answer: oneshot::Sender<Result<Enrolled, EnrolError>>,
}

impl Writer {
    /// Starts the thread; it ends the program's service if it fails.
    pub(super) fn start(relay: Relay<SqliteStore>, stopping: CancellationToken) -> Result<Self> {
        let (jobs, waiting) = mpsc::channel(limits::JOBS);
        let (head, head_seen) = watch::channel(relay.head().seq);
        let (directory, directory_seen) = watch::channel(Arc::clone(relay.directory()));
        let (failing, failing_seen) = watch::channel(None);
        let (epoch, epoch_seen) = watch::channel(relay.group().epoch);
        let published = Published {
            head,
            directory,
            failing,
            epoch,
        };
        let thread = std::thread::Builder::new()
            .name("writer".to_owned())
            .stack_size(change_gate::limits::STACK_BYTES)
            .spawn(move || {
                // Ends the service also when the thread panics.
                let _stop = stopping.drop_guard();
                write(relay, waiting, &published);
            })
            .context("no thread to write on")?;
        let handle = WriterHandle {
            jobs,
            head: head_seen,
            directory: directory_seen,
            failing: failing_seen,
            epoch: epoch_seen,
        };
        Ok(Self { thread, handle })
    }

    /// What gives it work.
    pub(super) fn handle(&self) -> WriterHandle {
        self.handle.clone()
    }

    /// Waits until all work is done; nobody else may hold a handle for long.
    pub(super) fn finish(self) -> Result<()> {
        drop(self.handle);
        if self.thread.join().is_err() {
            bail!("the writer panicked; what was acknowledged is safe");
        }
        Ok(())
    }
}

impl WriterHandle {
    /// Hands a batch over; waits while the writer has its hands full.
    ///
    /// The answer never comes if the writer ends.
    pub(super) async fn accept(&self, pushed: Pushed) -> oneshot::Receiver<Outcome> {
        let (answer, outcome) = oneshot::channel();
        // Without a writer the answer's other half is dropped, which says so.
        let _ended = self.jobs.send(Job::Accept(pushed, answer)).await;
        outcome
    }

    /// Enrols a device; `None` if the writer has ended.
    pub(super) async fn enrol(
        &self,
        code: String,
        public_key: [u8; 32],
        device_name: String,
    ) -> Option<Result<Enrolled, EnrolError>> {
        let (answer, enrolled) = oneshot::channel();
        let job = EnrolJob {
            code,
            public_key,
            device_name,
            answer,
        };
        self.jobs.send(Job::Enrol(Box::new(job))).await.ok()?;
        enrolled.await.ok()
    }

    /// Shows a cursor that proves that the log has gone back, and waits for the new epoch.
    pub(super) async fn heal(&self, cursor: Cursor) {
        let (done, healed) = oneshot::channel();
        // Without a writer there is no log to go on with, and `done` is dropped.
        let _ended = self.jobs.send(Job::Heal(cursor, done)).await;
        let _ended = healed.await;
    }

    /// Has it noted that a device came with nothing unsent.
    pub(super) async fn note_synced(&self, device: DeviceNumber) {
        // Without a writer it is noted at the device's next coming.
        let _ended = self.jobs.send(Job::NoteSynced(device)).await;
    }

    /// Has it noted that a device deleted whatever was purged at or before a position.
    pub(super) async fn note_erased(&self, device: DeviceNumber, through: Seq) {
        // Without a writer it is noted at the device's next coming.
        let _ended = self.jobs.send(Job::NoteErased(device, through)).await;
    }

    /// Has segments kept that a reader packed, and waits until they are.
    pub(super) async fn keep_segments(&self, built: Built) {
        let (done, kept) = oneshot::channel();
        let job = Job::KeepSegments(Box::new(built), done);
        // Without a writer nobody fetches them either.
        let _ended = self.jobs.send(job).await;
        let _ended = kept.await;
    }

    /// Gives the store time to put itself in order, if the writer has nothing better to do.
    pub(super) fn tidy_up(&self) {
        // A full queue has better things to do.
        let _busy = self.jobs.try_send(Job::TidyUp);
    }

    /// The end of the log, as it moves.
    pub(super) fn head(&self) -> watch::Receiver<Seq> {
        self.head.clone()
    }

    /// The life of the log, as it changes.
    pub(super) fn epoch(&self) -> watch::Receiver<Epoch> {
        self.epoch.clone()
    }

    /// Who works here, as it changes.
    pub(super) fn directory(&self) -> watch::Receiver<Arc<Directory>> {
        self.directory.clone()
    }

    /// Why nothing can be kept now, if nothing can.
    pub(super) fn failing(&self) -> Option<String> {
        if self.jobs.is_closed() {
            return Some("the writer has ended".to_owned());
        }
        self.failing.borrow().clone()
    }
}

fn write(mut relay: Relay<SqliteStore>, mut jobs: mpsc::Receiver<Job>, published: &Published) {
    count_outstanding(&relay);
    while let Some(first) = jobs.blocking_recv() {
        let mut group = vec![first];
        while group.len() < limits::JOBS_PER_COMMIT {
            match jobs.try_recv() {
                Ok(job) => group.push(job),
                Err(_) => break,
            }
        }
        work(&mut relay, group, published);
        publish(&relay, published);
    }
    if let Err(error) = relay.tidy_up(true) {
        tracing::error!(
            error = &error as &dyn std::error::Error,
            "no last checkpoint"
        );
    }
}

/// Does what has come: the batches in one commit, then everything else.
fn work(relay: &mut Relay<SqliteStore>, group: Vec<Job>, published: &Published) {
    let now = clock::now();
    let (mut pushed, mut answers) = (Vec::new(), Vec::new());
    let (mut enrolments, mut synced, mut tidy_up) = (Vec::new(), Vec::new(), false);
    let (mut erased, mut segments) = (Vec::new(), Vec::new());
    for job in group {
        match job {
            Job::Accept(batch, answer) => {
                pushed.push(batch);
                answers.push(answer);
            }
            Job::Enrol(job) => enrolments.push(job),
            Job::Heal(cursor, done) => {
                heal(relay, &cursor);
                // The session that asked may have ended.
                let _ended = done.send(());
            }
            Job::NoteSynced(device) => synced.push(device),
            Job::NoteErased(device, through) => erased.push((device, through)),
            Job::KeepSegments(built, done) => segments.push((built, done)),
            Job::TidyUp => tidy_up = true,
        }
    }
    if !pushed.is_empty() {
        accept(relay, now, &pushed, answers, published);
    }
    for job in enrolments {
        let enrolled = relay.enrol(
            now,
            &Enrolment {
                code: &job.code,
                public_key: job.public_key,
                device_name: &job.device_name,
            },
        );
        // The device that asked may be gone; it asks again.
        let _gone = job.answer.send(enrolled);
    }
    for device in synced {
        if let Err(error) = relay.note_synced(now, device) {
            let error = &error as &dyn std::error::Error;
            tracing::error!(device = device.0, error, "not noted as synced");
        }
    }
    for (device, through) in erased {
        if let Err(error) = relay.note_erased(now, device, through) {
            let error = &error as &dyn std::error::Error;
            tracing::error!(device = device.0, error, "not noted as having erased");
        }
        count_outstanding(relay);
    }
    for (built, done) in segments {
        if let Err(error) = relay.keep_segments(&built) {
            let error = &error as &dyn std::error::Error;
            tracing::error!(error, "segments were not kept");
        }
        // The session that asked may have ended.
        let _ended = done.send(());
    }
    if tidy_up && let Err(error) = relay.tidy_up(false) {
        tracing::error!(error = &error as &dyn std::error::Error, "no checkpoint");
    }
}

fn heal(relay: &mut Relay<SqliteStore>, cursor: &Cursor) {
    match relay.heal(cursor) {
        Ok(true) => metrics::counter!("forecourt_rollbacks_proved_total").increment(1),
        Ok(false) => {}
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "no new epoch");
        }
    }
}

fn accept(
    relay: &mut Relay<SqliteStore>,
    now: Timestamp,
    pushed: &[Pushed],
    answers: Vec<oneshot::Sender<Outcome>>,
    published: &Published,
) {
    let started = std::time::Instant::now();
    let outcomes = match relay.accept(now, pushed) {
        Ok(outcomes) => {
            published
                .failing
                .send_if_modified(|failing| failing.take().is_some());
            outcomes
        }
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "nothing was kept");
            published.failing.send_replace(Some(error.to_string()));
            let later = Outcome::Later(Later { retry_ms: PAUSE });
            vec![later; pushed.len()]
        }
    };
    metrics::histogram!("forecourt_commit_seconds").record(started.elapsed().as_secs_f64());
    for ((outcome, answer), pushed) in outcomes.into_iter().zip(answers).zip(pushed) {
        count(&outcome, pushed);
        // The session may have ended; its device pushes the batch again and is told the same.
        let _ended = answer.send(outcome);
    }
}

fn publish(relay: &Relay<SqliteStore>, published: &Published) {
    let head = relay.head().seq;
    published.head.send_if_modified(|seen| {
        let moved = *seen != head;
        *seen = head;
        moved
    });
    let epoch = relay.group().epoch;
    published.epoch.send_if_modified(|seen| {
        let renewed = *seen != epoch;
        *seen = epoch;
        renewed
    });
    published.directory.send_if_modified(|seen| {
        let changed = !Arc::ptr_eq(seen, relay.directory()) && **seen != **relay.directory();
        *seen = Arc::clone(relay.directory());
        changed
    });
    #[allow(clippy::cast_precision_loss, reason = "a gauge")]
    metrics::gauge!("forecourt_log_head").set(head.0 as f64);
}

/// Counts the devices that have not said yet that they deleted what was purged, each once a purge.
fn count_outstanding(relay: &Relay<SqliteStore>) {
    match purge_progress(relay.store()) {
        Ok(purges) => {
            let outstanding: usize = purges.iter().map(|purge| purge.outstanding.len()).sum();
            #[allow(clippy::cast_precision_loss, reason = "a gauge")]
            metrics::gauge!("forecourt_erasures_outstanding").set(outstanding as f64);
        }
        Err(error) => {
            let error = &error as &dyn std::error::Error;
            tracing::error!(error, "the purges are not counted");
        }
    }
}

fn count(outcome: &Outcome, pushed: &Pushed) {
    let name = match outcome {
        Outcome::Accepted(_) => "accepted",
        Outcome::Refused(_) => "refused",
        Outcome::Later(_) => "later",
        Outcome::NeedsDependencies(_) => "needs_dependencies",
    };
    metrics::counter!("forecourt_batches_total", "outcome" => name).increment(1);
    if matches!(outcome, Outcome::Accepted(_)) {
        let changes = pushed.batch.changes().len() as u64;
        metrics::counter!("forecourt_changes_total").increment(changes);
    }
}
