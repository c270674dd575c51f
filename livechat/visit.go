package livechat

import (
	"context"
	"net/url"
	"strings"
	"time"

	"github.com/liadesk/campaigns/liadesk"
)

// maxArmed is how many campaigns one page waits for at most.
const maxArmed = 8

// recheck is how many seconds an open page waits before it visits again.
const recheck = 60

// Visit is a page view, or an open page that asks again.
type Visit struct {
	Key string // the inbox's public key
	URL string // the page's address
	// Origin is the browser's own word on where the page is from, "" or "null"
	// when it says nothing.
	Origin string
	Seen   []Seen
}

// Arm is a campaign to wait for, with the conditions that only the page can
// judge. Its text comes when the conditions are met, from Show.
type Arm struct {
	Campaign   liadesk.ID
	TimeOnPage int // seconds for which the page must have been visible
}

// VisitAnswer tells a page what to wait for.
type VisitAnswer struct {
	Arm     []Arm // at most eight, in the order in which they have their turn
	Open    bool  // somebody can answer now
	Recheck int   // seconds until the page asks again
}

// Visit answers a page view from memory. It writes nothing, makes no visitor
// and no contact, and is as cheap for a crawler as for a person.
func (s *Service) Visit(ctx context.Context, in Visit) (VisitAnswer, error) {
	page, err := ParsePage(in.URL)
	if err != nil {
		var v liadesk.Invalid
		v.Add("url", "not_an_address")
		return VisitAnswer{}, v.Err()
	}
	site, err := s.website(ctx, in.Key)
	if err != nil {
		return VisitAnswer{}, err
	}
	if err := onDomain(site.inbox.Website, page, in.Origin); err != nil {
		return VisitAnswer{}, err
	}
	now := s.now()
	s.sights.saw(site.inbox, page.place(), now)
	out := VisitAnswer{Open: site.open, Recheck: recheck}
	if !site.paid || site.index.Len() == 0 {
		return out, nil
	}
	seen := restrain(in.Seen, now)
	inHours := site.inbox.Website.Hours.Open(now)
	for a := range site.index.Matches(page) {
		if a.inHours && !inHours || seen.capped(a.campaign) {
			continue
		}
		if out.Arm = append(out.Arm, Arm{a.campaign, a.timeOnPage}); len(out.Arm) == maxArmed {
			break
		}
	}
	return out, nil
}

// Inbox finds the website inbox that a widget speaks for, and refuses pages
// that are not on its domains. Origin is the browser's own word, "" or "null"
// when it says nothing.
func (s *Service) Inbox(ctx context.Context, key, origin string) (liadesk.Inbox, error) {
	site, err := s.website(ctx, key)
	if err != nil {
		return liadesk.Inbox{}, err
	}
	if host := originHost(origin); host != "" && !allows(site.inbox.Website, host) {
		return liadesk.Inbox{}, wrongDomain(host)
	}
	return site.inbox, nil
}

// onDomain refuses pages outside the domains of an inbox. The address is the
// page's claim and the origin the browser's; both must be within.
func onDomain(w *liadesk.Website, page Page, origin string) error {
	if !allows(w, page.Host()) {
		return wrongDomain(page.Host())
	}
	if host := originHost(origin); host != "" && !allows(w, host) {
		return wrongDomain(host)
	}
	return nil
}

func wrongDomain(host string) error {
	return (&liadesk.Error{Kind: liadesk.KindForbidden, Code: "wrong_domain",
		Text: "the page's host is not among the domains of the inbox"}).With(map[string]any{"Host": host})
}

func originHost(origin string) string {
	if origin == "" || origin == "null" {
		return ""
	}
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" {
		return "?" // allowed nowhere
	}
	return strings.ToLower(u.Hostname())
}

// place is the page's address without query and fragment, which may name a
// person: what is kept of a page view is where the widget stood, no more.
func (page Page) place() string {
	return Page{scheme: page.scheme, host: page.host, port: page.port, path: page.path}.address(true)
}

// Seen is how a campaign met a visitor before, as the browser remembers it.
type Seen struct {
	Campaign liadesk.ID
	Day      string // UTC, as 2026-11-03
	How      string // shown, opened, clicked, dismissed or answered
}

// maxSeen bounds how much of a browser's memory is looked at, the newest last.
const maxSeen = 200

// restraint is the campaigns that a visitor is not to be shown now:
//
//   - one that was dismissed stays dismissed, and one that was answered has
//     had its answer: neither is ever shown to this visitor again
//   - one that was shown is shown again on another day at the earliest
//
// A memory of days to come, or of no day at all, counts as of today: a wrong
// clock makes us more reserved, never less.
type restraint map[liadesk.ID]bool

func restrain(seen []Seen, now time.Time) restraint {
	if len(seen) == 0 {
		return nil
	}
	today := now.UTC().Format(time.DateOnly)
	r := make(restraint, len(seen))
	for _, s := range seen[max(0, len(seen)-maxSeen):] {
		if s.How == "dismissed" || s.How == "answered" || !earlier(s.Day, today) {
			r[s.Campaign] = true
		}
	}
	return r
}

func earlier(day, today string) bool {
	_, err := time.Parse(time.DateOnly, day)
	return err == nil && day < today
}

func (r restraint) capped(campaign liadesk.ID) bool { return r[campaign] }
