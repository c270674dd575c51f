package liadesk

import (
	"encoding/hex"
	"math"
	"regexp"
	"strings"
	"time"

	"github.com/liadesk/campaigns/hours"
)

// InboxKind is the channel of an inbox.
type InboxKind string

// The channels.
const (
	InboxWebsite InboxKind = "website"
	InboxSMS     InboxKind = "sms"
)

// Inbox is where conversations arrive: a website with the widget, or a number
// that texts. Exactly one of Website and SMS is set, as Kind says.
type Inbox struct {
	ID        ID        `cbor:"1,keyasint"`
	AccountID ID        `cbor:"2,keyasint"`
	Kind      InboxKind `cbor:"3,keyasint"`
	Name      string    `cbor:"4,keyasint"`
	Website   *Website  `cbor:"5,keyasint,omitempty"`
	SMS       *SMSInbox `cbor:"6,keyasint,omitempty"`
	CreatedAt time.Time `cbor:"7,keyasint"`
	Version   uint64    `cbor:"8,keyasint"`
}

// Website is the part of an inbox that the widget needs.
type Website struct {
	// Key is public: it stands in the snippet on the company's pages.
	Key string `cbor:"1,keyasint"`
	// Domains are the hosts the widget works on; "*.shop.example" stands for
	// every host below shop.example. Ports do not count. Never empty.
	Domains []string `cbor:"2,keyasint"`
	// Hours are the business hours, in the inbox's own zone.
	Hours hours.Schedule `cbor:"3,keyasint"`
	// SnippetSeenAt and SnippetSeenURL are the last page view that loaded the
	// widget, as flushed from memory about once a minute.
	SnippetSeenAt  time.Time `cbor:"4,keyasint"`
	SnippetSeenURL string    `cbor:"5,keyasint,omitempty"`
	// CountVisits lets the widget keep a count of pages and visits in the
	// browser, without any identifier, for conditions that need one. Off unless
	// somebody decided so: the law of some countries asks visitors first.
	CountVisits bool `cbor:"6,keyasint,omitempty"`
	// MessagesPerDay is how many campaigns one visitor may be shown in a day,
	// over all of the inbox; 0 is DefaultMessagesPerDay.
	MessagesPerDay int `cbor:"7,keyasint,omitempty"`
	// Look is how the chat looks and what it says on the company's pages.
	Look WidgetLook `cbor:"8,keyasint"`
	// PreviewDomains are hosts on which the site is tried out before it goes live,
	// such as localhost. Their pages count as those of the first domain.
	PreviewDomains []string `cbor:"10,keyasint,omitempty"`
	// IdentityRound counts how often the secret that signs identities was
	// renewed.
	IdentityRound int `cbor:"9,keyasint,omitempty"`
	// Bot is how LiaDesk behaves here.
	Bot WebsiteBot `cbor:"11,keyasint"`
	// ReplyInboxID is the SMS inbox that texts answers to visitors who left, for
	// which they asked; zero for none.
	ReplyInboxID ID `cbor:"12,keyasint,omitempty"`
	// NoFiles says that visitors cannot send files.
	NoFiles bool `cbor:"13,keyasint,omitempty"`
}

// WidgetLook is how the chat looks on a company's pages. Zero fields take the
// widget's own.
type WidgetLook struct {
	Colour string `cbor:"1,keyasint,omitempty" json:"colour"` // #rrggbb
	// Left puts the chat at the left edge; in pages that are written from right
	// to left it is a choice like any other.
	Left bool `cbor:"2,keyasint,omitempty" json:"left"`
	// OffsetX and OffsetY, in pixels, move it away from the edges, off cookie
	// bars and basket buttons.
	OffsetX int `cbor:"3,keyasint,omitempty" json:"offset_x"`
	OffsetY int `cbor:"4,keyasint,omitempty" json:"offset_y"`
	// Title heads the conversation before anybody spoke; Attended and Unattended
	// tell a visitor who begins one what to expect.
	Title      string `cbor:"5,keyasint,omitempty" json:"title"`
	Attended   string `cbor:"6,keyasint,omitempty" json:"attended"`
	Unattended string `cbor:"7,keyasint,omitempty" json:"unattended"`
	// Privacy is a line about what becomes of what visitors write, PrivacyURL
	// where to read more.
	Privacy    string `cbor:"8,keyasint,omitempty" json:"privacy"`
	PrivacyURL string `cbor:"9,keyasint,omitempty" json:"privacy_url"`
	// Launcher shows the button on every page, also without a campaign.
	Launcher bool `cbor:"10,keyasint,omitempty" json:"launcher"`
}

