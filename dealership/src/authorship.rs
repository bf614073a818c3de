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
            let (version, staff, command, base_seq) =
                (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
            // Canonical: whatever else parses would be a second spelling under another hash.
            let canonical = version == "1"
                && is_canonical_staff(staff)
                && is_canonical_command(command)
                && is_canonical_number(base_seq)
                && parts.next().is_none();
            canonical.then_some(())?;
            Some(Self {
                staff: staff.parse().ok()?,
                command: command.to_owned(),
                base_seq: Seq(base_seq.parse().ok()?),
            })
        };
        parse().ok_or(NotAnAuthorship)
    }
}

fn is_canonical_staff(text: &str) -> bool {
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    text.len() == 32 && text.bytes().all(is_digit)
}

fn is_canonical_command(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    (1..=Authorship::MAX_COMMAND_BYTES).contains(&text.len()) && text.bytes().all(is_plain)
}

fn is_canonical_number(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'))
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
            good.to_uppercase(),
            good.replace(
                StaffId::RELAY.uuid().simple().to_string().as_str(),
                &StaffId::RELAY.to_string(),
            ),
            good.replace(" 7", " "),
            format!("{good} 7"),
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
