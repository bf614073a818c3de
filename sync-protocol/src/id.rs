//! Names of things whose meaning is the hosts' business: fixed numbers of bytes.

use std::fmt;

use minicbor::{Decode, Encode};

/// Defines a name of `$length` opaque bytes, a CBOR byte string on the wire.
macro_rules! opaque_bytes {
    ($(#[$doc:meta])* $name:ident, $length:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
        #[cbor(transparent)]
        pub struct $name(#[cbor(n(0), with = "minicbor::bytes")] pub [u8; $length]);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }
    };
}
pub(crate) use opaque_bytes;

opaque_bytes!(
    /// Names a batch: drawn on the device, the same each time the batch is pushed.
    BatchId,
    16
);

opaque_bytes!(
    /// Names a document.
    DocumentId,
    16
);

opaque_bytes!(
    /// Names a change: the SHA-256 hash of its bytes as Automerge computes it.
    ChangeHash,
    32
);

opaque_bytes!(
    /// The first eight bytes of a [`ChangeHash`]: enough to tell the changes of one document apart.
    HashPrefix,
    8
);

opaque_bytes!(
    /// What a relay draws at random for each connection, for the device to sign.
    Nonce,
    32
);

opaque_bytes!(
    /// An Ed25519 signature.
    SignatureBytes,
    64
);

opaque_bytes!(
    /// The SHA-256 digest of a list of spaces: [`crate::message::spaces_digest`].
    SpacesDigest,
    32
);

impl ChangeHash {
    /// Its first eight bytes.
    pub const fn prefix(&self) -> HashPrefix {
        let [a, b, c, d, e, f, g, h, ..] = self.0;
        HashPrefix([a, b, c, d, e, f, g, h])
    }
}

/// The number that the relay gave a device when it was enrolled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct DeviceNumber(#[n(0)] pub u64);

impl fmt::Display for DeviceNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
