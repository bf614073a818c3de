//! What a connection is dealt.

use std::time::Duration;

use crate::chaos::Dice;
use crate::processes::Towards;

/// What a storm is like.
#[derive(Clone, Copy, Debug)]
pub struct Climate {
    /// How long a connection in which nothing moves any more is held, at most.
    pub patience: Duration,
    /// Whether the ends speak TLS, so that a changed byte is noticed. Without it nobody could: the
    /// protocol has no checksums of its own, for it is spoken in the clear on one machine only.
    pub is_sealed: bool,
}

/// What becomes of a connection.
#[derive(Clone, Debug, Default)]
pub struct Conditions {
    /// How fast bytes go.
    pub pace: Pace,
    /// What happens to it, if anything.
    pub mishap: Option<Mishap>,
    /// Whether an earlier stream of a device is sent again beside it.
    pub is_replayed: bool,
    /// What its ways draw from.
    pub seed: u64,
}

/// How fast bytes go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pace {
    /// As fast as they come.
    #[default]
    Quick,
    /// Each piece waits.
    Late {
        /// How long at least, in milliseconds.
        delay: usize,
        /// How much longer at most, in milliseconds.
        jitter: usize,
    },
    /// So many in a second.
    Narrow {
        /// How many.
        bytes_per_second: usize,
    },
    /// One byte at a time.
    Sliced,
}

/// Something that happens to a connection.
#[derive(Clone, Copy, Debug)]
pub struct Mishap {
    /// What.
    pub kind: MishapKind,
    /// To the bytes of which direction.
    pub towards: Towards,
    /// After how many of them.
    pub after: usize,
    /// How long nothing moves, where that is what happens.
    pub patience: Duration,
}

/// What happens to a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MishapKind {
    /// It is closed both ways.
    Cut,
    /// It is reset both ways.
    Reset,
    /// The receiver sees its end, and can go on sending.
    HalfClosed,
    /// Nothing more is taken from the sender: its buffers fill.
    Deaf,
    /// Everything is taken from the sender, and nothing arrives.
    Swallowed,
    /// A bit of the next byte changes.
    Corrupted,
}

impl Conditions {
    /// Draws what a connection is dealt.
    pub fn draw(dice: &mut Dice, climate: Climate) -> Self {
        let pace = match dice.below(6) {
            0 => Pace::Late {
                delay: dice.below(60),
                jitter: dice.below(80),
            },
            1 => Pace::Narrow {
                bytes_per_second: 4_000 + dice.below(60_000),
            },
            2 => Pace::Sliced,
            _ => Pace::Quick,
        };
        let mishap = (!dice.once_in(3)).then(|| Mishap::draw(dice, climate));
        Self {
            pace,
            mishap,
            is_replayed: dice.once_in(4),
            seed: u64::from_be_bytes(dice.bytes()),
        }
    }

    /// Whether nothing is wrong with it.
    pub fn is_fair(&self) -> bool {
        self.pace == Pace::Quick && self.mishap.is_none()
    }
}

impl Mishap {
    fn draw(dice: &mut Dice, climate: Climate) -> Self {
        let kinds = [
            MishapKind::Cut,
            MishapKind::Reset,
            MishapKind::HalfClosed,
            MishapKind::Deaf,
            MishapKind::Swallowed,
            MishapKind::Corrupted,
        ];
        let kinds = &kinds[..kinds.len() - usize::from(!climate.is_sealed)];
        let most = [300, 1_500, 6_000, 40_000][dice.below(4)];
        let millis = usize::try_from(climate.patience.as_millis()).unwrap_or(usize::MAX);
        Self {
            kind: kinds[dice.below(kinds.len())],
            towards: [Towards::Relay, Towards::Device][dice.below(2)],
            after: dice.below(most),
            patience: Duration::from_millis(dice.below(millis) as u64),
        }
    }
}

impl MishapKind {
    /// Its name in counts.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cut => "cut",
            Self::Reset => "reset",
            Self::HalfClosed => "half closed",
            Self::Deaf => "deaf",
            Self::Swallowed => "swallowed",
            Self::Corrupted => "corrupted",
        }
    }
}

impl Pace {
    /// Its name in counts.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Quick => "quick",
            Self::Late { .. } => "late",
            Self::Narrow { .. } => "narrow",
            Self::Sliced => "sliced",
        }
    }
}
