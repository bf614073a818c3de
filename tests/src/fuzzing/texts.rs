//! What people type.

use std::fmt::{Debug, Display};
use std::str::FromStr;

use dealership::fen::BasisPoints;
use dealership::phone::TypedPhone;
use dealership::pinyin::{SearchQuery, query_terms, search_terms};
use dealership::{
    CreditCode, DocumentId, Fen, IdentityNumber, PhoneNumber, Plate, PlateNumber, Space, Vin,
    amount_in_words,
};

use super::world::World;

/// A text that each reader is asked about.
pub(super) fn texts(_: &mut World, bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    reads_again::<Vin>(text, |vin| vin.as_str().to_owned());
    reads_again::<IdentityNumber>(text, |number| number.as_str().to_owned());
    reads_again::<PhoneNumber>(text, |phone| phone.as_str().to_owned());
    reads_again::<PlateNumber>(text, |plate| plate.as_str().to_owned());
    reads_again::<Plate>(text, |plate| plate.as_str().to_owned());
    reads_again::<CreditCode>(text, |code| code.as_str().to_owned());
    reads_again::<DocumentId>(text, DocumentId::to_string);
    reads_again::<Space>(text, Space::to_string);
    if let Ok(typed) = text.parse::<TypedPhone>() {
        let again = typed.number.as_str().parse::<TypedPhone>();
        let again = again.expect("a phone in its own form is a phone");
        assert_eq!(again.number, typed.number, "{text:?}");
    }
    if let Ok(amount) = text.parse::<Fen>() {
        assert_eq!(
            amount.to_string().parse::<Fen>().as_ref(),
            Ok(&amount),
            "{text:?}"
        );
        assert!(!amount_in_words(amount).is_empty());
    }
    if let Ok(rate) = text.parse::<BasisPoints>() {
        assert_eq!(
            rate.to_string().parse::<BasisPoints>().as_ref(),
            Ok(&rate),
            "{text:?}"
        );
    }
    SearchQuery::parse(text);
    search_terms(text);
    query_terms(text);
}

/// What a reader takes it takes again in the form that it gives it.
fn reads_again<T: FromStr<Err: Display> + Debug + PartialEq>(
    text: &str,
    written: impl Fn(&T) -> String,
) {
    match text.parse::<T>() {
        Ok(value) => {
            let again = written(&value).parse::<T>().ok();
            assert_eq!(again.as_ref(), Some(&value), "{text:?}");
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

pub(super) fn seeds(_: &World) -> Vec<Vec<u8>> {
    [
        "ZZZAB1C27RA000101",
        "11010519491231002X",
        "+86 138 0000 0001",
        "010-1234-5678-12",
        "0571 8888 8888",
        "1.38E+10",
        "¥1,599,800.50",
        "15.98万",
        "-3亿",
        "3.25%",
        "浙A·D12345",
        "粤Z1234港",
        "91330106MA2XXXXX0Y",
        "018f2f3e-7a1b-7c3d-8e4f-0123456789ab",
        "store/018f2f3e-7a1b-7c3d-8e4f-0123456789ab/contact/018f2f3e-7a1b-7c3d-8e4f-0123456789ac",
        "zhangw",
        "张伟",
    ]
    .iter()
    .map(|text| text.as_bytes().to_vec())
    .collect()
}
