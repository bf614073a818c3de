//! Phones as screens and papers show them.

use super::{PhoneKind, PhoneNumber, typed};

impl PhoneNumber {
    /// The number in groups: `138 0000 0000`, `010-12345678`, `400-820-8888`, `+852 6123 4567`.
    pub fn grouped(&self) -> String {
        let (country, national) = self.country_and_national();
        match self.kind() {
            PhoneKind::Mobile => groups(national, &[3, 4], " "),
            PhoneKind::Service => groups(national, &[3, 3], "-"),
            PhoneKind::Landline => {
                let (area, local) = typed::split_area(national).unwrap_or(("", national));
                format!("0{area}-{local}")
            }
            PhoneKind::HongKong | PhoneKind::Macau => {
                format!("+{country} {}", groups(national, &[4], " "))
            }
            PhoneKind::Taiwan => format!("+{country} {}", groups(national, &[3, 3], " ")),
        }
    }

    /// The number as shown to those who need not call it: `138****0000`. The last four digits
    /// stay, and of a mobile the first three, of a landline the area.
    pub fn masked(&self) -> String {
        let (country, national) = self.country_and_national();
        let (open, separator, hidden) = match self.kind() {
            PhoneKind::Mobile => {
                let (prefix, rest) = national.split_at_checked(3).unwrap_or(("", national));
                (prefix.to_owned(), "", rest)
            }
            PhoneKind::Service => {
                let (prefix, rest) = national.split_at_checked(3).unwrap_or(("", national));
                (prefix.to_owned(), "-", rest)
            }
            PhoneKind::Landline => {
                let (area, local) = typed::split_area(national).unwrap_or(("", national));
                (format!("0{area}"), "-", local)
            }
            PhoneKind::HongKong | PhoneKind::Macau | PhoneKind::Taiwan => {
                (format!("+{country}"), " ", national)
            }
        };
        let stars = "*".repeat(hidden.len().saturating_sub(4));
        [&open, separator, &stars, self.last_four()].concat()
    }
}

/// Cuts digits into groups of the given lengths and a rest.
fn groups(digits: &str, lengths: &[usize], separator: &str) -> String {
    let mut shown = String::with_capacity(digits.len() + lengths.len());
    let mut rest = digits;
    for length in lengths {
        let Some((group, after)) = rest.split_at_checked(*length) else {
            break;
        };
        shown.push_str(group);
        shown.push_str(separator);
        rest = after;
    }
    shown.push_str(rest);
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_groups_and_its_mask() {
        for (text, grouped, masked) in [
            ("+8613800000000", "138 0000 0000", "138****0000"),
            ("+861012345678", "010-12345678", "010-****5678"),
            ("+8675588881234", "0755-88881234", "0755-****1234"),
            ("+863118881234", "0311-8881234", "0311-***1234"),
            ("+864008208888", "400-820-8888", "400-***8888"),
            ("+85261234567", "+852 6123 4567", "+852 ****4567"),
            ("+85366123456", "+853 6612 3456", "+853 ****3456"),
            ("+886912345678", "+886 912 345 678", "+886 *****5678"),
        ] {
            let number: PhoneNumber = text.parse().unwrap();
            assert_eq!(number.grouped(), grouped);
            assert_eq!(number.masked(), masked);
            assert_eq!(format!("{number:?}"), format!("PhoneNumber({masked})"));
        }
    }
}
