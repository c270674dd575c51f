package db

import "github.com/liadesk/campaigns/liadesk"

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

// Counts reads every counter whose name begins with prefix, in one scan. The
// names come back without the prefix. It is for families of fewer than a
// thousand counters, such as the figures of one campaign.
func (tx *Tx) Counts(account liadesk.ID, prefix string) (map[string]int64, error) {
	base := in(account, nCounter)
	from := base.clone().raw([]byte(prefix))
	values, keys, err := scan[int64](tx, from, from.end(), 1000*counterShards, false)
	if err != nil {
		return nil, err
	}
	out := make(map[string]int64)
	for i, k := range keys {
		name := string(k[len(from) : len(k)-2]) // the zero that ends the name, then the shard
		out[name] += values[i]
	}
	return out, nil
}
