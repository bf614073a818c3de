-- What screens read, derived from documents and receipts and from nothing else.
-- Dropped and made again when projection::VERSION changes: no migrations here.

-- Which customers bear a phone, by its keyed hash.
CREATE TABLE customer_phone (
    hash      TEXT NOT NULL,
    customer  BLOB NOT NULL,
    PRIMARY KEY (hash, customer)
) STRICT, WITHOUT ROWID;
CREATE INDEX customer_phone_by_customer ON customer_phone (customer);
