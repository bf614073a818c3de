//! The region of the maker, by the first characters (ISO 3780).

use super::Vin;
use crate::code::coded_enum;

coded_enum! {
    /// Where the maker is registered. It says where the rules of the number come from, not where
    /// the car was built, and a dealer in China sells cars of all of them.
    pub enum Region {
        /// L, and H for newer makers.
        China = "china",
        /// W.
        Germany = "germany",
        /// J.
        Japan = "japan",
        /// 1, 4, 5, and 7F to 70.
        UnitedStates = "united_states",
        /// 2.
        Canada = "canada",
        /// 3.
        Mexico = "mexico",
        /// K.
        Korea = "korea",
        /// S.
        UnitedKingdom = "united_kingdom",
        /// V.
        FranceOrSpain = "france_or_spain",
        /// Y.
        Sweden = "sweden",
        /// Z.
        Italy = "italy",
        /// Any other.
        Other = "other",
    }
}

impl Region {
    /// Whether the law of the region makes the check digit mandatory: China (GB 16735) and North
    /// America (49 CFR 565).
    pub const fn requires_check_digit(self) -> bool {
        matches!(
            self,
            Self::China | Self::UnitedStates | Self::Canada | Self::Mexico
        )
    }
}

impl Vin {
    /// The region of the maker.
    pub fn region(&self) -> Region {
        match (self.at(0), self.at(1)) {
            ('L' | 'H', _) => Region::China,
            ('W', _) => Region::Germany,
            ('J', _) => Region::Japan,
            ('1' | '4' | '5', _) | ('7', 'F'..='Z' | '0'..='9') => Region::UnitedStates,
            ('2', _) => Region::Canada,
            ('3', _) => Region::Mexico,
            ('K', _) => Region::Korea,
            ('S', _) => Region::UnitedKingdom,
            ('V', _) => Region::FranceOrSpain,
            ('Y', _) => Region::Sweden,
            ('Z', _) => Region::Italy,
            _ => Region::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_character_names_the_region() {
        for (text, region) in [
            ("LSVAA4BR5RN100001", Region::China),
            ("HLX33B128TK000007", Region::China),
            ("WP0ZZZ99ZTS392124", Region::Germany),
            ("1M8GDM9AXKP042788", Region::UnitedStates),
            ("7SAAA4BR5RN100001", Region::UnitedStates),
            ("7A1AA4BR5RN100001", Region::Other),
            ("ZZZAB1C20TA000013", Region::Italy),
            ("MA1AA4BR5RN100001", Region::Other),
        ] {
            assert_eq!(text.parse::<Vin>().unwrap().region(), region, "{text}");
        }
    }
}
