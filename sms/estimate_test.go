package sms

import (
	"fmt"
	"testing"
	"time"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

func TestWhenACampaignIsAboutDone(t *testing.T) {
	now := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	next := func(n int64, until time.Duration, final bool) nextUp {
		up := nextUp{n: n, final: final}
		if until > 0 {
			up.until = now.Add(until)
		}
		return up
	}
	p := func(sending int64, sharing int, list ...nextUp) Progress {
		p := Progress{Sending: sending, Deferred: 5000, Sharing: sharing, next: list}
		for _, up := range list {
			p.Pending += up.n
		}
		return p
	}
	for name, c := range map[string]struct {
		status liadesk.SMSStatus
		p      Progress
		pace   float64
		want   string // "" for silence
	}{
		"next and under way":         {liadesk.SMSSending, p(10, 1, next(590, 0, false)), 5, "2m0s, 0 left, 0 late"},
		"shared by three":            {liadesk.SMSSending, p(0, 3, next(600, 0, false)), 5, "6m0s, 0 left, 0 late"},
		"a slow number":              {liadesk.SMSSending, p(0, 1, next(36, 0, false)), 0.01, "1h0m0s, 0 left, 0 late"},
		"hours that end before":      {liadesk.SMSSending, p(0, 1, next(1000, time.Minute, false)), 5, "1m0s, 700 left, 0 late"},
		"a campaign that does":       {liadesk.SMSSending, p(0, 1, next(1000, time.Minute, true)), 5, "1m0s, 0 left, 700 late"},
		"one country before":         {liadesk.SMSSending, p(0, 1, next(300, time.Hour, false), next(400, time.Minute, false)), 5, "1m0s, 400 left, 0 late"},
		"one country after":          {liadesk.SMSSending, p(0, 1, next(400, time.Minute, false), next(300, time.Hour, false)), 5, "2m0s, 100 left, 0 late"},
		"hours that are just over":   {liadesk.SMSSending, p(50, 1, next(100, time.Second, false)), 5, "10s, 100 left, 0 late"},
		"only outside hours":         {liadesk.SMSSending, p(0, 1), 5, ""},
		"paused":                     {liadesk.SMSPaused, p(0, 1, next(100, 0, false)), 5, ""},
		"no pace":                    {liadesk.SMSSending, p(0, 1, next(100, 0, false)), 0, ""},
		"for ever":                   {liadesk.SMSSending, p(0, 1, next(1<<62, 0, false)), 0.01, ""},
		"for ever, were it not over": {liadesk.SMSSending, p(0, 1, next(1<<62, time.Minute, true)), 5, fmt.Sprintf("1m0s, 0 left, %d late", int64(1<<62)-300)},
	} {
		got := ""
		if end, ok := EstimateEnd(liadesk.SMSCampaign{Status: c.status}, c.p, c.pace, now); ok {
			got = fmt.Sprintf("%v, %d left, %d late", end.At.Sub(now), end.Left, end.Late)
		}
		if got != c.want {
			t.Errorf("%s: %q, not %q", name, got, c.want)
		}
	}
}

// A bench's people are in Stockholm, where it is six in the evening; hours end
// at eight.
func TestWhoHasNoTurnBeforeTheEndIsForetold(t *testing.T) {
	b := newBench(t)
	for i := range 100 {
		b.person(i, func(c *liadesk.Contact) {
			if i >= 90 {
				c.Class = "SE//Asia/Tokyo" // from 9:00 on, which is 1:00 in Stockholm
			}
		})
	}
	b.inbox.SMS.MessagesPerSecond = 0.01 // 36 an hour
	b.update(func(tx *db.Tx) error { return tx.PutInbox(b.inbox) })
	end := func(in *Input) {
		in.ScheduledAt, in.ExpiresAt = b.clock.Now().Add(time.Minute), b.clock.Now().Add(time.Hour+time.Minute)
	}
	in := b.input()
	end(&in)
	if f := b.forecast(in); f.TooLate < 60 || f.TooLate > 66 || f.Later != 0 || f.Never != 0 || f.Measured != 100 {
		t.Errorf("the forecast: %d too late, %d later, %d never, %d measured", f.TooLate, f.Later, f.Never, f.Measured)
	}
	r, err := b.svc.Review(t.Context(), b.admin, b.draft(end).ID, 0)
	if err != nil || r.Outside != 10 || r.TooLate != 10 || !r.FirstOpens.IsZero() {
		t.Errorf("the review: %d outside, %d of them too late, from %s; %v", r.Outside, r.TooLate, r.FirstOpens, err)
	}
	c := b.schedule(end)
	b.due()
	p := b.progress(c.ID)
	if p.Deferred != 10 || p.TooLate != 10 || !p.DeferredUntil.IsZero() {
		t.Errorf("while it sends: %d deferred, %d of them too late, until %s", p.Deferred, p.TooLate, p.DeferredUntil)
	}
	if got, ok := EstimateEnd(b.campaign(c.ID), p, b.inbox.SMS.MessagesPerSecond, b.clock.Now()); !ok || got.Late < 50 || got.Left != 0 {
		t.Errorf("the estimate: %+v", got)
	}
	rows, _, err := b.svc.Deliveries(t.Context(), b.admin, c.ID, RecipientFilter{Status: liadesk.DeliveryDeferred}, db.Page{Limit: 200})
	if err != nil || len(rows) != 10 || !rows[0].NextAt.IsZero() {
		t.Errorf("%d wait, the first until %s; %v", len(rows), rows[0].NextAt, err)
	}
	// Whoever resumes a paused campaign gives it another usual end.
	paused := b.campaign(c.ID)
	paused.Status, paused.UsualEnd = liadesk.SMSPaused, true
	if isOver(paused, paused.ExpiresAt) {
		t.Error("a paused campaign is held to its usual end")
	}
	// The usual end moves on for those whom only the pace keeps waiting.
	usual := liadesk.SMSCampaign{Status: liadesk.SMSSending, UsualEnd: true, ExpiresAt: day(t, 24, "20:00")}
	if up := nextOf(b.account, usual, "SE//Europe/Stockholm", 5, b.clock.Now()); up.final || !up.until.Equal(usual.ExpiresAt) {
		t.Errorf("before the usual end: %+v", up)
	}
}
