//! The chain of the log, and the tags by which the relay knows its own cursors again.
//!
//! Every entry is linked to those before it by a running hash, so that one hash names one
//! history. A tag is what the relay gives out with a cursor:
//!
//! ```text
//! running hash at seq, its first 16 bytes
//! HMAC-SHA256(key, "forecourt cursor v1" ‖ epoch ‖ seq ‖ those 16 bytes), its first 16 bytes
//! ```
//!
//! The key is kept apart from the database. So a cursor whose tag is right and which is ahead of
//! the log proves that the database lost what it once acknowledged.
//!
//! A page of entries bears a tag too, over the root of the states that it brings
//! ([`sync_protocol::tagged_state`]): HMAC-SHA256(key, "forecourt states v1" ‖ group ‖ root), its
//! first 16 bytes. It knows no epoch, for it is to be known again in the next one.
//!
//! A bearer lets a device fetch segments for a while. It is in hex digits, and never logged:
//!
//! ```text
//! device                        8 bytes, big endian
//! end, ms since 1970            8 bytes, big endian
//! HMAC-SHA256(key, "forecourt bearer v1" ‖ group ‖ the 16 bytes before), its first 16 bytes
//! ```

use dealership::{DeviceNumber, GroupId, Seq, Space, Timestamp};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use sync_protocol::{Cursor, CursorTag, Epoch, SpaceName, StatesRoot, StatesTag, TaggedState};

use crate::store::{LogEntry, LogHead, LogRow, RunningHash};
use crate::wire;

/// The relay's secret, kept in a file beside the database; never logged, never sent.
#[derive(Clone, PartialEq, Eq)]
pub struct RelayKey([u8; 32]);

impl RelayKey {
    /// Takes the secret.
    pub const fn new(key: [u8; 32]) -> Self {
        Self(key)
    }

    /// The secret, to be written to its file.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The tag of a cursor at the end of this log.
    pub fn tag(&self, epoch: Epoch, head: &LogHead) -> CursorTag {
        let (history, _) = halves(&head.running);
        let mac = self.mac_of_cursor(epoch, head.seq, &history);
        let (proof, _) = halves(&mac.finalize().into_bytes().into());
        let mut tag = [0; 32];
        tag[..16].copy_from_slice(&history);
        tag[16..].copy_from_slice(&proof);
        CursorTag(tag)
    }

    /// Whether this relay gave the cursor out, in this epoch, for this history.
    ///
    /// `here` is the log at the cursor's position; `None` where the log does not reach that far,
    /// and then the tag alone is judged.
    pub fn gave(&self, cursor: &Cursor, epoch: Epoch, here: Option<&LogHead>) -> bool {
        let (history, proof) = halves(&cursor.tag.0);
        let seq = wire::domain_seq(cursor.seq);
        let is_ours = self
            .mac_of_cursor(epoch, seq, &history)
            .verify_truncated_left(&proof)
            .is_ok();
        let is_this_history =
            here.is_none_or(|here| here.seq == seq && here.running.starts_with(&history));
        cursor.epoch == epoch && is_ours && is_this_history
    }

    /// Whether this relay gave the cursor out, in this epoch, for a history that is not the log's
    /// any more: the log does not reach that far, or has grown again otherwise.
    pub fn proves_loss(&self, cursor: &Cursor, epoch: Epoch, here: Option<&LogHead>) -> bool {
        self.gave(cursor, epoch, None) && here.is_none_or(|_| !self.gave(cursor, epoch, here))
    }

    /// The tag of the states that a page brings.
    pub fn tag_states(&self, group: GroupId, root: StatesRoot) -> StatesTag {
        let mac = self.mac_of_states(group, root).finalize();
        let (tag, _) = halves(&mac.into_bytes().into());
        StatesTag(tag)
    }

    /// Whether this relay delivered the state of a document in this space, or the purge of a
    /// document, which is in none.
    pub fn delivered(
        &self,
        group: GroupId,
        state: &TaggedState,
        space: Option<&SpaceName>,
    ) -> bool {
        state.root(space).is_some_and(|root| {
            self.mac_of_states(group, root)
                .verify_truncated_left(&state.tag.0)
                .is_ok()
        })
    }

