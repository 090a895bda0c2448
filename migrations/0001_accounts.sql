-- +goose Up
CREATE TABLE users (
    id              INTEGER PRIMARY KEY,
    email           TEXT    NOT NULL,
    email_key       TEXT    NOT NULL UNIQUE,             -- folded: how an address is recognised at sign-in
    name            TEXT    NOT NULL,                    -- '' until the invitation is accepted
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
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    token_hash   BLOB    NOT NULL UNIQUE,                -- SHA-256 of the cookie's token
    former_hash  BLOB,                                   -- of the token before the last confirmation, for requests that were under way
    former_until INTEGER NOT NULL DEFAULT 0,
    user_id      INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    proof        TEXT    NOT NULL,                       -- how the person proved who she is
    confined     INTEGER NOT NULL DEFAULT 0,             -- 1: may do nothing but set up a second factor
    created_at   INTEGER NOT NULL,
    confirmed_at INTEGER NOT NULL,                       -- when it was last proved that the person is there herself
    seen_at      INTEGER NOT NULL,                       -- to the minute: for the idle limit
    expires_at   INTEGER NOT NULL,                       -- absolute limit
    browser      TEXT    NOT NULL DEFAULT '',            -- what the browser calls itself
    address      TEXT    NOT NULL DEFAULT ''
) STRICT;
CREATE UNIQUE INDEX sessions_by_former_token ON sessions (former_hash) WHERE former_hash IS NOT NULL;
CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

-- Browsers in which a person has signed in before: a guesser elsewhere cannot make that person wait.
CREATE TABLE devices (
    token_hash BLOB    PRIMARY KEY,                      -- SHA-256 of the cookie's token
    user_id    INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX devices_by_user ON devices (user_id);

-- Links that are good once: to set the first administrator up, to accept an invitation, to choose a new password.
CREATE TABLE invitations (
    token_hash BLOB    PRIMARY KEY,                      -- SHA-256 of the link's token
    user_id    INTEGER REFERENCES users (id) ON DELETE CASCADE, -- NULL: the set-up of the first administrator
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX invitations_by_user ON invitations (user_id);
