//! Changes that an honest client would not write, and dear ones that it might.

use automerge::transaction::{CommitOptions, Transactable as _};
use automerge::{Automerge, ROOT, ReadDoc as _};
use dealership::edit::{self, Edits, Fields};
use dealership::vehicle::Vehicle;
use dealership::{
    Authorship, DocumentId, FactId, GroupId, Kind, Seq, Space, StaffId, Timestamp, Value,
};
use sha2::{Digest as _, Sha256};
use stories::chaos::Dice;
use stories::processes::Intruder;
use sync_protocol::{PushedChange, SpaceName, limits};

use super::{Attack, Expects};

/// How many changes with a few bytes changed and a right checksum are tried.
const MUTANTS: usize = 200;

/// The device of somebody else.
const ANOTHER_DEVICE: u64 = 2;

/// Writes as a device of its own, or as others.
pub(super) struct Forger {
    dice: Dice,
    device: u64,
    group: GroupId,
    staff: StaffId,
    base_seq: Seq,
    space: Space,
}

/// A document that nobody has, with one honest change.
struct Fresh {
    id: DocumentId,
    space: Space,
    automerge: Automerge,
    pushed: PushedChange,
}

/// What breaks one rule each, what chance makes of honest changes, and what is dear.
pub(super) fn attacks() -> Vec<Attack> {
    let mut attacks = forged();
    for number in 0..MUTANTS {
        let name = format!("mutant {number}");
        let write = move |forger: &mut Forger| forger.mutant(number);
        attacks.push(Attack::new(name, Expects::Either, write));
    }
    attacks.extend(dear());
    attacks
}

fn forged() -> Vec<Attack> {
    let attack = |name, write: fn(&mut Forger) -> Vec<PushedChange>| {
        Attack::new(name, Expects::NotTaken, write)
    };
    vec![
        attack("A4: another device's actor", |forger| {
            let deal = forger.deal();
            let renamed = forger.rename(&deal, "A4");
            let raw = forger.write_as(&mut deal.automerge.clone(), ANOTHER_DEVICE, &renamed, None);
            deal.with(raw)
        }),
        attack("A5: changes whose dependencies are kept back", |forger| {
            let orphan = |forger: &mut Forger| {
                let deal = forger.deal();
                let renamed = forger.rename(&deal, "A5");
                let raw = forger.write(&mut deal.automerge.clone(), &renamed);
                pushed(deal.id, deal.space, raw)
            };
            let orphans = (0..limits::CHANGES_PER_BATCH).map(|_| orphan(forger));
            orphans.collect()
        }),
        attack("A6: the end of time", |forger| forger.at_a_time(i64::MAX)),
        attack("A6: before all time", |forger| forger.at_a_time(-1)),
        attack("another person's name", |forger| {
            let deal = forger.deal();
            let renamed = forger.rename(&deal, "forged");
            let somebody = Some(StaffId::from_bytes([9; 16]));
            let device = forger.device;
            let raw = forger.write_as(&mut deal.automerge.clone(), device, &renamed, somebody);
            deal.with(raw)
        }),
        attack("a field that there is not", |forger| {
            let deal = forger.deal();
            let mut edits = Edits::default();
            edits.set(deal.id, "credit_limit", 1_000_000);
            let raw = forger.write(&mut deal.automerge.clone(), &edits);
            deal.with(raw)
        }),
        attack("a fact of the relay's own", |forger| {
            let car = forger.car(|_, _, _| {});
            let mut edits = Edits::default();
            let fact = FactId::from_bytes(forger.dice.bytes());
            let claim = FactId::from_bytes(forger.dice.bytes());
            let confirmation = fields([("claim", claim.to_string().into())]);
            edits.record(car.id, "confirmation", fact, confirmation);
            let raw = forger.write(&mut car.automerge.clone(), &edits);
            car.with(raw)
        }),
        attack("an administrator made by a stock keeper", |forger| {
            let made = forger.fresh(Kind::Staff, Space::Group, |_, edits, staff| {
                edits.set(staff, "name", "周勇");
                edits.set(staff, "role/administrator", true);
            });
            vec![made.pushed]
        }),
    ]
}

