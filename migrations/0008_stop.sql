-- +goose Up
-- Emergency stops: while one stands, no run goes on and nothing is sent. Those that were lifted stay as history.
CREATE TABLE stops (
    id         INTEGER PRIMARY KEY,
    stopped_at INTEGER NOT NULL,
    stopped_by TEXT    NOT NULL,
    reason     TEXT    NOT NULL DEFAULT '',
    lifted_at  INTEGER,                                   -- NULL: it stands
    lifted_by  TEXT    NOT NULL DEFAULT ''
) STRICT;
CREATE UNIQUE INDEX stops_one_stands ON stops (lifted_at IS NULL) WHERE lifted_at IS NULL;
