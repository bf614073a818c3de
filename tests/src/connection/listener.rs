//! Listens to what the relay sends: every entry stands in the log, and in a space of the device's.

use sync_protocol::message::RelayMessage;
use sync_protocol::{Entry, entry, frame};
use sync_server::relay::Relay;
use sync_server::store::{LogEntry, Store};
use sync_server::wire;

use super::Connection;

impl Connection {
    /// I7: notes what is in a frame that the device may not have, at the moment in which it is sent.
    pub(super) fn listen(&mut self, relay: &Relay<impl Store>, frame: &[u8]) {
        let version = frame.first().copied().unwrap_or_default();
        let Ok(Some(RelayMessage::Entries(entries))) = frame::decode_relay(version, frame) else {
            return;
        };
        let entries = entry::whole_entries(&entries).expect("a frame of the relay's");
        let device = self.device.expect("identified before it is read to");
        let author = relay.front_desk().author(device);
        let author = author.expect("the store is read");
        for entry in entries {
            if author.is_none() {
                let seq = entry.seq();
                let told = format!("I7: entry {seq} is sent to a device that is shut out");
                self.overheard.push(told);
                continue;
            }
            let (told, document) = match &entry {
                Entry::Change(change) => {
                    (is_in_the_log(relay, &entry, &change.raw), change.document)
                }
                Entry::Save(save) => (true, save.document),
                // Whoever had the document is told that it went, and of no other one.
                Entry::Gone(_) | Entry::Left(_) => continue,
            };
            let document = wire::domain_document(document);
            if !told {
                let seq = entry.seq();
                let told = format!("I7: entry {seq} of {document} is sent and is not in the log");
                self.overheard.push(told);
            }
            let row = relay.store().document(document);
            let space = row.expect("the store is read").map(|row| row.space);
            let spaces = author.as_ref().map(|author| &author.spaces);
            if space.is_some_and(|space| spaces.is_some_and(|spaces| !spaces.contains(&space))) {
                let told = format!("I7: document {document} is sent and is in none of its spaces");
                self.overheard.push(told);
            }
        }
    }
}

/// Whether a change is what the log has at its position.
fn is_in_the_log(relay: &Relay<impl Store>, entry: &Entry, raw: &[u8]) -> bool {
    let row = relay.store().log_row(wire::domain_seq(entry.seq()));
    let row = row.expect("the store is read");
    row.is_some_and(|row| match row.entry {
        LogEntry::Change(change) => change.raw == raw,
        _ => false,
    })
}
