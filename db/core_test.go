package db

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/liadesk/campaigns/db/kv/bolt"
	"github.com/liadesk/campaigns/liadesk"
)

// open makes a store on a temporary bolt file.
func open(t *testing.T) *Store {
	t.Helper()
	engine, err := bolt.Open(filepath.Join(t.TempDir(), "campaigns.db"), bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(t.Context(), engine)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

type sample struct {
	ID   liadesk.ID        `cbor:"1,keyasint"`
	Name string            `cbor:"2,keyasint,omitempty"`
	At   time.Time         `cbor:"3,keyasint"`
	Attr map[string]string `cbor:"4,keyasint,omitempty"`
	N    int64             `cbor:"5,keyasint,omitempty"`
}

func TestARecordComesBackAsItWasWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := sample{
			ID:   liadesk.NewID(time.UnixMilli(rapid.Int64Range(0, 1<<45).Draw(t, "ms")), bytes.NewReader(make([]byte, 16))),
			Name: rapid.String().Draw(t, "name"),
			N:    rapid.Int64().Draw(t, "n"),
			Attr: rapid.MapOf(rapid.String(), rapid.String()).Draw(t, "attr"),
		}
		if rapid.Bool().Draw(t, "dated") {
			in.At = time.Unix(rapid.Int64Range(0, 1<<33).Draw(t, "s"), rapid.Int64Range(0, 1e9-1).Draw(t, "ns")).UTC()
		}
		if len(in.Attr) == 0 {
			in.Attr = nil
		}
		b, err := encode(in)
		if err != nil {
			t.Fatal(err)
		}
		var out sample
		if err := decode(b, &out); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(in, out); d != "" {
			t.Fatal(d)
		}
	})
}

func TestAnyFlippedBitOfARecordIsNoticed(t *testing.T) {
	b, err := encode(sample{Name: "Ada", N: 7})
	if err != nil {
		t.Fatal(err)
	}
	for i := range len(b) * 8 {
		bad := slices.Clone(b)
		bad[i/8] ^= 1 << (i % 8)
		var out sample
		if err := decode(bad, &out); err == nil {
			t.Errorf("bit %d flipped: read without an error", i)
		}
	}
	for n := range len(b) {
		var out sample
		if err := decode(b[:n], &out); err == nil {
			t.Errorf("cut to %d bytes: read without an error", n)
		}
	}
}

func FuzzDecodeNeverPanics(f *testing.F) {
	b, _ := encode(sample{Name: "Ada"})
	f.Add(b)
	f.Add([]byte{})
	f.Add([]byte{1, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		var out sample
		_ = decode(b, &out)
	})
}

func TestKeysSortAsTheirParts(t *testing.T) {
	a, b := liadesk.ID{0: 1, 15: 1}, liadesk.ID{0: 1, 15: 2}
	base := time.Date(2026, 3, 8, 2, 0, 0, 0, time.UTC)
	ordered := []key{
		in(a, nContact),
		in(a, nContact).str("a"),
		in(a, nContact).str("a").u32(7),
		in(a, nContact).str("ab"),
		in(a, nContact).str("b"),
		in(a, nTag).time(time.Unix(-5, 0)),
		in(a, nTag).time(base),
		in(a, nTag).time(base.Add(1)),
		in(b, nContact),
		global("user"),
		meta("schema"),
	}
	for i := 1; i < len(ordered); i++ {
		if bytes.Compare(ordered[i-1], ordered[i]) >= 0 {
			t.Errorf("%x does not sort before %x", ordered[i-1], ordered[i])
		}
	}
	k := in(a, nContact).str("a")
	if got := k.end(); bytes.Compare(got, k.clone().raw([]byte{0xff, 0xff})) <= 0 {
		t.Errorf("end %x lies inside the range", got)
	}
	if (key{0xff, 0xff}).end() != nil {
		t.Error("the end of the last keys is no key at all")
	}
	if in(a, nTag).str("x\x00y").str("z").end() == nil {
		t.Error("a zero byte in a text must not end the key")
	}
}

func TestTwoKeysBuiltFromOneBeginningDoNotShareBytes(t *testing.T) {
	base := in(liadesk.ID{0: 1}, nContact)
	x, y := base.clone().str("x"), base.clone().str("y")
	if bytes.Equal(x, y) {
		t.Fatal("both keys are", x)
	}
}

