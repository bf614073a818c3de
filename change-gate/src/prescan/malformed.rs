//! What can be wrong with the bytes of a change.

use thiserror::Error;

/// Says why bytes are not one well-formed change within the limits.
///
/// All of these are for ever: the same bytes will never be accepted.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum Malformed {
    /// The chunk is larger than [`CHANGE_BYTES`](crate::limits::CHANGE_BYTES).
    #[error("the change has {bytes} bytes")]
    TooLarge {
        /// The chunk's size in bytes.
        bytes: usize,
    },
    /// The bytes do not begin as an Automerge chunk does.
    #[error("the bytes are not an Automerge chunk")]
    NotAChunk,
    /// The chunk is something other than an uncompressed change.
    #[error("the chunk is of kind {kind}, not an uncompressed change")]
    NotAnUncompressedChange {
        /// 0 a document, 2 a deflated change, 3 a bundle.
        kind: u8,
    },
    /// The chunk is not as long as it says.
    #[error("the chunk claims {claimed} bytes and has {found}")]
    Length {
        /// The length written in the chunk, in bytes.
        claimed: u64,
        /// The number of bytes that follow.
        found: usize,
    },
    /// The checksum does not belong to the bytes.
    #[error("the checksum is wrong")]
    Checksum,
    /// The bytes end in the middle of something.
    #[error("the change ends early")]
    Truncated,
    /// A number is too great, or not written in its shortest form.
    #[error("a number is not in its shortest form or beyond 64 bits")]
    Number,
    /// The change names too many dependencies.
    #[error("the change names {found} dependencies")]
    TooManyDependencies {
        /// How many are claimed.
        found: u64,
    },
    /// The dependencies are not in ascending order, or one is named twice.
    #[error("the dependencies are not in order")]
    DependenciesOutOfOrder,
    /// An actor has an id that is not 16 bytes long.
    #[error("an actor's id has {bytes} bytes")]
    ActorLength {
        /// The id's length in bytes.
        bytes: u64,
    },
    /// The change refers to too many other actors.
    #[error("the change refers to {found} other actors")]
    TooManyActors {
        /// How many are claimed.
        found: u64,
    },
    /// The other actors are not in ascending order, or one is named twice.
    #[error("the actors are not in order")]
    ActorsOutOfOrder,
    /// The change's place in its actor's sequence is 0 or beyond 32 bits.
    #[error("{found} is no place in an actor's sequence")]
    Sequence {
        /// The place that is claimed.
        found: u64,
    },
    /// An operation's counter is 0 or beyond
    /// [`OPERATION_COUNTER`](crate::limits::OPERATION_COUNTER).
    #[error("an operation's counter is out of range")]
    Counter,
    /// The claimed time is before 1970 or after the year 9999.
    #[error("{seconds} is no time in seconds")]
    Time {
        /// The claimed time in seconds since 1970.
        seconds: i64,
    },
    /// The message is too long.
    #[error("the message has {bytes} bytes")]
    MessageTooLong {
        /// The message's length in bytes.
        bytes: u64,
    },
    /// The message is not UTF-8.
    #[error("the message is not text")]
    MessageNotText,
    /// The change has more columns than there are kinds of columns.
    #[error("the change has {found} columns")]
    TooManyColumns {
        /// How many are claimed.
        found: u64,
    },
    /// A column's specification is not one that changes have.
    #[error("column {specification:#x} is unknown")]
    UnknownColumn {
        /// The specification as written.
        specification: u64,
    },
    /// A column is deflated.
    #[error("column {specification:#x} is compressed")]
    CompressedColumn {
        /// The specification as written.
        specification: u64,
    },
    /// The columns are not in ascending order, or one comes twice.
    #[error("the columns are not in order")]
    ColumnsOutOfOrder,
    /// A column claims more rows than [`ROWS`](crate::limits::ROWS).
    #[error("column {specification:#x} claims at least {rows} rows")]
    TooManyRows {
        /// The column's specification.
        specification: u64,
        /// The rows counted until the limit was passed.
        rows: u64,
    },
    /// An operation refers to an actor that the change does not name.
    #[error("there is no actor {index} in the change")]
    UnknownActor {
        /// The index into the change's actors.
        index: u64,
    },
    /// A map key is too long.
    #[error("a key has {bytes} bytes")]
    KeyTooLong {
        /// The key's length in bytes.
        bytes: u64,
    },
    /// Bytes follow the last column; an author footer is such bytes.
    #[error("{bytes} bytes follow the last column")]
    ExtraBytes {
        /// How many there are.
        bytes: usize,
    },
    /// Automerge cannot read the operations.
    #[error("the operations cannot be read: {reason}")]
    Unreadable {
        /// What Automerge says of them.
        reason: String,
    },
    /// The bytes are not those that Automerge writes for what they say, so a
    /// document that took them in would not load again.
    #[error("the change is not written as Automerge would write it")]
    NotCanonical,
}
