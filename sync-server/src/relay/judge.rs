//! Who may write what: the gate's question, answered from the session and the table of rights.

use automerge::{Automerge, ScalarValue};
use change_gate::{Action, ChangeHeader, Judge, Write};
use dealership::authorship::NotAnAuthorship;
use dealership::kind::UnknownKind;
use dealership::rights::{self, Act, Forbidden, Subject};
use dealership::{Author, Authorship, DocumentId, Kind, Seq, Space, schema};

/// Judges the changes of one batch to one document.
pub(super) struct RightsJudge<'a> {
    /// Who pushed them.
    pub(super) author: &'a Author,
    /// The document.
    pub(super) document: DocumentId,
    /// Where it is; for a new one, where the batch says it should be.
    pub(super) space: Space,
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
        _document: &Automerge,
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
            space: self.space,
        };
        let decided = rights::decide(self.author, &subject, &authorship, writes.iter().map(write));
        match decided {
            Err(Forbidden::UnknownField { .. }) if is_newer => Err(Objection::NewerShape),
            decided => Ok(decided?),
        }
    }
}

/// Who wrote a change, by which command, having seen how much.
pub(super) fn authorship(header: &ChangeHeader) -> Result<Authorship, NotAnAuthorship> {
    str::from_utf8(&header.message)
        .map_err(|_| NotAnAuthorship)?
        .parse()
}

/// The kind that the first change of a document gives it.
fn kind_of(writes: &[Write]) -> Result<&str, Objection> {
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

fn write(write: &Write) -> rights::Write<'_> {
    let act = match &write.action {
        Action::Put { value, replaces } => Act::Put {
            value,
            replaces: *replaces,
        },
        // The gate lets a map be made only where nothing was.
        Action::MakeMap => Act::MakeMap { replaces: false },
        Action::Delete { leaves_value } => Act::Delete {
            leaves_value: *leaves_value,
        },
    };
    rights::Write {
        path: &write.path,
        act,
    }
}
