package sms

import (
	"context"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

// How long the texts of a campaign took to arrive, and people to answer, is
// counted in spans that grow by a twelfth of their length each: a few hundred
// counters say of a million texts what was usual, right to about 5 %.
const (
	spansPerDoubling = 8
	// mostSpan is of texts that took 45 days or more.
	mostSpan = 22 * spansPerDoubling
)

// The counters of spans begin with these; the number of the span follows.
const (
	tookToArrive = "arrive:"
	tookToAnswer = "answer:"
)

func tookTally(campaign liadesk.ID) string { return "sms/" + campaign.String() + "/took" }

// spanOf is the span that a time falls into. The first is that of less than a
// second.
func spanOf(d time.Duration) int {
	if d < time.Second {
		return 0
	}
	return min(1+int(spansPerDoubling*math.Log2(d.Seconds())), mostSpan)
}

// middleOf is the time in the middle of a span, by ratio.
func middleOf(span int) time.Duration {
	if span == 0 {
		return 0
	}
	return time.Duration(math.Exp2((float64(span)-0.5)/spansPerDoubling) * float64(time.Second))
}

// took counts a time that a text of a campaign took, or takes it back.
func (l *ledger) took(campaign liadesk.ID, kind string, d time.Duration, n int64) {
	l.sumsOf(tookTally(campaign))[kind+strconv.Itoa(spanOf(d))] += n
}

// arrived counts how long a text took from the carrier's yes until its report
// that the handset has it, both by our clock. Rows of before that was kept are
// not counted.
func (l *ledger) arrived(before, after liadesk.Delivery) {
	if before.DeliveredAt.Equal(after.DeliveredAt) {
		return
	}
	for _, of := range []struct {
		row liadesk.Delivery
		n   int64
	}{{before, -1}, {after, 1}} {
		if d, known := tookToDeliver(of.row); known {
			l.took(of.row.CampaignID, tookToArrive, d, of.n)
		}
	}
}

// tookToDeliver is how long a text took. Of one whose delivery is the first that
// was heard of it, the time runs from its post; when the carrier's list said it,
// long after, nobody knows.
func tookToDeliver(row liadesk.Delivery) (d time.Duration, known bool) {
	switch {
	case row.DeliveredAt.IsZero():
		return 0, false
	case row.DeliveredAt.After(row.AcceptedAt):
		return row.DeliveredAt.Sub(row.AcceptedAt), true
	}
	return row.DeliveredAt.Sub(row.StartedAt), row.Evidence == liadesk.EvidenceCallback
}

// answered counts how long a person took to answer: from when they had the
// text; if that was not reported, from when the carrier took it, or from its
// post.
func (l *ledger) answered(row liadesk.Delivery) {
	l.took(row.CampaignID, tookToAnswer, row.RepliedAt.Sub(reached(row)), 1)
}

// reached is the latest that is known of a text on its way to the person.
func reached(row liadesk.Delivery) time.Time {
	at := row.StartedAt
	for _, later := range []time.Time{row.AcceptedAt, row.DeliveredAt} {
		if later.After(at) {
			at = later
		}
	}
	return at
}

// Took is how long something usually took in a campaign. Times are right to
// about 5 %, and 0 is less than a second.
type Took struct {
	Count       int64         // of how many
	Median, P95 time.Duration // half of them, and 19 of 20, took no longer
}

// tookOf reads the times of one kind, nil when there are none.
func tookOf(counts map[string]int64, kind string) *Took {
	var spans [mostSpan + 1]int64
	var t Took
	for name, n := range counts {
		if number, ok := strings.CutPrefix(name, kind); ok && n > 0 {
			if span, err := strconv.Atoi(number); err == nil && span >= 0 && span <= mostSpan {
				spans[span] += n
				t.Count += n
			}
		}
	}
	if t.Count == 0 {
		return nil
	}
	t.Median, t.P95 = quantile(spans[:], t.Count, 50), quantile(spans[:], t.Count, 95)
	return &t
}

// quantile is the shortest time that so many in a hundred did not exceed.
func quantile(spans []int64, all, percent int64) time.Duration {
	left := (all*percent + 99) / 100
	return middleOf(slices.IndexFunc(spans, func(n int64) bool {
		left -= n
		return left <= 0
	}))
}

// times reads how long the texts of a campaign took, and the answers to them.
func (s *Service) times(ctx context.Context, account, campaign liadesk.ID) (arrive, answer *Took, err error) {
	err = s.Store.View(ctx, func(tx *db.Tx) error {
		counts, err := tx.Tallies(account, tookTally(campaign))
		if err == nil {
			arrive, answer = tookOf(counts[0], tookToArrive), tookOf(counts[0], tookToAnswer)
		}
		return err
	})
	return arrive, answer, err
}
