//! Documents are written as leaves, read back with who wrote what, and merge without loss.

#![allow(clippy::expect_used, reason = "what is not as a test says ends it")]

use automerge::{ActorId, Automerge};
use dealership::edit::{self, Edits, Fields};
use dealership::id::FreshIds;
use dealership::{
    Authorship, DeviceNumber, Document, DocumentId, FactId, Kind, Receipts, Seq, Space, StaffId,
    StoreId, Timestamp, Value,
};

const NOON: Timestamp = Timestamp::from_seconds(1_777_777_200);

struct Device {
    number: u64,
    staff: StaffId,
    automerge: Automerge,
}

impl Device {
    fn new(number: u64) -> Self {
        let mut actor = [number as u8; 16];
        actor[8..].copy_from_slice(&number.to_be_bytes());
        Self {
            number,
            staff: StaffId::from_bytes([number as u8; 16]),
            automerge: Automerge::new().with_actor(ActorId::from(&actor[..])),
        }
    }

    fn write(&mut self, document: DocumentId, edits: &Edits) {
        let authorship = Authorship {
            staff: self.staff,
            command: "test".into(),
            base_seq: Seq(self.number),
        };
        for (id, edits) in edits.by_document() {
            assert_eq!(id, document);
            edit::write(&mut self.automerge, edits, &authorship, NOON).expect("the edits fit");
        }
    }

    fn read(&self, id: DocumentId) -> Document {
        Document::read(id, space(), self.automerge.clone(), Receipts::default())
            .expect("one of ours")
    }
}

fn space() -> Space {
    Space::Store(StoreId::from_bytes([9; 16]))
}

fn fields(pairs: &[(&str, Value)]) -> Fields {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.clone()))
        .collect()
}

fn created(document: DocumentId, name: &str) -> Edits {
    let mut edits = Edits::default();
    edits.create(
        document,
        Kind::Customer,
        space(),
        fields(&[("name", name.into())]),
    );
    edits
}

fn ids() -> FreshIds {
    FreshIds::new(NOON, [3; 16])
}

#[test]
fn a_document_reads_back_what_was_written_and_by_whom() {
    let mut ids = ids();
    let (document, fact) = (ids.document(), ids.fact());
    let mut device = Device::new(7);
    let mut edits = created(document, "张伟");
    edits.set(document, "marketing_optout/call", true);
    edits.record(
        document,
        "merge",
        fact,
        fields(&[("into", "x".into()), ("at", 5.into())]),
    );
    device.write(document, &edits);

    let read = device.read(document);
    assert_eq!(read.kind(), Kind::Customer);
    assert_eq!(read.text("name"), Some("张伟"));
    let members: Vec<_> = read
        .members("marketing_optout")
        .map(|(member, _)| member)
        .collect();
    assert_eq!(members, ["call"]);
    let merge = read.fact("merge", fact).expect("recorded");
    assert_eq!((merge.text("into"), merge.int("at")), (Some("x"), Some(5)));
    let provenance = read.provenance(merge).expect("made by a change");
    assert_eq!(provenance.device, DeviceNumber(7));
    assert_eq!(provenance.staff, device.staff);
    assert_eq!(provenance.base_seq, Seq(7));
    assert_eq!(provenance.claimed_at, NOON);
    assert_eq!(provenance.receipt, None);
}

#[test]
fn writing_what_a_document_already_says_makes_no_change() {
    let document = ids().document();
    let mut device = Device::new(1);
    device.write(document, &created(document, "张伟"));
    let heads = device.automerge.get_heads();
    let mut again = Edits::default();
    again.set(document, "name", "张伟");
    device.write(document, &again);
    assert_eq!(device.automerge.get_heads(), heads);
}

#[test]
fn concurrent_names_stand_side_by_side_with_their_authors() {
    let document = ids().document();
    let (mut one, mut two) = (Device::new(1), Device::new(2));
    one.write(document, &created(document, "客户"));
    two.automerge.merge(&mut one.automerge).expect("merges");
    for (device, name) in [(&mut one, "张伟"), (&mut two, "张先生")] {
        let mut edits = Edits::default();
        edits.set(document, "name", name);
        device.write(document, &edits);
    }
    one.automerge.merge(&mut two.automerge).expect("merges");
    two.automerge.merge(&mut one.automerge).expect("merges");

    for device in [&one, &two] {
        let read = device.read(document);
        assert!(read.register("name").is_some_and(|name| name.concurrent));
        let rivals: Vec<_> = read
            .rivals("name")
            .into_iter()
            .map(|rival| (rival.value, rival.provenance.device.0))
            .collect();
        assert_eq!(rivals, [("张伟".into(), 1), ("张先生".into(), 2)]);
        assert_eq!(
            read.text("name"),
            Some("张先生"),
            "the winner is the last rival"
        );
    }
}

#[test]
fn a_change_had_seen_its_past_and_nothing_beside_it() {
    let document = ids().document();
    let (mut one, mut two) = (Device::new(1), Device::new(2));
    one.write(document, &created(document, "客户"));
    two.automerge.merge(&mut one.automerge).expect("merges");
    let fact = |device: &mut Device, seed: u8| -> FactId {
        let id = FreshIds::new(NOON, [seed; 16]).fact();
        let mut edits = Edits::default();
        edits.record(document, "merge", id, fields(&[("into", "x".into())]));
        device.write(document, &edits);
        id
    };
    let (left, right) = (fact(&mut one, 1), fact(&mut two, 2));
    one.automerge.merge(&mut two.automerge).expect("merges");
    let after = fact(&mut one, 3);

    let read = one.read(document);
    let change = |id| {
        read.provenance(read.fact("merge", id).expect("there"))
            .expect("made")
            .change
    };
    let (left, right, after) = (change(left), change(right), change(after));
    assert!(read.ancestry().concurrent(&left, &right));
    assert!(read.author_of(&after).had_seen(&left) && read.author_of(&after).had_seen(&right));
    assert!(!read.author_of(&left).had_seen(&after));
    assert!(read.author_of(&left).had_seen(&left));
}

#[test]
fn a_content_id_typed_on_two_devices_makes_one_document() {
    let document = DocumentId::of_content(&[b"vehicle", b"VIN"]);
    let (mut one, mut two) = (Device::new(1), Device::new(2));
    one.write(document, &created(document, "黑"));
    two.write(document, &created(document, "白"));
    one.automerge.merge(&mut two.automerge).expect("merges");
    let read = one.read(document);
    assert_eq!(read.kind(), Kind::Customer);
    assert_eq!(read.rivals("name").len(), 2);
    assert_eq!(read.history().len(), 2);
}

#[test]
fn a_document_of_a_later_kind_is_told_apart_from_rubbish() {
    use automerge::{ROOT, transaction::Transactable};
    use dealership::document::UnreadableDocument;
    let document = ids().document();
    let read = |automerge: &Automerge| {
        Document::read(document, space(), automerge.clone(), Receipts::default()).map(|_| ())
    };
    let mut automerge = Automerge::new();
    assert_eq!(read(&automerge), Err(UnreadableDocument::NoKind(document)));
    let mut transaction = automerge.transaction();
    transaction.put(ROOT, "kind", "hologram").expect("written");
    transaction.commit();
    assert!(matches!(
        read(&automerge),
        Err(UnreadableDocument::UnknownKind { .. })
    ));
}
