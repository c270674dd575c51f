package sms

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"pgregory.net/rapid"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/db/kv"
	"github.com/liadesk/campaigns/db/kv/bolt"
	"github.com/liadesk/campaigns/liadesk"
)

// mortal is an engine of a process that may die at any of its transactions, or
// between two of them. What was committed stays; nothing is answered after.
type mortal struct {
	kv.Engine
	left  int  // updates until it dies; below 0 never
	after bool // it dies when that update is on the disk, not before
	dead  bool
}

var errDead = errors.New("the process is dead")

func (m *mortal) View(ctx context.Context, fn func(kv.Tx) error) error {
	if m.dead {
		return errDead
	}
	return m.Engine.View(ctx, fn)
}

func (m *mortal) Update(ctx context.Context, fn func(kv.Tx) error) error {
	if m.dead {
		return errDead
	}
	if m.left == 0 {
		m.dead = true
		if m.after {
			_ = m.Engine.Update(ctx, fn)
		}
		return errDead
	}
	m.left--
	return m.Engine.Update(ctx, fn)
}

// world is one run of the model.
type world struct {
	*bench
	rt       *rapid.T
	disk     kv.Engine
	life     *mortal
	campaign liadesk.ID
	people   int
	refused  map[string]bool // numbers whose text the carrier refused
	seq      map[int]int     // reports made, by text
}

// reboot begins a new process on what is on the disk.
func (w *world) reboot() {
	w.life = &mortal{Engine: w.disk, left: -1}
	store, err := db.New(context.Background(), w.life)
	if err != nil {
		w.rt.Fatal(err)
	}
	if w.bench != nil {
		w.open(store)
	} else {
		var seed [32]byte
		copy(seed[:], rapid.SliceOfN(rapid.Byte(), 8, 8).Draw(w.rt, "seed"))
		chance, clock := rand.NewChaCha8(seed), clockwork.NewFakeClockAt(noon)
		w.bench = benchOn(w.rt, store, clock, func() liadesk.ID { return liadesk.NewID(clock.Now(), chance) })
		w.carrier.answer = w.answer
	}
}

// answer is what the carrier does with one post.
func (w *world) answer(m Outgoing, take func() string) (Receipt, error) {
	switch rapid.SampledFrom([]string{"ok", "ok", "ok", "early", "lost", "timeout", "refused", "429", "no connection",
		"dies before", "dies after"}).Draw(w.rt, "answer") {
	case "early": // the first report comes before the answer
		uuid := take()
		w.carrier.mu.Unlock()
		w.reportOn(len(w.carrier.taken) - 1)
		w.carrier.mu.Lock()
		return Receipt{UUID: uuid}, nil
	case "lost": // taken, but the answer does not come
		take()
		return Receipt{}, &SendError{Class: Unknown, Reason: ReasonNoAnswer}
	case "timeout": // not taken, and nobody can tell
		return Receipt{}, &SendError{Class: Unknown, Reason: ReasonNoAnswer}
	case "refused":
		w.refused[m.To] = true
		return Receipt{}, &SendError{Class: Refused, Reason: ReasonMessage, Status: 400, Code: "http_400"}
	case "429":
		return Receipt{}, &SendError{Class: Refused, Reason: ReasonThrottled, Status: 429}
	case "no connection":
		return Receipt{}, &SendError{Class: NotSent, Reason: ReasonNoConnection}
	case "dies before":
		w.life.dead = true
	case "dies after":
		take()
		w.life.dead = true
	}
	return Receipt{UUID: take0(w, take)}, nil
}

// take0 takes the text unless the process just died in the middle of it.
func take0(w *world, take func() string) string {
	if w.life.dead {
		return "nobody hears this"
	}
	return take()
}

// reportOn brings the next or an earlier report on a text.
func (w *world) reportOn(i int) {
	status := rapid.SampledFrom([]string{"queued", "sent", "delivered", "undelivered", "failed"}).Draw(w.rt, "report")
	sequence := map[string]int{"queued": 1, "sent": 2, "delivered": 3, "undelivered": 3, "failed": 3}[status]
	if err := w.report(i, status, map[bool]string{true: "30"}[sequence == 3 && status != "delivered"], sequence); err != nil && !w.life.dead {
		w.rt.Fatal(err)
	}
}

