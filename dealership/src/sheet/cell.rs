//! Cells as spreadsheets mangle them.

use chrono::NaiveDate;

use crate::half_width::half_width;

/// Why a cell cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CellProblem {
    /// Not a date in any of the customary forms.
    #[error("{0:?} is not a date (2026-05-03, 2026/5/3, 2026年5月3日)")]
    NotADate(String),
    /// Not one of the words that the column knows.
    #[error("{0:?} is none of {1}")]
    NotOneOf(String, String),
    /// Not an amount of money.
    #[error("{0:?} is not an amount")]
    NotAnAmount(String),
}

/// A cell's text: trimmed, without the apostrophe that spreadsheets put before digits, without
/// invisible characters.
pub fn text(cell: &str) -> String {
    let visible: String = cell
        .chars()
        .filter(|c| !matches!(c, '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'))
        .collect();
    let trimmed = visible.trim();
    let unquoted = trimmed.strip_prefix('\'').unwrap_or(trimmed);
    unquoted.trim().to_owned()
}

/// A civil date from text, or from the day number that a spreadsheet stores (1900 system).
///
/// # Errors
///
/// [`CellProblem::NotADate`].
pub fn civil_date(cell: &str) -> Result<NaiveDate, CellProblem> {
    let problem = || CellProblem::NotADate(cell.chars().take(40).collect());
    let half = narrow(cell);
    let date = half
        .split(|c: char| c.is_whitespace() || c == 'T')
        .next()
        .unwrap_or_default();
    let whole = date.split_once('.').map_or(date, |(whole, fraction)| {
        // Spreadsheets store a day with a time as a fraction.
        if fraction.contains('.') { date } else { whole }
    });
    if let Ok(days) = whole.parse::<i64>() {
        // A bare number of four to six digits is a day number or a compact date, never a year.
        return match (date.len(), days) {
            (8, _) => NaiveDate::parse_from_str(date, "%Y%m%d").map_err(|_| problem()),
            // Day 60 is the 29 February 1900 that never was; no car is that old.
            (_, 20_000..=80_000) => NaiveDate::from_ymd_opt(1899, 12, 30)
                .and_then(|epoch| epoch.checked_add_signed(chrono::Duration::days(days)))
                .ok_or_else(problem),
            _ => Err(problem()),
        };
    }
    let parts: Vec<_> = date
        .split(['-', '/', '.', '年', '月'])
        .map(|part| part.trim_end_matches(['日', '号']))
        .collect();
    let [year, month, day] = parts.as_slice() else {
        return Err(problem());
    };
    let (Ok(year), Ok(month), Ok(day)) = (year.parse(), month.parse(), day.parse()) else {
        return Err(problem());
    };
    if !(1990..=2100).contains(&year) {
        return Err(problem());
    }
    NaiveDate::from_ymd_opt(year, month, day).ok_or_else(problem)
}

/// An amount of money in fen from text: `159800`, `159,800.00`, `¥159,800`, `15.98万`.
///
/// # Errors
///
/// [`CellProblem::NotAnAmount`].
pub fn amount(cell: &str) -> Result<crate::fen::Fen, CellProblem> {
    cell.parse()
        .map_err(|_| CellProblem::NotAnAmount(cell.chars().take(40).collect()))
}

/// The code that a dealer's word stands for, in a table of codes with their words; the first
/// word of each is the one that exports write.
///
/// # Errors
///
/// [`CellProblem::NotOneOf`].
pub fn code_of(
    cell: &str,
    words: &'static [(&'static str, &'static [&'static str])],
) -> Result<&'static str, CellProblem> {
    let half = narrow(cell);
    let plain = half.trim();
    words
        .iter()
        .find(|(code, words)| code.eq_ignore_ascii_case(plain) || words.contains(&plain))
        .map(|(code, _)| *code)
        .ok_or_else(|| {
            let known: Vec<_> = words
                .iter()
                .filter_map(|(_, words)| words.first().copied())
                .collect();
            CellProblem::NotOneOf(plain.chars().take(40).collect(), known.join("、"))
        })
}

/// The word that exports write for a code; the code itself where the table does not know it.
pub fn label_of<'c>(
    code: &'c str,
    words: &'static [(&'static str, &'static [&'static str])],
) -> &'c str {
    words
        .iter()
        .find(|(known, _)| *known == code)
        .and_then(|(_, words)| words.first().copied())
        .unwrap_or(code)
}

/// Full-width forms as their half-width twins.
pub(super) fn narrow(text: &str) -> String {
    text.chars().map(half_width).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_reads_in_every_customary_form() {
        let day = NaiveDate::from_ymd_opt(2026, 5, 3).expect("a day");
        for cell in [
            "2026-05-03",
            "2026/5/3",
            "2026.5.3",
            "2026年5月3日",
            "２０２６－０５－０３",
            "2026-05-03 14:30:00",
            "2026-05-03T00:00:00",
            "20260503",
            "46145",
            "46145.0",
        ] {
            assert_eq!(civil_date(cell), Ok(day), "{cell}");
        }
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for cell in [
            "",
            "5月3日",
            "2026-13-01",
            "2026-02-30",
            "明天",
            "2026",
            "3/5/26",
            "1-1-1",
        ] {
            assert!(civil_date(cell).is_err(), "{cell}");
        }
    }

    #[test]
    fn a_cell_loses_what_nobody_sees() {
        assert_eq!(text(" '13800000001 "), "13800000001");
        assert_eq!(text("\u{feff}张\u{200b}伟\u{202e}"), "张伟");
        assert_eq!(text("  "), "");
    }

    #[test]
    fn a_word_gives_its_code_and_a_code_gives_its_word() {
        const GENDER: &[(&str, &[&str])] = &[("m", &["男", "先生"]), ("f", &["女", "女士"])];
        assert_eq!(code_of("先生", GENDER), Ok("m"));
        assert_eq!(code_of(" F ", GENDER), Ok("f"));
        assert_eq!(label_of("f", GENDER), "女");
        assert_eq!(label_of("x", GENDER), "x");
        assert_eq!(
            code_of("男士", GENDER),
            Err(CellProblem::NotOneOf("男士".into(), "男、女".into()))
        );
    }
}
