//! The records that the peers keep: what a dealership knows, about as large as its documents, the
//! same for all from one seed.

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde_json::{Map, Value as Json, json};

/// Where all records come from.
const SEED: u64 = 7;

/// The field that the benchmark edits; every record has it.
pub const REMARK: &str = "remark";

const SURNAMES: &str = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗";
const GIVEN_NAMES: &str = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰";
const GRADES: [&str; 6] = ["H", "A", "B", "C", "N", "O"];
const SOURCES: [&str; 5] = ["walk_in", "call_in", "online", "referral", "show"];
const SERIES: [&str; 5] = ["秦PLUS", "汉EV", "宋PLUS", "海豚", "唐DM"];
const SAID: [&str; 8] = [
    "周末带家人来看车",
    "想要白色，预算再宽一点也可以",
    "在比较另外两家的报价",
    "置换旧车，等评估结果",
    "贷款方案已经发给他",
    "试驾满意，担心提车时间",
    "要和爱人商量，下周再联系",
    "问了保养和保险的费用",
];

/// So many records, numbered from 0: flat, with values that every peer can keep.
pub fn records(count: usize) -> impl Iterator<Item = Map<String, Json>> {
    let mut random = ChaCha8Rng::seed_from_u64(SEED);
    (0..count).map(move |number| record(number, &mut random))
}

fn record(number: usize, random: &mut ChaCha8Rng) -> Map<String, Json> {
    let mut fields = json!({
        "number": number,
        "id": identifier(random),
        "kind": pick(&["customer", "deal", "vehicle"], random),
        "name": name(random),
        "phone_hash": format!("{}{}", identifier(random), identifier(random)),
        "phone_tail": format!("{:04}", random.random_range(0..10_000)),
        "grade": pick(&GRADES, random),
        "source": pick(&SOURCES, random),
        "series": pick(&SERIES, random),
        "store": identifier(random),
        "owner": identifier(random),
        "price_fen": random.random_range(8_000_000_i64..40_000_000),
        "created_at": 1_767_225_600_000_i64 + random.random_range(0_i64..10_000_000_000),
        "is_delivered": random.random_bool(0.3),
        REMARK: "",
    });
    let fields = fields.as_object_mut().map(std::mem::take);
    let mut fields = fields.expect("an object");
    for follow_up in 0..random.random_range(2..=8) {
        let said = format!("{}，{}", pick(&SAID, random), pick(&SAID, random));
        fields.insert(format!("follow_up_{follow_up}"), said.into());
    }
    fields
}

fn identifier(random: &mut ChaCha8Rng) -> String {
    hex::encode(random.random::<[u8; 16]>())
}

fn name(random: &mut ChaCha8Rng) -> String {
    let letter = |letters: &str, random: &mut ChaCha8Rng| {
        let letters: Vec<char> = letters.chars().collect();
        letters[random.random_range(0..letters.len())]
    };
    let surname = letter(SURNAMES, random);
    let given = letter(GIVEN_NAMES, random);
    [surname, given, letter(GIVEN_NAMES, random)]
        .iter()
        .collect()
}

fn pick<'a>(of: &[&'a str], random: &mut ChaCha8Rng) -> &'a str {
    of[random.random_range(0..of.len())]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_flat_and_half_to_one_and_a_half_kilobytes() {
        for (number, record) in records(300).enumerate() {
            assert_eq!(record["number"], json!(number));
            assert_eq!(record[REMARK], json!(""));
            assert!(
                record
                    .values()
                    .all(|field| !field.is_object() && !field.is_array())
            );
            let size = json!(record).to_string().len();
            assert!((500..=1_500).contains(&size), "{size} bytes");
        }
    }

    #[test]
    fn the_same_records_come_whenever_they_are_asked_for() {
        assert!(records(50).eq(records(60).take(50)));
    }
}
