-- +goose Up
-- Each snapshot is a table of its own, snapshot_<id>, made by who fills it and dropped when nobody needs it. Its row here
-- stays, as the history of what was imported. Those of sources that are not the current one are kept by holds.
CREATE TABLE snapshots (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    state      TEXT    NOT NULL CHECK (state IN ('loading', 'current', 'kept', 'dropped')),
    row_count  INTEGER NOT NULL DEFAULT 0,
    file_name  TEXT    NOT NULL,
    id_label   TEXT    NOT NULL,                         -- heading of the column that holds the profiles' ids
    source_id  INTEGER,                                  -- whose import filled it; NULL: unified from several sources
    created_at INTEGER NOT NULL,
    dropped_at INTEGER
) STRICT;
CREATE UNIQUE INDEX snapshots_one_current ON snapshots (state) WHERE state = 'current';

-- What people have said about an attribute; the next upload begins with it.
CREATE TABLE attributes (
    key      TEXT    PRIMARY KEY,
    label    TEXT    NOT NULL,
    kind     TEXT    NOT NULL CHECK (kind IN ('text', 'number', 'boolean', 'date', 'datetime', 'list')),
    mark     INTEGER NOT NULL CHECK (mark BETWEEN 0 AND 2), -- 1: personal data, 2: sensitive
    address  INTEGER NOT NULL DEFAULT 0,                 -- holds email addresses: people are known again by it; indexed
    indexed  INTEGER NOT NULL DEFAULT 0,                 -- an administrator wants it found at once
    position INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE snapshot_attributes (
    snapshot_id   INTEGER NOT NULL REFERENCES snapshots (id),
    position      INTEGER NOT NULL,
    attribute_key TEXT    NOT NULL,
    column_name   TEXT    NOT NULL,                      -- c1, c2, …
    kind          TEXT    NOT NULL,
    indexed       INTEGER NOT NULL DEFAULT 0,            -- has an index on its folded text
    filled        INTEGER NOT NULL DEFAULT 0,            -- profiles that have a value
    PRIMARY KEY (snapshot_id, position)
) STRICT, WITHOUT ROWID;

-- While a holder (a run) reads a snapshot, it is not dropped.
CREATE TABLE snapshot_holds (
    snapshot_id INTEGER NOT NULL REFERENCES snapshots (id),
    holder      TEXT    NOT NULL,
    PRIMARY KEY (snapshot_id, holder)
) STRICT, WITHOUT ROWID;
CREATE INDEX snapshot_holds_by_holder ON snapshot_holds (holder);

CREATE TABLE imports (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    source_id       INTEGER NOT NULL REFERENCES sources (id),
    cause           TEXT    NOT NULL CHECK (cause IN ('upload', 'demand', 'schedule', 'change', 'command')),
    state           TEXT    NOT NULL CHECK (state IN ('receiving', 'waiting', 'queued', 'running', 'asking', 'done', 'failed', 'cancelled')),
    file_name       TEXT    NOT NULL,
    settings        TEXT    NOT NULL DEFAULT '{}',       -- JSON: how to read the file; holds no values from it
    line_count      INTEGER NOT NULL DEFAULT 0,          -- lines of data read: good and refused
    good_count      INTEGER NOT NULL DEFAULT 0,
    refused_count   INTEGER NOT NULL DEFAULT 0,
    reasons         TEXT    NOT NULL DEFAULT '{}',       -- JSON: refused lines by code
    byte_count      INTEGER NOT NULL DEFAULT 0,          -- bytes of the file read so far
    total_bytes     INTEGER NOT NULL DEFAULT 0,
    before_count    INTEGER NOT NULL DEFAULT 0,          -- profiles of the source when the import was complete
    added_count     INTEGER NOT NULL DEFAULT 0,          -- against the source's snapshot at that time, by id
    changed_count   INTEGER NOT NULL DEFAULT 0,
    removed_count   INTEGER NOT NULL DEFAULT 0,
    compared        INTEGER NOT NULL DEFAULT 0,          -- whether the three counts are known
    code            TEXT    NOT NULL DEFAULT '',         -- why it failed
    detail          TEXT    NOT NULL DEFAULT '',         -- what the code is about: names of columns
    mark            TEXT    NOT NULL DEFAULT '',         -- of a watched file: which state of it this is
    undone_at       INTEGER,                             -- the snapshot before took its place again
    snapshot_id     INTEGER REFERENCES snapshots (id),
    created_by      INTEGER REFERENCES users (id) ON DELETE SET NULL, -- NULL: the program itself
    created_by_name TEXT    NOT NULL,
    created_at      INTEGER NOT NULL,
    started_at      INTEGER,
    ended_at        INTEGER
) STRICT;
CREATE INDEX imports_by_source ON imports (source_id, id);
-- A source is imported once at a time, by whichever process.
CREATE UNIQUE INDEX imports_under_way ON imports (source_id) WHERE state IN ('queued', 'running');

-- Lines that were not accepted: where and why, never the value. Only the first ones of an import are kept.
CREATE TABLE import_refusals (
    import_id   INTEGER NOT NULL REFERENCES imports (id) ON DELETE CASCADE,
    position    INTEGER NOT NULL,
    line        INTEGER NOT NULL,
    column_name TEXT    NOT NULL,                        -- heading; '' when it is about the whole line
    code        TEXT    NOT NULL,
    PRIMARY KEY (import_id, position)
) STRICT, WITHOUT ROWID;
