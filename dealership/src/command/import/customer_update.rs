//! A row about a customer who is here already: what it says anew, and what of that is written.

use chrono::NaiveDate;

use crate::civil;
use crate::command::contact::{AddIntent, AddPhone, EditIntent, EditTask};
use crate::command::customer::{EditCustomer, notices};
use crate::command::grade::note;
use crate::command::import::customer::{counted_from, intent_input, offer, task};
use crate::command::import::customer_row::CustomerRow;
use crate::command::import::{Comparison, ImportSheetRow, Stand, mark, taken};
use crate::command::input::{self, Change};
use crate::command::{Carded, Command, Context, Library, Plan, SetGrade};
use crate::contact::{CompetitorOffer, Contact, Intent};
use crate::customer::{Customer, Gender};
use crate::document::Document;
use crate::edit::Edits;
use crate::import::{Finding, FindingCode, RowTaken, Verdict};
use crate::refusal::Refusal;
use crate::sheet::range_text;
use crate::staff::Staff;

/// Why a grade was set that came with a spreadsheet.
const GRADED_BECAUSE: &str = "导入";

/// A row about a customer who is here.
pub(super) struct Update<'u> {
    pub(super) order: &'u ImportSheetRow,
    pub(super) row: &'u CustomerRow,
    pub(super) card: &'u Document,
    pub(super) customer: &'u Customer,
    pub(super) library: &'u dyn Library,
}

