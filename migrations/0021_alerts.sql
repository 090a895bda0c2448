-- +goose Up
-- What is wrong, or was: a condition that holds for a thing, from when to when. One that comes back within the quiet time is
-- the same alert.
CREATE TABLE alerts (
    id              INTEGER PRIMARY KEY,
    kind            TEXT    NOT NULL,                     -- see alert.Kinds
    thing           TEXT    NOT NULL CHECK (thing IN ('export', 'connection', 'source', 'schedule')),
    thing_id        INTEGER NOT NULL DEFAULT 0,           -- 0 for the schedule of the system
    name            TEXT    NOT NULL DEFAULT '',          -- of the thing
    code            TEXT    NOT NULL DEFAULT '',          -- why
    facts           TEXT    NOT NULL DEFAULT '{}',        -- JSON: the numbers of it, see alert.Facts
    opened_at       INTEGER NOT NULL,
    since           INTEGER NOT NULL,                     -- later than opened_at when it came back
    returns         INTEGER NOT NULL DEFAULT 0,           -- times that it came back
    tell_at         INTEGER,                              -- when recipients are to hear that it is open; NULL: they have, or need not
    quiet_until     INTEGER NOT NULL DEFAULT 0,           -- until when they do not hear of it again
    closed_at       INTEGER,
    well            INTEGER NOT NULL DEFAULT 0 CHECK (well IN (0, 1)), -- 1: it closed because all is well; 0: the thing went, or was switched off
    seen_at         INTEGER,
    seen_by         TEXT    NOT NULL DEFAULT ''           -- who said to look at it
) STRICT;
CREATE UNIQUE INDEX alerts_open ON alerts (kind, thing, thing_id) WHERE closed_at IS NULL;
CREATE INDEX alerts_closed ON alerts (closed_at) WHERE closed_at IS NOT NULL;

-- What each recipient last heard of an alert, or is about to hear.
CREATE TABLE alert_tellings (
    recipient    TEXT    NOT NULL CHECK (recipient IN ('person', 'hook')),
    recipient_id INTEGER NOT NULL,
    alert_id     INTEGER NOT NULL REFERENCES alerts (id) ON DELETE CASCADE,
    state        TEXT    NOT NULL CHECK (state IN ('opening', 'open', 'closing', 'closed')), -- opening, closing: to be said
    at           INTEGER NOT NULL,                        -- since when
    PRIMARY KEY (recipient, recipient_id, alert_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX alert_tellings_by_alert ON alert_tellings (alert_id);
CREATE INDEX alert_tellings_waiting ON alert_tellings (state) WHERE state IN ('opening', 'closing');
CREATE INDEX alert_tellings_recent ON alert_tellings (at) WHERE state IN ('open', 'closed');
CREATE INDEX alert_tellings_over ON alert_tellings (at) WHERE state = 'closed';

-- When something is an alert. The row is always there.
CREATE TABLE alert_settings (
    id              INTEGER PRIMARY KEY CHECK (id = 1),
    rejected_share  INTEGER NOT NULL DEFAULT 10 CHECK (rejected_share BETWEEN 1 AND 1000),  -- thousandths of a run
    start_minutes   INTEGER NOT NULL DEFAULT 15 CHECK (start_minutes BETWEEN 1 AND 1440),   -- that a start may be late
    size_factor     INTEGER NOT NULL DEFAULT 20 CHECK (size_factor BETWEEN 11 AND 1000),    -- tenths: that a run may be larger or smaller than usual
    quiet_minutes   INTEGER NOT NULL DEFAULT 30 CHECK (quiet_minutes BETWEEN 0 AND 1440),   -- in which one that comes back is not told of again
    version         INTEGER NOT NULL DEFAULT 1,
    changed_at      INTEGER,
    changed_by      TEXT    NOT NULL DEFAULT ''
) STRICT;
INSERT INTO alert_settings (id) VALUES (1);

-- What people chose to hear of. For a kind without a row their role decides.
CREATE TABLE alert_choices (
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    kind    TEXT    NOT NULL,
    wanted  INTEGER NOT NULL CHECK (wanted IN (0, 1)),
    PRIMARY KEY (user_id, kind)
) STRICT, WITHOUT ROWID;

CREATE TABLE alert_languages (
    user_id  INTEGER PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    language TEXT    NOT NULL                             -- other than that of the account
) STRICT;
