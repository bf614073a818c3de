-- What a relay that was restored from an older backup gets back from here.

-- The life of the relay's log that was read last, and whether what is here is
-- being compared with what that life brings.
CREATE TABLE life (
    only       INTEGER PRIMARY KEY CHECK (only = 1),
    epoch      BLOB    NOT NULL CHECK (length(epoch) = 16),
    comparing  INTEGER NOT NULL CHECK (comparing IN (0, 1))
) STRICT;

-- The states that pages of the log brought, as the leaves of each page, and the
-- relay's tag for them: what the relay knows its own changes by when it has lost
-- them.
CREATE TABLE tagged_page (
    number  INTEGER PRIMARY KEY,
    leaves  BLOB NOT NULL,  -- 32 bytes each
    tag     BLOB NOT NULL CHECK (length(tag) = 16)
) STRICT;

-- While comparing: the newest changes of a document that this life brought.
CREATE TABLE brought (
    document  BLOB PRIMARY KEY CHECK (length(document) = 16),
    heads     BLOB NOT NULL  -- hashes, 32 bytes each
) STRICT, WITHOUT ROWID;

-- The documents that were purged: whatever a log brings of them is passed over,
-- and a relay that has them again is shown that they were purged.
CREATE TABLE purged (
    document  BLOB PRIMARY KEY CHECK (length(document) = 16)
) STRICT, WITHOUT ROWID;

-- What the relay had accepted and has lost, in batches on their way back, each
-- after what it builds on. The changes themselves are in their documents.
CREATE TABLE lost_batch (
    ordinal   INTEGER PRIMARY KEY,
    id        BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    document  BLOB NOT NULL CHECK (length(document) = 16),
    is_proven INTEGER NOT NULL CHECK (is_proven IN (0, 1)),  -- by its states
    changes   BLOB NOT NULL  -- hashes, 32 bytes each, in the order in which they apply;
                             -- none: the document was purged
) STRICT;
CREATE INDEX lost_batch_by_document ON lost_batch (document);

-- The states under a tag that prove that the relay had them.
CREATE TABLE lost_batch_state (
    batch  BLOB NOT NULL REFERENCES lost_batch (id) ON DELETE CASCADE,
    head   BLOB NOT NULL,  -- 32 bytes; none: the purge of the document
    tag    BLOB NOT NULL CHECK (length(tag) = 16),
    path   BLOB NOT NULL,
    PRIMARY KEY (batch, head)
) STRICT, WITHOUT ROWID;
