package livechat

import (
	"context"
	"slices"
	"time"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/wording"
)

// ReasonCode names what keeps a campaign from being shown, or will surprise.
type ReasonCode string

// The codes, in the order in which they are looked for. The first ones stop a
// campaign; those from ReasonWaits on do not.
const (
	ReasonPlan        ReasonCode = "plan"             // stopped when the plan ended, or the plan has none
	ReasonInboxGone   ReasonCode = "inbox_gone"       // the inbox was deleted
	ReasonPattern     ReasonCode = "pattern"          // the trigger address cannot be read
	ReasonDomains     ReasonCode = "outside_domains"  // no page on the inbox's domains can match
	ReasonNeverOpen   ReasonCode = "never_open"       // business hours only, and there are none to come
	ReasonSnippet     ReasonCode = "snippet_unseen"   // no page with the snippet was ever viewed
	ReasonEnded       ReasonCode = "ended"            // its last day is over
	ReasonCounting    ReasonCode = "counting_off"     // it asks for a count of visits that the inbox does not keep
	ReasonWaits       ReasonCode = "waits"            // its first day is still to come; it does not stop it for good
	ReasonSenderLeft  ReasonCode = "sender_left"      // the sender was deactivated: LiaDesk speaks
	ReasonSenderInbox ReasonCode = "sender_elsewhere" // the sender does not serve the inbox: the queue gets the answers
)

// Reason is one thing that keeps a campaign from being shown (Stops), or that
// its card has to say.
type Reason struct {
	Code  ReasonCode
	Stops bool
	Name  string // of the person, inbox or site that it is about
	At    time.Time
}

// whyNot finds what keeps a campaign from being shown. A disabled campaign is
// judged as if it were enabled, so that one can see beforehand; only what the
// system disabled it for is added.
func (s *Service) whyNot(x around, c liadesk.LiveChatCampaign) []Reason {
	var list []Reason
	stop := func(code ReasonCode, name string) { list = append(list, Reason{Code: code, Stops: true, Name: name}) }
	if !x.account.Plan.Paid() || !c.Enabled && c.DisabledFor == liadesk.DisabledForPlan {
		stop(ReasonPlan, "")
	}
	in, found := x.inboxes[c.InboxID]
	if !found || in.Website == nil {
		stop(ReasonInboxGone, c.InboxName)
	}
	k := compile(c, compileNew)
	if len(k.urls) < len(c.Trigger.URLs)+1 {
		stop(ReasonPattern, "")
	} else if found && in.Website != nil && !slices.ContainsFunc(k.urls, func(p *Pattern) bool { return p.Within(in.Website.Domains) }) {
		stop(ReasonDomains, k.urls[0].Hosts()[0])
	}
	if found && in.Website != nil {
		if c.BusinessHoursOnly && in.Website.Hours.NeverOpens(s.now()) {
			stop(ReasonNeverOpen, in.Name)
		}
		if in.Website.SnippetSeenAt.IsZero() && s.sights.seen(in.ID).IsZero() {
			stop(ReasonSnippet, in.Name)
		}
		if c.Trigger.Conditions != nil && !in.Website.CountVisits && c.Trigger.Counts() {
			if v, _ := reduce(*c.Trigger.Conditions, uncounted); v == Unmet {
				stop(ReasonCounting, in.Name)
			}
		}
	}
	now := s.now()
	if c.Ended(now) {
		list = append(list, Reason{Code: ReasonEnded, Stops: true, At: c.EndsAt})
	}
	if c.Waits(now) {
		list = append(list, Reason{Code: ReasonWaits, At: c.StartsAt})
	}
	if c.Sender.Kind == liadesk.SenderAgent {
		u := x.users[c.Sender.UserID]
		switch {
		case !u.Active():
			list = append(list, Reason{Code: ReasonSenderLeft, Name: speaker(c.Sender, u).Left})
		case found && !u.Serves(c.InboxID):
			list = append(list, Reason{Code: ReasonSenderInbox, Name: u.Name})
		}
	}
	return list
}

