//! The documents that one call reads: each loaded once, the same throughout.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use change_gate::GatedDocument;
use dealership::command::Library;
use dealership::document::Document;
use dealership::id::{CustomerId, DealId, DocumentId, VehicleId};
use dealership::kind::Kind;
use dealership::phone::PhoneHash;
use dealership::refusal::Refusal;
use dealership::space::Space;
use rusqlite::Connection;

use crate::error::{ReplicaError, StoreError, UnreadableCause};
use crate::projection;
use crate::replica::cache::{Cache, Loaded};
use crate::store::{self, position};

/// The documents of one call, over a transaction or a reading connection.
///
/// What the call writes it [`replace`](Self::replace)s here; the replica's cache learns of it
/// when the transaction is committed, and never of one that was not.
pub(crate) struct Shelf<'s> {
    connection: &'s Connection,
    cache: &'s RefCell<Cache>,
    taken: RefCell<Taken>,
    read: RefCell<Read>,
}

/// What was on a shelf at a moment.
pub(crate) struct Mark {
    taken: Taken,
    read: Read,
}

type Taken = BTreeMap<DocumentId, Option<Arc<Loaded>>>;
type Read = BTreeMap<DocumentId, Rc<Document>>;

impl<'s> Shelf<'s> {
    /// An empty shelf.
    pub(crate) fn new(connection: &'s Connection, cache: &'s RefCell<Cache>) -> Self {
        Self {
            connection,
            cache,
            taken: RefCell::default(),
            read: RefCell::default(),
        }
    }

    /// The connection that it reads from.
    pub(crate) const fn connection(&self) -> &'s Connection {
        self.connection
    }

    /// Loads a document's bytes, `None` if it is not here.
    ///
    /// # Errors
    ///
    /// [`ReplicaError::Unreadable`] if it is set aside or cannot be loaded.
    pub(crate) fn loaded(&self, id: DocumentId) -> Result<Option<Arc<Loaded>>, ReplicaError> {
        if let Some(taken) = self.taken.borrow().get(&id) {
            return Ok(taken.clone());
        }
        let cached = self.cache.borrow_mut().get(id);
        let loaded = match cached {
            Some(loaded) => Some(loaded),
            None => load(self.connection, id)?.map(Arc::new),
        };
        self.taken.borrow_mut().insert(id, loaded.clone());
        Ok(loaded)
    }

    /// Reads a document, `None` if it is not here.
    ///
    /// # Errors
    ///
    /// [`ReplicaError::Unreadable`] if this version cannot read it.
    pub(crate) fn document(&self, id: DocumentId) -> Result<Option<Rc<Document>>, ReplicaError> {
        if let Some(read) = self.read.borrow().get(&id) {
            return Ok(Some(Rc::clone(read)));
        }
        let Some(loaded) = self.loaded(id)? else {
            return Ok(None);
        };
        let document = Rc::new(read(id, &loaded)?);
        self.read.borrow_mut().insert(id, Rc::clone(&document));
        Ok(Some(document))
    }

    /// The spaces that the relay says this device holds; later versions' are left out.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the replica fails.
    pub(crate) fn spaces(&self) -> Result<BTreeSet<Space>, StoreError> {
        if let Some(spaces) = self.cache.borrow().spaces() {
            return Ok(spaces.clone());
        }
        let names = position::spaces(self.connection)?;
        let spaces: BTreeSet<Space> = names.iter().filter_map(|name| name.parse().ok()).collect();
        self.cache.borrow_mut().set_spaces(Some(spaces.clone()));
        Ok(spaces)
    }

    /// Takes note of a document that the call put in its row and has read.
    pub(crate) fn put_read(&self, id: DocumentId, document: Document) {
        self.read.borrow_mut().insert(id, Rc::new(document));
    }

    /// Takes note of what the call made of a document; `None` if it is gone.
    pub(crate) fn replace(&self, id: DocumentId, loaded: Option<Loaded>) {
        self.read.borrow_mut().remove(&id);
        self.taken.borrow_mut().insert(id, loaded.map(Arc::new));
    }

    /// Takes note that a document must be loaded anew, if it can be.
    pub(crate) fn forget(&self, id: DocumentId) {
        self.read.borrow_mut().remove(&id);
        self.taken.borrow_mut().remove(&id);
        self.cache.borrow_mut().remove(id);
    }

    /// What is on the shelf now, to [`return_to`](Self::return_to).
    pub(crate) fn mark(&self) -> Mark {
        Mark {
            taken: self.taken.borrow().clone(),
            read: self.read.borrow().clone(),
        }
    }

    /// Forgets what was replaced since the mark.
    pub(crate) fn return_to(&self, mark: Mark) {
        self.taken.replace(mark.taken);
        self.read.replace(mark.read);
    }

    /// Everything that was taken, for the cache, once the transaction is committed.
    pub(crate) fn into_taken(self) -> Taken {
        self.taken.into_inner()
    }
}