impl Update<'_> {
    /// Works out what is to be written; `known` are the cards that bear a number of the row.
    pub(super) fn plan(
        &self,
        known: &[Carded],
        remarks: Vec<Finding>,
        context: &mut Context<'_>,
    ) -> Result<Plan<RowTaken>, Refusal> {
        let mut findings = remarks;
        findings.extend(
            notices(known)
                .into_iter()
                .map(|notice| Finding::row(FindingCode::AlreadyCarded, notice.text)),
        );
        let card = self.card.id();
        let contact_id = Contact::document_id(self.customer.id);
        let contact = self.library.document(contact_id)?;
        let Some(contact) = contact.as_deref().and_then(Contact::read) else {
            let text = "it is a colleague's customer, whose contact is not on this device";
            findings.push(Finding::row(FindingCode::Colleagues, text));
            let nothing = Edits::default();
            return Ok(taken(nothing, Verdict::Duplicate, card, [], findings));
        };
        self.kept(&mut findings, context)?;
        let stands = self.stands(&contact, context)?;
        let compared = Comparison::of(self.order.duplicates, &stands);
        let mut edits = self.edits(&contact, &compared, &mut findings, context)?;
        let (verdict, columns) = match (edits.is_empty(), compared.new.is_empty()) {
            (false, _) => (Verdict::Updated, compared.chosen),
            (true, true) => (Verdict::Unchanged, compared.new),
            (true, false) => (Verdict::Duplicate, compared.new),
        };
        if verdict == Verdict::Updated {
            mark(
                &mut edits,
                self.order.source(),
                card,
                &[contact_id],
                context,
            );
        }
        Ok(taken(edits, verdict, card, columns, findings))
    }

    /// Says what a row cannot change: whose customer it is, and since when.
    fn kept(&self, findings: &mut Vec<Finding>, context: &Context<'_>) -> Result<(), Refusal> {
        if let Some(name) = &self.row.owner {
            let owner = match self.customer.owner {
                Some(owner) => self.library.document(owner.into())?,
                None => None,
            };
            let owner = owner.as_deref().and_then(Staff::read);
            if owner.is_none_or(|owner| owner.name != *name) {
                let text = "customers are handed over, not imported, to another consultant";
                findings.push(Finding::cell("owner", FindingCode::Differs, text));
            }
        }
        if let Some(day) = self.row.carded_on
            && input::today(self.customer.created_at).ok() != Some(day)
        {
            let text = "the day of the first card stays";
            findings.push(Finding::cell("created_at", FindingCode::Differs, text));
        }
        if let Some(day) = self.row.next
            && day < input::today(context.now)?
        {
            let text = "the day has passed: nothing is planned for it";
            findings.push(Finding::cell("next_follow_up", FindingCode::Passed, text));
        }
        Ok(())
    }

    fn stands(
        &self,
        contact: &Contact,
        context: &Context<'_>,
    ) -> Result<Vec<(&'static str, Stand)>, Refusal> {
        let Self { row, customer, .. } = self;
        let intent = contact.open_intent();
        let gender = customer.gender.as_ref().and_then(|gender| gender.known());
        let gender = gender.filter(|gender| *gender != Gender::Unknown);
        let source = customer.source.channel.as_ref();
        let planned = contact.next_follow_up();
        let today = input::today(context.now)?;
        Ok(vec![
            ("name", Stand::of(Some(&customer.name), row.name.as_ref())),
            (
                "phone",
                Stand::lacking(self.new_phones(contact).next().is_some()),
            ),
            ("gender", Stand::of(gender.as_ref(), row.gender.as_ref())),
            (
                "wechat",
                Stand::of(contact.wechat.as_ref(), row.wechat.as_ref()),
            ),
            (
                "region",
                Stand::of(customer.region.as_ref(), row.region.as_ref()),
            ),
            (
                "source_channel",
                Stand::of(
                    source.and_then(|source| source.known()).as_ref(),
                    row.source.as_ref(),
                ),
            ),
            ("series", self.series(intent)),
            ("grade", self.grade(context)),
            ("budget", self.budget(intent)),
            (
                "pay_way",
                Stand::of(
                    intent
                        .and_then(|intent| intent.pay_way.as_ref()?.known())
                        .as_ref(),
                    row.pay_way.as_ref(),
                ),
            ),
            ("expected_date", self.expected(intent, context)?),
            (
                "competitors",
                Stand::lacking(self.new_competitors(contact).next().is_some()),
            ),
            (
                "next_follow_up",
                Stand::of(
                    planned.as_ref(),
                    row.next.filter(|day| *day >= today).as_ref(),
                ),
            ),
            ("note", self.note(contact)),
        ])
    }

    fn new_phones(&self, contact: &Contact) -> impl Iterator<Item = &str> {
        let here: Vec<_> = contact
            .phones
            .iter()
            .map(|phone| phone.number.clone())
            .collect();
        self.row
            .phones
            .iter()
            .map(|phone| phone.as_str())
            .filter(move |phone| !here.iter().any(|known| known == phone))
    }

    fn new_competitors(&self, contact: &Contact) -> impl Iterator<Item = &str> {
        let here: Vec<_> = contact
            .competitors
            .iter()
            .map(CompetitorOffer::label)
            .collect();
        self.row
            .competitors
            .iter()
            .map(String::as_str)
            .filter(move |brand| !here.iter().any(|known| known == brand))
    }

    fn series(&self, intent: Option<&Intent>) -> Stand {
        let models = intent.map_or(&[][..], |intent| &intent.models);
        let wish = intent.and_then(|intent| intent.wish.as_ref());
        if self.row.models.is_empty() {
            return match Stand::of(wish, self.row.wish.as_ref()) {
                Stand::Blank if !models.is_empty() => Stand::Differs,
                stand => stand,
            };
        }
        match (models.is_empty(), models == self.row.models) {
            (_, true) => Stand::Same,
            (true, false) if wish.is_none() => Stand::Blank,
            _ => Stand::Differs,
        }
    }

    fn grade(&self, context: &Context<'_>) -> Stand {
        match self.row.grade {
            None => Stand::Same,
            Some(grade) if self.customer.grade_at([], context.now) == grade => Stand::Same,
            Some(_) if self.customer.grades.is_empty() => Stand::Blank,
            Some(_) => Stand::Differs,
        }
    }

    fn budget(&self, intent: Option<&Intent>) -> Stand {
        let here = intent.map(|intent| (intent.budget_min, intent.budget_max));
        let said = here.filter(|range| !range_text(*range).is_empty());
        Stand::of(said.as_ref(), self.row.budget.as_ref())
    }

    fn expected(&self, intent: Option<&Intent>, context: &Context<'_>) -> Result<Stand, Refusal> {
        let days = intent.and_then(|intent| u16::try_from(intent.horizon_days?).ok());
        let base = counted_from(intent, context)?;
        let here = days.and_then(|days| civil::days_after(base, days));
        Ok(Stand::of(here.as_ref(), self.row.expected.as_ref()))
    }

    fn note(&self, contact: &Contact) -> Stand {
        let Some(cell) = &self.row.note else {
            return Stand::Same;
        };
        let free = || contact.notes.iter().filter(|note| note.about.is_none());
        let whole = contact.notes_text();
        if free().any(|note| note.text == *cell) || whole == *cell {
            Stand::Same
        } else if free().next().is_none() {
            Stand::Blank
        } else {
            Stand::Differs
        }
    }

    fn edits(
        &self,
        contact: &Contact,
        compared: &Comparison,
        findings: &mut Vec<Finding>,
        context: &mut Context<'_>,
    ) -> Result<Edits, Refusal> {
        let (row, id, library) = (self.row, self.customer.id, self.library);
        let mut edits = self.description(compared, context)?;
        if compared.has("phone") {
            for phone in self.new_phones(contact) {
                let add = AddPhone {
                    customer: id,
                    phone: phone.to_owned(),
                    label: None,
                    primary: false,
                };
                edits.extend(add.plan(library, context)?.edits);
            }
        }
        let stands = contact.open_intent();
        let input = intent_input(
            row,
            |column| compared.has(column),
            stands,
            context,
            findings,
        )?;
        match (input, stands) {
            (Some(changes), Some(intent)) => {
                let edit = EditIntent {
                    customer: id,
                    intent: intent.id,
                    status: None,
                    changes,
                };
                edits.extend(edit.plan(library, context)?.edits);
            }
            (Some(intent), None) => {
                let add = AddIntent {
                    customer: id,
                    intent,
                };
                edits.extend(add.plan(library, context)?.edits);
            }
            (None, _) => {}
        }
        if let Some(grade) = row.grade.filter(|_| compared.has("grade")) {
            let set = SetGrade {
                customer: id,
                grade,
                reason: GRADED_BECAUSE.to_owned(),
                as_suggested: false,
            };
            edits.extend(set.plan(library, context)?.edits);
        }
        if compared.has("competitors") {
            for brand in self.new_competitors(contact) {
                offer(brand).write(&mut edits, contact.id, context)?;
            }
        }
        if let Some(due) = row.next.filter(|_| compared.has("next_follow_up")) {
            self.follow_up(due, contact, &mut edits, context)?;
        }
        if let Some(text) = row.note.as_deref().filter(|_| compared.has("note")) {
            let text = input::prose("text", text, input::LONGEST_PROSE)?;
            note(&mut edits, contact.id, text, None, context);
        }
        Ok(edits)
    }

    /// The registers of card and contact.
    fn description(
        &self,
        compared: &Comparison,
        context: &mut Context<'_>,
    ) -> Result<Edits, Refusal> {
        fn set<T: Clone>(chosen: bool, value: Option<&T>) -> Change<T> {
            value
                .filter(|_| chosen)
                .map_or(Change::Keep, |value| Change::Set(value.clone()))
        }
        let row = self.row;
        let edit = EditCustomer {
            name: row.name.clone().filter(|_| compared.has("name")),
            gender: set(compared.has("gender"), row.gender.as_ref()),
            region: set(compared.has("region"), row.region.as_ref()),
            source_channel: set(compared.has("source_channel"), row.source.as_ref()),
            wechat: set(compared.has("wechat"), row.wechat.as_ref()),
            ..EditCustomer::of(self.customer.id)
        };
        Ok(edit.plan(self.library, context)?.edits)
    }

    /// Puts the next plan off, or plans where nothing is planned.
    fn follow_up(
        &self,
        due: NaiveDate,
        contact: &Contact,
        edits: &mut Edits,
        context: &mut Context<'_>,
    ) -> Result<(), Refusal> {
        let next = contact.open_tasks().filter(|task| task.due.is_some());
        let Some(next) = next.min_by_key(|task| (task.due, task.id)) else {
            let assignee = self.customer.owner.unwrap_or(context.author.staff());
            task(due, assignee).write(edits, contact.id, context)?;
            return Ok(());
        };
        let edit = EditTask {
            customer: self.customer.id,
            task: next.id,
            due: Some(due),
            slot: None,
            way: None,
            goal: None,
            assignee: None,
            priority: None,
        };
        edits.extend(edit.plan(self.library, context)?.edits);
        Ok(())
    }
}
