//! A name as units that have a sound: characters with their readings, and words in letters.

use ::pinyin::{Pinyin, ToPinyin, ToPinyinMulti};

use super::surname::surname_readings;
use crate::half_width::{half_width, is_invisible};

/// How many units of a name are looked at; names of companies may be longer.
pub(super) const MOST_UNITS: usize = 40;

/// A part of a name that is spoken, and typed, as one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    /// A Chinese character.
    Character {
        character: char,
        /// Its readings without tones, in ASCII, the most likely first; a surname's first.
        readings: Spellings<'static>,
        /// The first reading with its tone.
        toned: &'static str,
    },
    /// A run of ASCII letters and digits, in lower case, or a letter of another script.
    Word(String),
}

/// What may be typed for a unit, the most likely first and none twice.
///
/// No character of pinyin-data has more readings than fit; a surname's reading may push out the
/// rarest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Spellings<'u> {
    list: [&'u str; 8],
    count: usize,
}

impl<'u> Spellings<'u> {
    pub(super) fn as_slice(&self) -> &[&'u str] {
        self.list.get(..self.count).unwrap_or_default()
    }

    fn add(&mut self, spelling: &'u str) {
        if !self.as_slice().contains(&spelling)
            && let Some(place) = self.list.get_mut(self.count)
        {
            *place = spelling;
            self.count += 1;
        }
    }
}

impl<'u> FromIterator<&'u str> for Spellings<'u> {
    fn from_iter<I: IntoIterator<Item = &'u str>>(spellings: I) -> Self {
        let mut distinct = Self::default();
        spellings
            .into_iter()
            .for_each(|spelling| distinct.add(spelling));
        distinct
    }
}

impl Unit {
    /// What may be typed for it: the readings of a character, the letters of a word.
    pub(super) fn spellings(&self) -> Spellings<'_> {
        match self {
            Self::Character { readings, .. } => *readings,
            Self::Word(word) => std::iter::once(word.as_str()).collect(),
        }
    }
}

/// The units of a name, up to [`MOST_UNITS`], without spaces and punctuation.
pub(super) fn units(name: &str) -> Vec<Unit> {
    let characters: Vec<char> = fold(name).collect();
    let mut surname = surname_readings(&characters).iter().copied();
    let mut units = Vec::new();
    let mut in_word = false;
    for character in characters {
        let continues = in_word && character.is_ascii_alphanumeric();
        in_word = character.is_ascii_alphanumeric();
        if let Some(Unit::Word(word)) = units.last_mut()
            && continues
        {
            word.push(character);
        } else if units.len() == MOST_UNITS {
            break;
        } else {
            units.extend(unit(character, surname.next()));
        }
    }
    units
}

/// The text of a name or of what is typed to find it: half-width, in lower case, ü as v.
pub(super) fn fold(text: &str) -> impl Iterator<Item = char> {
    text.chars()
        .map(half_width)
        .filter(|character| !is_invisible(*character))
        .flat_map(char::to_lowercase)
        .map(|character| if character == 'ü' { 'v' } else { character })
}

fn unit(character: char, surname_reading: Option<&'static str>) -> Option<Unit> {
    if !character.is_alphanumeric() {
        return None;
    }
    let first = character.to_pinyin().map(Pinyin::with_tone_num_end);
    let Some(toned) = surname_reading.or(first) else {
        return Some(Unit::Word(character.into()));
    };
    let common = character.to_pinyin_multi().into_iter().flatten();
    let surname = surname_reading.map(without_tone).into_iter();
    let readings = surname
        .chain(common.map(Pinyin::plain))
        .filter_map(in_ascii)
        .collect();
    Some(Unit::Character {
        character,
        readings,
        toned,
    })
}

/// A reading with its ü as v; `None` for the few interjections that are no syllables.
pub(super) fn in_ascii(plain: &'static str) -> Option<&'static str> {
    match plain {
        "lü" => Some("lv"),
        "lüe" => Some("lve"),
        "nü" => Some("nv"),
        "nüe" => Some("nve"),
        "" => None,
        other => other.is_ascii().then_some(other),
    }
}

/// A toned reading without the digit at its end.
pub(super) fn without_tone(toned: &'static str) -> &'static str {
    toned.trim_end_matches(|last: char| last.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn readings(name: &str) -> Vec<Vec<&'static str>> {
        units(name)
            .into_iter()
            .map(|unit| match unit {
                Unit::Character { readings, .. } => readings.as_slice().to_vec(),
                Unit::Word(word) => panic!("{word} is no character"),
            })
            .collect()
    }

    #[test]
    fn a_surname_is_first_read_as_one_and_then_as_elsewhere() {
        for (name, expected) in [
            ("单", ["shan", "dan"]),
            ("曾", ["zeng", "ceng"]),
            ("仇", ["qiu", "chou"]),
            ("解", ["xie", "jie"]),
            ("查", ["zha", "cha"]),
            ("区", ["ou", "qu"]),
            ("朴", ["piao", "pu"]),
            ("盖", ["ge", "gai"]),
            ("覃", ["qin", "tan"]),
            ("乐", ["yue", "le"]),
            ("翟", ["zhai", "di"]),
            ("缪", ["miao", "mou"]),
        ] {
            assert_eq!(readings(name)[0][..2], expected, "{name}");
            assert_eq!(
                readings(&format!("王{name}"))[1][0],
                expected[1],
                "{name} in a given name"
            );
        }
        assert_eq!(readings("任")[0][0], "ren");
        assert_eq!(readings("尉迟"), [vec!["yu", "wei", "yun"], vec!["chi"]]);
        assert_eq!(readings("万俟"), [vec!["mo", "wan"], vec!["qi", "si"]]);
    }

    #[test]
    fn an_umlaut_is_written_with_v() {
        assert_eq!(readings("吕"), [vec!["lv"]]);
        assert_eq!(readings("虐"), [vec!["nve"]]);
    }

    #[test]
    fn letters_and_digits_are_words_and_punctuation_is_nothing() {
        let word = |text: &str| Unit::Word(text.into());

        assert_eq!(
            units("Ａlice Wang-4S"),
            [word("alice"), word("wang"), word("4s")]
        );
        assert_eq!(units("カナ"), [word("カ"), word("ナ")]);
        assert!(units(" ·，").is_empty());
        assert_eq!(units(&"张 ".repeat(500)).len(), MOST_UNITS);
    }
}
