//! One pure function decides what an author may write: before writing on the device, in the gate
//! of client and relay, and in the table that a dealer can read.
//!
//! Only structure and rights are refused here, by space, merge class and writer. Whatever honest
//! concurrency can produce is accepted and becomes a case.

use std::collections::BTreeSet;

use automerge::ScalarValue;

use crate::access::{Author, Role, StaffAccess};
use crate::authorship::Authorship;
use crate::id::{DocumentId, FactId};
use crate::kind::Kind;
use crate::schema::{self, Class, Field, Leaf, Scalar, Writer};
use crate::sheet::Sheet;
use crate::space::Space;
use crate::value::Value;

/// The document that is written.
#[derive(Clone, Copy, Debug)]
pub struct Subject {
    /// Which.
    pub document: DocumentId,
    /// Of what kind.
    pub kind: Kind,
    /// In which space.
    pub space: Space,
}

/// One decoded operation of a change.
#[derive(Clone, Debug)]
pub struct Write<'a> {
    /// The keys from the root; the last is the key written.
    pub path: &'a [String],
    /// What is done there.
    pub act: Act<'a>,
}

/// What an operation does to its key, judged at the change's own dependencies.
#[derive(Clone, Debug)]
pub enum Act<'a> {
    /// Puts a scalar.
    Put {
        /// The scalar.
        value: &'a ScalarValue,
        /// Whether the author had seen a value there.
        replaces: bool,
    },
    /// Makes a map.
    MakeMap {
        /// Whether a value is there, seen by the author or not.
        replaces: bool,
    },
    /// Takes values away.
    Delete {
        /// Whether one stays: a person picked the winner among concurrent values.
        leaves_value: bool,
    },
}

/// Why a change may not be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Forbidden {
    /// The message names another person than the session.
    #[error("the change names another author than the session")]
    ForeignAuthor,
    /// The author does not hold the space.
    #[error(
        "this is not, or no longer, among what you work with ({space}): ask your manager to write it"
    )]
    Space {
        /// The space.
        space: Space,
    },
    /// Documents of this kind do not live there.
    #[error("a {kind} does not live in {space}")]
    Place {
        /// The kind.
        kind: Kind,
        /// The space.
        space: Space,
    },
    /// No such field in this version's shape.
    #[error("a {kind} has no field {path}")]
    UnknownField {
        /// The kind.
        kind: Kind,
        /// The keys joined by dots.
        path: String,
    },
    /// The value is not what the field holds.
    #[error("{path} does not hold such a value")]
    Shape {
        /// The keys joined by dots.
        path: String,
    },
    /// What is written once was written again, or a fact was edited, or a key deleted.
    #[error("{path} is never edited")]
    Immutable {
        /// The keys joined by dots.
        path: String,
    },
    /// Another role writes this.
    #[error("{path} is written by {writer:?} only")]
    Writer {
        /// The keys joined by dots.
        path: String,
        /// Who may.
        writer: Writer,
    },
    /// The document bears an id that is derived from something else than it says.
    #[error("a {kind} that says so has another id")]
    ForeignId {
        /// The kind.
        kind: Kind,
    },
    /// A fact names somebody else as the one who did it.
    #[error("{path} names somebody else")]
    ForeignFact {
        /// The keys joined by dots.
        path: String,
    },
}

/// Decides whether an author may write a whole change.
///
/// # Errors
///
/// [`Forbidden`], for the first operation that is not allowed.
pub fn decide<'a>(
    author: &Author,
    subject: &Subject,
    authorship: &Authorship,
    writes: impl IntoIterator<Item = Write<'a>>,
) -> Result<(), Forbidden> {
    if authorship.staff != author.staff() {
        return Err(Forbidden::ForeignAuthor);
    }
    let Subject { kind, space, .. } = *subject;
    if !kind.may_live_in(space) {
        return Err(Forbidden::Place { kind, space });
    }
    if !author.is_relay() && !author.spaces.contains(&space) {
        return Err(Forbidden::Space { space });
    }
    let mut made = BTreeSet::new();
    for write in writes {
        decide_write(author, subject, &mut made, &write)?;
    }
    Ok(())
}

/// What an export asks of those who may take it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExportTerms {
    /// Whether they must say why.
    pub reason: bool,
}

/// Whether a person may take a sheet along in a file, and on what terms; `None` if not.
pub fn may_export(access: &StaffAccess, sheet: Sheet) -> Option<ExportTerms> {
    let free: &[Role] = match sheet {
        Sheet::Customers => &[Role::GeneralManager],
        Sheet::Vehicles => &[Role::StockKeeper, Role::GeneralManager],
        Sheet::PriceList => &[Role::Finance, Role::GeneralManager],
    };
    let reason = !access.has_any(free);
    let allowed = access.active && (!reason || access.has_any(&[Role::Manager]));
    allowed.then_some(ExportTerms { reason })
}

