//! Taking a row of the sheet of customers.

use std::rc::Rc;

use chrono::NaiveDate;

use crate::civil;
use crate::command::contact::{IntentInput, NoteCompetitor, PhoneInput, TaskInput};
use crate::command::customer::{CreateCustomer, carded, store_of};
use crate::command::grade::note;
use crate::command::import::customer_row::CustomerRow;
use crate::command::import::customer_update::Update;
use crate::command::import::{ImportSheetRow, mark, of_row, repeated, taken, taken_before};
use crate::command::{Carded, Command, Context, Library, Plan, input};
use crate::contact::{FollowUpType, Intent, TaskOrigin};
use crate::customer::{Customer, EnteredThrough};
use crate::document::Document;
use crate::id::{CustomerId, DocumentId, StaffId, StoreId};
use crate::import::{Cells, DuplicateRule, Finding, FindingCode, RowTaken, Verdict, is_taken};
use crate::kind::Kind;
use crate::refusal::Refusal;
use crate::staff::Staff;

/// Which columns the fields of the commands are read from.
const COLUMNS: &[(&str, &str)] = &[
    ("name", "name"),
    ("phone", "phone"),
    ("wechat", "wechat"),
    ("budget_min", "budget"),
    ("budget_max", "budget"),
    ("wish", "series"),
    ("models", "series"),
    ("brand", "competitors"),
    ("carded_on", "created_at"),
    ("due", "next_follow_up"),
    ("text", "note"),
];

/// Who bears a number of the row already, in its store.
enum Found {
    Nobody,
    /// This very row made or changed it, or another of the file.
    Before(Box<Plan<RowTaken>>),
    Card(Rc<Document>, Box<Customer>),
}

pub(super) fn plan(
    order: &ImportSheetRow,
    library: &dyn Library,
    context: &mut Context<'_>,
) -> Result<Plan<RowTaken>, Refusal> {
    let mut cells = Cells::of(&order.cells);
    let row = CustomerRow::read(&mut cells, library, context)?;
    if !cells.problems.is_empty() {
        return Err(Refusal::RowNotTaken {
            findings: cells.problems,
        });
    }
    let store = store_of(context.author, order.store)?;
    let known = known(&row, library, context)?;
    let plan = match find(order, store, &known, library)? {
        Found::Before(plan) => Ok(*plan),
        Found::Nobody => create(order, &row, store, cells.remarks, library, context),
        Found::Card(..) if order.duplicates == DuplicateRule::CreateAndMark => {
            create(order, &row, store, cells.remarks, library, context)
        }
        Found::Card(document, customer) => {
            let update = Update {
                order,
                row: &row,
                card: &document,
                customer: &customer,
                library,
            };
            update.plan(&known, cells.remarks, context)
        }
    };
    plan.map_err(|refusal| of_row(refusal, COLUMNS))
}

/// The cards that bear a number of the row, in whatever store, the oldest first.
fn known(
    row: &CustomerRow,
    library: &dyn Library,
    context: &Context<'_>,
) -> Result<Vec<Carded>, Refusal> {
    let mut known: Vec<Carded> = Vec::new();
    for phone in &row.phones {
        for card in carded(library, &context.phone_key.hash(phone))? {
            if !known.iter().any(|other| other.customer == card.customer) {
                known.push(card);
            }
        }
    }
    known.sort_by_key(|card| (card.created_at, card.customer));
    Ok(known)
}

fn find(
    order: &ImportSheetRow,
    store: StoreId,
    known: &[Carded],
    library: &dyn Library,
) -> Result<Found, Refusal> {
    let (mut first, mut another) = (None, None);
    for card in known.iter().filter(|card| card.store == store) {
        let Some((document, customer)) = survivor(library, card.customer)? else {
            continue;
        };
        if is_taken(&document, order.source()) {
            return Ok(Found::Before(Box::new(taken_before(document.id()))));
        }
        another = another.or_else(|| repeated(order, &document));
        if first.is_none() && customer.voided.is_none() {
            first = Some((document, customer));
        }
    }
    if let Some(another) = another {
        return Ok(Found::Before(Box::new(another)));
    }
    Ok(match first {
        Some((document, customer)) => Found::Card(document, Box::new(customer)),
        None => Found::Nobody,
    })
}

/// The card into which a card was merged, or itself.
fn survivor(
    library: &dyn Library,
    customer: CustomerId,
) -> Result<Option<(Rc<Document>, Customer)>, Refusal> {
    let mut found = None;
    let mut next = Some(customer);
    // Merges that run in a circle end somewhere on it.
    for _ in 0..8 {
        let Some(id) = next else { break };
        let Some(document) = library.document(id.into())? else {
            break;
        };
        let Some(customer) = Customer::read(&document) else {
            break;
        };
        next = customer.merged_into().next();
        found = Some((document, customer));
    }
    Ok(found)
}

