package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

type versionCommand struct{}

// Run prints the version, the revision that was built, and the Go version.
func (versionCommand) Run() error {
	fmt.Println(version())
	return nil
}

func version() string {
	b := builtFrom()
	if b.revision != "" {
		b.number += " (" + b.revision + ")"
	}
	return fmt.Sprintf("segue %s %s", b.number, runtime.Version())
}

// build is what the program was built from.
type build struct{ number, revision string }

func builtFrom() build {
	b := build{number: "development"}
	if info, ok := debug.ReadBuildInfo(); ok {
		if v := info.Main.Version; v != "" && v != "(devel)" {
			b.number = v
		}
		for _, setting := range info.Settings {
			if setting.Key == "vcs.revision" {
				b.revision = setting.Value[:min(12, len(setting.Value))]
			}
		}
	}
	return b
}
