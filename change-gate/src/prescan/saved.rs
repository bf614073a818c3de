//! What a saved document says of itself before anybody loads it.
//!
//! ```text
//! 85 6f 4a 83                      magic
//! checksum                  4
//! kind                      1      0: a document
//! length                    uleb   of all that follows
//! actors                    uleb n, n × (uleb m, m bytes)
//! heads                     uleb n, n × 32 bytes
//! columns, operations …
//! ```

use super::{MAGIC, Malformed, Reader};
use crate::Hash;

const DOCUMENT: u8 = 0;

/// Reads the heads that a saved document names, in the order in which it names them; `None` for
/// bytes that are not one saved document.
///
/// Costs the bytes of the actors and the heads, and proves nothing about the rest: the document
/// may still not load, or have other heads.
#[must_use]
pub fn saved_heads(saved: &[u8]) -> Option<Vec<Hash>> {
    read(&mut Reader::new(saved)).ok().flatten()
}

fn read(reader: &mut Reader<'_>) -> Result<Option<Vec<Hash>>, Malformed> {
    let magic: [u8; 4] = reader.array()?;
    let _checksum: [u8; 4] = reader.array()?;
    let [kind] = reader.array()?;
    let length = reader.unsigned()?;
    if magic != MAGIC || kind != DOCUMENT || length != reader.rest().len() as u64 {
        return Ok(None);
    }
    let actors = reader.unsigned()?;
    for _ in 0..actors {
        let length = reader.unsigned()?;
        reader.bytes(length)?;
    }
    let heads = reader.unsigned()?;
    let bytes = reader.bytes(heads.saturating_mul(32))?;
    let (heads, _) = bytes.as_chunks::<32>();
    Ok(Some(heads.to_vec()))
}

#[cfg(test)]
mod tests {
    use automerge::transaction::Transactable;
    use automerge::{ActorId, AutoCommit, ROOT};
    use proptest::prelude::*;

    use super::*;

    /// A document that so many people wrote at once.
    fn document(authors: u8) -> AutoCommit {
        let mut document = AutoCommit::new();
        for author in 0..authors {
            let mut theirs = AutoCommit::new();
            theirs.set_actor(ActorId::from(&[author; 16]));
            theirs.put(ROOT, "name", i64::from(author)).unwrap();
            document.merge(&mut theirs).unwrap();
        }
        document
    }

    #[test]
    fn the_heads_are_those_of_the_document_when_it_is_loaded() {
        for authors in [1, 2, 9] {
            let mut document = document(authors);
            let heads: Vec<Hash> = document.get_heads().iter().map(|head| head.0).collect();
            assert_eq!(heads.len(), usize::from(authors));
            assert_eq!(
                saved_heads(&document.save_nocompress()),
                Some(heads.clone())
            );
            assert_eq!(saved_heads(&document.save()), Some(heads));
        }
    }

    #[test]
    fn a_change_and_a_document_with_something_behind_it_are_not_one_saved_document() {
        let mut document = document(1);
        let change = document.get_last_local_change();
        assert_eq!(
            change.and_then(|change| saved_heads(change.raw_bytes())),
            None
        );
        let mut saved = document.save_nocompress();
        saved.push(0);
        assert_eq!(saved_heads(&saved), None);
        assert_eq!(saved_heads(&[]), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_within_their_length(mut bytes: Vec<u8>, length: u8) {
            let _nothing = saved_heads(&bytes);
            let mut head = vec![0x85, 0x6f, 0x4a, 0x83, 0, 0, 0, 0, 0, length & 0x7f];
            head.append(&mut bytes);
            if let Some(heads) = saved_heads(&head) {
                prop_assert!(heads.len() * 32 <= head.len());
            }
        }
    }
}
