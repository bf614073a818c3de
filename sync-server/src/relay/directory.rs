//! Who works here, what each may hold, and which shows they are at: read from the documents.

use std::collections::{BTreeMap, BTreeSet};

use dealership::show::Show;
use dealership::{Author, DeviceNumber, Document, Kind, Space, StaffAccess, StaffId, Timestamp};

use super::documents::{Documents, Found, LoadError};
use crate::store::ReadStore;

/// Everyone of the group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Directory {
    members: BTreeMap<StaffId, Member>,
    shows: Vec<Show>,
}

/// A member of staff.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// What they do, where.
    pub access: StaffAccess,
    /// Their name.
    pub name: String,
    /// The spaces that their devices hold.
    pub spaces: BTreeSet<Space>,
}

impl Directory {
    /// Whether a document has a say in it.
    pub(super) const fn is_read_from(kind: Kind) -> bool {
        matches!(kind, Kind::Staff | Kind::Show)
    }

    /// Reads the documents of staff and shows.
    pub(super) fn read(
        store: &impl ReadStore,
        documents: &mut Documents,
    ) -> Result<Self, LoadError> {
        let mut read = Vec::new();
        for kind in [Kind::Staff, Kind::Show] {
            for id in store.documents_of_kind(kind)? {
                let Found::Document(loaded) = documents.find(store, id)? else {
                    continue;
                };
                match loaded.read() {
                    Ok(document) => read.push(document),
                    Err(error) => tracing::error!(document = %id, %error, "{kind} is unreadable"),
                }
            }
        }
        Ok(Self::of(&read))
    }

    /// Works out everyone's spaces.
    pub fn of(documents: &[Document]) -> Self {
        let read: Vec<(StaffAccess, String)> = documents
            .iter()
            .filter_map(|document| {
                let name = document.text("name").unwrap_or_default().to_owned();
                Some((StaffAccess::read(document)?, name))
            })
            .collect();
        let everyone: Vec<StaffAccess> = read.iter().map(|(access, _)| access.clone()).collect();
        let members = read
            .into_iter()
            .map(|(access, name)| {
                let spaces = access.spaces(&everyone);
                let member = Member {
                    access,
                    name,
                    spaces,
                };
                (member.access.staff, member)
            })
            .collect();
        let shows = documents.iter().filter_map(Show::read).collect();
        Self { members, shows }
    }

    /// The shows from which sales of a person may still come in.
    pub fn shows_awaiting(&self, staff: StaffId, now: Timestamp) -> impl Iterator<Item = &Show> {
        self.shows
            .iter()
            .filter(move |show| show.awaits(staff, now))
    }

    /// One member.
    pub fn member(&self, staff: StaffId) -> Option<&Member> {
        self.members.get(&staff)
    }

    /// Everyone.
    pub fn members(&self) -> impl Iterator<Item = &Member> {
        self.members.values()
    }

    /// The members of that name, or the one with that id.
    pub fn find<'d>(&'d self, name_or_id: &str) -> Vec<&'d Member> {
        if let Ok(id) = name_or_id.parse() {
            return self.member(id).into_iter().collect();
        }
        let named = |member: &&Member| member.name == name_or_id;
        self.members().filter(named).collect()
    }

    /// A member as the author of what they write on a device; `None` for strangers and for those
    /// who left.
    pub fn author(&self, staff: StaffId, device: DeviceNumber) -> Option<Author> {
        let member = self.member(staff).filter(|member| member.access.active)?;
        Some(Author {
            access: member.access.clone(),
            device,
            spaces: member.spaces.clone(),
        })
    }
}
