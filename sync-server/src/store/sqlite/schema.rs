//! The tables, as migrations.
//!
//! | table | holds |
//! |---|---|
//! | `tenant` | the group, and what the relay knows of itself |
//! | `space` | names of spaces, by a small number that the log repeats |
//! | `log` | the truth: one row for each change, purge and end of a move |
//! | `document` | caches: each document as it is loaded, with its receipts |
//! | `segment_set`, `segment` | caches: the documents of each space, packed for new devices |
//! | `batch` | verdicts |
//! | `device`, `enrolment_code` | who may connect |
//! | `erasure` | which devices have deleted what was purged |
//! | `phone` | which customers bear a phone, by its keyed hash |
//!
//! `raw` and `saved` stand last in their rows, so that what is looked at without them is read
//! without their pages.

use super::migration::Migration;

/// `FCRT`: marks a database as ours.
pub(super) const APPLICATION_ID: i32 = 0x4643_5254;

/// Every migration; only ever added to at the end.
pub(super) const MIGRATIONS: &[Migration] = &[
    Migration {
        about: "a relay keeps its log, documents, batches and devices",
        sql: "
CREATE TABLE tenant (
    tenant INTEGER NOT NULL PRIMARY KEY,
    group_id BLOB NOT NULL CHECK (length(group_id) = 16),
    epoch BLOB NOT NULL CHECK (length(epoch) = 16),
    server_name TEXT NOT NULL,
    phone_key BLOB NOT NULL CHECK (length(phone_key) = 32),
    is_restored INTEGER NOT NULL CHECK (is_restored IN (0, 1)),
    next_device INTEGER NOT NULL CHECK (next_device > 0)
) STRICT;

CREATE TABLE space (
    tenant INTEGER NOT NULL,
    id INTEGER NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (tenant, id),
    UNIQUE (tenant, name)
) STRICT, WITHOUT ROWID;

-- An erased row keeps its position, its hash and its link in the chain, and nothing else.
CREATE TABLE log (
    tenant INTEGER NOT NULL,
    seq INTEGER NOT NULL CHECK (seq > 0),
    kind TEXT NOT NULL CHECK (kind IN ('change', 'gone', 'erased')),
    received_at INTEGER NOT NULL,
    running BLOB NOT NULL CHECK (length(running) = 32),
    space INTEGER,
    document BLOB CHECK (length(document) = 16),
    hash BLOB CHECK (length(hash) = 32),
    actor BLOB CHECK (length(actor) = 16),
    actor_seq INTEGER,
    max_op INTEGER,
    batch BLOB CHECK (length(batch) = 16),
    device INTEGER,
    base_received_at INTEGER,
    clock_trusted INTEGER CHECK (clock_trusted IN (0, 1)),
    raw BLOB,
    PRIMARY KEY (tenant, seq),
    FOREIGN KEY (tenant, space) REFERENCES space (tenant, id),
    CHECK ((kind = 'erased') = (document IS NULL)),
    CHECK ((kind = 'erased') = (space IS NULL)),
    CHECK ((kind = 'change') = (raw IS NOT NULL)),
    CHECK (kind <> 'change' OR (hash IS NOT NULL AND actor IS NOT NULL AND actor_seq IS NOT NULL
        AND max_op IS NOT NULL AND device IS NOT NULL AND base_received_at IS NOT NULL
        AND clock_trusted IS NOT NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX log_by_space ON log (tenant, space, seq, document) WHERE space IS NOT NULL;
CREATE INDEX log_by_document ON log (tenant, document, seq) WHERE document IS NOT NULL;
CREATE UNIQUE INDEX log_by_change ON log (tenant, document, hash) WHERE document IS NOT NULL;
CREATE UNIQUE INDEX log_by_place ON log (tenant, document, actor, actor_seq)
    WHERE kind = 'change';

-- A purged document keeps its row, as a tombstone without content.
CREATE TABLE document (
    tenant INTEGER NOT NULL,
    id BLOB NOT NULL CHECK (length(id) = 16),
    kind TEXT NOT NULL,
    space INTEGER NOT NULL,
    head INTEGER NOT NULL,
    receipts BLOB,
    saved BLOB,
    PRIMARY KEY (tenant, id),
    FOREIGN KEY (tenant, space) REFERENCES space (tenant, id),
    CHECK ((receipts IS NULL) = (saved IS NULL))
) STRICT;
CREATE INDEX document_by_kind ON document (tenant, kind, id);

CREATE TABLE batch (
    tenant INTEGER NOT NULL,
    id BLOB NOT NULL CHECK (length(id) = 16),
    device INTEGER NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    received_at INTEGER NOT NULL,
    first_seq INTEGER,
    last_seq INTEGER,
    refusal_code INTEGER,
    refused_change INTEGER,
    refusal_text TEXT,
    PRIMARY KEY (tenant, id),
    CHECK ((first_seq IS NULL) = (last_seq IS NULL)),
    CHECK ((first_seq IS NULL) <> (refusal_code IS NULL)),
    CHECK ((refusal_code IS NULL) = (refusal_text IS NULL))
) STRICT, WITHOUT ROWID;

CREATE TABLE device (
    tenant INTEGER NOT NULL,
    number INTEGER NOT NULL CHECK (number > 0),
    staff BLOB NOT NULL CHECK (length(staff) = 16),
    public_key BLOB NOT NULL CHECK (length(public_key) = 32),
    document BLOB NOT NULL CHECK (length(document) = 16),
    enrolled_at INTEGER NOT NULL,
    revoked_at INTEGER,
    PRIMARY KEY (tenant, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE enrolment_code (
    tenant INTEGER NOT NULL,
    selector TEXT NOT NULL,
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    staff BLOB NOT NULL CHECK (length(staff) = 16),
    expires_at INTEGER NOT NULL,
    tries_left INTEGER NOT NULL CHECK (tries_left >= 0),
    used_by INTEGER,
    PRIMARY KEY (tenant, selector)
) STRICT, WITHOUT ROWID;

CREATE TABLE phone (
    tenant INTEGER NOT NULL,
    customer BLOB NOT NULL CHECK (length(customer) = 16),
    hash TEXT NOT NULL,
    store BLOB NOT NULL CHECK (length(store) = 16),
    PRIMARY KEY (tenant, customer, hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX phone_by_hash ON phone (tenant, hash, customer, store);
",
    },
    Migration {
        about: "documents move between spaces",
        sql: "
-- `stands`: 0 what no reader gets, for it was erased or its document moved on since; 1 what the
-- readers of the space get; 2 where a document leaves the space.
CREATE TABLE log_with_moves (
    tenant INTEGER NOT NULL,
    seq INTEGER NOT NULL CHECK (seq > 0),
    kind TEXT NOT NULL CHECK (kind IN ('change', 'gone', 'left', 'came', 'erased')),
    stands INTEGER NOT NULL CHECK (stands IN (0, 1, 2)),
    received_at INTEGER NOT NULL,
    running BLOB NOT NULL CHECK (length(running) = 32),
    space INTEGER,
    document BLOB CHECK (length(document) = 16),
    hash BLOB CHECK (length(hash) = 32),
    actor BLOB CHECK (length(actor) = 16),
    actor_seq INTEGER,
    max_op INTEGER,
    batch BLOB CHECK (length(batch) = 16),
    device INTEGER,
    base_received_at INTEGER,
    clock_trusted INTEGER CHECK (clock_trusted IN (0, 1)),
    raw BLOB,
    PRIMARY KEY (tenant, seq),
    FOREIGN KEY (tenant, space) REFERENCES space (tenant, id),
    CHECK ((kind = 'erased') = (document IS NULL)),
    CHECK ((kind = 'erased') = (space IS NULL)),
    CHECK ((kind = 'change') = (raw IS NOT NULL)),
    CHECK (kind <> 'erased' OR stands = 0),
    CHECK ((kind = 'left') = (stands = 2)),
    CHECK (kind <> 'change' OR (hash IS NOT NULL AND actor IS NOT NULL AND actor_seq IS NOT NULL
        AND max_op IS NOT NULL AND device IS NOT NULL AND base_received_at IS NOT NULL
        AND clock_trusted IS NOT NULL))
) STRICT, WITHOUT ROWID;
INSERT INTO log_with_moves (tenant, seq, kind, stands, received_at, running, space, document, hash,
    actor, actor_seq, max_op, batch, device, base_received_at, clock_trusted, raw)
SELECT tenant, seq, kind, kind <> 'erased', received_at, running, space, document, hash,
    actor, actor_seq, max_op, batch, device, base_received_at, clock_trusted, raw FROM log;
DROP TABLE log;
ALTER TABLE log_with_moves RENAME TO log;
CREATE INDEX log_by_space ON log (tenant, space, seq, document, stands) WHERE stands <> 0;
CREATE INDEX log_by_document ON log (tenant, document, stands, seq) WHERE document IS NOT NULL;
CREATE UNIQUE INDEX log_by_change ON log (tenant, document, hash) WHERE document IS NOT NULL;
CREATE UNIQUE INDEX log_by_place ON log (tenant, document, actor, actor_seq)
    WHERE kind = 'change';
",
    },
    Migration {
        about: "devices say that they deleted what was purged",
        sql: "
CREATE TABLE erasure (
    tenant INTEGER NOT NULL,
    document BLOB NOT NULL CHECK (length(document) = 16),
    device INTEGER NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (tenant, document, device)
) STRICT, WITHOUT ROWID;
CREATE INDEX log_purges ON log (tenant, document, seq, received_at) WHERE kind = 'gone';
",
    },
    Migration {
        about: "a relay keeps the documents of a space packed",
        sql: "
CREATE INDEX document_by_space ON document (tenant, space, id);

-- The segments of a space hold everything of it at or before `through`.
CREATE TABLE segment_set (
    tenant INTEGER NOT NULL,
    space INTEGER NOT NULL,
    through INTEGER NOT NULL CHECK (through >= 0),
    PRIMARY KEY (tenant, space),
    FOREIGN KEY (tenant, space) REFERENCES space (tenant, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE segment (
    tenant INTEGER NOT NULL,
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    space INTEGER NOT NULL,
    place INTEGER NOT NULL,
    usefulness INTEGER NOT NULL,
    documents INTEGER NOT NULL,
    root BLOB CHECK (length(root) = 32),
    bytes BLOB NOT NULL,
    PRIMARY KEY (tenant, hash),
    FOREIGN KEY (tenant, space) REFERENCES segment_set (tenant, space)
) STRICT;
CREATE INDEX segment_by_space ON segment (tenant, space, place);
",
    },
];

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;

    /// What was shipped is never edited: each migration is known by its first eight digits.
    const SHIPPED: &[&str] = &["e6ae3ab7", "fd0123ae", "3dc67869", "43130f42"];

    #[test]
    fn a_migration_that_was_shipped_is_never_edited() {
        let found: Vec<_> = MIGRATIONS
            .iter()
            .map(|migration| hex::encode(&Sha256::digest(migration.sql)[..4]))
            .collect();
        assert_eq!(found, SHIPPED);
    }
}
