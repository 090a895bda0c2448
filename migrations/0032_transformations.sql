-- +goose Up
-- What is done to the values of a line before they are sent, as JSON; '': nothing. with_ is the second attribute of a line that joins
-- two, with its own tick. A line that sends the same text for everybody has '' for its attribute.
ALTER TABLE export_mappings ADD COLUMN change         TEXT    NOT NULL DEFAULT '';
ALTER TABLE export_mappings ADD COLUMN with_attribute TEXT    NOT NULL DEFAULT '';
ALTER TABLE export_mappings ADD COLUMN with_meant     INTEGER NOT NULL DEFAULT 0;
ALTER TABLE export_mappings ADD COLUMN with_meant_as  INTEGER NOT NULL DEFAULT 0;
ALTER TABLE export_mappings ADD COLUMN with_reason    TEXT    NOT NULL DEFAULT '';
ALTER TABLE export_mappings ADD COLUMN with_meant_by  TEXT    NOT NULL DEFAULT '';
ALTER TABLE export_mappings ADD COLUMN with_meant_at  INTEGER;

-- The attributes whose values exports send, each with its tick.
CREATE VIEW export_sent (export_id, attribute, meant, meant_as) AS
    SELECT export_id, attribute, meant, meant_as FROM export_mappings WHERE attribute <> ''
    UNION ALL SELECT export_id, with_attribute, with_meant, with_meant_as FROM export_mappings WHERE with_attribute <> '';
