-- +goose Up
-- A chain is one time that work is done by itself: sources read again, profiles put together, segments calculated, exports run.
CREATE TABLE chains (
    id                INTEGER PRIMARY KEY,
    cause             TEXT    NOT NULL CHECK (cause IN ('schedule', 'export_schedule', 'demand', 'again')),
    requested_by      INTEGER REFERENCES users (id),      -- NULL: the program itself
    requested_by_name TEXT    NOT NULL DEFAULT '',
    of_chain          INTEGER REFERENCES chains (id) ON DELETE SET NULL, -- of which the steps that did not succeed are done again
    alone             INTEGER NOT NULL DEFAULT 0,         -- 1: of those one is under way at a time; 0: of exports with a schedule of their own
    skips             INTEGER NOT NULL DEFAULT 0,         -- 1: when a source fails, what depends on it is skipped; 0: it goes on as before
    due_at            INTEGER NOT NULL,
    queued_at         INTEGER NOT NULL,
    started_at        INTEGER,
    ended_at          INTEGER,
    state             TEXT    NOT NULL CHECK (state IN ('queued', 'running', 'succeeded', 'warnings', 'failed', 'cancelled', 'skipped')),
    tries             INTEGER NOT NULL DEFAULT 0,         -- times it was begun: more than one after a restart
    cancel_asked_at   INTEGER,
    cancel_asked_by   TEXT    NOT NULL DEFAULT '',
    reason_code       TEXT    NOT NULL DEFAULT ''         -- why it was skipped or failed as a whole
) STRICT;
-- Exports with a schedule of their own wait for no other chain.
CREATE UNIQUE INDEX chains_one_at_a_time ON chains (alone) WHERE alone = 1 AND state IN ('queued', 'running');
CREATE INDEX chains_active ON chains (state) WHERE state IN ('queued', 'running');
CREATE INDEX chains_by_time ON chains (queued_at);

-- The steps of a chain, in the order in which they are done.
CREATE TABLE chain_tasks (
    id            INTEGER PRIMARY KEY,
    chain_id      INTEGER NOT NULL REFERENCES chains (id) ON DELETE CASCADE,
    kind          TEXT    NOT NULL CHECK (kind IN ('source', 'profiles', 'segment', 'export')),
    target_id     INTEGER NOT NULL DEFAULT 0,             -- of the source, segment or export; 0 for the profiles
    name          TEXT    NOT NULL DEFAULT '',            -- as the target was called then
    state         TEXT    NOT NULL CHECK (state IN ('queued', 'running', 'succeeded', 'warnings', 'failed', 'cancelled', 'skipped')),
    queued_at     INTEGER NOT NULL,
    started_at    INTEGER,
    ended_at      INTEGER,
    waited_for    TEXT    NOT NULL DEFAULT '',            -- code: what kept it from starting, or from going on
    profiles      INTEGER NOT NULL DEFAULT 0,             -- read, put together, in the segment, or in the run
    rejected      INTEGER NOT NULL DEFAULT 0,             -- of those: lines refused, or profiles rejected
    reason_code   TEXT    NOT NULL DEFAULT '',            -- why it is in doubt, failed, cancelled or skipped
    reason_detail TEXT    NOT NULL DEFAULT '',            -- a name, or the words of another system
    because_of    INTEGER REFERENCES chain_tasks (id),    -- the step whose failure had this one skipped
    import_id     INTEGER,                                -- of a source
    run_id        INTEGER                                 -- of an export
) STRICT;
CREATE INDEX chain_tasks_by_chain ON chain_tasks (chain_id, id);
CREATE INDEX chain_tasks_by_target ON chain_tasks (kind, target_id, id);
CREATE INDEX chain_tasks_by_run ON chain_tasks (run_id) WHERE run_id IS NOT NULL;
CREATE INDEX chain_tasks_because_of ON chain_tasks (because_of) WHERE because_of IS NOT NULL;
CREATE INDEX chain_tasks_by_import ON chain_tasks (import_id) WHERE import_id IS NOT NULL;
CREATE INDEX chain_tasks_by_time ON chain_tasks (queued_at);
