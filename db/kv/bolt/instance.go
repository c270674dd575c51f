package bolt

import (
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/liadesk/campaigns/db/kv"
)

// The instance file stands beside the database (its name and ".instance") and
// says that there is one. So a database file which is gone or empty, because a
// volume was not mounted, a disk was full or a copy went wrong, is noticed and
// not taken for a first start: an empty account would text people who have
// opted out.
//
// It is written after the database, before Open returns: whoever dies in
// between has stored nothing yet. The database is right where the two differ,
// and the file follows it; so a restored or moved database just works, and a
// missing instance file is made again.
func instanceFile(path string) string { return path + ".instance" }

func newInstance() string { return strings.ToLower(rand.Text()) }

// hadInstance tells whether there was a database at path. When in doubt, as
// with a folder that may not be read, there was.
func hadInstance(path string) bool {
	_, err := os.Lstat(instanceFile(path))
	return !errors.Is(err, os.ErrNotExist)
}

// writeInstance brings the instance file up to date, and after a fresh start
// makes the names of both files last.
func writeInstance(path, instance string, fresh bool) error {
	name := instanceFile(path)
	text := instance + "\n\n" +
		"This file says that " + filepath.Base(path) + " is in this folder. When the database is missing, the server\n" +
		"refuses to start instead of beginning an empty one. To begin an empty one on purpose,\n" +
		"delete this file too.\n"
	if old, err := os.ReadFile(name); err == nil && string(old) == text && !fresh {
		return nil
	}
	// It is its existence that matters: a half-written one does its work and is
	// written again at the next start.
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

// syncFolder makes new names in a folder survive loss of power.
func syncFolder(folder string) error {
	d, err := os.Open(folder)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// lost is the answer when a database is not where one has been.
func lost(path, problem string) error {
	return &kv.DamagedError{
		Path:    path,
		Problem: problem + ", though there was one here",
		Remedy: "Nothing was changed. Make sure that the disk is mounted, or put a backup in its place with `campaigns restore FILE`. " +
			"To begin an empty one on purpose, delete " + instanceFile(path) + " first.",
	}
}
