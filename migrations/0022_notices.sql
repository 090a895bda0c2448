-- +goose Up
-- Where notices go that are no emails. Ids are never used again: sealed values are bound to them.
CREATE TABLE hooks (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    name           TEXT    NOT NULL,
    name_key       TEXT    NOT NULL UNIQUE,              -- folded: how two names are told apart
    sealed_address BLOB    NOT NULL,                     -- bound to hook/<id>/address: an address of Slack or Teams is a key by itself
    host           TEXT    NOT NULL,                     -- of the address, with its port: all that is shown of it
    kinds          TEXT    NOT NULL DEFAULT '[]',        -- JSON list of kinds of alerts; empty means all
    language       TEXT    NOT NULL,
    format         TEXT    NOT NULL CHECK (format IN ('segue', 'slack', 'teams', 'own')),
    template       TEXT    NOT NULL DEFAULT '',          -- of the format 'own'
    sealed_secret  BLOB    NOT NULL,                     -- bound to hook/<id>/secret
    sealed_earlier BLOB,                                 -- bound to hook/<id>/earlier: the secret before, which signs as well
    earlier_until  INTEGER,                              -- until then
    off_at         INTEGER,                              -- since when nothing is sent to it
    off_because    TEXT    NOT NULL DEFAULT '',          -- code; '' when a person switched it off
    version        INTEGER NOT NULL DEFAULT 1,
    created_by     TEXT    NOT NULL,
    created_at     INTEGER NOT NULL,
    updated_at     INTEGER NOT NULL
) STRICT;

-- The outbox: a row for each notice and recipient. The address of a person is read when it is sent and is not here.
CREATE TABLE notices (
    id            INTEGER PRIMARY KEY,
    mark          TEXT    NOT NULL UNIQUE,               -- what receivers know it by: Message-ID, webhook-id
    key           TEXT    NOT NULL,                      -- of the caller: what was put once is not put again
    user_id       INTEGER REFERENCES users (id) ON DELETE CASCADE,
    hook_id       INTEGER REFERENCES hooks (id) ON DELETE CASCADE,
    message       TEXT    NOT NULL,                      -- JSON
    state         TEXT    NOT NULL CHECK (state IN ('waiting', 'sent', 'given_up')),
    turn          INTEGER NOT NULL DEFAULT 1,            -- of the job that sends it: a job of an earlier turn has nothing to do
    tries         INTEGER NOT NULL DEFAULT 0,
    created_at    INTEGER NOT NULL,
    next_at       INTEGER NOT NULL,                      -- not sent before
    claimed_until INTEGER,                               -- somebody is sending it
    tried_at      INTEGER,
    ended_at      INTEGER,
    reason_code   TEXT    NOT NULL DEFAULT '',           -- of the last failure
    reason_status INTEGER NOT NULL DEFAULT 0,            -- what the receiver answered, of HTTP or SMTP; 0: nothing
    CHECK ((user_id IS NULL) <> (hook_id IS NULL))
) STRICT;
CREATE UNIQUE INDEX notices_by_person ON notices (user_id, key) WHERE user_id IS NOT NULL;
CREATE UNIQUE INDEX notices_by_hook ON notices (hook_id, key) WHERE hook_id IS NOT NULL;
CREATE INDEX notices_waiting ON notices (next_at) WHERE state = 'waiting';
CREATE INDEX notices_by_time ON notices (created_at);
