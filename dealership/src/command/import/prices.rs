//! Taking the sheet of prices 价格表: lists are published whole, so its rows are taken together.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::command::import::{mark, trims};
use crate::command::{Command, Context, Library, Plan, PublishPriceList, input};
use crate::edit::Edits;
use crate::fen::Fen;
use crate::id::{ImportId, StoreId, TrimId};
use crate::import::{
    Cells, DuplicateRule, Finding, FindingCode, ImportRow, RowTaken, Verdict, marks,
};
use crate::kind::Kind;
use crate::price_list::{Authority, PriceList, PriceRow};
use crate::refusal::Refusal;
use crate::sheet::{amount, civil_date, same_words};
use crate::trim::Trim;

/// Takes the rows of a sheet of prices: publishes a version that holds the list in force with
/// what the rows change of it, or nothing if they change nothing.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportPrices {
    /// The import.
    pub import: ImportId,
    /// What to do with trims that the list in force has already.
    pub duplicates: DuplicateRule,
    /// The store that the list is for; every store if left out.
    #[serde(default)]
    pub store: Option<StoreId>,
    /// The rows.
    pub rows: Vec<PriceCells>,
}

/// One row of a sheet of prices.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PriceCells {
    /// Its number in the file, the first being 1.
    pub row: u32,
    /// The texts of its cells by the names of the columns; empty ones may be left out.
    pub cells: BTreeMap<String, String>,
}

/// What became of the rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PricesTaken {
    /// The rows, in the order in which they were given.
    pub rows: Vec<PriceTaken>,
}

/// What became of one row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PriceTaken {
    /// Its number in the file.
    pub row: u32,
    /// What became of it; of one that was not taken, why.
    pub taken: RowTaken,
}

/// A row that was read.
struct PriceInput {
    row: u32,
    trim: TrimId,
    msrp: Fen,
    floor: Option<Fen>,
    consultant: Option<Fen>,
    manager: Option<Fen>,
    cash_discount: Option<Fen>,
    findings: Vec<Finding>,
}

/// The days on which prices are good.
type Term = (Option<NaiveDate>, Option<NaiveDate>);

impl Command for ImportPrices {
    type Output = PricesTaken;

    const NAME: &'static str = "import_prices";
    const ABOUT: &'static str = "Takes a sheet of prices: publishes what it changes";

    fn plan(
        &self,
        library: &dyn Library,
        context: &mut Context<'_>,
    ) -> Result<Plan<PricesTaken>, Refusal> {
        let trims = trims(library)?;
        let mut rows: BTreeMap<u32, RowTaken> = BTreeMap::new();
        let mut terms: BTreeMap<Term, Vec<PriceInput>> = BTreeMap::new();
        for given in &self.rows {
            match read(given, &trims, &terms) {
                Ok((term, input)) => terms.entry(term).or_default().push(input),
                Err(findings) => {
                    rows.insert(given.row, said(Verdict::Error, None, [], findings));
                }
            }
        }
        let lists: Vec<(PriceList, bool)> = library
            .of_kind(Kind::PriceList)?
            .iter()
            .filter_map(|document| {
                let mut marks = marks(document).into_iter();
                let is_ours = marks.any(|mark| mark.source.import == self.import && !mark.undone);
                Some((PriceList::read(document)?, is_ours))
            })
            .collect();
        let mut edits = Edits::default();
        for (term, inputs) in terms {
            self.publish(
                term, inputs, &lists, &mut edits, &mut rows, library, context,
            )?;
        }
        let rows = self.rows.iter().filter_map(|given| {
            let taken = rows.remove(&given.row)?;
            Some(PriceTaken {
                row: given.row,
                taken,
            })
        });
        let output = PricesTaken {
            rows: rows.collect(),
        };
        Ok(Plan::new(edits, output))
    }
}

