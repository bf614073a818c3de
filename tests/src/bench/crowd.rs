//! Very many devices that listen.

use std::thread;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

use super::listener::{Credentials, Listener};
use super::serving::Serving;

/// How many of them are opened at a time.
pub const AT_A_TIME: usize = 100;

/// Devices that listen, on a thread of their own.
pub struct Crowd {
    /// How many came in.
    pub held: usize,
    over: oneshot::Sender<()>,
    thread: thread::JoinHandle<usize>,
}

impl Crowd {
    /// Connects devices; gives when each has caught up or was turned away.
    pub fn gather(serving: &Serving, devices: Vec<Credentials>) -> Self {
        let address = serving.address.clone();
        let (over, is_over) = oneshot::channel();
        let (gathered, held) = std::sync::mpsc::sync_channel(1);
        let thread = thread::spawn(move || {
            runtime().block_on(async {
                let mut listening = tokio::task::JoinSet::new();
                for some in devices.chunks(AT_A_TIME) {
                    let entering = some.iter().map(|who| Listener::enter(&address, who));
                    let entered = futures_util::future::join_all(entering).await;
                    for listener in entered.into_iter().flatten() {
                        listening.spawn(listener.stay());
                    }
                }
                gathered.send(listening.len()).expect("somebody waits");
                // Also when nobody is left to say so.
                let _over = is_over.await;
                while listening.try_join_next().is_some() {}
                listening.len()
            })
        });
        Self {
            held: held.recv().expect("they gather"),
            over,
            thread,
        }
    }

    /// Lets them go, and says how many were still connected.
    pub fn disperse(self) -> usize {
        self.over.send(()).expect("they listen");
        self.thread.join().expect("they listen")
    }
}

/// A runtime on the thread that asks for it.
pub fn runtime() -> Runtime {
    let mut builder = Builder::new_current_thread();
    builder.enable_all().build().expect("a runtime")
}
