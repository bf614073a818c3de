//! Tests of reading a log in which documents move between spaces.

use dealership::{DeviceNumber, Kind, Receipts, Timestamp};
use proptest::prelude::*;

use super::*;
use crate::store::{ChangeRow, DocumentRow, MemoryStore, Store};

const SPACES: [Space; 3] = [
    Space::Group,
    Space::Finance,
    Space::Store(dealership::StoreId::from_bytes([1; 16])),
];

/// What happens to a document.
#[derive(Clone, Copy, Debug)]
enum Event {
    Change(u8),
    Move(u8, usize),
}

/// A relay's log with the changes that are in each document, and where it is.
#[derive(Default)]
struct World {
    store: MemoryStore,
    documents: BTreeMap<u8, (Space, BTreeSet<u64>)>,
}

impl World {
    fn happen(&mut self, event: Event) {
        self.store.begin().unwrap();
        match event {
            Event::Change(number) => self.change(number),
            Event::Move(number, space) => self.relocate(number, SPACES[space % SPACES.len()]),
        }
        self.store.commit().unwrap();
    }

    fn change(&mut self, number: u8) {
        let entry = self.documents.entry(number);
        let (space, _) =
            entry.or_insert((SPACES[usize::from(number) % SPACES.len()], BTreeSet::new()));
        let space = *space;
        let seq = self.next();
        let mut hash = [0; 32];
        hash[..8].copy_from_slice(&seq.to_be_bytes());
        let change = ChangeRow {
            hash,
            actor: [0; 16],
            actor_seq: seq,
            max_op: seq,
            batch: None,
            device: DeviceNumber(1),
            base_received_at: Timestamp::from_millis(0),
            clock_trusted: true,
            raw: vec![0; 10],
        };
        self.append(number, space, LogEntry::Change(change));
        if let Some((_, changes)) = self.documents.get_mut(&number) {
            changes.insert(seq);
        }
        self.keep(number, seq);
    }

    fn relocate(&mut self, number: u8, to: Space) {
        let Some((space, _)) = self.documents.get_mut(&number) else {
            return;
        };
        let from = std::mem::replace(space, to);
        if from != to {
            self.append(number, from, LogEntry::Left);
            let seq = self.append(number, to, LogEntry::Came);
            self.keep(number, seq);
        }
    }

    fn next(&self) -> u64 {
        self.store.head().unwrap().seq.0 + 1
    }

    fn append(&mut self, number: u8, space: Space, entry: LogEntry) -> u64 {
        let seq = self.next();
        let row = LogRow {
            seq: Seq(seq),
            received_at: Timestamp::from_millis(0),
            space,
            document: document(number),
            entry,
        };
        self.store.append(&row, &[0; 32]).unwrap();
        seq
    }

    fn keep(&mut self, number: u8, head: u64) {
        let (space, changes) = &self.documents[&number];
        let mut receipts = Receipts::default();
        for seq in changes {
            let row = self.store.log_row(Seq(*seq)).unwrap().unwrap();
            let (change, receipt) = row.change().unwrap();
            receipts.insert(&automerge::ChangeHash(change.hash), receipt);
        }
        let row = DocumentRow {
            id: document(number),
            kind: Kind::Trim,
            space: *space,
            head: Seq(head),
            content: Some(DocumentContent {
                saved: vec![0; 100],
                receipts,
            }),
        };
        self.store.put_document(&row).unwrap();
    }

    /// What the readers of some spaces should hold.
    fn due(&self, spaces: &BTreeSet<Space>) -> Held {
        let held = self
            .documents
            .iter()
            .filter(|(_, (space, _))| spaces.contains(space));
        held.map(|(number, (_, changes))| (document(*number), changes.clone()))
            .collect()
    }
}

/// What a device holds: the positions of changes, by document.
type Held = BTreeMap<DocumentId, BTreeSet<u64>>;

fn document(number: u8) -> DocumentId {
    DocumentId::from_bytes([number; 16])
}

fn of_wire(document: sync_protocol::DocumentId) -> DocumentId {
    wire::domain_document(document)
}

/// Reads one page of so many entries into what a device holds, and gives its new cursor.
fn read_page(
    store: &MemoryStore,
    spaces: &BTreeSet<Space>,
    held: &mut Held,
    (after, walk): (Seq, Walk),
    room: usize,
) -> Seq {
    let mut sent = Vec::new();
    let mut reading = Reading {
        store,
        walk,
        ways: BTreeMap::new(),
    };
    let through = reading.fill(spaces, after, |entry| {
        if sent.len() == room {
            return Ok(Fit::Full);
        }
        sent.push(entry.clone());
        Ok(Fit::Taken)
    });
    for entry in sent {
        match entry {
            Entry::Change(change) => {
                let changes = held.entry(of_wire(change.document)).or_default();
                changes.insert(change.receipt.seq.0);
            }
            Entry::Save(save) => {
                let changes = held.entry(of_wire(save.document)).or_default();
                changes.extend(save.receipts.iter().map(|one| one.receipt.seq.0));
            }
            Entry::Left(left) => {
                held.remove(&of_wire(left.document));
            }
            other => panic!("{other:?}"),
        }
    }
    through.unwrap()
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        3 => (0_u8..6).prop_map(Event::Change),
        1 => (0_u8..6, 0_usize..3).prop_map(|(number, space)| Event::Move(number, space)),
    ];
    proptest::collection::vec(event, 1..100)
}

proptest! {
    /// Whatever moves where, wherever pages end, wherever the stream breaks and whatever happens
    /// meanwhile: in the end a reader holds the documents of its spaces, whole, and no others.
    #[test]
    fn a_reader_ends_with_the_documents_of_its_spaces_wherever_they_moved(
        events in events(),
        known_at_first in 0_usize..100,
        at_a_time in 1_usize..8,
        room in 1_usize..6,
        readable in 1_usize..7,
        breaks in proptest::collection::vec(any::<bool>(), 300),
    ) {
        let spaces: BTreeSet<Space> = (0..3)
            .filter(|bit| readable & (1 << bit) != 0)
            .map(|bit| SPACES[bit])
            .collect();
        let mut world = World::default();
        let mut events = events.into_iter();
        for event in events.by_ref().take(known_at_first) {
            world.happen(event);
        }
        let (mut held, mut at) = (Held::new(), Seq(0));
        let mut walk = Walk { start: wire::seq(at), end: wire::seq(at) };
        let mut breaks = breaks.into_iter();
        loop {
            let head = world.store.head().unwrap().seq;
            if at >= wire::domain_seq(walk.end) || breaks.next() == Some(true) {
                walk = Walk { start: wire::seq(at), end: wire::seq(head) };
            }
            let through = read_page(&world.store, &spaces, &mut held, (at, walk), room);
            prop_assert!(through > at || at == head);
            at = through;
            let before = world.store.head().unwrap().seq;
            for event in events.by_ref().take(at_a_time) {
                world.happen(event);
            }
            if at == head && world.store.head().unwrap().seq == before && events.len() == 0 {
                break;
            }
        }
        prop_assert_eq!(held, world.due(&spaces));
    }
}
