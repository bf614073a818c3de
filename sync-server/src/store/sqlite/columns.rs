//! How values stand in columns.

use dealership::{ChangeReceipt, Receipts, Seq, Timestamp};

use crate::store::StoreError;

/// Bytes of one receipt.
///
/// ```text
/// prefix of the change's hash   8
/// seq                           8   big endian, as below
/// received_at                   8
/// base_received_at              8
/// clock_trusted                 1
/// ```
const RECEIPT_BYTES: usize = 33;

/// A number as SQLite holds it.
pub(super) fn integer(number: u64) -> Result<i64, StoreError> {
    i64::try_from(number).map_err(|_| StoreError::damaged(format!("{number} is no position")))
}

/// A number that SQLite held.
pub(super) fn number(integer: i64) -> Result<u64, StoreError> {
    u64::try_from(integer).map_err(|_| StoreError::damaged(format!("{integer} is no position")))
}

/// Receipts as one blob.
pub(super) fn packed(receipts: &Receipts) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(receipts.len().saturating_mul(RECEIPT_BYTES));
    for (prefix, receipt) in receipts.iter() {
        bytes.extend_from_slice(prefix);
        bytes.extend_from_slice(&receipt.seq.0.to_be_bytes());
        bytes.extend_from_slice(&receipt.received_at.millis().to_be_bytes());
        bytes.extend_from_slice(&receipt.base_received_at.millis().to_be_bytes());
        bytes.push(u8::from(receipt.clock_trusted));
    }
    bytes
}

/// Receipts from their blob.
pub(super) fn unpacked(bytes: &[u8]) -> Result<Receipts, StoreError> {
    let mut receipts = Receipts::default();
    for receipt in bytes.chunks(RECEIPT_BYTES) {
        let (prefix, receipt) = unpacked_one(receipt)
            .ok_or_else(|| StoreError::damaged("a document's receipts are cut off"))?;
        receipts.insert_prefix(prefix, receipt);
    }
    Ok(receipts)
}

fn unpacked_one(bytes: &[u8]) -> Option<([u8; 8], ChangeReceipt)> {
    let (prefix, rest) = bytes.split_first_chunk()?;
    let (seq, rest) = rest.split_first_chunk()?;
    let (received_at, rest) = rest.split_first_chunk()?;
    let (base_received_at, rest) = rest.split_first_chunk()?;
    let [clock_trusted] = rest else { return None };
    let receipt = ChangeReceipt {
        seq: Seq(u64::from_be_bytes(*seq)),
        received_at: Timestamp::from_millis(i64::from_be_bytes(*received_at)),
        base_received_at: Timestamp::from_millis(i64::from_be_bytes(*base_received_at)),
        clock_trusted: *clock_trusted == 1,
    };
    Some((*prefix, receipt))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn receipts_read_back_from_their_blob(
            entries: Vec<([u8; 8], u64, i64, i64, bool)>,
        ) {
            let mut receipts = Receipts::default();
            for (prefix, seq, received_at, base_received_at, clock_trusted) in entries {
                receipts.insert_prefix(prefix, ChangeReceipt {
                    seq: Seq(seq),
                    received_at: Timestamp::from_millis(received_at),
                    base_received_at: Timestamp::from_millis(base_received_at),
                    clock_trusted,
                });
            }
            prop_assert_eq!(unpacked(&packed(&receipts)).unwrap(), receipts);
        }

        #[test]
        fn a_blob_of_any_other_length_is_damage(bytes: Vec<u8>) {
            prop_assume!(bytes.len() % RECEIPT_BYTES != 0);
            let damaged = matches!(unpacked(&bytes), Err(StoreError::Damaged { .. }));
            prop_assert!(damaged);
        }
    }
}