/// As much as the limits allow, in the ways in which much is dear.
fn dear() -> Vec<Attack> {
    let attack = |name, write: fn(&mut Forger) -> Vec<PushedChange>| {
        Attack::new(name, Expects::Taken, write)
    };
    vec![
        attack("a card with as many tags as a change takes", |forger| {
            let space = forger.space;
            let card = forger.fresh(Kind::Customer, space, |_, edits, card| {
                for tag in 0..operations() - 8 {
                    edits.set(card, format!("tag/{tag:x}"), true);
                }
            });
            vec![card.pushed]
        }),
        attack("a card with as many phones as a change takes", |forger| {
            let space = forger.space;
            let card = forger.fresh(Kind::Customer, space, |_, edits, card| {
                // A keyed hash has 64 digits.
                let by_bytes = limits::CHANGE / 90;
                for phone in 0..by_bytes.min(operations() - 8) {
                    edits.set(card, format!("phone_hash/{phone:064x}"), "0001");
                }
            });
            vec![card.pushed]
        }),
        attack("a car with as many claims as a change takes", |forger| {
            let car = forger.car(|forger, edits, car| {
                // A claim has two ids as text, and three operations.
                let by_bytes = limits::CHANGE / 120;
                for _ in 0..by_bytes.min(operations() / 3 - 4) {
                    let deal = FactId::from_bytes(forger.dice.bytes());
                    let strength = ("strength", "hard".into());
                    let claim = fields([strength, ("deal", deal.to_string().into())]);
                    let fact = FactId::from_bytes(forger.dice.bytes());
                    edits.record(car, "claim", fact, claim);
                }
            });
            vec![car.pushed]
        }),
        attack("a batch of as many documents as it takes", |forger| {
            let deals = (0..limits::CHANGES_PER_BATCH).map(|_| forger.deal().pushed);
            deals.collect()
        }),
    ]
}

impl Forger {
    pub(super) fn of(intruder: &Intruder) -> Self {
        let parse = |space: &SpaceName| space.as_str().parse::<Space>().expect("of ours");
        let is_store = |space: &Space| matches!(space, Space::Store(_));
        let mut spaces = intruder.spaces().iter().map(parse);
        Self {
            dice: Dice::new(41),
            device: intruder.identity.device.0,
            group: intruder.identity.group,
            staff: intruder.identity.staff,
            base_seq: Seq(intruder.head().0),
            space: spaces.find(is_store).expect("a store"),
        }
    }

    /// Changes as they are, for a document that is not there.
    pub(super) fn in_a_new_document(&mut self, changes: Vec<Vec<u8>>) -> Vec<PushedChange> {
        let document = DocumentId::from_bytes(self.dice.bytes());
        let pushed = |raw| pushed(document, self.space, raw);
        changes.into_iter().map(pushed).collect()
    }

    /// An honest deal, and a next change with some bytes changed and the checksum right again.
    fn mutant(&mut self, number: usize) -> Vec<PushedChange> {
        let deal = self.deal();
        let mut edits = self.rename(&deal, "S5 长续航");
        if number.is_multiple_of(2) {
            edits = Edits::default();
            let stage = fields([("stage", "quote".into())]);
            let fact = FactId::from_bytes(self.dice.bytes());
            edits.record(deal.id, "stage", fact, stage);
        }
        let honest = self.write(&mut deal.automerge.clone(), &edits);
        let mut raw = honest.clone();
        while raw == honest {
            for _ in 0..1 + self.dice.below(3) {
                // Magic, checksum and kind are looked at first; what follows is decoded.
                let at = 9 + self.dice.below(raw.len() - 9);
                let [byte] = self.dice.bytes();
                raw[at] = byte;
            }
        }
        let digest = Sha256::digest(&raw[8..]);
        raw[4..8].copy_from_slice(&digest[..4]);
        deal.with(raw)
    }

