package kvtest

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/liadesk/campaigns/db/kv"
)

func absentAndEmpty(t *testing.T, s Subject) {
	e := open(t, s)
	check := func(tx kv.Tx) error {
		for _, key := range []string{"empty", "nil"} {
			if v, err := tx.Get([]byte(key)); err != nil || v == nil || len(v) != 0 {
				return fmt.Errorf("%s: %#v, %v; want a non-nil empty value", key, v, err)
			}
		}
		vs, err := tx.GetMulti([][]byte{[]byte("full"), []byte("none"), []byte("empty"), []byte("full")})
		if err != nil {
			return err
		}
		if len(vs) != 4 || string(vs[0]) != "x" || vs[1] != nil || vs[2] == nil || len(vs[2]) != 0 || string(vs[3]) != "x" {
			return fmt.Errorf("GetMulti: %#v", vs)
		}
		if vs, err := tx.GetMulti(nil); err != nil || len(vs) != 0 {
			return fmt.Errorf("GetMulti of nothing: %v, %v", vs, err)
		}
		return errors.Join(want(tx, "none", "-"), tx.Delete([]byte("none")))
	}
	update(t, e, func(tx kv.Tx) error {
		return errors.Join(tx.Put([]byte("empty"), []byte{}), tx.Put([]byte("nil"), nil), tx.Put([]byte("full"), []byte("x")), check(tx))
	})
	update(t, e, check) // and after the commit
}

func sizes(t *testing.T, s Subject) {
	e := open(t, s)
	value := bytes.Repeat([]byte{0xa5}, kv.MaxValueSize)
	for _, n := range []int{1, 2, 1023, kv.MaxKeySize} {
		key := bytes.Repeat([]byte{0xff}, n)
		update(t, e, func(tx kv.Tx) error { return tx.Put(key, value) })
		view(t, e, func(tx kv.Tx) error {
			if v, err := tx.Get(key); err != nil || !bytes.Equal(v, value) {
				return fmt.Errorf("key of %d bytes: value of %d bytes, %v", n, len(v), err)
			}
			return nil
		})
	}
	update(t, e, func(tx kv.Tx) error {
		for _, key := range [][]byte{nil, {}, make([]byte, kv.MaxKeySize+1)} {
			_, get := tx.Get(key)
			_, multi := tx.GetMulti([][]byte{{1}, key})
			for _, err := range []error{get, multi, tx.Put(key, nil), tx.Delete(key)} {
				if !errors.Is(err, kv.ErrKeySize) {
					return fmt.Errorf("key of %d bytes: %v, want ErrKeySize", len(key), err)
				}
			}
		}
		if err := tx.Put([]byte("k"), make([]byte, kv.MaxValueSize+1)); !errors.Is(err, kv.ErrValueSize) {
			return fmt.Errorf("value too long: %v, want ErrValueSize", err)
		}
		return want(tx, "k", "-")
	})
}

func order(t *testing.T, s Subject) {
	e := open(t, s)
	// Where text would be sorted by language, or bytes taken as signed or as
	// ended by a zero, these come out otherwise.
	keys := []string{"\x00", "\x00\x00", "\x00\x01", "\x00\xff", "\x01", "A", "B", "a", "a\x00", "a\x00b", "aa", "b", "\x7f", "\x80", "ä", "\xff", "\xff\x00", "\xff\xff"}
	slices.Sort(keys)
	update(t, e, func(tx kv.Tx) error {
		for i := range keys {
			k := keys[(i*7)%len(keys)] // in no order
			if err := tx.Put([]byte(k), []byte("v"+k)); err != nil {
				return err
			}
		}
		return nil
	})
	down := slices.Clone(keys)
	slices.Reverse(down)
	view(t, e, func(tx kv.Tx) error {
		for _, k := range keys {
			if err := want(tx, k, "v"+k); err != nil {
				return err
			}
		}
		return errors.Join(wantScan(tx, nil, nil, 100, false, keys...), wantScan(tx, nil, nil, 100, true, down...))
	})
}

