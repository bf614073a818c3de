-- The replica's own tables: what cannot be made again from anything else.
-- What is derived from documents stands in ../projection/schema.sql.
-- Ids are 16-byte blobs, instants milliseconds since the Unix epoch, device
-- numbers the bits of an unsigned 64-bit integer.

-- Whose replica this is: one row, written when it is created.
CREATE TABLE identity (
    only         INTEGER PRIMARY KEY CHECK (only = 1),
    group_id     BLOB    NOT NULL CHECK (length(group_id) = 16),
    device       INTEGER NOT NULL,
    device_name  TEXT    NOT NULL,
    signing_key  BLOB    NOT NULL CHECK (length(signing_key) = 32),
    staff        BLOB    NOT NULL CHECK (length(staff) = 16),
    staff_name   TEXT    NOT NULL,
    phone_key    BLOB    NOT NULL CHECK (length(phone_key) = 32),
    server       TEXT    NOT NULL,
    server_name  TEXT    NOT NULL,
    certificates TEXT     -- in PEM; NULL for those that browsers trust
) STRICT;

-- How far the relay's log was read; no row before the first entry.
CREATE TABLE cursor (
    only   INTEGER PRIMARY KEY CHECK (only = 1),
    epoch  BLOB    NOT NULL CHECK (length(epoch) = 16),
    seq    INTEGER NOT NULL CHECK (seq >= 0),
    tag    BLOB    NOT NULL CHECK (length(tag) = 32)
) STRICT;

-- When the relay was last heard and how far its clock was off, for people.
CREATE TABLE last_sync (
    only          INTEGER PRIMARY KEY CHECK (only = 1),
    welcomed_at   INTEGER NOT NULL,
    clock_ahead   INTEGER NOT NULL,  -- this device's clock less the relay's
    caught_up_at  INTEGER
) STRICT;

-- The spaces that the relay says this device holds.
CREATE TABLE space (
    name  TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;

-- One row a document. Its state is `base` with the rows of `change` added in
-- the order of their numbers.
CREATE TABLE document (
    number    INTEGER PRIMARY KEY,
    id        BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    space     TEXT NOT NULL,
    base      BLOB,  -- a save from the relay; NULL if changes are all there is
    receipts  BLOB   -- of the changes in the base
) STRICT;
CREATE INDEX document_by_space ON document (space);

-- One row a change that is not in its document's base, own and others'. Its hash
-- names it within its document only: the first changes of two documents may be
-- equal to the byte, as when two people of one name are engaged within a second.
CREATE TABLE change (
    number            INTEGER PRIMARY KEY,
    hash              BLOB    NOT NULL CHECK (length(hash) = 32),
    document          BLOB    NOT NULL CHECK (length(document) = 16),
    actor             BLOB    NOT NULL CHECK (length(actor) = 16),
    actor_seq         INTEGER NOT NULL,
    raw               BLOB    NOT NULL,
    batch             BLOB,     -- the batch in the outbox; NULL once accepted
    space             TEXT,     -- where its author believed the document to be, with the batch
    seq               INTEGER,  -- the receipt; NULL until the log brings it
    received_at       INTEGER,
    base_received_at  INTEGER,
    clock_trusted     INTEGER,
    UNIQUE (document, hash),
    UNIQUE (document, actor, actor_seq)
) STRICT;
CREATE INDEX change_by_document ON change (document, number);
CREATE INDEX change_by_batch ON change (batch) WHERE batch IS NOT NULL;

-- The outbox: one row a batch that no relay has acknowledged, with its intent:
-- the command and all that was handed in, so that a replay gives the same facts.
CREATE TABLE batch (
    ordinal   INTEGER PRIMARY KEY,
    id        BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
    base_seq  INTEGER NOT NULL,
    command   TEXT    NOT NULL,
    input     TEXT    NOT NULL,
    made_at   INTEGER NOT NULL,
    id_seed   BLOB    NOT NULL CHECK (length(id_seed) = 16),
    staff     BLOB    NOT NULL CHECK (length(staff) = 16),
    facts     BLOB    NOT NULL CHECK (length(facts) = 32)
) STRICT;

-- What a batch in the outbox made: documents, facts and entries, by id.
CREATE TABLE batch_makes (
    id     BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    batch  BLOB NOT NULL REFERENCES batch (id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX batch_makes_by_batch ON batch_makes (batch);

-- Which batch in the outbox builds on which.
CREATE TABLE batch_needs (
    batch  BLOB NOT NULL REFERENCES batch (id) ON DELETE CASCADE,
    needs  BLOB NOT NULL REFERENCES batch (id) ON DELETE CASCADE,
    PRIMARY KEY (batch, needs)
) STRICT, WITHOUT ROWID;
CREATE INDEX batch_needs_by_needed ON batch_needs (needs);

-- What a relay refused, or what could not be replayed after a refusal, kept
-- with the reason until a person decides.
CREATE TABLE quarantine (
    batch       BLOB    PRIMARY KEY CHECK (length(batch) = 16),
    ordinal     INTEGER NOT NULL,
    command     TEXT    NOT NULL,
    input       TEXT    NOT NULL,
    made_at     INTEGER NOT NULL,
    staff       BLOB    NOT NULL CHECK (length(staff) = 16),
    code        TEXT    NOT NULL,
    reason      TEXT    NOT NULL,
    because_of  BLOB,   -- the refused batch that this one built on
    refused_at  INTEGER NOT NULL
) STRICT;
CREATE TABLE quarantined_change (
    batch     BLOB NOT NULL REFERENCES quarantine (batch) ON DELETE CASCADE,
    document  BLOB NOT NULL CHECK (length(document) = 16),
    hash      BLOB NOT NULL CHECK (length(hash) = 32),
    space     TEXT NOT NULL,
    raw       BLOB NOT NULL,
    PRIMARY KEY (batch, document, hash)
) STRICT;
CREATE INDEX quarantined_change_by_document ON quarantined_change (document);

-- Documents that foreign bytes are being applied to, and those that were in hand
-- alone when the process died: once is a kill or a flat battery, twice is the
-- document.
CREATE TABLE suspect (
    document  BLOB    PRIMARY KEY CHECK (length(document) = 16),
    in_hand   INTEGER NOT NULL CHECK (in_hand IN (0, 1)),
    strikes   INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- Documents that are set aside: this build cannot take their bytes.
CREATE TABLE unreadable (
    document  BLOB    PRIMARY KEY CHECK (length(document) = 16),
    reason    TEXT    NOT NULL,
    build     TEXT    NOT NULL  -- of the program that could not take them
) STRICT, WITHOUT ROWID;

-- What the log brought for documents that are set aside, in its order, for a
-- later version to take in.
CREATE TABLE held (
    number    INTEGER PRIMARY KEY,
    document  BLOB    NOT NULL CHECK (length(document) = 16),
    space     TEXT    NOT NULL,
    is_save   INTEGER NOT NULL,
    bytes     BLOB    NOT NULL,
    receipts  BLOB    NOT NULL
) STRICT;
CREATE INDEX held_by_document ON held (document, number);

-- Which version of the projection the tables hold; no row: none yet.
CREATE TABLE projected (
    only     INTEGER PRIMARY KEY CHECK (only = 1),
    version  INTEGER NOT NULL
) STRICT;

-- Which headings of spreadsheets people said to be which columns of ours, by
-- the name of the sheet; '-' for a column that is left alone.
CREATE TABLE sheet_heading (
    sheet    TEXT NOT NULL,
    heading  TEXT NOT NULL,
    name     TEXT NOT NULL,
    PRIMARY KEY (sheet, heading)
) STRICT, WITHOUT ROWID;
