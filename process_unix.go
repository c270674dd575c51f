//go:build unix

package main

import (
	"io/fs"
	"os"
	"os/signal"
	"syscall"
)

// ownedByUs tells whether a file belongs to the user this process runs as.
func ownedByUs(info fs.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(st.Uid) == os.Geteuid()
}

// keepPrivate makes every file that this process creates its owner's alone.
func keepPrivate() { syscall.Umask(0o077) }

// meetFileLimit makes a write beyond the limit on the size of files (ulimit -f,
// LimitFSIZE of systemd) fail as one on a full disk does, and be answered as
// such. By default it would end the process (setrlimit(2), RLIMIT_FSIZE).
func meetFileLimit() { signal.Ignore(syscall.SIGXFSZ) }
