-- A change is named by its hash within its document only: the first changes of
-- two documents may be equal to the byte, as when two people of one name are
-- engaged within a second.

CREATE TABLE change_within_document (
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
INSERT INTO change_within_document
    SELECT number, hash, document, actor, actor_seq, raw, batch, space,
           seq, received_at, base_received_at, clock_trusted
    FROM change;
DROP TABLE change;
ALTER TABLE change_within_document RENAME TO change;
CREATE INDEX change_by_document ON change (document, number);
CREATE INDEX change_by_batch ON change (batch) WHERE batch IS NOT NULL;

CREATE TABLE quarantined_change_of_batch (
    batch     BLOB NOT NULL REFERENCES quarantine (batch) ON DELETE CASCADE,
    document  BLOB NOT NULL CHECK (length(document) = 16),
    hash      BLOB NOT NULL CHECK (length(hash) = 32),
    space     TEXT NOT NULL,
    raw       BLOB NOT NULL,
    PRIMARY KEY (batch, document, hash)
) STRICT;
INSERT INTO quarantined_change_of_batch
    SELECT batch, document, hash, space, raw FROM quarantined_change;
DROP TABLE quarantined_change;
ALTER TABLE quarantined_change_of_batch RENAME TO quarantined_change;
CREATE INDEX quarantined_change_by_document ON quarantined_change (document);
