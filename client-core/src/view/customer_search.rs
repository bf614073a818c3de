//! The search for customers: by name, pinyin, initials, digits of a phone.

use dealership::pinyin::{SearchQuery, southern_form};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::error::ReplicaError;
use crate::view::customer_list::{COLUMNS, CustomerRow, read};
use crate::view::shared::{Select, after_prefix};
use crate::view::{Desk, View};

/// The most customers that a search gives.
const MOST: u32 = 50;

/// Asks for the customers that a query finds.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CustomerSearch {
    /// What was typed: `张伟`, `zhangwei`, `zw`, `8001`, `zw 8001`.
    query: String,
}

impl View for CustomerSearch {
    type Output = Vec<CustomerRow>;

    const NAME: &'static str = "customer_search";
    const ABOUT: &'static str =
        "Customers by name, pinyin, initials or digits of a phone; one's own first, then recent";

    fn run(&self, desk: &Desk<'_>) -> Result<Self::Output, ReplicaError> {
        let query = SearchQuery::parse(&self.query);
        let terms: Vec<&str> = [Some(query.name.as_str()), query.digits.as_deref()]
            .into_iter()
            .flatten()
            .filter(|term| !term.is_empty())
            .collect();
        let Some((first, rest)) = terms.split_first() else {
            return Ok(Vec::new());
        };
        let now = desk.now.millis();
        let southern = southern_form(first);
        let mut select = Select::new(format!(
            "WITH hit (subject, rank) AS (
                 SELECT subject, min(rank) FROM search_term
                 WHERE term >= ? AND term < ? OR term >= ? AND term < ? GROUP BY subject)
             SELECT {COLUMNS} FROM hit JOIN customer AS c ON c.document = hit.subject"
        ));
        select
            .value(*first)
            .value(after_prefix(first))
            .value(southern.clone())
            .value(after_prefix(&southern))
            .value(now)
            .value(now);
        select.filter("c.is_live = 1", []);
        for term in rest {
            select.filter(
                "EXISTS (SELECT 1 FROM search_term AS s
                     WHERE s.term >= ? AND s.term < ? AND s.subject = c.document)",
                [Box::new(*term), Box::new(after_prefix(term))],
            );
        }
        select
            .then("ORDER BY c.owner IS NOT ?, hit.rank, c.last_contact_at DESC, c.document")
            .value(*desk.identity.staff.as_bytes())
            .then(&format!("LIMIT {MOST}"));
        Ok(select.rows(desk.connection, |row| read(row, desk))?)
    }
}
