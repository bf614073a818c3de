//! The board of open deals: a column for each stage.

use dealership::id::{StaffId, StoreId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::ReplicaError;
use crate::view::shared::Select;
use crate::view::{Desk, View};

/// Asks for the board.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DealBoard {
    /// The deals of one consultant only.
    owner: Option<StaffId>,
    /// The deals of one store only.
    store: Option<StoreId>,
}

/// One column: the cards of it are `deal_list` with the stage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct BoardColumn {
    /// The furthest stage that holds; absent before the first.
    pub stage: Option<String>,
    /// How many deals stand there.
    pub deals: u32,
    /// For how many days the oldest of them has.
    pub oldest_days: i64,
}

const DAY: i64 = 86_400_000;

impl View for DealBoard {
    type Output = Vec<BoardColumn>;

    const NAME: &'static str = "deal_board";
    const ABOUT: &'static str = "How many open deals stand at each stage, and for how long";

    fn run(&self, desk: &Desk<'_>) -> Result<Self::Output, ReplicaError> {
        let now = desk.now.millis();
        let mut select =
            Select::new("SELECT stage, count(*) AS deals, min(since) AS since FROM deal");
        select.filter("state = 'open'", []);
        if let Some(owner) = self.owner {
            select.filter("owner = ?", [Box::new(*owner.as_bytes())]);
        }
        if let Some(store) = self.store {
            select.filter("store = ?", [Box::new(*store.as_bytes())]);
        }
        select.then("GROUP BY stage ORDER BY stage");
        let columns = select.rows(desk.connection, |row| {
            Ok(BoardColumn {
                stage: row.get("stage")?,
                deals: row.get("deals")?,
                oldest_days: now.saturating_sub(row.get("since")?).max(0) / DAY,
            })
        })?;
        Ok(columns)
    }
}
