-- +goose Up
-- The one schedule of the system. The row is always there.
CREATE TABLE schedule (
    id         INTEGER PRIMARY KEY CHECK (id = 1),
    is_on      INTEGER NOT NULL DEFAULT 0,
    recurrence TEXT    NOT NULL DEFAULT 'daily' CHECK (recurrence IN ('daily', 'weekly', 'monthly')),
    weekdays   TEXT    NOT NULL DEFAULT '[]',             -- JSON: 0 is Sunday; kept also while the recurrence is another
    month_day  INTEGER NOT NULL DEFAULT 1,                -- 32: the last; likewise
    times      TEXT    NOT NULL DEFAULT '[]',             -- JSON: minutes after midnight
    zone       TEXT    NOT NULL DEFAULT 'UTC',            -- IANA name; also of exports with a schedule of their own
    blackouts  TEXT    NOT NULL DEFAULT '{}',             -- JSON: hours and dates at which nothing begins by itself
    on_failure TEXT    NOT NULL DEFAULT 'go_on' CHECK (on_failure IN ('go_on', 'skip')), -- of a source
    version    INTEGER NOT NULL DEFAULT 1,
    changed_at INTEGER NOT NULL DEFAULT 0,                -- no time up to then is ever due
    changed_by TEXT    NOT NULL DEFAULT '',
    last_due   INTEGER,                                   -- the latest time that was dealt with
    last_fired INTEGER                                    -- when that was
) STRICT;
INSERT INTO schedule (id, times) VALUES (1, '[360]');
