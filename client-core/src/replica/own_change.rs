//! An own change: written, and past the device's own gate before anybody is told it is saved.

use automerge::{ActorId, Automerge};
use change_gate::{Action, Actor, ChangeHeader, GatedDocument, Judge};
use dealership::Timestamp;
use dealership::access::Author;
use dealership::authorship::Authorship;
use dealership::content_id;
use dealership::edit::{self, Edit};
use dealership::id::{DocumentId, GroupId};
use dealership::refusal::Refusal;
use dealership::rights::{self, Act, Forbidden, Subject};
use dealership::space::Space;

use crate::error::ReplicaError;
use crate::replica::cache::Loaded;
use crate::replica::shelf::Shelf;
use crate::store;

/// Who writes, by which command, when and under which actor.
pub(super) struct Pen<'p> {
    pub(super) author: &'p Author,
    pub(super) group: GroupId,
    pub(super) authorship: &'p Authorship,
    pub(super) claimed_at: Timestamp,
    pub(super) actor: Actor,
}

/// A change that passed the gate.
pub(super) struct OwnChange {
    pub(super) header: ChangeHeader,
    pub(super) raw: Vec<u8>,
    pub(super) space: Space,
}

impl Pen<'_> {
    /// Writes edits to a document on the shelf; `None` when it already says all of it.
    ///
    /// A document that is made gets its row here.
    pub(super) fn write(
        &self,
        shelf: &Shelf<'_>,
        id: DocumentId,
        edits: &[Edit],
    ) -> Result<Option<OwnChange>, ReplicaError> {
        let here = shelf.loaded(id)?;
        let (gated, subject) = match (&here, shelf.document(id)?, created(edits)) {
            (Some(loaded), Some(document), _) => (
                loaded.gated.clone(),
                Subject {
                    document: id,
                    kind: document.kind(),
                    space: document.space(),
                },
            ),
            (_, _, Some((kind, space))) => (
                GatedDocument::empty(),
                Subject {
                    document: id,
                    kind,
                    space,
                },
            ),
            _ => return Err(ReplicaError::NoSuchDocument(id)),
        };
        let Some(raw) = self.change(gated.automerge().clone(), id, edits)? else {
            return Ok(None);
        };
        let mut judge = RightsJudge {
            author: self.author,
            group: self.group,
            subject: &subject,
        };
        let admission = gated
            .admit(self.author.device.0, &[&raw], &mut judge)
            .map_err(|refusal| own_refusal(id, refusal))?;
        admission.check_size().map_err(|outgrown| {
            let problem = outgrown.to_string();
            ReplicaError::TooMuch { problem }
        })?;
        let Some(header) = admission.admitted.into_iter().next() else {
            return Ok(None);
        };
        let (number, receipts) = match &here {
            Some(loaded) => (loaded.number, loaded.receipts.clone()),
            None => {
                let space = subject.space.to_string();
                let number = store::document::insert(shelf.connection(), id, &space)?;
                (number, Default::default())
            }
        };
        shelf.replace(
            id,
            Some(Loaded {
                number,
                space: subject.space.to_string(),
                gated: admission.document,
                receipts,
            }),
        );
        Ok(Some(OwnChange {
            header,
            raw,
            space: subject.space,
        }))
    }

    fn change(
        &self,
        mut scratch: Automerge,
        document: DocumentId,
        edits: &[Edit],
    ) -> Result<Option<Vec<u8>>, ReplicaError> {
        scratch.set_actor(ActorId::from(&self.actor[..]));
        let written = edit::write(&mut scratch, edits, self.authorship, self.claimed_at).map_err(
            |source| ReplicaError::Edit {
                document,
                source: Box::new(source),
            },
        )?;
        let change = written.and_then(|_| scratch.get_last_local_change());
        Ok(change.map(|change| change.raw_bytes().to_vec()))
    }
}

/// The kind and the space of a document that the edits make.
fn created(edits: &[Edit]) -> Option<(dealership::Kind, Space)> {
    edits.iter().find_map(|edit| match edit {
        Edit::Create { kind, space, .. } => Some((*kind, *space)),
        _ => None,
    })
}

fn own_refusal(document: DocumentId, refusal: change_gate::Refusal<Forbidden>) -> ReplicaError {
    match refusal {
        change_gate::Refusal::Judged { reason, .. } => Refusal::Forbidden(reason).into(),
        change_gate::Refusal::Malformed(change_gate::Malformed::TooLarge { bytes }) => {
            ReplicaError::TooMuch {
                problem: format!("{bytes} bytes in one change"),
            }
        }
        refusal => ReplicaError::OwnChange {
            document,
            source: Box::new(refusal),
        },
    }
}

/// Lets [`rights::decide`] judge what the gate has decoded.
struct RightsJudge<'j> {
    author: &'j Author,
    group: GroupId,
    subject: &'j Subject,
}

impl Judge for RightsJudge<'_> {
    type Reason = Forbidden;

    fn judge(
        &mut self,
        header: &ChangeHeader,
        _document: &Automerge,
        writes: &[change_gate::Write],
    ) -> Result<(), Forbidden> {
        let authorship: Authorship = std::str::from_utf8(&header.message)
            .ok()
            .and_then(|message| message.parse().ok())
            .ok_or(Forbidden::ForeignAuthor)?;
        rights::decide(
            self.author,
            self.subject,
            &authorship,
            writes.iter().map(write),
        )?;
        content_id::check(self.group, self.subject, writes.iter().map(write))
    }
}

fn write(write: &change_gate::Write) -> rights::Write<'_> {
    rights::Write {
        path: &write.path,
        act: match &write.action {
            Action::Put { value, replaces } => Act::Put {
                value,
                replaces: *replaces,
            },
            // The author is this device, which has seen all that is here.
            Action::MakeMap => Act::MakeMap { replaces: false },
            Action::Delete { leaves_value } => Act::Delete {
                leaves_value: *leaves_value,
            },
        },
    }
}
