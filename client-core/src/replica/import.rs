//! Imports: rows of a spreadsheet run as commands, many of them in one transaction.
//!
//! A row that is refused is rolled back alone. What interrupts an import leaves whole rows, and
//! running it again finds those and goes on. A preview is the same run in one transaction that
//! is rolled back, so it says what the run will do, rights included.

use std::cell::RefCell;
use std::collections::BTreeSet;

use dealership::Timestamp;
use dealership::command::{Command, ImportPrices, ImportSheetRow, PriceCells, PricesTaken};
use dealership::id::{DocumentId, ImportId, StoreId};
use dealership::import::{RowTaken, id_of};
use dealership::sheet::{Row, Sheet, find_header};
use rusqlite::{Connection, Transaction, TransactionBehavior};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use crate::entropy::draw;
use crate::error::{ReplicaError, StoreError, damaged};
use crate::identity::Identity;
use crate::import::{
    Headings, ImportError, ImportOrder, ImportReport, MAX_ROWS, RowReport, Summary, assigned,
    findings_of,
};
use crate::outbox::{BatchId, Intent};
use crate::projection::{self, Progress};
use crate::replica::cache::Cache;
use crate::replica::execute::Press;
use crate::replica::shelf::Shelf;
use crate::replica::{Commands, Replica};
use crate::store;

mod undo;

/// How many commands are run in one transaction: enough that its fsync does not count, and few
/// enough that an interruption costs little and memory stays small.
const AT_ONCE: usize = 100;

/// A command that is to be run, with all that is drawn before its transaction begins.
struct Errand {
    intent: Intent,
    batch: BatchId,
}

/// What came of an errand: the command's answer and what it changed, or why the command is
/// refused.
type Ran = Result<(Json, Vec<DocumentId>), ReplicaError>;

/// An import whose columns were found.
struct Import<'i> {
    order: &'i ImportOrder,
    id: ImportId,
    store: Option<StoreId>,
    headings: &'i Headings,
    rows: &'i [Row],
    now: Timestamp,
}

