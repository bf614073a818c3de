//! The words that dealers write where documents bear codes; the first of each is the one that
//! exports write.

use super::{CellProblem, code_of};
use crate::code::UnknownCode;

/// Codes with their words.
pub type Words = &'static [(&'static str, &'static [&'static str])];

/// 性别
pub const GENDER: Words = &[
    ("m", &["男", "先生", "男士", "男性"]),
    ("f", &["女", "女士", "小姐", "女性"]),
    ("u", &["未知", "不详"]),
];

/// 客户来源
pub const SOURCE_CHANNEL: Words = &[
    ("walk_in", &["自然到店", "到店", "自然进店", "展厅"]),
    ("call_in", &["来电", "电话来访"]),
    ("web_lead", &["网络线索", "网络", "线上", "网销"]),
    ("live", &["直播"]),
    ("show", &["车展", "外展", "巡展"]),
    ("outreach", &["外拓"]),
    ("referral", &["转介绍", "介绍", "老客户介绍", "朋友介绍"]),
    ("repurchase", &["增换购", "置换", "保客"]),
    ("dcc", &["电网销邀约", "邀约", "电销"]),
    ("corp", &["大客户", "集团客户"]),
    ("other", &["其他", "其它"]),
];

/// 购车方式
pub const PAY_WAY: Words = &[
    ("cash", &["全款", "一次性"]),
    ("loan", &["贷款", "按揭", "分期"]),
    ("lease", &["融资租赁", "租赁"]),
    ("mixed", &["组合"]),
    ("undecided", &["未定", "待定"]),
];

/// 合格证状态
pub const CUSTODY: Words = &[
    ("factory", &["在厂", "厂家"]),
    ("bank", &["质押监管", "质押", "监管", "银行"]),
    ("redeeming", &["赎证中", "赎证"]),
    ("in_house", &["在店", "已到"]),
    ("handed", &["已交客户", "已交"]),
    ("lost", &["遗失"]),
];

/// Reads a word as the value that it stands for.
///
/// # Errors
///
/// [`CellProblem::NotOneOf`].
pub fn value_of<T>(cell: &str, words: Words) -> Result<T, CellProblem>
where
    T: std::str::FromStr<Err = UnknownCode>,
{
    let code = code_of(cell, words)?;
    code.parse()
        .map_err(|unknown: UnknownCode| CellProblem::NotOneOf(unknown.code, unknown.of.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contact::PayWay;
    use crate::customer::{Gender, SourceChannel};
    use crate::vehicle::Custody;
    use std::collections::BTreeSet;

    #[test]
    fn every_code_has_a_word_and_no_word_two_codes() {
        let tables: [(Words, Vec<&str>); 4] = [
            (GENDER, Gender::ALL.iter().map(|code| code.code()).collect()),
            (
                SOURCE_CHANNEL,
                SourceChannel::ALL.iter().map(|code| code.code()).collect(),
            ),
            (
                PAY_WAY,
                PayWay::ALL.iter().map(|code| code.code()).collect(),
            ),
            (
                CUSTODY,
                Custody::ALL.iter().map(|code| code.code()).collect(),
            ),
        ];
        for (words, codes) in tables {
            let known: Vec<_> = words.iter().map(|(code, _)| *code).collect();
            assert_eq!(known, codes);
            let mut seen = BTreeSet::new();
            for (code, words) in words {
                assert!(!words.is_empty(), "{code}");
                for word in *words {
                    assert!(seen.insert(word), "{word} names two codes");
                }
            }
        }
    }

    #[test]
    fn a_word_reads_as_its_value() {
        assert_eq!(
            value_of("转介绍", SOURCE_CHANNEL),
            Ok(SourceChannel::Referral)
        );
        assert_eq!(value_of("M", GENDER), Ok(Gender::Male));
        assert!(value_of::<PayWay>("刷脸", PAY_WAY).is_err());
    }
}
