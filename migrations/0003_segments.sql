-- +goose Up
CREATE TABLE segments (
    id            INTEGER PRIMARY KEY AUTOINCREMENT, -- never used again: versions and approvals name it
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
    state         TEXT    NOT NULL DEFAULT 'active' CHECK (state IN ('draft', 'active', 'inactive')),
    waiting_since INTEGER,                        -- a calculation was asked for then and is not done; NULL: none
    version       INTEGER NOT NULL DEFAULT 1,     -- counts the edits
    created_by    INTEGER REFERENCES users (id) ON DELETE SET NULL,
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL
) STRICT;
CREATE INDEX segments_by_list ON segments (list_id);
CREATE INDEX segments_waiting ON segments (waiting_since) WHERE waiting_since IS NOT NULL;

-- Which segments stand in the rule of another. The definition says so too; these rows find it, and keep the inner one.
CREATE TABLE segment_parts (
    outer_id INTEGER NOT NULL REFERENCES segments (id) ON DELETE CASCADE,
    inner_id INTEGER NOT NULL REFERENCES segments (id),
    PRIMARY KEY (outer_id, inner_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX segment_parts_by_inner ON segment_parts (inner_id);

-- Uploaded lists of profile ids or addresses. A new upload is a new list, so that a run that began with the old one keeps it.
CREATE TABLE segment_lists (
    id         INTEGER PRIMARY KEY,
    entries    TEXT    NOT NULL DEFAULT 'id' CHECK (entries IN ('id', 'email')),
    ids        INTEGER NOT NULL DEFAULT 0,        -- distinct entries
    repeated   INTEGER NOT NULL DEFAULT 0,        -- lines with an entry that stood before
    malformed  INTEGER NOT NULL DEFAULT 0,        -- lines that cannot be read
    complete   INTEGER NOT NULL DEFAULT 0,        -- 0 while it is being written, or when that was cut short
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE segment_list_members (
    list_id    INTEGER NOT NULL REFERENCES segment_lists (id) ON DELETE CASCADE,
    profile_id TEXT    NOT NULL,                  -- or an address in its normal form
    PRIMARY KEY (list_id, profile_id)
) STRICT, WITHOUT ROWID;

-- The first lines of a list that stood before or cannot be read, by number.
CREATE TABLE segment_list_lines (
    list_id INTEGER NOT NULL REFERENCES segment_lists (id) ON DELETE CASCADE,
    line    INTEGER NOT NULL,
    fault   TEXT    NOT NULL CHECK (fault IN ('repeated', 'malformed')),
    PRIMARY KEY (list_id, line)
) STRICT, WITHOUT ROWID;

-- The size of each segment over time.
CREATE TABLE segment_sizes (
    segment_id INTEGER NOT NULL REFERENCES segments (id) ON DELETE CASCADE,
    at         INTEGER NOT NULL,
    size       INTEGER NOT NULL,
    PRIMARY KEY (segment_id, at)
) STRICT, WITHOUT ROWID;
