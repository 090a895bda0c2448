-- +goose Up
-- Persons who were erased: when, by whom, under which reference, and how much was removed where. Nothing here names them.
CREATE TABLE erasures (
    id           INTEGER PRIMARY KEY,
    at           INTEGER NOT NULL,
    by_name      TEXT    NOT NULL,                        -- of the administrator
    reason       TEXT    NOT NULL,                        -- code
    reference    TEXT    NOT NULL DEFAULT '',             -- number of the case elsewhere
    removed      TEXT    NOT NULL,                        -- JSON: what was removed, by place
    rewritten_at INTEGER,                                 -- when the file of the database was written anew without them
    lifted_at    INTEGER,                                 -- when they were allowed again
    lifted_by    TEXT    NOT NULL DEFAULT ''
) STRICT;

-- By what erased persons are recognised when a source brings them again: keyed hashes, see internal/erasure.
CREATE TABLE erased_fingerprints (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,         -- the highest one tells whether something was added
    hash       BLOB    NOT NULL UNIQUE,                   -- of the profile's id, or of an address in its normal form
    erasure_id INTEGER REFERENCES erasures (id) ON DELETE SET NULL -- NULL: the proof's time is over, the person stays away
) STRICT;
CREATE INDEX erased_fingerprints_by_erasure ON erased_fingerprints (erasure_id);

-- What an erased person's contacts carry at destinations, and what came of taking it away.
CREATE TABLE erasure_tags (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,      -- sealed values are bound to them
    erasure_id    INTEGER NOT NULL REFERENCES erasures (id) ON DELETE CASCADE,
    export_name   TEXT    NOT NULL,
    connection_id INTEGER,                                -- NULL: the export had none
    brand_id      TEXT    NOT NULL,
    tags          TEXT    NOT NULL,                       -- one a line
    sealed        BLOB,                                   -- the address, bound to erasure/<id>/address; NULL once there is an answer
    batch_id      TEXT    NOT NULL DEFAULT '',            -- under way at the destination: the tags go when it has ended
    batch_at      INTEGER,
    state         TEXT    NOT NULL CHECK (state IN ('waiting', 'removed', 'kept', 'failed')),
    code          TEXT    NOT NULL DEFAULT '',            -- why they were kept, or not removed yet
    tries         INTEGER NOT NULL DEFAULT 0,
    answered_at   INTEGER
) STRICT;
CREATE INDEX erasure_tags_by_erasure ON erasure_tags (erasure_id);

-- For how many days each kind of data is kept, where it is not as usual.
CREATE TABLE retention (
    kind       TEXT    PRIMARY KEY,
    days       INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    changed_by TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

-- What the hourly tidying removed: the last time, and the last time that there was something.
CREATE TABLE tidyings (
    kind       TEXT    PRIMARY KEY,
    at         INTEGER NOT NULL,
    removed    INTEGER NOT NULL,
    removed_at INTEGER                                    -- when removed was above zero last; NULL: never
) STRICT, WITHOUT ROWID;

ALTER TABLE imports ADD COLUMN erased_count INTEGER NOT NULL DEFAULT 0; -- lines of erased persons, left out
