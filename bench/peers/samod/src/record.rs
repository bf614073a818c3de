//! A record as an Automerge document: its strings are values, as nobody merges a name letter by
//! letter.

use anyhow::{Context as _, Result, bail};
use automerge::transaction::Transactable as _;
use automerge::{Automerge, AutomergeError, ROOT, ReadDoc as _, ScalarValue};
use samod::DocHandle;
use serde_json::{Map, Value as Json};

/// The field that edits change.
const REMARK: &str = "remark";

/// A new document with the fields of a record.
pub(crate) fn document(record: &Map<String, Json>) -> Result<Automerge> {
    let mut fields = Vec::new();
    for (name, value) in record {
        let value = match value {
            Json::String(text) => ScalarValue::Str(text.as_str().into()),
            Json::Number(number) => ScalarValue::Int(number.as_i64().context("numbers are whole")?),
            Json::Bool(claim) => ScalarValue::Boolean(*claim),
            other => bail!("a record is flat, and {name} is {other}"),
        };
        fields.push((name, value));
    }
    let mut document = Automerge::new();
    let put = document.transact::<_, _, AutomergeError>(|transaction| {
        fields
            .into_iter()
            .try_for_each(|(name, value)| transaction.put(ROOT, name, value))
    });
    put.map_err(|failure| failure.error)?;
    Ok(document)
}

/// Its number and its remark.
pub(crate) fn number_and_remark(handle: &DocHandle) -> Result<(u64, String)> {
    handle.with_document(|document| {
        let (number, _) = document.get(ROOT, "number")?.context("a number")?;
        let (remark, _) = document.get(ROOT, REMARK)?.context("a remark")?;
        let number = number.as_i64().context("a whole number")?;
        let remark = remark.as_str().context("a text")?.to_owned();
        Ok((u64::try_from(number)?, remark))
    })
}

/// Replaces its remark.
pub(crate) fn set_remark(handle: &DocHandle, text: &str) -> Result<()> {
    handle.with_document(|document| {
        let put = document.transact::<_, _, AutomergeError>(|transaction| {
            transaction.put(ROOT, REMARK, ScalarValue::Str(text.into()))
        });
        put.map(|_| ()).map_err(|failure| failure.error.into())
    })
}