// uncounted judges conditions as a site does that counts no visits: all others
// may be met.
func uncounted(r liadesk.Rule) Verdict {
	if f, _ := liadesk.VisitFieldOf(r.Field); f.Counted {
		return Unmet
	}
	return Open
}

// WhyNot tells what keeps a campaign from being shown; empty when nothing
// does that we know of.
func (s *Service) WhyNot(ctx context.Context, actor liadesk.Actor, id liadesk.ID) ([]Reason, error) {
	it, err := s.Get(ctx, actor, id)
	return it.Why, err
}

// Draft is a campaign as it would be saved.
type Draft struct {
	Item
	Removed []Removed // what the sanitiser takes out of the message
	Blocks  []Block   // the message as visitors would see it
}

// Check tells what saving a patch would do, and saves nothing: for the form
// while somebody types, for the preview and for the review before creating.
// With a zero id it is about a new campaign. What is wrong comes as an error
// of KindInvalid; the draft is as good as it can be even then.
func (s *Service) Check(ctx context.Context, actor liadesk.Actor, id liadesk.ID, p Patch) (Draft, error) {
	if err := actor.ManageCampaigns(); err != nil {
		return Draft{}, err
	}
	var d Draft
	err := s.store.View(ctx, func(tx *db.Tx) (err error) {
		c := s.blank(actor)
		if !id.IsZero() {
			if c, err = find(tx, actor, id); err != nil {
				return err
			}
		}
		x, err := readAround(tx, actor.Account)
		if err != nil {
			return err
		}
		removed, wrong := apply(tx, &c, p)
		if wrong != nil && liadesk.KindOf(wrong) != liadesk.KindInvalid {
			return wrong
		}
		d = Draft{Item: s.item(x, c, nil), Removed: removed}
		if d.Blocks, err = Blocks(c.Message); err != nil {
			return err
		}
		d.Blocks = personal(d.Blocks, wording.Vars{AccountName: x.account.Name})
		return wrong
	})
	return d, err
}

// Trial is the answer to "would this page get the campaign?".
type Trial struct {
	Matches bool
	// Why names the first part of the address that differs.
	Why Why
	// OffDomain is the page's host when the inbox's widget does not run there,
	// whatever the pattern says.
	OffDomain string
}

// Try tests the addresses of a trigger on the address of a page, for an inbox if
// one was chosen. It is for those who make campaigns: it tells which domains an
// inbox has. An address that cannot be read is a *PatternError.
func (s *Service) Try(ctx context.Context, actor liadesk.Actor, trigger liadesk.Trigger, address string, inbox liadesk.ID) (Trial, error) {
	if err := actor.ManageCampaigns(); err != nil {
		return Trial{}, err
	}
	var urls, except []*Pattern
	for list, sources := range map[*[]*Pattern][]string{&urls: trigger.Addresses(), &except: trigger.Except} {
		for _, source := range sources {
			p, err := CompilePattern(source)
			if err != nil {
				return Trial{Why: WhyPath}, err
			}
			*list = append(*list, p)
		}
	}
	page, err := ParsePage(address)
	if err != nil {
		return Trial{Why: WhyNotAnAddress}, nil
	}
	var t Trial
	if !inbox.IsZero() {
		if err := s.store.View(ctx, func(tx *db.Tx) error {
			in, found, err := tx.Inbox(actor.Account, inbox)
			if err != nil || !found || in.Website == nil {
				return err
			}
			if !allows(in.Website, page.Host()) {
				t.OffDomain = page.Host()
			}
			page = standsFor(in.Website, page)
			return nil
		}); err != nil {
			return Trial{}, err
		}
	}
	switch {
	case !matches(urls, page):
		t.Why = nearest(urls, page)
	case matches(except, page):
		t.Why = WhyExcluded
	default:
		t.Matches = true
	}
	return t, nil
}
