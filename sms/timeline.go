package sms

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

// What comes of a campaign is counted by time too: by minutes in its first hour,
// by five of them in the second, and by hours after that. Each step is a small
// record of its own, written with what it counts.
const (
	byMinute   = 60 // steps of the first hour
	byFive     = 12 // of the second
	fiveMinute = 5 * time.Minute
	// mostSteps ends counting two weeks after the beginning; later answers count
	// in the figures alone.
	mostSteps = byMinute + byFive + 14*24
)

// The counters of a step.
const (
	stepTaken     = "taken"
	stepDelivered = "delivered"
	stepReplies   = "replies"
	stepOptOuts   = "opt_outs"
	stepClickers  = "clickers"
)

// Step is what happened in some minutes of a campaign.
type Step struct {
	At time.Time `json:"at"`
	// Seconds is how long the step is: 60, 300 or 3600.
	Seconds   int   `json:"seconds"`
	Taken     int64 `json:"accepted"` // by the carrier
	Delivered int64 `json:"delivered"`
	Replies   int64 `json:"replies"`
	OptOuts   int64 `json:"opt_outs"`
	Clickers  int64 `json:"clickers"` // people who opened a link for the first time
}

func stepTally(campaign liadesk.ID) string { return "sms/" + campaign.String() + "/step/" }

// stepOf is the step that a moment of a campaign falls into, -1 for none.
func stepOf(begun, at time.Time) int {
	n := 0
	switch since := max(0, at.Sub(begun)); {
	case since < time.Hour:
		n = int(since / time.Minute)
	case since < 2*time.Hour:
		n = byMinute + int((since-time.Hour)/fiveMinute)
	default:
		n = byMinute + byFive + int((since-2*time.Hour)/time.Hour)
	}
	if n >= mostSteps {
		return -1
	}
	return n
}

// offset is when a step begins, counted from the campaign's beginning.
func offset(step int) time.Duration {
	switch {
	case step < byMinute:
		return time.Duration(step) * time.Minute
	case step < byMinute+byFive:
		return time.Hour + time.Duration(step-byMinute)*fiveMinute
	}
	return time.Duration(step-byMinute-byFive+2) * time.Hour
}

// step counts something that happens now in the campaign's time.
func (l *ledger) step(campaign liadesk.ID, counter string, n int64) error {
	sums, known := l.steps[campaign]
	if !known {
		c, _, err := l.tx.SharedSMSCampaign(l.account, campaign)
		if err != nil {
			return err
		}
		if i := stepOf(c.StartedAt, l.now); i >= 0 && !c.StartedAt.IsZero() {
			sums = l.sumsOf(fmt.Sprintf("%s%04d", stepTally(campaign), i))
		}
		l.steps[campaign] = sums
	}
	if sums != nil {
		sums[counter] += n
	}
	return nil
}

// timed counts what a move of a row means by time.
func (l *ledger) timed(before, after liadesk.Delivery) error {
	if !before.Proven() && after.Proven() {
		if err := l.step(after.CampaignID, stepTaken, 1); err != nil {
			return err
		}
	}
	switch was, is := before.Status == liadesk.DeliveryDelivered, after.Status == liadesk.DeliveryDelivered; {
	case is && !was:
		return l.step(after.CampaignID, stepDelivered, 1)
	case was && !is:
		return l.step(after.CampaignID, stepDelivered, -1)
	}
	return nil
}

// Timeline reads what happened in a campaign by time, from its beginning to the
// last step with anything in it, in steps that are all as long as the longest.
func (s *Service) Timeline(ctx context.Context, actor liadesk.Actor, id liadesk.ID) ([]Step, error) {
	if err := actor.Campaigns(); err != nil {
		return nil, err
	}
	var list []Step
	err := s.Store.View(ctx, func(tx *db.Tx) error {
		c, err := s.find(tx, actor, id)
		if err != nil || c.StartedAt.IsZero() {
			return err
		}
		counts, err := tx.TalliesUnder(c.AccountID, stepTally(id))
		list = timeline(c.StartedAt, counts)
		return err
	})
	return list, err
}

func timeline(begun time.Time, counts map[string]map[string]int64) []Step {
	byStep, last := make(map[int]map[string]int64, len(counts)), -1
	for name, c := range counts {
		if i, err := strconv.Atoi(name); err == nil {
			byStep[i], last = c, max(last, i)
		}
	}
	if last < 0 {
		return nil
	}
	long := time.Hour
	switch {
	case last < byMinute:
		long = time.Minute
	case last < byMinute+byFive:
		long = fiveMinute
	}
	list := make([]Step, offset(last)/long+1)
	for i := range list {
		list[i] = Step{At: begun.Add(time.Duration(i) * long), Seconds: int(long / time.Second)}
	}
	for i, c := range byStep {
		list[offset(i)/long].add(c)
	}
	return list
}

func (s *Step) add(counts map[string]int64) {
	s.Taken += counts[stepTaken]
	s.Delivered += counts[stepDelivered]
	s.Replies += counts[stepReplies]
	s.OptOuts += counts[stepOptOuts]
	s.Clickers += counts[stepClickers]
}
