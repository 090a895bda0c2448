-- +goose Up
-- Where the sealing key came from at the last start, and which one it was: that it changed is an entry of the audit log.
CREATE TABLE sealing (
    id     INTEGER PRIMARY KEY CHECK (id = 1),
    source TEXT    NOT NULL,                              -- "file", "environment" or "credential"
    key_id TEXT    NOT NULL,                              -- names the key and tells nothing of it
    since  INTEGER NOT NULL
) STRICT;
