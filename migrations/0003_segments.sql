-- +goose Up
CREATE TABLE segments (
    id            INTEGER PRIMARY KEY,
    name          TEXT    NOT NULL,
    name_key      TEXT    NOT NULL UNIQUE,        -- folded: two segments never differ by case alone
    description   TEXT    NOT NULL DEFAULT '',
    kind          TEXT    NOT NULL CHECK (kind IN ('rule', 'list')),
    definition    TEXT    NOT NULL,               -- JSON: kind, rule, list_id
    list_id       INTEGER REFERENCES segment_lists (id), -- the definition's list; keeps it from being removed
    size          INTEGER NOT NULL DEFAULT 0,     -- members when last calculated
    calculated_at INTEGER,                        -- NULL: never with this definition
    snapshot_id   INTEGER,                        -- on which snapshot; that may be gone by now
    failure       TEXT    NOT NULL DEFAULT '',    -- code of why the last calculation failed
    failure_about TEXT    NOT NULL DEFAULT '',    -- the attribute that the failure speaks of
    version       INTEGER NOT NULL DEFAULT 1,     -- counts the edits
    created_by    INTEGER REFERENCES users (id) ON DELETE SET NULL,
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL
) STRICT;
CREATE INDEX segments_by_list ON segments (list_id);

-- Uploaded lists of profile ids. A new upload is a new list, so that a run that began with the old one keeps it.
CREATE TABLE segment_lists (
    id         INTEGER PRIMARY KEY,
    ids        INTEGER NOT NULL DEFAULT 0,        -- distinct ids
    complete   INTEGER NOT NULL DEFAULT 0,        -- 0 while it is being written, or when that was cut short
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE segment_list_members (
    list_id    INTEGER NOT NULL REFERENCES segment_lists (id) ON DELETE CASCADE,
    profile_id TEXT    NOT NULL,
    PRIMARY KEY (list_id, profile_id)
) STRICT, WITHOUT ROWID;

-- The size of each segment over time.
CREATE TABLE segment_sizes (
    segment_id INTEGER NOT NULL REFERENCES segments (id) ON DELETE CASCADE,
    at         INTEGER NOT NULL,
    size       INTEGER NOT NULL,
    PRIMARY KEY (segment_id, at)
) STRICT, WITHOUT ROWID;
