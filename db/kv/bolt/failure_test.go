package bolt

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"pgregory.net/rapid"

	"github.com/liadesk/campaigns/db/kv"
)

// TestADiskThatFailedIsNotTrustedAgain takes the file away from under bbolt:
// its writes fail as those of a broken disk do.
func TestADiskThatFailedIsNotTrustedAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data.db")
	f, _, err := openWhole(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	db, instance, err := openBolt(path, f)
	if err != nil {
		t.Fatal(err)
	}
	e := newEngine(path, db, instance)
	if err := e.Update(t.Context(), putter("before", "x")); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		err := e.Update(t.Context(), putter("after", "x"))
		if !errors.Is(err, kv.ErrUncertain) || !errors.Is(err, os.ErrClosed) || errors.Is(err, kv.ErrNoSpace) {
			t.Errorf("Update: %v, want ErrUncertain with its cause", err)
		}
	}
	if err := e.Check(t.Context()); !errors.Is(err, kv.ErrUncertain) {
		t.Errorf("Check: %v, want ErrUncertain", err)
	}
	if m := content(t, e); fmt.Sprint(m) != "map[before:x]" { // reading goes on
		t.Errorf("the map is %v", m)
	}
	if err := e.Close(); err == nil { // it ends, and says that not all was well
		t.Error("Close of a broken file is nil")
	}
	if m := content(t, openAt(t, path)); fmt.Sprint(m) != "map[before:x]" {
		t.Errorf("after a restart the map is %v", m)
	}
}

// TestDamageFoundWhileRunning puts keys out of order in the file.
func TestDamageFoundWhileRunning(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data.db")
	e := openAt(t, path)
	for _, key := range []string{"order-a", "order-b", "order-c"} {
		if err := e.Update(t.Context(), putter(key, strings.Repeat("x", 1000))); err != nil {
			t.Fatal(err)
		}
	}
	if err := e.Check(t.Context()); err != nil {
		t.Fatalf("Check of a sound database: %v", err)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	for at := 0; ; {
		i := bytes.Index(raw[at:], []byte("order-b"))
		if i < 0 {
			break
		}
		at += i + 1
		if _, err := f.WriteAt([]byte("order-z"), int64(at-1)); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	var damaged *kv.DamagedError
	if err := e.Check(t.Context()); !errors.As(err, &damaged) {
		t.Errorf("Check: %v, want a DamagedError", err)
	}
	// A commit in which bbolt comes upon it panics, in whoever happens to commit:
	// all get an error, and the engine can still be closed.
	e.db.StrictMode = true
	if err := e.Update(t.Context(), putter("order-d", "x")); !errors.Is(err, kv.ErrUncertain) {
		t.Errorf("Update: %v, want ErrUncertain", err)
	}
	if err := e.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
}

func TestAFullDiskIsRecognised(t *testing.T) {
	for _, full := range []error{syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG} {
		path := &os.PathError{Op: "write", Path: "data.db", Err: full}
		if !isFull(path) || !isFull(errors.New("file resize error: "+path.Error())) {
			t.Errorf("%v is not taken for a full disk", full)
		}
	}
	for _, other := range []error{syscall.EIO, os.ErrClosed, errors.New("file resize error: input/output error")} {
		if isFull(other) {
			t.Errorf("%v is taken for a full disk", other)
		}
	}
}

// TestNoDamageAtTheHeadEndsTheProcess spoils bytes of the pages by which bbolt
// finds its way at the start: the metas and the list of free pages.
func TestNoDamageAtTheHeadEndsTheProcess(t *testing.T) {
	e := openTemp(t)
	for i := range 40 { // replaced often, for a list with something in it
		if err := e.Update(t.Context(), putter(fmt.Sprint(i%4), strings.Repeat("x", 5000*(i%7)))); err != nil {
			t.Fatal(err)
		}
	}
	var sound bytes.Buffer
	if _, err := e.Backup(t.Context(), &sound); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "data.db")
	spoilt := func(content []byte) (*os.File, error) {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			return nil, err
		}
		return os.Open(path)
	}
	f, err := spoilt(sound.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	m, ok := newestMeta(f)
	if err := f.Close(); err != nil || !ok || m.freelist == noFreelist {
		t.Fatalf("the head reads %+v, %t, %v", m, ok, err)
	}
	rapid.Check(t, func(rt *rapid.T) {
		content := bytes.Clone(sound.Bytes())
		for range rapid.IntRange(1, 12).Draw(rt, "bytes") {
			page := rapid.SampledFrom([]int64{0, 1, int64(m.freelist)}).Draw(rt, "page")
			at := rapid.Int64Range(0, pageHeader+metaSize).Draw(rt, "at")
			content[page*m.pageSize+at] = rapid.Byte().Draw(rt, "byte")
		}
		f, err := spoilt(content)
		if err != nil {
			rt.Fatal(err)
		}
		refused := whole(f, int64(len(content)))
		if err := f.Close(); err != nil {
			rt.Fatal(err)
		}
		e, err := Open(path, Options{LockTimeout: -1})
		if err == nil {
			err = e.Close()
		}
		var damaged *kv.DamagedError
		switch {
		case errors.Is(err, kv.ErrLocked):
			rt.Fatal("a refused file stayed locked")
		case refused != nil && !errors.As(err, &damaged):
			rt.Fatalf("Open: %v, want %v", err, refused)
		}
	})
}