impl Replica {
    /// Imports a grid of text, or says what importing it would do.
    ///
    /// Rows are taken one by one: what a row is refused for stands in its verdict and stops no
    /// other. The same grid a second time changes nothing.
    ///
    /// # Errors
    ///
    /// [`ImportError`], where nothing of the grid can be taken, or the replica fails half-way;
    /// then whole rows are here, and the same import again goes on behind them.
    pub fn import(
        &mut self,
        grid: &[Vec<String>],
        order: &ImportOrder,
        now: Timestamp,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<ImportReport, ImportError> {
        let said = assigned(order)?;
        let sheet = order.sheet;
        let mut remembered =
            store::heading::all(&self.connection, sheet.name()).map_err(ReplicaError::from)?;
        remembered.extend(said.clone());
        let header = find_header(sheet, grid, &remembered)?;
        let rows = sheet.rows(grid, &header);
        if rows.len() > MAX_ROWS {
            return Err(ImportError::TooManyRows { rows: rows.len() });
        }
        let store = self.import_store(order)?;
        let line = header.line.saturating_sub(1);
        let line = grid.get(line).map_or(&[][..], Vec::as_slice);
        let headings = Headings::of(sheet, line, &header, &remembered);
        let import = Import {
            order,
            id: id_of(self.identity.group, sheet, store, order.duplicates, &rows),
            store,
            headings: &headings,
            rows: &rows,
            now,
        };
        if !order.dry_run {
            for (heading, name) in &said {
                store::heading::put(&self.connection, sheet.name(), heading, name)
                    .map_err(ReplicaError::from)?;
            }
        }
        let id = import.id;
        let (rows, changed) = match sheet {
            Sheet::PriceList => self.import_prices(&import)?,
            Sheet::Customers | Sheet::Vehicles => self.import_rows(&import, progress)?,
        };
        Ok(ImportReport {
            import: id,
            sheet,
            duplicates: order.duplicates,
            store,
            dry_run: order.dry_run,
            header_line: header.line,
            columns: headings.into_columns(),
            unknown: header.unknown,
            summary: Summary::of(&rows),
            rows,
            changed,
        })
    }

    /// Each row is a command.
    fn import_rows(
        &mut self,
        import: &Import<'_>,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(Vec<RowReport>, BTreeSet<DocumentId>), ReplicaError> {
        let mut commands = Vec::with_capacity(import.rows.len());
        for row in import.rows {
            commands.push(import.row(row)?);
        }
        let ran = self.run_all(
            ImportSheetRow::NAME,
            &commands,
            import.now,
            import.order.dry_run,
            progress,
        )?;
        let mut changed = BTreeSet::new();
        let mut reports = Vec::with_capacity(ran.len());
        for (command, ran) in commands.iter().zip(ran) {
            reports.push(match ran {
                Ok((output, documents)) => {
                    changed.extend(documents);
                    let taken: RowTaken = from_json(output)?;
                    import.headings.taken(command.row, taken)
                }
                Err(error) => import.headings.not_taken(command.row, findings_of(error)?),
            });
        }
        Ok((reports, changed))
    }

    /// All rows together are a command.
    fn import_prices(
        &mut self,
        import: &Import<'_>,
    ) -> Result<(Vec<RowReport>, BTreeSet<DocumentId>), ReplicaError> {
        let command = ImportPrices {
            import: import.id,
            duplicates: import.order.duplicates,
            store: import.store,
            rows: import
                .rows
                .iter()
                .map(|row| {
                    Ok(PriceCells {
                        row: number(row)?,
                        cells: import.cells(row),
                    })
                })
                .collect::<Result<_, ReplicaError>>()?,
        };
        let commands = [command];
        let mut ran = self.run_all(
            ImportPrices::NAME,
            &commands,
            import.now,
            import.order.dry_run,
            &mut |_| {},
        )?;
        let [command] = commands;
        match ran.pop() {
            Some(Ok((output, changed))) => {
                let taken: PricesTaken = from_json(output)?;
                let rows = taken.rows.into_iter();
                let rows = rows.map(|row| import.headings.taken(row.row, row.taken));
                Ok((rows.collect(), changed.into_iter().collect()))
            }
            Some(Err(error)) => {
                let findings = findings_of(error)?;
                let rows = command.rows.iter();
                let rows = rows.map(|row| import.headings.not_taken(row.row, findings.clone()));
                Ok((rows.collect(), BTreeSet::new()))
            }
            None => Ok((Vec::new(), BTreeSet::new())),
        }
    }

    /// Runs commands in their order, each whole or not at all, many in one transaction; or runs
    /// them and keeps nothing.
    ///
    /// A refused command is an answer; whatever else fails ends the run, with what was committed
    /// before.
    fn run_all(
        &mut self,
        name: &str,
        commands: &[impl Serialize],
        now: Timestamp,
        dry_run: bool,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Vec<Ran>, ReplicaError> {
        let total = commands.len() as u64;
        let mut answers = Vec::with_capacity(commands.len());
        let mut report = |answers: &Vec<Ran>| {
            let done = answers.len() as u64;
            progress(Progress { done, total });
        };
        if dry_run {
            let errands = self.errands(name, commands, now)?;
            let actor = self.actor();
            let (identity, commands) = (&self.identity, self.commands);
            let transaction = self
                .connection
                .transaction_with_behavior(TransactionBehavior::Immediate)?;
            for errands in errands.chunks(AT_ONCE) {
                // What is not committed must not reach the replica's cache.
                let scratch = RefCell::<Cache>::default();
                let shelf = Shelf::new(&transaction, &scratch);
                let press = press(identity, &shelf, commands, actor);
                for errand in errands {
                    answers.push(run_in_savepoint(&press, errand)?);
                }
                report(&answers);
            }
            transaction.rollback()?;
            return Ok(answers);
        }
        for commands in commands.chunks(AT_ONCE) {
            let errands = self.errands(name, commands, now)?;
            let actor = self.actor();
            let transaction: Transaction<'_> = self
                .connection
                .transaction_with_behavior(TransactionBehavior::Immediate)?;
            let shelf = Shelf::new(&transaction, &self.cache);
            let press = press(&self.identity, &shelf, self.commands, actor);
            for errand in &errands {
                answers.push(run_in_savepoint(&press, errand)?);
            }
            let taken = shelf.into_taken();
            transaction.commit()?;
            self.keep(taken);
            report(&answers);
        }
        Ok(answers)
    }

    fn errands(
        &mut self,
        name: &str,
        commands: &[impl Serialize],
        now: Timestamp,
    ) -> Result<Vec<Errand>, ReplicaError> {
        commands
            .iter()
            .map(|command| {
                let input = serde_json::to_value(command)
                    .map_err(|error| damaged("a command", error.to_string()))?;
                let intent = Intent {
                    command: name.to_owned(),
                    input,
                    made_at: now,
                    id_seed: draw(self.entropy.as_mut()),
                    staff: self.identity.staff,
                };
                let batch = BatchId(draw(self.entropy.as_mut()));
                Ok(Errand { intent, batch })
            })
            .collect()
    }

    /// The store that is meant: the one named, or the only one of the author.
    fn import_store(&self, order: &ImportOrder) -> Result<Option<StoreId>, ImportError> {
        let Some(name) = &order.store else {
            let access = self.access()?;
            let mut stores = access.stores.iter();
            return match (order.sheet, stores.next(), stores.next()) {
                (Sheet::PriceList, _, _) => Ok(None),
                (_, Some(store), None) => Ok(Some(*store)),
                _ => Err(ImportError::StoreNotSaid),
            };
        };
        let called = stores_called(&self.connection, name).map_err(ReplicaError::from)?;
        match called.as_slice() {
            [store] => Ok(Some(*store)),
            stores => Err(ImportError::Store {
                name: name.clone(),
                count: stores.len(),
            }),
        }
    }
}

impl Import<'_> {
    fn row(&self, row: &Row) -> Result<ImportSheetRow, ReplicaError> {
        Ok(ImportSheetRow {
            sheet: self.order.sheet,
            import: self.id,
            row: number(row)?,
            duplicates: self.order.duplicates,
            store: self.store,
            vin_reason: self.order.vin_reason.clone(),
            cells: self.cells(row),
        })
    }

    /// The cells of the columns that are not left alone.
    fn cells(&self, row: &Row) -> std::collections::BTreeMap<String, String> {
        let left_alone = self.order.sheet.left_alone();
        row.cells
            .iter()
            .filter(|(column, _)| left_alone.iter().all(|(name, _)| name != *column))
            .map(|(column, cell)| ((*column).to_owned(), cell.clone()))
            .collect()
    }
}

fn press<'p>(
    identity: &'p Identity,
    shelf: &'p Shelf<'p>,
    commands: Commands,
    actor: change_gate::Actor,
) -> Press<'p> {
    Press {
        identity,
        shelf,
        commands,
        actor,
        // Each errand brings its own.
        batch: BatchId([0; 16]),
        ordinal: None,
    }
}

