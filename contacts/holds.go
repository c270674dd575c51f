package contacts

import (
	"context"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

// MaxHolds is how many held numbers a list shows; the others come when these
// are decided.
const MaxHolds = 100

// HoldView is a held number with the contact who has it now, if any.
type HoldView struct {
	liadesk.Hold
	ContactID   liadesk.ID
	ContactName string
}

// Hold keeps marketing texts from a number until a person has decided, in the
// caller's transaction. A second text changes nothing.
func (s *Service) Hold(tx *db.Tx, account liadesk.ID, h liadesk.Hold) error {
	h.Text = clip(line(h.Text), MaxAttributeValue)
	return tx.PutHold(account, s.ids(), h)
}

// Holds lists the numbers that wait for a decision, at most MaxHolds.
func (s *Service) Holds(ctx context.Context, actor liadesk.Actor) ([]HoldView, error) {
	if err := actor.Campaigns(); err != nil {
		return nil, err
	}
	var list []HoldView
	err := s.store.View(ctx, func(tx *db.Tx) error {
		list = nil
		holds, err := tx.Holds(actor.Account, MaxHolds)
		if err != nil || len(holds) == 0 {
			return err
		}
		numbers := make([]string, len(holds))
		for i, h := range holds {
			numbers[i] = h.Number
		}
		people, err := tx.ContactsByPhone(actor.Account, numbers)
		if err != nil {
			return err
		}
		list = make([]HoldView, len(holds))
		for i, h := range holds {
			p := people[h.Number]
			list[i] = HoldView{Hold: h, ContactID: p.ID, ContactName: p.Name}
		}
		return nil
	})
	return list, err
}

// DecideHold says what the text of a held number meant. Administrators and
// agents may; who and when stays in the number's history. A number that is not
// held (any more) gives liadesk.ErrNotFound, so that of two people who decide
// at once the second learns that the first did.
func (s *Service) DecideHold(ctx context.Context, actor liadesk.Actor, number string, v liadesk.Verdict) error {
	if err := actor.Campaigns(); err != nil {
		return err
	}
	switch v {
	case liadesk.VerdictOptOut, liadesk.VerdictKeep, liadesk.VerdictWrongNumber:
	default:
		var wrong liadesk.Invalid
		wrong.Add("verdict", "unknown_verdict")
		return wrong.Err()
	}
	now := s.clock.Now().UTC()
	number = clip(line(number), maxSearch) // what is longer is nobody's, and no key
	return s.store.Update(ctx, func(tx *db.Tx) error {
		h, held, err := tx.HoldOf(actor.Account, number)
		if err != nil {
			return err
		}
		if !held {
			return liadesk.ErrNotFound
		}
		for _, tell := range s.holdDecided {
			if err := tell(tx, actor.Account, h, v); err != nil {
				return err
			}
		}
		why := liadesk.OptOut{Number: number, At: now, Source: SourceReview, Text: h.Text, By: actor.User, CampaignID: h.CampaignID}
		if v == liadesk.VerdictKeep {
			_, err := tx.DeleteHold(actor.Account, s.ids(), number, why)
			return err
		}
		if v == liadesk.VerdictWrongNumber {
			if c, found, err := tx.ContactByPhone(actor.Account, number); err != nil {
				return err
			} else if found {
				old := c
				c.BadNumber = WrongNumber
				touch(&c, liadesk.ID{}, now)
				if err := s.put(tx, &old, &c); err != nil {
					return err
				}
			}
		}
		return s.OptOut(tx, actor.Account, why) // which ends the hold
	})
}

// HoldDecided is told, in the transaction of a decision about a held text, what
// somebody read in it.
type HoldDecided func(tx *db.Tx, account liadesk.ID, h liadesk.Hold, v liadesk.Verdict) error

// OnHoldDecided adds somebody to be told. It is for the start of the program.
func (s *Service) OnHoldDecided(f HoldDecided) { s.holdDecided = append(s.holdDecided, f) }

// WrongNumber stands in a contact's BadNumber when whoever has the number said
// that it is not that person's.
const WrongNumber = "wrong_number"
