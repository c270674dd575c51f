package sms

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/liadesk/campaigns/audience"
	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

// Check tells what is wrong with input while it is typed, as Create would say
// it, without writing anything.
func (s *Service) Check(ctx context.Context, actor liadesk.Actor, in Input) error {
	if err := actor.ManageCampaigns(); err != nil {
		return err
	}
	return s.Store.View(ctx, func(tx *db.Tx) error {
		c := liadesk.SMSCampaign{AccountID: actor.Account} // replaces nothing, so fill writes nothing
		return s.fill(tx, &c, in)
	})
}

// Review is a draft as somebody sees it who is to say "send".
type Review struct {
	Campaign liadesk.SMSCampaign
	Audience audience.Count
	// Sample is a person who would get the text, and Text what that person
	// would read, footer and all. Without anybody in reach both are empty.
	Sample liadesk.Contact
	Text   string
	Cost   Measurement
	// Nameless tells that a marketing text does not say who writes, not even to
	// somebody whom no campaign has texted, and NoWayOut that it does not say how
	// to stop: what networks and laws of many countries ask for.
	Nameless, NoWayOut bool
	// UsualEnd tells that the campaign, should nobody set an end, ends with the
	// texting hours.
	UsualEnd bool
	// Outside is how many of the reachable may not be texted at the time that
	// was chosen, and get the text when their window opens; FirstOpens is when
	// the first of them does. Never is how many of them have no window at all,
	// and TooLate how many have one that opens after the campaign's end: those
	// get nothing.
	Outside, Never, TooLate int64
	FirstOpens              time.Time
	// Past is how many of the reachable have their own hour behind them when a
	// campaign by recipients' own clocks begins; they get the text at once.
	Past int64
	// Restrained are those of the reachable who got marketing texts so lately
	// that this one would leave them out.
	Restrained Restrained
	// Problems is what keeps the draft from being scheduled, nil if nothing
	// does: an *liadesk.Error as Schedule would return it.
	Problems error
	// Replaces is the scheduled campaign that this one would stand in for.
	Replaces liadesk.SMSCampaign
}

// Review reads a draft with everything that a decision needs. Sample chooses
// among those in reach and may be any number.
func (s *Service) Review(ctx context.Context, actor liadesk.Actor, id liadesk.ID, sample uint64) (Review, error) {
	var r Review
	if err := actor.ManageCampaigns(); err != nil {
		return r, err
	}
	err := s.Store.View(ctx, func(tx *db.Tx) error {
		r = Review{}
		c, err := s.find(tx, actor, id)
		if err != nil {
			return err
		}
		if c.Status != liadesk.SMSDraft {
			return ErrNotDraft
		}
		r.Campaign = c
		if !c.ReplacesID.IsZero() {
			if r.Replaces, _, err = tx.SMSCampaign(c.AccountID, c.ReplacesID); err != nil {
				return err
			}
		}
		account, _, err := tx.Account(actor.Account)
		if err != nil {
			return err
		}
		r.UsualEnd = hasUsualEnd(account, c)
		split, err := audience.Evaluate(tx, c.AccountID, c.Audience, c.Purpose)
		if err != nil {
			return s.unfit(tx, c, &r)
		}
		r.Audience = split.Figures()
		if n := split.Reachable.GetCardinality(); n > 0 {
			if err := s.sample(tx, account, &r, split, sample%n); err != nil {
				return err
			}
			if err := s.outside(tx, account, &r, split); err != nil {
				return err
			}
			at := c.ScheduledAt
			if at.Before(s.now()) {
				at = s.now()
			}
			if _, r.Restrained, err = s.restrainedOf(tx, account, c, split.Reachable, at); err != nil {
				return err
			}
		}
		return s.unfit(tx, c, &r)
	})
	return r, err
}

// unfit notes what Schedule would refuse.
func (s *Service) unfit(tx *db.Tx, c liadesk.SMSCampaign, r *Review) error {
	in := InputOf(c)
	in.Draft = false
	c.ReplacesID = liadesk.ID{} // so that fill writes nothing
	if in.ScheduledAt.IsZero() && in.Schedule == nil {
		var v liadesk.Invalid
		v.Add("schedule.local", "required")
		r.Problems = v.Err()
		return nil
	}
	err := s.fill(tx, &c, in)
	if old := r.Replaces; err == nil && old.Status != "" && old.Status != liadesk.SMSCancelled && !replaceable(old) {
		var v liadesk.Invalid
		v.Add("replaces", ErrReplaced.Code)
		err = v.Err()
	}
	if liadesk.KindOf(err) == liadesk.KindInvalid {
		r.Problems = err
		return nil
	}
	return err
}

