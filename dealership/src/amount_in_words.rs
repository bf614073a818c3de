//! Amounts in Chinese capital numerals, as contracts and receipts carry them beside the figures.

use crate::fen::Fen;

/// Writes an amount in capital numerals: `壹拾伍万玖仟捌佰元整`; 负 stands before a negative one.
///
/// Source: the People's Bank of China's rules for filling in bills and settlement vouchers
/// (《正确填写票据和结算凭证的基本规定》, annex to 银发〔1997〕393号). 整 closes an amount that ends with
/// yuan and none that ends with jiao or fen. Where the rules leave 零 to the writer, between a
/// part that ends with zero and a next part that does not begin with one, none is written.
pub fn amount_in_words(amount: Fen) -> String {
    let magnitude = amount.get().unsigned_abs();
    let (yuan, jiao, fen) = (magnitude / 100, magnitude / 10 % 10, magnitude % 10);
    let mut words = String::with_capacity(64);
    if amount.is_negative() {
        words.push('负');
    }
    if yuan > 0 || magnitude == 0 {
        push_yuan(&mut words, yuan);
        words.push('元');
    }
    if jiao > 0 {
        push_digit(&mut words, jiao);
        words.push('角');
    }
    if fen > 0 {
        if jiao == 0 && yuan > 0 {
            words.push('零');
        }
        push_digit(&mut words, fen);
        words.push('分');
    }
    if jiao == 0 && fen == 0 {
        words.push('整');
    }
    words
}

/// The sections of four digits and the unit after each, from 亿亿 down.
const SECTIONS: [(u64, Option<char>); 5] = [
    (10_000_000_000_000_000, Some('亿')),
    (1_000_000_000_000, Some('万')),
    (100_000_000, Some('亿')),
    (10_000, Some('万')),
    (1, None),
];

/// The digits of a section and the unit after each.
const PLACES: [(u64, Option<char>); 4] = [
    (1_000, Some('仟')),
    (100, Some('佰')),
    (10, Some('拾')),
    (1, None),
];

/// Writes whole yuan, section by section.
fn push_yuan(words: &mut String, yuan: u64) {
    if yuan == 0 {
        words.push('零');
        return;
    }
    let mut begun = false;
    let mut skipped = false;
    for (power, unit) in SECTIONS {
        let section = yuan / power % 10_000;
        if section == 0 {
            skipped = true;
        } else {
            if begun && (skipped || section < 1_000) {
                words.push('零');
            }
            push_section(words, section);
            (begun, skipped) = (true, false);
        }
        // 亿 counts the 万 before it as well, so it stands even where its own section is empty.
        if section > 0 || (unit == Some('亿') && begun) {
            words.extend(unit);
        }
    }
}

/// Writes 1 to 9999, without the zeros before the first and after the last digit.
fn push_section(words: &mut String, section: u64) {
    let mut begun = false;
    let mut skipped = false;
    for (power, unit) in PLACES {
        let digit = section / power % 10;
        if digit == 0 {
            skipped = begun;
            continue;
        }
        if skipped {
            words.push('零');
        }
        push_digit(words, digit);
        words.extend(unit);
        (begun, skipped) = (true, false);
    }
}

