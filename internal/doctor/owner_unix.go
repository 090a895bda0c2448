//go:build unix

package doctor

import (
	"io/fs"
	"os"
	"syscall"
)

// ownedByUs reports whether a file belongs to who runs the program. The superuser may have everything.
func ownedByUs(info fs.FileInfo) (own, known bool) {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && (os.Geteuid() == 0 || int(stat.Uid) == os.Geteuid()), ok
}
