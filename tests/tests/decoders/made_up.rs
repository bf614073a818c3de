//! JSON that a schema allows, nearly: what people's scripts and a hostile page would hand in.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};
use stories::chaos::Dice;

/// Ids of what there is, by what answers call them: `customer`, `vehicle`.
#[derive(Debug, Default)]
pub(crate) struct Ids {
    all: Vec<String>,
    by_name: BTreeMap<String, Vec<String>>,
}

impl Ids {
    /// Takes note of an id.
    pub(crate) fn add(&mut self, name: &str, id: &str) {
        let named = self.by_name.entry(name.to_owned()).or_default();
        if !named.iter().any(|known| known == id) {
            named.push(id.to_owned());
            self.all.push(id.to_owned());
        }
    }

    /// Takes note of every id of an answer.
    pub(crate) fn collect(&mut self, name: &str, answer: &Json) {
        match answer {
            Json::String(text) if text.len() == 36 => self.add(name, text),
            Json::Array(items) => items.iter().for_each(|item| self.collect(name, item)),
            Json::Object(fields) => fields
                .iter()
                .for_each(|(key, value)| self.collect(key, value)),
            _ => {}
        }
    }

    /// One of that name, mostly, else any.
    fn draw(&self, name: &str, dice: &mut Dice) -> Option<String> {
        let named = self.by_name.get(name).filter(|_| !dice.once_in(10));
        let ids = named.unwrap_or(&self.all);
        ids.get(dice.below(ids.len())).cloned()
    }
}

/// Makes JSON up along a schema.
pub(crate) struct MadeUp<'d> {
    pub(crate) dice: &'d mut Dice,
    pub(crate) ids: &'d Ids,
    /// The instant of now, in milliseconds.
    pub(crate) now: i64,
}

impl MadeUp<'_> {
    /// A value for a schema; once in a while one of quite another form.
    pub(crate) fn value(&mut self, schema: &Json, root: &Json) -> Json {
        if self.dice.once_in(25) {
            return self.anything(3);
        }
        self.of_schema("", schema, root, 6)
    }

    /// A value of the field of a name.
    fn of_schema(&mut self, name: &str, schema: &Json, root: &Json, depth: usize) -> Json {
        if depth == 0 {
            return self.anything(0);
        }
        if let Some(reference) = schema["$ref"].as_str() {
            let pointer = reference.trim_start_matches('#').to_owned();
            let Some(target) = root.pointer(&pointer) else {
                return self.anything(1);
            };
            return self.of_schema(name, target, root, depth - 1);
        }
        if let Some(constant) = schema.get("const") {
            return constant.clone();
        }
        for key in ["oneOf", "anyOf", "allOf", "enum"] {
            if let Some(choices) = schema[key].as_array().filter(|choices| !choices.is_empty()) {
                let choice = &choices[self.dice.below(choices.len())];
                return match key {
                    "enum" => choice.clone(),
                    _ => self.of_schema(name, choice, root, depth - 1),
                };
            }
        }
        let kind = match &schema["type"] {
            Json::Array(kinds) if !kinds.is_empty() => kinds[self.dice.below(kinds.len())].clone(),
            kind => kind.clone(),
        };
        match kind.as_str() {
            Some("object") => self.object(schema, root, depth),
            Some("array") => {
                let items = schema["items"].clone();
                let count = self.dice.below(4);
                (0..count)
                    .map(|_| self.of_schema(name.trim_end_matches('s'), &items, root, depth - 1))
                    .collect()
            }
            Some("integer" | "number") => self.number(),
            Some("boolean") => json!(self.dice.once_in(2)),
            Some("null") => Json::Null,
            Some("string") => self.text(name, schema["format"].as_str()),
            _ => self.anything(2),
        }
    }

    fn object(&mut self, schema: &Json, root: &Json, depth: usize) -> Json {
        let mut made = Map::new();
        if let Some(properties) = schema["properties"].as_object() {
            let required = schema["required"].as_array().cloned().unwrap_or_default();
            for (name, property) in properties {
                let is_needed = required.contains(&json!(name)) && !self.dice.once_in(30);
                if is_needed || self.dice.once_in(3) {
                    let value = self.of_schema(name, property, root, depth - 1);
                    made.insert(name.clone(), value);
                }
            }
        }
        if let Some(rest) = schema
            .get("additionalProperties")
            .filter(|rest| rest.is_object())
        {
            for _ in 0..self.dice.below(3) {
                let Json::String(key) = self.text("", Some("uuid")) else {
                    continue;
                };
                let value = self.of_schema("", &rest.clone(), root, depth - 1);
                made.insert(key, value);
            }
        }
        if self.dice.once_in(40) {
            made.insert("nobody_knows_this".to_owned(), Json::Null);
        }
        Json::Object(made)
    }

    fn number(&mut self) -> Json {
        let hour = 3_600_000;
        let numbers = [
            0,
            1,
            -1,
            2,
            60,
            10_000,
            500_000,
            15_980_000,
            i64::MAX,
            i64::MIN,
            i64::MAX - 1,
            i64::from(i32::MAX),
            self.now,
            self.now - hour,
            self.now + 48 * hour,
            253_402_300_800_000,
        ];
        match self.dice.below(numbers.len() + 1) {
            16 => json!(1.5e300),
            index => json!(numbers[index]),
        }
    }

    fn text(&mut self, name: &str, format: Option<&str>) -> Json {
        if format == Some("uuid") && !self.dice.once_in(20) {
            return json!(self.ids.draw(name, self.dice));
        }
        let texts = [
            "",
            " ",
            "张伟",
            "13800000001",
            "+86 138-0000-0001",
            "ZZZAB1C27RA000101",
            "zzzab1c27ra00010I",
            "2026-05-03",
            "9999-12-31",
            "-262143-01-01",
            "0000-00-00",
            "call_out",
            "reached",
            "hard",
            "S5",
            "00000000-0000-0000-0000-000000000000",
            "沪A12345",
            "110101199003070070",
            "\u{0}",
            "\u{202e}\u{feff}",
            "👨‍👩‍👧‍👦",
            "1.38E+10",
            "🇨🇳İ",
        ];
        match self.dice.below(texts.len() + 2) {
            23 => json!("长".repeat(20_000)),
            24 => json!("9".repeat(400)),
            index => json!(texts[index]),
        }
    }

    fn anything(&mut self, depth: usize) -> Json {
        match self.dice.below(7) {
            0 => Json::Null,
            1 => json!(self.dice.once_in(2)),
            2 => self.number(),
            3 if depth > 0 => {
                let count = self.dice.below(3);
                (0..count).map(|_| self.anything(depth - 1)).collect()
            }
            4 if depth > 0 => {
                let value = self.anything(depth - 1);
                json!({"": value})
            }
            5 => self.text("", Some("uuid")),
            _ => self.text("", None),
        }
    }
}
