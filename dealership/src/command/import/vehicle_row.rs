//! A row of the sheet of vehicles, read.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use crate::command::import::{trims, trims_called};
use crate::command::input::{self, LONGEST_LINE};
use crate::command::{Context, Library};
use crate::id::TrimId;
use crate::import::{Cells, FindingCode};
use crate::refusal::Refusal;
use crate::sheet::words::{CUSTODY, value_of};
use crate::sheet::{civil_date, same_words};
use crate::trim::{Energy, Trim};
use crate::value::Value;
use crate::vehicle::Custody;
use crate::vin::{Vin, VinVerdict, judge};

/// The longest number on an engine or a paper, in characters.
const LONGEST_NUMBER: usize = 16;

/// What a row says of a vehicle.
pub(super) struct VehicleRow {
    pub(super) vin: Vin,
    /// Whether check digit or year code do not fit, and a reason was given.
    pub(super) is_doubtful: bool,
    pub(super) trim: TrimId,
    pub(super) ext_color: Option<String>,
    pub(super) int_color: Option<String>,
    pub(super) options: BTreeSet<String>,
    pub(super) engine_no: Option<String>,
    pub(super) motor_no: Option<String>,
    pub(super) cert_no: Option<String>,
    pub(super) prod_date: Option<NaiveDate>,
    pub(super) ship_date: Option<NaiveDate>,
    pub(super) in_date: NaiveDate,
    pub(super) slot: Option<String>,
    pub(super) custody: Option<Custody>,
}

impl VehicleRow {
    /// Reads the cells; what cannot be read becomes a problem of the row, `None` if something
    /// that every row needs is among it.
    pub(super) fn read(
        cells: &mut Cells<'_>,
        vin_reason: Option<&str>,
        library: &dyn Library,
        context: &Context<'_>,
    ) -> Result<Option<Self>, Refusal> {
        let today = input::today(context.now)?;
        let vin = vin(cells, vin_reason);
        let trim = find_trim(cells, &trims(library)?);
        let in_date = in_date(cells, today);
        let prod_date = cells.read("prod_date", civil_date);
        if prod_date.is_some() && prod_date > in_date.or(Some(today)) {
            let text = "it cannot come in before it was made";
            cells.problem("prod_date", FindingCode::Invalid, text);
        }
        let ship_date = cells.read("ship_date", civil_date);
        let custody = cells.read("custody", |cell| value_of(cell, CUSTODY));
        let ext_color = line(cells, "ext_color", LONGEST_LINE);
        let int_color = line(cells, "int_color", LONGEST_LINE);
        let cert_no = line(cells, "cert_no", LONGEST_NUMBER);
        let slot = line(cells, "slot", LONGEST_LINE);
        if ext_color.is_none() && cells.text("ext_color").is_none() {
            cells.missing("ext_color");
        }
        let (Some((vin, is_doubtful)), Some(trim), Some(in_date)) = (vin, trim, in_date) else {
            return Ok(None);
        };
        let (engine_no, motor_no) = numbers(cells, &trim);
        Ok(Some(Self {
            vin,
            is_doubtful,
            ext_color: ext_color.map(|color| code_of_label(&trim.ext_colors, color)),
            int_color: int_color.map(|color| code_of_label(&trim.int_colors, color)),
            options: options(cells, &trim),
            engine_no,
            motor_no,
            cert_no,
            prod_date,
            ship_date,
            in_date,
            slot,
            custody,
            trim: trim.id,
        }))
    }

    /// The registers of each column.
    pub(super) fn registers(&self) -> Vec<(&'static str, Vec<(String, Value)>)> {
        let one = |key: &str, value: Option<Value>| -> Vec<(String, Value)> {
            value
                .map(|value| (key.to_owned(), value))
                .into_iter()
                .collect()
        };
        let text = |key: &str, text: &Option<String>| one(key, text.clone().map(Value::from));
        let date =
            |key: &str, date: Option<NaiveDate>| one(key, date.map(|date| date.to_string().into()));
        let mut numbers = text("engine_no", &self.engine_no);
        numbers.extend(text("motor_no", &self.motor_no));
        let options = self.options.iter();
        vec![
            ("trim", one("trim", Some(self.trim.to_string().into()))),
            ("ext_color", text("ext_color", &self.ext_color)),
            ("int_color", text("int_color", &self.int_color)),
            (
                "options",
                options
                    .map(|option| (format!("option/{option}"), true.into()))
                    .collect(),
            ),
            ("engine_no", numbers),
            ("cert_no", text("cert_no", &self.cert_no)),
            ("prod_date", date("prod_date", self.prod_date)),
            ("ship_date", date("ship_date", self.ship_date)),
        ]
    }
}

