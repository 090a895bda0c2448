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

-- Time-based codes of a person (RFC 6238).
CREATE TABLE code_secrets (
    user_id      INTEGER PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    sealed       BLOB    NOT NULL,
    created_at   INTEGER NOT NULL,
    confirmed_at INTEGER,                                -- NULL: no code was shown to be right yet, so it does not count
    last_step    INTEGER NOT NULL DEFAULT 0              -- of the last code that was taken, in half minutes: each counts once
) STRICT;

-- What signs a person in who has lost her second factor. They are long enough that a plain hash keeps them.
CREATE TABLE recovery_codes (
    code_hash BLOB    PRIMARY KEY,                       -- SHA-256
    user_id   INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    used_at   INTEGER
) STRICT;
CREATE INDEX recovery_codes_by_user ON recovery_codes (user_id);

CREATE TABLE passkeys (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id       INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    user_handle   BLOB    NOT NULL,                      -- random; the same for all passkeys of a person
    credential_id BLOB    NOT NULL UNIQUE,               -- as the authenticator made it
    sealed        BLOB    NOT NULL,                      -- the public key and what else is known of it: nobody adds one beside the program
    name          TEXT    NOT NULL,
    created_at    INTEGER NOT NULL,
    used_at       INTEGER,
    suspect_at    INTEGER                                -- when it counted backwards, as a copy would
) STRICT;
CREATE INDEX passkeys_by_user ON passkeys (user_id);

-- Challenges that were answered, until they would have expired: each is answered once.
CREATE TABLE answered_challenges (
    challenge_hash BLOB    PRIMARY KEY,
    expires_at     INTEGER NOT NULL
) STRICT;
CREATE INDEX answered_challenges_by_expiry ON answered_challenges (expires_at);

-- Who must have a second factor.
CREATE TABLE factor_policy (
    id       INTEGER PRIMARY KEY CHECK (id = 1),
    required TEXT    NOT NULL CHECK (required IN ('nobody', 'administrators', 'everybody'))
) STRICT;
INSERT INTO factor_policy (id, required) VALUES (1, 'nobody');
