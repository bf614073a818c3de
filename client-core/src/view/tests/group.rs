//! A group with one of everything that views show, and with any number of it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use dealership::command;
use dealership::edit::Fields;
use dealership::kind::Kind;
use rusqlite::trace::{TraceEvent, TraceEventCodes};
use rusqlite::types::Value;
use rusqlite::{Connection, StatementStatus, params_from_iter};
use serde_json::{Value as Json, json};

use crate::projection;
use crate::replica::Replica;
use crate::testing::relay::Relay;
use crate::testing::{HE_JIANGUO, LI_NA, minute, store};

/// The minute at which everything has happened.
pub(super) const NOW: i64 = 600;

/// The columns whose ids are of what there is little of, however large the group.
const OF_FEW: &[&str] = &[
    "assignee",
    "consultant",
    "created_by",
    "owner",
    "staff",
    "store",
    "trim",
];

/// The tables of what there is little of.
const FEW: &[&str] = &["person", "store", "trim"];

/// The general manager's replica, and the ids that views are asked for.
pub(super) struct Group {
    pub(super) replica: Replica,
    pub(super) customer: Json,
    pub(super) deal: Json,
    pub(super) trim: Json,
    pub(super) vehicle: Json,
    pub(super) show: Json,
    pub(super) packed: Json,
    statements: Arc<Mutex<BTreeMap<String, i64>>>,
}

impl Group {
    /// Three customers, one merged into another and one like another, a deal, and a vehicle that
    /// is claimed for it.
    pub(super) fn small() -> Self {
        let mut relay = Relay::new();
        relay.enrol(HE_JIANGUO);
        let name = Fields::from([("name".to_owned(), "城东店".into())]);
        relay.establish(store().into(), Kind::Store, name);
        let mut replica = HE_JIANGUO.replica();
        replica.use_commands(command::find);
        relay.sync(HE_JIANGUO, &mut replica);

        let replica = RefCell::new(replica);
        let run = |command: &str, input: Json, minutes: i64| {
            let executed = replica
                .borrow_mut()
                .execute(command, input, minute(minutes));
            executed
                .unwrap_or_else(|error| panic!("{command}: {error:?}"))
                .output
        };
        let card = |name: &str, phone: &str, minutes: i64| {
            let input = json!({
                "name": name, "phone": phone, "store": store(), "owner": LI_NA.staff(),
                "source_channel": "walk_in", "grade": "H",
            });
            run("create_customer", input, minutes)["customer"].clone()
        };
        let customer = card("张伟", "19900000001", 1);
        let absorbed = card("张薇", "19900000002", 2);
        card("章伟", "19900000001", 3);
        let merge = json!({"survivor": customer, "absorbed": absorbed});
        run("merge_customers", merge, 4);
        let plan = json!({"customer": customer, "due": "2026-05-03", "way": "call_out",
                          "assignee": HE_JIANGUO.staff()});
        run("plan_task", plan, 5);
        let trim = json!({"brand": "远航", "series": "风帆", "name": "2026款 1.5T"});
        let trim = run("create_trim", trim, 6)["trim"].clone();
        let deal = json!({"customer": customer, "trim": trim, "owner": LI_NA.staff()});
        let deal = run("open_deal", deal, 7)["deal"].clone();
        let vehicle = json!({"vin": "ZZZAB1C27RA000101", "store": store(), "trim": trim,
                             "ext_color": "black", "inspected": true, "date": "2026-04-20"});
        let vehicle = run("stock_in", vehicle, 8)["vehicle"].clone();
        let packed = json!({"vin": "ZZZAB1C20TA000013", "store": store(), "trim": trim,
                            "ext_color": "white", "inspected": true});
        let packed = run("stock_in", packed, 9)["vehicle"].clone();
        let show = json!({"name": "五一车展", "store": store(), "team": [LI_NA.staff()],
                          "starts_at": minute(0).millis(), "ends_at": minute(NOW * 9).millis()});
        let show = run("create_show", show, 10)["show"].clone();
        run(
            "pack_vehicles",
            json!({"show": show, "vehicles": [packed]}),
            11,
        );
        let claim = json!({"vehicle": vehicle, "deal": deal, "strength": "soft"});
        run("claim_vehicle", claim, NOW - 1);

        let mut group = Self {
            replica: replica.into_inner(),
            customer,
            deal,
            trim,
            vehicle,
            show,
            packed,
            statements: Arc::default(),
        };
        group.listen();
        group
    }

