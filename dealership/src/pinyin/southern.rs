//! Pinyin as southern accents blur it: zh for z, sh for s, ch for c, n for l, ng for n.

/// Folds pinyin letters so that spellings which southern speakers take for one another are equal.
///
/// It is a form to compare, not to show. The beginning of a text folds to the beginning of the
/// folded text, so prefixes may be asked for; a candidate is then looked at by
/// [`match_name`](super::match_name), which knows the syllables. ü, typed as v, u or yu, folds too.
pub fn southern_form(letters: &str) -> String {
    let mut folded = String::with_capacity(letters.len());
    let mut before = ' ';
    for letter in letters.chars() {
        match (before, letter) {
            ('z' | 'c' | 's', 'h') | ('n' | 'l', 'y') => {}
            // More than one g after n is xing'gan typed as one word: `before` stays n.
            ('n', 'g') => continue,
            (_, 'n') => folded.push('l'),
            (_, 'v') => folded.push('u'),
            (_, other) => folded.push(other),
        }
        before = letter;
    }
    folded
}

/// The other spellings of one syllable that southern speakers may type, itself first.
pub(super) fn southern_spellings(syllable: &str) -> Vec<String> {
    let mut spellings = vec![syllable.to_owned()];
    for (one, other) in [("zh", "z"), ("ch", "c"), ("sh", "s"), ("n", "l")] {
        let rest = match (syllable.strip_prefix(one), syllable.strip_prefix(other)) {
            (Some(rest), _) => [other, rest],
            (None, Some(rest)) => [one, rest],
            (None, None) => continue,
        };
        spellings.push(rest.concat());
    }
    for index in 0..spellings.len() {
        let Some(spelling) = spellings.get(index) else {
            continue;
        };
        let blurred = match (spelling.strip_suffix("ng"), spelling.strip_suffix('n')) {
            (Some(stem), _) => format!("{stem}n"),
            (None, Some(stem)) if !stem.is_empty() => format!("{stem}ng"),
            _ if spelling.contains('v') => {
                let with_yu = spelling.replace('v', "yu");
                let with_u = spelling.replace('v', "u");
                spellings.push(with_yu);
                with_u
            }
            _ => continue,
        };
        spellings.push(blurred);
    }
    spellings
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn blurred_spellings_fold_to_one_form() {
        for (one, other) in [
            ("zhang", "zan"),
            ("shi", "si"),
            ("chen", "cen"),
            ("ceng", "chen"),
            ("nan", "lang"),
            ("liuna", "niula"),
            ("xingang", "xinggan"),
            ("lv", "lu"),
            ("nv", "lyu"),
        ] {
            assert_eq!(southern_form(one), southern_form(other), "{one} {other}");
        }
        assert_ne!(southern_form("zhang"), southern_form("chang"));
        assert_ne!(southern_form("wei"), southern_form("wai"));
    }

    #[test]
    fn a_syllable_has_the_spellings_of_its_initial_and_its_final() {
        let mut spellings = southern_spellings("zhang");
        spellings.sort();
        assert_eq!(spellings, ["zan", "zang", "zhan", "zhang"]);
        assert_eq!(southern_spellings("wei"), ["wei"]);
        assert_eq!(southern_spellings("n"), ["n", "l"]);
        for syllable in ["zan", "sheng", "lin", "nv", "lve", "nang"] {
            for spelling in southern_spellings(syllable) {
                assert_eq!(
                    southern_form(&spelling),
                    southern_form(syllable),
                    "{spelling}"
                );
            }
        }
    }

    proptest! {
        #[test]
        fn a_beginning_folds_to_a_beginning(letters in "[a-z]{0,20}", length in 0_usize..20) {
            let beginning: String = letters.chars().take(length).collect();
            prop_assert!(southern_form(&letters).starts_with(&southern_form(&beginning)));
        }
    }
}
