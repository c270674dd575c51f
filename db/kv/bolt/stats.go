package bolt

import (
	"os"
	"path/filepath"
)

// Stats are figures for the operator. The counts are since Open.
type Stats struct {
	FileSize     int64  // bytes, with what was extended ahead
	PageSize     int    // bytes
	FreePages    int    // pages to be used again, those included which readers still hold back
	OpenReads    int    // Views and Backups that run
	Commits      uint64 // times that the disk was waited for
	Updates      uint64 // updates that wrote and ended well
	Grouped      uint64 // those of them which cost no commit of their own
	LargestGroup int    // most updates in one commit
}

// Stats returns the figures of this moment.
func (e *Engine) Stats() Stats {
	b := e.db.Stats()
	s := Stats{
		PageSize:     e.pageSize,
		FreePages:    b.FreePageN + b.PendingPageN,
		OpenReads:    b.OpenTxN,
		Commits:      e.commits.Load(),
		Updates:      e.updates.Load(),
		Grouped:      e.shared.Load(),
		LargestGroup: int(e.largest.Load()),
	}
	if info, err := os.Stat(e.path); err == nil {
		s.FileSize = info.Size()
	}
	return s
}

// Free returns how many bytes this process may still write where the database
// lives, or errors.ErrUnsupported on systems where that is not known.
func (e *Engine) Free() (uint64, error) { return free(filepath.Dir(e.path)) }