fn create(
    order: &ImportSheetRow,
    row: &CustomerRow,
    store: StoreId,
    remarks: Vec<Finding>,
    library: &dyn Library,
    context: &mut Context<'_>,
) -> Result<Plan<RowTaken>, Refusal> {
    let mut findings = remarks;
    let owner = match &row.owner {
        Some(name) => consultant(library, store, name)?,
        None => context.author.staff(),
    };
    if row.name.is_none() {
        let text = format!("called {} until they say their name", row.name_or_number());
        findings.push(Finding::cell("name", FindingCode::MadeUp, text));
    }
    let intent = intent_input(row, |_| true, None, context, &mut findings)?;
    let mut numbers = row.phones.iter();
    let created = CreateCustomer {
        name: row.name_or_number(),
        phone: numbers.next().map(ToString::to_string),
        store: Some(store),
        owner: Some(owner),
        gender: row.gender,
        region: row.region.clone(),
        source_channel: row.source,
        wechat: row.wechat.clone(),
        grade: row.grade,
        intent,
        carded_on: row.carded_on,
        entered_through: Some(EnteredThrough::Import),
        ..CreateCustomer::default()
    }
    .plan(library, context)?;
    let said = created.notices.into_iter();
    findings.extend(said.map(|notice| Finding::row(FindingCode::AlreadyCarded, notice.text)));
    let (mut edits, output) = (created.edits, created.output);
    let card = DocumentId::from(output.customer);
    for number in numbers {
        let phone = PhoneInput::read(number.as_str(), None)?;
        phone.write(&mut edits, card, output.contact, false, context);
    }
    for brand in &row.competitors {
        offer(brand).write(&mut edits, output.contact, context)?;
    }
    if let Some(due) = row.next {
        task(due, owner).write(&mut edits, output.contact, context)?;
    }
    if let Some(text) = &row.note {
        let text = input::prose("text", text, input::LONGEST_PROSE)?;
        note(&mut edits, output.contact, text, None, context);
    }
    mark(&mut edits, order.source(), card, &[output.contact], context);
    let columns = order.cells.keys();
    let columns = columns.filter_map(|name| Some(order.sheet.column(name)?.name));
    Ok(taken(edits, Verdict::New, card, columns, findings))
}

/// The consultant of that name.
fn consultant(library: &dyn Library, store: StoreId, name: &str) -> Result<StaffId, Refusal> {
    let staff: Vec<_> = library
        .of_kind(Kind::Staff)?
        .iter()
        .filter_map(|document| Staff::read(document))
        .filter(|staff| staff.active && staff.stores.contains(&store) && staff.name == name)
        .collect();
    let (code, text) = match staff.as_slice() {
        [one] => return Ok(one.id),
        [] => (
            FindingCode::NotKnown,
            format!("nobody called {name} works in this store"),
        ),
        several => (
            FindingCode::Ambiguous,
            format!("{} people of this store are called {name}", several.len()),
        ),
    };
    Err(Refusal::RowNotTaken {
        findings: vec![Finding::cell("owner", code, text)],
    })
}

/// What the row says of the intent, of the columns that are to be written; `None` if nothing.
pub(super) fn intent_input(
    row: &CustomerRow,
    has: impl Fn(&str) -> bool,
    stands: Option<&Intent>,
    context: &Context<'_>,
    findings: &mut Vec<Finding>,
) -> Result<Option<IntentInput>, Refusal> {
    let mut input = IntentInput::default();
    let mut says = false;
    if has("series") && !row.models.is_empty() {
        input.models = Some(row.models.clone());
        says = true;
    }
    if has("series") && row.wish.is_some() {
        input.wish = row.wish.clone();
        says = true;
    }
    if let Some((least, most)) = row.budget.filter(|_| has("budget")) {
        (input.budget_min, input.budget_max) = (least, most);
        says = true;
    }
    if has("pay_way") && row.pay_way.is_some() {
        input.pay_way = row.pay_way;
        says = true;
    }
    if let Some(day) = row.expected.filter(|_| has("expected_date")) {
        let base = counted_from(stands, context)?;
        input.horizon_days = u16::try_from(civil::days_between(base, day)).ok();
        if input.horizon_days.is_none() {
            let text = format!("{day} is before {base}, from which the days are counted");
            findings.push(Finding::cell("expected_date", FindingCode::Passed, text));
        }
        says |= input.horizon_days.is_some();
    }
    Ok(says.then_some(input))
}

/// The day from which an intent counts the days until the order.
pub(super) fn counted_from(
    intent: Option<&Intent>,
    context: &Context<'_>,
) -> Result<NaiveDate, Refusal> {
    input::today(intent.map_or(context.now, |intent| intent.at))
}

pub(super) fn offer(brand: &str) -> NoteCompetitor {
    NoteCompetitor {
        // The fact does not bear the customer; who it is about is where it stands.
        customer: CustomerId::from_bytes([0; 16]),
        intent: None,
        brand: brand.to_owned(),
        series: None,
        quoted_price: None,
        dealer: None,
    }
}

pub(super) fn task(due: NaiveDate, assignee: StaffId) -> TaskInput {
    TaskInput {
        due,
        slot: None,
        way: FollowUpType::CallOut,
        goal: None,
        assignee,
        priority: None,
        origin: TaskOrigin::Manual,
        deal: None,
    }
}
