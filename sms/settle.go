package sms

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

// listSkew is how far the carrier's clock may be from ours.
const listSkew = 2 * time.Minute

// listPages bounds one reading of the list: 20 texts a page, so a million.
const listPages = 50_000

// markByList marks what the carrier's list shows for one inbox, as Release
// says. It fails with ErrCarrierList when the list cannot be read to its end.
func (s *Service) markByList(ctx context.Context, account, inbox liadesk.ID) error {
	var in liadesk.Inbox
	var since time.Time
	var late []liadesk.SMSCampaign
	err := s.Store.View(ctx, func(tx *db.Tx) error {
		var found bool
		var err error
		if in, found, err = tx.Inbox(account, inbox); err != nil || !found || in.SMS == nil {
			return err
		}
		if since, err = s.gapBegins(tx, in); err != nil || since.IsZero() {
			return err
		}
		late, err = s.openCampaigns(tx, in)
		return err
	})
	if err != nil || since.IsZero() {
		return err
	}
	for _, c := range late {
		if err := s.freezeEarly(ctx, c); err != nil {
			return err
		}
	}
	listed, err := s.listSince(ctx, in, since.Add(-listSkew))
	if err != nil {
		return err
	}
	// One transaction per number: what belongs together is decided together,
	// and a crash in between is made up for by reading the list again.
	for _, number := range listed.order {
		if err := s.markNumber(ctx, in, number, listed.byNumber[number]); err != nil {
			return err
		}
	}
	return s.setGap(ctx, in, time.Time{})
}

// listUnread tells whether the carrier's list must be read before a paused
// campaign goes on: it was paused for that, or by hand before the database was
// restored, and the list of its inbox could not be read when sending was
// released.
func (s *Service) listUnread(ctx context.Context, c liadesk.SMSCampaign) (bool, error) {
	if c.Reason == liadesk.PauseRestored {
		return true, nil
	}
	unread := false
	err := s.Store.View(ctx, func(tx *db.Tx) error {
		l, err := tx.Lease(c.AccountID, c.InboxID)
		unread = !l.Gap.IsZero()
		return err
	})
	return unread, err
}

// setGap remembers from when on the carrier's list of an inbox is still to be
// read, or with the zero time that it was read: later claims must not move that
// moment.
func (s *Service) setGap(ctx context.Context, in liadesk.Inbox, from time.Time) error {
	return s.Store.Update(ctx, func(tx *db.Tx) error {
		l, err := tx.Lease(in.AccountID, in.ID)
		if err != nil || l.Gap.Equal(from) {
			return err
		}
		l.Gap = from
		return tx.PutLease(in.AccountID, in.ID, l)
	})
}

// gapBegins is the moment after which the carrier may have texts of an inbox
// that the database does not know of: its last claim. Zero says that nothing
// was or could have been sent.
func (s *Service) gapBegins(tx *db.Tx, in liadesk.Inbox) (time.Time, error) {
	// Of inboxes with one number the list has the texts of all.
	twins, err := twinsOf(tx, in)
	if err != nil {
		return time.Time{}, err
	}
	var since time.Time
	for _, twin := range twins {
		l, err := tx.Lease(twin.AccountID, twin.ID)
		if err != nil {
			return time.Time{}, err
		}
		from := l.ClaimedAt
		if !l.Gap.IsZero() {
			from = l.Gap
		}
		if !from.IsZero() && (since.IsZero() || from.Before(since)) {
			since = from
		}
	}
	if !since.IsZero() {
		return since, nil
	}
	// Nothing was claimed before the backup: the first campaign or reply that
	// could have been sent after it is the earliest that still waits.
	open, err := s.openCampaigns(tx, in)
	if err != nil {
		return since, err
	}
	for _, c := range open {
		if since.IsZero() || c.ScheduledAt.Before(since) {
			since = c.ScheduledAt
		}
	}
	items, err := tx.Outbox(in.AccountID, in.ID, 1)
	if err == nil && len(items) > 0 && (since.IsZero() || items[0].CreatedAt.Before(since)) {
		since = items[0].CreatedAt
	}
	return since, err
}

