//! Taking a row of the sheet of vehicles 整车入库.

use crate::command::customer::{set_changed, store_of};
use crate::command::import::vehicle_row::VehicleRow;
use crate::command::import::{
    Comparison, ImportSheetRow, Stand, mark, of_row, repeated, taken, taken_before,
};
use crate::command::{Command, Context, Library, MoveVehicle, Plan, StockIn};
use crate::document::Document;
use crate::edit::Edits;
use crate::id::{DocumentId, FactId, StoreId};
use crate::import::{
    Cells, DuplicateRule, Finding, FindingCode, RowTaken, Verdict, is_taken, marks,
};
use crate::refusal::Refusal;
use crate::vehicle::{MoveReason, PlaceKind, Vehicle};

/// Which columns the fields of the commands are read from.
const COLUMNS: &[(&str, &str)] = &[
    ("vin", "vin"),
    ("vin_override", "vin"),
    ("date", "in_date"),
    ("prod_date", "prod_date"),
    ("options", "options"),
    ("slot", "slot"),
];

pub(super) fn plan(
    order: &ImportSheetRow,
    library: &dyn Library,
    context: &mut Context<'_>,
) -> Result<Plan<RowTaken>, Refusal> {
    let mut cells = Cells::of(&order.cells);
    let row = VehicleRow::read(&mut cells, order.vin_reason.as_deref(), library, context)?;
    let (Some(row), true) = (row, cells.problems.is_empty()) else {
        return Err(Refusal::RowNotTaken {
            findings: cells.problems,
        });
    };
    let store = store_of(context.author, order.store)?;
    let id = DocumentId::from(Vehicle::id_of(context.group, row.vin.as_str()));
    let plan = match library.document(id)? {
        None => stock_in(order, &row, store, cells.remarks, library, context),
        Some(document) if is_taken(&document, order.source()) => Ok(taken_before(id)),
        Some(document) => {
            if let Some(repeated) = repeated(order, &document) {
                return Ok(repeated);
            }
            let known = Known::of(order, &row, store, &document, library)?;
            known.plan(cells.remarks, context)
        }
    };
    plan.map_err(|refusal| of_row(refusal, COLUMNS))
}

fn stock_in(
    order: &ImportSheetRow,
    row: &VehicleRow,
    store: StoreId,
    remarks: Vec<Finding>,
    library: &dyn Library,
    context: &mut Context<'_>,
) -> Result<Plan<RowTaken>, Refusal> {
    let stocked = taken_in(order, row, store).take_in(row.vin, library, context)?;
    let mut edits = stocked.edits;
    let id = DocumentId::from(stocked.output.vehicle);
    mark(&mut edits, order.source(), id, &[], context);
    let columns = order.cells.keys();
    let columns = columns.filter_map(|name| Some(order.sheet.column(name)?.name));
    Ok(taken(edits, Verdict::New, id, columns, remarks))
}

fn taken_in(order: &ImportSheetRow, row: &VehicleRow, store: StoreId) -> StockIn {
    StockIn {
        vin: row.vin.as_str().to_owned(),
        vin_override: order.vin_reason.clone().filter(|_| row.is_doubtful),
        // A sheet bears no photos: its reason is given once for all of its doubtful VINs.
        vin_photo: None,
        imported: false,
        store,
        place: PlaceKind::Store,
        slot: row.slot.clone(),
        date: Some(row.in_date),
        inspected: false,
        trim: Some(row.trim),
        ext_color: row.ext_color.clone(),
        int_color: row.int_color.clone(),
        options: row.options.clone(),
        engine_no: row.engine_no.clone(),
        motor_no: row.motor_no.clone(),
        cert_no: row.cert_no.clone(),
        custody: row.custody,
        prod_date: row.prod_date,
        ship_date: row.ship_date,
        source: None,
        usage: None,
    }
}

/// A row about a VIN that stands here.
struct Known<'k> {
    order: &'k ImportSheetRow,
    row: &'k VehicleRow,
    store: StoreId,
    document: &'k Document,
    vehicle: Vehicle,
    library: &'k dyn Library,
}

impl<'k> Known<'k> {
    fn of(
        order: &'k ImportSheetRow,
        row: &'k VehicleRow,
        store: StoreId,
        document: &'k Document,
        library: &'k dyn Library,
    ) -> Result<Self, Refusal> {
        let refused = |problem: &str| Err(Refusal::state(document, problem));
        let Some(vehicle) = Vehicle::read(document) else {
            return refused("it is no vehicle");
        };
        if vehicle.delivered.is_some() {
            return refused("it was delivered");
        }
        Ok(Self {
            order,
            row,
            store,
            document,
            vehicle,
            library,
        })
    }

