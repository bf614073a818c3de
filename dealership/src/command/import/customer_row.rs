//! A row of the sheet of customers, read.

use chrono::NaiveDate;

use crate::command::import::{only_trim, trims};
use crate::command::{Context, Library, input};
use crate::contact::PayWay;
use crate::customer::{Gender, SourceChannel};
use crate::grade::Grade;
use crate::id::TrimId;
use crate::import::{Cells, FindingCode};
use crate::phone::{PhoneNumber, phones_in};
use crate::refusal::Refusal;
use crate::sheet::words::{GENDER, PAY_WAY, SOURCE_CHANNEL, value_of};
use crate::sheet::{Range, amount_range, civil_date};

/// What a row says of a customer.
pub(super) struct CustomerRow {
    pub(super) name: Option<String>,
    /// At least one, each once.
    pub(super) phones: Vec<PhoneNumber>,
    pub(super) gender: Option<Gender>,
    pub(super) wechat: Option<String>,
    pub(super) region: Option<String>,
    pub(super) source: Option<SourceChannel>,
    /// The trims that the series names, where it names trims and nothing else.
    pub(super) models: Vec<TrimId>,
    /// The series as it is written, where it names no trims.
    pub(super) wish: Option<String>,
    /// A grade that people set.
    pub(super) grade: Option<Grade>,
    pub(super) budget: Option<Range>,
    pub(super) pay_way: Option<PayWay>,
    pub(super) expected: Option<NaiveDate>,
    pub(super) competitors: Vec<String>,
    pub(super) owner: Option<String>,
    pub(super) carded_on: Option<NaiveDate>,
    pub(super) next: Option<NaiveDate>,
    pub(super) note: Option<String>,
}

impl CustomerRow {
    /// Reads the cells; what cannot be read becomes a problem of the row.
    pub(super) fn read(
        cells: &mut Cells<'_>,
        library: &dyn Library,
        context: &Context<'_>,
    ) -> Result<Self, Refusal> {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        let today = input::today(context.now)?;
        let (models, wish) = wanted(cells, library)?;
        Ok(Self {
            name: owned(cells.text("name")),
            phones: phones(cells),
            gender: cells.read("gender", |cell| value_of(cell, GENDER)),
            wechat: owned(cells.text("wechat")),
            region: region(cells),
            source: cells.read("source_channel", |cell| value_of(cell, SOURCE_CHANNEL)),
            models,
            wish,
            grade: grade(cells),
            budget: cells.read("budget", amount_range),
            pay_way: cells.read("pay_way", |cell| value_of(cell, PAY_WAY)),
            expected: cells.read("expected_date", civil_date),
            competitors: listed(cells.text("competitors")),
            owner: owned(cells.text("owner")),
            carded_on: carded_on(cells, today),
            next: cells.read("next_follow_up", civil_date),
            note: owned(cells.text("note")),
        })
    }

    /// What a person without a name is called until they say it.
    pub(super) fn name_or_number(&self) -> String {
        self.name.clone().unwrap_or_else(|| {
            let number = self.phones.first().map(ToString::to_string);
            let digits: Vec<char> = number.unwrap_or_default().chars().collect();
            let from = digits.len().saturating_sub(4);
            let tail: String = digits.iter().skip(from).collect();
            format!("客户（尾号{tail}）")
        })
    }
}

fn phones(cells: &mut Cells<'_>) -> Vec<PhoneNumber> {
    let mut phones = Vec::new();
    let mut unreadable = Vec::new();
    for phone in phones_in(cells.text("phone").unwrap_or_default()) {
        match phone {
            Ok(typed) if phones.contains(&typed.number) => {}
            Ok(typed) => phones.push(typed.number),
            Err(problem) => unreadable.push(problem.to_string()),
        }
    }
    match (phones.is_empty(), unreadable.is_empty()) {
        (true, true) => cells.missing("phone"),
        (true, false) => cells.problem("phone", FindingCode::NotAPhone, unreadable.join("; ")),
        (false, false) => cells.remark("phone", FindingCode::NotAPhone, unreadable.join("; ")),
        (false, true) => {}
    }
    phones
}

/// The six digits of a region; the list of names with their digits is not here yet.
fn region(cells: &mut Cells<'_>) -> Option<String> {
    let text = cells.text("region")?;
    if let Ok(digits) = input::region(text) {
        return Some(digits);
    }
    let problem = format!("{text:?} is not the six digits of a district");
    cells.remark("region", FindingCode::NotTaken, problem);
    None
}

/// The trims that the series names, or the text as a wish.
fn wanted(
    cells: &Cells<'_>,
    library: &dyn Library,
) -> Result<(Vec<TrimId>, Option<String>), Refusal> {
    let Some(text) = cells.text("series") else {
        return Ok((Vec::new(), None));
    };
    let known = trims(library)?;
    let mut models = Vec::new();
    for part in listed(Some(text)) {
        match only_trim(&known, &part) {
            Some(trim) if models.contains(&trim) => {}
            Some(trim) => models.push(trim),
            None => return Ok((Vec::new(), Some(text.to_owned()))),
        }
    }
    Ok((models, None))
}

/// A grade that people set; the others follow from what happened.
fn grade(cells: &mut Cells<'_>) -> Option<Grade> {
    let text = cells.text("grade")?;
    let letter = text.trim_end_matches(['级', '类']).to_uppercase();
    match letter.parse::<Grade>() {
        Ok(grade) if grade.is_open_intent() => Some(grade),
        // Not yet judged: there is nothing to set.
        Ok(Grade::N) => None,
        Ok(grade) => {
            let problem = format!("{grade} follows from what happened and is not set");
            cells.remark("grade", FindingCode::NotTaken, problem);
            None
        }
        Err(_) => {
            let problem = format!("{text:?} is none of H, A, B, C, N");
            cells.problem("grade", FindingCode::NotOneOf, problem);
            None
        }
    }
}

fn carded_on(cells: &mut Cells<'_>, today: NaiveDate) -> Option<NaiveDate> {
    let day = cells.read("created_at", civil_date)?;
    if day > today {
        cells.problem(
            "created_at",
            FindingCode::StillToCome,
            "the day is still to come",
        );
        return None;
    }
    Some(day)
}

/// The parts of a cell that lists several things.
fn listed(cell: Option<&str>) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    for part in cell
        .unwrap_or_default()
        .split(['、', '，', ',', ';', '；', '/', '\n'])
    {
        let part = part.trim();
        if !part.is_empty() && !parts.iter().any(|known| known == part) {
            parts.push(part.to_owned());
        }
    }
    parts
}
