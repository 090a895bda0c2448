-- +goose Up
-- What exports, segments and the schedule were, and who made them so. A row is written in the transaction of each change and never
-- changed, but that erasing a person takes values out of it. Numbers are the lock numbers of the things themselves.
CREATE TABLE versions (
    kind       TEXT    NOT NULL CHECK (kind IN ('export', 'segment', 'schedule')),
    thing_id   INTEGER NOT NULL,                          -- 1 of the schedule
    number     INTEGER NOT NULL,
    act        TEXT    NOT NULL,                          -- what made it: "changed", "paused"
    back_to    INTEGER NOT NULL DEFAULT 0,                -- number of the version that was gone back to; 0: none
    substance  TEXT    NOT NULL,                          -- hash of what an approval is about; '': not known, and equal to nothing
    turn       INTEGER NOT NULL DEFAULT 0,                -- 1: the substance was another before, or is not known; stays when that is erased
    redacted   INTEGER NOT NULL DEFAULT 0,                -- 1: values were erased with a person
    user_id    INTEGER NOT NULL DEFAULT 0,                -- 0: the program itself, which is whoever operates the machine
    user_name  TEXT    NOT NULL DEFAULT '',               -- as it was then
    at         INTEGER NOT NULL,
    definition TEXT    NOT NULL,                          -- JSON: the whole, as it became; long, so last: what is before it is read without it
    PRIMARY KEY (kind, thing_id, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX versions_by_time ON versions (at);

-- Whether a second person approves exports before they run. The row is always there.
CREATE TABLE approval_settings (
    id                INTEGER PRIMARY KEY CHECK (id = 1),
    everywhere        INTEGER NOT NULL DEFAULT 0,         -- 1: all exports; 0: those on the connections below
    of_rules          INTEGER NOT NULL DEFAULT 0,         -- 1: a change of a segment that an approved export uses counts too
    contributors      INTEGER NOT NULL DEFAULT 0,         -- 1: contributors who may use the connection may approve, too
    version           INTEGER NOT NULL DEFAULT 1,
    changed_at        INTEGER NOT NULL DEFAULT 0,
    changed_by        TEXT    NOT NULL DEFAULT ''
) STRICT;
INSERT INTO approval_settings (id) VALUES (1);
CREATE TABLE approval_connections (
    connection_id INTEGER PRIMARY KEY REFERENCES connections (id) ON DELETE CASCADE
) STRICT;

-- What was approved last of each export.
CREATE TABLE approvals (
    export_id INTEGER PRIMARY KEY REFERENCES exports (id),
    number    INTEGER NOT NULL,                           -- of its version
    substance TEXT    NOT NULL,
    user_id   INTEGER NOT NULL,
    user_name TEXT    NOT NULL,
    at        INTEGER NOT NULL
) STRICT;

-- The segments in it as they were then, those that they name included.
CREATE TABLE approved_segments (
    export_id  INTEGER NOT NULL REFERENCES approvals (export_id) ON DELETE CASCADE,
    segment_id INTEGER NOT NULL,                          -- may be gone
    number     INTEGER NOT NULL,
    substance  TEXT    NOT NULL,
    PRIMARY KEY (export_id, segment_id)
) STRICT, WITHOUT ROWID;

-- A version that somebody refused to approve, until it is approved or another one.
CREATE TABLE approval_refusals (
    export_id INTEGER PRIMARY KEY REFERENCES exports (id),
    mark      TEXT    NOT NULL,                           -- of what was refused
    reason    TEXT    NOT NULL,
    user_id   INTEGER NOT NULL,
    user_name TEXT    NOT NULL,
    at        INTEGER NOT NULL
) STRICT;
