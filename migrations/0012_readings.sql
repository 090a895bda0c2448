-- +goose Up
-- Requests that read something at a brand, so that a restarted process knows what of its budget is spent. Those of the last
-- window matter; older ones go when a run begins.
CREATE TABLE readings (
    brand_id TEXT    NOT NULL,
    at       INTEGER NOT NULL,
    count    INTEGER NOT NULL
) STRICT;
CREATE INDEX readings_by_brand ON readings (brand_id, at);