// openCampaigns are those of an inbox, and of others with its number, that may
// have sent by now and are not over.
func (s *Service) openCampaigns(tx *db.Tx, in liadesk.Inbox) ([]liadesk.SMSCampaign, error) {
	twins, err := twinsOf(tx, in)
	if err != nil {
		return nil, err
	}
	var open []liadesk.SMSCampaign
	for _, status := range []liadesk.SMSStatus{liadesk.SMSScheduled, liadesk.SMSSending, liadesk.SMSPaused} {
		some, err := tx.SMSCampaignsDue(in.AccountID, status, s.now())
		if err != nil {
			return nil, err
		}
		for _, c := range some {
			if !c.ScheduledAt.After(s.now()) && slices.ContainsFunc(twins, func(twin liadesk.Inbox) bool { return twin.ID == c.InboxID }) {
				open = append(open, c)
			}
		}
	}
	return open, nil
}

// listed are the texts of a list by the number they went to.
type listed struct {
	order    []string
	byNumber map[string][]Listed
}

// listSince reads the carrier's list of an inbox's texts, all of it.
func (s *Service) listSince(ctx context.Context, in liadesk.Inbox, since time.Time) (listed, error) {
	out := listed{byNumber: make(map[string][]Listed)}
	id, token, err := s.Credentials(in)
	if err != nil {
		return out, unreadableList(err)
	}
	carrier := s.Dialer.Carrier(Credentials{AuthID: id, AuthToken: token})
	seen := make(map[string]bool)
	q := ListQuery{Since: since, Until: s.now().Add(listSkew), From: in.SMS.Number}
	for range listPages {
		page, err := s.listPage(ctx, carrier, q)
		if err != nil {
			return out, unreadableList(err)
		}
		if page.Unreadable > 0 {
			return out, unreadableList(fmt.Errorf("%d texts cannot be told apart", page.Unreadable))
		}
		for _, t := range page.Texts {
			if seen[t.UUID] {
				continue
			}
			seen[t.UUID] = true
			if number, ok := carrierNumber(t.To); ok {
				t.To = number
			}
			if out.byNumber[t.To] == nil {
				out.order = append(out.order, t.To)
			}
			out.byNumber[t.To] = append(out.byNumber[t.To], t)
		}
		if page.Next == 0 {
			return out, nil
		}
		q.Offset = page.Next
	}
	return out, unreadableList(errors.New("it is too long"))
}

func unreadableList(err error) error {
	e := *ErrCarrierList
	e.Cause = err
	return &e
}

// listPage reads one page, waiting as long as the carrier asks when it is asked
// too often.
func (s *Service) listPage(ctx context.Context, c Carrier, q ListQuery) (ListPage, error) {
	wait := firstWait
	for {
		page, err := c.List(ctx, q)
		e, ok := errors.AsType[*SendError](err)
		if !ok || e.Reason != ReasonThrottled || wait > lastWait {
			return page, err
		}
		if e.RetryAfter > wait {
			wait = e.RetryAfter
		}
		select {
		case <-ctx.Done():
			return page, ctx.Err()
		case <-s.Clock.After(wait):
		}
		wait *= 2
	}
}

// markNumber decides, in one transaction, what the texts to one number in the
// carrier's list say about those of ours that are open or wait.
func (s *Service) markNumber(ctx context.Context, in liadesk.Inbox, number string, texts []Listed) error {
	return s.Store.Update(ctx, func(tx *db.Tx) error {
		uuids := make([]string, len(texts))
		for i, t := range texts {
			uuids[i] = t.UUID
		}
		owned, err := ownedUUIDs(tx, in, number, uuids)
		if err != nil {
			return err
		}
		var free []Listed // oldest first, as the slots below
		for i := len(texts) - 1; i >= 0; i-- {
			if _, ours := owned[texts[i].UUID]; !ours {
				free = append(free, texts[i])
			}
		}
		if len(free) == 0 {
			return nil
		}
		l := newLedger(tx, in.AccountID, in.ID[15], s.now())
		slots, err := s.slotsOf(l, in, number)
		if err != nil {
			return err
		}
		if err := s.fillSlots(l, slots, free); err != nil {
			return err
		}
		return l.close()
	})
}

