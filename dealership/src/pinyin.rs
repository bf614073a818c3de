//! Names by their sound: what a search for 张伟, `zhangwei` or `zw` finds, and lists in the order
//! of pinyin.
//!
//! Three steps make a search. [`NameIndex`] gives the forms that the projection stores beside each
//! name; [`SearchQuery`] says what was typed and so which column to ask; [`match_name`] looks at
//! the candidates again and ranks them. [`search_terms`] does the same for running text.
//!
//! Readings come from pinyin-data, which is made from Unihan. Umlauts are written with v, as input
//! methods take them: 吕 is `lv`.

mod name_index;
mod name_match;
mod query;
mod readings;
mod search_terms;
mod sort_key;
mod southern;
mod surname;

pub use name_index::NameIndex;
pub use name_match::{NameMatch, match_name};
pub use query::SearchQuery;
pub use search_terms::{query_terms, search_terms};
pub use sort_key::sort_key;
pub use southern::southern_form;