/// `made` holds the keys of the facts and entries that this change made so far.
fn decide_write<'a>(
    author: &Author,
    subject: &Subject,
    made: &mut BTreeSet<&'a str>,
    write: &Write<'a>,
) -> Result<(), Forbidden> {
    let kind = subject.kind;
    let path = || write.path.join(".");
    let unknown = || Forbidden::UnknownField { kind, path: path() };
    match write.path {
        [key] if key == schema::KIND || key == schema::SHAPE_VERSION => {
            let creator = schema::creator(kind);
            is_one_of(author, creator).ok_or_else(|| Forbidden::Writer {
                path: path(),
                writer: creator,
            })?;
            decide_head(kind, key, &write.act).ok_or_else(|| Forbidden::Immutable { path: path() })
        }
        [key] => {
            let (field, suffix) = schema::schema(kind).field_of(key).ok_or_else(unknown)?;
            is_one_of(author, field.writer).ok_or_else(|| Forbidden::Writer {
                path: path(),
                writer: field.writer,
            })?;
            decide_root(field, suffix, key, &write.act, made, &path)
        }
        [key, leaf] => {
            let (field, _) = schema::schema(kind).field_of(key).ok_or_else(unknown)?;
            is_one_of(author, field.writer).ok_or_else(|| Forbidden::Writer {
                path: path(),
                writer: field.writer,
            })?;
            let (leaves, sealed) = match field.class {
                Class::Fact(leaves) => (leaves, true),
                Class::Entry(leaves) => (leaves, false),
                _ => return Err(unknown()),
            };
            let leaf = find(leaves, leaf).ok_or_else(unknown)?;
            let here = made.contains(key.as_str());
            decide_leaf(author, leaf, sealed && !here, here, &write.act, &path)
        }
        _ => Err(unknown()),
    }
}

/// The registers that every document bears are written with it, and never again.
fn decide_head(kind: Kind, key: &str, act: &Act<'_>) -> Option<()> {
    let Act::Put {
        value,
        replaces: false,
    } = act
    else {
        return None;
    };
    let fits = match Value::from_scalar(value)? {
        Value::Text(code) => key == schema::KIND && code == kind.code(),
        Value::Int(shape) => key == schema::SHAPE_VERSION && shape >= 1,
        _ => false,
    };
    fits.then_some(())
}

fn decide_root<'a>(
    field: &Field,
    suffix: Option<&str>,
    key: &'a str,
    act: &Act<'_>,
    made: &mut BTreeSet<&'a str>,
    path: &dyn Fn() -> String,
) -> Result<(), Forbidden> {
    let immutable = || Forbidden::Immutable { path: path() };
    let shape = || Forbidden::Shape { path: path() };
    match (field.class, act) {
        (Class::Member(_), _) if !suffix.is_some_and(schema::is_member) => Err(shape()),
        (Class::Register(scalar) | Class::Contested(scalar) | Class::Member(scalar), act) => {
            match act {
                Act::Put { value, .. } => fits(scalar, value).ok_or_else(shape),
                Act::Delete { leaves_value: true } => Ok(()),
                Act::Delete { .. } => Err(immutable()),
                Act::MakeMap { .. } => Err(shape()),
            }
        }
        (
            Class::Once(scalar),
            Act::Put {
                value,
                replaces: false,
            },
        ) => fits(scalar, value).ok_or_else(shape),
        (Class::Fact(_) | Class::Entry(_), Act::MakeMap { replaces: false }) => {
            // One spelling of an id: the key is the identity of the fact.
            let suffix = suffix.ok_or_else(shape)?;
            let id: FactId = suffix.parse().map_err(|_| shape())?;
            if id.to_string() != suffix {
                return Err(shape());
            }
            made.insert(key);
            Ok(())
        }
        (Class::Fact(_) | Class::Entry(_), Act::Put { .. }) => Err(shape()),
        (Class::Once(_) | Class::Fact(_) | Class::Entry(_), _) => Err(immutable()),
    }
}

fn decide_leaf(
    author: &Author,
    leaf: &Leaf,
    sealed: bool,
    made_here: bool,
    act: &Act<'_>,
    path: &dyn Fn() -> String,
) -> Result<(), Forbidden> {
    if sealed {
        return Err(Forbidden::Immutable { path: path() });
    }
    match act {
        Act::Put { value, .. } => {
            fits(leaf.scalar, value).ok_or_else(|| Forbidden::Shape { path: path() })?;
            let named = match value {
                ScalarValue::Str(text) if leaf.name == "by" && made_here => Some(text.as_str()),
                _ => None,
            };
            match named {
                Some(staff) if staff != author.staff().to_string() => {
                    Err(Forbidden::ForeignFact { path: path() })
                }
                _ => Ok(()),
            }
        }
        Act::Delete { leaves_value: true } => Ok(()),
        Act::Delete { .. } => Err(Forbidden::Immutable { path: path() }),
        Act::MakeMap { .. } => Err(Forbidden::Shape { path: path() }),
    }
}

fn find(leaves: &'static [Leaf], name: &str) -> Option<&'static Leaf> {
    leaves.iter().find(|leaf| leaf.is_of(name))
}

fn fits(scalar: Scalar, value: &ScalarValue) -> Option<()> {
    let fits = match (scalar, value) {
        (_, ScalarValue::Null) | (Scalar::Int, ScalarValue::Int(_)) => true,
        (Scalar::Bool, ScalarValue::Boolean(_)) => true,
        (Scalar::Text(bytes), ScalarValue::Str(text)) => text.len() <= bytes,
        _ => false,
    };
    fits.then_some(())
}

fn is_one_of(author: &Author, writer: Writer) -> Option<()> {
    let allowed = match writer {
        Writer::Relay => author.is_relay(),
        _ if author.is_relay() => true,
        Writer::Holder => true,
        Writer::Manager => author
            .access
            .has_any(&[Role::Manager, Role::GeneralManager]),
        Writer::Stock => {
            author
                .access
                .has_any(&[Role::StockKeeper, Role::Manager, Role::GeneralManager])
        }
        Writer::Finance => author
            .access
            .has_any(&[Role::Finance, Role::GeneralManager]),
        Writer::StockOrFinance => author.access.has_any(&[
            Role::StockKeeper,
            Role::Finance,
            Role::Manager,
            Role::GeneralManager,
        ]),
        Writer::Administrator => author
            .access
            .has_any(&[Role::Administrator, Role::GeneralManager]),
    };
    allowed.then_some(())
}