func (w *world) act() {
	ctx := w.rt.Context()
	var err error
	switch rapid.SampledFrom([]string{"step", "step", "step", "step", "tick", "advance", "crash", "report", "report", "stop", "pause",
		"resume", "cancel", "delete", "renumber", "settle", "settle"}).Draw(w.rt, "act") {
	case "step":
		_, _, err = w.svc.Step(ctx)
	case "tick":
		err = w.svc.Tick(ctx)
	case "advance":
		w.clock.Advance(time.Duration(rapid.IntRange(1, 90).Draw(w.rt, "seconds")) * time.Second)
	case "crash":
		w.life.left = rapid.IntRange(0, 5).Draw(w.rt, "updates left")
		w.life.after = rapid.Bool().Draw(w.rt, "after commit")
	case "settle":
		w.clock.Advance(time.Duration(rapid.IntRange(1, 4).Draw(w.rt, "minutes")) * time.Minute)
		err = w.svc.Settle(ctx)
	case "report":
		if n := len(w.carrier.taken); n > 0 {
			w.reportOn(rapid.IntRange(0, n-1).Draw(w.rt, "text"))
		}
	case "stop":
		err = w.text(number(rapid.IntRange(0, w.people-1).Draw(w.rt, "who")), rapid.SampledFrom([]string{"STOP", "nice", "HELP"}).Draw(w.rt, "says"))
	case "pause":
		_, err = w.svc.Pause(ctx, w.admin, w.campaign)
	case "resume":
		_, err = w.svc.Resume(ctx, w.admin, w.campaign)
	case "cancel":
		if rapid.IntRange(0, 9).Draw(w.rt, "really") == 0 {
			_, err = w.svc.Cancel(ctx, w.admin, w.campaign)
		}
	case "delete", "renumber":
		err = w.changePerson(rapid.IntRange(0, w.people-1).Draw(w.rt, "who"), rapid.Bool().Draw(w.rt, "delete"))
	}
	if err != nil && !w.life.dead && liadesk.KindOf(err) != liadesk.KindConflict {
		w.rt.Fatal(err)
	}
	if w.life.dead {
		w.reboot()
	}
}

// changePerson deletes the contact with a number, or gives the contact a new
// number and the old one to somebody else.
func (w *world) changePerson(i int, remove bool) error {
	return w.store.Update(w.rt.Context(), func(tx *db.Tx) error {
		c, found, err := tx.ContactByPhone(w.account.ID, number(i))
		if err != nil || !found {
			return err
		}
		if remove {
			return tx.DeleteContact(c)
		}
		old := c
		c.Phone = number(50 + i)
		if _, taken, err := tx.ContactByPhone(w.account.ID, c.Phone); err != nil || taken {
			return err
		}
		return tx.PutContact(&old, &c)
	})
}

// check holds the ledger against what the carrier knows.
func (w *world) check() {
	for to, n := range w.campaignTexts() {
		if n > 1 {
			w.rt.Fatalf("%s was handed over %d times", to, n)
		}
	}
	p := w.progress(w.campaign)
	if p.Targeted == nil {
		return
	}
	seen := make(map[uint32]liadesk.DeliveryStatus)
	counts := make(map[liadesk.DeliveryStatus]int64)
	var segments, cost int64
	var priced Estimated
	codes := make(map[string]int64)
	page := db.Page{Limit: 3}
	for {
		list, next, err := w.svc.Deliveries(w.rt.Context(), w.admin, w.campaign, RecipientFilter{}, page)
		if err != nil {
			w.rt.Fatal(err)
		}
		for _, r := range list {
			if was, twice := seen[r.Dense]; twice {
				w.rt.Fatalf("recipient %d is %s and %s", r.Dense, was, r.Status)
			}
			seen[r.Dense] = r.Status
			counts[r.Status]++
			if r.Proven() {
				segments, cost = segments+int64(r.Segments), cost+r.Cost
			}
			if r.Final() && r.Estimate > 0 {
				priced = Estimated{priced.Texts + 1, priced.Estimate + r.Estimate, priced.Charged + r.Cost}
			}
			if r.Status == liadesk.DeliveryFailed || r.Status == liadesk.DeliveryUndelivered {
				codes[cmp.Or(r.ErrorCode, "unknown")]++
			}
		}
		if next == "" {
			break
		}
		page.After = next
	}
	if int64(len(seen)) != *p.Targeted {
		w.rt.Fatalf("%d recipients are listed, %d are targeted: %v", len(seen), *p.Targeted, seen)
	}
	// What is counted as things happen is what a count of the rows gives.
	if p.Segments != segments || p.Cost != cost || p.estimated != priced {
		w.rt.Fatalf("the rows have %d segments, cost %d and %+v; counted are %d, %d and %+v", segments, cost, priced, p.Segments, p.Cost, p.estimated)
	}
	for _, f := range p.Failures {
		if codes[f.Code] != f.Count {
			w.rt.Fatalf("%d rows failed with %q, counted are %d", codes[f.Code], f.Code, f.Count)
		}
		delete(codes, f.Code)
	}
	if len(codes) > 0 {
		w.rt.Fatalf("nobody counted the codes %v", codes)
	}
	want := map[liadesk.DeliveryStatus]int64{
		liadesk.DeliveryPending: p.Pending, liadesk.DeliveryDeferred: p.Deferred, liadesk.DeliverySending: p.Sending,
		liadesk.DeliveryUnconfirmed: p.Unconfirmed, liadesk.DeliveryAccepted: p.Accepted, liadesk.DeliverySent: p.Sent,
		liadesk.DeliveryDelivered: p.Delivered, liadesk.DeliveryUndelivered: p.Undelivered, liadesk.DeliveryFailed: p.Failed,
		liadesk.DeliveryExpired: p.Expired, liadesk.DeliverySkipped: p.SkippedTotal(),
	}
	for status, n := range want {
		if counts[status] != n {
			w.rt.Fatalf("%d are listed as %s, counted are %d", counts[status], status, n)
		}
	}
}

