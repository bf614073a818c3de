//! What is left when those that somebody had seen are taken away.

use automerge::ChangeHash;

use crate::document::Document;

impl Document {
    /// Of several things that were written, those that the author of no other had seen: the last
    /// ones, each by somebody who did not know of the others.
    pub fn heads_by_seeing<'t, T>(
        &self,
        things: impl IntoIterator<Item = &'t T>,
        change: impl Fn(&T) -> ChangeHash,
    ) -> Vec<&'t T> {
        let things: Vec<&T> = things.into_iter().collect();
        let is_seen = |one: &T| {
            let one = change(one);
            things.iter().any(|other| {
                let other = change(other);
                other != one && self.author_of(&other).had_seen(&one)
            })
        };
        let heads = things.iter().copied().filter(|one| !is_seen(one));
        heads.collect()
    }
}
