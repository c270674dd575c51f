package sms

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

// The ledger of a campaign has each recipient in exactly one place: as a bit of
// one of the frozen sets (waiting, by window class; skipped, by reason;
// expired), or as a row. A counter stands beside each set and each status of
// the rows, and changes in the same transaction, so that the sum of all is
// always the number targeted.

// ledger gathers, in one transaction, what happens to recipients, and writes
// the counters at its end: many rows, few counters.
type ledger struct {
	tx      *db.Tx
	account liadesk.ID
	seed    byte
	now     time.Time
	sums    map[string]map[string]int64 // by tally and counter
	known   map[liadesk.ID]liadesk.SMSCampaign
	steps   map[liadesk.ID]map[string]int64 // the sums of the campaign's present step, nil for none
	figures map[liadesk.ID]campaignSums
}

// campaignSums are the sums of a campaign's two tallies; see tallyOf.
type campaignSums struct{ all, waiting map[string]int64 }

func newLedger(tx *db.Tx, account liadesk.ID, seed byte, now time.Time) *ledger {
	return &ledger{tx: tx, account: account, seed: seed, now: now,
		sums: make(map[string]map[string]int64), known: make(map[liadesk.ID]liadesk.SMSCampaign),
		steps: make(map[liadesk.ID]map[string]int64), figures: make(map[liadesk.ID]campaignSums)}
}

func (l *ledger) count(campaign liadesk.ID, name string, n int64) {
	f, known := l.figures[campaign]
	if !known {
		f = campaignSums{all: l.sumsOf(tallyOf(campaign, statusName)), waiting: l.sumsOf(tallyOf(campaign, pendingSet))}
		l.figures[campaign] = f
	}
	if strings.HasPrefix(name, pendingSet) {
		f.waiting[name] += n
	} else {
		f.all[name] += n
	}
}

// sumsOf are the sums of a tally, to add to.
func (l *ledger) sumsOf(tally string) map[string]int64 {
	sums := l.sums[tally]
	if sums == nil {
		sums = make(map[string]int64)
		l.sums[tally] = sums
	}
	return sums
}

// close writes the counters.
func (l *ledger) close() error {
	for _, name := range slices.Sorted(maps.Keys(l.sums)) {
		if len(l.sums[name]) == 0 {
			continue
		}
		if err := l.tx.AddTally(l.account, name, l.seed, l.sums[name]); err != nil {
			return err
		}
	}
	clear(l.sums)
	clear(l.steps)
	clear(l.figures)
	return nil
}

// add puts one recipient into a frozen set.
func (l *ledger) add(campaign liadesk.ID, set string, dense uint32) error {
	n, err := l.tx.FrozenAdd(l.account, campaign, set, db.ChunkOf(dense), roaring.BitmapOf(dense))
	l.count(campaign, set, n)
	return err
}

// remove takes one recipient out of a frozen set and tells whether it was in.
func (l *ledger) remove(campaign liadesk.ID, set string, dense uint32) (bool, error) {
	n, err := l.tx.FrozenRemove(l.account, campaign, set, db.ChunkOf(dense), roaring.BitmapOf(dense))
	l.count(campaign, set, -n)
	return n > 0, err
}

// campaign reads a campaign once per transaction.
func (l *ledger) campaign(id liadesk.ID) (liadesk.SMSCampaign, error) {
	if c, ok := l.known[id]; ok {
		return c, nil
	}
	c, _, err := l.tx.SMSCampaign(l.account, id)
	if err == nil {
		l.known[id] = c
	}
	return c, err
}

// change is what an event did to a text.
type change struct {
	Before, After liadesk.Delivery
	Changed       bool
	Attempt       liadesk.Attempt
}