    /// A change that claims to have been made at a time.
    fn at_a_time(&mut self, seconds: i64) -> Vec<PushedChange> {
        let deal = self.deal();
        let mut scratch = deal.automerge.clone();
        scratch.set_actor(self.actor(self.device).into());
        let mut transaction = scratch.transaction();
        transaction.put(ROOT, "title", "A6").expect("a put");
        let message = self.authorship(self.staff).to_string();
        let options = CommitOptions::default().with_time(seconds);
        transaction.commit_with(options.with_message(message));
        let change = scratch.get_last_local_change().expect("a change");
        deal.with(change.raw_bytes().to_vec())
    }

    fn deal(&mut self) -> Fresh {
        self.fresh(Kind::Deal, self.space, |_, edits, deal| {
            edits.set(deal, "title", "S5");
        })
    }

    fn rename(&self, deal: &Fresh, title: &str) -> Edits {
        let mut edits = Edits::default();
        edits.set(deal.id, "title", title);
        edits
    }

    /// A document of a kind with what `fill` adds, as one change.
    fn fresh(
        &mut self,
        kind: Kind,
        space: Space,
        fill: impl FnOnce(&mut Self, &mut Edits, DocumentId),
    ) -> Fresh {
        let id = DocumentId::from_bytes(self.dice.bytes());
        self.fresh_as(id, kind, space, fill)
    }

    /// A vehicle under the id that its VIN gives it.
    fn car(&mut self, fill: impl FnOnce(&mut Self, &mut Edits, DocumentId)) -> Fresh {
        let vin = format!("ZZZAB1C20TA{:06}", self.dice.below(1_000_000));
        let id = Vehicle::id_of(self.group, &vin).into();
        self.fresh_as(id, Kind::Vehicle, Space::Group, |forger, edits, car| {
            edits.set(car, "vin", vin);
            fill(forger, edits, car);
        })
    }

    fn fresh_as(
        &mut self,
        id: DocumentId,
        kind: Kind,
        space: Space,
        fill: impl FnOnce(&mut Self, &mut Edits, DocumentId),
    ) -> Fresh {
        let mut edits = Edits::default();
        edits.create(id, kind, space, Fields::new());
        fill(self, &mut edits, id);
        let mut automerge = Automerge::new();
        let raw = self.write(&mut automerge, &edits);
        Fresh {
            id,
            space,
            automerge,
            pushed: pushed(id, space, raw),
        }
    }

    fn write(&self, automerge: &mut Automerge, edits: &Edits) -> Vec<u8> {
        self.write_as(automerge, self.device, edits, None)
    }

    fn write_as(
        &self,
        automerge: &mut Automerge,
        device: u64,
        edits: &Edits,
        staff: Option<StaffId>,
    ) -> Vec<u8> {
        automerge.set_actor(self.actor(device).into());
        let (_, edits) = edits.by_document().next().expect("one document");
        let authorship = self.authorship(staff.unwrap_or(self.staff));
        let at = Timestamp::from_millis(1_777_780_800_000);
        let hash = edit::write(automerge, edits, &authorship, at).expect("it fits");
        let change = automerge.get_change_by_hash(&hash.expect("it is new"));
        change.expect("just written").raw_bytes().to_vec()
    }

    fn authorship(&self, staff: StaffId) -> Authorship {
        Authorship {
            staff,
            command: "attack".to_owned(),
            base_seq: self.base_seq,
        }
    }

    fn actor(&self, device: u64) -> [u8; 16] {
        let mut actor = [0x5a; 16];
        actor[8..].copy_from_slice(&device.to_be_bytes());
        actor
    }
}

impl Fresh {
    /// The document's honest change, and one after it.
    fn with(self, raw: Vec<u8>) -> Vec<PushedChange> {
        let next = pushed(self.id, self.space, raw);
        vec![self.pushed, next]
    }
}

/// The most operations of a batch.
fn operations() -> usize {
    usize::try_from(change_gate::limits::BATCH_OPERATIONS).expect("fits")
}

fn pushed(document: DocumentId, space: Space, raw: Vec<u8>) -> PushedChange {
    PushedChange {
        document: sync_protocol::DocumentId(*document.as_bytes()),
        space: SpaceName::new(space.to_string()).expect("a name"),
        raw,
    }
}

fn fields<const N: usize>(pairs: [(&str, Value); N]) -> Fields {
    let owned = pairs.map(|(name, value)| (name.to_owned(), value));
    owned.into()
}