    /// The same so many times over: rows with other ids, of the same few stores and people.
    pub(super) fn times(mut self, copies: u32) -> Self {
        let connection = self.replica.connection_mut();
        connection.execute_batch("BEGIN").unwrap();
        for table in projection::tables(connection).unwrap() {
            if !FEW.contains(&table.0.as_str()) {
                multiply(connection, &table.0, copies);
            }
        }
        connection.execute_batch("COMMIT").unwrap();
        self
    }

    /// All that was multiplied is over: delivered, done, decided.
    pub(super) fn in_the_past(self) -> Self {
        let kept = |id: &Json| id.as_str().unwrap().replace('-', "");
        let (deal, vehicle) = (kept(&self.deal), kept(&self.vehicle));
        self.replica.sql(&format!(
            "UPDATE deal SET state = 'delivered' WHERE hex(document) <> upper('{deal}');
             UPDATE vehicle_status SET status = 'delivered'
                 WHERE hex(document) <> upper('{vehicle}');
             UPDATE claim SET state = 'ended' WHERE hex(document) <> upper('{vehicle}');
             UPDATE known_case SET is_open = 0;
             DELETE FROM task WHERE hex(customer) <> upper('{}');",
            kept(&self.customer)
        ));
        self
    }

    /// The statements that a view runs, each with the steps that SQLite took over it; `None`
    /// where the view refuses the input.
    pub(super) fn watch(&mut self, view: &str, input: &Json) -> Option<BTreeMap<String, i64>> {
        self.replica
            .connection_mut()
            .flush_prepared_statement_cache();
        self.statements.lock().unwrap().clear();
        self.replica.show(view, input.clone(), minute(NOW)).ok()?;
        Some(std::mem::take(&mut *self.statements.lock().unwrap()))
    }

    /// How SQLite goes about a statement, one line a step.
    pub(super) fn plan_of(&mut self, statement: &str) -> Vec<String> {
        let connection = self.replica.connection_mut();
        let explain = format!("EXPLAIN QUERY PLAN {statement}");
        let mut explained = connection.prepare(&explain).unwrap();
        let mut rows = explained.raw_query();
        let mut plan = Vec::new();
        while let Some(row) = rows.next().unwrap() {
            plan.push(row.get("detail").unwrap());
        }
        plan
    }

    fn listen(&mut self) {
        let heard = Arc::clone(&self.statements);
        let listen = move |event: TraceEvent<'_>| {
            if let TraceEvent::Profile(statement, _) = event {
                // Counted over all of its runs, since the cache is emptied before a view runs.
                let steps = i64::from(statement.get_status(StatementStatus::VmStep));
                let mut heard = heard.lock().unwrap();
                let most = heard.entry(statement.sql().into_owned()).or_default();
                *most = steps.max(*most);
            }
        };
        self.replica
            .connection_mut()
            .trace_v2(TraceEventCodes::SQLITE_TRACE_PROFILE, Some(listen))
            .unwrap();
    }
}

/// Adds copies of a table's rows under other ids.
fn multiply(connection: &Connection, table: &str, copies: u32) {
    let mut select = connection
        .prepare(&format!("SELECT * FROM {table}"))
        .unwrap();
    let of_many: Vec<bool> = select
        .column_names()
        .map(|column| !OF_FEW.contains(&column))
        .collect();
    let rows: Vec<Vec<Value>> = select
        .query_map((), |row| {
            (0..of_many.len()).map(|column| row.get(column)).collect()
        })
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    let places = vec!["?"; of_many.len()].join(", ");
    let mut insert = connection
        .prepare(&format!("INSERT INTO {table} VALUES ({places})"))
        .unwrap();
    for copy in 1..=copies {
        for row in &rows {
            let values = row
                .iter()
                .zip(&of_many)
                .map(|(value, of_many)| match value {
                    Value::Blob(id) if *of_many && id.len() == 16 => {
                        Value::Blob(other(id.clone(), copy))
                    }
                    value => value.clone(),
                });
            insert.execute(params_from_iter(values)).unwrap();
        }
    }
}

fn other(mut id: Vec<u8>, copy: u32) -> Vec<u8> {
    for (byte, other) in id[12..].iter_mut().zip(copy.to_be_bytes()) {
        *byte ^= other;
    }
    id
}
