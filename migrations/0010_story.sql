-- +goose Up
-- Whom a run is limited to: those whom an earlier run rejected and who are in the segments still. Dropped when it ends.
CREATE TABLE retries (
    run_id     INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    profile_id TEXT    NOT NULL,
    PRIMARY KEY (run_id, profile_id)
) STRICT, WITHOUT ROWID;
