-- +goose Up
-- How the profiles of several sources came together. The rows that made each profile are in the table people_<snapshot>, which
-- comes and goes with the snapshot; the numbers here stay.
CREATE TABLE unifications (
    snapshot_id INTEGER PRIMARY KEY REFERENCES snapshots (id),
    report      TEXT    NOT NULL,                        -- JSON: sources, rules and numbers
    made_at     INTEGER NOT NULL
) STRICT;
