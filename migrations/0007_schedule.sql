-- +goose Up
-- The one schedule of the system. The row is always there.
CREATE TABLE schedule (
    id         INTEGER PRIMARY KEY CHECK (id = 1),
    is_on      INTEGER NOT NULL DEFAULT 0,
    recurrence TEXT    NOT NULL DEFAULT 'daily' CHECK (recurrence IN ('daily', 'weekly')),
    weekdays   TEXT    NOT NULL DEFAULT '[]',             -- JSON: 0 is Sunday; kept also while the recurrence is daily
    times      TEXT    NOT NULL DEFAULT '[]',             -- JSON: minutes after midnight
    zone       TEXT    NOT NULL DEFAULT 'UTC',            -- IANA name
    version    INTEGER NOT NULL DEFAULT 1,
    changed_at INTEGER NOT NULL DEFAULT 0,                -- no time up to then is ever fired
    changed_by TEXT    NOT NULL DEFAULT '',
    last_due   INTEGER,                                   -- the latest time that was dealt with
    last_fired INTEGER                                    -- when that was
) STRICT;
INSERT INTO schedule (id, times) VALUES (1, '[360]');

-- Every refresh: sources read again, segments calculated, then the exports with an active schedule.
CREATE TABLE refreshes (
    id                INTEGER PRIMARY KEY,
    cause             TEXT    NOT NULL CHECK (cause IN ('schedule', 'demand')),
    requested_by      INTEGER REFERENCES users (id),      -- NULL: the schedule
    requested_by_name TEXT    NOT NULL DEFAULT '',
    due_at            INTEGER NOT NULL,
    started_at        INTEGER,
    ended_at          INTEGER,
    state             TEXT    NOT NULL CHECK (state IN ('queued', 'running', 'succeeded', 'failed', 'skipped')),
    tries             INTEGER NOT NULL DEFAULT 0,
    sources           TEXT    NOT NULL DEFAULT '{}',      -- JSON: how many were read again, and the names of those that failed or ask
    segments          INTEGER NOT NULL DEFAULT 0,
    runs_started      INTEGER NOT NULL DEFAULT 0,
    passed_over       INTEGER NOT NULL DEFAULT 0,         -- exports that could not run, or were running already
    error_code        TEXT    NOT NULL DEFAULT ''
) STRICT;
CREATE UNIQUE INDEX refreshes_one_at_a_time ON refreshes (state IN ('queued', 'running')) WHERE state IN ('queued', 'running');