func scans(t *testing.T, s Subject) {
	e := open(t, s)
	b := func(s string) []byte { return []byte(s) }
	check := func(tx kv.Tx) error {
		_, none := tx.Scan(nil, nil, 0, false)
		_, less := tx.Scan(nil, nil, -1, true)
		if !errors.Is(none, kv.ErrLimit) || !errors.Is(less, kv.ErrLimit) {
			return fmt.Errorf("limits 0 and -1: %v, %v; want ErrLimit", none, less)
		}
		long := bytes.Repeat([]byte("b"), kv.MaxKeySize+1)
		return errors.Join(
			wantScan(tx, b("b"), b("d"), 9, false, "b", "c"),
			wantScan(tx, b("b"), b("d"), 9, true, "c", "b"),
			wantScan(tx, b("b"), b("d"), 1, false, "b"),
			wantScan(tx, b("b"), b("d"), 1, true, "c"),
			wantScan(tx, b("b"), b("b\x00"), 9, false, "b"),
			wantScan(tx, b("b\x00"), b("d\x00"), 9, true, "d", "c"),
			wantScan(tx, b("b\x00"), nil, 9, false, "c", "d", "e"),
			wantScan(tx, nil, b("c"), 9, true, "b", "a"),
			wantScan(tx, []byte{}, nil, 2, true, "e", "d"),
			wantScan(tx, b("bb"), b("cc"), 9, true, "c"),
			wantScan(tx, b("cc"), b("cd"), 9, true),
			wantScan(tx, b("d"), b("b"), 9, false),
			wantScan(tx, b("d"), b("b"), 9, true),
			wantScan(tx, b("c"), b("c"), 9, false),
			wantScan(tx, b("c"), b("c"), 9, true),
			wantScan(tx, nil, []byte{}, 9, false), // an upper end, before everything
			wantScan(tx, nil, []byte{}, 9, true),
			wantScan(tx, b("z"), nil, 9, false),
			wantScan(tx, b("z"), nil, 9, true),
			wantScan(tx, nil, b("zz"), 9, true, "e", "d", "c", "b", "a"),
			wantScan(tx, nil, b("A"), 9, true),
			wantScan(tx, long, nil, 9, false, "c", "d", "e"),
			wantScan(tx, nil, long, 9, true, "b", "a"),
		)
	}
	view(t, e, func(tx kv.Tx) error {
		return errors.Join(wantScan(tx, nil, nil, 9, false), wantScan(tx, nil, nil, 9, true))
	})
	update(t, e, func(tx kv.Tx) error {
		return errors.Join(putAll(tx, "e", "5", "a", "1", "c", "3", "b", "2", "d", "4"), check(tx))
	})
	view(t, e, check)
}

func ownWrites(t *testing.T, s Subject) {
	e := open(t, s)
	put(t, e, "a", "1", "c", "3", "e", "5")
	update(t, e, func(tx kv.Tx) error {
		return errors.Join(
			putAll(tx, "b", "2", "c", "new", "f", "6"),
			tx.Delete([]byte("a")),
			tx.Delete([]byte("f")),
			want(tx, "a", "-"), want(tx, "b", "2"), want(tx, "c", "new"), want(tx, "f", "-"),
			wantScan(tx, nil, nil, 9, false, "b", "c", "e"),
			wantScan(tx, nil, nil, 2, true, "e", "c"),
			putAll(tx, "a", "again"),
			want(tx, "a", "again"),
			wantScan(tx, nil, []byte("b"), 9, true, "a"),
		)
	})
	view(t, e, func(tx kv.Tx) error {
		return errors.Join(wantScan(tx, nil, nil, 9, false, "a", "b", "c", "e"), want(tx, "a", "again"), want(tx, "c", "new"))
	})
}

