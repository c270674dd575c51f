package livechat

import (
	"slices"
	"time"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

// Blocked is why a campaign is not shown; "" when it is.
type Blocked string

// The reasons, in the order in which they are looked for.
const (
	NotBlocked          Blocked = ""
	BlockedPlan         Blocked = "plan"         // the account's plan has no campaigns
	BlockedEnded        Blocked = "ended"        // deleted, never of this inbox, or its last day is over
	BlockedDisabled     Blocked = "disabled"     // switched off
	BlockedDomain       Blocked = "domain"       // the page is outside the inbox's domains
	BlockedEarly        Blocked = "early"        // its first day is still to come
	BlockedPattern      Blocked = "pattern"      // the page's address does not match (any more)
	BlockedExcluded     Blocked = "excluded"     // the page is one of the exceptions
	BlockedHours        Blocked = "hours"        // outside business hours
	BlockedAway         Blocked = "away"         // nobody is there who could answer
	BlockedConversation Blocked = "conversation" // the visitor is in a conversation already
	BlockedCapped       Blocked = "capped"       // this visitor has had it, or enough for today
	BlockedConditions   Blocked = "conditions"   // the visit is another one
)

// checks are the reasons in their order, without those that are settled before
// there is a campaign to look at.
var checks = []Blocked{BlockedPlan, BlockedDisabled, BlockedDomain, BlockedEarly, BlockedEnded, BlockedPattern, BlockedExcluded,
	BlockedHours, BlockedAway, BlockedConversation, BlockedCapped, BlockedConditions}

// compiled is a campaign ready to be held against pages.
type compiled struct {
	liadesk.LiveChatCampaign
	urls, except []*Pattern
	goal         *Pattern // nil unless the goal is a page
}

// compile reads a campaign's addresses. What cannot be compiled was stored by a
// version that read patterns differently: it matches nothing, its neighbours
// go on, and the campaign's card says so.
func compile(c liadesk.LiveChatCampaign, pattern func(string) *Pattern) *compiled {
	out := &compiled{LiveChatCampaign: c}
	read := func(sources []string) (list []*Pattern) {
		for _, source := range sources {
			if p := pattern(source); p != nil {
				list = append(list, p)
			}
		}
		return list
	}
	out.urls, out.except = read(c.Trigger.Addresses()), read(c.Trigger.Except)
	if c.Goal != nil && c.Goal.URL != "" {
		out.goal = pattern(c.Goal.URL)
	}
	return out
}

// compileNew is CompilePattern, nil for what cannot be compiled.
func compileNew(source string) *Pattern {
	p, err := CompilePattern(source)
	if err != nil {
		return nil
	}
	return p
}

// matches tells whether the page is one of a list.
func matches(list []*Pattern, page Page) bool {
	return slices.ContainsFunc(list, func(p *Pattern) bool { return p.MatchPage(page) })
}

// moment is what a decision depends on besides the campaign: the page, its
// visitor and the time. One set of rules judges it, for a visit from memory, for
// a question to show from the store, and for whoever asks why.
type moment struct {
	visit Visit
	page  Page
	inbox liadesk.Inbox
	facts Facts
	paid  bool
	open  bool // somebody could answer
	hours bool // the inbox's business hours are open
	at    time.Time
	seen  restraint
	// talking is set for a visitor who is in a conversation.
	talking bool
	// person is the visitor's contact, if known.
	person liadesk.Contact
	// matched is set when only campaigns are judged whose pattern matches.
	matched bool
}

func newMoment(in Visit, page Page, inbox liadesk.Inbox, paid, open bool, at time.Time) moment {
	w := inbox.Website
	return moment{visit: in, page: page, inbox: inbox, paid: paid, open: open, at: at, hours: w.Hours.Open(at),
		seen: restrain(in.Seen, at, w.DailyCap()),
		facts: Facts{Page: page, Referrer: in.Referrer, Landing: in.Landing, Language: in.Language, Device: in.Device,
			Counted: w.CountVisits},
	}
}

// recognise adds what a visitor's token tells.
func (s *Service) recognise(tx *db.Tx, m *moment) error {
	if !m.visit.known() {
		return nil
	}
	known, err := s.talks.Recognise(tx, m.inbox, m.visit.Token, m.visit.Claim)
	m.talking, m.person, m.facts.Tags = known.Talking, known.Contact, known.Contact.Tags
	return err
}

// passes tells whether a campaign passes one check. Conditions that the page has
// to judge do pass.
func (m *moment) passes(check Blocked, c *compiled) bool {
	switch check {
	case BlockedPlan:
		return m.paid
	case BlockedDisabled:
		return c.Enabled
	case BlockedDomain:
		return onDomain(m.inbox.Website, m.page, m.visit.Origin) == nil
	case BlockedEarly:
		return !c.Waits(m.at)
	case BlockedEnded:
		return !c.Ended(m.at)
	case BlockedPattern:
		return m.matched || matches(c.urls, m.page)
	case BlockedExcluded:
		return !matches(c.except, m.page)
	case BlockedHours:
		return !c.BusinessHoursOnly || m.hours
	case BlockedAway:
		return !c.OnlineOnly || m.open
	case BlockedConversation:
		return !m.talking
	case BlockedCapped:
		return !m.seen.capped(c.LiveChatCampaign)
	}
	v, _ := m.conditions(c)
	return v != Unmet
}

// conditions judges a campaign's conditions; rest are those that are left to the
// page.
func (m *moment) conditions(c *compiled) (Verdict, *liadesk.Rule) {
	if c.Trigger.Conditions == nil {
		return Met, nil
	}
	v, rest := reduce(*c.Trigger.Conditions, m.facts.judge)
	if v != Open {
		return v, nil
	}
	return v, &rest
}

// blocked is the first check that a campaign fails, and the conditions that
// the page has to judge if it fails none.
func (m *moment) blocked(c *compiled) (Blocked, *liadesk.Rule) {
	for _, check := range checks {
		if check == BlockedConditions {
			v, rest := m.conditions(c)
			if v == Unmet {
				return BlockedConditions, nil
			}
			return NotBlocked, rest
		}
		if !m.passes(check, c) {
			return check, nil
		}
	}
	return NotBlocked, nil
}
