-- +goose Up
-- Which runs ended last, whatever their exports: every open page asks for these few when a run has ended.
CREATE INDEX runs_by_moment ON runs (ended_at) WHERE ended_at IS NOT NULL;
