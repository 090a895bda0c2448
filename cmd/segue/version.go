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
	number, revision := "development", ""
	if info, ok := debug.ReadBuildInfo(); ok {
		if v := info.Main.Version; v != "" && v != "(devel)" {
			number = v
		}
		for _, setting := range info.Settings {
			if setting.Key == "vcs.revision" {
				revision = " (" + setting.Value[:min(12, len(setting.Value))] + ")"
			}
		}
	}
	return fmt.Sprintf("segue %s%s %s", number, revision, runtime.Version())
}
