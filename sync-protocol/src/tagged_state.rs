//! States of documents that a relay knows again, also when it has lost them.
//!
//! A state is everything of a document up to and including one change, its head. What a page of
//! entries brings is a list of states, and the relay puts one tag on all of them: on the root of
//! the tree whose leaves they are. A device keeps leaves and tag. When a relay was restored from
//! an older backup, the device shows it a lost state with the path from its leaf to the root, and
//! the relay finds that the tag is its own.
//!
//! ```text
//! leaf of a state  = SHA-256(0 ‖ document ‖ head ‖ name of the space)
//! leaf of a purge  = SHA-256(2 ‖ document)
//! node             = SHA-256(1 ‖ the lesser of the two below ‖ the greater)
//! ```
//!
//! The leaves of a page stand in the order of its entries: one for a change; for a save one for
//! each head that the saved document names, in the order in which it names them; one for a purge.
//! Each level pairs its neighbours; one that is left over goes up as it is. A list of tags beside
//! the entries would cost as many bytes as a small change; this costs a page 17.

use std::fmt;

use minicbor::{Decode, Encode};
use sha2::{Digest, Sha256};

use crate::error::OverLimit;
use crate::id::{ChangeHash, DocumentId, opaque_bytes};
use crate::limits;
use crate::text::{SpaceName, bounded_bytes};

opaque_bytes!(
    /// The relay's proof, to itself, that it delivered the states of one page. Opaque to everyone
    /// else.
    StatesTag,
    16
);

/// One thing that a page brings, as the tag covers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Leaf(pub [u8; 32]);

/// What a tag is computed over: the root of the leaves of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatesRoot(pub [u8; 32]);

/// A state, or a purge, with what proves that a relay delivered it. CBOR:
/// `[document, head?, tag, path]`.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct TaggedState {
    /// The document.
    #[n(0)]
    pub document: DocumentId,
    /// The change that the state ends with; absent for the purge of the document.
    #[n(1)]
    pub head: Option<ChangeHash>,
    /// The tag of the page that brought it.
    #[n(2)]
    pub tag: StatesTag,
    /// What stands beside the way from the leaf to the root, 32 bytes a level, the lowest first.
    #[cbor(n(3), encode_with = "minicbor::bytes::encode")]
    #[cbor(decode_with = "bounded_bytes::<Ctx, { limits::STATE_PATH }>")]
    pub path: Vec<u8>,
}

/// At most [`limits::STATES_PER_BATCH`] states.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaggedStates(pub Vec<TaggedState>);

impl Leaf {
    /// The leaf of a state of a document that is in this space.
    pub fn of_state(document: DocumentId, head: ChangeHash, space: &SpaceName) -> Self {
        Self(hash(&[
            &[0],
            &document.0,
            &head.0,
            space.as_str().as_bytes(),
        ]))
    }

    /// The leaf of a document's purge.
    pub fn of_purge(document: DocumentId) -> Self {
        Self(hash(&[&[2], &document.0]))
    }
}

impl StatesRoot {
    /// The root of these leaves; `None` if there are none.
    pub fn of(leaves: &[Leaf]) -> Option<Self> {
        let mut level: Vec<[u8; 32]> = leaves.iter().map(|leaf| leaf.0).collect();
        while level.len() > 1 {
            level = above(&level);
        }
        level.first().copied().map(Self)
    }
}

impl TaggedState {
    /// The state whose leaf stands at `index` among those of a page with this tag; `None` if none
    /// stands there, or the page is larger than any page is.
    pub fn on_page(
        document: DocumentId,
        head: Option<ChangeHash>,
        leaves: &[Leaf],
        index: usize,
        tag: StatesTag,
    ) -> Option<Self> {
        leaves.get(index)?;
        let mut level: Vec<[u8; 32]> = leaves.iter().map(|leaf| leaf.0).collect();
        let mut at = index;
        let mut path = Vec::new();
        while level.len() > 1 {
            // One that is left over has nothing beside it.
            if let Some(beside) = level.get(at ^ 1) {
                path.extend(beside);
            }
            level = above(&level);
            at /= 2;
        }
        (path.len() <= limits::STATE_PATH).then_some(Self {
            document,
            head,
            tag,
            path,
        })
    }

    /// The root that the path leads to, if the document was in this space, or was purged, which has
    /// none; `None` for a path that is none.
    pub fn root(&self, space: Option<&SpaceName>) -> Option<StatesRoot> {
        let (levels, []) = self.path.as_chunks::<32>() else {
            return None;
        };
        let leaf = match (self.head, space) {
            (Some(head), Some(space)) => Leaf::of_state(self.document, head, space),
            (None, None) => Leaf::of_purge(self.document),
            _ => return None,
        };
        Some(StatesRoot(levels.iter().fold(leaf.0, node)))
    }
}

impl<C> Encode<C> for TaggedStates {
    fn encode<W: minicbor::encode::Write>(
        &self,
        encoder: &mut minicbor::Encoder<W>,
        context: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        self.0.encode(encoder, context)
    }
}

