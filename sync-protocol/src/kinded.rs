//! Values of one kind out of several, and what becomes of kinds that later versions add.
//!
//! On the wire `[kind, [fields…]]`. A kind from [`FIRST_IGNORABLE`] on may be skipped by whoever
//! does not know it; an unknown kind below means that this end is too old to go on.

use minicbor::decode::{Decode, Decoder, Error};

use crate::error::{DecodeError, UnknownKind};
use crate::well_formed;

/// The first of the kinds that a reader who does not know them skips.
pub(crate) const FIRST_IGNORABLE: u8 = 128;

/// An enum of which each variant holds one struct of fields and has a number on the wire.
pub(crate) trait Kinded: Sized {
    /// What a value is called in errors.
    const PART: &'static str;

    /// Decodes the fields of a known kind; `None` if the kind is unknown.
    fn decode_fields(kind: u8, decoder: &mut Decoder<'_>) -> Result<Option<Self>, Error>;
}

/// Decodes bytes that are exactly one value; `None` if it is of an unknown kind that may be
/// skipped.
pub(crate) fn decode<T: Kinded>(bytes: &[u8]) -> Result<Option<T>, DecodeError> {
    check_item(T::PART, bytes)?;
    let (kind, value) =
        open(&mut Decoder::new(bytes)).map_err(|error| DecodeError::from_cbor(T::PART, &error))?;
    match value {
        Some(value) => Ok(Some(value)),
        None if kind >= FIRST_IGNORABLE => Ok(None),
        None => Err(DecodeError::UnknownKind {
            part: T::PART,
            kind,
        }),
    }
}

/// Decodes a value inside another, where no kind may be skipped.
pub(crate) fn decode_inside<T: Kinded>(decoder: &mut Decoder<'_>) -> Result<T, Error> {
    let at = decoder.position();
    let (kind, value) = open(decoder)?;
    value.ok_or_else(|| {
        Error::custom(UnknownKind {
            part: T::PART,
            kind,
        })
        .at(at)
    })
}

/// Decodes bytes that are exactly one struct.
pub(crate) fn decode_struct<'b, T: Decode<'b, ()>>(
    part: &'static str,
    bytes: &'b [u8],
) -> Result<T, DecodeError> {
    check_item(part, bytes)?;
    minicbor::decode(bytes).map_err(|error| DecodeError::from_cbor(part, &error))
}

/// Encodes a value into fresh bytes.
#[expect(
    clippy::expect_used,
    reason = "writing to a Vec cannot fail and no encoder of this crate raises an error of its own"
)]
pub(crate) fn encode<T: minicbor::Encode<()>>(value: &T) -> Vec<u8> {
    minicbor::to_vec(value).expect("a Vec takes every byte")
}

fn check_item(part: &'static str, bytes: &[u8]) -> Result<(), DecodeError> {
    well_formed::check_item(bytes).map_err(|(at, problem)| DecodeError::NotWellFormed {
        part,
        at,
        problem,
    })
}

/// Reads `[kind, [fields…], …]`; what later versions put after the fields is skipped.
fn open<T: Kinded>(decoder: &mut Decoder<'_>) -> Result<(u8, Option<T>), Error> {
    let at = decoder.position();
    let length = decoder.array()?.unwrap_or_default();
    let Some(further) = length.checked_sub(2) else {
        return Err(Error::message("expected a kind and its fields").at(at));
    };
    let kind = decoder.u8()?;
    let value = T::decode_fields(kind, decoder)?;
    if value.is_some() {
        for _ in 0..further {
            decoder.skip()?;
        }
    }
    Ok((kind, value))
}

/// Defines an enum that is [`Kinded`] and encodes itself as `[kind, [fields…]]`.
macro_rules! kinded_enum {
    (
        $(#[$doc:meta])*
        pub enum $name:ident, $part:literal {
            $($(#[$variant_doc:meta])* $kind:literal => $variant:ident($fields:ty),)+
        }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum $name {
            $($(#[$variant_doc])* $variant($fields),)+
        }

        impl $name {
            /// Its number on the wire.
            pub const fn kind(&self) -> u8 {
                match self {
                    $(Self::$variant(_) => $kind,)+
                }
            }
        }

        impl $crate::kinded::Kinded for $name {
            const PART: &'static str = $part;

            fn decode_fields(
                kind: u8,
                decoder: &mut minicbor::Decoder<'_>,
            ) -> Result<Option<Self>, minicbor::decode::Error> {
                match kind {
                    $($kind => decoder.decode().map(Self::$variant).map(Some),)+
                    _ => Ok(None),
                }
            }
        }

        impl<C> minicbor::Encode<C> for $name {
            fn encode<W: minicbor::encode::Write>(
                &self,
                encoder: &mut minicbor::Encoder<W>,
                context: &mut C,
            ) -> Result<(), minicbor::encode::Error<W::Error>> {
                encoder.array(2)?.u8(self.kind())?;
                match self {
                    $(Self::$variant(fields) => fields.encode(encoder, context),)+
                }
            }
        }

        $(impl From<$fields> for $name {
            fn from(fields: $fields) -> Self {
                Self::$variant(fields)
            }
        })+
    };
}
pub(crate) use kinded_enum;
