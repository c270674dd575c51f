package livechat

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/liadesk/campaigns/conversations"
	"github.com/liadesk/campaigns/db"
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
	// Referrer, Landing, Language and Device are what the page says of its
	// visitor; see Facts.
	Referrer, Landing, Language, Device string
	// Token is the visitor's, once they wrote; Claim is who the page says that
	// they are, which counts if it is signed.
	Token string
	Claim conversations.Claim
	Seen  []Seen
	// Again is set by a page that was open before: it is no new page view.
	Again bool
}

// known tells whether there is something to recognise the visitor by.
func (in Visit) known() bool { return in.Token != "" || in.Claim.Signature != "" }

// Arm is a campaign to wait for, with the conditions that only the page can
// judge. Its text comes when the conditions are met, from Show.
type Arm struct {
	Campaign   liadesk.ID
	TimeOnPage int // seconds for which the page must have been visible
	// Conditions are those that the page has to judge besides, nil for none.
	Conditions *liadesk.Rule
}

// GoalAsk is the goal of a campaign that this visitor was shown: reached now,
// or, with an event, when the page reports it.
type GoalAsk struct {
	Campaign liadesk.ID
	Event    string
}

// VisitAnswer tells a page what to wait for.
type VisitAnswer struct {
	Arm   []Arm // at most eight, in the order in which they have their turn
	Goals []GoalAsk
	Open  bool // somebody can answer now
	Count bool // the widget may count pages and visits
	// Launcher is set when the chat is offered on every page.
	Launcher bool
	Look     liadesk.WidgetLook
	Recheck  int // seconds until the page asks again
}

// Visit answers a page view from memory. It writes nothing, makes no visitor
// and no contact, and is as cheap for a crawler as for a person. Only for a
// visitor who wrote before, and so has a token, or whom the company's server
// vouches for, the store is read.
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
	now := s.now()
	if err := onDomain(site.inbox.Website, page, in.Origin); err != nil {
		s.sights.sawStrange(site.inbox.ID, page.place(), now)
		return VisitAnswer{}, err
	}
	place := page.place() // where the snippet really is, preview host or not
	page = standsFor(site.inbox.Website, page)
	out := VisitAnswer{Open: site.open, Recheck: recheck, Count: site.paid && site.counts,
		Look: site.inbox.Website.Look, Launcher: site.inbox.Website.Look.Launcher}
	if !site.paid || len(site.goals) == 0 && site.index.Len() == 0 {
		s.sights.saw(site.inbox, place, now, nil)
		return out, nil
	}
	m := newMoment(in, page, site.inbox, site.paid, site.open, now)
	if in.known() && site.index.Len() > 0 {
		if err := s.store.View(ctx, func(tx *db.Tx) error { return s.recognise(tx, &m) }); err != nil {
			return VisitAnswer{}, err
		}
	}
	m.matched = true
	var what []note
	for c := range site.index.Matches(page) {
		if len(c.urls) > 1 && slices.ContainsFunc(what, func(n note) bool { return n.campaign == c.ID }) {
			continue // another of its addresses
		}
		why, rest := m.blocked(c)
		what = append(what, note{c.ID, why})
		if why == NotBlocked && len(out.Arm) < maxArmed {
			out.Arm = append(out.Arm, Arm{c.ID, c.Trigger.TimeOnPage, rest})
		}
	}
	if in.Again {
		what = nil
	}
	s.sights.saw(site.inbox, place, now, what)
	out.Goals = site.goalsFor(in.Seen, page, now)
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