impl<'b, C> Decode<'b, C> for TaggedStates {
    fn decode(
        decoder: &mut minicbor::Decoder<'b>,
        _: &mut C,
    ) -> Result<Self, minicbor::decode::Error> {
        let at = decoder.position();
        let mut states = Vec::new();
        for state in decoder.array_iter()? {
            let found = states.len().saturating_add(1);
            OverLimit::check(found, limits::STATES_PER_BATCH, at)?;
            states.push(state?);
        }
        Ok(Self(states))
    }
}

/// The level above a level of at least one.
fn above(level: &[[u8; 32]]) -> Vec<[u8; 32]> {
    let pair = |pair: &[[u8; 32]]| match pair {
        [left, right] => node(*left, right),
        [rest] => *rest,
        _ => [0; 32],
    };
    level.chunks(2).map(pair).collect()
}

fn node(one: [u8; 32], other: &[u8; 32]) -> [u8; 32] {
    let (lesser, greater) = if one <= *other {
        (&one, other)
    } else {
        (other, &one)
    };
    hash(&[&[1], lesser, greater])
}

fn hash(parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn space() -> SpaceName {
        SpaceName::new("store/1").unwrap()
    }

    fn document(number: usize) -> DocumentId {
        DocumentId([u8::try_from(number).unwrap(); 16])
    }

    const HEAD: Option<ChangeHash> = Some(ChangeHash([7; 32]));

    fn page(length: usize) -> Vec<Leaf> {
        let leaf = |number| Leaf::of_state(document(number), ChangeHash([7; 32]), &space());
        (0..length).map(leaf).collect()
    }

    fn state(leaves: &[Leaf], index: usize) -> TaggedState {
        let tag = StatesTag([9; 16]);
        TaggedState::on_page(document(index), HEAD, leaves, index, tag).unwrap()
    }

    #[test]
    fn nothing_has_no_root_and_one_leaf_is_its_own() {
        assert_eq!(StatesRoot::of(&[]), None);
        let leaves = page(1);
        assert_eq!(StatesRoot::of(&leaves), Some(StatesRoot(leaves[0].0)));
        assert_eq!(state(&leaves, 0).path, []);
    }

    #[test]
    fn a_leaf_that_is_not_there_has_no_way_to_the_root() {
        let tag = StatesTag([9; 16]);
        let found = TaggedState::on_page(document(3), HEAD, &page(3), 3, tag);
        assert_eq!(found, None);
    }

    #[test]
    fn another_document_head_space_or_path_leads_elsewhere() {
        let leaves = page(5);
        let root = StatesRoot::of(&leaves);
        let good = state(&leaves, 2);
        assert_eq!(good.root(Some(&space())), root);
        assert_eq!(good.root(None), None);
        let other_space = SpaceName::new("group").unwrap();
        assert_ne!(good.root(Some(&other_space)), root);
        let wrong = [
            TaggedState {
                document: document(3),
                ..good.clone()
            },
            TaggedState {
                head: Some(ChangeHash([8; 32])),
                ..good.clone()
            },
            TaggedState {
                path: good.path[32..].to_vec(),
                ..good.clone()
            },
            TaggedState {
                path: [&good.path[..], &[0; 32]].concat(),
                ..good.clone()
            },
        ];
        for wrong in wrong {
            assert_ne!(wrong.root(Some(&space())), root);
        }
        let cut = TaggedState {
            path: good.path[1..].to_vec(),
            ..good
        };
        assert_eq!(cut.root(Some(&space())), None);
    }

    #[test]
    fn a_purge_is_no_state() {
        let purge = Leaf::of_purge(document(1));
        assert_ne!(purge, page(2)[1]);
        let leaves = [page(1)[0], purge];
        let tag = StatesTag([9; 16]);
        let proved = TaggedState::on_page(document(1), None, &leaves, 1, tag).unwrap();
        assert_eq!(proved.root(None), StatesRoot::of(&leaves));
        assert_eq!(proved.root(Some(&space())), None);
    }

    proptest! {
        #[test]
        fn every_leaf_of_a_page_leads_to_its_root(length in 1_usize..200, index: prop::sample::Index) {
            let leaves = page(length);
            let state = state(&leaves, index.index(length));
            prop_assert_eq!(state.root(Some(&space())), StatesRoot::of(&leaves));
            let bytes = minicbor::to_vec(&state).unwrap();
            prop_assert_eq!(minicbor::decode::<TaggedState>(&bytes).unwrap(), state);
        }
    }

    #[test]
    fn more_states_than_the_limit_are_refused() {
        let leaves = page(1);
        let states = TaggedStates(vec![state(&leaves, 0); limits::STATES_PER_BATCH + 1]);
        let bytes = minicbor::to_vec(&states).unwrap();
        minicbor::decode::<TaggedStates>(&bytes).unwrap_err();
    }
}
