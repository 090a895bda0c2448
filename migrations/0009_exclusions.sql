-- +goose Up
-- Who is never sent. Addresses are kept as keyed hashes alone: see internal/exclusion.
CREATE TABLE exclusion_salt (
    id     INTEGER PRIMARY KEY CHECK (id = 1),
    sealed BLOB    NOT NULL                               -- the key of the hashes
) STRICT;

-- One act of adding: what was added together shares who did it, when and why.
CREATE TABLE exclusion_additions (
    id       INTEGER PRIMARY KEY,
    added_at INTEGER NOT NULL,
    added_by TEXT    NOT NULL,
    reason   TEXT    NOT NULL DEFAULT '',                 -- a few words, no personal data
    emails   INTEGER NOT NULL DEFAULT 0,                  -- how many it added, also if some were removed since
    domains  INTEGER NOT NULL DEFAULT 0,
    segments INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE excluded_emails (
    hash        BLOB    PRIMARY KEY,                      -- 16 bytes of HMAC-SHA-256 of the normal form
    addition_id INTEGER NOT NULL REFERENCES exclusion_additions (id)
) STRICT, WITHOUT ROWID;

CREATE TABLE excluded_domains (
    id          INTEGER PRIMARY KEY,
    domain      TEXT    NOT NULL UNIQUE,                  -- lower case, international labels as xn--; covers what is below it
    addition_id INTEGER NOT NULL REFERENCES exclusion_additions (id)
) STRICT;

CREATE TABLE excluded_segments (
    segment_id  INTEGER PRIMARY KEY REFERENCES segments (id),
    addition_id INTEGER NOT NULL REFERENCES exclusion_additions (id)
) STRICT;
