-- +goose Up
CREATE TABLE runs (
    id                INTEGER PRIMARY KEY,
    export_id         INTEGER NOT NULL REFERENCES exports (id),
    cause             TEXT    NOT NULL CHECK (cause IN ('demand', 'schedule', 'try')),
    requested_by      INTEGER REFERENCES users (id),      -- NULL: the schedule, or the operator's command line
    requested_by_name TEXT    NOT NULL,
    acting_for        TEXT    NOT NULL DEFAULT '',        -- name of the export user
    of_run            INTEGER REFERENCES runs (id),       -- only those are sent whom this run rejected; NULL: everybody
    complete          INTEGER NOT NULL DEFAULT 0,         -- 1: send everybody, also those who did not change
    withdraw_any      INTEGER NOT NULL DEFAULT 0,         -- 1: a person said that so many may lose their tags
    leave_tags        INTEGER NOT NULL DEFAULT 0,         -- 1: a person said to send, and to leave the tags as they are
    state             TEXT    NOT NULL CHECK (state IN ('queued', 'running', 'paused', 'succeeded', 'warnings', 'failed', 'cancelled')),
    plan              TEXT,                               -- JSON: all that decides what is sent, frozen when the run begins
    brand_id          TEXT    NOT NULL DEFAULT '',
    cursor            TEXT    NOT NULL DEFAULT '',        -- id of the last profile that was planned
    planned           INTEGER NOT NULL DEFAULT 0,         -- 1: every profile was planned
    profiles          INTEGER NOT NULL DEFAULT 0,         -- in the segments, each once
    accepted          INTEGER NOT NULL DEFAULT 0,
    created           INTEGER NOT NULL DEFAULT 0,         -- of accepted, where the destination was asked for another reason
    updated           INTEGER NOT NULL DEFAULT 0,         -- likewise
    unchanged         INTEGER NOT NULL DEFAULT 0,
    invalid           INTEGER NOT NULL DEFAULT 0,         -- rejected by us
    refused           INTEGER NOT NULL DEFAULT 0,         -- rejected by the destination
    known             INTEGER NOT NULL DEFAULT 0,         -- of those, not sent: as in an earlier run, see refusals
    duplicates        INTEGER NOT NULL DEFAULT 0,
    excluded          INTEGER NOT NULL DEFAULT 0,         -- on the list of exclusions
    erased            INTEGER NOT NULL DEFAULT 0,         -- erased while the run was under way, or before by a person
    withdrawn         INTEGER NOT NULL DEFAULT 0,         -- contacts that lost tags: who left a segment
    held              INTEGER NOT NULL DEFAULT 0,         -- contacts that would have, were they not too many
    requests          INTEGER NOT NULL DEFAULT 0,
    batches_sent      INTEGER NOT NULL DEFAULT 0,         -- taken by the destination
    batches_settled   INTEGER NOT NULL DEFAULT 0,         -- of those, whose outcome is known
    error_code        TEXT    NOT NULL DEFAULT '',
    error_detail      TEXT    NOT NULL DEFAULT '',        -- the destination's own words
    cancel_asked_at   INTEGER,
    cancel_asked_by   TEXT    NOT NULL DEFAULT '',
    pause_code        TEXT    NOT NULL DEFAULT '',        -- why it is paused; while it runs, 'by_person': that somebody asked for it
    pause_detail      TEXT    NOT NULL DEFAULT '',        -- the destination's own words, or JSON: the numbers of a question
    paused_at         INTEGER,
    paused_by         TEXT    NOT NULL DEFAULT '',
    approved_at       INTEGER,                            -- when a person answered the question of a pause
    approved_by       TEXT    NOT NULL DEFAULT '',
    purged            INTEGER NOT NULL DEFAULT 0,         -- 1: the batches do not say any more who was in them
    queued_at         INTEGER NOT NULL,
    started_at        INTEGER,
    ended_at          INTEGER,
    progress_at       INTEGER,                            -- when something last went forward
    stuck_at          INTEGER,                            -- since when it is marked as making no progress
    waits_for         TEXT    NOT NULL DEFAULT ''         -- when it was marked: see run.WaitsFor
) STRICT;
CREATE UNIQUE INDEX runs_one_at_a_time ON runs (export_id) WHERE state IN ('queued', 'running', 'paused');
CREATE INDEX runs_by_export ON runs (export_id, id);
CREATE INDEX runs_by_end ON runs (export_id, ended_at) WHERE ended_at IS NOT NULL;
-- All that is asked of the runs that ended, when those of all exports are looked at: see run.healthQuery.
CREATE INDEX runs_ended ON runs (export_id, id, state, of_run, profiles, invalid, refused, error_code)
    WHERE cause <> 'try' AND state IN ('succeeded', 'warnings', 'failed');

