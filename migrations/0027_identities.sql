-- +goose Up
-- Who people are at the identity provider of their company. At one provider nobody is two.
CREATE TABLE identities (
    id              INTEGER PRIMARY KEY,
    user_id         INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    issuer          TEXT    NOT NULL,
    subject         TEXT    NOT NULL,
    created_at      INTEGER NOT NULL,
    last_sign_in_at INTEGER NOT NULL,
    refused_at      INTEGER,                             -- since when the provider gives no role; NULL: it gives one
    UNIQUE (issuer, subject),
    UNIQUE (user_id, issuer)
) STRICT;

-- Links of letters, good once, by which people choose a new password.
CREATE TABLE resets (
    token_hash BLOB    PRIMARY KEY,                      -- SHA-256 of the link's token
    user_id    INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX resets_by_user ON resets (user_id);
