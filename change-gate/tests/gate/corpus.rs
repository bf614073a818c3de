//! The hostile inputs, kept as files and replayed.
//!
//! A file is text: what it is, the refusal it meets, then one change on a line in
//! hexadecimal, `known` ones first. Files of the attacks in `attacks.rs` are
//! written with `CHANGE_GATE_WRITE_CORPUS=1`; a finding of a fuzzer is added by
//! hand and needs no builder.

use std::{collections::BTreeMap, env, fmt::Write, fs, path::PathBuf};

use crate::attacks::{self, Attack, kind};

#[test]
fn every_attack_meets_its_refusal() {
    let mut wrong = Vec::new();
    for attack in attacks::all() {
        let met = attack.meets();
        if met.as_ref().map(kind).as_deref() != Some(attack.expects) {
            wrong.push((attack.name, attack.expects, met));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_corpus_holds_every_attack_as_it_is_built() {
    let write = env::var_os("CHANGE_GATE_WRITE_CORPUS").is_some();
    let mut stale = Vec::new();
    for attack in attacks::all() {
        let path = folder().join(format!("{}.txt", attack.name));
        let text = text(&attack);
        if write {
            fs::write(&path, &text).unwrap();
        } else if fs::read_to_string(&path).ok().as_deref() != Some(text.as_str()) {
            stale.push(attack.name);
        }
    }
    assert!(stale.is_empty(), "write these anew: {stale:?}");
}

#[test]
fn every_file_of_the_corpus_is_refused_as_it_says() {
    let mut replayed = 0;
    for file in fs::read_dir(folder()).unwrap() {
        let path = file.unwrap().path();
        let file = Parsed::of(&fs::read_to_string(&path).unwrap());
        let attack = Attack {
            name: "",
            about: "",
            known: file.known,
            hostile: file.hostile,
            expects: "",
        };
        let met = attack.meets();
        assert_eq!(met.as_ref().map(kind), Some(file.expects), "{path:?}");
        replayed += 1;
    }
    assert!(replayed >= attacks::all().len());
}

#[test]
fn no_two_attacks_have_one_name() {
    let mut names = BTreeMap::new();
    for attack in attacks::all() {
        *names.entry(attack.name).or_insert(0) += 1;
    }
    names.retain(|_, count| *count > 1);
    assert!(names.is_empty(), "{names:?}");
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("corpus")
}

fn text(attack: &Attack) -> String {
    let mut text = format!("# {}\nexpects {}\n", attack.about, attack.expects);
    for (word, chunks) in [("known", &attack.known), ("hostile", &attack.hostile)] {
        for chunk in chunks {
            writeln!(text, "{word} {}", hexadecimal(chunk)).unwrap();
        }
    }
    text
}

#[derive(Default)]
struct Parsed {
    expects: String,
    known: Vec<Vec<u8>>,
    hostile: Vec<Vec<u8>>,
}

impl Parsed {
    fn of(text: &str) -> Self {
        let mut parsed = Self::default();
        for line in text.lines() {
            let (word, rest) = line.split_once(' ').unwrap();
            match word {
                "#" => {}
                "expects" => parsed.expects = rest.to_owned(),
                "known" => parsed.known.push(bytes(rest)),
                "hostile" => parsed.hostile.push(bytes(rest)),
                other => panic!("{other} is no word of the corpus"),
            }
        }
        parsed
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes(hexadecimal: &str) -> Vec<u8> {
    hexadecimal
        .as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}
