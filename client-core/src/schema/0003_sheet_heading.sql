-- Which headings of spreadsheets people said to be which columns of ours, by
-- the name of the sheet; '-' for a column that is left alone.
CREATE TABLE sheet_heading (
    sheet    TEXT NOT NULL,
    heading  TEXT NOT NULL,
    name     TEXT NOT NULL,
    PRIMARY KEY (sheet, heading)
) STRICT, WITHOUT ROWID;
