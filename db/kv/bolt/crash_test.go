//go:build linux || darwin

package bolt_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"testing"

	"github.com/liadesk/campaigns/db/kv"
	"github.com/liadesk/campaigns/db/kv/bolt"
)

func init() {
	children["write until killed"] = writeUntilKilled
	children["write without room"] = writeWithoutRoom
}

// writeUntilKilled writes from 16 goroutines and prints each key once its
// update has been acknowledged.
func writeUntilKilled(path string) error {
	e, err := bolt.Open(path, bolt.Options{})
	if err != nil {
		return err
	}
	var all sync.WaitGroup
	for w := range 16 {
		all.Go(func() {
			for i := 0; ; i++ {
				key := fmt.Sprintf("%d-%02d-%06d", os.Getpid(), w, i)
				err := e.Update(context.Background(), func(tx kv.Tx) error { return tx.Put([]byte(key), []byte(key)) })
				if err != nil {
					fmt.Fprintln(os.Stderr, err)
					return
				}
				fmt.Println(key)
			}
		})
	}
	all.Wait()
	return errors.New("was not killed")
}

func TestWhatWasAcknowledgedSurvivesKill(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data.db")
	var acknowledged []string
	for range 3 {
		cmd := exec.Command(os.Args[0], path)
		cmd.Env = append(os.Environ(), child+"=write until killed")
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewReader(out)
		for n := 0; ; n++ {
			line, err := lines.ReadString('\n')
			if err != nil {
				break // killed, and read to the end; half a line says nothing
			}
			acknowledged = append(acknowledged, line[:len(line)-1])
			if n == 300 {
				if err := cmd.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := cmd.Wait(); err == nil {
			t.Fatal("the process ended by itself")
		}
		e := open(t, path)
		err = e.View(t.Context(), func(tx kv.Tx) error {
			for _, key := range acknowledged {
				if v, err := tx.Get([]byte(key)); err != nil || string(v) != key {
					return fmt.Errorf("%s was acknowledged and is now %q, %v", key, v, err)
				}
			}
			return nil
		})
		if err := errors.Join(err, e.Check(t.Context()), e.Close()); err != nil {
			t.Fatal(err)
		}
	}
	if len(acknowledged) < 900 {
		t.Errorf("only %d updates were acknowledged", len(acknowledged))
	}
}

func TestWhatWasAcknowledgedIsInTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data.db")
	e := open(t, path)
	for wave := range 5 {
		var all sync.WaitGroup
		for w := range 16 {
			all.Go(func() {
				err := e.Update(t.Context(), func(tx kv.Tx) error { return tx.Put(fmt.Appendf(nil, "%d-%d", wave, w), []byte("x")) })
				if err != nil {
					t.Errorf("Update: %v", err)
				}
			})
		}
		all.Wait()
		// As it lies on the disk, without a Close that could bring anything after.
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		other := filepath.Join(t.TempDir(), "copy.db")
		if err := os.WriteFile(other, content, 0o600); err != nil {
			t.Fatal(err)
		}
		err = open(t, other).View(t.Context(), func(tx kv.Tx) error {
			pairs, err := tx.Scan(nil, nil, 1000, false)
			if err == nil && len(pairs) != 16*(wave+1) {
				err = fmt.Errorf("the copy has %d pairs, want %d", len(pairs), 16*(wave+1))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// writeWithoutRoom meets a limit on the size of files, which fails the same
// writes in the same places as a full disk.
func writeWithoutRoom(path string) error {
	signal.Ignore(syscall.SIGXFSZ)
	ctx := context.Background()
	e, err := bolt.Open(path, bolt.Options{})
	if err != nil {
		return err
	}
	big := bytes.Repeat([]byte("b"), kv.MaxValueSize)
	write := func(key string) error {
		return e.Update(ctx, func(tx kv.Tx) error { return tx.Put([]byte(key), big) })
	}
	if err := write("before"); err != nil {
		return err
	}
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	tight := limit
	tight.Cur = uint64(e.Stats().FileSize)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &tight); err != nil {
		return err
	}
	written := 0
	for err == nil && written < 1000 {
		if err = write(fmt.Sprintf("big-%03d", written)); err == nil {
			written++
		}
	}
	if !errors.Is(err, kv.ErrNoSpace) || errors.Is(err, kv.ErrUncertain) {
		return fmt.Errorf("after %d values without room: %w, want ErrNoSpace", written, err)
	}
	if err := write("still"); !errors.Is(err, kv.ErrNoSpace) {
		return fmt.Errorf("without room, again: %w, want ErrNoSpace", err)
	}
	// What is freed makes room, and what was written is all there.
	if err := e.Update(ctx, func(tx kv.Tx) error { return tx.Delete([]byte("before")) }); err != nil {
		return fmt.Errorf("deleting without room: %w", err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	if err := write("after"); err != nil {
		return fmt.Errorf("with room again: %w", err)
	}
	err = e.View(ctx, func(tx kv.Tx) error {
		pairs, err := tx.Scan(nil, nil, 2000, false)
		if err == nil && (len(pairs) != written+1 || string(pairs[0].Key) != "after") {
			err = fmt.Errorf("%d pairs, want %d", len(pairs), written+1)
		}
		return err
	})
	return errors.Join(err, e.Check(ctx), e.Close())
}

func TestAFullDiskIsToldApartAndPasses(t *testing.T) {
	cmd := exec.Command(os.Args[0], filepath.Join(t.TempDir(), "data.db"))
	cmd.Env = append(os.Environ(), child+"=write without room")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}
