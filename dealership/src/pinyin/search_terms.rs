//! Running text as terms of a full-text index.
//!
//! SQLite's trigram tokenizer finds nothing for two Chinese characters, and most words have two.
//! So Chinese is indexed by single characters and pairs; the caller stores the terms, parted by
//! spaces, in a contentless FTS5 table (tokenizer `unicode61`) and looks at the hits again.

use super::readings::fold;

/// The terms under which a text is found, parted by spaces: each Chinese character, each pair of
/// neighbours, each word of letters and digits, and its runs of letters and of digits.
///
/// There are at most about twice as many terms as characters.
pub fn search_terms(text: &str) -> String {
    let folded: String = fold(text).collect();
    let mut terms = String::with_capacity(folded.len() * 3);
    for run in runs(&folded) {
        match run {
            Run::Chinese(run) => {
                for term in pairs(run).chain(characters(run)) {
                    push_term(&mut terms, term);
                }
            }
            Run::Word(word) => {
                push_term(&mut terms, word);
                let parts = split_where(word, |a, b| a.is_ascii_digit() != b.is_ascii_digit());
                for part in parts.filter(|part| *part != word) {
                    push_term(&mut terms, part);
                }
            }
        }
    }
    terms
}

/// The terms that a text must have under [`search_terms`] to contain what was typed: pairs of
/// Chinese characters, or the character if it is alone, and words, which may be the beginning of
/// a longer one.
pub fn query_terms(typed: &str) -> Vec<String> {
    let folded: String = fold(typed).collect();
    let mut terms = Vec::new();
    for run in runs(&folded) {
        match run {
            Run::Chinese(run) if pairs(run).next().is_none() => terms.push(run.to_owned()),
            Run::Chinese(run) => terms.extend(pairs(run).map(str::to_owned)),
            Run::Word(word) => terms.push(word.to_owned()),
        }
    }
    terms
}

enum Run<'t> {
    Chinese(&'t str),
    Word(&'t str),
}

fn runs(folded: &str) -> impl Iterator<Item = Run<'_>> {
    split_where(folded, |a, b| class(a) != class(b)).filter_map(|run| {
        match run.chars().next().and_then(class) {
            Some(Class::Chinese) => Some(Run::Chinese(run)),
            Some(Class::Word) => Some(Run::Word(run)),
            None => None,
        }
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Chinese,
    Word,
}

fn class(character: char) -> Option<Class> {
    match character {
        '\u{3007}'
        | '\u{3400}'..='\u{4DBF}'
        | '\u{4E00}'..='\u{9FFF}'
        | '\u{F900}'..='\u{FAFF}'
        | '\u{20000}'..='\u{3FFFF}' => Some(Class::Chinese),
        other => other.is_alphanumeric().then_some(Class::Word),
    }
}

/// Splits a text between every two neighbours that belong apart.
fn split_where(
    text: &str,
    belong_apart: impl Fn(char, char) -> bool,
) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let mut before = rest.chars().next()?;
        let end = rest
            .char_indices()
            .skip(1)
            .find(|(_, character)| {
                let is_apart = belong_apart(before, *character);
                before = *character;
                is_apart
            })
            .map_or(rest.len(), |(at, _)| at);
        let (part, after) = rest.split_at_checked(end)?;
        rest = after;
        Some(part)
    })
}

fn characters(run: &str) -> impl Iterator<Item = &str> {
    split_where(run, |_, _| true)
}

fn pairs(run: &str) -> impl Iterator<Item = &str> {
    let ends = run
        .char_indices()
        .skip(1)
        .map(|(at, character)| at + character.len_utf8());
    run.char_indices()
        .zip(ends)
        .filter_map(|((from, _), to)| run.get(from..to))
}

fn push_term(terms: &mut String, term: &str) {
    if !terms.is_empty() {
        terms.push(' ');
    }
    terms.push_str(term);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    #[test]
    fn chinese_is_indexed_by_characters_and_pairs() {
        assert_eq!(search_terms("看续航"), "看续 续航 看 续 航");
        assert_eq!(search_terms("车"), "车");
        assert_eq!(search_terms(""), "");
    }

    #[test]
    fn words_are_indexed_whole_and_by_letters_and_digits() {
        assert_eq!(
            search_terms("对比 GLC300, ok！"),
            "对比 对 比 glc300 glc 300 ok"
        );
        assert_eq!(search_terms("Ｘ５"), "x5 x 5");
    }

    #[test]
    fn a_query_asks_for_pairs_and_words() {
        assert_eq!(query_terms("续航 GLC"), ["续航", "glc"]);
        assert_eq!(query_terms("看续航"), ["看续", "续航"]);
        assert_eq!(query_terms("车"), ["车"]);
        assert_eq!(query_terms("宝马x5"), ["宝马", "x5"]);
        assert!(query_terms(" ，！").is_empty());
    }

    proptest! {
        #[test]
        fn what_stands_in_a_text_is_found(text in "[一-丂宝马续航a-c0-2 ，]{0,30}", from in 0_usize..30, length in 1_usize..8) {
            let terms = search_terms(&text);
            let terms: BTreeSet<&str> = terms.split(' ').collect();
            let part: String = text.chars().skip(from).take(length).take_while(|c| !c.is_ascii()).collect();
            for term in query_terms(&part) {
                prop_assert!(terms.contains(term.as_str()), "{} in {}", term, text);
            }
        }

        #[test]
        fn terms_are_bounded(text in "\\PC{0,100}") {
            let count = search_terms(&text).split(' ').count();
            prop_assert!(count <= 3 * text.chars().count() + 1);
        }
    }
}
