package contacts

import (
	"context"
	"strings"
	"time"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/phone"
)

// Where an opt-out, an opt-in or a contact came from. The catalogue has a
// sentence for each.
const (
	SourceKeyword = "keyword" // the person's own text: STOP, START
	SourceTeam    = "agent"
	SourceAPI     = "api"
	SourceImport  = "import"
	SourceSMS     = "sms"     // a text from a number that we did not know
	SourceWebsite = "website" // a visitor who said who they are
	SourceReview  = "review"  // a person decided what a text meant
	SourceCarrier = "carrier" // error 200: the carrier itself blocks the number
)

// OptOutPage is a part of the list of opt-outs.
type OptOutPage struct {
	Items []OptOutView
	Next  string
}

// OptOutView is an opt-out with the contact who has the number now, if any.
type OptOutView struct {
	liadesk.OptOut
	ContactID   liadesk.ID
	ContactName string
}

// OptOuts lists the numbers that opted out, newest first, or those that begin
// with the digits typed. Like the two verbs below it is for plans with
// campaigns: what an opt-out ends is campaign texts. STOP is heard on every
// plan, and the list is there when campaigns come.
func (s *Service) OptOuts(ctx context.Context, actor liadesk.Actor, typed string, page db.Page) (OptOutPage, error) {
	if err := actor.Campaigns(); err != nil {
		return OptOutPage{}, err
	}
	var out OptOutPage
	err := s.store.View(ctx, func(tx *db.Tx) error {
		out = OptOutPage{}
		beginning := ""
		if typed = line(typed); typed != "" {
			region, err := regionOf(tx, actor.Account)
			if err != nil {
				return err
			}
			beginning = "+" + digits(typed)
			if n, err := phone.Parse(typed, region); err == nil {
				beginning = n.E164
			}
		}
		items, next, err := tx.OptOuts(actor.Account, beginning, page)
		if err != nil {
			return err
		}
		out.Next = next
		numbers := make([]string, len(items))
		for i, o := range items {
			numbers[i] = o.Number
		}
		who, err := tx.ContactsByPhone(actor.Account, numbers)
		if err != nil {
			return err
		}
		out.Items = make([]OptOutView, len(items))
		for i, o := range items {
			out.Items[i] = OptOutView{OptOut: o}
			if c, ok := who[o.Number]; ok {
				out.Items[i].ContactID, out.Items[i].ContactName = c.ID, c.Label()
			}
		}
		return nil
	})
	return out, err
}

// digits are the ASCII digits of a text.
func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}

// AddOptOut notes that a number must get no campaign texts, contact or not.
// Source is SourceTeam or SourceAPI; the note says what the person said.
func (s *Service) AddOptOut(ctx context.Context, actor liadesk.Actor, number, source, note string) (liadesk.OptOut, error) {
	if err := actor.Campaigns(); err != nil {
		return liadesk.OptOut{}, err
	}
	now := s.clock.Now().UTC()
	var o liadesk.OptOut
	err := s.store.Update(ctx, func(tx *db.Tx) error {
		var v liadesk.Invalid
		e164, err := s.numberOf(tx, actor.Account, &v, number)
		if err != nil {
			return err
		}
		note := line(note)
		tooLong(&v, "text", note, MaxAttributeValue)
		if err := v.Err(); err != nil {
			return err
		}
		if err := s.OptOut(tx, actor.Account, liadesk.OptOut{Number: e164, At: now, Source: source, Text: note, By: actor.User}); err != nil {
			return err
		}
		o, _, err = tx.OptOutOf(actor.Account, e164)
		return err
	})
	return o, err
}

// RemoveOptOut lets a number be texted again. It needs a reason, which stays
// in the number's history; it is no consent to marketing.
func (s *Service) RemoveOptOut(ctx context.Context, actor liadesk.Actor, number, source, reason string) error {
	if err := actor.Campaigns(); err != nil {
		return err
	}
	now := s.clock.Now().UTC()
	return s.store.Update(ctx, func(tx *db.Tx) error {
		var v liadesk.Invalid
		reason := line(reason)
		if reason == "" {
			v.Add("reason", "required")
		}
		tooLong(&v, "reason", reason, MaxAttributeValue)
		e164, err := s.numberOf(tx, actor.Account, &v, number)
		if err != nil {
			return err
		}
		if err := v.Err(); err != nil {
			return err
		}
		if _, found, err := tx.OptOutOf(actor.Account, e164); err != nil {
			return err
		} else if !found {
			return liadesk.ErrNotFound
		}
		if _, err = tx.DeleteOptOut(actor.Account, s.ids(), liadesk.OptOut{Number: e164, At: now, Source: source, Text: reason, By: actor.User}); err != nil {
			return err
		}
		// A "wrong number" that brought it there is taken back with it.
		c, found, err := tx.ContactByPhone(actor.Account, e164)
		if err != nil || !found || c.BadNumber != WrongNumber {
			return err
		}
		old := c
		c.BadNumber = ""
		touch(&c, liadesk.ID{}, now)
		return s.put(tx, &old, &c)
	})
}

