//go:build unix

package disk

import (
	"io/fs"
	"os"
	"syscall"
)

// Owned reports whether a file belongs to who runs the program.
func Owned(info fs.FileInfo) (own, known bool) {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Geteuid(), ok
}
