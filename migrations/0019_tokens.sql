-- +goose Up
-- Keys by which people's own programs come to the JSON API. Those that have ended are shown for a while, then dropped.
CREATE TABLE tokens (
    id         INTEGER PRIMARY KEY,
    user_id    INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    handle     TEXT    NOT NULL UNIQUE,                  -- the part of the token by which it is found, and named to people
    hash       BLOB    NOT NULL,                         -- SHA-256 of the whole token: it is too long to be guessed, so a plain hash is enough
    name       TEXT    NOT NULL,
    scopes     TEXT    NOT NULL,                         -- words: see access.Scope
    created_at INTEGER NOT NULL,
    used_at    INTEGER,                                  -- to the minute
    expires_at INTEGER NOT NULL,
    ended_at   INTEGER,                                  -- revoked, or its person was disabled
    ended_by   TEXT    NOT NULL DEFAULT ''               -- who revoked it; '': its person was disabled
) STRICT;
CREATE INDEX tokens_by_user ON tokens (user_id, id);

-- Runs that were started with an Idempotency-Key, so that a request that is sent again starts none a second time. Kept for a day.
CREATE TABLE token_starts (
    token_id INTEGER NOT NULL REFERENCES tokens (id) ON DELETE CASCADE,
    key_hash BLOB    NOT NULL,                           -- SHA-256 of the key
    asked    BLOB    NOT NULL,                           -- SHA-256 of what was asked for with it
    run_id   INTEGER NOT NULL,
    at       INTEGER NOT NULL,
    PRIMARY KEY (token_id, key_hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX token_starts_by_time ON token_starts (at);
