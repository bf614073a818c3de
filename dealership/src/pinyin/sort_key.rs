//! The order of pinyin, in which lists of names stand.

use super::readings::{Unit, in_ascii, units, without_tone};

/// The tone digit of a reading without one, after the four tones.
const NEUTRAL: &str = "5";

/// A text whose order by bytes is the order of names by pinyin: by syllable, then tone, then
/// character, one character after the other; names in letters stand among them.
///
/// A tone digit sorts before any letter, so it also ends its syllable: `li3李…` stands before
/// `lian2莲…`. The surname is read as one.
pub fn sort_key(name: &str) -> String {
    let units = units(name);
    let mut key = String::with_capacity(units.len() * 10);
    for unit in units {
        match unit {
            Unit::Character {
                character,
                readings,
                toned,
            } => {
                let plain = in_ascii(without_tone(toned)).or(readings.as_slice().first().copied());
                let tone = toned.trim_start_matches(|c: char| !c.is_ascii_digit());
                key.push_str(plain.unwrap_or_default());
                key.push_str(if tone.is_empty() { NEUTRAL } else { tone });
                key.push(character);
            }
            Unit::Word(word) => {
                key.push_str(&word);
                key.push(' ');
            }
        }
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_in_the_order_of_pinyin() {
        let expected = [
            "4S店",
            "阿里木江",
            "Alice",
            "安然",
            "白雪",
            "陈晨",
            "程一",
            "李娜",
            "李娜娜",
            "李强",
            "力明",
            "连杰",
            "鲁平",
            "吕布",
            "马超",
            "任伟",
            "单雄",
            "尹力",
            "尉迟恭",
            "曾力",
            "翟明",
            "张",
            "张伟",
            "章伟",
            "Zoe",
        ];
        let mut names = expected;
        names.reverse();
        names.sort_by_key(|name| sort_key(name));

        assert_eq!(names, expected);
    }

    #[test]
    fn one_surname_stands_together_and_its_short_name_first() {
        let mut names = ["黎明", "李强", "黎刚", "李", "李明"];
        names.sort_by_key(|name| sort_key(name));

        assert_eq!(names, ["黎刚", "黎明", "李", "李明", "李强"]);
    }

    #[test]
    fn the_key_shows_syllable_tone_and_character() {
        assert_eq!(sort_key("吕伟"), "lv3吕wei3伟");
        assert_eq!(sort_key("单伟"), "shan4单wei3伟");
        assert_eq!(sort_key("Zoe"), "zoe ");
        assert_eq!(sort_key(""), "");
    }
}
