package kv_test

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/liadesk/campaigns/db/kv"
	"github.com/liadesk/campaigns/db/kv/bolt"
)

func TestCountingSaysHowOftenAnEngineWasCalled(t *testing.T) {
	e, err := bolt.Open(filepath.Join(t.TempDir(), "data.db"), bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	c := kv.Counting(e)
	key := []byte("a")
	if err := c.Update(t.Context(), func(tx kv.Tx) error {
		return errors.Join(tx.Put(key, nil), tx.Put(key, nil), tx.Delete([]byte("b")))
	}); err != nil {
		t.Fatal(err)
	}
	failure := errors.New("on purpose")
	if err := c.Update(t.Context(), func(kv.Tx) error { return failure }); !errors.Is(err, failure) {
		t.Errorf("Update: %v", err)
	}
	if err := c.View(t.Context(), func(tx kv.Tx) error {
		_, get := tx.Get(key)
		_, multi := tx.GetMulti([][]byte{key, key, key})
		pairs, scan := tx.Scan(nil, nil, 9, false)
		if len(pairs) != 1 {
			t.Errorf("Scan: %v", pairs)
		}
		return errors.Join(get, multi, scan)
	}); err != nil {
		t.Fatal(err)
	}
	want := kv.Counts{Gets: 1, GetMultis: 1, Puts: 2, Deletes: 1, Scans: 1, Views: 1, Commits: 1}
	if got := c.Counts(); got != want || got.RoundTrips() != 7 {
		t.Errorf("counted %v, want %v", got, want)
	}
	if got, want := c.Counts().String(), "7 round trips (get 1, getmulti 1, put 2, delete 1, scan 1, commit 1)"; got != want {
		t.Errorf("as text %q, want %q", got, want)
	}
	c.Reset()
	if got := c.Counts(); got != (kv.Counts{}) {
		t.Errorf("after Reset: %v", got)
	}
}
