-- +goose Up
-- Forms that were sent and wait until the person has confirmed that it is she.
CREATE TABLE kept_forms (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    token_hash BLOB    NOT NULL UNIQUE,                  -- SHA-256 of what the page of the confirmation names it by
    session_id INTEGER NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    sealed     BLOB    NOT NULL,                         -- where it was sent, and what it held
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX kept_forms_by_session ON kept_forms (session_id);
CREATE INDEX kept_forms_by_expiry ON kept_forms (expires_at);
