package sms

import (
	"context"
	"time"

	"github.com/liadesk/campaigns/audience"
	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/phone"
)

// testsPerHour is how many test texts an account may send in an hour: they ask
// nobody for consent.
const testsPerHour = 20

// TestSent is a test that is on its way.
type TestSent struct {
	Number string // in E.164
	Text   string
	Cost   Measurement
}

// SendTest texts a campaign's message to a number of the team's own, as a contact
// would read it; without one as the first person in reach, or the sample while
// there is nobody. It
// goes ahead of campaigns, at any hour, and counts in no campaign. Who opted
// out gets no test either. If the power goes after it answered nil, the text
// goes out at the next start.
func (s *Service) SendTest(ctx context.Context, actor liadesk.Actor, id liadesk.ID, to string, as liadesk.ID) (TestSent, error) {
	var sent TestSent
	if err := actor.ManageCampaigns(); err != nil {
		return sent, err
	}
	if !s.mayTest(actor.Account) {
		return sent, ErrTooManyTests
	}
	var inbox liadesk.ID
	err := s.Store.Update(ctx, func(tx *db.Tx) error {
		c, err := s.find(tx, actor, id)
		if err != nil {
			return err
		}
		inbox = c.InboxID
		account, _, err := tx.Account(actor.Account)
		if err != nil {
			return err
		}
		if sent, err = s.testText(tx, account, c, to, as); err != nil {
			return err
		}
		return tx.PutOutbox(liadesk.OutboxItem{ID: s.IDs(), AccountID: account.ID, InboxID: c.InboxID, Cause: liadesk.CauseTest,
			Phone: sent.Number, Text: sent.Text, CreatedAt: s.now()})
	})
	if err != nil {
		s.untest(actor.Account) // it does not go
		return sent, err
	}
	s.Wake(inbox)
	return sent, nil
}

// testText checks a test and writes its text.
func (s *Service) testText(tx *db.Tx, account liadesk.Account, c liadesk.SMSCampaign, to string, as liadesk.ID) (TestSent, error) {
	var v liadesk.Invalid
	var sent TestSent
	number, err := phone.Parse(to, account.Settings.Region)
	switch {
	case to == "":
		v.Add("to", "required")
	case err != nil:
		v.Add("to", string(phone.ReasonOf(err)))
	case !number.CanText():
		v.Add("to", "cannot_text")
	default:
		if _, out, err := tx.OptOutOf(account.ID, number.E164); err != nil {
			return sent, err
		} else if out {
			v.Add("to", "opted_out")
		}
	}
	in, found, err := tx.Inbox(account.ID, c.InboxID)
	if err != nil {
		return sent, err
	}
	if !found || in.SMS == nil {
		v.Add("inbox_id", "not_found")
	}
	if c.Message == "" {
		v.Add("message", "required")
	}
	if err := v.Err(); err != nil {
		return sent, err
	}
	person, known := Sample(), false
	if !as.IsZero() {
		p, found, err := tx.Contact(account.ID, as)
		if err != nil {
			return sent, err
		}
		if known = found; known {
			person = p
		}
	}
	if split, err := audience.Evaluate(tx, account.ID, c.Audience, c.Purpose); !known && err == nil && !split.Reachable.IsEmpty() {
		people, err := tx.ContactsByDense(account.ID, []uint32{split.Reachable.Minimum()})
		if err != nil {
			return sent, err
		}
		if len(people) > 0 {
			person = people[0]
		}
	}
	// Whoever gets the test may try the link: it is to opt out their own number
	// and not the person's that the test is filled in with.
	own := func() (string, error) { return s.OptOutLink(account, number.E164) }
	text, err := s.render(account, WordingOf(c, true).AsWritten(), person, own)
	if err != nil {
		addTemplate(&v, err)
		return sent, v.Err()
	}
	m := Measure(text)
	addLength(&v, CheckLength(m, account.Settings.MaxSegments))
	if err := v.Err(); err != nil {
		return sent, err
	}
	return TestSent{Number: number.E164, Text: text, Cost: m}, nil
}

// ErrTooManyTests says that an account has sent its tests of the hour.
var ErrTooManyTests = liadesk.Conflict("too_many_tests", "no more than 20 test texts an hour")

// mayTest counts a test of an account, and tells whether it may go. A restart
// forgets the count.
func (s *Service) mayTest(account liadesk.ID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tests == nil {
		s.tests = make(map[liadesk.ID][]time.Time)
	}
	now := s.now()
	var kept []time.Time
	for _, at := range s.tests[account] {
		if now.Sub(at) < time.Hour {
			kept = append(kept, at)
		}
	}
	if len(kept) < testsPerHour {
		s.tests[account] = append(kept, now)
		return true
	}
	s.tests[account] = kept
	return false
}

// untest takes back what mayTest counted last.
func (s *Service) untest(account liadesk.ID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if at := s.tests[account]; len(at) > 0 {
		s.tests[account] = at[:len(at)-1]
	}
}
