//! Inputs that a command may take, out of its JSON Schema and of what was made before: a new
//! command needs nothing here unless its schema says less than it asks for.

use std::collections::BTreeMap;

use crate::chaos::Dice;
use crate::group;
use dealership::{Timestamp, civil};
use serde_json::{Map, Value as Json, json};

use super::opening::VINS;

/// Names of which some sound alike.
const NAMES: [&str; 6] = ["张伟", "章伟", "李娜", "欧阳锋", "单雄", "Alice"];

/// How many phones there are, few, so that cards look alike.
const PHONES: usize = 12;

/// How long a long text is, in bytes.
const LONG: usize = 15_000;

/// What decides, one number after the other; zero once they are used up.
pub struct Choices<'c>(std::slice::Iter<'c, u16>);

impl<'c> Choices<'c> {
    /// Lets these decide.
    pub fn of(numbers: &'c [u16]) -> Self {
        Self(numbers.iter())
    }

    /// A number below a bound.
    pub fn below(&mut self, bound: usize) -> usize {
        usize::from(self.0.next().copied().unwrap_or(0)) % bound.max(1)
    }

    /// One of these, unless there are none.
    pub fn one_of<'t, T>(&mut self, things: &'t [T]) -> Option<&'t T> {
        things.get(self.below(things.len()))
    }
}

/// What was made until now, as far as inputs name it.
#[derive(Clone)]
pub struct Made {
    /// Ids by the name of their type.
    documents: BTreeMap<&'static str, Vec<String>>,
    facts: Vec<Fact>,
    /// The ids that stood together in the input and output of a command.
    together: Vec<Map<String, Json>>,
}

/// A fact, with the ids that stood together with it.
#[derive(Clone)]
struct Fact {
    name: String,
    id: String,
    beside: Map<String, Json>,
}

impl Made {
    /// What there is when the group is founded.
    pub fn at_the_founding() -> Self {
        let staff = group::CAST
            .iter()
            .map(|(name, ..)| group::staff(name).to_string());
        let stores = (1..=group::STORES.len()).map(|number| group::store(number).to_string());
        Self {
            documents: BTreeMap::from([
                ("StaffId", staff.collect()),
                ("StoreId", stores.collect()),
            ]),
            facts: Vec::new(),
            together: Vec::new(),
        }
    }

    /// The ids of a type, the oldest first.
    pub fn documents(&self, id_type: &str) -> Vec<String> {
        self.documents.get(id_type).cloned().unwrap_or_default()
    }

    /// An input with the first fact of each name for which it says `fact`, of its vehicle.
    pub fn with_fact(&self, mut input: Json) -> Json {
        let vehicle = input["vehicle"].clone();
        for (name, value) in input.as_object_mut().into_iter().flatten() {
            if *value == "fact" {
                let is_meant =
                    |fact: &&Fact| fact.name == *name && fact.beside["vehicle"] == vehicle;
                let fact = self.facts.iter().find(is_meant);
                *value = json!(fact.expect("a fact of that name").id);
            }
        }
        input
    }

    /// Takes note of what a command made.
    pub fn note(&mut self, command: &str, input: &Json, output: &Json) {
        let none = Map::new();
        let output = output.as_object().unwrap_or(&none);
        let is_id = |value: &&Json| value.as_str().is_some_and(|text| text.len() == 36);
        let are_ids = |value: &Json| match value {
            Json::Array(values) => !values.is_empty() && values.iter().all(|value| is_id(&value)),
            value => is_id(&value),
        };
        let inputs = input.as_object().into_iter().flatten();
        let beside: Map<String, Json> = inputs
            .chain(output)
            .filter(|(_, value)| are_ids(value))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        self.together.push(beside.clone());
        for (name, value) in output {
            let values = match value {
                Json::Array(values) => values.iter().collect(),
                value => vec![value],
            };
            for id in values.into_iter().filter(is_id).filter_map(Json::as_str) {
                match id_type(name) {
                    Some(id_type) => {
                        let known = self.documents.entry(id_type).or_default();
                        if !known.iter().any(|known| known == id) {
                            known.push(id.to_owned());
                        }
                    }
                    None => self.facts.push(Fact {
                        name: fact_name(command, name).to_owned(),
                        id: id.to_owned(),
                        beside: beside.clone(),
                    }),
                }
            }
        }
    }

