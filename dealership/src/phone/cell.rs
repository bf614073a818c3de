//! Several phones in one cell of a spreadsheet.

use super::{PhoneError, TypedPhone};
use crate::half_width::half_width;

/// How many words one phone may be typed in: `+86 138 0000 0000` is four.
const MOST_WORDS: usize = 6;

/// A part of a cell that is no phone.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no phone: {reason}")]
pub struct UnreadablePhone {
    /// The part, as typed.
    pub text: String,
    /// Why.
    #[source]
    pub reason: PhoneError,
}

/// Reads every phone of a cell, in order, split at `/ 、 , ; |` and line ends, and at spaces where
/// they do not group the digits of one phone. An empty cell has none.
pub fn phones_in(cell: &str) -> Vec<Result<TypedPhone, UnreadablePhone>> {
    let mut found = Vec::new();
    for part in cell.split(is_separator) {
        let words: Vec<&str> = part.split_whitespace().collect();
        read_words(&words, &mut found);
    }
    found
}

fn is_separator(character: char) -> bool {
    matches!(
        half_width(character),
        '/' | '、' | ',' | ';' | '|' | '\n' | '\r' | '\t'
    )
}

/// Reads the longest run of words that is a phone, again and again; what no phone begins with is
/// unreadable up to where the next phone begins.
fn read_words(words: &[&str], found: &mut Vec<Result<TypedPhone, UnreadablePhone>>) {
    let mut at = 0;
    let mut unread_from = 0;
    while let Some(rest @ [_, ..]) = words.get(at..) {
        if let Some((phone, count)) = first_phone(rest) {
            found.extend(words.get(unread_from..at).and_then(read_run));
            found.push(Ok(phone));
            at += count;
            unread_from = at;
        } else {
            at += 1;
        }
    }
    found.extend(words.get(unread_from..).and_then(read_run));
}

/// The longest run of words at the beginning that is a phone, with its length.
fn first_phone(words: &[&str]) -> Option<(TypedPhone, usize)> {
    (1..=words.len().min(MOST_WORDS)).rev().find_map(|count| {
        let phone = words.get(..count)?.join(" ").parse().ok()?;
        Some((phone, count))
    })
}

/// Reads a run of words as one phone, if there are any: a run of more words than a phone is
/// typed in may still be one.
fn read_run(words: &[&str]) -> Option<Result<TypedPhone, UnreadablePhone>> {
    if words.is_empty() {
        return None;
    }
    let text = words.join(" ");
    Some(
        text.parse()
            .map_err(|reason| UnreadablePhone { text, reason }),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(cell: &str) -> Vec<String> {
        phones_in(cell)
            .into_iter()
            .map(|phone| match phone {
                Ok(phone) => phone.number.to_string(),
                Err(unreadable) => format!("{unreadable}"),
            })
            .collect()
    }

    #[test]
    fn two_phones_in_a_cell_are_two() {
        for cell in [
            "13800000000/010-12345678",
            "13800000000、010-12345678",
            "13800000000,010-12345678",
            "13800000000；010-12345678",
            "13800000000 010-12345678",
            "138 0000 0000 010 1234 5678",
            "+86 138 0000 0000 / (010) 12345678",
            "13800000000\n010-12345678",
            "13800000000　，　０１０－１２３４５６７８",
        ] {
            assert_eq!(read(cell), ["+8613800000000", "+861012345678"], "{cell}");
        }
    }

    #[test]
    fn one_phone_with_spaces_is_one() {
        assert_eq!(read(" +86 138 0000 0000 "), ["+8613800000000"]);
        assert_eq!(read("1 3 8 0 0 0 0 0 0 0 0"), ["+8613800000000"]);
        assert!(read("").is_empty());
        assert!(read(" / ").is_empty());
    }

    #[test]
    fn what_is_no_phone_is_named_with_its_reason() {
        assert_eq!(
            phones_in("张 先生 13800000000 1.38E+10"),
            [
                Err(UnreadablePhone {
                    text: "张 先生".into(),
                    reason: PhoneError::Character {
                        character: '张',
                        position: 1
                    },
                }),
                Ok("13800000000".parse().unwrap()),
                Err(UnreadablePhone {
                    text: "1.38E+10".into(),
                    reason: PhoneError::Rounded
                }),
            ]
        );
    }

    proptest! {
        #[test]
        fn phones_are_found_again_whatever_separates_them(
            digits in prop::collection::vec("1[3-9][0-9]{9}", 0..6),
            separator in prop::sample::select(vec!["/", "、", " ", ";", "，", " / ", "\n"]),
        ) {
            let expected: Vec<_> = digits.iter().map(|digits| format!("+86{digits}")).collect();
            prop_assert_eq!(read(&digits.join(separator)), expected);
        }

        #[test]
        fn no_cell_makes_the_reader_panic(cell in "[0-9 /,张+-]{0,60}") {
            let _count = phones_in(&cell).len();
        }
    }
}
