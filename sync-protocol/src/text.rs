//! Texts with a stated length.

use std::fmt;

use minicbor::decode::{Decoder, Error};
use minicbor::encode::{Encoder, Write};
use minicbor::{Decode, Encode};

use crate::error::OverLimit;
use crate::limits;

/// The name of a space: not empty, at most [`limits::SPACE_NAME`] bytes, otherwise opaque.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpaceName(String);

/// A text that cannot be the name of a space.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpaceNameError {
    /// It is empty.
    #[error("the name of a space is empty")]
    Empty,
    /// It is too long.
    #[error(
        "the name of a space has {found} bytes, more than {}",
        limits::SPACE_NAME
    )]
    TooLong {
        /// Its length in bytes.
        found: usize,
    },
}

impl SpaceName {
    /// Takes a text as the name of a space.
    ///
    /// # Errors
    /// If it is empty or longer than [`limits::SPACE_NAME`] bytes.
    pub fn new(name: impl Into<String>) -> Result<Self, SpaceNameError> {
        let name = name.into();
        match name.len() {
            0 => Err(SpaceNameError::Empty),
            found if found > limits::SPACE_NAME => Err(SpaceNameError::TooLong { found }),
            _ => Ok(Self(name)),
        }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SpaceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for SpaceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<C> Encode<C> for SpaceName {
    fn encode<W: Write>(
        &self,
        encoder: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        encoder.str(&self.0)?.ok()
    }
}

impl<'b, C> Decode<'b, C> for SpaceName {
    fn decode(decoder: &mut Decoder<'b>, _: &mut C) -> Result<Self, Error> {
        let at = decoder.position();
        Self::new(decoder.str()?).map_err(|error| Error::custom(error).at(at))
    }
}

/// A sentence for a person or an operator, at most [`limits::EXPLANATION`] bytes.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Explanation(String);

impl Explanation {
    /// Keeps as many whole characters of the text as fit.
    pub fn new(text: &str) -> Self {
        Self(truncated(text, limits::EXPLANATION).to_owned())
    }

    /// The explanation as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<C> Encode<C> for Explanation {
    fn encode<W: Write>(
        &self,
        encoder: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        encoder.str(&self.0)?.ok()
    }
}

impl<'b, C> Decode<'b, C> for Explanation {
    fn decode(decoder: &mut Decoder<'b>, context: &mut C) -> Result<Self, Error> {
        bounded_text::<C, { limits::EXPLANATION }>(decoder, context).map(Self)
    }
}

/// As much of `text` as fits `limit` bytes without cutting a character.
pub(crate) fn truncated(text: &str, limit: usize) -> &str {
    let mut end = text.len().min(limit);
    while !text.is_char_boundary(end) {
        end = end.saturating_sub(1);
    }
    text.get(..end).unwrap_or_default()
}

/// Decodes a text of at most `LIMIT` bytes.
pub(crate) fn bounded_text<C, const LIMIT: usize>(
    decoder: &mut Decoder<'_>,
    _: &mut C,
) -> Result<String, Error> {
    let at = decoder.position();
    let text = decoder.str()?;
    OverLimit::check(text.len(), LIMIT, at)?;
    Ok(text.to_owned())
}

/// Decodes a byte string of at most `LIMIT` bytes.
pub(crate) fn bounded_bytes<C, const LIMIT: usize>(
    decoder: &mut Decoder<'_>,
    _: &mut C,
) -> Result<Vec<u8>, Error> {
    let at = decoder.position();
    let bytes = decoder.bytes()?;
    OverLimit::check(bytes.len(), LIMIT, at)?;
    Ok(bytes.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_explanation_is_cut_between_characters() {
        // "车" has three bytes: 66 of them are 198 bytes, 67 would be 201.
        let explanation = Explanation::new(&"车".repeat(100));
        assert_eq!(explanation.as_str(), "车".repeat(66));
    }

    #[test]
    fn the_name_of_a_space_is_neither_empty_nor_over_long() {
        assert_eq!(SpaceName::new(""), Err(SpaceNameError::Empty));
        assert_eq!(
            SpaceName::new("s".repeat(129)),
            Err(SpaceNameError::TooLong { found: 129 })
        );
        assert_eq!(SpaceName::new("s".repeat(128)).unwrap().as_str().len(), 128);
    }
}
