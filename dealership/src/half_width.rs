//! Full-width forms, as Chinese input methods type them, turned into their half-width twins.

/// The half-width twin of a full-width ASCII form, of the ideographic space and of the full-width
/// yen sign (Unicode block "Halfwidth and Fullwidth Forms"); any other character unchanged.
pub(crate) const fn half_width(character: char) -> char {
    match character {
        '\u{FF01}'..='\u{FF5E}' => {
            // The block repeats ASCII from `!` to `~` in order, so the difference fits a byte.
            ((character as u32 - 0xFF01) as u8 + b'!') as char
        }
        '\u{3000}' => ' ',
        '\u{FFE5}' => '¥',
        other => other,
    }
}

/// Whether a character is a hyphen, dash or minus sign that people type for one another.
pub(crate) const fn is_dash(character: char) -> bool {
    matches!(
        character,
        '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{FE63}' | '\u{FF0D}'
    )
}

/// Whether a character takes no space: marks of writing direction and joining, as address books
/// and chat programs paste them around numbers.
pub(crate) const fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_full_width_form_becomes_its_ascii_twin() {
        for ascii in '!'..='~' {
            let wide = char::from_u32(ascii as u32 + 0xFEE0).unwrap();
            assert_eq!(half_width(wide), ascii);
            assert_eq!(half_width(ascii), ascii);
        }
        assert_eq!(half_width('\u{3000}'), ' ');
        assert_eq!(half_width('￥'), '¥');
        assert_eq!(half_width('张'), '张');
    }
}