impl ImportPrices {
    #[allow(
        clippy::too_many_arguments,
        reason = "the inner part of a loop, which reads and fills what stands around it"
    )]
    fn publish(
        &self,
        (from, to): Term,
        inputs: Vec<PriceInput>,
        lists: &[(PriceList, bool)],
        edits: &mut Edits,
        rows: &mut BTreeMap<u32, RowTaken>,
        library: &dyn Library,
        context: &mut Context<'_>,
    ) -> Result<(), Refusal> {
        let begins = match from {
            Some(day) => day,
            None => input::today(context.now)?,
        };
        let stores: BTreeSet<StoreId> = self.store.into_iter().collect();
        let mut rivals = lists
            .iter()
            .filter(|(list, _)| !list.voided && list.stores == stores);
        let before = rivals.clone().filter(|(list, _)| {
            list.effective_from <= begins && list.effective_to.is_none_or(|last| begins <= last)
        });
        let before = before.max_by_key(|(list, _)| (list.effective_from, list.version, list.id));
        let taken_before = rivals.any(|(list, is_ours)| {
            *is_ours
                && from.is_none_or(|from| list.effective_from == from)
                && list.effective_to == to
        });
        if taken_before {
            for input in inputs {
                let text = "this row of this file was taken before";
                let finding = vec![Finding::row(FindingCode::TakenBefore, text)];
                rows.insert(input.row, said(Verdict::Unchanged, None, [], finding));
            }
            return Ok(());
        }
        let standing = before
            .map(|(list, _)| list.rows.clone())
            .unwrap_or_default();
        let mut prices = standing.clone();
        let mut verdicts = Vec::new();
        for input in inputs {
            let (verdict, columns) = self.change(&mut prices, &input);
            verdicts.push((input, verdict, columns));
        }
        // The same prices for other days are news only to a rule that overwrites.
        let other_days = before.is_some_and(|(list, _)| {
            from.is_some_and(|from| from != list.effective_from) || to != list.effective_to
        });
        let has_new_days = other_days
            && (from.is_some() || to.is_some())
            && self.duplicates == DuplicateRule::Overwrite;
        let mut list = None;
        if prices != standing || has_new_days {
            let published = PublishPriceList {
                effective_from: begins,
                effective_to: to,
                stores,
                rows: prices,
            }
            .plan(library, context)?;
            let id = published.output.price_list;
            edits.extend(published.edits);
            let row = verdicts
                .iter()
                .map(|(input, ..)| input.row)
                .min()
                .unwrap_or(0);
            let source = ImportRow {
                import: self.import,
                row,
            };
            mark(edits, source, id, &[], context);
            list = Some(id);
        }
        for (input, verdict, columns) in verdicts {
            let document = list.or(before.map(|(list, _)| list.id));
            rows.insert(input.row, said(verdict, document, columns, input.findings));
        }
        Ok(())
    }

    /// Puts a row into the prices as the rule says.
    fn change(
        &self,
        prices: &mut BTreeMap<TrimId, PriceRow>,
        input: &PriceInput,
    ) -> (Verdict, Vec<&'static str>) {
        let Some(here) = prices.get(&input.trim).cloned() else {
            let consultant = input.consultant.unwrap_or(Fen::ZERO);
            let row = PriceRow {
                msrp: input.msrp,
                floor: input.floor.unwrap_or(input.msrp),
                authority: Authority {
                    consultant,
                    manager: input.manager.unwrap_or(consultant),
                },
                cash_discount: input.cash_discount,
                gift: None,
            };
            prices.insert(input.trim, row);
            return (Verdict::New, vec!["trim_code", "msrp"]);
        };
        // An empty cell says nothing, so what stands there stays.
        let wanted = PriceRow {
            msrp: input.msrp,
            floor: input.floor.unwrap_or(here.floor),
            authority: Authority {
                consultant: input.consultant.unwrap_or(here.authority.consultant),
                manager: input.manager.unwrap_or(here.authority.manager),
            },
            cash_discount: input.cash_discount.or(here.cash_discount),
            gift: here.gift.clone(),
        };
        let columns: Vec<_> = [
            ("msrp", wanted.msrp != here.msrp),
            ("guide_min", wanted.floor != here.floor),
            (
                "consultant_authority",
                wanted.authority.consultant != here.authority.consultant,
            ),
            (
                "manager_authority",
                wanted.authority.manager != here.authority.manager,
            ),
            ("cash_discount", wanted.cash_discount != here.cash_discount),
        ]
        .into_iter()
        .filter(|(_, differs)| *differs)
        .map(|(column, _)| column)
        .collect();
        let fills_a_blank = here.cash_discount.is_none() && wanted.cash_discount.is_some();
        match self.duplicates {
            _ if columns.is_empty() => (Verdict::Unchanged, columns),
            DuplicateRule::Overwrite => {
                prices.insert(input.trim, wanted);
                (Verdict::Updated, columns)
            }
            DuplicateRule::FillBlanks if fills_a_blank => {
                let row = PriceRow {
                    cash_discount: wanted.cash_discount,
                    ..here
                };
                prices.insert(input.trim, row);
                (Verdict::Updated, vec!["cash_discount"])
            }
            // A trim stands once in a list: there is no second price to mark.
            DuplicateRule::Skip | DuplicateRule::FillBlanks | DuplicateRule::CreateAndMark => {
                (Verdict::Duplicate, columns)
            }
        }
    }
}