    /// What lets a device fetch segments until an instant.
    pub fn bearer(&self, group: GroupId, device: DeviceNumber, until: Timestamp) -> String {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&device.0.to_be_bytes());
        bytes[8..16].copy_from_slice(&until.millis().to_be_bytes());
        let mac = self.mac_of_bearer(group, &bytes[..16]).finalize();
        let (proof, _) = halves(&mac.into_bytes().into());
        bytes[16..].copy_from_slice(&proof);
        hex::encode(bytes)
    }

    /// The device that a bearer is of, if it is one of this relay's and has not ended.
    pub fn device_of(&self, group: GroupId, bearer: &str, now: Timestamp) -> Option<DeviceNumber> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(bearer, &mut bytes).ok()?;
        let (said, proof) = halves(&bytes);
        let mac = self.mac_of_bearer(group, &said);
        mac.verify_truncated_left(&proof).ok()?;
        let (device, until) = said.split_first_chunk()?;
        let until = i64::from_be_bytes(*until.first_chunk()?);
        let device = DeviceNumber(u64::from_be_bytes(*device));
        (now.millis() < until).then_some(device)
    }

    /// The keyed hash under which an enrolment code is kept.
    pub(super) fn hash_of_code(&self, code: &str) -> [u8; 32] {
        self.mac_of_code(code).finalize().into_bytes().into()
    }

    /// Whether a code is the one with this hash; takes as long for a wrong one.
    pub(super) fn is_code(&self, code: &str, hash: &[u8; 32]) -> bool {
        self.mac_of_code(code).verify_slice(hash).is_ok()
    }

    fn mac_of_cursor(&self, epoch: Epoch, seq: Seq, history: &[u8; 16]) -> Hmac<Sha256> {
        self.mac(&[
            b"forecourt cursor v1",
            &epoch.0,
            &seq.0.to_be_bytes(),
            history,
        ])
    }

    fn mac_of_states(&self, group: GroupId, root: StatesRoot) -> Hmac<Sha256> {
        self.mac(&[b"forecourt states v1", group.as_bytes(), &root.0])
    }

    fn mac_of_bearer(&self, group: GroupId, said: &[u8]) -> Hmac<Sha256> {
        self.mac(&[b"forecourt bearer v1", group.as_bytes(), said])
    }

    fn mac_of_code(&self, code: &str) -> Hmac<Sha256> {
        self.mac(&[b"forecourt enrolment v1", code.as_bytes()])
    }

    #[allow(clippy::expect_used, reason = "HMAC takes keys of every length")]
    fn mac(&self, parts: &[&[u8]]) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("any length");
        for part in parts {
            mac.update(part);
        }
        mac
    }
}

impl std::fmt::Debug for RelayKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RelayKey(hidden)")
    }
}

/// What an entry puts into the chain; it survives the entry's erasure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// A change, by its hash.
    Change([u8; 32]),
    /// A purge, by its document.
    Gone([u8; 16]),
    /// The end of a document's stay in a space.
    Left([u8; 16], Space),
    /// The beginning of one.
    Came([u8; 16], Space),
}

impl Link {
    /// What a row puts into the chain.
    pub fn of(row: &LogRow) -> Self {
        match &row.entry {
            LogEntry::Change(change) => Self::Change(change.hash),
            LogEntry::Gone => Self::Gone(*row.document.as_bytes()),
            LogEntry::Left => Self::Left(*row.document.as_bytes(), row.space),
            LogEntry::Came => Self::Came(*row.document.as_bytes(), row.space),
        }
    }

    /// The running hash once the next entry is in the log:
    /// SHA-256("forecourt log v1" ‖ running ‖ seq ‖ received_at ‖ kind ‖ link).
    pub fn after(self, before: &LogHead, seq: Seq, received_at: i64) -> RunningHash {
        let mut hasher = Sha256::new();
        hasher.update(b"forecourt log v1");
        hasher.update(before.running);
        hasher.update(seq.0.to_be_bytes());
        hasher.update(received_at.to_be_bytes());
        match self {
            Self::Change(hash) => {
                hasher.update([1]);
                hasher.update(hash);
            }
            Self::Gone(document) => {
                hasher.update([2]);
                hasher.update(document);
            }
            Self::Left(document, space) => {
                hasher.update([3]);
                hasher.update(document);
                hasher.update(space.to_string());
            }
            Self::Came(document, space) => {
                hasher.update([4]);
                hasher.update(document);
                hasher.update(space.to_string());
            }
        }
        hasher.finalize().into()
    }
}

fn halves(bytes: &[u8; 32]) -> ([u8; 16], [u8; 16]) {
    let (mut left, mut right) = ([0; 16], [0; 16]);
    left.copy_from_slice(&bytes[..16]);
    right.copy_from_slice(&bytes[16..]);
    (left, right)
}

#[cfg(test)]
mod tests {
    use super::*;
    use sync_protocol::{ChangeHash, DocumentId, Leaf};

    const EPOCH: Epoch = Epoch([1; 16]);

    fn head(seq: u64, byte: u8) -> LogHead {
        LogHead {
            seq: Seq(seq),
            running: [byte; 32],
            received_at: Timestamp::from_millis(0),
        }
    }

    fn cursor(epoch: Epoch, head: &LogHead, tag: CursorTag) -> Cursor {
        let seq = wire::seq(head.seq);
        Cursor { epoch, seq, tag }
    }

