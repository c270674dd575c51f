package bolt_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/liadesk/campaigns/db/kv"
	"github.com/liadesk/campaigns/db/kv/bolt"
)

func put(t *testing.T, e kv.Engine, key, value string) {
	t.Helper()
	if err := e.Update(t.Context(), func(tx kv.Tx) error { return tx.Put([]byte(key), []byte(value)) }); err != nil {
		t.Fatalf("Update: %v", err)
	}
}

func get(t *testing.T, e kv.Engine, key string) string {
	t.Helper()
	var v []byte
	if err := e.View(t.Context(), func(tx kv.Tx) (err error) { v, err = tx.Get([]byte(key)); return err }); err != nil {
		t.Fatalf("View: %v", err)
	}
	return string(v)
}

func shut(t *testing.T, e kv.Engine) {
	t.Helper()
	if err := e.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
}

// wantDamaged checks that Open refuses, in words that tell what to do.
func wantDamaged(t *testing.T, path, problem string) {
	t.Helper()
	e, err := bolt.Open(path, bolt.Options{})
	if err == nil {
		shut(t, e)
		t.Fatalf("Open took a database that %s", problem)
	}
	var damaged *kv.DamagedError
	if !errors.As(err, &damaged) || damaged.Path != path {
		t.Fatalf("Open: %v, want a DamagedError", err)
	}
	for _, words := range []string{path, problem, "campaigns restore", "Nothing was changed"} {
		if !strings.Contains(err.Error(), words) {
			t.Errorf("the error %q does not say %q", err, words)
		}
	}
}

// backup returns a small database as its file.
func backup(t *testing.T) []byte {
	t.Helper()
	e := open(t, filepath.Join(t.TempDir(), "data.db"))
	for i := range 30 {
		put(t, e, fmt.Sprintf("key-%02d", i), strings.Repeat("v", 1000))
	}
	var b bytes.Buffer
	if _, err := e.Backup(t.Context(), &b); err != nil {
		t.Fatalf("Backup: %v", err)
	}
	shut(t, e)
	return b.Bytes()
}

func write(t testing.TB, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestDataAndInstanceStayOverAReopen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data.db")
	e := open(t, path)
	put(t, e, "a", "1")
	id := e.InstanceID()
	shut(t, e)
	again := open(t, path)
	if got := get(t, again, "a"); got != "1" {
		t.Errorf("a = %q after the reopen", got)
	}
	if again.InstanceID() != id || len(id) < 20 {
		t.Errorf("instance %q became %q", id, again.InstanceID())
	}
	if again.Path() != path {
		t.Errorf("Path() = %q", again.Path())
	}
	if other := open(t, filepath.Join(t.TempDir(), "data.db")); other.InstanceID() == id {
		t.Error("two databases have the same instance")
	}
}

func TestFilesAreForTheirOwnerOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data.db")
	open(t, path)
	for _, name := range []string{path, path + ".instance"} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %o", filepath.Base(name), info.Mode().Perm())
		}
	}
}

func TestALostDatabaseIsNotTakenForAFirstStart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data.db")
	e := open(t, path)
	put(t, e, "opted out", "+15550100")
	id := e.InstanceID()
	shut(t, e)

	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	wantDamaged(t, path, "is empty")
	if info, err := os.Stat(path); err != nil || info.Size() != 0 {
		t.Errorf("Open wrote to the empty file: %v, %v", info, err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	wantDamaged(t, path, "is missing")
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Open made a file where one was missing: %v", err)
	}

	// The way out that the error names.
	if err := os.Remove(path + ".instance"); err != nil {
		t.Fatal(err)
	}
	if fresh := open(t, path); fresh.InstanceID() == id || get(t, fresh, "opted out") != "" {
		t.Error("the new database is the old one")
	}
}

func TestTheInstanceFileFollowsTheDatabase(t *testing.T) {
	content := backup(t)
	path := filepath.Join(t.TempDir(), "data.db")
	instanceIn := func() string {
		t.Helper()
		b, err := os.ReadFile(path + ".instance")
		if err != nil {
			t.Fatal(err)
		}
		line, _, _ := strings.Cut(string(b), "\n")
		return line
	}
	// A backup in the place of another database.
	first := open(t, path)
	was := first.InstanceID()
	shut(t, first)
	write(t, path, content)
	e := open(t, path)
	if e.InstanceID() == was || instanceIn() != e.InstanceID() {
		t.Errorf("instance %q, file %q, before %q", e.InstanceID(), instanceIn(), was)
	}
	shut(t, e)
	// One that was moved without its instance file, or with half of it.
	for _, spoil := range []func() error{
		func() error { return os.Remove(path + ".instance") },
		func() error { return os.Truncate(path+".instance", 3) },
	} {
		if err := spoil(); err != nil {
			t.Fatal(err)
		}
		e := open(t, path)
		if instanceIn() != e.InstanceID() {
			t.Errorf("instance %q, file %q", e.InstanceID(), instanceIn())
		}
		shut(t, e)
	}
}

func TestAnEmptyFileWithoutAPastBecomesADatabase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data.db")
	write(t, path, nil) // what a start leaves that died at once
	e := open(t, path)
	put(t, e, "a", "1")
}

func TestMustExistCreatesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data.db")
	for range 2 {
		if _, err := bolt.Open(path, bolt.Options{MustExist: true}); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("Open: %v, want fs.ErrNotExist", err)
		}
		write(t, path, nil) // and again with an empty file
	}
	if info, err := os.Stat(path); err != nil || info.Size() != 0 {
		t.Errorf("the empty file is now %v, %v", info, err)
	}
}