func untold(string, int) {}

func TestAnOlderProgramRefusesNewerData(t *testing.T) {
	s := open(t)
	steps := append(slices.Clone(migrations), migration{"later", whole(func(*Tx) error { return nil })})
	if err := s.migrate(t.Context(), steps, untold); err != nil {
		t.Fatal(err)
	}
	err := s.migrate(t.Context(), migrations, untold)
	newer, ok := errors.AsType[*NewerError](err)
	if !ok || newer.Data != len(steps) {
		t.Fatalf("got %v", err)
	}
}

func TestALongUpgradeTellsHowFarItIsAndAnEmptyDatabaseNothing(t *testing.T) {
	s := open(t)
	var told []string
	tell := func(step string, parts int) { told = append(told, fmt.Sprint(step, " ", parts)) }
	if err := s.migrate(t.Context(), migrations, tell); err != nil || told != nil {
		t.Fatalf("an up-to-date database: %q, %v", told, err)
	}
	left := 2*tellEvery + 10
	long := func(*Tx, []byte) ([]byte, error) {
		if left--; left > 0 {
			return []byte{1}, nil
		}
		return nil, nil
	}
	steps := append(slices.Clone(migrations), migration{"long", long}, migration{"short", whole(func(*Tx) error { return nil })})
	if err := s.migrate(t.Context(), steps, tell); err != nil {
		t.Fatal(err)
	}
	if want := []string{"long 0", "long 50", "long 100", "short 0"}; !slices.Equal(told, want) {
		t.Errorf("told %q, want %q", told, want)
	}
}