    /// An input by a schema; `None` where it asks for what there is none of yet.
    pub fn input(&self, schema: &Json, now: Timestamp, choices: &mut Choices<'_>) -> Option<Json> {
        let maker = Maker {
            made: self,
            definitions: &schema["$defs"],
            now,
        };
        maker.object(schema, choices)
    }
}

/// The type of ids that a field of an output gives; `None` for a fact's.
fn id_type(field: &str) -> Option<&'static str> {
    Some(match field {
        "customer" => "CustomerId",
        "contact" | "price_list" | "duplicates" => "DocumentId",
        "deal" => "DealId",
        "show" => "ShowId",
        "staff" => "StaffId",
        "store" => "StoreId",
        "trim" => "TrimId",
        "vehicle" => "VehicleId",
        _ => return None,
    })
}

/// What inputs call a fact that a command calls simply `fact`.
fn fact_name<'n>(command: &str, field: &'n str) -> &'n str {
    match (command, field) {
        ("freeze_vehicle", "fact") => "freeze",
        ("note_damage", "fact") => "damage",
        (_, "next_task") => "task",
        _ => field,
    }
}

/// Makes values by a schema.
struct Maker<'m> {
    made: &'m Made,
    definitions: &'m Json,
    now: Timestamp,
}

impl Maker<'_> {
    fn object(&self, schema: &Json, choices: &mut Choices<'_>) -> Option<Json> {
        let mut object = Map::new();
        let none = Map::new();
        let properties = schema["properties"].as_object().unwrap_or(&none);
        let is_required = |name: &str| {
            let required = schema["required"].as_array();
            required.is_some_and(|required| required.iter().any(|one| one == name))
        };
        // A fact first: it says whose it is.
        for (name, property) in properties {
            if is_required(name) && self.is_fact(property) {
                let named: Vec<&Fact> = self
                    .made
                    .facts
                    .iter()
                    .filter(|fact| fact.name == *name)
                    .collect();
                let fact = choices.one_of(&named)?;
                object.extend(fact.beside.clone());
                object.insert(name.clone(), json!(fact.id));
                object.retain(|name, _| properties.contains_key(name));
            }
        }
        // What belonged together once does so often.
        let belong =
            |ids: &&Map<String, Json>| ids.keys().filter(|name| is_required(name)).count() > 1;
        let together: Vec<_> = self.made.together.iter().filter(belong).collect();
        if object.is_empty() && choices.below(3) > 0 {
            object.extend(
                choices
                    .one_of(&together)
                    .into_iter()
                    .flat_map(|ids| (*ids).clone()),
            );
            object.retain(|name, _| properties.contains_key(name));
        }
        for (name, property) in properties {
            let is_there = object.contains_key(name);
            if !is_there && (is_required(name) || choices.below(3) == 0) {
                match self.value(name, property, choices) {
                    Some(value) => {
                        object.insert(name.clone(), value);
                    }
                    None if is_required(name) => return None,
                    None => {}
                }
            }
        }
        Some(Json::Object(object))
    }

    fn is_fact(&self, property: &Json) -> bool {
        property["$ref"] == "#/$defs/FactId"
    }

    fn value(&self, name: &str, schema: &Json, choices: &mut Choices<'_>) -> Option<Json> {
        if let Some(definition) = schema["$ref"].as_str() {
            let definition = definition.rsplit('/').next()?;
            return self.defined(name, definition, choices);
        }
        if let Some(constant) = schema.get("const") {
            return Some(constant.clone());
        }
        if let Some(ways) = schema.get("oneOf").or(schema.get("anyOf")) {
            let ways: Vec<&Json> = ways
                .as_array()?
                .iter()
                .filter(|way| way["type"] != "null")
                .collect();
            return self.value(name, choices.one_of(&ways)?, choices);
        }
        match kind(schema)? {
            "boolean" => Some(json!(choices.below(2) == 0)),
            "integer" => Some(json!(choices.below(100))),
            "array" => {
                let mut items: Vec<Json> = Vec::new();
                for _ in 0..=choices.below(2) {
                    let item = self.value(name.trim_end_matches('s'), &schema["items"], choices)?;
                    if !items.contains(&item) {
                        items.push(item);
                    }
                }
                Some(Json::Array(items))
            }
            "object" if schema["additionalProperties"].is_object() => {
                let key = match name {
                    "rows" => choices.one_of(&self.made.documents("TrimId"))?.clone(),
                    _ => "code".to_owned(),
                };
                let value = self.value("text", &schema["additionalProperties"], choices)?;
                Some(json!({ key: value }))
            }
            "object" => self.object(schema, choices),
            "string" if schema["format"] == "date" => {
                let days = choices.below(60) as i64 - 30;
                let at = self.now.plus_hours(days * 24).millis();
                civil::civil_date(at).map(|date| json!(date.to_string()))
            }
            "string" => Some(json!(self.text(name, choices))),
            _ => None,
        }
    }

    fn defined(&self, name: &str, definition: &str, choices: &mut Choices<'_>) -> Option<Json> {
        match definition {
            "FactId" => {
                let named: Vec<&Fact> = self
                    .made
                    .facts
                    .iter()
                    .filter(|fact| fact.name == name)
                    .collect();
                Some(json!(choices.one_of(&named)?.id))
            }
            // People who have a device stay who they are, mostly.
            "StaffId" if name == "staff" => {
                let staff = self.made.documents("StaffId");
                let hired = staff.get(group::CAST.len()..).unwrap_or_default();
                if choices.below(8) == 0 {
                    Some(json!(choices.one_of(&staff)?))
                } else {
                    Some(json!(choices.one_of(hired)?))
                }
            }
            "Timestamp" => {
                let minutes = choices.below(4_000) as i64 - 2_000;
                Some(json!(self.now.plus_millis(minutes * 60_000).millis()))
            }
            "Fen" => Some(json!(choices.below(3_000) * 10_000)),
            _ => {
                let ids = self.made.documents(definition);
                if definition.ends_with("Id") {
                    return Some(json!(choices.one_of(&ids)?));
                }
                self.value(name, self.definitions.get(definition)?, choices)
            }
        }
    }

    fn text(&self, name: &str, choices: &mut Choices<'_>) -> String {
        match name {
            "name" => NAMES[choices.below(NAMES.len())].to_owned(),
            "vin" => VINS[choices.below(VINS.len())].to_owned(),
            "phone" => format!("199{:08}", choices.below(PHONES)),
            "code" => format!("S{}", choices.below(90) + 10),
            "sha256" | "photo" | "paper" | "attachment" => "ab".repeat(32),
            "take_from_absorbed" => "region".to_owned(),
            "severity" => "dent".to_owned(),
            "part" | "subject" => "door".to_owned(),
            "task" => "wash".to_owned(),
            _ => {
                let number = choices.below(5);
                // Some are long, so that a log takes several frames.
                if choices.below(3) == 1 {
                    long_text(number)
                } else {
                    format!("text{number}")
                }
            }
        }
    }
}

/// A text that packing hardly makes shorter.
pub fn long_text(number: usize) -> String {
    let mut dice = Dice::new(number as u64);
    let letter = || char::from_u32(0x30 + dice.below(75) as u32);
    std::iter::from_fn(letter).take(LONG).collect()
}

/// The type that a schema names, of several the first that says something.
fn kind(schema: &Json) -> Option<&str> {
    match &schema["type"] {
        Json::String(kind) => Some(kind),
        Json::Array(kinds) => kinds
            .iter()
            .filter_map(Json::as_str)
            .find(|kind| *kind != "null"),
        _ => None,
    }
}
