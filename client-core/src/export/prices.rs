//! The rows of the sheet of prices.

use std::collections::BTreeMap;

use dealership::command::Library;
use dealership::id::StoreId;
use dealership::kind::Kind;
use dealership::price_list::PriceList;
use dealership::sheet::yuan;
use dealership::trim::Trim;
use dealership::{Timestamp, civil};

use crate::error::ReplicaError;
use crate::replica::Replica;

/// The list in force today for a store, or that for every store.
pub(super) fn rows(
    replica: &Replica,
    store: Option<StoreId>,
    now: Timestamp,
) -> Result<Vec<Vec<String>>, ReplicaError> {
    let shelf = replica.shelf();
    let lists: Vec<_> = Library::of_kind(&shelf, Kind::PriceList)?
        .iter()
        .filter_map(|document| PriceList::read(document))
        .filter(|list| !list.voided)
        .collect();
    let Some(today) = civil::civil_date(now.millis()) else {
        return Ok(Vec::new());
    };
    let begun = |list: &&PriceList| {
        list.effective_from <= today && list.effective_to.is_none_or(|last| today <= last)
    };
    let list = match store {
        Some(store) => PriceList::in_force(&lists, store, today),
        None => lists
            .iter()
            .filter(|list| list.stores.is_empty())
            .filter(begun)
            .max_by_key(|list| (list.effective_from, list.version, list.id)),
    };
    let Some(list) = list else {
        return Ok(Vec::new());
    };
    let mut trims = BTreeMap::new();
    for id in list.rows.keys() {
        let document = shelf.document((*id).into())?;
        if let Some(trim) = document.as_deref().and_then(Trim::read) {
            trims.insert(*id, trim);
        }
    }
    let rows = list.rows.iter().filter_map(|(id, price)| {
        let trim = trims.get(id)?;
        Some(vec![
            code(trim, &trims),
            yuan(price.msrp),
            yuan(price.floor),
            price.cash_discount.map(yuan).unwrap_or_default(),
            yuan(price.authority.consultant),
            yuan(price.authority.manager),
            list.effective_from.to_string(),
            list.effective_to
                .map(|day| day.to_string())
                .unwrap_or_default(),
        ])
    });
    Ok(rows.collect())
}

/// The type code where it names this trim alone, or what people call it.
fn code<K>(trim: &Trim, trims: &BTreeMap<K, Trim>) -> String {
    let same = |other: &&Trim| other.type_code == trim.type_code;
    match &trim.type_code {
        Some(code) if trims.values().filter(same).count() == 1 => code.clone(),
        _ => trim.label(),
    }
}
