//! The messages of both directions.
//!
//! On the wire each is `[kind, [fields…]]` behind the version byte ([`crate::frame`]). Kinds are
//! numbered across both directions. Fields are only ever added at the end; a reader skips those
//! it does not know.

mod bye;
mod hello;
mod segments;
mod stream;
mod verdict;

pub use bye::{Bye, ByeCode};
pub use hello::{
    Challenge, Greeting, Hello, OutboxSummary, Resume, Upgrade, Versions, Welcome, spaces_digest,
};
pub(crate) use hello::{pack_spaces, unpack_spaces};
pub use segments::{Follow, Manifest, Want};
pub use stream::{Credit, Entries, Erased, Push, Reached};
pub use verdict::{Accepted, Later, NeedsDependencies, Outcome, Refusal, RefusalCode, Verdict};

use crate::kinded::kinded_enum;

kinded_enum! {
    /// What a relay says.
    pub enum RelayMessage, "a message of the relay" {
        /// Asks the device to prove itself; the first message of a connection.
        1 => Challenge(Challenge),
        /// Admits the device.
        3 => Welcome(Welcome),
        /// Brings entries of the log, or moves the cursor.
        4 => Entries(Entries),
        /// Judges a batch.
        6 => Verdict(Verdict),
        /// Allows more pushes.
        7 => Credit(Credit),
        /// Ends the connection.
        8 => Bye(Bye),
        /// Lists the segments of wanted spaces; from version 2 on.
        10 => Manifest(Manifest),
    }
}

kinded_enum! {
    /// What a device says.
    pub enum ClientMessage, "a message of the device" {
        /// Answers the challenge.
        2 => Hello(Hello),
        /// Pushes a batch.
        5 => Push(Push),
        /// Allows more entries.
        7 => Credit(Credit),
        /// Ends the connection.
        8 => Bye(Bye),
        /// Asks for the segments of spaces; from version 2 on.
        9 => Want(Want),
        /// Asks for the log after a position; from version 2 on.
        11 => Follow(Follow),
        /// Says that what was purged is deleted.
        128 => Erased(Erased),
    }
}

/// Defines an enum of numbers to which later versions may add.
macro_rules! open_code {
    (
        $(#[$doc:meta])*
        pub enum $name:ident {
            $($(#[$variant_doc:meta])* $code:literal => $variant:ident,)+
        }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)+
            /// A code of a later version.
            Other(u16),
        }

        impl $name {
            /// Its number on the wire.
            pub const fn number(self) -> u16 {
                match self {
                    $(Self::$variant => $code,)+
                    Self::Other(number) => number,
                }
            }

            /// The code with this number.
            pub const fn from_number(number: u16) -> Self {
                match number {
                    $($code => Self::$variant,)+
                    other => Self::Other(other),
                }
            }
        }

        impl<C> minicbor::Encode<C> for $name {
            fn encode<W: minicbor::encode::Write>(
                &self,
                encoder: &mut minicbor::Encoder<W>,
                _: &mut C,
            ) -> Result<(), minicbor::encode::Error<W::Error>> {
                encoder.u16(self.number())?.ok()
            }
        }

        impl<'b, C> minicbor::Decode<'b, C> for $name {
            fn decode(
                decoder: &mut minicbor::Decoder<'b>,
                _: &mut C,
            ) -> Result<Self, minicbor::decode::Error> {
                decoder.u16().map(Self::from_number)
            }
        }
    };
}
use open_code;
