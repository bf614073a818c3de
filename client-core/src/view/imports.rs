//! The imports whose marks are here, the latest first.

use dealership::Timestamp;
use dealership::id::{ImportId, StaffId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::ReplicaError;
use crate::view::shared::{Select, id, instant};
use crate::view::{Desk, View};

/// The most imports that are listed.
const MOST: u32 = 500;

/// Asks for the imports that made or changed something here.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ImportList {}

/// One import.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ImportListed {
    /// Which.
    pub import: ImportId,
    /// The kind of what it made or changed.
    pub kind: String,
    /// How many documents bear a mark of it.
    pub documents: i64,
    /// How many of its marks were taken back.
    pub undone: i64,
    /// Who imported.
    pub staff: StaffId,
    /// Their name, if it is here.
    pub staff_name: Option<String>,
    /// When it began, by the device's clock.
    pub at: Timestamp,
}

impl View for ImportList {
    type Output = Vec<ImportListed>;

    const NAME: &'static str = "imports";
    const ABOUT: &'static str = "Imports of spreadsheets, the latest first, to take one back";

    fn run(&self, desk: &Desk<'_>) -> Result<Self::Output, ReplicaError> {
        let mut select = Select::new(
            "SELECT i.import, i.kind, count(DISTINCT i.document) AS documents,
                 sum(i.is_undone) AS undone, i.staff, min(i.at) AS at,
                 (SELECT name FROM person AS p WHERE p.document = i.staff) AS staff_name
             FROM imported AS i",
        );
        select.then(&format!(
            "GROUP BY i.import, i.kind, i.staff ORDER BY at DESC, i.import LIMIT {MOST}"
        ));
        Ok(select.rows(desk.connection, |row| {
            Ok(ImportListed {
                import: id(row, "import")?,
                kind: row.get("kind")?,
                documents: row.get("documents")?,
                undone: row.get("undone")?,
                staff: id(row, "staff")?,
                staff_name: row.get("staff_name")?,
                at: instant(row, "at")?,
            })
        })?)
    }
}