func TestAFailedMigrationIsTakenAgainWhole(t *testing.T) {
	s := open(t)
	fail := true
	steps := append(slices.Clone(migrations), migration{"fill", whole(func(tx *Tx) error {
		if err := tx.Add(liadesk.ID{0: 1}, "filled", 0, 1); err != nil {
			return err
		}
		if fail {
			return errors.New("power cut")
		}
		return nil
	})})
	if err := s.migrate(t.Context(), steps, untold); err == nil {
		t.Fatal("the failure was swallowed")
	}
	fail = false
	for range 2 {
		if err := s.migrate(t.Context(), steps, untold); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.View(t.Context(), func(tx *Tx) error {
		n, err := tx.Count(liadesk.ID{0: 1}, "filled")
		if n != 1 {
			t.Errorf("the step ran %d times, its trace should be there once", n)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

func TestCountersAddUpOverTheirShards(t *testing.T) {
	s := open(t)
	acct, other := liadesk.ID{0: 1, 1: 1}, liadesk.ID{0: 1, 1: 2}
	var want int64
	for i := range 40 {
		n := int64(i - 3)
		want += n
		if err := s.Update(t.Context(), func(tx *Tx) error {
			if err := tx.AddTally(acct, "sms/1", byte(i), map[string]int64{"sent": n, "undone": n, "none": 0}); err != nil {
				return err
			}
			// Given back in another shard: the sum is nought all the same.
			return tx.AddTally(acct, "sms/1", byte(i+5), map[string]int64{"undone": -n})
		}); err != nil {
			t.Fatal(err)
		}
		if err := s.Update(t.Context(), func(tx *Tx) error { return tx.Add(acct, "alone", byte(i), n) }); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Update(t.Context(), func(tx *Tx) error {
		return tx.AddTally(acct, "sms/10", 9, map[string]int64{"failed": 2})
	}); err != nil {
		t.Fatal(err)
	}
	if err := s.View(t.Context(), func(tx *Tx) error {
		got, err := tx.Tallies(acct, "sms/1", "sms/10", "sms/2")
		if err != nil {
			return err
		}
		if d := cmp.Diff([]map[string]int64{{"sent": want}, {"failed": 2}, {}}, got); d != "" {
			t.Error(d)
		}
		if n, err := tx.Count(acct, "alone"); n != want || err != nil {
			t.Errorf("alone: %d, %v", n, err)
		}
		none, err := tx.Tallies(other, "sms/1")
		if err == nil && len(none[0]) != 0 {
			t.Errorf("another account sees %v", none)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

func TestASetHoldsWhatWasPutInOverManyChunks(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		s := open(t)
		acct := liadesk.ID{0: 1}
		want := map[uint32]bool{}
		ops := rapid.SliceOfN(rapid.Custom(func(r *rapid.T) struct {
			n  uint32
			on bool
		} {
			return struct {
				n  uint32
				on bool
			}{rapid.SampledFrom([]uint32{0, 1, 65535, 65536, 131071, 1 << 20, 1<<32 - 1}).Draw(r, "n"), rapid.Bool().Draw(r, "on")}
		}), 0, 20).Draw(r, "ops")
		if err := s.Update(t.Context(), func(tx *Tx) error {
			clear(want)
			for _, op := range ops {
				if err := setBit(tx, fieldSet(acct, "tag", "vip"), op.n, op.on); err != nil {
					return err
				}
				if op.on {
					want[op.n] = true
				} else {
					delete(want, op.n)
				}
			}
			return nil
		}); err != nil {
			r.Fatal(err)
		}
		if err := s.View(t.Context(), func(tx *Tx) error {
			set, err := tx.ContactSet(acct, "tag", "vip")
			if err != nil {
				return err
			}
			if int(set.GetCardinality()) != len(want) {
				r.Fatalf("%d in the set, want %d", set.GetCardinality(), len(want))
			}
			for n := range want {
				if !set.Contains(n) {
					r.Fatalf("%d is missing", n)
				}
			}
			return nil
		}); err != nil {
			r.Fatal(err)
		}
	})
}

// TestFieldsOfOlderContactsAreIndexed takes the sets away that a store of
// before had not, and lets the power go in the middle of making them.
func TestFieldsOfOlderContactsAreIndexed(t *testing.T) {
	s := open(t)
	const people = indexPart + 5
	update := func(fn func(*Tx) error) {
		t.Helper()
		if err := s.Update(t.Context(), fn); err != nil {
			t.Fatal(err)
		}
	}
	accounts := []liadesk.ID{{0: 1, 1: 1}, {0: 1, 1: 2}, {0: 1, 1: 3}} // the second has nobody
	for n, account := range accounts {
		update(func(tx *Tx) error {
			if err := tx.PutAccount(liadesk.Account{ID: account}); err != nil || n == 1 {
				return err
			}
			batch := tx.ContactBatch(account)
			for i := range people {
				c := liadesk.Contact{ID: liadesk.ID{0: 2, 1: byte(n), 14: byte(i >> 8), 15: byte(i)}, AccountID: account,
					Country: "BR", Attributes: map[string]string{"city": "São Paulo"}}
				if err := batch.Put(nil, &c); err != nil {
					return err
				}
			}
			return batch.Flush()
		})
	}
	city, _ := SetField("attributes.city", "SAO PAULO")
	country, _ := SetField("country", "BR")
	refs := []SetRef{city, country, SetKnown("country"), SetKnown("attributes.city")}
	check := func(want uint64) {
		t.Helper()
		if err := s.View(t.Context(), func(tx *Tx) error {
			for n, account := range accounts {
				sets, err := tx.ReadSets(account, refs)
				if err != nil {
					return err
				}
				for i, set := range sets {
					if got := set.GetCardinality(); n != 1 && got != want || n == 1 && got != 0 {
						t.Errorf("%v of account %d has %d contacts, want %d", refs[i], n, got, want)
					}
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	check(people)
	update(func(tx *Tx) error {
		for _, account := range accounts {
			for _, ref := range refs {
				if err := tx.kv.Delete(ref.key(account).u32(0)); err != nil {
					return err
				}
			}
		}
		return put(tx, meta("schema"), schema{Steps: 1})
	})
	check(0)

	parts := 0
	steps := []migration{migrations[0], {"cut", func(tx *Tx, from []byte) ([]byte, error) {
		next, err := indexFields(tx, from)
		if parts++; parts == 2 {
			return nil, errors.New("power cut")
		}
		return next, err
	}}}
	if err := s.migrate(t.Context(), steps, untold); err == nil {
		t.Fatal("the power cut was swallowed")
	}
	if err := s.migrate(t.Context(), migrations[:2], untold); err != nil {
		t.Fatal(err)
	}
	check(people)
	update(func(tx *Tx) error { return put(tx, meta("schema"), schema{Steps: 1}) })
	if err := s.migrate(t.Context(), steps, untold); err != nil {
		t.Fatal(err)
	}
	check(people)
	if parts != 2+6 { // two cut short; then two parts of the first account, one of the second, two of the third, and the end
		t.Errorf("the step ran in %d parts", parts)
	}
}
