package sms

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

// What comes of a campaign is counted by time too: by five minutes while most
// happens, and by hours after that. Each step is a small record of its own,
// written with what it counts.
const (
	fineStep  = 5 * time.Minute
	fineSteps = 24 // two hours
	stepHour  = time.Hour
	// mostSteps ends counting two weeks after the beginning; later answers count
	// in the figures alone.
	mostSteps = fineSteps + 14*24
)

// The counters of a step.
const (
	stepTaken     = "taken"
	stepDelivered = "delivered"
	stepReplies   = "replies"
	stepOptOuts   = "opt_outs"
)

// Step is what happened in some minutes of a campaign.
type Step struct {
	At time.Time `json:"at"`
	// Seconds is how long the step is: 300, or 3600.
	Seconds   int   `json:"seconds"`
	Taken     int64 `json:"accepted"` // by the carrier
	Delivered int64 `json:"delivered"`
	Replies   int64 `json:"replies"`
	OptOuts   int64 `json:"opt_outs"`
}

func stepTally(campaign liadesk.ID) string { return "sms/" + campaign.String() + "/step/" }

// stepOf is the step that a moment of a campaign falls into, -1 for none.
func stepOf(begun, at time.Time) int {
	since := max(0, at.Sub(begun))
	if since < fineStep*fineSteps {
		return int(since / fineStep)
	}
	if n := fineSteps + int((since-fineStep*fineSteps)/stepHour); n < mostSteps {
		return n
	}
	return -1
}

// step counts something that happens now in the campaign's time.
func (l *ledger) step(campaign liadesk.ID, counter string, n int64) error {
	begun, known := l.begun[campaign]
	if !known {
		c, _, err := l.tx.SharedSMSCampaign(l.account, campaign)
		if err != nil {
			return err
		}
		begun = c.StartedAt
		l.begun[campaign] = begun
	}
	if begun.IsZero() {
		return nil
	}
	if i := stepOf(begun, l.now); i >= 0 {
		tally := fmt.Sprintf("%s%04d", stepTally(campaign), i)
		if l.sums[tally] == nil {
			l.sums[tally] = make(map[string]int64)
		}
		l.sums[tally][counter] += n
	}
	return nil
}

// steps counts what a move of a row means.
func (l *ledger) steps(before, after liadesk.Delivery) error {
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
// last step with anything in it; by hours if it took longer than two.
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
	last, byStep := -1, make(map[int]map[string]int64, len(counts))
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		if i, err := strconv.Atoi(name); err == nil {
			last, byStep[i] = i, counts[name]
		}
	}
	if last < 0 {
		return nil
	}
	const perHour = int(stepHour / fineStep)
	if last < fineSteps {
		list := make([]Step, last+1)
		for i := range list {
			list[i] = Step{At: begun.Add(time.Duration(i) * fineStep), Seconds: int(fineStep / time.Second)}
			list[i].add(byStep[i])
		}
		return list
	}
	list := make([]Step, last-fineSteps+1+fineSteps/perHour)
	for i := range list {
		list[i] = Step{At: begun.Add(time.Duration(i) * stepHour), Seconds: int(stepHour / time.Second)}
	}
	for i, c := range byStep {
		if i < fineSteps {
			list[i/perHour].add(c)
		} else {
			list[i-fineSteps+fineSteps/perHour].add(c)
		}
	}
	return list
}

func (s *Step) add(counts map[string]int64) {
	s.Taken += counts[stepTaken]
	s.Delivered += counts[stepDelivered]
	s.Replies += counts[stepReplies]
	s.OptOuts += counts[stepOptOuts]
}
