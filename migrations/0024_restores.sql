-- +goose Up
-- Each time that this database was put in the place of another one, out of a backup.
CREATE TABLE restores (
    id          INTEGER PRIMARY KEY,
    at          INTEGER NOT NULL,
    backup_at   INTEGER NOT NULL,                         -- the moment that the backup shows
    mark        TEXT    NOT NULL,                         -- behind the names of uploaded files that are still to be put in place
    uploads     TEXT    NOT NULL DEFAULT '[]',            -- JSON: their names
    finished_at INTEGER                                   -- when they were
) STRICT;
