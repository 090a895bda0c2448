-- +goose Up
-- How the profiles of several sources came together. The rows that made each profile are in the table people_<snapshot>, which
-- comes and goes with the snapshot; the numbers here stay.
CREATE TABLE unifications (
    snapshot_id INTEGER PRIMARY KEY REFERENCES snapshots (id),
    inputs      TEXT    NOT NULL,                        -- JSON: snapshots and rules; the same ones need not be unified again
    report      TEXT    NOT NULL,                        -- JSON: sources and numbers
    made_at     INTEGER NOT NULL
) STRICT;

-- The unification that is under way, or how the last one ended.
CREATE TABLE unification_state (
    id         INTEGER PRIMARY KEY CHECK (id = 1),
    waiting    INTEGER NOT NULL DEFAULT 0,               -- one is queued or under way
    done       INTEGER NOT NULL DEFAULT 0,               -- profiles made so far
    total      INTEGER NOT NULL DEFAULT 0,
    code       TEXT    NOT NULL DEFAULT '',              -- why the last one failed, '' when it did not
    args       TEXT    NOT NULL DEFAULT '[]',            -- JSON: values of that text, never of a profile
    changed_at INTEGER NOT NULL DEFAULT 0
) STRICT;
INSERT INTO unification_state (id) VALUES (1);

-- Whom to believe first about an attribute, where that is not the order of the sources.
CREATE TABLE attribute_trust (
    attribute_key TEXT    PRIMARY KEY,
    source_id     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Each time that somebody changed the rules, to put the former ones back.
CREATE TABLE unification_rules (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    before        TEXT    NOT NULL,                      -- JSON
    after         TEXT    NOT NULL,                      -- JSON
    saved_by      INTEGER REFERENCES users (id) ON DELETE SET NULL,
    saved_by_name TEXT    NOT NULL,
    saved_at      INTEGER NOT NULL,
    undone_at     INTEGER
) STRICT;

-- What stands before the keys of a source that has its own: made of its name at first use, and the same ever after, so that
-- a source may be renamed and its profiles keep their ids.
CREATE TABLE unification_prefixes (
    source_id INTEGER PRIMARY KEY,
    prefix    TEXT    NOT NULL UNIQUE
) STRICT;
