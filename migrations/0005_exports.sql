-- +goose Up
CREATE TABLE exports (
    id               INTEGER PRIMARY KEY,
    name             TEXT    NOT NULL,
    destination_type TEXT    NOT NULL,
    connection_id    INTEGER REFERENCES connections (id), -- NULL: detached, inactive until another is chosen
    detached_from    TEXT    NOT NULL DEFAULT '',         -- name of the connection that it had
    detached_id      INTEGER REFERENCES connections (id), -- that connection: who may use it may edit the detached export
    schedule         TEXT    NOT NULL DEFAULT 'system' CHECK (schedule IN ('system', 'weekly', 'monthly', 'off')),
    schedule_weekdays TEXT   NOT NULL DEFAULT '[1]',      -- JSON: 0 is Sunday; these three are kept also while they are not used
    schedule_day     INTEGER NOT NULL DEFAULT 1,          -- of the month; 32: the last
    schedule_time    INTEGER NOT NULL DEFAULT 360,        -- minutes after midnight, in the zone of the system's schedule
    schedule_set_at  INTEGER NOT NULL DEFAULT 0,          -- no time up to then is ever due
    schedule_due     INTEGER,                             -- the latest time of its own schedule that was dealt with
    leavers          TEXT    NOT NULL DEFAULT 'untag' CHECK (leavers IN ('untag', 'keep')), -- who left a segment
    consent_source   TEXT    NOT NULL DEFAULT '',         -- where consents were given, in the brand's words
    consent_everyone TEXT    NOT NULL DEFAULT '',         -- channels to which everybody agreed, by name, spaces between
    ask_share        INTEGER NOT NULL DEFAULT 30 CHECK (ask_share = -1 OR ask_share BETWEEN 1 AND 100), -- percent; -1: never ask
    outcomes         TEXT    NOT NULL DEFAULT '',         -- JSON: where the outcomes of runs are written; '': nowhere
    paused_at        INTEGER,
    paused_by        TEXT    NOT NULL DEFAULT '',
    paused_code      TEXT    NOT NULL DEFAULT '',         -- why, when it was not for its own sake
    version          INTEGER NOT NULL DEFAULT 1,
    created_by       INTEGER REFERENCES users (id),
    created_at       INTEGER NOT NULL,
    updated_at       INTEGER NOT NULL,
    removed_at       INTEGER                              -- its history stays
) STRICT;
CREATE UNIQUE INDEX exports_by_name ON exports (name COLLATE NOCASE) WHERE removed_at IS NULL;
CREATE INDEX exports_by_connection ON exports (connection_id) WHERE removed_at IS NULL;

CREATE TABLE export_segments (
    export_id  INTEGER NOT NULL REFERENCES exports (id),
    segment_id INTEGER NOT NULL REFERENCES segments (id),
    tag        TEXT    NOT NULL DEFAULT '',               -- '': contacts are not tagged for this segment
    position   INTEGER NOT NULL,
    PRIMARY KEY (export_id, segment_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX export_segments_by_segment ON export_segments (segment_id);

CREATE TABLE export_mappings (
    export_id INTEGER NOT NULL REFERENCES exports (id),
    field     TEXT    NOT NULL,                           -- of the destination
    attribute TEXT    NOT NULL,                           -- key of a profile attribute
    clear     INTEGER NOT NULL DEFAULT 0,                 -- 1: an empty value empties the field at the destination
    meant     INTEGER NOT NULL DEFAULT 0,                 -- 1: somebody ticked that it is sent although it is personal or sensitive
    meant_as  INTEGER NOT NULL DEFAULT 0,                 -- the mark of the attribute when the line was saved
    reason    TEXT    NOT NULL DEFAULT '',                -- why a sensitive one is sent
    meant_by  TEXT    NOT NULL DEFAULT '',
    meant_at  INTEGER,
    position  INTEGER NOT NULL,
    PRIMARY KEY (export_id, field)
) STRICT, WITHOUT ROWID;