fn push_digit(words: &mut String, digit: u64) {
    words.push(match digit {
        1 => '壹',
        2 => '贰',
        3 => '叁',
        4 => '肆',
        5 => '伍',
        6 => '陆',
        7 => '柒',
        8 => '捌',
        9 => '玖',
        _ => '零',
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn assert_words(cases: &[(&str, &str)]) {
        for (amount, words) in cases {
            assert_eq!(&amount_in_words(amount.parse().unwrap()), words, "{amount}");
        }
    }

    #[test]
    fn amounts_of_the_trade_read_as_on_its_papers() {
        assert_words(&[
            ("0", "零元整"),
            ("0.01", "壹分"),
            ("0.10", "壹角"),
            ("1.00", "壹元整"),
            ("10.00", "壹拾元整"),
            ("123.45", "壹佰贰拾叁元肆角伍分"),
            ("1001.00", "壹仟零壹元整"),
            ("5000.00", "伍仟元整"),
            ("20000.01", "贰万元零壹分"),
            ("100005.06", "壹拾万零伍元零陆分"),
            ("159800.00", "壹拾伍万玖仟捌佰元整"),
            ("160000.00", "壹拾陆万元整"),
            ("173520.79", "壹拾柒万叁仟伍佰贰拾元柒角玖分"),
            ("1000000.30", "壹佰万元叁角"),
            ("10000000.00", "壹仟万元整"),
        ]);
    }

    #[test]
    fn the_central_banks_own_examples_read_as_in_its_rules() {
        assert_words(&[
            ("1409.50", "壹仟肆佰零玖元伍角"),
            ("6007.14", "陆仟零柒元壹角肆分"),
            ("1680.32", "壹仟陆佰捌拾元叁角贰分"),
            ("107000.53", "壹拾万柒仟元伍角叁分"),
            ("16409.02", "壹万陆仟肆佰零玖元零贰分"),
            ("325.04", "叁佰贰拾伍元零肆分"),
        ]);
    }

    #[test]
    fn sections_of_zeros_leave_one_zero_or_none() {
        assert_words(&[
            ("0.05", "伍分"),
            ("0.12", "壹角贰分"),
            ("10.01", "壹拾元零壹分"),
            ("10010.00", "壹万零壹拾元整"),
            ("1007000.00", "壹佰万柒仟元整"),
            ("10000001.00", "壹仟万零壹元整"),
            ("100000000.00", "壹亿元整"),
            ("100005000.00", "壹亿零伍仟元整"),
            ("100000001.00", "壹亿零壹元整"),
            ("500100000001.00", "伍仟零壹亿零壹元整"),
            ("1000000000000.00", "壹万亿元整"),
            ("1000100000000.00", "壹万零壹亿元整"),
            ("1200000000000.00", "壹万贰仟亿元整"),
            ("1000000010000.00", "壹万亿零壹万元整"),
        ]);
    }

    #[test]
    fn a_negative_amount_says_so() {
        assert_words(&[
            ("-159800.50", "负壹拾伍万玖仟捌佰元伍角"),
            ("-0.01", "负壹分"),
        ]);
        assert_eq!(
            amount_in_words(Fen::new(i64::MIN)),
            "负玖亿贰仟贰佰叁拾叁万柒仟贰佰零叁亿陆仟捌佰伍拾肆万柒仟柒佰伍拾捌元零捌分"
        );
    }

    /// Reads capital numerals back, by another way than they are written.
    fn read(words: &str) -> i128 {
        let (sign, words) = words
            .strip_prefix('负')
            .map_or((1, words), |rest| (-1, rest));
        let (mut fen, mut over_wan, mut section, mut digit) = (0, 0, 0, 0);
        for word in words.chars() {
            match word {
                '零' | '整' => {}
                '拾' => section += std::mem::take(&mut digit) * 10,
                '佰' => section += std::mem::take(&mut digit) * 100,
                '仟' => section += std::mem::take(&mut digit) * 1_000,
                '万' => {
                    section += std::mem::take(&mut digit);
                    over_wan += std::mem::take(&mut section) * 10_000;
                }
                '亿' => {
                    section += std::mem::take(&mut digit) + std::mem::take(&mut over_wan);
                    fen = (fen + std::mem::take(&mut section)) * 100_000_000;
                }
                '元' => {
                    section += std::mem::take(&mut digit) + std::mem::take(&mut over_wan);
                    fen = (fen + std::mem::take(&mut section)) * 100;
                }
                '角' => fen += std::mem::take(&mut digit) * 10,
                '分' => fen += std::mem::take(&mut digit),
                numeral => {
                    digit = "零壹贰叁肆伍陆柒捌玖"
                        .chars()
                        .position(|n| n == numeral)
                        .unwrap() as i128
                }
            }
        }
        sign * fen
    }

    proptest! {
        #[test]
        fn words_read_back_as_the_amount(fen in any::<i64>(), shift in 0_u32..60) {
            let fen = fen >> shift;
            prop_assert_eq!(read(&amount_in_words(Fen::new(fen))), i128::from(fen));
        }

        #[test]
        fn round_amounts_read_back_and_never_stutter(digits in 0_i64..1_000_000, power in 0_u32..13) {
            let fen = digits * 10_i64.pow(power);
            let words = amount_in_words(Fen::new(fen));
            prop_assert_eq!(read(&words), i128::from(fen));
            prop_assert!(!words.contains("零零") && !words.contains("亿万"), "{words}");
        }
    }
}
