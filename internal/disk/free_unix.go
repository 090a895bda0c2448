//go:build unix

package disk

import (
	"fmt"
	"syscall"
)

// Free is how many bytes may still be written to the disk of a folder.
func Free(folder string) (int64, error) {
	var stat syscall.Statfs_t
	if err := syscall.Statfs(folder, &stat); err != nil {
		return 0, fmt.Errorf("look for room in %s: %w", folder, err)
	}
	return int64(stat.Bavail) * int64(stat.Bsize), nil
}