// numberOf reads a number that may be one which the plans do not know, as long
// as it is on the list: what got in must be able to get out.
func (s *Service) numberOf(tx *db.Tx, account liadesk.ID, v *liadesk.Invalid, raw string) (string, error) {
	raw = clip(line(raw), maxSearch) // what is longer is no number, and no key
	if raw == "" {
		v.Add("number", "required")
		return "", nil
	}
	if _, found, err := tx.OptOutOf(account, raw); err != nil || found {
		return raw, err
	}
	region, err := regionOf(tx, account)
	if err != nil {
		return "", err
	}
	n, err := phone.Parse(raw, region)
	if err != nil {
		v.Add("number", string(phone.ReasonOf(err)))
	}
	return n.E164, nil
}

// OptOut notes an opt-out in the caller's transaction. A second one changes
// nothing but the history. The number is E.164.
func (s *Service) OptOut(tx *db.Tx, account liadesk.ID, o liadesk.OptOut) error {
	if _, err := tx.DeleteHold(account, liadesk.ID{}, o.Number, liadesk.OptOut{}); err != nil {
		return err // what there was to decide is decided
	}
	return tx.PutOptOut(account, s.ids(), o)
}

// OptIn ends a number's opt-out in the caller's transaction; one that had not
// opted out gets a line of history only. Who asks in a text of their own
// (SourceKeyword: START, SUBSCRIBE) agrees to marketing texts with it, so that
// is recorded as consent too; an opt-in by anybody else is not.
func (s *Service) OptIn(tx *db.Tx, account liadesk.ID, number, source, text string, at time.Time) error {
	if _, err := tx.DeleteHold(account, liadesk.ID{}, number, liadesk.OptOut{}); err != nil {
		return err
	}
	if _, err := tx.DeleteOptOut(account, s.ids(), liadesk.OptOut{Number: number, At: at, Source: source, Text: text}); err != nil {
		return err
	}
	if source != SourceKeyword {
		return nil
	}
	c, found, err := tx.ContactByPhone(account, number)
	if err != nil || !found || c.Consent.State == liadesk.ConsentGranted && c.BadNumber == "" {
		return err
	}
	old := c
	c.BadNumber = "" // whoever has it wants the texts
	if c.Consent.State != liadesk.ConsentGranted {
		c.Consent = liadesk.Consent{State: liadesk.ConsentGranted, Source: source, At: at, Text: text}
	}
	touch(&c, liadesk.ID{}, at)
	return s.put(tx, &old, &c)
}

// Alive takes back, in the caller's transaction, that a contact's number is dead:
// a text came from it. That it is somebody else's stays.
func (s *Service) Alive(tx *db.Tx, c liadesk.Contact) (liadesk.Contact, error) {
	if c.BadNumber == "" || c.BadNumber == WrongNumber {
		return c, nil
	}
	old := c
	c.BadNumber = ""
	return c, s.put(tx, &old, &c)
}

// MarkBadNumber notes in the caller's transaction that the carrier proved a
// number dead (code 50 or 70). It lasts until the contact's number changes, or a
// text comes from it.
func (s *Service) MarkBadNumber(tx *db.Tx, account liadesk.ID, number, code string) error {
	c, found, err := tx.ContactByPhone(account, number)
	if err != nil || !found || c.BadNumber == code {
		return err
	}
	old := c
	c.BadNumber = code
	c.ChangedBy = liadesk.ID{}
	return s.put(tx, &old, &c)
}

// ByPhoneOrNew finds the contact of a number in the caller's transaction, or
// makes one: whoever texts us becomes a contact, without consent to anything.
// The number is as phone.FromCarrier gives it; one that the plans do not know
// is kept, and cannot be sent campaigns.
func (s *Service) ByPhoneOrNew(tx *db.Tx, account liadesk.ID, e164, source string, at time.Time) (liadesk.Contact, error) {
	c, found, err := tx.ContactByPhone(account, e164)
	if err != nil || found {
		return c, err
	}
	c = liadesk.Contact{ID: s.ids(), AccountID: account, CreatedAt: at, UpdatedAt: at, Version: 1, Source: source}
	n, err := phone.Parse(e164, "")
	if err != nil {
		n = phone.Number{E164: e164}
	}
	setNumber(&c, n)
	return c, s.put(tx, nil, &c)
}
