//! A budget as people write it: an amount, or a range of amounts.

use super::{CellProblem, amount};
use crate::fen::Fen;
use crate::half_width::{half_width, is_dash};

/// At least and at most.
pub type Range = (Option<Fen>, Option<Fen>);

/// Reads `15-20万`, `150000-200000`, `15万以上`, `20万以内`; an amount alone is the most.
///
/// # Errors
///
/// [`CellProblem::NotAnAmount`].
pub fn amount_range(cell: &str) -> Result<Range, CellProblem> {
    let plain: String = cell
        .chars()
        .map(half_width)
        .filter(|character| !character.is_whitespace())
        .map(|character| match character {
            '~' | '至' | '到' | '∼' | '〜' => '-',
            dash if is_dash(dash) => '-',
            other => other,
        })
        .collect();
    let plain = plain.trim_end_matches(['元', '左', '右']);
    for (mark, at_least) in [
        ("以上", true),
        ("起", true),
        ("以内", false),
        ("以下", false),
    ] {
        if let Some(text) = plain.strip_suffix(mark) {
            let amount = positive(text, cell)?;
            return Ok(if at_least {
                (Some(amount), None)
            } else {
                (None, Some(amount))
            });
        }
    }
    match plain.split_once('-') {
        None => Ok((None, Some(positive(plain, cell)?))),
        Some((least, "")) => Ok((Some(positive(least, cell)?), None)),
        Some((least, most)) => {
            let most_fen = positive(most, cell)?;
            // In 15-20万 the unit is said once for both.
            let has_unit = |text: &str| text.ends_with(['万', '亿', '千']);
            let unit = most
                .chars()
                .last()
                .filter(|_| has_unit(most) && !has_unit(least));
            let least: String = least.chars().chain(unit).collect();
            let least_fen = positive(&least, cell)?;
            if least_fen > most_fen {
                return Err(problem(cell));
            }
            Ok((Some(least_fen), Some(most_fen)))
        }
    }
}

/// What exports write of a range; [`amount_range`] reads it back.
pub fn range_text((least, most): Range) -> String {
    match (least, most) {
        (None, None) => String::new(),
        (None, Some(most)) => yuan(most),
        (Some(least), None) => format!("{}-", yuan(least)),
        (Some(least), Some(most)) => format!("{}-{}", yuan(least), yuan(most)),
    }
}

/// An amount in yuan with as many digits as it needs, without a mark or commas.
pub fn yuan(fen: Fen) -> String {
    let (sign, magnitude) = (fen.is_negative(), fen.get().unsigned_abs());
    let sign = if sign { "-" } else { "" };
    match magnitude % 100 {
        0 => format!("{sign}{}", magnitude / 100),
        fen => format!("{sign}{}.{fen:02}", magnitude / 100),
    }
}

fn positive(text: &str, cell: &str) -> Result<Fen, CellProblem> {
    match amount(text.trim_end_matches('元')) {
        Ok(fen) if !fen.is_negative() => Ok(fen),
        _ => Err(problem(cell)),
    }
}

fn problem(cell: &str) -> CellProblem {
    CellProblem::NotAnAmount(cell.chars().take(40).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn wan(amount: i64) -> Option<Fen> {
        Some(Fen::new(amount * 1_000_000))
    }

    #[test]
    fn a_budget_reads_in_every_customary_form() {
        for (cell, range) in [
            ("15-20万", (wan(15), wan(20))),
            ("15万-20万", (wan(15), wan(20))),
            ("15 ～ 20 万", (wan(15), wan(20))),
            ("150000-200000", (wan(15), wan(20))),
            ("¥150,000至¥200,000元", (wan(15), wan(20))),
            ("15万以上", (wan(15), None)),
            ("150000-", (wan(15), None)),
            ("20万以内", (None, wan(20))),
            ("20万左右", (None, wan(20))),
            ("200000", (None, wan(20))),
        ] {
            assert_eq!(amount_range(cell), Ok(range), "{cell}");
        }
    }

    #[test]
    fn what_is_no_budget_is_refused() {
        for cell in ["", "-", "面议", "20-15万", "-20万", "15-20-25万"] {
            assert!(amount_range(cell).is_err(), "{cell}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(least in 0..10_000_000_000_i64, more in 0..10_000_000_000_i64) {
            let (least, most) = (Fen::new(least), Fen::new(least + more));
            for range in [(Some(least), Some(most)), (Some(least), None), (None, Some(most))] {
                prop_assert_eq!(amount_range(&range_text(range)), Ok(range));
            }
        }
    }
}
