package sms

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

// A campaign may count who opens its links. Then each web address in its message
// goes out as a short one of ours that leads there, and is another for each
// recipient. Addresses with a variable in them go out as they are, and so does
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

// webAddress ends where a space or a variable begins.
var webAddress = regexp.MustCompile(`https?://[^\s<>"{}|\\^` + "`" + `]+`)

// splitLinks puts variables in the place of the addresses of a message, and
// gives what they were.
func splitLinks(message string) (source string, targets []string) {
	var out strings.Builder
	for rest := message; rest != ""; {
		text, after, variable := strings.Cut(rest, "{{")
		at := 0
		for _, m := range webAddress.FindAllStringIndex(text, -1) {
			address := strings.TrimRight(text[m[0]:m[1]], ".,;:!?)]'")
			u, err := url.Parse(address)
			if variable && m[1] == len(text) || err != nil || u.Host == "" || len(targets) == maxTracked {
				continue
			}
			out.WriteString(text[at:m[0]])
			fmt.Fprintf(&out, "{{ %s }}", trackedLink(len(targets)))
			targets = append(targets, address)
			at = m[0] + len(address)
		}
		out.WriteString(text[at:])
		if !variable {
			break
		}
		object, tail, closed := strings.Cut(after, "}}")
		out.WriteString("{{" + object)
		if closed {
			out.WriteString("}}")
		}
		rest = tail
	}
	return out.String(), targets
}

// A token is the code of the campaign (3 bytes), the digits of the number (7),
// which of the addresses it is (1), and a part of a keyed hash over these (4),
// in base32. To guess one would count one opening too much, and leads nowhere
// but to an address that the campaign texted to everybody.
const trackedBytes = 15

func (s *Service) trackTag(body []byte) []byte {
	mac := hmac.New(sha256.New, s.LinkKey)
	mac.Write([]byte("click"))
	mac.Write(body)
	return mac.Sum(nil)[:trackedBytes-11]
}

// trackedAddress is the short address of a number for one of a campaign's. With
// the code 0 it is a sample, as long as every other, that leads nowhere.
func (s *Service) trackedAddress(code uint32, number string, i int) (string, error) {
	base := strings.TrimSuffix(s.PublicURL, "/") + TrackPath
	if code == 0 {
		return base + strings.Repeat("x", tokenChars), nil
	}
	digits, err := strconv.ParseUint(strings.TrimPrefix(number, "+"), 10, 56)
	if err != nil {
		return "", fmt.Errorf("sms: there is no link for this number: %w", err)
	}
	body := make([]byte, 0, trackedBytes)
	body = append(body, binary.BigEndian.AppendUint32(nil, code)[1:]...)
	body = append(body, binary.BigEndian.AppendUint64(nil, digits)[1:]...)
	body = append(body, byte(i))
	return base + tokenAlphabet.EncodeToString(append(body, s.trackTag(body)...)), nil
}

// giveClickCode names a campaign that counts clicks in its links.
func giveClickCode(tx *db.Tx, c *liadesk.SMSCampaign) (err error) {
	if c.TrackClicks && c.ClickCode == 0 {
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
var machines = regexp.MustCompile(`(?i)bot\b|bot/|crawl|spider|preview|externalhit|facebot|whatsapp|telegram|slack|discord|skype|slurp|embedly|scan|monitor|headless|curl|wget|python|go-http|okhttp|java/|node-fetch|axios`)

// isMachine tells whether certainly nobody looks at what is opened.
func (o Opener) isMachine() bool { return o.Ahead || o.Agent == "" || machines.MatchString(o.Agent) }

const (
	// tooSoon is how soon after it arrived nobody can have read a text and tapped:
	// who opens it then is a filter of the network.
	tooSoon = 3 * time.Second
	// mostOpened is how often openings of one recipient are counted. Whoever has
	// the address may open it for ever.
	mostOpened = 50
)

// FollowLink finds where a token leads, and counts the opening. A token that we
// did not make is liadesk.ErrNotFound.
func (s *Service) FollowLink(ctx context.Context, token string, by Opener) (string, error) {
	raw, err := tokenAlphabet.DecodeString(token)
	if err != nil || len(token) != tokenChars || len(raw) != trackedBytes || !hmac.Equal(raw[11:], s.trackTag(raw[:11])) {
		return "", liadesk.ErrNotFound
	}
	number := "+" + strconv.FormatUint(binary.BigEndian.Uint64(append([]byte{0}, raw[3:10]...)), 10)
	var c liadesk.SMSCampaign
	err = s.Store.View(ctx, func(tx *db.Tx) error {
		account, id, found, err := tx.ClickCampaign(binary.BigEndian.Uint32(append([]byte{0}, raw[:3]...)))
		if err != nil || !found {
			return err
		}
		c, _, err = tx.SharedSMSCampaign(account, id)
		return err
	})
	if err != nil {
		return "", err
	}
	_, targets := splitLinks(Normalise(c.Message))
	if int(raw[10]) >= len(targets) {
		return "", liadesk.ErrNotFound
	}
	// Whoever is led on does not wait for it to end well.
	if err := s.countOpening(context.WithoutCancel(ctx), c, number, by); err != nil {
		s.Log.Error("an opened link could not be counted", "campaign", c.ID.String(), "error", err)
	}
	return targets[raw[10]], nil
}

// countOpening counts an opening on the row of the recipient, each person once
// among those who clicked.
func (s *Service) countOpening(ctx context.Context, c liadesk.SMSCampaign, number string, by Opener) error {
	return s.Store.Update(ctx, func(tx *db.Tx) error {
		row, found, err := tx.Delivery(c.AccountID, c.ID, number)
		if err != nil || !found || row.Opened >= mostOpened {
			return err
		}
		old, l := row, newLedger(tx, c.AccountID, row.ID[15], s.now())
		row.Opened++
		if by.isMachine() || l.now.Sub(row.AcceptedAt) < tooSoon || l.now.Sub(row.DeliveredAt) < tooSoon {
			l.count(c.ID, "machine_clicks", 1)
		} else {
			l.count(c.ID, "clicks", 1)
			if row.ClickedAt.IsZero() {
				row.ClickedAt = l.now
				l.count(c.ID, "clickers", 1)
				if err := l.step(c.ID, stepClicks, 1); err != nil {
					return err
				}
				if err := tx.AddClicked(c.AccountID, c.ID, row.Dense); err != nil {
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