    #[test]
    fn a_relay_knows_the_states_again_that_it_delivered_and_no_others() {
        let key = RelayKey::new([7; 32]);
        let group = GroupId::from_bytes([1; 16]);
        let space = SpaceName::new("store/1").unwrap();
        let (document, head) = (DocumentId([2; 16]), ChangeHash([3; 32]));
        let leaves = [4, 5].map(|number| {
            let head = ChangeHash([number; 32]);
            Leaf::of_state(document, head, &space)
        });
        let leaves = [leaves[0], Leaf::of_state(document, head, &space), leaves[1]];
        let tag = key.tag_states(group, StatesRoot::of(&leaves).unwrap());
        let state = TaggedState::on_page(document, Some(head), &leaves, 1, tag).unwrap();
        assert!(key.delivered(group, &state, Some(&space)));

        let other_space = SpaceName::new("group").unwrap();
        assert!(!key.delivered(GroupId::from_bytes([9; 16]), &state, Some(&space)));
        assert!(!key.delivered(group, &state, Some(&other_space)));
        assert!(!RelayKey::new([8; 32]).delivered(group, &state, Some(&space)));
        let mut other = state.clone();
        other.head = Some(ChangeHash([4; 32]));
        assert!(!key.delivered(group, &other, Some(&space)));
        let mut forged = state;
        forged.tag.0[15] ^= 1;
        assert!(!key.delivered(group, &forged, Some(&space)));
    }

    #[test]
    fn a_bearer_is_of_one_device_for_a_while_and_cannot_be_made_up() {
        let key = RelayKey::new([7; 32]);
        let (group, device) = (GroupId::from_bytes([1; 16]), DeviceNumber(9));
        let at = Timestamp::from_millis;
        let bearer = key.bearer(group, device, at(1_000));
        assert!(bearer.len() <= sync_protocol::limits::BEARER);
        assert_eq!(key.device_of(group, &bearer, at(999)), Some(device));
        assert_eq!(key.device_of(group, &bearer, at(1_000)), None);
        let other_group = GroupId::from_bytes([2; 16]);
        assert_eq!(key.device_of(other_group, &bearer, at(0)), None);
        let other_key = RelayKey::new([8; 32]);
        assert_eq!(other_key.device_of(group, &bearer, at(0)), None);
        for place in 0..bearer.len() {
            let mut forged = bearer.clone().into_bytes();
            forged[place] = if forged[place] == b'0' { b'1' } else { b'0' };
            let forged = String::from_utf8(forged).unwrap();
            assert_eq!(key.device_of(group, &forged, at(0)), None);
        }
        let beheaded: String = bearer.chars().skip(2).collect();
        for nonsense in ["", "00", &beheaded, "zz"] {
            assert_eq!(key.device_of(group, nonsense, at(0)), None);
        }
    }

    #[test]
    fn a_relay_knows_its_own_cursors_again() {
        let key = RelayKey::new([7; 32]);
        let given = head(9, 3);
        let tag = key.tag(EPOCH, &given);
        assert!(key.gave(&cursor(EPOCH, &given, tag), EPOCH, Some(&given)));
        // The log does not reach that far any more: the tag alone proves that it once did.
        assert!(key.gave(&cursor(EPOCH, &given, tag), EPOCH, None));
    }

    #[test]
    fn a_cursor_proves_that_its_history_is_lost_also_when_the_log_has_grown_again() {
        let key = RelayKey::new([7; 32]);
        let given = head(9, 3);
        let tag = key.tag(EPOCH, &given);
        let cursor = cursor(EPOCH, &given, tag);
        assert!(key.proves_loss(&cursor, EPOCH, None));
        assert!(key.proves_loss(&cursor, EPOCH, Some(&head(9, 4))));
        assert!(!key.proves_loss(&cursor, EPOCH, Some(&given)));
        assert!(!key.proves_loss(&cursor, Epoch([2; 16]), Some(&head(9, 4))));
        let mut forged = cursor;
        forged.tag.0[0] ^= 1;
        assert!(!key.proves_loss(&forged, EPOCH, Some(&given)));
    }

    #[test]
    fn a_cursor_of_another_epoch_position_history_or_key_is_not_ours() {
        let key = RelayKey::new([7; 32]);
        let given = head(9, 3);
        let tag = key.tag(EPOCH, &given);
        let other_epoch = Epoch([2; 16]);
        assert!(!key.gave(&cursor(other_epoch, &given, tag), other_epoch, None));
        assert!(!key.gave(&cursor(EPOCH, &given, tag), other_epoch, None));
        assert!(!key.gave(&cursor(EPOCH, &head(10, 3), tag), EPOCH, None));
        assert!(!key.gave(&cursor(EPOCH, &given, tag), EPOCH, Some(&head(9, 4))));
        assert!(!RelayKey::new([8; 32]).gave(&cursor(EPOCH, &given, tag), EPOCH, None));
        let mut forged = tag;
        forged.0[0] ^= 1;
        assert!(!key.gave(&cursor(EPOCH, &given, forged), EPOCH, None));
    }
}
