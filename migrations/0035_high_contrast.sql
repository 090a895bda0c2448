-- +goose Up
-- A person may choose high contrast. SQLite cannot change what a column may hold, so another takes its place.
ALTER TABLE users ADD COLUMN appearance TEXT NOT NULL DEFAULT '' CHECK (appearance IN ('', 'light', 'dark', 'contrast'));
UPDATE users SET appearance = theme;
ALTER TABLE users DROP COLUMN theme;
ALTER TABLE users RENAME COLUMN appearance TO theme;
