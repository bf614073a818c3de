//! Counts the rows of a change's columns without expanding them.
//!
//! ```text
//! number of columns (uleb)
//! for each column: specification (uleb), length in bytes (uleb)
//! the columns' bytes, in the same order
//!
//! specification = id << 4 | deflate << 3 | kind
//!
//! kind  what is stored                  how
//! 0     number of values in a group     run-length
//! 1     index of an actor               run-length
//! 2     unsigned number                 run-length
//! 3     difference to the value before  run-length
//! 4     boolean                         alternating run lengths (uleb), false first
//! 5     text                            run-length
//! 6     kind and length of a value      run-length
//! 7     bytes of values                 as they are
//!
//! a run: sleb n > 0   n copies of the value that follows
//!        sleb n < 0   -n values follow
//!        0, uleb n    n nulls
//! ```

use super::{Malformed, reader::Reader};
use crate::limits;

/// Checks the column table and every column that follows it; returns the number
/// of operations.
pub(super) fn scan(reader: &mut Reader<'_>, actors: u64) -> Result<u64, Malformed> {
    let count = reader.unsigned()?;
    if count > Column::ALL.len() as u64 {
        return Err(Malformed::TooManyColumns { found: count });
    }
    let mut table = Vec::new();
    let mut previous = None;
    for _ in 0..count {
        let specification = reader.unsigned()?;
        if specification & DEFLATE != 0 {
            return Err(Malformed::CompressedColumn { specification });
        }
        let column = Column::ALL
            .into_iter()
            .find(|column| column.specification() == specification)
            .ok_or(Malformed::UnknownColumn { specification })?;
        if previous.is_some_and(|previous| previous >= specification) {
            return Err(Malformed::ColumnsOutOfOrder);
        }
        previous = Some(specification);
        table.push((column, reader.unsigned()?));
    }
    let mut operations = 0;
    for (column, length) in table {
        let rows = column.rows(Reader::new(reader.bytes(length)?), actors)?;
        if column == Column::Action {
            operations = rows;
        }
    }
    Ok(operations)
}

const DEFLATE: u64 = 0b1000;

/// A column of a change, valued by its specification.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Column {
    ObjectActor = 0x01,
    ObjectCounter = 0x02,
    KeyActor = 0x11,
    KeyCounter = 0x13,
    KeyText = 0x15,
    Insert = 0x34,
    Action = 0x42,
    ValueKind = 0x56,
    Value = 0x57,
    PredecessorCount = 0x70,
    PredecessorActor = 0x71,
    PredecessorCounter = 0x73,
    Expand = 0x94,
    MarkName = 0xa5,
}

impl Column {
    const ALL: [Self; 14] = [
        Self::ObjectActor,
        Self::ObjectCounter,
        Self::KeyActor,
        Self::KeyCounter,
        Self::KeyText,
        Self::Insert,
        Self::Action,
        Self::ValueKind,
        Self::Value,
        Self::PredecessorCount,
        Self::PredecessorActor,
        Self::PredecessorCounter,
        Self::Expand,
        Self::MarkName,
    ];

    fn specification(self) -> u64 {
        self as u64
    }

    /// Sums the column's runs and checks every value that is written out.
    fn rows(self, mut data: Reader<'_>, actors: u64) -> Result<u64, Malformed> {
        match self {
            Self::Value => Ok(0),
            Self::Insert | Self::Expand => {
                let mut rows = Rows::of(self);
                while !data.is_empty() {
                    rows.add(data.unsigned()?)?;
                }
                Ok(rows.count)
            }
            _ => self.run_length_rows(data, actors),
        }
    }

    fn run_length_rows(self, mut data: Reader<'_>, actors: u64) -> Result<u64, Malformed> {
        let mut rows = Rows::of(self);
        let mut values = Values {
            column: self,
            actors,
            absolute: 0,
            grouped: Rows::of(self),
        };
        while !data.is_empty() {
            let run = data.signed()?;
            match run {
                0 => rows.add(data.unsigned()?)?,
                1.. => {
                    rows.add(run.unsigned_abs())?;
                    values.read(&mut data, run.unsigned_abs())?;
                }
                _ => {
                    rows.add(run.unsigned_abs())?;
                    for _ in 0..run.unsigned_abs() {
                        values.read(&mut data, 1)?;
                    }
                }
            }
        }
        Ok(rows.count)
    }
}

/// A count of rows that never passes the limit.
struct Rows {
    column: Column,
    count: u64,
}

impl Rows {
    fn of(column: Column) -> Self {
        Self { column, count: 0 }
    }

    fn add(&mut self, more: u64) -> Result<(), Malformed> {
        self.count = self.count.saturating_add(more);
        if self.count > limits::ROWS {
            return Err(Malformed::TooManyRows {
                specification: self.column.specification(),
                rows: self.count,
            });
        }
        Ok(())
    }
}

/// Checks the values of a run-length column as they are read.
struct Values {
    column: Column,
    actors: u64,
    absolute: i64,
    grouped: Rows,
}

impl Values {
    /// Reads one value that stands for `copies` rows.
    fn read(&mut self, data: &mut Reader<'_>, copies: u64) -> Result<(), Malformed> {
        match self.column {
            Column::ObjectActor | Column::KeyActor | Column::PredecessorActor => {
                // Automerge looks an actor up by this index and does not ask
                // whether it is there.
                let index = data.unsigned()?;
                if index >= self.actors {
                    return Err(Malformed::UnknownActor { index });
                }
            }
            Column::ObjectCounter => {
                let counter = data.unsigned()?;
                if counter > limits::OPERATION_COUNTER {
                    return Err(Malformed::Counter);
                }
            }
            Column::KeyCounter | Column::PredecessorCounter => {
                // Within a run the values rise or fall steadily, so it is enough
                // to check its first and its last one.
                let difference = data.signed()?;
                self.step(difference)?;
                let others = i64::try_from(copies.saturating_sub(1))
                    .ok()
                    .and_then(|others| difference.checked_mul(others))
                    .ok_or(Malformed::Counter)?;
                self.step(others)?;
            }
            Column::KeyText | Column::MarkName => {
                let length = data.unsigned()?;
                if length > limits::KEY_BYTES {
                    return Err(Malformed::KeyTooLong { bytes: length });
                }
                data.bytes(length)?;
            }
            Column::PredecessorCount => {
                self.grouped.add(data.unsigned()?.saturating_mul(copies))?;
            }
            _ => {
                data.unsigned()?;
            }
        }
        Ok(())
    }

    fn step(&mut self, difference: i64) -> Result<(), Malformed> {
        self.absolute = self
            .absolute
            .checked_add(difference)
            .filter(|counter| {
                u64::try_from(*counter).is_ok_and(|counter| counter <= limits::OPERATION_COUNTER)
            })
            .ok_or(Malformed::Counter)?;
        Ok(())
    }
}
