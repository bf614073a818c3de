//! Who may write what: the gate's question, answered from the session and the table of rights.

use automerge::{Automerge, ChangeHash, ROOT, ReadDoc, ScalarValue};
use change_gate::{Action, ChangeHeader, Judge, Write};
use dealership::authorship::NotAnAuthorship;
use dealership::kind::UnknownKind;
use dealership::rights::{self, Act, Forbidden, Subject};
use dealership::{Author, Authorship, DocumentId, GroupId, Kind, Seq, Space, content_id, schema};

use crate::store::Departure;

/// Judges the changes of one batch to one document.
pub(super) struct RightsJudge<'a> {
    /// Who pushed them.
    pub(super) author: &'a Author,
    /// Whose documents these are.
    pub(super) group: GroupId,
    /// The document.
    pub(super) document: DocumentId,
    /// Where it is; for a new one, where the batch says it should be.
    pub(super) space: Space,
    /// The spaces that it left, where the author does not hold the one that it is in.
    pub(super) departures: &'a [Departure],
    /// Its kind; of a new one, known once its first change is judged.
    pub(super) kind: Option<Kind>,
    /// The end of the log: nobody has seen more.
    pub(super) head: Option<Seq>,
    /// The newest shape of documents that the device writes.
    pub(super) shapes: i64,
}

/// Why a change may not be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Objection {
    /// The message is not one of ours.
    #[error(transparent)]
    Message(#[from] NotAnAuthorship),
    /// The author claims to have seen what is not in the log.
    #[error("the author claims to have seen {base_seq}, and the log ends at {head}")]
    SeenTooMuch {
        /// The cursor that the author claims.
        base_seq: Seq,
        /// The end of the log.
        head: Seq,
    },
    /// So many authors who had not seen each other write one field that whoever writes it next
    /// could not name them all.
    #[error("{path} has too many concurrent values")]
    Crowded {
        /// The keys joined by dots.
        path: String,
    },
    /// The document is another's by now, and the author had seen that.
    #[error("somebody else has it now: ask them or your manager to write this down")]
    MovedOn,
    /// The first change of a document does not say what it is about.
    #[error("a new document does not say of what kind it is")]
    NoKind,
    /// This version knows no such kind.
    #[error(transparent)]
    UnknownKind(#[from] UnknownKind),
    /// The table of rights says no.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// A newer version wrote this; the relay cannot judge it before it is upgraded.
    #[error("the change was written by a newer version than this relay")]
    NewerShape,
}

impl Judge for RightsJudge<'_> {
    type Reason = Objection;

    fn judge(
        &mut self,
        header: &ChangeHeader,
        document: &Automerge,
        writes: &[Write],
    ) -> Result<(), Objection> {
        let authorship = authorship(header)?;
        let base_seq = authorship.base_seq;
        match self.head {
            Some(head) if base_seq > head => {
                return Err(Objection::SeenTooMuch { base_seq, head });
            }
            _ => {}
        }
        if let Some(crowded) = writes
            .iter()
            .find(|write| is_crowded(document, header, write))
        {
            let path = crowded.path.join(".");
            return Err(Objection::Crowded { path });
        }
        let is_newer = self.shapes > schema::SHAPE;
        let kind = match self.kind {
            Some(kind) => kind,
            None => match kind_of(writes)?.parse::<Kind>() {
                Err(_) if is_newer => return Err(Objection::NewerShape),
                kind => kind?,
            },
        };
        self.kind = Some(kind);
        let subject = Subject {
            document: self.document,
            kind,
            space: self.space_seen(base_seq),
        };
        let decided = rights::decide(
            self.author,
            &subject,
            &authorship,
            writes.iter().map(|write| of_gate(write, document)),
        );
        let decided = decided.and_then(|()| {
            let writes = writes.iter().map(|write| of_gate(write, document));
            content_id::check(self.group, &subject, writes)
        });
        match decided {
            Err(Forbidden::UnknownField { .. }) if is_newer => Err(Objection::NewerShape),
            Err(Forbidden::Space { .. }) if !self.departures.is_empty() => Err(Objection::MovedOn),
            decided => Ok(decided?),
        }
    }
}

impl RightsJudge<'_> {
    /// The space by which an author is judged who had seen so much: where the document is, or the
    /// one of theirs that it had not left then.
    fn space_seen(&self, base_seq: Seq) -> Space {
        let is_theirs = |departure: &&Departure| {
            base_seq < departure.seq && self.author.spaces.contains(&departure.space)
        };
        let departure = self.departures.iter().find(is_theirs);
        departure.map_or(self.space, |departure| departure.space)
    }
}

/// The most values that a field may have which an author had not seen. Whoever writes it next names
/// all of them, and a change may name [`change_gate::limits::OTHER_ACTORS`].
const CONCURRENT_VALUES: usize = 64;

/// Whether a write adds one more to many values that its author had not seen.
fn is_crowded(present: &Automerge, header: &ChangeHeader, write: &Write) -> bool {
    let (object, key) = match write.path.as_slice() {
        [key] => (ROOT, key),
        [entry, key] => match present.get(ROOT, entry.as_str()) {
            Ok(Some((value, object))) if value.is_object() => (object, key),
            _ => return false,
        },
        _ => return false,
    };
    let here = present
        .get_all(&object, key.as_str())
        .map_or(0, |values| values.len());
    if here <= CONCURRENT_VALUES {
        return false;
    }
    let seen: Vec<ChangeHash> = header
        .dependencies
        .iter()
        .copied()
        .map(ChangeHash)
        .collect();
    let seen = present
        .get_all_at(&object, key.as_str(), &seen)
        .map_or(0, |values| values.len());
    here.saturating_sub(seen) > CONCURRENT_VALUES
}

/// Who wrote a change, by which command, having seen how much.
pub(super) fn authorship(header: &ChangeHeader) -> Result<Authorship, NotAnAuthorship> {
    str::from_utf8(&header.message)
        .map_err(|_| NotAnAuthorship)?
        .parse()
}

/// The kind that the first change of a document gives it.
pub(super) fn kind_of(writes: &[Write]) -> Result<&str, Objection> {
    writes
        .iter()
        .find_map(|write| match (write.path.as_slice(), &write.action) {
            (
                [key],
                Action::Put {
                    value: ScalarValue::Str(code),
                    ..
                },
            ) if key == schema::KIND => Some(code.as_str()),
            _ => None,
        })
        .ok_or(Objection::NoKind)
}

/// A write as the table of rights is asked about it; `present` is the relay's document.
fn of_gate<'w>(write: &'w Write, present: &Automerge) -> rights::Write<'w> {
    let act = match &write.action {
        Action::Put { value, replaces } => Act::Put {
            value,
            replaces: *replaces,
        },
        // The gate lets a map be made where its author had seen nothing. A fact's id is drawn
        // fresh, so no honest author ever makes one that is there unseen: it would hide the
        // fact of that id from every reader, with all that refers to it.
        Action::MakeMap => Act::MakeMap {
            replaces: is_taken(present, &write.path),
        },
        Action::Delete { leaves_value } => Act::Delete {
            leaves_value: *leaves_value,
        },
    };
    rights::Write {
        path: &write.path,
        act,
    }
}

/// Whether something stands under a key of the root, whoever has seen it.
fn is_taken(present: &Automerge, path: &[String]) -> bool {
    match path {
        [key] => present
            .get_all(ROOT, key.as_str())
            .map_or(true, |values| !values.is_empty()),
        _ => false,
    }
}
