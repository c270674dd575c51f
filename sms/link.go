package sms

import (
	"context"
	"crypto/hmac"
	"errors"
	"strings"
	"time"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

// An opt-out page is for people who cannot answer STOP, because the number that
// texts them receives nothing, and for those who would rather tap. Its address
// stands in the text as {{ contact.opt_out_link }}. To open the page changes
// nothing, for phones and mail programs open addresses to show what is behind
// them; the one button on it does.

// optOutLink is the variable's name.
const optOutLink = "contact.opt_out_link"

// LinkPath is where the pages are; the token follows.
const LinkPath = "/o/"

// optOutTokens say the code of the account and the number, and have five bytes
// of hash. To guess one takes a trillion tries, and would opt out one number. So
// nobody is held to a rate here: behind one address of a mobile network stand
// thousands of recipients, and none of them may be kept from opting out.
var optOutTokens = tokenKind{tag: "opt-out", mask: "opt-out mask", body: 10}

// readOptOut reads the token of an opt-out page. Those of before they were
// masked are on people's phones and lead there for ever.
func (s *Service) readOptOut(token string) (said, bool) {
	if t, ours := s.readToken(optOutTokens, token); ours {
		return t, true
	}
	raw, ok := tokenRaw(token)
	if !ok || !hmac.Equal(raw[optOutTokens.body:], s.keyed("", raw[:optOutTokens.body])[:tokenBytes-optOutTokens.body]) {
		return said{}, false
	}
	return saidIn(raw[:optOutTokens.body]), true
}

// linkBase is the address of the pages.
func (s *Service) linkBase() string { return strings.TrimSuffix(s.PublicURL, "/") + LinkPath }

// sampleLink is an address as long as every other.
func (s *Service) sampleLink() string { return s.linkBase() + strings.Repeat("x", tokenChars) }

// OptOutLink is the address of the page on which a number opts out of an
// account's texts. It stays the same for ever.
func (s *Service) OptOutLink(account liadesk.Account, number string) (string, error) {
	if account.LinkCode == 0 {
		return "", errors.New("sms: the account has no code for opt-out pages")
	}
	token, err := s.token(optOutTokens, account.LinkCode, number)
	if err != nil {
		return "", err
	}
	return s.linkBase() + token, nil
}

// OptOutPage is what the page of a token shows.
type OptOutPage struct {
	Account string // its name
	Number  string
	Out     bool // no campaign texts the number
	// CanText tells whether the number can text START to have them again.
	CanText bool
}

// Ending is the end of the number: enough for whoever has it, and little for
// whom the address was passed on to.
func (p OptOutPage) Ending() string { return p.Number[max(0, len(p.Number)-3):] }

// OptOutPage reads the page of a token; a token that we did not make is
// liadesk.ErrNotFound. Nothing changes.
func (s *Service) OptOutPage(ctx context.Context, token string) (OptOutPage, error) {
	var page OptOutPage
	err := s.Store.View(ctx, func(tx *db.Tx) (err error) {
		_, page, err = s.optOutPage(tx, token)
		return err
	})
	return page, err
}

func (s *Service) optOutPage(tx *db.Tx, token string) (liadesk.ID, OptOutPage, error) {
	var page OptOutPage
	t, ours := s.readOptOut(token)
	if !ours {
		return liadesk.ID{}, page, liadesk.ErrNotFound
	}
	page.Number = t.number
	id, found, err := tx.LinkAccount(t.code)
	if err != nil {
		return id, page, err
	}
	account, exists, err := tx.SharedAccount(id)
	if err != nil {
		return id, page, err
	}
	if !found || !exists {
		return id, page, liadesk.ErrNotFound
	}
	page.Account = account.Name
	inboxes, err := tx.Inboxes(id)
	if err != nil {
		return id, page, err
	}
	for _, in := range inboxes {
		page.CanText = page.CanText || in.SMS != nil && in.SMS.CanReceive()
	}
	_, page.Out, err = tx.OptOutOf(id, page.Number)
	return id, page, err
}

// OptOutByLink opts out the number of a token, as its STOP would: from the
// commit on no campaign texts it. It counts for the campaign that texted it
// last. A second time changes nothing.
func (s *Service) OptOutByLink(ctx context.Context, token string) (OptOutPage, error) {
	var page OptOutPage
	err := s.Store.Update(ctx, func(tx *db.Tx) error {
		account, now, err := s.optOutPage(tx, token)
		if page = now; err != nil || page.Out {
			return err
		}
		page.Out = true
		at := s.now()
		row, found, err := s.lastText(tx, account, page.Number, at)
		if err != nil {
			return err
		}
		o := liadesk.OptOut{Number: page.Number, At: at, Source: sourceLink, CampaignID: row.CampaignID}
		if err := s.Contacts.OptOut(tx, account, o); err != nil || !found || !row.OptedOutAt.IsZero() {
			return err
		}
		l := newLedger(tx, account, row.ID[15], at)
		l.count(row.CampaignID, "opt_outs", 1)
		if err := l.step(row.CampaignID, stepOptOuts, 1); err != nil {
			return err
		}
		if err := l.close(); err != nil {
			return err
		}
		old := row
		row.OptedOutAt = at
		return tx.PutDelivery(account, old, row)
	})
	return page, err
}

// sourceLink is where an opt-out by the page comes from.
const sourceLink = "link"

// lastText is the last campaign text that may have reached a number within the
// time in which an answer counts as one to it.
func (s *Service) lastText(tx *db.Tx, account liadesk.ID, number string, now time.Time) (liadesk.Delivery, bool, error) {
	rows, err := tx.DeliveriesSince(account, number, now.Add(-replyWindow), 20)
	if rows = mayHaveReached(rows); err != nil || len(rows) == 0 {
		return liadesk.Delivery{}, false, err
	}
	return rows[0], true, nil
}

// hasOptOutLink tells whether a marketing text comes with the address.
func hasOptOutLink(account liadesk.Account, message string) bool {
	t, err := parseTemplate(message)
	return err == nil && t.Uses(optOutLink) || liadesk.FooterLink.MatchString(account.Settings.Footer)
}
