package livechat

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

// Question describes a page view that may never have happened: what would each
// campaign do?
type Question struct {
	URL string
	// At is when; zero is now.
	At time.Time
	// Staffed tells whether somebody is there to answer then; nil asks how it is
	// now.
	Staffed *bool
	// What is known of the visit; see Facts.
	Referrer, Language, Device string
	// Contact is the visitor, if they are known.
	Contact liadesk.ID
	// Met is how the visitor met each campaign before, today: "" for not at all,
	// else as in Seen.
	Met string
	// Talking is set for a visitor who is in a conversation.
	Talking bool
}

// Step is one check of a campaign. Every check is made, also behind one that
// failed, so that all that has to be mended is seen at once.
type Step struct {
	Check   Blocked
	Verdict Verdict
	// Why is for addresses: the first part that differs, of the address that
	// comes nearest.
	Why Why
	// At is when a campaign begins or ended, or when the business hours open
	// again.
	At time.Time
}

// ConditionStep is one condition of a campaign with what is known of it.
type ConditionStep struct {
	Rule    liadesk.Rule
	Verdict Verdict
	Depth   int // of the group that it is in, 0 for none
}

// Explanation is what a campaign would do, and why.
type Explanation struct {
	Item
	// Blocked is the first check that failed; with NotBlocked the campaign would
	// be armed, and wait for TimeOnPage and the conditions that are Open.
	Blocked    Blocked
	Steps      []Step
	Conditions []ConditionStep
	// Place is the turn that it has among those that would be armed, from 1; 0
	// for one that would not, or that eight others precede.
	Place int
	// specific is the specificity of the address that the page matches.
	specific int
}

// Explain tells for each campaign of the page's inboxes whether it would be
// shown and why not, by the rules that visits are judged by. With an id it is
// about that campaign alone, but for its place.
func (s *Service) Explain(ctx context.Context, actor liadesk.Actor, id liadesk.ID, q Question) ([]Explanation, error) {
	if err := actor.Campaigns(); err != nil {
		return nil, err
	}
	page, err := ParsePage(q.URL)
	if err != nil {
		var v liadesk.Invalid
		v.Add("url", "not_an_address")
		return nil, v.Err()
	}
	if q.At.IsZero() {
		q.At = s.now()
	}
	var list []Explanation
	err = s.store.View(ctx, func(tx *db.Tx) error {
		list = nil
		x, err := readAround(tx, actor.Account)
		if err != nil {
			return err
		}
		person := liadesk.Contact{}
		if !q.Contact.IsZero() {
			found := false
			if person, found, err = tx.Contact(actor.Account, q.Contact); err != nil {
				return err
			}
			if !found { // an explanation for somebody else would be a wrong one
				var v liadesk.Invalid
				v.Add("contact_id", "unknown_contact")
				return v.Err()
			}
		}
		if !id.IsZero() {
			if _, err := find(tx, actor, id); err != nil {
				return err
			}
		}
		all, err := tx.AllLiveChatCampaigns(actor.Account)
		if err != nil {
			return err
		}
		moments := map[liadesk.ID]*moment{}
		slices.Reverse(all) // the older first, as visits have them
		for _, k := range all {
			in, found := x.inboxes[k.InboxID]
			if !actor.Serves(k.InboxID) || !found || in.Website == nil {
				continue
			}
			m := moments[in.ID]
			if m == nil {
				open := false
				if q.Staffed != nil {
					open = *q.Staffed
				} else if open, err = s.talks.StaffedNow(tx, in); err != nil {
					return err
				}
				now := newMoment(Visit{URL: q.URL, Referrer: q.Referrer, Language: q.Language, Device: q.Device}, standsFor(in.Website, page), in, x.account.Plan.Paid(), open, q.At)
				now.talking, now.person, now.facts.Tags = q.Talking, person, person.Tags
				m, moments[in.ID] = &now, &now
			}
			mine := *m
			if q.Met != "" {
				mine.seen = restrain([]Seen{{Campaign: k.ID, Day: q.At.UTC().Format(time.DateOnly), How: q.Met, Session: true}}, q.At, in.Website.DailyCap())
			}
			e := mine.explain(compile(k, compileNew))
			e.Item = s.item(x, k, nil)
			list = append(list, e)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	number(list)
	if !id.IsZero() {
		list = slices.DeleteFunc(list, func(e Explanation) bool { return e.Campaign.ID != id })
	}
	return list, nil
}

// number gives those that would be armed their turns, in the order in which an
// Index finds them, and puts them first.
func number(list []Explanation) {
	slices.SortStableFunc(list, func(a, b Explanation) int {
		armed := func(e Explanation) int {
			if e.Blocked == NotBlocked {
				return 0
			}
			return 1
		}
		return cmp.Or(armed(a)-armed(b), b.Campaign.Priority.Rank()-a.Campaign.Priority.Rank(), b.specific-a.specific)
	})
	for i := range list {
		if list[i].Blocked == NotBlocked && i < maxArmed {
			list[i].Place = i + 1
		}
	}
}

func (m *moment) explain(c *compiled) Explanation {
	var e Explanation
	for _, p := range c.urls {
		if p.MatchPage(m.page) {
			e.specific = max(e.specific, p.Specificity())
		}
	}
	for _, check := range checks {
		if check == BlockedConditions {
			break
		}
		step := Step{Check: check, Verdict: verdict(m.passes(check, c))}
		if step.Verdict == Unmet {
			switch check {
			case BlockedPattern:
				step.Why = nearest(c.urls, m.page)
			case BlockedEarly:
				step.At = c.StartsAt
			case BlockedEnded:
				step.At = c.EndsAt
			case BlockedHours:
				step.At, _ = m.inbox.Website.Hours.NextOpen(m.at)
			}
			if e.Blocked == NotBlocked {
				e.Blocked = check
			}
		}
		e.Steps = append(e.Steps, step)
	}
	if c.Trigger.Conditions != nil {
		v, _ := m.conditions(c)
		e.Steps = append(e.Steps, Step{Check: BlockedConditions, Verdict: v})
		if v == Unmet && e.Blocked == NotBlocked {
			e.Blocked = BlockedConditions
		}
		e.Conditions = m.each(*c.Trigger.Conditions, 0, nil)
	}
	return e
}

// nearest is what differs in the address that comes nearest to a page: the one
// that fails at the latest part.
func nearest(urls []*Pattern, page Page) Why {
	order := []Why{WhyNotAnAddress, WhyScheme, WhyHost, WhyPort, WhyPath, WhyQuery, WhyFragment}
	best := WhyNotAnAddress
	for _, p := range urls {
		if _, why := p.explain(page); slices.Index(order, why) > slices.Index(order, best) {
			best = why
		}
	}
	return best
}

// each lists the conditions of a tree with the verdict on each.
func (m *moment) each(r liadesk.Rule, depth int, list []ConditionStep) []ConditionStep {
	for _, parts := range []*[]liadesk.Rule{r.All, r.Any} {
		if parts != nil {
			for _, part := range *parts {
				list = m.each(part, depth+1, list)
			}
			return list
		}
	}
	v, _ := reduce(r, m.facts.judge)
	return append(list, ConditionStep{r, v, max(depth-1, 0)})
}
