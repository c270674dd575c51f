//go:build linux || darwin

package bolt

import (
	"fmt"
	"syscall"
)

func free(folder string) (uint64, error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(folder, &s); err != nil {
		return 0, fmt.Errorf("cannot tell the free space of %s: %w", folder, err)
	}
	return s.Bavail * uint64(s.Bsize), nil
}
