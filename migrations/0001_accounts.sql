-- +goose Up
CREATE TABLE users (
    id              INTEGER PRIMARY KEY,
    email           TEXT    NOT NULL,
    email_key       TEXT    NOT NULL UNIQUE,             -- folded: how an address is recognised at sign-in
    name            TEXT    NOT NULL,
    role            TEXT    NOT NULL CHECK (role IN ('administrator', 'contributor', 'viewer')),
    password_hash   TEXT,                                -- argon2id; NULL until the invitation is accepted
    language        TEXT    NOT NULL DEFAULT '',         -- '' = as the browser asks
    time_zone       TEXT    NOT NULL DEFAULT '',         -- IANA name; '' = UTC
    theme           TEXT    NOT NULL DEFAULT '' CHECK (theme IN ('', 'light', 'dark')),
    created_at      INTEGER NOT NULL,
    last_sign_in_at INTEGER,
    disabled_at     INTEGER
) STRICT;

CREATE TABLE sessions (
    token_hash BLOB    PRIMARY KEY,                      -- SHA-256 of the cookie's token
    user_id    INTEGER REFERENCES users (id) ON DELETE CASCADE, -- NULL before sign-in
    data       BLOB    NOT NULL,                         -- values of the session, encoded
    created_at INTEGER NOT NULL,
    seen_at    INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,                         -- absolute limit
    user_agent TEXT    NOT NULL DEFAULT '',
    address    TEXT    NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

-- Links that are good once: to set the first administrator up, and to accept an invitation.
CREATE TABLE invitations (
    token_hash BLOB    PRIMARY KEY,
    user_id    INTEGER REFERENCES users (id) ON DELETE CASCADE, -- NULL: the set-up of the first administrator
    expires_at INTEGER NOT NULL,
    used_at    INTEGER
) STRICT;

-- Failed sign-ins, by account and by address, for throttling. The key is a hash: an attempt keeps no address.
CREATE TABLE sign_in_failures (
    key       BLOB    NOT NULL,
    failed_at INTEGER NOT NULL
) STRICT;
CREATE INDEX sign_in_failures_by_key ON sign_in_failures (key, failed_at);