// slotsOf finds every text of ours to a number that the carrier may have
// without our knowing: attempts whose outcome is open, texts of the outbox, and
// waiting recipients of campaigns that have begun, of all inboxes with the same
// number. The latter two are made attempts here, under which the carrier's text
// will be theirs.
func (s *Service) slotsOf(l *ledger, in liadesk.Inbox, number string) ([]liadesk.Attempt, error) {
	twins, err := twinsOf(l.tx, in)
	if err != nil {
		return nil, err
	}
	var slots []liadesk.Attempt
	for _, twin := range twins {
		open, err := l.tx.OpenAttempts(twin.AccountID, twin.ID, number, liadesk.Attempt{}, recoverPage)
		if err != nil {
			return nil, err
		}
		slots = append(slots, open...)
		items, err := l.tx.Outbox(twin.AccountID, twin.ID, recoverPage)
		if err != nil {
			return nil, err
		}
		for _, item := range items {
			if item.Phone != number {
				continue
			}
			a, err := l.takeOut(item)
			if err != nil {
				return nil, err
			}
			slots = append(slots, a)
		}
	}
	person, known, err := l.tx.ContactByPhone(in.AccountID, number)
	if err != nil || !known {
		return slots, err
	}
	campaigns, err := s.openCampaigns(l.tx, in)
	if err != nil {
		return nil, err
	}
	for _, c := range campaigns {
		a, waits, err := s.slotOf(l, c, person)
		if err != nil {
			return nil, err
		}
		if waits {
			slots = append(slots, a)
		}
	}
	return slots, nil
}

// slotOf takes a person who waits in a campaign out of the waiting, under an
// attempt whose outcome is open.
func (s *Service) slotOf(l *ledger, c liadesk.SMSCampaign, person liadesk.Contact) (liadesk.Attempt, bool, error) {
	none := liadesk.Attempt{}
	if !c.Frozen {
		return none, false, nil
	}
	now, err := figures(l.tx, l.account, c.ID)
	if err != nil {
		return none, false, err
	}
	for class := range now.pending {
		waits, err := l.remove(c.ID, pendingSet+class, person.Dense)
		if err != nil {
			return none, false, err
		}
		if !waits {
			continue
		}
		a := liadesk.Attempt{
			ID: s.IDs(), AccountID: l.account, InboxID: c.InboxID, Cause: liadesk.CauseCampaign, Phone: person.Phone,
			StartedAt: l.now, Deadline: l.now, CampaignID: c.ID, ContactID: person.ID, Dense: person.Dense, Class: class,
			Marketing: c.Purpose != liadesk.PurposeTransactional,
		}
		if a.Marketing {
			if err := l.tx.AddTextedLately(l.account, l.now, roaring.BitmapOf(person.Dense)); err != nil {
				return none, false, err
			}
		}
		if err := l.tx.OpenAttempt(a); err != nil {
			return none, false, err
		}
		row := newRow(a, liadesk.DeliverySending)
		row.Owner = s.owner
		l.countRow(c.ID, row, 1)
		return a, true, l.tx.PutDelivery(l.account, liadesk.Delivery{}, row)
	}
	return none, false, nil
}

// fillSlots gives the carrier's texts to ours. With at least as many of theirs
// as of ours, every one of ours was taken. With fewer, nobody can tell which:
// all of ours become unconfirmed, for a person to decide.
func (s *Service) fillSlots(l *ledger, slots []liadesk.Attempt, free []Listed) error {
	for i, a := range slots {
		e := liadesk.DeliveryEvent{
			Kind: liadesk.EventUncertain, AttemptID: a.ID, At: l.now, Code: "listed", Evidence: liadesk.EvidenceList,
		}
		if len(free) >= len(slots) {
			e = listedEvent(a, free[i], l.now)
		}
		ch, err := l.apply(a, e)
		if err != nil {
			return err
		}
		if err := s.concluded(l, ch); err != nil {
			return err
		}
	}
	return nil
}

// listedEvent is what a record of the carrier's list says.
func listedEvent(a liadesk.Attempt, t Listed, now time.Time) liadesk.DeliveryEvent {
	e := liadesk.DeliveryEvent{
		Kind: eventOf(t.State), AttemptID: a.ID, At: now, Evidence: liadesk.EvidenceList,
		CarrierID: t.UUID, Code: t.ErrorCode, Segments: t.Units,
	}
	if cost, ok := millionths(t.Amount); ok {
		e.Cost = &cost
	}
	return e
}
