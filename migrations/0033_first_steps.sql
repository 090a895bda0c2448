-- +goose Up
-- The way to the first export, on the page where one starts: a person may put it away.
ALTER TABLE users ADD COLUMN first_steps_hidden INTEGER NOT NULL DEFAULT 0 CHECK (first_steps_hidden IN (0, 1));