/// The VIN, and whether it is doubtful and vouched for.
fn vin(cells: &mut Cells<'_>, reason: Option<&str>) -> Option<(Vin, bool)> {
    let Some(text) = cells.text("vin") else {
        cells.missing("vin");
        return None;
    };
    match judge(text) {
        VinVerdict::Fits { vin } => Some((vin, false)),
        VinVerdict::Noted { vin, .. } => {
            let text = "its maker fills the check digit as it likes";
            cells.remark("vin", FindingCode::DoubtfulVin, text);
            Some((vin, false))
        }
        VinVerdict::Warned { vin, doubts } => {
            let text = format!("check digit or year code do not fit: {doubts:?}");
            if reason.is_some_and(|reason| !reason.trim().is_empty()) {
                cells.remark("vin", FindingCode::DoubtfulVin, text);
                Some((vin, true))
            } else {
                cells.problem("vin", FindingCode::DoubtfulVin, text);
                None
            }
        }
        VinVerdict::Blocked { reason, suggestion } => {
            let text = match suggestion {
                Some(vin) => format!("{reason}; {vin} may be meant"),
                None => reason.to_string(),
            };
            cells.problem("vin", FindingCode::NotAVin, text);
            None
        }
    }
}

/// The trim that the row names; series, year and type code decide between several of a name.
fn find_trim(cells: &mut Cells<'_>, trims: &[Trim]) -> Option<Trim> {
    let Some(name) = cells.text("trim") else {
        cells.missing("trim");
        return None;
    };
    let (series, code) = (cells.text("series"), cells.text("trim_code"));
    let year = cells
        .text("model_year")
        .map(|year| year.trim_end_matches(['款', '年']));
    let mut found = trims_called(trims, name);
    if found.is_empty() {
        found = code.map_or_else(Vec::new, |code| trims_called(trims, code));
    }
    let said = |here: &str, cell: Option<&str>| cell.is_none_or(|cell| same_words(here, cell));
    if found.len() > 1 {
        found.retain(|trim| said(&trim.series, series));
    }
    if found.len() > 1 {
        found.retain(|trim| {
            let here = trim.model_year.map(|year| year.to_string());
            here.is_none_or(|here| said(&here, year))
        });
    }
    if found.len() > 1 {
        found.retain(|trim| {
            trim.type_code
                .as_deref()
                .is_none_or(|here| said(here, code))
        });
    }
    match found.as_slice() {
        [trim] => Some((*trim).clone()),
        [] => {
            let text = format!("no trim is called {name:?}: make it first");
            cells.problem("trim", FindingCode::NotKnown, text);
            None
        }
        several => {
            let text = format!("{} trims are called {name:?}", several.len());
            cells.problem("trim", FindingCode::Ambiguous, text);
            None
        }
    }
}

fn in_date(cells: &mut Cells<'_>, today: NaiveDate) -> Option<NaiveDate> {
    if cells.text("in_date").is_none() {
        cells.missing("in_date");
    }
    let day = cells.read("in_date", civil_date)?;
    if day > today {
        cells.problem(
            "in_date",
            FindingCode::StillToCome,
            "it cannot come in tomorrow",
        );
        return None;
    }
    Some(day)
}

fn line(cells: &mut Cells<'_>, column: &'static str, longest: usize) -> Option<String> {
    match input::line(column, cells.text(column)?, longest) {
        Ok(line) => Some(line),
        Err(Refusal::Invalid { problem, .. }) => {
            cells.problem(column, FindingCode::Invalid, problem);
            None
        }
        Err(refusal) => {
            cells.problem(column, FindingCode::Invalid, refusal.to_string());
            None
        }
    }
}

/// The engine's and the motor's number: of two the first is the engine's, of one it depends on
/// what drives the car.
fn numbers(cells: &mut Cells<'_>, trim: &Trim) -> (Option<String>, Option<String>) {
    let Some(text) = cells.text("engine_no") else {
        return (None, None);
    };
    let mut parts: Vec<String> = Vec::new();
    for part in text.split('/') {
        match input::line("engine_no", part, LONGEST_NUMBER) {
            Ok(part) => parts.push(part),
            Err(_) if part.trim().is_empty() => {}
            Err(refusal) => {
                cells.problem("engine_no", FindingCode::Invalid, refusal.to_string());
            }
        }
    }
    let mut parts = parts.into_iter();
    match (parts.next(), parts.next()) {
        (Some(motor), None) if trim.energy == Some(Energy::Electric) => (None, Some(motor)),
        (engine, motor) => (engine, motor),
    }
}

/// The code of a label, or the label itself where the trim does not know it.
fn code_of_label(labels: &std::collections::BTreeMap<String, String>, text: String) -> String {
    let known = labels.iter().find(|(_, label)| same_words(label, &text));
    known.map_or(text, |(code, _)| code.clone())
}

/// The options that the trim knows by code or label; the others are named and left alone.
fn options(cells: &mut Cells<'_>, trim: &Trim) -> BTreeSet<String> {
    let mut options = BTreeSet::new();
    let mut unknown = Vec::new();
    for part in cells
        .text("options")
        .unwrap_or_default()
        .split(['、', '，', ',', ';', '；', '/', '\n'])
    {
        let part = part.trim();
        if part.is_empty() {
            continue;
        }
        let code = code_of_label(&trim.options, part.to_owned());
        if trim.options.contains_key(&code) {
            options.insert(code);
        } else {
            unknown.push(part);
        }
    }
    if !unknown.is_empty() {
        let text = format!("the trim has no option {}", unknown.join(", "));
        cells.remark("options", FindingCode::NotTaken, text);
    }
    options
}