    fn plan(
        &self,
        remarks: Vec<Finding>,
        context: &mut Context<'_>,
    ) -> Result<Plan<RowTaken>, Refusal> {
        let id = self.document.id();
        if self.vehicle.void.is_some() {
            return self.revive(remarks, context);
        }
        let mut findings = remarks;
        if self.order.duplicates == DuplicateRule::CreateAndMark {
            let text = "a VIN names one car: there is no second entry of it";
            findings.push(Finding::cell("vin", FindingCode::State, text));
        }
        if self
            .vehicle
            .stocked_in
            .is_some_and(|day| day != self.row.in_date)
        {
            let text = "the day on which it first came in stays";
            findings.push(Finding::cell("in_date", FindingCode::Differs, text));
        }
        let stands = self.stands();
        let compared = Comparison::of(self.order.duplicates, &stands);
        let mut edits = Edits::default();
        if compared.has("in_date") {
            let arrival = taken_in(self.order, self.row, self.store);
            edits.extend(arrival.plan(self.library, context)?.edits);
            // What nobody had said the arrival has said; what differs is left to write.
            let differing: Vec<_> = stands
                .iter()
                .filter(|(column, stand)| *stand == Stand::Differs && compared.has(column))
                .map(|(column, _)| *column)
                .collect();
            self.write(&|column| differing.contains(&column), &mut edits);
        } else {
            self.write(&|column| compared.has(column), &mut edits);
            self.facts(&compared, &mut edits, context)?;
        }
        let (verdict, columns) = match (edits.is_empty(), compared.new.is_empty()) {
            (false, _) => (Verdict::Updated, compared.chosen),
            (true, true) => (Verdict::Unchanged, compared.new),
            (true, false) => (Verdict::Duplicate, compared.new),
        };
        if verdict == Verdict::Updated {
            mark(&mut edits, self.order.source(), id, &[], context);
        }
        Ok(taken(edits, verdict, id, columns, findings))
    }

    /// An entry that an import made and that was deleted because the import was taken back comes
    /// to life again; one that a person voided as mistyped does not.
    fn revive(
        &self,
        remarks: Vec<Finding>,
        context: &mut Context<'_>,
    ) -> Result<Plan<RowTaken>, Refusal> {
        let marks = marks(self.document);
        if marks.is_empty() || marks.iter().any(|mark| !mark.undone) {
            let problem = "this VIN was voided as mistyped";
            return Err(Refusal::state(self.document, problem));
        }
        let id = self.document.id();
        let undone: Vec<FactId> = self
            .document
            .facts("void_undo")
            .filter_map(|fact| fact.parsed("void"))
            .collect();
        let mut edits = Edits::default();
        for void in self.document.facts("void") {
            if !undone.contains(&void.id) {
                let fields = context.signed([("void", void.id.into())]);
                edits.record(id, "void_undo", context.ids.fact(), fields);
            }
        }
        self.write(&|_| true, &mut edits);
        mark(&mut edits, self.order.source(), id, &[], context);
        let columns = self.order.cells.keys();
        let columns = columns.filter_map(|name| Some(self.order.sheet.column(name)?.name));
        Ok(taken(edits, Verdict::New, id, columns, remarks))
    }

    fn stands(&self) -> Vec<(&'static str, Stand)> {
        let Self { row, vehicle, .. } = self;
        let is_coming = [None, Some(MoveReason::Shipped), Some(MoveReason::WriteOff)]
            .contains(&vehicle.last_move);
        let engine = Stand::of(vehicle.engine_no.as_ref(), row.engine_no.as_ref());
        let motor = Stand::of(vehicle.motor_no.as_ref(), row.motor_no.as_ref());
        let numbers = match (engine, motor) {
            (Stand::Differs, _) | (_, Stand::Differs) => Stand::Differs,
            (Stand::Blank, _) | (_, Stand::Blank) => Stand::Blank,
            _ => Stand::Same,
        };
        vec![
            ("in_date", Stand::lacking(is_coming)),
            ("trim", Stand::of(vehicle.trim.as_ref(), Some(&row.trim))),
            (
                "ext_color",
                Stand::of(vehicle.ext_color.as_ref(), row.ext_color.as_ref()),
            ),
            (
                "int_color",
                Stand::of(vehicle.int_color.as_ref(), row.int_color.as_ref()),
            ),
            (
                "options",
                Stand::lacking(!row.options.is_subset(&vehicle.options)),
            ),
            ("engine_no", numbers),
            (
                "cert_no",
                Stand::of(vehicle.cert_no.as_ref(), row.cert_no.as_ref()),
            ),
            (
                "prod_date",
                Stand::of(vehicle.prod_date.as_ref(), row.prod_date.as_ref()),
            ),
            (
                "ship_date",
                Stand::of(vehicle.ship_date.as_ref(), row.ship_date.as_ref()),
            ),
            ("slot", Stand::of(vehicle.slot.as_ref(), row.slot.as_ref())),
            (
                "custody",
                Stand::of(vehicle.custody.as_ref(), row.custody.as_ref()),
            ),
        ]
    }

    /// Writes the registers of the columns that are to be written.
    fn write(&self, has: &dyn Fn(&str) -> bool, edits: &mut Edits) {
        for (column, registers) in self.row.registers() {
            if has(column) {
                let registers = registers
                    .iter()
                    .map(|(key, value)| (key.as_str(), Some(value.clone())));
                set_changed(edits, self.document, registers);
            }
        }
    }

    /// A new slot is a move, and a new place of the certificate a fact.
    fn facts(
        &self,
        compared: &Comparison,
        edits: &mut Edits,
        context: &mut Context<'_>,
    ) -> Result<(), Refusal> {
        let place = self
            .vehicle
            .place
            .map_or(PlaceKind::Store, |place| place.kind);
        if let Some(slot) = self.row.slot.clone().filter(|_| compared.has("slot")) {
            let shift = MoveVehicle {
                vehicle: self.vehicle.id,
                reason: MoveReason::Shift,
                to: place,
                store: None,
                show: self.vehicle.place.and_then(|place| place.show),
                slot: Some(slot),
                date: None,
            };
            edits.extend(shift.plan(self.library, context)?.edits);
        }
        if let Some(custody) = self.row.custody.filter(|_| compared.has("custody")) {
            let state = context.signed([("state", custody.code().into())]);
            edits.record(self.document.id(), "custody", context.ids.fact(), state);
        }
        Ok(())
    }
}
