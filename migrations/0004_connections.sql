-- +goose Up
-- Ids are never used again: sealed values are bound to them.
CREATE TABLE connections (
    id                   INTEGER PRIMARY KEY AUTOINCREMENT,
    type                 TEXT    NOT NULL,                -- kind of destination
    name                 TEXT    NOT NULL,
    name_key             TEXT    NOT NULL,                -- folded: how two names are told apart
    open_to_contributors INTEGER NOT NULL DEFAULT 0 CHECK (open_to_contributors IN (0, 1)), -- to all of them; see also connection_grants
    sealed_key           BLOB,                            -- bound to connection/<id>/api_key; NULL when it is in a store, and once removed
    key_store            TEXT    NOT NULL DEFAULT '',     -- store outside that the key comes from; '': it is sealed here
    key_name             TEXT    NOT NULL DEFAULT '',     -- of the secret in that store
    key_version          INTEGER NOT NULL DEFAULT 1,
    brand_id             TEXT    NOT NULL,
    brand_name           TEXT    NOT NULL,
    brand_website        TEXT    NOT NULL,
    verified_at          INTEGER NOT NULL,
    failure              TEXT    NOT NULL DEFAULT '',
    failed_at            INTEGER,
    export_user_id       INTEGER REFERENCES users (id),
    export_user_at       INTEGER,
    version              INTEGER NOT NULL DEFAULT 1,
    created_by           INTEGER NOT NULL REFERENCES users (id),
    created_at           INTEGER NOT NULL,
    updated_at           INTEGER NOT NULL,
    removed_at           INTEGER,
    removed_by           INTEGER REFERENCES users (id)
) STRICT;
CREATE UNIQUE INDEX connections_by_name ON connections (name_key) WHERE removed_at IS NULL;

-- The contributors who may use a connection that is not open to all of them. Only people who are contributors are in it:
-- whoever stops being one is taken out in the same transaction.
CREATE TABLE connection_grants (
    connection_id INTEGER NOT NULL REFERENCES connections (id),
    user_id       INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    granted_by    INTEGER REFERENCES users (id),          -- NULL: the program itself
    granted_at    INTEGER NOT NULL,
    PRIMARY KEY (connection_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX connection_grants_by_user ON connection_grants (user_id);

-- Who agreed to which terms, when, and until when. Rows are added and ended, never changed otherwise.
CREATE TABLE connection_consents (
    id            INTEGER PRIMARY KEY,
    connection_id INTEGER NOT NULL REFERENCES connections (id),
    terms_version TEXT    NOT NULL,
    brand_id      TEXT    NOT NULL,                       -- to whom data may go
    user_id       INTEGER NOT NULL REFERENCES users (id),
    user_name     TEXT    NOT NULL,                       -- as it was then
    agreed_at     INTEGER NOT NULL,
    ended_at      INTEGER,                                -- withdrawn, or replaced by another
    ended_by      INTEGER REFERENCES users (id)
) STRICT;
CREATE UNIQUE INDEX connection_consents_in_force ON connection_consents (connection_id) WHERE ended_at IS NULL;

-- A connection that an administrator is setting up. Each has one at most; old ones are erased.
CREATE TABLE connection_drafts (
    id                   INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id              INTEGER NOT NULL UNIQUE REFERENCES users (id) ON DELETE CASCADE,
    type                 TEXT    NOT NULL,
    name                 TEXT    NOT NULL DEFAULT '',
    access               TEXT    NOT NULL DEFAULT '',     -- 'contributors', or the ids of those who may use it
    sealed_key           BLOB,                            -- bound to connection_draft/<id>/api_key
    key_store            TEXT    NOT NULL DEFAULT '',     -- as of a connection
    key_name             TEXT    NOT NULL DEFAULT '',
    terms_version        TEXT    NOT NULL DEFAULT '',     -- '': not agreed
    agreed_at            INTEGER,
    brand_id             TEXT    NOT NULL DEFAULT '',     -- '': the key is not proved
    brand_name           TEXT    NOT NULL DEFAULT '',
    brand_website        TEXT    NOT NULL DEFAULT '',
    verified_at          INTEGER,
    export_user_at       INTEGER,                         -- when the administrator confirmed it by password
    revision             INTEGER NOT NULL DEFAULT 1,
    updated_at           INTEGER NOT NULL
) STRICT;

-- A key that is to replace a connection's, until it is proved and, when it belongs to another brand, confirmed.
CREATE TABLE connection_key_changes (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    connection_id INTEGER NOT NULL UNIQUE REFERENCES connections (id),
    sealed_key    BLOB,                                   -- bound to connection_key_change/<id>/api_key
    key_store     TEXT    NOT NULL DEFAULT '',            -- as of a connection
    key_name      TEXT    NOT NULL DEFAULT '',
    brand_id      TEXT    NOT NULL DEFAULT '',            -- '': not proved
    brand_name    TEXT    NOT NULL DEFAULT '',
    brand_website TEXT    NOT NULL DEFAULT '',
    created_by    INTEGER NOT NULL REFERENCES users (id),
    created_at    INTEGER NOT NULL
) STRICT;
