-- +goose Up
-- Whom a run is limited to: those whom an earlier run rejected and who are in the segments still. Dropped when it ends.
CREATE TABLE retries (
    run_id     INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    profile_id TEXT    NOT NULL,
    PRIMARY KEY (run_id, profile_id)
) STRICT, WITHOUT ROWID;

-- What was sent of a profile that the destination refused, and what it answered: sealed, and for a while only.
CREATE TABLE evidence (
    id         INTEGER PRIMARY KEY,
    run_id     INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    profile_id TEXT    NOT NULL,
    at         INTEGER NOT NULL,
    sealed     BLOB    NOT NULL,
    UNIQUE (run_id, profile_id)
) STRICT;
CREATE INDEX evidence_by_time ON evidence (at);

-- Tags that were taken away: for a while only.
CREATE TABLE withdrawn_tags (
    id         INTEGER PRIMARY KEY,
    run_id     INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    profile_id TEXT    NOT NULL,
    identity   TEXT    NOT NULL,
    tags       TEXT    NOT NULL,                          -- one a line
    at         INTEGER NOT NULL
) STRICT;
CREATE INDEX withdrawn_tags_by_profile ON withdrawn_tags (profile_id);
CREATE INDEX withdrawn_tags_by_run ON withdrawn_tags (run_id);
CREATE INDEX withdrawn_tags_by_address ON withdrawn_tags (identity);
CREATE INDEX withdrawn_tags_by_time ON withdrawn_tags (at);
