-- Spaces that come as segments first. Of one that is not whole the cursor says
-- nothing.
ALTER TABLE space ADD COLUMN is_whole INTEGER NOT NULL DEFAULT 1 CHECK (is_whole IN (0, 1));

-- The segments of spaces that are not whole: those that are here, and those that
-- were in hand when the process died.
CREATE TABLE segment (
    hash       BLOB    PRIMARY KEY CHECK (length(hash) = 32),
    space      TEXT    NOT NULL,
    is_stored  INTEGER NOT NULL CHECK (is_stored IN (0, 1))
) STRICT, WITHOUT ROWID;
