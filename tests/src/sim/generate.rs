//! Draws plans: each seed has faults of its own choice.

use crate::chaos::Dice;
use crate::commands::CHOICES;
use crate::connection::Spoiling;

use super::plan::{Event, Node, Plan, Role, What};

/// Who has a device in the first group at the opening, in the order in which they play it.
const FIRST: [&str; 9] = [
    "李娜",
    "赵敏",
    "陈刚",
    "周勇",
    "何建国",
    "马超",
    "王强",
    "孙莉",
    "钱进",
];

/// Who of them has one in every plan: somebody who sells, and somebody who may do everything.
const ALWAYS: [&str; 2] = ["李娜", "何建国"];

/// Who has one in the second group; the last not in every plan.
const SECOND: [&str; 2] = ["周勇", "李娜"];

/// When the opening is over and the chaos begins, in milliseconds.
pub(super) const CHAOS: u64 = 60_000;

/// A kind of event, of which a seed has many or none.
type Draw = fn(&mut Drawing<'_>) -> What;

/// Faults, each with how often it comes where a seed has it.
const FAULTS: [(usize, Draw); 22] = [
    (5, |draw| What::Leave {
        member: draw.member(),
    }),
    (5, |draw| What::Return {
        member: draw.member(),
    }),
    (3, |draw| What::Cut {
        member: draw.member(),
    }),
    (2, |draw| What::Isolate {
        member: draw.member(),
        millis: draw.below(200_000),
    }),
    (2, |draw| What::Slow {
        member: draw.member(),
        millis: draw.below(3_000),
    }),
    (4, |draw| draw.spoil()),
    (1, |draw| What::Misdial {
        member: draw.member(),
    }),
    (2, |draw| What::Kill { node: draw.node() }),
    (4, |draw| What::Crash {
        node: draw.node(),
        operations: draw.below(60),
    }),
    (1, |draw| What::Fill {
        node: draw.node(),
        millis: draw.below(30_000),
    }),
    (1, |draw| What::Fault {
        node: draw.node(),
        operations: draw.below(40),
    }),
    (1, |draw| What::WrongClock {
        member: draw.member(),
        ahead: draw.below(7_200_000) as i64 - 3_600_000,
    }),
    (1, |draw| What::Purge {
        group: 0,
        choice: draw.number(),
    }),
    (1, |draw| What::Copy {
        member: draw.member(),
    }),
    (2, |draw| What::TidyUp { node: draw.node() }),
    (4, |draw| What::Reassign {
        member: draw.member(),
        choices: draw.choices(4),
    }),
    (3, |draw| What::Talk {
        member: draw.member(),
        choices: draw.choices(4),
    }),
    (4, |draw| What::CutAfter {
        member: draw.member(),
        messages: 1 + draw.below(2),
    }),
    (1, |draw| What::Replace {
        member: draw.member(),
    }),
    (2, |draw| What::Forge {
        member: draw.member(),
        choices: draw.choices(4),
    }),
    (3, |draw| What::BackUp {
        group: draw.group(),
    }),
    (2, |draw| What::Restore {
        group: draw.group(),
    }),
];

struct Drawing<'d> {
    dice: &'d mut Dice,
    members: usize,
}

/// Everybody who has a device at the opening.
pub(super) fn everybody() -> Vec<Role> {
    let first = FIRST.iter().map(|name| (0, name));
    let second = SECOND.iter().map(|name| (1, name));
    let role = |(group, name): (usize, &&str)| Role {
        group,
        name: (*name).to_owned(),
    };
    first.chain(second).map(role).collect()
}

impl Plan {
    /// The plan of a seed.
    pub fn of_seed(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let mut has_device = |role: &Role| match role.group {
            0 => ALWAYS.contains(&role.name.as_str()) || dice.once_in(2),
            _ => role.name == SECOND[0] || dice.once_in(3),
        };
        let mut members = everybody();
        members.retain(|role| has_device(role));
        let mut draw = Drawing {
            members: members.len(),
            dice: &mut dice,
        };
        let mut kinds: Vec<Draw> = Vec::new();
        for (often, kind) in FAULTS {
            if !draw.dice.once_in(3) {
                kinds.extend(std::iter::repeat_n(kind, often));
            }
        }
        let longest = [2_000, 10_000, 60_000][draw.dice.below(3)];
        let mut at = CHAOS;
        let events = (0..40 + draw.below(60))
            .map(|_| {
                at += draw.below(longest);
                let what = draw.event(&kinds);
                Event { at, what }
            })
            .collect();
        // Drawn last: what is drawn before does not depend on how many versions there are.
        let old = (0..members.len()).filter(|_| dice.once_in(3)).collect();
        Self {
            seed,
            members,
            old,
            events,
        }
    }
}

impl Drawing<'_> {
    fn below(&mut self, bound: u64) -> u64 {
        self.dice.below(bound as usize) as u64
    }

    fn number(&mut self) -> u16 {
        u16::from_be_bytes(self.dice.bytes())
    }

    fn member(&mut self) -> usize {
        self.dice.below(self.members)
    }

    /// The second group is small: less happens there.
    fn group(&mut self) -> usize {
        usize::from(self.dice.once_in(5))
    }

    fn node(&mut self) -> Node {
        if self.dice.once_in(3) {
            Node::Relay(self.group())
        } else {
            Node::Device(self.member())
        }
    }

    fn choices(&mut self, count: usize) -> Vec<u16> {
        (0..count).map(|_| self.number()).collect()
    }

    fn spoil(&mut self) -> What {
        let spoilings = [
            Spoiling::Dropped,
            Spoiling::Doubled,
            Spoiling::Overtaken,
            Spoiling::CutShort,
        ];
        What::Spoil {
            member: self.member(),
            up: self.dice.once_in(2),
            spoiling: spoilings[self.dice.below(spoilings.len())],
        }
    }

    fn event(&mut self, faults: &[Draw]) -> What {
        let member = self.member();
        match self.dice.below(12) {
            0..=6 => What::Command {
                member,
                choices: self.choices(CHOICES),
            },
            7 => What::Decide {
                member,
                choices: self.choices(4),
            },
            _ if faults.is_empty() => What::Cut { member },
            _ => faults[self.dice.below(faults.len())](self),
        }
    }
}
