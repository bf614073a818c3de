-- What screens read, derived from documents and receipts and from nothing else.
-- Dropped and made again when projection::VERSION changes: no migrations here.
--
-- Layer 1: rows of one document bear its id in `document` and are replaced with
-- it. Layer 2 stands at the end. Instants are milliseconds since the Unix epoch,
-- civil dates text. What ends by itself has its span in `from_at` (included) and
-- `until_at` (excluded), which queries compare with the time they are handed.

-- What each document is about; those that cannot be read have no rows at all.
CREATE TABLE document_kind (
    document  BLOB PRIMARY KEY,
    kind      TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX document_kind_by_kind ON document_kind (kind, document);

CREATE TABLE person (
    document  BLOB PRIMARY KEY,
    name      TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE device (
    document  BLOB PRIMARY KEY,
    staff     BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX device_by_staff ON device (staff, document);

CREATE TABLE store (
    document  BLOB PRIMARY KEY,
    name      TEXT NOT NULL,
    code      TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE trim (
    document    BLOB PRIMARY KEY,
    brand       TEXT,
    series      TEXT,
    name        TEXT,
    model_year  INTEGER,
    code        TEXT,
    energy      TEXT,
    body        TEXT,
    msrp        INTEGER  -- fen
) STRICT, WITHOUT ROWID;
CREATE INDEX trim_by_code ON trim (code);

CREATE TABLE customer (
    document         BLOB PRIMARY KEY,
    store            BLOB NOT NULL,
    owner            BLOB,
    name             TEXT NOT NULL,
    sort_key         TEXT NOT NULL,  -- pinyin
    type             TEXT,
    source           TEXT,
    region           TEXT,
    created_at       INTEGER NOT NULL,
    created_by       BLOB,
    last_contact_at  INTEGER NOT NULL,
    is_live          INTEGER NOT NULL,
    was_deleted      INTEGER NOT NULL, -- ever, also where it was kept in the end
    -- Layer 2, for all cards that merging makes one: what the merged customer is
    -- stands on the card as which all are shown (last_contact_at and is_live too).
    shown_as         BLOB NOT NULL,    -- that card: itself, if it is not merged
    is_listed        INTEGER NOT NULL, -- live and shown as itself
    opted_out        TEXT NOT NULL     -- channels, with a blank between them
) STRICT, WITHOUT ROWID;
-- A list goes along an index in its order and finds its filters there.
CREATE INDEX customer_by_name ON customer (is_listed, sort_key, document, store, owner, source);
CREATE INDEX customer_by_contact ON customer
    (is_listed, last_contact_at, document, store, owner, source);
CREATE INDEX customer_by_shown ON customer (shown_as, document);
CREATE INDEX customer_by_owner_name ON customer (owner, is_listed, sort_key, document);
CREATE INDEX customer_by_owner_contact ON customer (owner, is_listed, last_contact_at, document);

-- Which customers bear a phone, by its keyed hash.
CREATE TABLE customer_phone (
    hash      TEXT NOT NULL,
    document  BLOB NOT NULL,
    PRIMARY KEY (hash, document)
) STRICT, WITHOUT ROWID;
CREATE INDEX customer_phone_by_document ON customer_phone (document);

-- Into which customer a customer is merged.
CREATE TABLE customer_merge (
    document  BLOB NOT NULL,
    into_id   BLOB NOT NULL,
    PRIMARY KEY (document, into_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX customer_merge_by_into ON customer_merge (into_id);

-- What a search finds a customer under, by its beginning: names in characters from
-- every character on, in pinyin and initials; phones from any digit on.
CREATE TABLE customer_term (
    term      TEXT    NOT NULL,
    customer  BLOB    NOT NULL,
    document  BLOB    NOT NULL,  -- what the term was read from
    rank      INTEGER NOT NULL,  -- 0 is best
    PRIMARY KEY (term, customer, document)
) STRICT, WITHOUT ROWID;
CREATE INDEX customer_term_by_customer ON customer_term (customer, term, rank);
CREATE INDEX customer_term_by_document ON customer_term (document);

CREATE TABLE contact (
    document    BLOB PRIMARY KEY,
    customer    BLOB NOT NULL,
    consultant  BLOB NOT NULL,
    phone       TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX contact_by_customer ON contact (customer);

-- A fact's id is unique in its document only: whoever writes their own client
-- may use one twice.
CREATE TABLE task (
    document  BLOB NOT NULL,
    id        BLOB NOT NULL,
    customer  BLOB NOT NULL,
    assignee  BLOB,
    due       TEXT,  -- NULL: some day
    is_open   INTEGER NOT NULL,
    PRIMARY KEY (document, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX task_by_customer ON task (customer, is_open, due);
CREATE INDEX task_by_assignee ON task (assignee, is_open, due, id);

-- Tasks of other contacts that follow-ups of this one did: on a merged customer it
-- is all the same on which card somebody logs what was done.
CREATE TABLE task_done (
    task      BLOB NOT NULL,
    document  BLOB NOT NULL,
    customer  BLOB NOT NULL,  -- whose contact it is: who is another person does nothing
    PRIMARY KEY (task, document)
) STRICT, WITHOUT ROWID;
CREATE INDEX task_done_by_document ON task_done (document);

CREATE TABLE deal (
    document       BLOB PRIMARY KEY,
    customer       BLOB NOT NULL,
    store          BLOB NOT NULL,
    owner          BLOB,
    trim           BLOB,
    title          TEXT,
    stage          TEXT,
    state          TEXT NOT NULL,
    since          INTEGER NOT NULL,
    expected_date  TEXT,
    created_at     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX deal_by_customer ON deal (customer);
CREATE INDEX deal_by_state ON deal (state, since, document, store);
CREATE INDEX deal_by_stage ON deal (state, stage, since, document, store, owner);
CREATE INDEX deal_by_owner ON deal (owner, state, since, document);

CREATE TABLE vehicle (
    document       BLOB PRIMARY KEY,
    vin            TEXT,
    trim           BLOB,
    ext_color      TEXT,
    int_color      TEXT,
    specification  TEXT,
    store          BLOB,
    place          TEXT,
    slot           TEXT,
    stocked_in     TEXT,
    prod_date      TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX vehicle_by_vin ON vehicle (vin, document);

-- What a search finds a vehicle under, by its beginning: its VIN from any place on.
CREATE TABLE vehicle_term (
    term      TEXT NOT NULL,
    document  BLOB NOT NULL,
    PRIMARY KEY (term, document)
) STRICT, WITHOUT ROWID;
CREATE INDEX vehicle_term_by_document ON vehicle_term (document, term);

CREATE TABLE vehicle_status (
    document       BLOB    NOT NULL,
    from_at        INTEGER NOT NULL,
    until_at       INTEGER NOT NULL,
    status         TEXT    NOT NULL,
    specification  TEXT,  -- the vehicle's
    PRIMARY KEY (document, from_at)
) STRICT, WITHOUT ROWID;
-- The end first: what is past is the most of it.
CREATE INDEX vehicle_status_by_status ON vehicle_status (status, until_at, from_at);
CREATE INDEX vehicle_status_by_specification ON vehicle_status
    (specification, status, until_at, from_at);

CREATE TABLE claim (
    document  BLOB NOT NULL,
    id        BLOB NOT NULL,
    deal      BLOB NOT NULL,
    staff     BLOB NOT NULL,  -- whose it is
    strength  TEXT NOT NULL,
    state     TEXT NOT NULL,
    until_at  INTEGER,  -- NULL: does not end by itself
    PRIMARY KEY (document, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX claim_by_deal ON claim (deal);
CREATE INDEX claim_by_staff ON claim (staff, state, until_at, id);

-- Which rows of which imports made or changed a customer, a vehicle or a price list.
CREATE TABLE imported (
    document  BLOB    NOT NULL,
    id        BLOB    NOT NULL,  -- of the mark
    import    BLOB    NOT NULL,
    kind      TEXT    NOT NULL,
    row       INTEGER NOT NULL,
    staff     BLOB    NOT NULL,
    at        INTEGER NOT NULL,  -- by the device's clock
    is_undone INTEGER NOT NULL,
    PRIMARY KEY (document, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX imported_by_import ON imported (import, document);

-- What makes a card look like another one's.
CREATE TABLE duplicate_key (
    key       TEXT NOT NULL,
    document  BLOB NOT NULL,
    PRIMARY KEY (key, document)
) STRICT, WITHOUT ROWID;
CREATE INDEX duplicate_key_by_document ON duplicate_key (document);

-- Cases, by what they were derived from: one document, whose id the source is as
-- hex digits (layer 1), or (layer 2) the cards that share a duplicate key, which the
-- source is, or a deleted card with what people worked on beside it, whose source is
-- deletion/ with the card's id. The same case may have several sources.
CREATE TABLE known_case (
    source   TEXT    NOT NULL,
    id       BLOB    NOT NULL,
    kind     TEXT    NOT NULL,
    is_open  INTEGER NOT NULL,
    body     TEXT    NOT NULL,  -- the case as JSON
    PRIMARY KEY (source, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX known_case_by_open ON known_case (is_open, kind, id, source);
CREATE INDEX known_case_by_id ON known_case (id, source);

-- What each of them is about.
CREATE TABLE case_document (
    source    TEXT NOT NULL,
    id        BLOB NOT NULL,
    document  BLOB NOT NULL,
    PRIMARY KEY (source, id, document)
) STRICT, WITHOUT ROWID;
CREATE INDEX case_document_by_document ON case_document (document);

-- Layer 2: what comes from several documents, made anew for those that one of
-- them changed.

-- The grade of a customer, which all cards that merging makes one and their deals
-- have a say in; it stands under the card as which they are shown.
CREATE TABLE customer_grade (
    customer  BLOB    NOT NULL,
    from_at   INTEGER NOT NULL,
    until_at  INTEGER NOT NULL,
    grade     TEXT    NOT NULL,
    PRIMARY KEY (customer, from_at)
) STRICT, WITHOUT ROWID;
CREATE INDEX customer_grade_by_grade ON customer_grade (grade, until_at, from_at);
