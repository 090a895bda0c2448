-- +goose Up
-- What became of the profiles of a run, written where its export asked for: a row for each run that does so.
CREATE TABLE outcome_writings (
    run_id     INTEGER PRIMARY KEY REFERENCES runs (id),
    place      TEXT    NOT NULL,                          -- JSON: what the export asked for when the run ended
    export     TEXT    NOT NULL,                          -- its name then
    file       TEXT    NOT NULL,                          -- the file's name; '' for rows
    state      TEXT    NOT NULL CHECK (state IN ('waiting', 'written', 'failed')),
    lines      INTEGER NOT NULL DEFAULT 0,                -- that were written
    tries      INTEGER NOT NULL DEFAULT 0,
    asked_at   INTEGER NOT NULL,                          -- from then on it is tried for a day
    next_at    INTEGER NOT NULL,                          -- not tried before
    ended_at   INTEGER,
    reason     TEXT    NOT NULL DEFAULT ''                -- code of the last failure
) STRICT;
CREATE INDEX outcome_writings_waiting ON outcome_writings (run_id) WHERE state = 'waiting';
