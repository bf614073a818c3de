//! What an end has of the documents, and waiting until it has what is expected.

use std::collections::BTreeMap;
use std::ops::Range;

use anyhow::Result;
use futures::StreamExt as _;
use samod::DocHandle;
use serde::Deserialize;
use tokio::sync::watch;

use crate::record;

/// What an end is expected to have.
#[derive(Deserialize)]
pub(crate) struct Expected {
    documents: usize,
    edit: Option<Edit>,
}

/// The documents numbered from `from` have this remark.
#[derive(Deserialize)]
pub(crate) struct Edit {
    from: u64,
    count: u64,
    pub(crate) text: String,
}

/// The documents of an end.
#[derive(Default)]
pub(crate) struct Replica {
    handles: BTreeMap<u64, DocHandle>,
    remarks: watch::Sender<BTreeMap<u64, String>>,
}

impl Edit {
    pub(crate) const fn numbers(&self) -> Range<u64> {
        self.from..self.from + self.count
    }
}

impl Replica {
    /// Takes a document in and follows it as it changes.
    pub(crate) fn follow(&mut self, handle: DocHandle) -> Result<()> {
        let (number, remark) = record::number_and_remark(&handle)?;
        self.remarks.send_modify(|remarks| {
            remarks.insert(number, remark);
        });
        let mut changes = handle.changes().boxed();
        let (remarks, changed) = (self.remarks.clone(), handle.clone());
        tokio::spawn(async move {
            while changes.next().await.is_some() {
                let (number, remark) =
                    record::number_and_remark(&changed).expect("a record stays one");
                remarks.send_modify(|remarks| {
                    remarks.insert(number, remark);
                });
            }
        });
        self.handles.insert(number, handle);
        Ok(())
    }

    /// A document by its number.
    pub(crate) fn handle(&self, number: u64) -> Option<&DocHandle> {
        self.handles.get(&number)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.handles.is_empty()
    }

    /// Waits until everything expected is here.
    pub(crate) async fn until(&self, expected: &Expected) -> Result<()> {
        let mut remarks = self.remarks.subscribe();
        remarks
            .wait_for(|remarks| {
                let is_there = |edit: &Edit| {
                    edit.numbers()
                        .all(|number| remarks.get(&number) == Some(&edit.text))
                };
                remarks.len() >= expected.documents && expected.edit.as_ref().is_none_or(is_there)
            })
            .await?;
        Ok(())
    }
}
