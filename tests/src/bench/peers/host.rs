//! A server with its documents, and the clients that join it.

use std::net::SocketAddr;

use super::end::{End, Shortfall};
use super::{Edit, Expected};
use crate::processes::Consumption;

/// A server that has its documents and listens.
pub trait Host {
    /// Where it listens.
    fn address(&self) -> SocketAddr;

    /// How many documents it has.
    fn documents(&self) -> usize;

    /// What its process costs.
    fn consumption(&self) -> Consumption;

    /// Launches a client that has no document yet and dials an address; it says when it is ready.
    fn launch_client(&mut self, dial: SocketAddr) -> End;

    /// Whether a client's sync has an end, at which it has everything.
    fn has_an_end(&self) -> bool;

    /// Whether the server has what a client wrote when the client's sync has ended.
    fn acknowledges(&self) -> bool;

    /// Lets a server that acknowledges nothing watch for edits; [`Self::until_they_came`] waits.
    fn watch_for(&mut self, expected: &Expected);

    /// Waits until the edits that are watched for are there.
    fn until_they_came(&mut self) -> Result<(), Shortfall>;

    /// Bytes of a document before it is synced: of the record as JSON, or of our changes.
    fn bytes_a_document(&self) -> f64;

    /// What is expected of whoever has everything.
    fn expected(&self, edit: Option<Edit>) -> Expected {
        Expected {
            documents: self.documents(),
            edit,
        }
    }
}
