//! Exporting spreadsheets: the rows of a sheet as text, with what must be said about them.
//!
//! What is exported reads back as it is: an exported file that is imported again changes nothing.
//! Writing files is the caller's affair.

use std::collections::BTreeSet;

use dealership::id::{DocumentId, StoreId};
use dealership::rights::may_export;
use dealership::sheet::Sheet;
use dealership::staff::Staff;
use dealership::store::Store;
use dealership::{Timestamp, civil};
use rusqlite::{Connection, ToSql, params_from_iter};
use schemars::JsonSchema;
use serde::Serialize;

use crate::error::{ReplicaError, StoreError};
use crate::import::ImportError;
use crate::replica::{Replica, Shelf, stores_called};

mod customers;
mod prices;
mod vehicles;

/// How many documents are read before those that were read are let go.
const AT_ONCE: usize = 200;
/// The longest cell, in characters: spreadsheet programs hold little more.
const LONGEST_CELL: usize = 32_000;

/// An export, asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportOrder {
    /// Which sheet.
    pub sheet: Sheet,
    /// Of one store only, by name, code or id.
    pub store: Option<String>,
    /// Why; managers are asked.
    pub reason: Option<String>,
}

/// A sheet for a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Export {
    /// What the trade calls it.
    pub title: String,
    /// The header and the rows.
    pub grid: Vec<Vec<String>>,
    /// What must be said about it 说明: filters, watermark, who, when.
    pub notes: Vec<Vec<String>>,
    /// Who took it and when, to stand on every page.
    pub watermark: String,
}

/// Why nothing was exported.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The person's roles do not export this sheet.
    #[error("your roles do not export {}", .sheet.name())]
    Forbidden {
        /// The sheet.
        sheet: Sheet,
    },
    /// Exports are given a reason.
    #[error("say why you export it: --reason")]
    ReasonNotSaid,
    /// The store is not known.
    #[error(transparent)]
    Store(ImportError),
    /// The replica failed.
    #[error(transparent)]
    Replica(#[from] ReplicaError),
}

impl From<StoreError> for ExportError {
    fn from(error: StoreError) -> Self {
        Self::Replica(error.into())
    }
}

impl Replica {
    /// Gives a sheet of what is here, as far as the person may take it along.
    ///
    /// # Errors
    ///
    /// [`ExportError`].
    pub fn export(&self, order: &ExportOrder, now: Timestamp) -> Result<Export, ExportError> {
        let access = self.access()?;
        let needs = may_export(&access, order.sheet)
            .ok_or(ExportError::Forbidden { sheet: order.sheet })?;
        let reason = order.reason.as_deref().map(str::trim).unwrap_or_default();
        if needs.reason && reason.is_empty() {
            return Err(ExportError::ReasonNotSaid);
        }
        let store = match &order.store {
            None => None,
            Some(name) => {
                let called = stores_called(self.connection(), name)?;
                let [store] = called.as_slice() else {
                    return Err(ExportError::Store(ImportError::Store {
                        name: name.clone(),
                        count: called.len(),
                    }));
                };
                Some(*store)
            }
        };
        let rows = match order.sheet {
            Sheet::Customers => customers::rows(self, store, now)?,
            Sheet::Vehicles => vehicles::rows(self, store)?,
            Sheet::PriceList => prices::rows(self, store, now)?,
        };
        let columns = order.sheet.columns().iter();
        let mut grid = vec![columns.map(|column| column.heading.to_owned()).collect()];
        let count = rows.len();
        grid.extend(rows);
        let who = self.person_name(access.staff)?;
        let device = &self.identity().device_name;
        let at = civil::civil_time(now.millis())
            .map_or_else(String::new, |at| at.format("%Y-%m-%d %H:%M").to_string());
        let watermark = format!("{who} · {device} · {at} · 内部资料，请勿外传");
        let place = match store {
            Some(store) => self.store_name(store)?,
            None => "全部（本机可见）".to_owned(),
        };
        let notes = [
            ("表", order.sheet.title().to_owned()),
            ("门店", place),
            ("筛选", filters(order.sheet).to_owned()),
            ("行数", count.to_string()),
            ("原因", reason.to_owned()),
            ("导出人", who),
            ("设备", device.clone()),
            ("时间", format!("{at}（北京时间）")),
            ("水印", watermark.clone()),
        ];
        Ok(Export {
            title: order.sheet.title().to_owned(),
            grid,
            notes: notes
                .into_iter()
                .map(|(name, text)| vec![name.to_owned(), text])
                .collect(),
            watermark,
        })
    }

    fn person_name(&self, staff: dealership::StaffId) -> Result<String, ReplicaError> {
        let document = self.shelf().document(staff.into())?;
        let staff = document.as_deref().and_then(Staff::read);
        Ok(staff.map_or_else(|| self.identity().staff_name.clone(), |staff| staff.name))
    }

    fn store_name(&self, store: StoreId) -> Result<String, ReplicaError> {
        let document = self.shelf().document(store.into())?;
        let read = document.as_deref().and_then(Store::read);
        Ok(read.map_or_else(|| store.to_string(), |store| store.name))
    }
}

const fn filters(sheet: Sheet) -> &'static str {
    match sheet {
        Sheet::Customers => "在册客户，不含已删除、已合并和限制处理的",
        Sheet::Vehicles => "未交付、未作废的车辆",
        Sheet::PriceList => "今日有效的价格表",
    }
}

/// Runs over documents in order, letting those that were read go now and then.
fn each_document(
    replica: &Replica,
    ids: &[DocumentId],
    mut row: impl FnMut(&Shelf<'_>, DocumentId) -> Result<Option<Vec<String>>, ReplicaError>,
) -> Result<Vec<Vec<String>>, ReplicaError> {
    let mut rows = Vec::with_capacity(ids.len());
    for ids in ids.chunks(AT_ONCE) {
        let shelf = replica.shelf();
        for id in ids {
            let cells = row(&shelf, *id)?;
            rows.extend(cells.map(|cells| cells.into_iter().map(cut).collect()));
        }
    }
    Ok(rows)
}

/// The ids that a query gives.
fn ids(
    connection: &Connection,
    sql: &str,
    values: &[&dyn ToSql],
) -> Result<Vec<DocumentId>, StoreError> {
    let ids = connection
        .prepare_cached(sql)?
        .query_map(params_from_iter(values), |row| {
            row.get(0).map(DocumentId::from_bytes)
        })?
        .collect::<Result<_, _>>()?;
    Ok(ids)
}

fn cut(cell: String) -> String {
    match cell.char_indices().nth(LONGEST_CELL) {
        Some((end, _)) => cell.get(..end).unwrap_or_default().to_owned(),
        None => cell,
    }
}

/// Labels of a set of codes, as a cell lists them.
fn listed(labels: impl IntoIterator<Item = String>) -> String {
    let labels: BTreeSet<_> = labels.into_iter().collect();
    labels.into_iter().collect::<Vec<_>>().join("、")
}