/// Runs one command; what a refused one wrote is rolled back, in the database and on the shelf.
fn run_in_savepoint(press: &Press<'_>, errand: &Errand) -> Result<Ran, ReplicaError> {
    let connection = press.shelf.connection();
    let mark = press.shelf.mark();
    connection.execute_batch("SAVEPOINT errand")?;
    let own = Press {
        batch: errand.batch,
        ..*press
    };
    let ran = own.run(&errand.intent).and_then(|(executed, _)| {
        // At once, since a later command may be about the same customer.
        projection::update(press.shelf, executed.changed.iter().copied())?;
        Ok((executed.output, executed.changed))
    });
    match ran {
        Ok(ran) => {
            connection.execute_batch("RELEASE errand")?;
            Ok(Ok(ran))
        }
        Err(ReplicaError::Store(error)) => Err(error.into()),
        Err(refused) => {
            connection.execute_batch("ROLLBACK TO errand; RELEASE errand")?;
            press.shelf.return_to(mark);
            Ok(Err(refused))
        }
    }
}

/// The stores of that name, code or id.
pub(crate) fn stores_called(
    connection: &Connection,
    name: &str,
) -> Result<Vec<StoreId>, StoreError> {
    let id: Option<StoreId> = name.parse().ok();
    let stores = connection
        .prepare_cached("SELECT document FROM store WHERE name = ?1 OR code = ?1 OR document = ?2")?
        .query_map((name, id.as_ref().map(|id| id.as_bytes())), |row| {
            row.get(0).map(StoreId::from_bytes)
        })?
        .collect::<Result<_, _>>()?;
    Ok(stores)
}

fn number(row: &Row) -> Result<u32, ReplicaError> {
    u32::try_from(row.number)
        .map_err(|_| damaged("a spreadsheet", format!("the row {}", row.number)).into())
}

fn from_json<T: DeserializeOwned>(output: Json) -> Result<T, ReplicaError> {
    serde_json::from_value(output)
        .map_err(|error| damaged("a command's answer", error.to_string()).into())
}