// apply brings one event to the text of an attempt, with its indexes and
// counters. It is the only way in which a row changes after its claim, for
// answers, reports, settlements and crashes alike; the table of allowed moves
// is liadesk.Delivery.Apply.
func (l *ledger) apply(a liadesk.Attempt, e liadesk.DeliveryEvent) (change, error) {
	if a.Cause != liadesk.CauseCampaign {
		return l.applyAlone(a, e)
	}
	row, found, err := l.tx.Delivery(l.account, a.CampaignID, a.Phone)
	if err != nil {
		return change{}, err
	}
	old := row // the row as stored, for the indexes
	if !found {
		if row, found, err = l.recall(a, e); err != nil {
			return change{Attempt: a}, err
		}
		if !found {
			return change{Attempt: a}, l.own(a, liadesk.Delivery{}, liadesk.Delivery{}, e)
		}
		old = liadesk.Delivery{}
	}
	if row.Status == liadesk.DeliverySending {
		l.tx.ShutGate(l.account) // it may not be posted yet: an older attempt arrived after all
	}
	return l.move(a, old, row, e)
}

// answer is apply for the answer to the post of a row that is known to be as it
// was claimed.
func (l *ledger) answer(a liadesk.Attempt, row liadesk.Delivery, e liadesk.DeliveryEvent) (change, error) {
	return l.move(a, row, row, e)
}

func (l *ledger) move(a liadesk.Attempt, old, row liadesk.Delivery, e liadesk.DeliveryEvent) (change, error) {
	after, changed := row.Apply(e)
	ch := change{Before: row, After: after, Changed: changed, Attempt: a}
	if err := l.own(a, row, after, e); err != nil || !changed {
		return ch, err
	}
	return ch, l.store(a, old, row, after, e)
}

// own keeps what the carrier calls a text where the row does not say it: of a
// second text of the row, or of one that has no row.
func (l *ledger) own(a liadesk.Attempt, before, after liadesk.Delivery, e liadesk.DeliveryEvent) error {
	if e.CarrierID != "" && e.CarrierID != after.CarrierID {
		if err := l.tx.OwnUUID(a, e.CarrierID); err != nil {
			return err
		}
	}
	if before.CarrierID == "" || before.CarrierID == after.CarrierID {
		return nil
	}
	a.ID = before.TakenBy
	return l.tx.OwnUUID(a, before.CarrierID)
}

// store writes a row after a move.
func (l *ledger) store(a liadesk.Attempt, old, before, after liadesk.Delivery, e liadesk.DeliveryEvent) error {
	if old.Status != "" {
		l.countRow(a.CampaignID, before, -1)
	}
	if err := l.timed(before, after); err != nil {
		return err
	}
	l.arrived(before, after)
	if isOpenStatus(before.Status) && !isOpenStatus(after.Status) {
		closing := a
		if before.AttemptID != a.ID && !before.AttemptID.IsZero() {
			// Proof on an older attempt settles the text; the later attempt
			// is no longer waited for.
			closing.ID = before.AttemptID
		}
		if err := l.tx.CloseAttempt(closing); err != nil {
			return err
		}
	} else if after.Status == liadesk.DeliveryUnconfirmed {
		if err := l.tx.KeepOpen(a); err != nil {
			return err
		}
	}
	switch after.Status {
	case liadesk.DeliveryPending, liadesk.DeliverySkipped, liadesk.DeliveryExpired:
		set, err := l.putAside(after, e)
		if err != nil {
			return err
		}
		if err := l.add(a.CampaignID, set, after.Dense); err != nil {
			return err
		}
		return l.tx.DeleteDelivery(l.account, before)
	}
	l.countRow(a.CampaignID, after, 1)
	return l.tx.PutDelivery(l.account, old, after)
}

// putAside chooses the set for a claimed text that did not go. Back to waiting
// is only for campaigns that still send: when one was cancelled, or its time
// ran out meanwhile, nobody would look there again.
func (l *ledger) putAside(d liadesk.Delivery, e liadesk.DeliveryEvent) (string, error) {
	switch d.Status {
	case liadesk.DeliverySkipped:
		return skippedSet + string(e.Reason), nil
	case liadesk.DeliveryExpired:
		return expiredSet, nil
	}
	c, err := l.campaign(d.CampaignID)
	switch {
	case err != nil:
		return "", err
	case c.Status == liadesk.SMSCancelled:
		return skippedSet + string(liadesk.SkipCancelled), nil
	case c.Status == liadesk.SMSCompleted, c.Sweep == liadesk.SweepExpired:
		return expiredSet, nil
	}
	return pendingSet + d.Class, nil
}