// Ink is black or white, whichever is read better on the colour (WCAG 2.2,
// relative luminance); "" where the colour is the widget's own.
func (l WidgetLook) Ink() string {
	rgb, err := hex.DecodeString(strings.TrimPrefix(l.Colour, "#"))
	if err != nil || len(rgb) != 3 {
		return ""
	}
	luminance := 0.0
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		c := float64(rgb[i]) / 255
		if c <= 0.04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		luminance += weight * c
	}
	if luminance > 0.179 {
		return "#000"
	}
	return "#fff"
}

// Bounds of a WidgetLook.
const (
	DefaultColour = "#5157d8"
	MaxOffset     = 300 // pixels
	MaxLookText   = 160 // characters
)

// Bounds of Website.MessagesPerDay.
const (
	DefaultMessagesPerDay = 2
	MaxMessagesPerDay     = 20
)

// DailyCap is how many campaigns one visitor may be shown in a day.
func (w Website) DailyCap() int {
	if w.MessagesPerDay == 0 {
		return DefaultMessagesPerDay
	}
	return w.MessagesPerDay
}

// SMSInbox is the part of an inbox that the sender needs.
type SMSInbox struct {
	// Number is E.164, or an alphanumeric sender id of at most 11 characters
	// (which cannot receive replies).
	Number string `cbor:"1,keyasint"`
	AuthID string `cbor:"2,keyasint"`
	// SealedToken is the carrier's token, encrypted with the installation's
	// key. It never leaves the server.
	SealedToken []byte `cbor:"3,keyasint"`
	// MessagesPerSecond is the pace, 0.01 to 1,000,000.
	MessagesPerSecond float64 `cbor:"4,keyasint"`
	// CallbackSeenAt is the last callback whose signature was right; zero
	// means that the carrier never reached us.
	CallbackSeenAt time.Time `cbor:"5,keyasint"`
	// SignedV3 is set once a V3 signature was seen: from then on a callback
	// with only the weaker V2 is refused.
	SignedV3 bool `cbor:"6,keyasint,omitempty"`
	// Trouble is why the inbox sends nothing at present, "" when it does.
	Trouble InboxTrouble `cbor:"7,keyasint,omitempty"`
	// TroubleSince is when it began.
	TroubleSince time.Time `cbor:"8,keyasint"`
}

// InboxTrouble is a condition of the inbox, not of one message, that keeps
// texts from going out.
type InboxTrouble string

// The troubles. Each has a banner that says what to do.
const (
	TroubleNone         InboxTrouble = ""
	TroubleUnauthorised InboxTrouble = "unauthorised"  // the carrier refuses the credentials
	TroubleNoCredit     InboxTrouble = "no_credit"     // the carrier's account is empty
	TroubleNoConnection InboxTrouble = "no_connection" // the carrier cannot be reached
	// TroubleMisconfigured: what answers at the carrier's address is not its API.
	TroubleMisconfigured InboxTrouble = "misconfigured"
	TroubleThrottled     InboxTrouble = "throttled" // the carrier asks us to slow down
	TroubleNoAnswer      InboxTrouble = "no_answer" // the carrier leaves it open what came of our texts
)

// CanReceive tells whether people can answer to this sender: alphanumeric
// sender ids cannot (3GPP TS 23.040 §9.1.2.5).
func (s SMSInbox) CanReceive() bool { return len(s.Number) > 0 && s.Number[0] == '+' }

// Allows tells whether the widget may run on a host, given without port and in
// lower case.
func (w Website) Allows(host string) bool { return covers(w.Domains, host) || w.Previews(host) }

// Previews tells whether a host is one on which the site is only tried out.
func (w Website) Previews(host string) bool {
	return covers(w.PreviewDomains, host) && !covers(w.Domains, host)
}

func covers(domains []string, host string) bool {
	host = strings.Trim(strings.TrimSuffix(host, "."), "[]")
	for _, d := range domains {
		if base, star := strings.CutPrefix(d, "*"); star {
			if len(host) > len(base) && strings.HasSuffix(host, base) { // base begins with the dot
				return true
			}
		} else if host == d {
			return true
		}
	}
	return false
}

// authID is what needs no escape in a path (RFC 3986 §2.3), and is none of its
// steps.
var authID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._~-]{0,199}$`)

// IsAuthID tells whether a text can be the name of an account with a carrier,
// Plivo's or another's: it is a part of the carrier's addresses.
func IsAuthID(s string) bool { return authID.MatchString(s) }