func TestAFolderThatIsNotThereIsSaid(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none", "data.db")
	if _, err := bolt.Open(path, bolt.Options{}); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), path) {
		t.Errorf("Open: %v", err)
	}
}

func TestOnlyOneOpensTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data.db")
	e := open(t, path)
	_, err := bolt.Open(path, bolt.Options{LockTimeout: -1})
	if !errors.Is(err, kv.ErrLocked) || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "in use by another process") {
		t.Errorf("Open: %v, want ErrLocked with the path", err)
	}
	put(t, e, "a", "1") // the first is not disturbed

	// Whoever waits gets it as soon as it is free.
	opened := make(chan error)
	go func() {
		second, err := bolt.Open(path, bolt.Options{LockTimeout: time.Minute})
		if err == nil {
			err = second.Close()
		}
		opened <- err
	}()
	shut(t, e)
	if err := <-opened; err != nil {
		t.Errorf("Open after Close: %v", err)
	}
}

func TestManyFirstStartsMakeOneDatabase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data.db")
	var mu sync.Mutex
	ids := map[string]int{}
	var all sync.WaitGroup
	for range 6 {
		all.Go(func() {
			e, err := bolt.Open(path, bolt.Options{LockTimeout: time.Minute})
			if err != nil {
				t.Errorf("Open: %v", err)
				return
			}
			mu.Lock()
			ids[e.InstanceID()]++
			mu.Unlock()
			if err := e.Close(); err != nil {
				t.Errorf("Close: %v", err)
			}
		})
	}
	all.Wait()
	if len(ids) != 1 {
		t.Errorf("%d databases were made: %v", len(ids), ids)
	}
}

// TestNoTruncatedFileIsOpened goes through all lengths around every page and
// many within: bbolt would end the process on most of them.
func TestNoTruncatedFileIsOpened(t *testing.T) {
	content := backup(t)
	page := os.Getpagesize()
	if len(content) < 8*page {
		t.Fatalf("a database of %d bytes is too small to show anything", len(content))
	}
	path := filepath.Join(t.TempDir(), "data.db")
	for n := 1; n < len(content); n++ {
		if off := n % page; off > 1 && off < page-1 && off%509 != 0 && n > 200 {
			continue
		}
		write(t, path, content[:n])
		wantDamaged(t, path, "cut short")
		if left, err := os.ReadFile(path); err != nil || !bytes.Equal(left, content[:n]) {
			t.Fatalf("Open changed a file of %d bytes: %v", n, err)
		}
	}
	// Nothing less than all of it, and what was extended ahead may be missing.
	for _, tail := range []int{0, 1, page, 20 << 20} {
		write(t, path, append(bytes.Clone(content), make([]byte, tail)...))
		e := open(t, path)
		if got := get(t, e, "key-29"); len(got) != 1000 {
			t.Errorf("with %d bytes more: key-29 has %d bytes", tail, len(got))
		}
		put(t, e, "more", "x")
		shut(t, e)
	}
}

func TestWhatIsNoDatabaseIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data.db")
	for _, content := range [][]byte{[]byte("x"), bytes.Repeat([]byte("text\n"), 10000), make([]byte, 1<<16), bytes.Repeat([]byte{0xff}, 1<<16)} {
		write(t, path, content)
		wantDamaged(t, path, path) // whatever it is called
	}
}

func TestOneBrokenMetaPageIsSurvived(t *testing.T) {
	content := backup(t) // both of its meta pages tell the same state
	page := os.Getpagesize()
	path := filepath.Join(t.TempDir(), "data.db")
	for _, at := range []int{0, page} {
		broken := bytes.Clone(content)
		clear(broken[at : at+page])
		write(t, path, broken)
		e := open(t, path)
		if got := get(t, e, "key-00"); len(got) != 1000 {
			t.Errorf("without the meta page at %d: key-00 has %d bytes", at, len(got))
		}
		shut(t, e)
		write(t, path, broken[:len(broken)-1])
		wantDamaged(t, path, "cut short")
	}
	clear(content[:2*page])
	write(t, path, content)
	wantDamaged(t, path, "is not a database")
}

func TestStatsAndFreeSpace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data.db")
	e := open(t, path)
	put(t, e, "a", strings.Repeat("x", 100000))
	put(t, e, "a", "small")
	put(t, e, "b", "small")
	s := e.Stats()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if s.FileSize != info.Size() || s.PageSize != os.Getpagesize() || s.Commits != 3 || s.Updates != 3 || s.Grouped != 0 || s.LargestGroup != 1 {
		t.Errorf("stats are %+v", s)
	}
	if s.FreePages < 100000/s.PageSize {
		t.Errorf("the pages of the replaced value are not free: %+v", s)
	}
	err = e.View(t.Context(), func(kv.Tx) error {
		if n := e.Stats().OpenReads; n != 1 {
			return fmt.Errorf("%d open reads within one", n)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	if n, err := e.Free(); err != nil && !errors.Is(err, errors.ErrUnsupported) || err == nil && n == 0 {
		t.Errorf("Free() = %d, %v", n, err)
	}
	shut(t, e)
	if s := e.Stats(); s.Commits != 3 { // a page of figures may come late
		t.Errorf("after Close: %+v", s)
	}
}
