//! The forms under which a name is found by its sound.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::readings::{MOST_UNITS, Spellings, Unit, units};
use super::southern::southern_form;

/// How many forms a person's name may have. Of Chinese names 99 in 100 have up to twelve; the
/// rest loses its least likely readings.
const MOST_FORMS: usize = 24;

/// How many forms a name of more than [`LONGEST_PERSON`] units may have: a company is searched
/// by its usual reading.
const MOST_FORMS_OF_COMPANY: usize = 4;

const LONGEST_PERSON: usize = 6;

/// What the projection stores beside a name, so that SQL finds it by prefix.
///
/// Each list has the most likely form first and no form twice.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NameIndex {
    /// The characters, half-width and in lower case, without spaces and punctuation: `张伟`.
    pub characters: String,
    /// The full pinyin in every reading, without tones: `zhangwei`.
    pub full: Vec<String>,
    /// The first letters in every reading: `zw`.
    pub initials: Vec<String>,
    /// The full forms as [`southern_form`] folds them, for hits of a lower rank.
    pub southern: Vec<String>,
    /// Whether every reading of the whole name is there; otherwise the least likely were left out.
    pub is_complete: bool,
}

impl NameIndex {
    /// Makes the forms of a name.
    pub fn of(name: &str) -> Self {
        let units = units(name);
        let most = if units.len() > LONGEST_PERSON {
            MOST_FORMS_OF_COMPANY
        } else {
            MOST_FORMS
        };
        let (full, full_is_complete) = combine(units.iter().map(Unit::spellings), most);
        let (initials, initials_are_complete) = combine(units.iter().map(first_letters), most);
        let mut southern: Vec<String> = Vec::with_capacity(full.len());
        for form in full.iter().map(|full| southern_form(full)) {
            if !southern.contains(&form) {
                southern.push(form);
            }
        }
        let mut characters = String::with_capacity(name.len());
        units
            .iter()
            .for_each(|unit| push_written(&mut characters, unit));
        Self {
            characters,
            full,
            initials,
            southern,
            is_complete: full_is_complete && initials_are_complete && units.len() < MOST_UNITS,
        }
    }
}

fn push_written(characters: &mut String, unit: &Unit) {
    match unit {
        Unit::Character { character, .. } => characters.push(*character),
        Unit::Word(word) => characters.push_str(word),
    }
}

fn first_letters(unit: &Unit) -> Spellings<'_> {
    let spellings = unit.spellings();
    let first = |spelling: &&'_ str| spelling.chars().next().map_or(0, char::len_utf8);
    spellings
        .as_slice()
        .iter()
        .filter_map(|spelling| spelling.get(..first(spelling)))
        .collect()
}

/// Joins one spelling of each unit in the most likely ways, and says whether in all ways.
///
/// A way is the less likely the later its spellings stand in their lists. Cutting the list of
/// beginnings after every unit loses none of the best, since what follows costs all the same.
fn combine<'u>(units: impl Iterator<Item = Spellings<'u>>, most: usize) -> (Vec<String>, bool) {
    let mut ways = vec![(0, String::new())];
    let mut is_complete = true;
    for spellings in units {
        if let [only] = spellings.as_slice() {
            ways.iter_mut().for_each(|(_, way)| way.push_str(only));
            continue;
        }
        let mut longer: Vec<(usize, String)> = Vec::with_capacity(ways.len() * 3);
        for (rank, beginning) in &ways {
            for (place, spelling) in spellings.as_slice().iter().enumerate() {
                longer.push((rank + place, [beginning, *spelling].concat()));
            }
        }
        longer.sort_by_key(|(rank, _)| *rank);
        ways.clear();
        for way in longer {
            if ways.iter().all(|(_, text)| *text != way.1) {
                ways.push(way);
            }
        }
        is_complete &= ways.len() <= most;
        ways.truncate(most);
    }
    let texts = ways
        .into_iter()
        .map(|(_, text)| text)
        .filter(|text| !text.is_empty());
    (texts.collect(), is_complete)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_name_is_found_by_characters_pinyin_and_initials() {
        assert_eq!(
            NameIndex::of("张伟"),
            NameIndex {
                characters: "张伟".into(),
                full: vec!["zhangwei".into()],
                initials: vec!["zw".into()],
                southern: vec!["zalwei".into()],
                is_complete: true,
            }
        );
    }

    #[test]
    fn a_polyphonic_surname_is_found_by_both_readings() {
        for (name, forms) in [
            ("单伟", ["shanwei", "danwei"]),
            ("曾伟", ["zengwei", "cengwei"]),
            ("仇伟", ["qiuwei", "chouwei"]),
            ("解伟", ["xiewei", "jiewei"]),
            ("查伟", ["zhawei", "chawei"]),
            ("区伟", ["ouwei", "quwei"]),
            ("朴伟", ["piaowei", "puwei"]),
            ("盖伟", ["gewei", "gaiwei"]),
            ("尉迟", ["yuchi", "weichi"]),
            ("万俟", ["moqi", "wansi"]),
            ("覃伟", ["qinwei", "tanwei"]),
            ("乐伟", ["yuewei", "lewei"]),
            ("翟伟", ["zhaiwei", "diwei"]),
            ("缪伟", ["miaowei", "mouwei"]),
        ] {
            let index = NameIndex::of(name);
            assert_eq!(index.full[0], forms[0], "{name}");
            assert!(
                index.full.iter().any(|form| form == forms[1]),
                "{name}: {:?}",
                index.full
            );
            assert!(index.is_complete);
        }
        assert_eq!(NameIndex::of("任伟").full[0], "renwei");
    }

    #[test]
    fn names_in_letters_are_found_by_their_words() {
        let index = NameIndex::of("Alice 王");

        assert_eq!(index.characters, "alice王");
        assert_eq!(index.full[0], "alicewang");
        assert_eq!(index.initials[0], "aw");
    }

    #[test]
    fn a_name_of_many_readings_keeps_the_most_likely() {
        let index = NameIndex::of("能行大行朝行");

        assert_eq!(index.full.len(), MOST_FORMS);
        assert_eq!(index.full[0], "naixingdaxingchaoxing");
        assert!(!index.is_complete);
    }

    #[test]
    fn a_company_has_few_forms() {
        let index = NameIndex::of("重庆行大长城汽车销售服务有限公司");

        assert_eq!(index.full.len(), MOST_FORMS_OF_COMPANY);
        assert!(index.full[0].starts_with("zhongqing"));
        assert!(!index.is_complete);
    }

    #[test]
    fn nothing_has_no_forms() {
        assert_eq!(
            NameIndex::of(" "),
            NameIndex {
                is_complete: true,
                ..NameIndex::default()
            }
        );
    }

    proptest! {
        #[test]
        fn the_forms_of_any_name_are_bounded_and_in_ascii_for_characters(name in "[一-龥]{0,60}") {
            let index = NameIndex::of(&name);
            prop_assert!(index.full.len() <= MOST_FORMS && index.initials.len() <= MOST_FORMS);
            prop_assert!(index.southern.len() <= index.full.len());
            for form in index.full.iter().chain(&index.initials) {
                prop_assert!(form.len() <= MOST_UNITS * 6);
                prop_assert!(form.chars().all(|c| c.is_ascii_lowercase() || !c.is_ascii()));
            }
        }

        #[test]
        fn no_name_makes_it_panic(name in "\\PC{0,80}") {
            let index = NameIndex::of(&name);
            prop_assert_eq!(index.full.is_empty(), index.characters.is_empty());
        }
    }
}