-- The timeline of a run.
CREATE TABLE run_events (
    id     INTEGER PRIMARY KEY,
    run_id INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    at     INTEGER NOT NULL,
    code   TEXT    NOT NULL,
    detail TEXT    NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX run_events_by_run ON run_events (run_id, id);

-- The journal. A batch is written here before it is sent, and again with its outcome.
CREATE TABLE batches (
    run_id    INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    number    INTEGER NOT NULL,
    state     TEXT    NOT NULL CHECK (state IN ('filling', 'planned', 'sent', 'settled')),
    tries     INTEGER NOT NULL DEFAULT 0,                 -- times its items went out without coming to an end
    size      INTEGER NOT NULL,
    remote_id TEXT    NOT NULL DEFAULT '',
    sent_at   INTEGER,
    PRIMARY KEY (run_id, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX batches_open ON batches (run_id, state) WHERE state <> 'settled';
CREATE INDEX batches_by_time ON batches (sent_at) WHERE sent_at IS NOT NULL;

-- Who is in a batch. Apart, so that a batch that was sent, and then settled, is a small row to write.
CREATE TABLE batch_items (
    run_id   INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    number   INTEGER NOT NULL,
    first_id TEXT    NOT NULL,                            -- profiles of the first and the last: they are in the order of ids
    last_id  TEXT    NOT NULL,
    items    TEXT    NOT NULL,                            -- JSON: who they are, and what they will be remembered by
    PRIMARY KEY (run_id, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX batch_items_by_profile ON batch_items (run_id, first_id, last_id);

-- Every profile that was not accepted, and why.
CREATE TABLE rejections (
    id         INTEGER PRIMARY KEY,
    run_id     INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    profile_id TEXT    NOT NULL,
    outcome    TEXT    NOT NULL CHECK (outcome IN ('invalid', 'refused', 'duplicate', 'excluded')),
    field      TEXT    NOT NULL DEFAULT '',
    code       TEXT    NOT NULL,
    message    TEXT    NOT NULL DEFAULT '',               -- the destination's own words
    other_id   TEXT    NOT NULL DEFAULT '',               -- the profile that this one is a duplicate of
    since_run  INTEGER NOT NULL DEFAULT 0                 -- run whose refusal still holds, so that it was not sent; 0: it was
) STRICT;
CREATE INDEX rejections_by_run ON rejections (run_id, outcome, id);
CREATE INDEX rejections_by_profile ON rejections (profile_id, run_id);

-- Profiles that the destination refused for what is in their item: not sent while it is the same.
CREATE TABLE refusals (
    export_id  INTEGER NOT NULL REFERENCES exports (id) ON DELETE CASCADE,
    profile_id TEXT    NOT NULL,
    hash       BLOB    NOT NULL,                          -- of brand and item, see run.fingerprint
    run_id     INTEGER NOT NULL,                          -- in which it was refused
    reasons    TEXT    NOT NULL,                          -- JSON: as of its rejections
    PRIMARY KEY (export_id, profile_id)
) STRICT, WITHOUT ROWID;

-- What was last delivered, so that the next run sends only what is new or changed. The export is not declared as one of
-- exports: SQLite would look it up for each of a million rows, and exports are never deleted, only marked as removed.
CREATE TABLE deliveries (
    export_id    INTEGER NOT NULL,
    profile_id   TEXT    NOT NULL,
    identity     TEXT    NOT NULL,                        -- the address under which the destination knows the contact
    hash         BLOB    NOT NULL,                        -- of brand and item, see run.fingerprint
    tags         TEXT    NOT NULL,                        -- that the contact carries for the export's segments, one a line
    run_id       INTEGER NOT NULL,
    PRIMARY KEY (export_id, profile_id)
) STRICT, WITHOUT ROWID;

-- Contacts that are to lose tags, because their profile left a segment, has another address now, or cannot be sent while
-- another has its address.
CREATE TABLE withdrawals (
    id         INTEGER PRIMARY KEY,
    run_id     INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    profile_id TEXT    NOT NULL,
    identity   TEXT    NOT NULL,
    tags       TEXT    NOT NULL,                          -- one a line
    why        TEXT    NOT NULL CHECK (why IN ('left', 'moved', 'unable')), -- see run.why
    later      INTEGER NOT NULL DEFAULT 0                 -- 1: for the next run to decide
) STRICT;
CREATE INDEX withdrawals_by_run ON withdrawals (run_id, tags, id);