// emptied deletes long runs of keys and scans within the same transaction,
// where trees have pages without anything in them.
func emptied(t *testing.T, s Subject) {
	e := open(t, s)
	const n = 400
	name := func(i int) string { return fmt.Sprintf("k%03d", i) }
	fill := func(tx kv.Tx) error {
		for i := range n {
			if err := tx.Put([]byte(name(i)), []byte(strings.Repeat("v", 300))); err != nil {
				return err
			}
		}
		return nil
	}
	clean := func(tx kv.Tx, from, to int) error {
		for i := from; i < to; i++ {
			if err := tx.Delete([]byte(name(i))); err != nil {
				return err
			}
		}
		return nil
	}
	names := func(reverse bool, spans ...int) []string {
		var out []string
		for i := 0; i < len(spans); i += 2 {
			for j := spans[i]; j < spans[i+1]; j++ {
				out = append(out, name(j))
			}
		}
		if reverse {
			slices.Reverse(out)
		}
		return out
	}
	check := func(tx kv.Tx, spans ...int) error {
		return errors.Join(
			wantScan(tx, nil, nil, n, false, names(false, spans...)...),
			wantScan(tx, nil, nil, n, true, names(true, spans...)...),
			wantScan(tx, []byte("a"), []byte("z"), n, true, names(true, spans...)...),
		)
	}
	for _, c := range []struct {
		name     string
		from, to int
		left     []int // spans
	}{
		{"the middle", 50, 350, []int{0, 50, 350, n}},
		{"the beginning", 0, 300, []int{300, n}},
		{"the end", 100, n, []int{0, 100}},
		{"all", 0, n, nil},
	} {
		update(t, e, fill)
		update(t, e, func(tx kv.Tx) error {
			if err := clean(tx, c.from, c.to); err != nil {
				return err
			}
			if err := check(tx, c.left...); err != nil {
				return fmt.Errorf("%s, before the commit: %w", c.name, err)
			}
			// From inside what was emptied, up and down.
			mid := []byte(name((c.from + c.to) / 2))
			var below, above []string
			for _, k := range names(false, c.left...) {
				if k < string(mid) {
					below = append(below, k)
				} else {
					above = append(above, k)
				}
			}
			slices.Reverse(below)
			return errors.Join(wantScan(tx, mid, nil, n, false, above...), wantScan(tx, nil, mid, n, true, below...))
		})
		view(t, e, func(tx kv.Tx) error { return check(tx, c.left...) })
	}
}

func ownership(t *testing.T, s Subject) {
	e := open(t, s)
	var got, multi []byte
	var pairs []kv.Pair
	update(t, e, func(tx kv.Tx) error {
		key, value := []byte("key"), []byte("value")
		if err := tx.Put(key, value); err != nil {
			return err
		}
		copy(key, "xxx") // what was passed in may be reused at once
		copy(value, "xxxxx")
		v, err := tx.Get([]byte("key"))
		if err != nil {
			return err
		}
		copy(v, "yyyyy") // what came back may be changed
		return want(tx, "key", "value")
	})
	view(t, e, func(tx kv.Tx) (err error) {
		if got, err = tx.Get([]byte("key")); err != nil {
			return err
		}
		vs, err := tx.GetMulti([][]byte{[]byte("key")})
		if err != nil {
			return err
		}
		multi = vs[0]
		pairs, err = tx.Scan(nil, nil, 1, false)
		return err
	})
	put(t, e, "key", "later")
	if string(got) != "value" || string(multi) != "value" || string(pairs[0].Key) != "key" || string(pairs[0].Value) != "value" {
		t.Errorf("after the transaction: %q %q %q", got, multi, pairs)
	}
	_ = append(pairs[0].Key, '!')
	if string(pairs[0].Value) != "value" {
		t.Errorf("appending to a key changed its value to %q", pairs[0].Value)
	}
	copy(got, "zzzzz")
	copy(pairs[0].Value, "zzzzz")
	view(t, e, func(tx kv.Tx) error { return want(tx, "key", "later") })
}