impl Library for Shelf<'_> {
    fn document(&self, id: DocumentId) -> Result<Option<Rc<Document>>, Refusal> {
        Self::document(self, id).map_err(refusal)
    }

    fn of_kind(&self, kind: Kind) -> Result<Vec<Rc<Document>>, Refusal> {
        let ids = projection::of_kind(self.connection, kind).map_err(Refusal::storage)?;
        let mut documents = Vec::with_capacity(ids.len());
        for id in ids {
            documents.extend(Self::document(self, id).map_err(refusal)?);
        }
        Ok(documents)
    }

    fn deals_of(&self, customer: CustomerId) -> Result<Vec<DealId>, Refusal> {
        projection::deals_of(self.connection, customer).map_err(Refusal::storage)
    }

    fn customers_with_phone(&self, hash: &PhoneHash) -> Result<Vec<CustomerId>, Refusal> {
        projection::customers_with_phone(self.connection, hash).map_err(Refusal::storage)
    }

    fn vehicles_claimed_for(&self, deal: DealId) -> Result<Vec<VehicleId>, Refusal> {
        projection::vehicles_claimed_for(self.connection, deal).map_err(Refusal::storage)
    }

    fn merged_with(&self, customer: CustomerId) -> Result<Vec<CustomerId>, Refusal> {
        projection::merged_with(self.connection, customer).map_err(Refusal::storage)
    }
}

/// Loads a document from its rows.
pub(crate) fn load(
    connection: &Connection,
    id: DocumentId,
) -> Result<Option<Loaded>, ReplicaError> {
    let unreadable = |source| ReplicaError::Unreadable {
        document: id,
        source,
    };
    let Some(whole) = store::document::read_whole(connection, id)? else {
        return Ok(None);
    };
    if let Some(reason) = store::suspect::reason(connection, id)? {
        return Err(unreadable(UnreadableCause::SetAside(reason)));
    }
    let gated = GatedDocument::load(&whole.bytes).map_err(|source| unreadable(source.into()))?;
    let gated = with_waiting(gated, &whole.waiting)
        .map_err(|reason| unreadable(UnreadableCause::SetAside(reason)))?;
    Ok(Some(Loaded {
        number: whole.number,
        space: whole.space,
        gated,
        receipts: whole.receipts,
    }))
}

/// Puts the changes that no log brought on top, but for those that build on what is not here: the
/// document left, with changes of this device in the outbox, and is on its way back.
fn with_waiting(mut gated: GatedDocument, waiting: &[Vec<u8>]) -> Result<GatedDocument, String> {
    let chunks: Vec<&[u8]> = waiting.iter().map(Vec::as_slice).collect();
    if chunks.is_empty() {
        return Ok(gated);
    }
    if let Ok(whole) = gated.extend(&chunks) {
        return Ok(whole);
    }
    for chunk in chunks {
        match gated.extend(&[chunk]) {
            Ok(extended) => gated = extended,
            Err(change_gate::Refusal::MissingDependencies(_)) => {}
            Err(refusal) => return Err(refusal.to_string()),
        }
    }
    Ok(gated)
}

/// Reads a loaded document as rules read it.
pub(crate) fn read(id: DocumentId, loaded: &Loaded) -> Result<Document, ReplicaError> {
    let unreadable = |source| ReplicaError::Unreadable {
        document: id,
        source,
    };
    let space = loaded
        .space
        .parse()
        .map_err(|_| unreadable(UnreadableCause::Space(loaded.space.clone())))?;
    Document::read(id, space, loaded.gated.shared(), loaded.receipts.clone())
        .map_err(|source| unreadable(source.into()))
}

fn refusal(error: ReplicaError) -> Refusal {
    match error {
        ReplicaError::Refused(refusal) => refusal,
        error => Refusal::storage(error),
    }
}