// campaignTexts counts how often each number got the campaign's text;
// confirmations are others.
func (w *world) campaignTexts() map[string]int {
	out := make(map[string]int)
	for _, o := range w.carrier.taken {
		if o.Text == "sale" {
			out[o.To]++
		}
	}
	return out
}

// finish lets the campaign come to its end without further faults, and every
// text get its last report.
func (w *world) finish() {
	w.carrier.answer = nil
	w.life.left = -1
	if c := w.bench.campaign(w.campaign); c.Status == liadesk.SMSPaused {
		if _, err := w.svc.Resume(w.rt.Context(), w.admin, w.campaign); err != nil {
			w.rt.Fatal(err)
		}
	}
	for range 3 {
		w.clock.Advance(2 * time.Minute) // past every back-off, lease and unsteady clock
		w.tick()
		w.work()
	}
	w.check()
	c := w.bench.campaign(w.campaign)
	if !c.Status.Ended() {
		w.rt.Fatalf("the campaign is still %s: %+v", c.Status, w.progress(w.campaign))
	}
	texts := w.campaignTexts()
	for i, o := range w.carrier.taken {
		if o.Text == "sale" {
			if err := w.report(i, "delivered", "", 9); err != nil {
				w.rt.Fatal(err)
			}
		}
	}
	w.check()
	rows, _, err := w.svc.Deliveries(w.rt.Context(), w.admin, w.campaign, RecipientFilter{}, db.Page{Limit: 200})
	if err != nil {
		w.rt.Fatal(err)
	}
	delivered := 0
	for _, r := range rows {
		switch n := texts[r.Phone]; r.Status {
		case liadesk.DeliveryDelivered:
			delivered++
			if n != 1 {
				w.rt.Fatalf("%s is delivered and was taken %d times", r.Phone, n)
			}
		case liadesk.DeliveryFailed:
			if !w.refused[r.Phone] {
				w.rt.Fatalf("%s failed and was never refused", r.Phone)
			}
		case liadesk.DeliveryUnconfirmed, liadesk.DeliverySkipped:
		default:
			w.rt.Fatalf("%s ended as %s", r.Phone, r.Status)
		}
	}
	if delivered != len(texts) {
		w.rt.Fatalf("%d texts were taken, %d are delivered", len(texts), delivered)
	}
}

// TestNobodyIsTextedTwiceAndNobodyIsForgotten drives sender, clock and carrier
// under one seed: crashes between any two steps, time-outs, duplicate and
// reordered reports, opt-outs, pauses, changes of contacts.
func TestNobodyIsTextedTwiceAndNobodyIsForgotten(t *testing.T) {
	folder, n := t.TempDir(), 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		disk, err := bolt.Open(filepath.Join(folder, fmt.Sprint(n)), bolt.Options{})
		if err != nil {
			rt.Fatal(err)
		}
		defer disk.Close()
		w := &world{rt: rt, disk: disk, refused: map[string]bool{}, seq: map[int]int{}}
		w.reboot()
		w.update(func(tx *db.Tx) error {
			w.account.Settings.Prices = map[string]int64{liadesk.AnyCountry: 5000}
			return tx.PutAccount(w.account)
		})
		w.people = rapid.IntRange(1, 8).Draw(rt, "people")
		for i := range w.people {
			w.person(i, nil)
		}
		w.campaign = w.schedule(func(in *Input) { in.Message = "sale" }).ID
		w.due()
		for range rapid.IntRange(1, 40).Draw(rt, "acts") {
			w.act()
			w.check()
		}
		w.finish()
	})
}
