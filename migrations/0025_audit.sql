-- +goose Up
-- What was done, by whom, when and from where. Rows are added and never changed: each holds the hash of itself and the one before.
-- No reference to users: nothing that happens to an account touches what it did.
CREATE TABLE audit_entries (
    id           INTEGER PRIMARY KEY,                     -- 1, 2, 3, …: without gaps
    at           INTEGER NOT NULL,
    action       TEXT    NOT NULL,
    subject_kind TEXT    NOT NULL DEFAULT '',             -- what it was done to: "connection"
    subject_id   TEXT    NOT NULL DEFAULT '',
    subject_name TEXT    NOT NULL DEFAULT '',             -- as it was called then
    changes      TEXT    NOT NULL DEFAULT '[]',           -- JSON: fields, before and after; without secrets and personal data
    user_id      INTEGER NOT NULL DEFAULT 0,              -- 0: the program itself
    user_name    TEXT    NOT NULL DEFAULT '',
    role         TEXT    NOT NULL DEFAULT '',
    via          TEXT    NOT NULL DEFAULT '',             -- by what means: "browser", "token", "command", "program"
    address      TEXT    NOT NULL DEFAULT '',             -- network address
    seals        INTEGER NOT NULL DEFAULT 0,              -- that there were when it was written: who takes some away contradicts this
    hash         BLOB    NOT NULL CHECK (length(hash) = 32)
) STRICT;
CREATE INDEX audit_entries_by_subject ON audit_entries (subject_kind, subject_id);
CREATE INDEX audit_entries_by_user ON audit_entries (user_id);
CREATE INDEX audit_entries_by_time ON audit_entries (at);
CREATE INDEX audit_entries_by_action ON audit_entries (action);

-- +goose StatementBegin
CREATE TRIGGER audit_entries_stay BEFORE DELETE ON audit_entries
BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_entries_are_final BEFORE UPDATE ON audit_entries
BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER audit_entries_follow BEFORE INSERT ON audit_entries
WHEN NEW.id <> (SELECT coalesce(max(id), 0) + 1 FROM audit_entries)
BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END;
-- +goose StatementEnd

-- The key by which the log is sealed, itself sealed: bound to audit/key and first_seal.
CREATE TABLE audit_key (
    id         INTEGER PRIMARY KEY CHECK (id = 1),
    first_seal INTEGER NOT NULL,                          -- that it made; the key of those before is lost
    sealed     BLOB    NOT NULL
) STRICT;

-- Seals that nobody makes without that key. Each vouches for the log up to an entry, and for the seal before it.
CREATE TABLE audit_seals (
    id       INTEGER PRIMARY KEY,                         -- 1, 2, 3, …: without gaps
    entry_id INTEGER NOT NULL,
    at       INTEGER NOT NULL,
    mac      BLOB    NOT NULL CHECK (length(mac) = 32)
) STRICT;

-- +goose StatementBegin
CREATE TRIGGER audit_seals_stay BEFORE DELETE ON audit_seals
BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_seals_are_final BEFORE UPDATE ON audit_seals
BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_seals_follow BEFORE INSERT ON audit_seals
WHEN NEW.id <> (SELECT coalesce(max(id), 0) + 1 FROM audit_seals)
BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END;
-- +goose StatementEnd
