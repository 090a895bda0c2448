// Package migrations holds the numbered SQL files that build the schema. Once released, a file is never changed.
package migrations

import "embed"

// Files are the migrations in goose's form.
//
//go:embed *.sql
var Files embed.FS
