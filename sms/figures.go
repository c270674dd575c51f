package sms

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

// Names of the frozen sets and of their counters, which are the same.
const (
	pendingSet = "p:"        // and the window class
	skippedSet = "s:"        // and the reason
	expiredSet = "d:expired" //
	statusName = "d:"        // and the status of rows, for counters alone
	codeName   = "c:"        // and the carrier's error code, for counters alone
)

// tallyOf is the tally that a counter of a campaign is part of. Who waits has
// one of its own: it has a counter per window class, hundreds in a campaign
// around the world, and a report from the carrier should not have to write
// them all anew.
func tallyOf(campaign liadesk.ID, counter string) string {
	if strings.HasPrefix(counter, pendingSet) {
		return "sms/" + campaign.String() + "/waiting"
	}
	return "sms/" + campaign.String()
}

// tallied are the figures of one campaign as its counters have them.
type tallied struct {
	pending  map[string]int64 // by window class
	skipped  map[liadesk.SkipReason]int64
	rows     map[liadesk.DeliveryStatus]int64 // and the expired
	failures []Failure
	other    map[string]int64
}

// figures reads the figures of one campaign.
func figures(tx *db.Tx, account, campaign liadesk.ID) (tallied, error) {
	all, err := figuresOf(tx, account, campaign)
	if err != nil {
		return tallied{}, err
	}
	return all[0], nil
}

// figuresOf reads the figures of many campaigns in one round trip.
func figuresOf(tx *db.Tx, account liadesk.ID, campaigns ...liadesk.ID) ([]tallied, error) {
	names := make([]string, 0, 2*len(campaigns))
	for _, id := range campaigns {
		names = append(names, tallyOf(id, statusName), tallyOf(id, pendingSet))
	}
	counts, err := tx.Tallies(account, names...)
	if err != nil {
		return nil, err
	}
	out := make([]tallied, len(campaigns))
	for i := range out {
		sum := counts[2*i]
		maps.Copy(sum, counts[2*i+1])
		out[i] = tally(sum)
	}
	return out, nil
}

// tally sorts counters into figures.
func tally(counts map[string]int64) tallied {
	t := tallied{
		pending: make(map[string]int64), skipped: make(map[liadesk.SkipReason]int64),
		rows: make(map[liadesk.DeliveryStatus]int64), other: make(map[string]int64),
	}
	for name, n := range counts {
		if n == 0 {
			continue
		}
		if class, ok := strings.CutPrefix(name, pendingSet); ok {
			t.pending[class] = n
		} else if reason, ok := strings.CutPrefix(name, skippedSet); ok {
			t.skipped[liadesk.SkipReason(reason)] = n
		} else if status, ok := strings.CutPrefix(name, statusName); ok {
			t.rows[liadesk.DeliveryStatus(status)] = n
		} else if code, ok := strings.CutPrefix(name, codeName); ok {
			t.failures = append(t.failures, Failure{Code: code, Count: n})
		} else {
			t.other[name] = n
		}
	}
	slices.SortFunc(t.failures, func(a, b Failure) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Code, b.Code))
	})
	return t
}

// waiting is how many were not handed over yet.
func (t tallied) waiting() int64 {
	var n int64
	for _, k := range t.pending {
		n += k
	}
	return n
}
