-- +goose Up
-- Since when this installation asks for consent to a version of the terms: the first start with it.
CREATE TABLE terms_begun (
    version TEXT    PRIMARY KEY,
    at      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- For how many days consent to the version before goes on to hold. One row; none: the usual time.
CREATE TABLE terms_grace (
    only       INTEGER PRIMARY KEY CHECK (only = 1),
    days       INTEGER NOT NULL CHECK (days BETWEEN 0 AND 90),
    changed_at INTEGER NOT NULL,
    changed_by TEXT    NOT NULL
) STRICT;

-- What an export is for, as the record of processing tells it. No row: nobody has stated it.
CREATE TABLE export_purposes (
    export_id  INTEGER PRIMARY KEY REFERENCES exports (id),
    purpose    TEXT    NOT NULL,
    basis      TEXT    NOT NULL,                       -- legal basis
    changed_at INTEGER NOT NULL,
    changed_by TEXT    NOT NULL
) STRICT;
