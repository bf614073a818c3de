//! Who wrote a change, by which command, having seen how much: what travels inside the hash.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::StaffId;

/// A position in the group's log.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(transparent)]
pub struct Seq(pub u64);

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The message of a change, canonical and at most [`Authorship::MAX_BYTES`] long.
///
/// Layout: `1 <staff as 32 hex digits> <command> <base_seq in decimal>`, with single spaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authorship {
    /// Who did it; [`StaffId::RELAY`] for the relay's own facts.
    pub staff: StaffId,
    /// The name of the command, ASCII lower case and underscores.
    pub command: String,
    /// The cursor that the author had seen.
    pub base_seq: Seq,
}

impl Authorship {
    /// The longest message that the gate accepts.
    pub const MAX_BYTES: usize = 96;

    /// The longest name of a command.
    pub const MAX_COMMAND_BYTES: usize = 40;
}

impl fmt::Display for Authorship {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "1 {} {} {}",
            self.staff.uuid().simple(),
            self.command,
            self.base_seq
        )
    }
}

/// A message that is not a canonical authorship.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the change's message does not say who, by which command and after which seq")]
pub struct NotAnAuthorship;

impl FromStr for Authorship {
    type Err = NotAnAuthorship;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parse = || -> Option<Self> {
            if text.len() > Self::MAX_BYTES {
                return None;
            }
            let mut parts = text.split(' ');
            if parts.next()? != "1" {
                return None;
            }
            let staff = parts.next()?.parse().ok()?;
            let command = parts.next()?;
            let base_seq = Seq(parts.next()?.parse().ok()?);
            let plain =
                |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
            if command.is_empty()
                || command.len() > Self::MAX_COMMAND_BYTES
                || !command.bytes().all(plain)
            {
                return None;
            }
            let authorship = Self {
                staff,
                command: command.to_owned(),
                base_seq,
            };
            // Canonical: whatever else parses would be a second spelling under another hash.
            (authorship.to_string() == text).then_some(authorship)
        };
        parse().ok_or(NotAnAuthorship)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn an_authorship_reads_back_from_its_text(staff: [u8; 16], command in "[a-z_]{1,40}", seq: u64) {
            let authorship = Authorship { staff: StaffId::from_bytes(staff), command, base_seq: Seq(seq) };
            prop_assert!(authorship.to_string().len() <= Authorship::MAX_BYTES);
            prop_assert_eq!(authorship.to_string().parse(), Ok(authorship));
        }
    }

    #[test]
    fn an_authorship_has_one_spelling_only() {
        let good = Authorship {
            staff: StaffId::RELAY,
            command: "confirm".into(),
            base_seq: Seq(7),
        }
        .to_string();
        assert!(good.parse::<Authorship>().is_ok());
        for bad in [
            String::new(),
            format!("{good} "),
            good.replace(" 7", " 07"),
            good.replace(" 7", " +7"),
            good.replace("confirm", "Confirm"),
            good.replacen('1', "2", 1),
        ] {
            assert_eq!(bad.parse::<Authorship>(), Err(NotAnAuthorship), "{bad:?}");
        }
    }
}
