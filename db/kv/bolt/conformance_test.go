package bolt_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/liadesk/campaigns/db/kv"
	"github.com/liadesk/campaigns/db/kv/bolt"
	"github.com/liadesk/campaigns/db/kv/kvtest"
)

func TestEngineKeepsThePromisesOfKV(t *testing.T) {
	kvtest.Run(t, kvtest.Subject{
		New: func(t testing.TB) kv.Engine {
			return open(t, filepath.Join(t.TempDir(), "data.db"))
		},
		Restore: func(t testing.TB, backup []byte) kv.Engine {
			path := filepath.Join(t.TempDir(), "restored.db")
			if err := os.WriteFile(path, backup, 0o600); err != nil {
				t.Fatal(err)
			}
			return open(t, path)
		},
	})
}

func open(t testing.TB, path string) *bolt.Engine {
	t.Helper()
	e, err := bolt.Open(path, bolt.Options{})
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return e
}
