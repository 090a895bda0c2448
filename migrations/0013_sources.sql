-- +goose Up
-- Where profiles come from. Ids are never used again: sealed passwords are bound to them.
CREATE TABLE sources (
    id                   INTEGER PRIMARY KEY AUTOINCREMENT,
    name                 TEXT    NOT NULL,
    name_key             TEXT    NOT NULL,                -- folded: how two names are told apart
    kind                 TEXT    NOT NULL CHECK (kind IN ('upload', 'folder', 'sql')),
    place                TEXT    NOT NULL CHECK (place IN ('copied', 'stays')),
    settings             TEXT    NOT NULL DEFAULT '{}',   -- JSON: where it is and how it is read
    secret               BLOB,                            -- password, bound to source/<id>/password
    own_keys             INTEGER NOT NULL DEFAULT 0 CHECK (own_keys IN (0, 1)), -- numbers profiles in its own way
    match_email          INTEGER NOT NULL DEFAULT 0 CHECK (match_email IN (0, 1)), -- the same address is the same person
    position             INTEGER NOT NULL,                -- order of trust, the first first
    with_schedule        INTEGER NOT NULL DEFAULT 0 CHECK (with_schedule IN (0, 1)), -- read again with the system's schedule
    on_change            INTEGER NOT NULL DEFAULT 0 CHECK (on_change IN (0, 1)),     -- of a folder: read again when the file changed
    shrink_share         INTEGER NOT NULL DEFAULT 30 CHECK (shrink_share BETWEEN 0 AND 100), -- percent fewer that make an import ask; 0: never
    snapshot_id          INTEGER REFERENCES snapshots (id), -- what the last good import brought
    previous_snapshot_id INTEGER REFERENCES snapshots (id), -- to undo it, for a week
    replaced_at          INTEGER,                           -- when the last one took the place of the one before
    mark                 TEXT    NOT NULL DEFAULT '',       -- of a folder: which state of which file was read last, or tried
    version              INTEGER NOT NULL DEFAULT 1,
    created_at           INTEGER NOT NULL,
    updated_at           INTEGER NOT NULL,
    removed_at           INTEGER
) STRICT;
CREATE UNIQUE INDEX sources_by_name ON sources (name_key) WHERE removed_at IS NULL;
