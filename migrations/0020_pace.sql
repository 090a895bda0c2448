-- +goose Up
-- What was made of the request budget of each brand, minute by minute, for some days.
CREATE TABLE pace_minutes (
    brand_id TEXT    NOT NULL,
    start    INTEGER NOT NULL,                            -- of the minute
    requests INTEGER NOT NULL,                            -- that the budget admitted
    refused  INTEGER NOT NULL,                            -- answered "too many requests"
    waiting  INTEGER NOT NULL,                            -- most that waited for a place at one time
    allowed  INTEGER NOT NULL,                            -- in a minute, the least that we allowed ourselves in it; 0: no limit
    PRIMARY KEY (brand_id, start)
) STRICT, WITHOUT ROWID;
CREATE INDEX pace_minutes_by_time ON pace_minutes (start);
