package kvtest

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/liadesk/campaigns/db/kv"
)

// sorted is the map that an engine is compared with.
type sorted map[string]string

func (m sorted) scan(from, to []byte, limit int, reverse bool) []string {
	keys := slices.Sorted(maps.Keys(m))
	keys = slices.DeleteFunc(keys, func(k string) bool {
		return k < string(from) || to != nil && k >= string(to)
	})
	if reverse {
		slices.Reverse(keys)
	}
	return keys[:min(limit, len(keys))]
}

var (
	// Few enough that they meet again, with neighbours that differ in a zero, and
	// some long ones, so that few fit on a page.
	genKey = rapid.OneOf(
		rapid.Map(rapid.IntRange(0, 300), func(i int) []byte { return fmt.Appendf(nil, "row/%03d", i) }),
		rapid.SliceOfN(rapid.SampledFrom([]byte{0x00, 'a', 0xff}), 1, 4),
		rapid.Map(rapid.IntRange(1, 8), func(i int) []byte { return bytes.Repeat([]byte{'l'}, i*128) }),
	)
	genBound = rapid.OneOf(genKey, rapid.Just([]byte(nil)), rapid.SliceOfN(rapid.Byte(), 0, 2))
	genValue = rapid.Map(rapid.SampledFrom([]int{0, 1, 40, 700, 5000}), func(n int) []byte { return bytes.Repeat([]byte{byte('a' + n%26)}, n) })
)

// model draws transactions, some of which fail, and compares everything that is
// read with a map on which the same was done.
func model(t *testing.T, s Subject) {
	rapid.Check(t, func(rt *rapid.T) {
		e := s.New(t)
		defer closeEngine(t, e)
		state := sorted{}
		failure := errors.New("on purpose")
		for range rapid.IntRange(1, 6).Draw(rt, "transactions") {
			ops := drawOps(rt)
			fail := rapid.IntRange(0, 4).Draw(rt, "fail") == 0
			var after sorted
			err := e.Update(t.Context(), func(tx kv.Tx) error {
				after = maps.Clone(state)
				for _, op := range ops {
					if err := op(tx, after); err != nil {
						return err
					}
				}
				if fail {
					return failure
				}
				return nil
			})
			switch {
			case fail && errors.Is(err, failure):
			case !fail && err == nil:
				state = after
			default:
				rt.Fatalf("Update: %v", err)
			}
			if err := e.View(t.Context(), func(tx kv.Tx) error { return same(tx, state, nil, nil, len(state)+1, false) }); err != nil {
				rt.Fatalf("after the commit: %v", err)
			}
		}
	})
}

// op does one thing to the engine and to the map, and compares.
type op func(kv.Tx, sorted) error

func drawOps(rt *rapid.T) []op {
	var ops []op
	for range rapid.IntRange(0, 30).Draw(rt, "ops") {
		key, bound := genKey.Draw(rt, "key"), genBound.Draw(rt, "bound")
		switch rapid.SampledFrom([]string{"put", "put", "fill", "delete", "clear", "get", "scan"}).Draw(rt, "op") {
		case "put":
			value := genValue.Draw(rt, "value")
			ops = append(ops, func(tx kv.Tx, m sorted) error {
				m[string(key)] = string(value)
				return tx.Put(key, value)
			})
		case "fill": // a run of rows, for pages that split
			first, value := rapid.IntRange(0, 250).Draw(rt, "first"), genValue.Draw(rt, "value")
			ops = append(ops, func(tx kv.Tx, m sorted) error {
				for i := first; i < first+50; i++ {
					k := fmt.Appendf(nil, "row/%03d", i)
					m[string(k)] = string(value)
					if err := tx.Put(k, value); err != nil {
						return err
					}
				}
				return nil
			})
		case "delete":
			ops = append(ops, func(tx kv.Tx, m sorted) error {
				delete(m, string(key))
				return tx.Delete(key)
			})
		case "clear": // a range, for pages that become empty
			ops = append(ops, func(tx kv.Tx, m sorted) error {
				for _, k := range m.scan(key, bound, len(m), false) {
					delete(m, k)
					if err := tx.Delete([]byte(k)); err != nil {
						return err
					}
				}
				return nil
			})
		case "get":
			ops = append(ops, func(tx kv.Tx, m sorted) error {
				value, there := m[string(key)]
				got, err := tx.Get(key)
				if err == nil && (there != (got != nil) || string(got) != value) {
					err = fmt.Errorf("%q has %q, want %q", key, got, value)
				}
				return err
			})
		case "scan":
			limit, reverse := rapid.IntRange(1, 400).Draw(rt, "limit"), rapid.Bool().Draw(rt, "reverse")
			ops = append(ops, func(tx kv.Tx, m sorted) error { return same(tx, m, key, bound, limit, reverse) })
		}
	}
	return ops
}

// same compares a scan with the map.
func same(tx kv.Tx, m sorted, from, to []byte, limit int, reverse bool) error {
	pairs, err := tx.Scan(from, to, limit, reverse)
	if err != nil {
		return err
	}
	keys := m.scan(from, to, limit, reverse)
	if len(pairs) != len(keys) {
		return fmt.Errorf("scan from %q to %q, limit %d, reverse %t: %d pairs, want %d", from, to, limit, reverse, len(pairs), len(keys))
	}
	for i, p := range pairs {
		if string(p.Key) != keys[i] || string(p.Value) != m[keys[i]] {
			return fmt.Errorf("scan from %q to %q, reverse %t: pair %d is %.40q, want %.40q", from, to, reverse, i, p, keys[i])
		}
	}
	return nil
}
