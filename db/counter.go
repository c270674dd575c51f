package db

import (
	"fmt"

	"github.com/liadesk/campaigns/liadesk"
)

// Counters that many transactions change at once are split into shards, so
// that no single key is hot; reading sums them in one scan.

// counterShards is how many keys one counter is spread over.
const counterShards = 16

// Add adds n to a counter. Seed picks the shard: transactions that run at the
// same time should have different seeds, such as the low byte of an id.
func (tx *Tx) Add(account liadesk.ID, name string, seed byte, n int64) error {
	if n == 0 {
		return nil
	}
	k := in(account, nCounter).str(name).raw([]byte{seed % counterShards})
	v, _, err := get[int64](tx, k)
	if err != nil {
		return err
	}
	return put(tx, k, v+n)
}

// Count reads a counter.
func (tx *Tx) Count(account liadesk.ID, name string) (int64, error) {
	k := in(account, nCounter).str(name)
	values, _, err := scan[int64](tx, k, k.end(), counterShards, false)
	var sum int64
	for _, v := range values {
		sum += v
	}
	return sum, err
}

// A tally is a family of counters that change and are read together, such as
// the figures of one campaign. Each shard of it is one record, so that a
// transaction that moves a thousand recipients writes one key, and a page that
// shows fifty campaigns reads them in one round trip.

func tallyKey(account liadesk.ID, name string, shard byte) key {
	return in(account, nTally).str(name).raw([]byte{shard})
}

// AddTally adds to the counters of a tally, by name. Seed picks the shard, as
// for Add.
func (tx *Tx) AddTally(account liadesk.ID, name string, seed byte, sums map[string]int64) error {
	k := tallyKey(account, name, seed%counterShards)
	counts, _, err := get[map[string]int64](tx, k)
	if err != nil {
		return err
	}
	changed := false
	for counter, n := range sums {
		if n == 0 {
			continue
		}
		if counts == nil {
			counts = make(map[string]int64, len(sums))
		}
		changed = true
		if counts[counter] += n; counts[counter] == 0 {
			delete(counts, counter)
		}
	}
	if !changed {
		return nil
	}
	return put(tx, k, counts)
}

// Tallies reads many tallies in one round trip, in the order of their names. A
// counter that is nought is left out.
func (tx *Tx) Tallies(account liadesk.ID, names ...string) ([]map[string]int64, error) {
	keys := make([][]byte, 0, len(names)*counterShards)
	for _, name := range names {
		for shard := range byte(counterShards) {
			keys = append(keys, tallyKey(account, name, shard))
		}
	}
	values, err := tx.kv.GetMulti(keys)
	if err != nil {
		return nil, err
	}
	out := make([]map[string]int64, len(names))
	for i := range out {
		out[i] = make(map[string]int64)
	}
	for i, b := range values {
		if b == nil {
			continue
		}
		var counts map[string]int64
		if err := decode(b, &counts); err != nil {
			return nil, fmt.Errorf("record %x: %w", keys[i], err)
		}
		sum := out[i/counterShards]
		for counter, n := range counts {
			if sum[counter] += n; sum[counter] == 0 {
				delete(sum, counter)
			}
		}
	}
	return out, nil
}

// TalliesUnder reads all tallies whose names begin with a text, by what follows
// it in their names.
func (tx *Tx) TalliesUnder(account liadesk.ID, beginning string) (map[string]map[string]int64, error) {
	base := in(account, nTally).raw([]byte(beginning))
	out := make(map[string]map[string]int64)
	for from := base; ; {
		counts, keys, err := scan[map[string]int64](tx, from, base.end(), 1000, false)
		if err != nil {
			return nil, err
		}
		for i, k := range keys {
			name := string(k[len(base) : len(k)-2]) // without the zero that ends it, and the shard
			if out[name] == nil {
				out[name] = make(map[string]int64)
			}
			for counter, n := range counts[i] {
				out[name][counter] += n
			}
		}
		if len(keys) < 1000 {
			return out, nil
		}
		from = keys[len(keys)-1].after()
	}
}
