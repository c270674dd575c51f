package bolt

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/liadesk/campaigns/db/kv"
)

// lockTry is the pause between two attempts to lock a file.
const lockTry = 20 * time.Millisecond

var errBusy = errors.New("locked elsewhere")

// lock takes the file for this process, for as long as it is open. The system
// lets go of it when the process ends in whatever way, so there are no stale
// locks.
func lock(f *os.File, timeout time.Duration) error {
	if timeout == 0 {
		timeout = time.Second
	}
	for end := time.Now().Add(timeout); ; time.Sleep(lockTry) {
		switch err := tryLock(f); {
		case err == nil:
			return nil
		case !errors.Is(err, errBusy):
			return fmt.Errorf("cannot lock the database %s, which should be on a disk of this machine: %w", f.Name(), err)
		case !time.Now().Before(end):
			return lockedError(f.Name())
		}
	}
}

func lockedError(path string) error {
	return fmt.Errorf("%w: %s is open elsewhere. Stop the server that runs there, or choose another folder", kv.ErrLocked, path)
}
