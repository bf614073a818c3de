//! How soon one device shows what another wrote, both connected.

use std::time::{Duration, Instant};

use client_core::native::{Clock, Errand, WatchEvent, watch};
use client_core::{LinkEffect, Replica};
use serde_json::json;
use tokio::sync::mpsc;
use tokio::time::{Instant as Moment, sleep_until};

use super::crowd::runtime;
use super::figures::Spread;
use super::many_devices::ManyDevices;
use super::serving::Serving;

/// Two devices of one person.
pub struct Hearing {
    writer: Replica,
    reader: Replica,
    edits: usize,
}

impl Hearing {
    /// Enrols them.
    pub fn of(group: &ManyDevices, serving: &Serving) -> Self {
        Self {
            writer: group.replica(serving, "writer"),
            reader: group.replica(serving, "reader"),
            edits: 0,
        }
    }

    /// Connects both and writes on one while it `goes_on`, which is asked with the number of edits
    /// so far, each when the other has shown the one before and a pause is over; how long each
    /// took.
    ///
    /// # Panics
    ///
    /// If a connection ends for good.
    pub fn listen(&mut self, pause: Duration, mut goes_on: impl FnMut(usize) -> bool) -> Spread {
        let clock = Clock::start();
        let (errands, mut of_writer) = mpsc::channel::<Errand>(1);
        let (_nothing, mut of_reader) = mpsc::channel::<Errand>(1);
        let (changed, mut seen) = mpsc::channel(1 << 16);
        let mut telling = |event: WatchEvent<'_>| {
            if let WatchEvent::Link(LinkEffect::Changed(documents)) = event {
                let told = changed.try_send((documents.clone(), Instant::now()));
                told.expect("somebody listens");
            }
        };
        let edits = &mut self.edits;
        let measure = async {
            let (made, mut at) = mpsc::channel(1);
            let mut took = Vec::new();
            while goes_on(took.len()) {
                if !pause.is_zero() {
                    sleep_until(Moment::now() + pause).await;
                }
                let (made, number) = (made.clone(), *edits);
                *edits += 1;
                let errand = move |replica: &mut Replica| {
                    let store =
                        json!({"name": format!("{number}店"), "code": format!("S{number}")});
                    let began = Instant::now();
                    let created = replica.execute("create_store", store, Clock::wall());
                    let changed = created.expect("the command runs").changed;
                    made.try_send((changed, began)).expect("one at a time");
                };
                errands.send(Box::new(errand)).await.expect("it stays");
                let (made, began) = at.recv().await.expect("the errand runs");
                loop {
                    let (documents, shown) = seen.recv().await.expect("the reader stays");
                    if documents.iter().any(|document| made.contains(document)) {
                        took.push(shown - began);
                        break;
                    }
                }
            }
            Spread::from(took)
        };
        let (writer, reader) = (&mut self.writer, &mut self.reader);
        let mut quiet = |_: WatchEvent<'_>| {};
        runtime().block_on(async {
            tokio::select! {
                spread = measure => spread,
                ended = watch(writer, &clock, "bench", &mut of_writer, &mut quiet) => {
                    panic!("the writer's connection ended: {ended:?}")
                }
                ended = watch(reader, &clock, "bench", &mut of_reader, &mut telling) => {
                    panic!("the reader's connection ended: {ended:?}")
                }
            }
        })
    }
}
