package sms

import (
	"context"
	"errors"
	"maps"
	"time"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

// A text of which nobody knows whether it went out is looked for in the
// carrier's list, some times over half an hour, for the list may show it late.
// It is settled only when the list has exactly one text that belongs to nobody,
// from our number to that one around that time, and we have exactly one text
// open to it. Absence proves nothing, and two of either kind leave it to a
// person: a text that another program sent from the same number must not pass
// for ours.

// lookAfter is how long after the end of its post a text is looked for, again
// and again. Then it is left to a late report, or to a person. A restart begins
// anew.
var lookAfter = []time.Duration{time.Minute, 3 * time.Minute, 10 * time.Minute, 30 * time.Minute}

const (
	// lookRequests is how often one round asks for the list of one account with
	// the carrier, which takes 20 questions a minute. The rest is for releases.
	lookRequests = 15
	// lookPages bounds the list of one number: more texts than that to one
	// person within minutes are nothing that could be told apart.
	lookPages = 3
	// listKept is how long the carrier keeps what its list shows, with a margin
	// (Plivo: 90 days).
	listKept = 80 * 24 * time.Hour
)

// SettleEvery is how often Settle wants to be called: as often as the carrier
// counts questions.
const SettleEvery = time.Minute

// look is how often a text was looked for, and when it is next.
type look struct {
	done int
	next time.Time
}

// Settle looks for the texts of which nobody knows in the carrier's lists. It
// is called again and again; a call while another one works does nothing.
// Nothing is lost if the power goes in it, or if a list cannot be read: the
// next call looks again.
func (s *Service) Settle(ctx context.Context) error {
	if !s.settling.TryLock() {
		return nil
	}
	defer s.settling.Unlock()
	if _, held, err := s.Held(ctx); err != nil || held {
		return err // a release reads the lists, and knows more
	}
	inboxes, err := s.smsInboxes(ctx)
	if err != nil {
		return err
	}
	var errs []error
	left := make(map[string]int) // requests, by account with the carrier
	open := make(map[liadesk.ID]look)
	for _, in := range inboxes {
		if _, known := left[in.SMS.AuthID]; !known {
			left[in.SMS.AuthID] = lookRequests
		}
		due, err := s.lookedFor(ctx, in, open)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		for _, a := range due {
			if left[in.SMS.AuthID] <= 0 {
				break
			}
			used, err := s.lookFor(ctx, in, a)
			left[in.SMS.AuthID] -= used
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err != nil {
				s.Log.Warn("the carrier's list cannot be read; the next round tries again", "inbox", in.ID.String(), "error", err)
				// A list that refuses this inbox may well answer another one of the
				// same account: its credentials are its own. One that is asked too
				// much, or cannot be reached, answers nobody.
				if e, is := errors.AsType[*SendError](err); !is || e.Reason == ReasonThrottled || e.Reason == ReasonNoConnection || e.Class == Unknown {
					left[in.SMS.AuthID] = 0
				}
				break
			}
			l := open[a.ID]
			l.done++
			if l.next = s.now().Add(listKept); l.done < len(lookAfter) {
				l.next = s.now().Add(lookAfter[l.done] - lookAfter[l.done-1])
			}
			open[a.ID] = l
		}
	}
	s.looks = open // what is settled is forgotten
	return errors.Join(errs...)
}

// lookedFor lists the open texts of an inbox that are to be looked for now, and
// notes all of them in open.
func (s *Service) lookedFor(ctx context.Context, in liadesk.Inbox, open map[liadesk.ID]look) ([]liadesk.Attempt, error) {
	var due []liadesk.Attempt
	now := s.now()
	for after := (liadesk.Attempt{}); ; {
		var page []liadesk.Attempt
		err := s.Store.View(ctx, func(tx *db.Tx) (err error) {
			page, err = tx.OpenAttempts(in.AccountID, in.ID, "", after, recoverPage)
			return err
		})
		if err != nil {
			return nil, err
		}
		for _, a := range page {
			l, known := s.looks[a.ID]
			if !known {
				l.next = a.Deadline.Add(lookAfter[0])
			}
			open[a.ID] = l
			if !l.next.After(now) && a.StartedAt.After(now.Add(-listKept)) {
				due = append(due, a)
			}
		}
		if len(page) < recoverPage {
			return due, nil
		}
		after = page[len(page)-1]
	}
}

// lookFor reads what the carrier's list has for one text, and settles it if
// that is plain. It tells how many questions that took.
func (s *Service) lookFor(ctx context.Context, in liadesk.Inbox, a liadesk.Attempt) (used int, err error) {
	id, token, err := s.Credentials(in)
	if err != nil {
		return 0, unreadableList(err)
	}
	carrier := s.Dialer.Carrier(Credentials{AuthID: id, AuthToken: token})
	q := ListQuery{Since: a.StartedAt.Add(-listSkew), Until: a.Deadline.Add(listSkew), From: in.SMS.Number, To: a.Phone}
	if !a.Deadline.After(a.StartedAt) { // not posted from here, but perhaps before this database was restored
		err := s.Store.View(ctx, func(tx *db.Tx) error {
			l, err := tx.Lease(in.AccountID, in.ID)
			if !l.Gap.IsZero() {
				q.Since = l.Gap.Add(-listSkew)
			}
			return err
		})
		if err != nil {
			return 0, err
		}
	}
	found := make(map[string]Listed)
	for range lookPages {
		used++
		page, err := carrier.List(ctx, q)
		if err != nil {
			return used, unreadableList(err)
		}
		if page.Unreadable > 0 {
			return used, nil // one of those may be it, or another's
		}
		for _, t := range page.Texts {
			found[t.UUID] = t
		}
		if page.Next == 0 {
			return used, s.settleByList(ctx, in, a, found)
		}
		q.Offset = page.Next
	}
	return used, nil
}

// settleByList gives a text of the list to the one of ours that it must be.
func (s *Service) settleByList(ctx context.Context, in liadesk.Inbox, a liadesk.Attempt, found map[string]Listed) error {
	if len(found) == 0 {
		return nil
	}
	uuids := make([]string, 0, len(found))
	for uuid := range found {
		uuids = append(uuids, uuid)
	}
	return s.Store.Update(ctx, func(tx *db.Tx) error {
		twins, err := twinsOf(tx, in)
		if err != nil {
			return err
		}
		var slots []liadesk.Attempt
		for _, twin := range twins {
			more, err := tx.OpenAttempts(in.AccountID, twin.ID, a.Phone, liadesk.Attempt{}, 2)
			if err != nil {
				return err
			}
			slots = append(slots, more...)
		}
		if len(slots) != 1 || slots[0].ID != a.ID {
			return nil
		}
		owned, err := ownedUUIDs(tx, in, a.Phone, uuids)
		if err != nil {
			return err
		}
		var free []Listed
		for uuid, t := range found {
			if _, ours := owned[uuid]; !ours {
				free = append(free, t)
			}
		}
		if len(free) != 1 {
			return nil
		}
		l := newLedger(tx, in.AccountID, in.ID[15], s.now())
		ch, err := l.apply(slots[0], listedEvent(slots[0], free[0], l.now))
		if err != nil {
			return err
		}
		if err := s.concluded(l, ch); err != nil {
			return err
		}
		return l.close()
	})
}

// twinsOf are the inboxes of an account that text from the same number, the
// given one among them: the carrier's list does not tell their texts apart.
func twinsOf(tx *db.Tx, in liadesk.Inbox) ([]liadesk.Inbox, error) {
	twins := []liadesk.Inbox{in}
	all, err := tx.Inboxes(in.AccountID)
	for _, other := range all {
		if other.ID != in.ID && other.SMS != nil && in.SMS != nil && other.SMS.Number == in.SMS.Number {
			twins = append(twins, other)
		}
	}
	return twins, err
}

// ownedUUIDs finds which of the carrier's texts from an inbox's number to another
// belong to attempts, of that inbox or its twins.
func ownedUUIDs(tx *db.Tx, in liadesk.Inbox, number string, uuids []string) (map[string]liadesk.ID, error) {
	twins, err := twinsOf(tx, in)
	if err != nil {
		return nil, err
	}
	all := make(map[string]liadesk.ID)
	for _, twin := range twins {
		owned, err := tx.OwnedUUIDs(in.AccountID, twin.ID, number, uuids)
		if err != nil {
			return nil, err
		}
		maps.Copy(all, owned)
	}
	return all, nil
}
