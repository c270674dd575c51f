package bolt

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"github.com/liadesk/campaigns/db/kv"
)

// BenchmarkUpdate measures durable updates of one small row from so many
// writers at once. of-bare is the rate in proportion to the bound measured in
// the same run: bare bbolt, one writer, one commit for each row.
func BenchmarkUpdate(b *testing.B) {
	value := make([]byte, 200)
	for _, writers := range []int{1, 16, 64} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			bare := bareCommit(b, value)
			e, err := Open(filepath.Join(b.TempDir(), "data.db"), Options{})
			if err != nil {
				b.Fatal(err)
			}
			defer e.Close()
			var next atomic.Int64
			var all sync.WaitGroup
			b.ResetTimer()
			for range writers {
				all.Go(func() {
					for i := next.Add(1); i <= int64(b.N); i = next.Add(1) {
						key := fmt.Appendf(nil, "row-%010d", i)
						if err := e.Update(context.Background(), func(tx kv.Tx) error { return tx.Put(key, value) }); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			all.Wait()
			b.StopTimer()
			s := e.Stats()
			b.ReportMetric(float64(s.Updates)/float64(s.Commits), "updates/commit")
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "updates/s")
			b.ReportMetric(bare.Seconds()*float64(b.N)/b.Elapsed().Seconds(), "of-bare")
		})
	}
}

// bareCommit returns how long bbolt alone takes for a row.
func bareCommit(b *testing.B, value []byte) time.Duration {
	db, err := bbolt.Open(filepath.Join(b.TempDir(), "bare.db"), 0o600, &bbolt.Options{FreelistType: bbolt.FreelistMapType, InitialMmapSize: mmapSize})
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	const n = 200
	var began time.Time
	for i := range n + 1 {
		if i == 1 {
			began = time.Now() // the first made the bucket and extended the file
		}
		err := db.Update(func(tx *bbolt.Tx) error {
			bucket, err := tx.CreateBucketIfNotExists(dataBucket)
			if err != nil {
				return err
			}
			return bucket.Put(fmt.Appendf(nil, "row-%010d", i), value)
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	return time.Since(began) / n
}
