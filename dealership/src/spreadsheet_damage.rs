//! What spreadsheets do to long numbers when a column is not formatted as text.

/// Whether a text is a number in scientific notation, as `1.38E+10`: its last digits are lost.
pub(crate) fn is_scientific_notation(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['e', 'E']) else {
        return false;
    };
    let exponent = exponent.strip_prefix('+').unwrap_or(exponent);
    let is_number = |part: &str, also: char| {
        part.starts_with(|first: char| first.is_ascii_digit())
            && part.chars().all(|c| c.is_ascii_digit() || c == also)
    };
    is_number(mantissa, '.') && is_number(exponent, '0')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_scientific_notation_are_told_from_text() {
        for text in ["1.38E+10", "1e5", "4.40524E+17", "1.38E10"] {
            assert!(is_scientific_notation(text), "{text}");
        }
        for text in [
            "",
            "E",
            "1E",
            "E5",
            "HELLO",
            "1.38E-",
            "13800000000",
            "12E4B",
        ] {
            assert!(!is_scientific_notation(text), "{text}");
        }
    }
}
