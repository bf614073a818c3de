//! Receipts of the changes in a base, as one blob beside it.
//!
//! ```text
//! 1                                version
//! n × 33 bytes:
//!   beginning of the hash      8
//!   seq                        8   big endian
//!   received at                8   milliseconds, big endian, signed
//!   base received at           8
//!   clock trusted              1   0 or 1
//! ```

use dealership::receipt::{ChangeReceipt, Receipts};
use dealership::{Seq, Timestamp};

use crate::error::{StoreError, damaged};

const VERSION: u8 = 1;
const ROW: usize = 33;

/// Encodes receipts, in the order of the hashes' beginnings.
pub(crate) fn encode(receipts: &Receipts) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(receipts.len().saturating_mul(ROW).saturating_add(1));
    bytes.push(VERSION);
    for (prefix, receipt) in receipts.iter() {
        bytes.extend(prefix);
        bytes.extend(receipt.seq.0.to_be_bytes());
        bytes.extend(receipt.received_at.millis().to_be_bytes());
        bytes.extend(receipt.base_received_at.millis().to_be_bytes());
        bytes.push(u8::from(receipt.clock_trusted));
    }
    bytes
}

/// Decodes what [`encode`] gave.
///
/// # Errors
///
/// [`StoreError::Damaged`] for anything else.
pub(crate) fn decode(bytes: &[u8]) -> Result<Receipts, StoreError> {
    let not_ours = || damaged("document", "receipts in another form");
    let (version, rows) = bytes.split_first().ok_or_else(not_ours)?;
    let (rows, rest) = rows.as_chunks::<ROW>();
    if *version != VERSION || !rest.is_empty() {
        return Err(not_ours());
    }
    let mut receipts = Receipts::default();
    for row in rows {
        let (prefix, receipt) = decode_row(row).ok_or_else(not_ours)?;
        receipts.insert_prefix(prefix, receipt);
    }
    Ok(receipts)
}

fn decode_row(row: &[u8; ROW]) -> Option<([u8; 8], ChangeReceipt)> {
    let (words, flag) = row.as_chunks::<8>();
    let [prefix, seq, received_at, base_received_at] = words else {
        return None;
    };
    let clock_trusted = match flag {
        [0] => false,
        [1] => true,
        _ => return None,
    };
    let receipt = ChangeReceipt {
        seq: Seq(u64::from_be_bytes(*seq)),
        received_at: Timestamp::from_millis(i64::from_be_bytes(*received_at)),
        base_received_at: Timestamp::from_millis(i64::from_be_bytes(*base_received_at)),
        clock_trusted,
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
            rows in proptest::collection::vec(any::<([u8; 8], u64, i64, i64, bool)>(), 0..20)
        ) {
            let mut receipts = Receipts::default();
            for (prefix, seq, received_at, base_received_at, clock_trusted) in rows {
                receipts.insert_prefix(prefix, ChangeReceipt {
                    seq: Seq(seq),
                    received_at: Timestamp::from_millis(received_at),
                    base_received_at: Timestamp::from_millis(base_received_at),
                    clock_trusted,
                });
            }
            prop_assert_eq!(decode(&encode(&receipts)).unwrap(), receipts);
        }

        #[test]
        fn any_other_bytes_are_an_error_or_receipts(bytes: Vec<u8>) {
            if let Ok(receipts) = decode(&bytes) {
                prop_assert!(receipts.len() <= bytes.len() / ROW);
            }
        }
    }
}
