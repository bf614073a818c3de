//! Surnames that are read otherwise than their characters are elsewhere.

/// The readings of the characters of a name's surname, each with its tone; none if they are the
/// common ones.
///
/// As the dictionaries of surnames read them, where that is not the first reading of pinyin-data.
/// Compound surnames go before single ones: 单于 is read chanyu, 单 alone shan.
pub(super) const fn surname_readings(name: &[char]) -> &'static [&'static str] {
    match name {
        ['万', '俟', ..] => &["mo4", "qi2"],
        ['尉', '迟', ..] | ['尉', '遲', ..] => &["yu4", "chi2"],
        ['单', '于', ..] | ['單', '于', ..] => &["chan2", "yu2"],
        ['令', '狐', ..] => &["ling2", "hu2"],
        ['澹', '台', ..] => &["tan2", "tai2"],
        ['乐', '正', ..] => &["yue4", "zheng4"],
        ['宰', '父', ..] => &["zai3", "fu3"],
        ['单' | '單', ..] => &["shan4"],
        ['曾', ..] => &["zeng1"],
        ['仇', ..] => &["qiu2"],
        ['解', ..] => &["xie4"],
        ['查', ..] => &["zha1"],
        ['区' | '區', ..] => &["ou1"],
        ['朴', ..] => &["piao2"],
        ['盖' | '蓋' | '葛', ..] => &["ge3"],
        ['任', ..] => &["ren2"],
        ['覃', ..] => &["qin2"],
        ['乐' | '樂', ..] => &["yue4"],
        ['翟', ..] => &["zhai2"],
        ['缪' | '繆', ..] => &["miao4"],
        ['洗', ..] => &["xian3"],
        ['华' | '華', ..] => &["hua4"],
        ['燕', ..] => &["yan1"],
        ['秘', ..] => &["bi4"],
        ['繁', ..] => &["po2"],
        ['折', ..] => &["she2"],
        ['召', ..] => &["shao4"],
        ['卜', ..] => &["bu3"],
        ['纪' | '紀', ..] => &["ji3"],
        ['祭', ..] => &["zhai4"],
        ['都', ..] => &["du1"],
        ['隗', ..] => &["wei3"],
        ['郇', ..] => &["xun2"],
        ['种', ..] => &["chong2"],
        ['过', ..] => &["guo1"],
        ['能' | '佴', ..] => &["nai4"],
        ['员' | '員', ..] => &["yun4"],
        ['哈', ..] => &["ha3"],
        ['那', ..] => &["na1"],
        ['撒', ..] => &["sa3"],
        ['句', ..] => &["gou1"],
        ['令', ..] => &["ling2"],
        ['干', ..] => &["gan1"],
        ['相', ..] => &["xiang4"],
        ['要', ..] => &["yao1"],
        ['占', ..] => &["zhan1"],
        ['阚', ..] => &["kan4"],
        ['於', ..] => &["yu1"],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn readings(name: &str) -> &'static [&'static str] {
        let characters: Vec<char> = name.chars().collect();
        surname_readings(&characters)
    }

    #[test]
    fn a_compound_surname_goes_before_a_single_one() {
        assert_eq!(readings("单于明"), ["chan2", "yu2"]);
        assert_eq!(readings("尉迟"), ["yu4", "chi2"]);
        assert_eq!(readings("单明"), ["shan4"]);
        assert_eq!(readings("单"), ["shan4"]);
    }

    #[test]
    fn a_common_surname_has_no_reading_of_its_own() {
        assert!(readings("张伟").is_empty());
        assert!(readings("").is_empty());
    }
}
