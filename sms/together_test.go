package sms

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/db/kv"
	"github.com/liadesk/campaigns/liadesk"
)

// Those who come while one is served are served at once, each hears its own
// error, and a serving that breaks off leaves nobody waiting.
func TestThoseWhoComeTogetherAreServedTogether(t *testing.T) {
	var g together[int]
	var served [][]int
	started, begin := make(chan struct{}), make(chan struct{})
	serve := func(list []int) []error {
		served = append(served, slices.Sorted(slices.Values(list)))
		if list[0] == 0 {
			close(started)
			<-begin
		}
		errs := make([]error, len(list))
		for i, n := range list {
			if n == 3 {
				errs[i] = fmt.Errorf("not %d", n)
			}
		}
		return errs
	}
	var all sync.WaitGroup
	all.Go(func() {
		if err := g.do(0, serve); err != nil {
			t.Error(err)
		}
	})
	<-started
	for n := 1; n <= mostTogether+5; n++ {
		all.Go(func() {
			if err := g.do(n, serve); (err != nil) != (n == 3) {
				t.Errorf("%d: %v", n, err)
			}
		})
	}
	for waits := 0; waits < mostTogether+5; {
		g.mu.Lock()
		waits = len(g.waiting)
		g.mu.Unlock()
	}
	close(begin)
	all.Wait()
	if len(served) != 3 || len(served[0]) != 1 || len(served[1]) != mostTogether || len(served[2]) != 5 {
		t.Errorf("served in parts of %d", len(served))
	}
	if g.busy || len(g.waiting) > 0 {
		t.Error("somebody waits still")
	}

	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		if err := g.do(1, func([]int) []error { panic("broken") }); err != nil {
			t.Error(err)
		}
	}()
	if err := g.do(1, func([]int) []error { return []error{errUnserved} }); !errors.Is(err, errUnserved) {
		t.Errorf("after it: %v", err)
	}
}

// damaged is an engine that cannot read the records whose keys hold bad.
type damaged struct {
	kv.Engine
	bad []byte
}

type damagedTx struct {
	kv.Tx
	bad []byte
}

var errDamagedHere = errors.New("this record cannot be read")

func (d *damaged) Update(ctx context.Context, fn func(kv.Tx) error) error {
	return d.Engine.Update(ctx, func(tx kv.Tx) error { return fn(damagedTx{tx, d.bad}) })
}

func (tx damagedTx) Get(key []byte) ([]byte, error) {
	if len(tx.bad) > 0 && bytes.Contains(key, tx.bad) {
		return nil, errDamagedHere
	}
	return tx.Tx.Get(key)
}

// Reports that came together do not share a fate: one that meets a damaged
// record, and one that is forged after all, leave the others as they are.
func TestAReportThatFailsFailsAlone(t *testing.T) {
	sick := &damaged{}
	b := benchOnDisk(t, func(disk kv.Engine) kv.Engine { sick.Engine = disk; return sick })
	for i := range 4 {
		b.person(i, nil)
	}
	c := b.sends(nil)
	reports := make([]signed, 4)
	for i := range reports {
		path := strings.TrimPrefix(b.carrier.taken[i].CallbackURL, b.options.PublicURL)
		cb := b.callback(path, map[string][]string{"MessageUUID": {uuidOf(i)}, "To": {strings.TrimPrefix(b.carrier.taken[i].To, "+")}, "Status": {"delivered"}, "Sequence": {"3"}})
		cb.Attempt = path[strings.LastIndex(path, "/")+1:]
		var err error
		if reports[i], err = b.svc.verify(t.Context(), cb, path); err != nil {
			t.Fatal(err)
		}
	}
	reports[2].proof.Version = SignatureV2 // of an inbox that V3 was seen on since
	b.heard()
	sick.bad = []byte(b.carrier.taken[1].To) // the row's key ends in it
	errs := b.svc.storeReports(t.Context(), reports)
	for i, want := range []error{nil, errDamagedHere, ErrForged, nil} {
		if !errors.Is(errs[i], want) {
			t.Errorf("report %d: %v, want %v", i, errs[i], want)
		}
	}
	if p := b.progress(c.ID); p.Delivered != 2 || p.Accepted != 2 {
		t.Errorf("%+v", p)
	}
	// The carrier repeats the one that failed, and the forged one was not
	// remembered as having come.
	sick.bad, reports[2].proof.Version = nil, SignatureV3
	for _, err := range b.svc.storeReports(t.Context(), reports) {
		if err != nil {
			t.Error(err)
		}
	}
	if p := b.progress(c.ID); p.Delivered != 4 {
		t.Errorf("in the end %+v", p)
	}
}

// Reports of two accounts share a transaction and nothing else: each is counted
// for its own, and one that names the attempt of the other changes nothing.
func TestReportsOfTwoAccountsThatComeTogetherStayApart(t *testing.T) {
	b := newBench(t)
	b.person(1, nil)
	ours := b.sends(nil)
	other := b.account
	other.ID = b.options.IDs()
	theirs := b.inbox
	theirs.ID, theirs.AccountID = b.options.IDs(), other.ID
	b.update(func(tx *db.Tx) error {
		if err := tx.PutAccount(other); err != nil {
			return err
		}
		return tx.PutInbox(theirs)
	})
	sent := b.carrier.taken[0]
	path := strings.TrimPrefix(sent.CallbackURL, b.options.PublicURL)
	attempt := path[strings.LastIndex(path, "/")+1:]
	report := func(account liadesk.ID, inbox liadesk.Inbox, status string) signed {
		b.nonces++
		return signed{Callback: Callback{Inbox: inbox.ID, Attempt: attempt, Form: map[string][]string{"MessageUUID": {uuidOf(0)},
			"To": {strings.TrimPrefix(sent.To, "+")}, "Status": {status}, "Sequence": {"3"}}},
			account: account, inbox: inbox, proof: Verified{Version: SignatureV3, Nonce: fmt.Sprintf("%020d", b.nonces)}}
	}
	for _, err := range b.svc.storeReports(t.Context(), []signed{report(other.ID, theirs, "failed"), report(b.account.ID, b.inbox, "delivered")}) {
		if err != nil {
			t.Fatal(err)
		}
	}
	if p := b.progress(ours.ID); p.Delivered != 1 || p.Failed != 0 {
		t.Errorf("%+v", p)
	}
	if err := b.store.View(t.Context(), func(tx *db.Tx) error {
		counts, err := figures(tx, other.ID, ours.ID)
		if len(counts.rows)+len(counts.other)+len(counts.failures) > 0 {
			t.Errorf("the other account counts %+v", counts)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
}