// recall finds the recipient of an attempt whose row is gone, because the text
// went back to waiting or was left out, when proof comes that the carrier took
// it all the same. The row is made anew from where the recipient is.
func (l *ledger) recall(a liadesk.Attempt, e liadesk.DeliveryEvent) (liadesk.Delivery, bool, error) {
	if !e.Kind.Proof() {
		return liadesk.Delivery{}, false, nil
	}
	sets := []string{pendingSet + a.Class, expiredSet}
	for _, r := range liadesk.SkipReasons {
		sets = append(sets, skippedSet+string(r))
	}
	// Their zone or country may have changed while they waited anew.
	t, err := figures(l.tx, l.account, a.CampaignID)
	if err != nil {
		return liadesk.Delivery{}, false, err
	}
	for _, class := range slices.Sorted(maps.Keys(t.pending)) {
		sets = append(sets, pendingSet+class)
	}
	for _, set := range sets {
		was, err := l.remove(a.CampaignID, set, a.Dense)
		if err != nil {
			return liadesk.Delivery{}, false, err
		}
		if was {
			return newRow(a, liadesk.DeliveryPending), true, nil
		}
	}
	// The recipient is a row under another number by now: this text was one
	// more than we know of, and there is no place to count it.
	return liadesk.Delivery{}, false, nil
}

func newRow(a liadesk.Attempt, status liadesk.DeliveryStatus) liadesk.Delivery {
	return liadesk.Delivery{
		ID: a.ID, CampaignID: a.CampaignID, ContactID: a.ContactID, Dense: a.Dense, Phone: a.Phone, Class: a.Class,
		Status: status, Marketing: a.Marketing, AttemptID: a.ID, StartedAt: a.StartedAt, Deadline: a.Deadline, UpdatedAt: a.StartedAt,
	}
}

func isOpenStatus(s liadesk.DeliveryStatus) bool {
	return s == liadesk.DeliverySending || s == liadesk.DeliveryUnconfirmed
}

// countRow adds a row to, or takes it from, every counter that it is part of.
func (l *ledger) countRow(campaign liadesk.ID, d liadesk.Delivery, n int64) {
	l.count(campaign, statusName+string(d.Status), n)
	if d.Proven() {
		l.count(campaign, "segments", n*int64(d.Segments))
		l.count(campaign, "cost", n*d.Cost)
		if d.Estimate > 0 && d.Final() {
			l.count(campaign, "priced", n)
			l.count(campaign, "estimated", n*d.Estimate)
			l.count(campaign, "charged", n*d.Cost)
		}
	} else if d.Status == liadesk.DeliveryFailed {
		l.count(campaign, "refused", n)
	}
	if d.Status == liadesk.DeliveryFailed || d.Status == liadesk.DeliveryUndelivered {
		code := d.ErrorCode
		if code == "" {
			code = "unknown"
		}
		l.count(campaign, codeName+code, n)
	}
}

// applyAlone is apply for a text that belongs to no campaign: its row lies in
// the attempt.
func (l *ledger) applyAlone(a liadesk.Attempt, e liadesk.DeliveryEvent) (change, error) {
	if e.CarrierID != "" {
		if err := l.tx.OwnUUID(a, e.CarrierID); err != nil {
			return change{}, err
		}
	}
	if a.Alone == nil {
		return change{Attempt: a}, nil
	}
	before := *a.Alone
	after, changed := before.Apply(e)
	ch := change{Before: before, After: after, Changed: changed, Attempt: a}
	if !changed {
		return ch, nil
	}
	a.Alone = &after
	ch.Attempt = a
	if isOpenStatus(before.Status) && !isOpenStatus(after.Status) {
		if err := l.tx.CloseAttempt(a); err != nil {
			return ch, err
		}
	} else if after.Status == liadesk.DeliveryUnconfirmed {
		if err := l.tx.KeepOpen(a); err != nil {
			return ch, err
		}
	}
	return ch, l.tx.PutAttempt(a)
}