fn read(
    given: &PriceCells,
    trims: &[Trim],
    terms: &BTreeMap<Term, Vec<PriceInput>>,
) -> Result<(Term, PriceInput), Vec<Finding>> {
    let mut cells = Cells::of(&given.cells);
    let trim = find_trim(&mut cells, trims);
    if cells.text("msrp").is_none() {
        cells.missing("msrp");
    }
    let msrp = cells.read("msrp", amount);
    let floor = cells.read("guide_min", amount);
    let consultant = cells.read("consultant_authority", amount);
    let manager = cells.read("manager_authority", amount);
    let cash_discount = cells.read("cash_discount", amount);
    let term = (
        cells.read("effective_from", civil_date),
        cells.read("effective_to", civil_date),
    );
    check(&mut cells, msrp, floor, consultant.zip(manager), term);
    let mut others = terms.get(&term).into_iter().flatten();
    if let Some(other) = others.find(|other| Some(other.trim) == trim) {
        let text = format!("row {} has the same trim", other.row);
        cells.problem("trim_code", FindingCode::Repeated, text);
    }
    match (trim, msrp) {
        (Some(trim), Some(msrp)) if cells.problems.is_empty() => {
            let input = PriceInput {
                row: given.row,
                trim,
                msrp,
                floor,
                consultant,
                manager,
                cash_discount,
                findings: cells.remarks,
            };
            Ok((term, input))
        }
        _ => Err(cells.problems),
    }
}

/// What would have the whole list refused is a problem of its row alone.
fn check(
    cells: &mut Cells<'_>,
    msrp: Option<Fen>,
    floor: Option<Fen>,
    authority: Option<(Fen, Fen)>,
    (from, to): Term,
) {
    let invalid = FindingCode::Invalid;
    if floor.zip(msrp).is_some_and(|(floor, msrp)| floor > msrp) {
        cells.problem("guide_min", invalid, "the floor is above the guide price");
    }
    if authority.is_some_and(|(consultant, manager)| consultant > manager) {
        let text = "a consultant may give away more than a manager";
        cells.problem("consultant_authority", invalid, text);
    }
    if from.zip(to).is_some_and(|(from, to)| to < from) {
        cells.problem("effective_to", invalid, "it ends before it begins");
    }
    for column in [
        "msrp",
        "guide_min",
        "consultant_authority",
        "manager_authority",
        "cash_discount",
    ] {
        let fen = cells.text(column).and_then(|text| amount(text).ok());
        if fen.is_some_and(Fen::is_negative) {
            cells.problem(column, invalid, "is negative");
        }
    }
}

/// The trim of a code: its type code, or what people call it.
fn find_trim(cells: &mut Cells<'_>, trims: &[Trim]) -> Option<TrimId> {
    let Some(code) = cells.text("trim_code") else {
        cells.missing("trim_code");
        return None;
    };
    let by = |name: fn(&Trim) -> String| -> Vec<TrimId> {
        let called = trims.iter().filter(|trim| same_words(&name(trim), code));
        called.map(|trim| trim.id).collect()
    };
    let mut found = by(|trim| trim.type_code.clone().unwrap_or_default());
    if found.is_empty() {
        found = by(Trim::label);
    }
    if found.is_empty() {
        found = by(|trim| trim.name.clone());
    }
    match found.as_slice() {
        [trim] => Some(*trim),
        [] => {
            let text = format!("no trim has the code {code:?}: make it first");
            cells.problem("trim_code", FindingCode::NotKnown, text);
            None
        }
        several => {
            let text = format!("{} trims have the code {code:?}: name one", several.len());
            cells.problem("trim_code", FindingCode::Ambiguous, text);
            None
        }
    }
}

fn said(
    verdict: Verdict,
    document: Option<crate::id::DocumentId>,
    columns: impl IntoIterator<Item = &'static str>,
    findings: Vec<Finding>,
) -> RowTaken {
    RowTaken {
        verdict,
        document,
        columns: columns.into_iter().map(str::to_owned).collect(),
        findings,
    }
}
