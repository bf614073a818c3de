//! Proves that a document survives being saved and loaded.
//!
//! One to two of a hundred mutated changes apply, move the heads, and leave a
//! document whose save never loads again. No cheaper check finds them all.

use automerge::{Automerge, Change, ReadDoc, iter::DocItem};
use thiserror::Error;

use crate::panics::caught;

/// Says how a change that looked well harmed a scratch copy of the document.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum Poison {
    /// Automerge panicked.
    #[error("Automerge panicked: {message}")]
    Panicked {
        /// What it said.
        message: String,
    },
    /// Automerge refused to apply the change.
    #[error("the change cannot be applied: {reason}")]
    Inapplicable {
        /// What Automerge says.
        reason: String,
    },
    /// Automerge said `Ok` and the change is not in the document.
    #[error("the change was taken and is not there")]
    NotThere,
    /// The saved document does not load.
    #[error("the document with the change does not load again: {reason}")]
    Unloadable {
        /// What Automerge says.
        reason: String,
    },
    /// The document that was loaded has other heads.
    #[error("the document with the change loads with other heads")]
    OtherHeads,
    /// The document that was loaded reads differently.
    #[error("the document with the change loads with other contents")]
    OtherContents,
}

/// A document that was saved and loaded again, and the bytes between.
pub(crate) struct Proved {
    pub(crate) document: Automerge,
    pub(crate) saved: Vec<u8>,
}

/// Saves a document, loads it again, and compares.
pub(crate) fn reload(scratch: &Automerge) -> Result<Proved, Poison> {
    caught(|| {
        let saved = scratch.save_nocompress();
        let document = Automerge::load(&saved).map_err(|error| Poison::Unloadable {
            reason: error.to_string(),
        })?;
        if document.get_heads() != scratch.get_heads() {
            return Err(Poison::OtherHeads);
        }
        if !same_contents(&document, scratch) {
            return Err(Poison::OtherContents);
        }
        Ok(Proved { document, saved })
    })
    .map_err(|message| Poison::Panicked { message })?
}

/// Applies a change and makes sure that it is there.
pub(crate) fn apply(document: &mut Automerge, change: Change) -> Result<(), Poison> {
    caught(|| {
        let hash = change.hash();
        document
            .apply_changes([change])
            .map_err(|error| Poison::Inapplicable {
                reason: error.to_string(),
            })?;
        if document.get_missing_deps(&[hash]).is_empty() {
            Ok(())
        } else {
            Err(Poison::NotThere)
        }
    })
    .map_err(|message| Poison::Panicked { message })?
}

/// Compares what readers see, concurrent values included.
///
/// Objects and values are compared with the ids of the operations that made
/// them, so equal texts from different authors differ.
fn same_contents(left: &Automerge, right: &Automerge) -> bool {
    let mut left_items = left.iter();
    let mut right_items = right.iter();
    loop {
        match (left_items.next(), right_items.next()) {
            (None, None) => return true,
            (Some(a), Some(b)) => {
                let (DocItem::Map(x), DocItem::Map(y)) = (&a.item, &b.item) else {
                    // Lists and text do not pass the gate.
                    return false;
                };
                let same = a.obj == b.obj
                    && x.key == y.key
                    && x.value == y.value
                    && x.conflict == y.conflict
                    && x.id() == y.id();
                if !same {
                    return false;
                }
                if x.conflict {
                    let key = x.key.as_ref();
                    match (left.get_all(&*a.obj, key), right.get_all(&*b.obj, key)) {
                        (Ok(a), Ok(b)) if a == b => {}
                        _ => return false,
                    }
                }
            }
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bytes of one kind in a file of the corpus.
    fn lines(file: &str, word: &str) -> Vec<Change> {
        file.lines()
            .filter_map(|line| line.strip_prefix(word))
            .map(|line| {
                let digits: Vec<_> = line.trim().chars().collect();
                let bytes: Vec<u8> = digits
                    .chunks(2)
                    .map(|pair| u8::from_str_radix(&pair.iter().collect::<String>(), 16).unwrap())
                    .collect();
                Change::try_from(bytes.as_slice()).unwrap()
            })
            .collect()
    }

    /// What becomes of a hostile change that nothing stops before it is applied.
    fn let_in(file: &str) -> Poison {
        let mut document = Automerge::new();
        document.apply_changes(lines(file, "known ")).unwrap();
        lines(file, "hostile ")
            .into_iter()
            .try_for_each(|change| apply(&mut document, change))
            .and_then(|()| reload(&document).map(|_| ()))
            .unwrap_err()
    }

    #[test]
    fn a_document_that_never_loads_again_is_found_out() {
        let poison = let_in(include_str!("../corpus/unknown-predecessor.txt"));
        assert!(matches!(poison, Poison::Unloadable { .. }), "{poison:?}");
    }

    #[test]
    fn a_document_that_panics_when_it_is_loaded_is_found_out() {
        let poison = let_in(include_str!("../corpus/another-keys-predecessor.txt"));
        assert!(matches!(poison, Poison::Panicked { .. }), "{poison:?}");
    }

    #[test]
    fn a_change_that_panics_when_it_is_applied_is_found_out() {
        let poison = let_in(include_str!("../corpus/unknown-object.txt"));
        assert!(matches!(poison, Poison::Panicked { .. }), "{poison:?}");
    }

    #[test]
    fn a_change_that_is_taken_and_kept_aside_is_found_out() {
        let poison = let_in(include_str!("../corpus/unknown-dependency.txt"));
        assert_eq!(poison, Poison::NotThere);
    }

    #[test]
    fn a_change_that_cannot_be_applied_is_found_out() {
        let poison = let_in(include_str!("../corpus/sequence-twice.txt"));
        assert!(matches!(poison, Poison::Inapplicable { .. }), "{poison:?}");
    }
}
