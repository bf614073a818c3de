//! A closer look at a candidate, which ranks it.

use super::SearchQuery;
use super::readings::{Unit, units};
use super::southern::southern_spellings;
use crate::code::coded_enum;

coded_enum! {
    /// How well a name matches, the best first.
    pub enum NameMatch {
        /// The whole name was typed, in characters, pinyin or initials.
        Whole = "whole",
        /// The name begins with it.
        Start = "start",
        /// It stands within the name, as a given name does.
        Inside = "inside",
        /// Only as a southern accent would spell it.
        Southern = "southern",
    }
}

/// How a name matches the name in a query; `None` if it does not, or the query names none.
///
/// Characters match themselves, letters a reading in full, its beginning if they end there, or
/// its initial; so 张伟 is found by `zhangwei`, `zhangw`, `zw`, `zwei`, `zhw`, `张w` and `wei`.
pub fn match_name(name: &str, query: &SearchQuery) -> Option<NameMatch> {
    let pattern: Vec<char> = query.name.chars().take(LONGEST).collect();
    if pattern.is_empty() {
        return None;
    }
    let units = units(name);
    let from_the_start = reach(&units, &pattern, Start::First, Accent::Standard);
    let within = || reach(&units, &pattern, Start::Any, Accent::Standard);
    let southern = || reach(&units, &pattern, Start::Any, Accent::Southern);
    match from_the_start {
        Some(Reach::Whole) => Some(NameMatch::Whole),
        Some(Reach::Part) => Some(NameMatch::Start),
        None if within().is_some() => Some(NameMatch::Inside),
        None => southern().map(|_| NameMatch::Southern),
    }
}

/// How many typed characters are looked at: a set of their places fits an integer's bits.
const LONGEST: usize = 63;

/// At which units a match may begin.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Start {
    First,
    Any,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Accent {
    Standard,
    Southern,
}

/// How far a pattern that matches goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reach {
    Whole,
    Part,
}

/// Matches a pattern, keeping the set of all its places that the units so far may have used up,
/// so that the work is bounded by units × places × spellings.
fn reach(units: &[Unit], pattern: &[char], start: Start, accent: Accent) -> Option<Reach> {
    let mut places = Places::BEGINNING;
    let mut reached = None;
    for (index, unit) in units.iter().enumerate() {
        let mut next = Places::NONE;
        for at in places.iter(pattern.len()) {
            let rest = pattern.get(at..).unwrap_or_default();
            if consume(unit, accent, rest, |count| next.add(at + count)) {
                reached = Some(Reach::Part);
            }
        }
        if next.has(pattern.len()) {
            if index + 1 == units.len() {
                return Some(Reach::Whole);
            }
            reached = Some(Reach::Part);
        }
        if start == Start::Any {
            next.add(0);
        } else if next.is_empty() {
            break;
        }
        places = next;
    }
    reached
}

/// Reports every number of typed characters that a unit may use up, and answers whether the rest
/// ends within one of its spellings.
fn consume(unit: &Unit, accent: Accent, rest: &[char], mut used: impl FnMut(usize)) -> bool {
    let mut ends_within = false;
    let mut consume_spelling = |spelling: &str| {
        let same = |(a, b): &(char, &char)| a == *b;
        let common = spelling.chars().zip(rest).take_while(same).count();
        if common == 0 {
            return;
        }
        used(1);
        if common >= 2 && matches!(spelling.as_bytes(), [b'z' | b'c' | b's', b'h', ..]) {
            used(2);
        }
        if common == spelling.chars().count() {
            used(common);
        } else if common == rest.len() {
            ends_within = true;
        }
    };
    for spelling in unit.spellings().as_slice() {
        match (accent, unit) {
            (Accent::Southern, Unit::Character { .. }) => southern_spellings(spelling)
                .iter()
                .for_each(|spelling| consume_spelling(spelling)),
            _ => consume_spelling(spelling),
        }
    }
    if let Unit::Character { character, .. } = unit
        && rest.first() == Some(character)
    {
        used(1);
    }
    ends_within
}

/// A set of places in a pattern.
#[derive(Clone, Copy)]
struct Places(u64);

impl Places {
    const NONE: Self = Self(0);
    const BEGINNING: Self = Self(1);

    const fn add(&mut self, place: usize) {
        self.0 |= 1 << place;
    }

    const fn is_empty(self) -> bool {
        self.0 == 0
    }

    const fn has(self, place: usize) -> bool {
        self.0 & (1 << place) != 0
    }

    fn iter(self, end: usize) -> impl Iterator<Item = usize> {
        (0..end).filter(move |place| self.has(*place))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pinyin::NameIndex;
    use proptest::prelude::*;

    fn matched(name: &str, typed: &str) -> Option<NameMatch> {
        match_name(name, &SearchQuery::parse(typed))
    }

    #[test]
    fn a_name_is_matched_by_characters_pinyin_initials_and_mixtures() {
        use NameMatch::*;
        for (name, typed, expected) in [
            ("张伟", "张伟", Some(Whole)),
            ("张伟", "zhangwei", Some(Whole)),
            ("张伟", "ZW", Some(Whole)),
            ("张伟", "zhw", Some(Whole)),
            ("张伟", "zwei", Some(Whole)),
            ("张伟", "张w", Some(Whole)),
            ("张伟", "z伟", Some(Whole)),
            ("张伟", "zhang wei", Some(Whole)),
            ("张伟", "zhangwe", Some(Start)),
            ("张伟", "z", Some(Start)),
            ("张伟", "zh", Some(Start)),
            ("张伟", "zhan", Some(Start)),
            ("张伟", "张", Some(Start)),
            ("张伟", "wei", Some(Inside)),
            ("张伟", "伟", Some(Inside)),
            ("张伟", "w", Some(Inside)),
            ("张伟", "zanwei", Some(Southern)),
            ("张伟", "zangwei", Some(Southern)),
            ("李娜", "nina", Some(Southern)),
            ("陈晨", "chengceng", Some(Southern)),
            ("吕布", "lvbu", Some(Whole)),
            ("吕布", "lübu", Some(Whole)),
            ("吕布", "lubu", Some(Southern)),
            ("吕布", "lyubu", Some(Southern)),
            ("单雄", "shanxiong", Some(Whole)),
            ("单雄", "danxiong", Some(Whole)),
            ("新刚", "xingang", Some(Whole)),
            ("张伟", "wz", None),
            ("张伟", "zhangweii", None),
            ("张伟", "李", None),
            ("Alice 王", "alicew", Some(Whole)),
            ("Alice 王", "ali", Some(Start)),
            ("城东4S店", "4s", Some(Inside)),
            ("张伟", "8888", None),
            ("", "z", None),
        ] {
            assert_eq!(matched(name, typed), expected, "{name} by {typed}");
        }
    }

    #[test]
    fn better_matches_come_first() {
        assert!(NameMatch::ALL.is_sorted());
        assert!(NameMatch::Whole < NameMatch::Southern);
    }

    proptest! {
        #[test]
        fn every_form_in_the_index_matches_the_whole_name(name in "[一-龥]{1,6}") {
            let index = NameIndex::of(&name);
            for form in index.full.iter().chain(&index.initials) {
                let query = SearchQuery { name: form.clone(), ..SearchQuery::default() };
                prop_assert_eq!(match_name(&name, &query), Some(NameMatch::Whole), "{}", form);
            }
        }

        #[test]
        fn no_name_and_no_query_make_it_panic(name in "\\PC{0,60}", typed in "\\PC{0,60}") {
            let _ranked_or_not = matched(&name, &typed).is_some();
        }
    }
}
