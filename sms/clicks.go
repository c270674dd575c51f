package sms

import (
	"context"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

// A campaign may count who opens its links. Then each web address in its message
// goes out as a short one of ours that leads there, and is another for each
// recipient. Addresses that end in a variable go out as they are, and so does
// what is no http or https address. The page of opt-outs is never counted.
//
// Whoever opens a link is led on in any case: also when nothing can be stored,
// when the campaign was deleted, and when the account has no plan any more.

// TrackPath is where the short addresses are; the token follows.
const TrackPath = "/l/"

// maxTracked is how many addresses of a message are made short; more go out as
// they are.
const maxTracked = 9

// trackedLink is the name of the variable that stands for an address while a
// text is filled in. People cannot use it: a message is checked as it was
// written first.
func trackedLink(i int) string { return "link.to" + strconv.Itoa(i) }

var trackedLinks = func() (names []string) {
	for i := range maxTracked {
		names = append(names, trackedLink(i))
	}
	return names
}()

// clickTokens say the code of the campaign, the number, and which of the
// addresses it is, and have four bytes of hash. To guess one would count one
// opening too much, and leads nowhere but to an address that the campaign texted
// to everybody.
var clickTokens = tokenKind{tag: "click", mask: "mask", body: 11}

// trackedAddress is the short address of a number for one of a campaign's. With
// the code 0 it is a sample, as long as every other, that leads nowhere.
func (s *Service) trackedAddress(code uint32, number string, i int) (string, error) {
	base := strings.TrimSuffix(s.PublicURL, "/") + TrackPath
	if code == 0 {
		return base + strings.Repeat("x", tokenChars), nil
	}
	token, err := s.token(clickTokens, code, number, byte(i))
	if err != nil {
		return "", err
	}
	return base + token, nil
}

// fixLinks gives a campaign that counts clicks its code once it is no draft, and
// notes where its links lead: they stay so for ever, however addresses are found
// in messages later.
func fixLinks(tx *db.Tx, c *liadesk.SMSCampaign) (err error) {
	if !c.TrackClicks || c.Status == liadesk.SMSDraft {
		return nil
	}
	c.LinkSource, c.Links = splitLinks(Normalise(c.Message))
	if c.ClickCode == 0 && len(c.Links) > 0 {
		c.ClickCode, err = tx.ClickCode(c.AccountID, c.ID)
	}
	return err
}

// Opener is who opens a link, as far as it can be told.
type Opener struct {
	Agent string // the User-Agent
	// Ahead is set when nobody asked yet: a HEAD, or a page that is fetched to be
	// shown small or in case that somebody wants it.
	Ahead bool
}

// machines are the names of programs that open links on their own: to show what
// is behind them, to look for harm, or to copy the web.
var machines = regexp.MustCompile(`bot\b|crawl|spider|preview|externalhit|whatsapp/|slurp|embedly|scanner|headless|curl|wget|python|go-http|okhttp|java/|node-fetch|axios`)

// isMachine tells whether certainly nobody looks at what is opened. Cubot is a
// make of phones.
func (o Opener) isMachine() bool {
	return o.Ahead || o.Agent == "" || machines.MatchString(strings.ReplaceAll(strings.ToLower(o.Agent), "cubot", ""))
}

const (
	// tooSoon is how soon after it arrived nobody can have read a text and tapped:
	// who opens it then is a filter of the network.
	tooSoon = 3 * time.Second
	// mostOpened is how often openings of one recipient are counted. Whoever has
	// the address may open it for ever.
	mostOpened = 50
)

// mostPatience is how long somebody who is led on waits for it to be counted.
const mostPatience = 2 * time.Second

// FollowLink finds where a token leads, and counts the opening. A token that we
// did not make is liadesk.ErrNotFound.
func (s *Service) FollowLink(ctx context.Context, token string, by Opener) (string, error) {
	t, ours := s.readToken(clickTokens, token)
	if !ours {
		return "", liadesk.ErrNotFound
	}
	var c liadesk.SMSCampaign
	counts := false
	err := s.Store.View(ctx, func(tx *db.Tx) error {
		account, id, found, err := tx.ClickCampaign(t.code)
		if err != nil || !found {
			return err
		}
		if c, _, err = tx.SharedSMSCampaign(account, id); err != nil {
			return err
		}
		row, found, err := tx.Delivery(account, id, t.number)
		counts = err != nil || found && by.counts(row)
		return nil // where it leads does not hang on the row
	})
	if err != nil {
		return "", err
	}
	which := int(t.more[0])
	if which >= len(c.Links) {
		return "", liadesk.ErrNotFound
	}
	if counts {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), mostPatience)
		defer cancel()
		if err := s.countOpening(ctx, c, t.number, by); err != nil {
			s.Log.Error("an opened link could not be counted", "campaign", c.ID.String(), "error", err)
		}
	}
	return c.Links[which], nil
}

// counts tells whether an opening is counted on a row. The first of a person is
// in any case.
func (o Opener) counts(row liadesk.Delivery) bool {
	return row.Opened < mostOpened || row.ClickedAt.IsZero() && !o.isMachine()
}

// countOpening counts an opening on the row of the recipient, each person once
// among those who clicked. Row, figures and set change together: when the power
// goes before they are stored the opening is not counted, and whoever taps again
// is. An opening that comes twice is two, of one person.
func (s *Service) countOpening(ctx context.Context, c liadesk.SMSCampaign, number string, by Opener) error {
	return s.Store.Update(ctx, func(tx *db.Tx) error {
		row, found, err := tx.Delivery(c.AccountID, c.ID, number)
		if err != nil || !found || !by.counts(row) {
			return err
		}
		old, l := row, newLedger(tx, c.AccountID, row.ID[15], s.now())
		row.Opened++
		if by.isMachine() || l.now.Sub(reached(row)) < tooSoon {
			l.count(c.ID, "machine_clicks", 1)
		} else {
			l.count(c.ID, "clicks", 1)
			if row.ClickedAt.IsZero() {
				row.ClickedAt = l.now
			}
			// The row may be a new one, after a text that was sent again.
			if first, err := tx.AddClicked(c.AccountID, c.ID, row.Dense); err != nil {
				return err
			} else if first {
				l.count(c.ID, "clickers", 1)
				if err := l.step(c.ID, stepClickers, 1); err != nil {
					return err
				}
			}
		}
		if err := l.close(); err != nil {
			return err
		}
		return tx.PutDelivery(c.AccountID, old, row)
	})
}
