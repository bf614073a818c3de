//! People with a client of their own: what they push under their device's key and the relay must
//! refuse.

use automerge::{Automerge, ReadDoc as _};
use dealership::edit::{self, Edits, Fields};
use dealership::{Author, Authorship, DocumentId, FactId, Value};
use sync_protocol::{Batch, BatchId, PushedChange, Seq, SpaceName};
use sync_server::relay::Pushed;
use sync_server::store::ReadStore as _;

use crate::commands::Choices;
use crate::connection::judged;
use crate::group;
use crate::planted::Bug;

use super::plan::Node;
use super::world::World;

/// What is forged.
const FORGERIES: [&str; 4] = ["a confirmation", "a name", "a field", "an actor"];

impl World {
    /// Pushes a change to a vehicle that nobody but the relay, or nobody at all, may write.
    pub(super) fn forge(&mut self, number: usize, choices: &[u16]) {
        let mut choices = Choices::of(choices);
        let now = self.timestamp();
        let group = self.members[number].role.group;
        let vehicles = self.made[group].documents("VehicleId");
        let (Some(author), Some(vehicle), Some(what)) = (
            self.author(number),
            choices.one_of(&vehicles),
            choices.one_of(&FORGERIES),
        ) else {
            return;
        };
        let document: DocumentId = vehicle.parse().expect("an id");
        let Some(relay) = self.sites[group].relay.as_mut() else {
            return;
        };
        // A relay whose disk fails says so by its error below.
        let row = relay.store().document(document).expect("the store is read");
        let Some(content) = row.as_ref().and_then(|row| row.content.as_ref()) else {
            return;
        };
        let mut automerge = Automerge::load(&content.saved).expect("a document of the relay's");
        let base_seq = relay.head().seq;
        let forged = Forged::of(what, document, &author, self.dice.bytes());
        let authorship = Authorship {
            staff: forged.staff,
            command: "forge".to_owned(),
            base_seq,
        };
        automerge.set_actor(forged.actor.into());
        let (_, edits) = forged.edits.by_document().next().expect("one document");
        let hash = edit::write(&mut automerge, edits, &authorship, now).expect("it fits");
        let change = automerge.get_change_by_hash(&hash.expect("it is new"));
        let space = row.expect("it was read").space.to_string();
        let change = PushedChange {
            document: sync_protocol::DocumentId(*document.as_bytes()),
            space: SpaceName::new(space).expect("the name of a space"),
            raw: change.expect("just written").raw_bytes().to_vec(),
        };
        let id = BatchId(self.dice.bytes());
        let batch = Batch::new(id, Seq(base_seq.0), vec![change]).expect("a small batch");
        let judged = judged(&batch);
        let pushed = Pushed {
            device: author.device,
            shapes: 1,
            clock_trusted: true,
            batch,
        };
        let outcome = relay
            .accept(now, &[pushed])
            .map(|mut outcomes| outcomes.pop());
        match outcome {
            Ok(Some(sync_protocol::Outcome::Refused(_))) => {
                self.seen.note("a forged change is refused");
                if self.bug == Some(Bug::RefusedFannedOut) {
                    self.fan_out(number, group, &judged);
                }
                self.verdicts[group].refused.push(judged);
            }
            Ok(outcome) => self.violated(format!("I7: {what} that was forged: {outcome:?}")),
            Err(_) if self.has_excuse(Node::Relay(group)) => {}
            Err(error) => self.violated(format!("I15: relay {group} failed: {error}")),
        }
        self.publish(group);
        self.look_at_power();
    }
}

/// A change that is none of its author's.
struct Forged {
    edits: Edits,
    staff: dealership::StaffId,
    actor: [u8; 16],
}

impl Forged {
    fn of(what: &str, document: DocumentId, author: &Author, random: [u8; 8]) -> Self {
        let mut edits = Edits::default();
        let (mut staff, mut device) = (author.staff(), author.device.0);
        let mut fact = [0x70; 16];
        fact[8..].copy_from_slice(&random);
        match what {
            "a confirmation" => {
                let claim = FactId::from_bytes(fact).to_string();
                let claim = Fields::from([("claim".to_owned(), Value::from(claim))]);
                edits.record(document, "confirmation", FactId::from_bytes(fact), claim);
            }
            "a field" => edits.set(document, "credit_limit", 1_000_000),
            _ => edits.set(document, "ext_color", hex::encode(random)),
        }
        match what {
            "a name" => staff = group::staff("钱进的哥哥"),
            "an actor" => device += 1,
            _ => {}
        }
        let mut actor = [0; 16];
        actor[..8].copy_from_slice(&random);
        actor[8..].copy_from_slice(&device.to_be_bytes());
        Self {
            edits,
            staff,
            actor,
        }
    }
}