// sample renders the text for the n-th person in reach.
func (s *Service) sample(tx *db.Tx, account liadesk.Account, r *Review, split audience.Split, n uint64) error {
	dense, err := split.Reachable.Select(uint32(n))
	if err != nil {
		return err
	}
	people, err := tx.ContactsByDense(account.ID, []uint32{dense})
	if err != nil || len(people) == 0 {
		return err
	}
	text, err := s.textFor(tx, account, r.Campaign, people[0])
	if err != nil || text == "" {
		return err // a draft with a broken text: unfit says what is wrong
	}
	r.Sample, r.Text, r.Cost = people[0], text, Measure(text)
	if r.Campaign.Purpose != liadesk.PurposeTransactional {
		r.Nameless = !account.Settings.Introduce && !mentions(text, strings.TrimSpace(account.Name))
		r.NoWayOut = !hasOptOutLink(account, r.Campaign.Message) && !saysHowToStop(text)
	}
	return nil
}

// waysOut are the words of which one stands in a text that says how to stop. The
// keywords that are common in other senses do not show it.
var waysOut = map[string]bool{"stop": true, "stopp": true, "stopall": true, "unsubscribe": true, "unsub": true, "optout": true,
	"baja": true, "parar": true, "salir": true, "sair": true, "descadastrar": true, "arret": true, "desabonner": true, "abmelden": true,
	"annulla": true, "cancella": true}

// saysHowToStop tells whether a text has a word with which one stops them.
func saysHowToStop(text string) bool {
	return slices.ContainsFunc(strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsMark(r) }),
		func(word string) bool { return waysOut[foldKeyword(word)] })
}

// textFor is what a person would read of a campaign that is posted now, "" when
// the text cannot be filled in.
func (s *Service) textFor(tx *db.Tx, account liadesk.Account, c liadesk.SMSCampaign, p liadesk.Contact) (string, error) {
	texted, err := tx.Texted(account.ID, []string{p.Phone})
	if err != nil {
		return "", err
	}
	if c.Message == "" {
		return "", nil // a name and a footer are no text
	}
	text, err := s.Render(account, WordingOf(c, isFirst(texted[p.Phone], c.ID)).AsSample(), p)
	if err != nil {
		return "", nil
	}
	return text, nil
}

// outside counts those whom the campaign would not reach at its own time.
func (s *Service) outside(tx *db.Tx, account liadesk.Account, r *Review, split audience.Split) error {
	at := r.Campaign.ScheduledAt
	if at.IsZero() {
		return nil
	}
	if at.Before(s.now()) {
		at = s.now()
	}
	classes, err := tx.ContactClasses(account.ID)
	if err != nil {
		return err
	}
	var closed, past []db.SetRef
	var opens []time.Time
	for _, class := range classes {
		from := at
		if own := begins(r.Campaign, class); r.Campaign.InOwnZones() && own.After(at) {
			from = own
		} else if r.Campaign.InOwnZones() && own.Before(at.Add(-clockSkew)) {
			past = append(past, db.SetClass(class))
		}
		open, ok := opening(account, r.Campaign, class, from)
		if ok && !open.After(from) {
			continue
		}
		if !ok {
			open = time.Time{}
		}
		closed, opens = append(closed, db.SetClass(class)), append(opens, open)
	}
	sets, err := tx.ReadSets(account.ID, append(slices.Clone(closed), past...))
	if err != nil {
		return err
	}
	for i, set := range sets {
		if i >= len(closed) {
			r.Past += int64(split.Reachable.AndCardinality(set))
			continue
		}
		n := int64(split.Reachable.AndCardinality(set))
		if n == 0 {
			continue
		}
		r.Outside += n
		switch {
		case opens[i].IsZero():
			r.Never += n
		case isOver(r.Campaign, opens[i]):
			r.TooLate += n
		case r.FirstOpens.IsZero() || opens[i].Before(r.FirstOpens):
			r.FirstOpens = opens[i]
		}
	}
	return nil
}

// DiskLow tells whether sending stands still because the disk is almost full:
// what is in flight must still find room to be recorded.
func (s *Service) DiskLow() bool { return s.diskLow() }
