-- +goose Up
-- Batches that the destination had taken and not finished when their run ended, or sent them again. What is in them may
-- arrive after newer data: see run.lookForLate.
CREATE TABLE late_batches (
    id        INTEGER PRIMARY KEY,
    export_id INTEGER NOT NULL REFERENCES exports (id) ON DELETE CASCADE,
    brand_id  TEXT    NOT NULL,
    remote_id TEXT    NOT NULL,
    sent_at   INTEGER NOT NULL,
    items     TEXT    NOT NULL                            -- JSON: who is in it, as in batches
) STRICT;
CREATE INDEX late_batches_by_export ON late_batches (export_id);
