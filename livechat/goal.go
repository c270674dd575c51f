package livechat

import (
	"context"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

// goalsFor are the goals that a page should report: those of campaigns that this
// visitor was shown, within their days, and that were not reached yet.
func (x *website) goalsFor(seen []Seen, page Page, now time.Time) []GoalAsk {
	if len(x.goals) == 0 || len(seen) == 0 {
		return nil
	}
	r := restrain(seen, now, math.MaxInt)
	var list []GoalAsk
	for id, s := range r.seen {
		c, found := x.goals[id]
		if !found || s.Reached || r.days(s) >= c.Goal.Days {
			continue
		}
		if c.goal != nil && !c.goal.MatchPage(page) {
			continue
		}
		if list = append(list, GoalAsk{id, c.Goal.Event}); len(list) == maxArmed {
			break
		}
	}
	return list
}

// GoalReached is what a page reports: a visitor who was shown a campaign did
// what its message was for.
type GoalReached struct {
	Campaign liadesk.ID
	Day      string // the UTC day on which the message was shown
	URL      string // the page
	Event    string // "" for a goal that is a page
	// Value and Currency are the event's own, "" for those of the goal.
	Value, Currency string
}

// ErrNoGoal refuses a report that does not fit the campaign's goal.
var ErrNoGoal = &liadesk.Error{Kind: liadesk.KindInvalid, Code: "no_goal", Text: "this does not reach the campaign's goal"}

// ReachGoal counts a goal. No identifier of the visitor is kept, so that each
// report counts: the widget remembers what it has reported before it does, and
// a report whose answer gets lost is not repeated. A stranger can make the
// figure too high, as with any count of page views; the limit of events per
// address bounds it.
func (s *Service) ReachGoal(ctx context.Context, inbox liadesk.Inbox, in GoalReached) error {
	page, err := ParsePage(in.URL)
	if err != nil {
		return ErrNoGoal
	}
	now := s.now()
	return s.store.Update(ctx, func(tx *db.Tx) error {
		k, found, err := tx.LiveChatCampaign(inbox.AccountID, in.Campaign)
		if err != nil {
			return err
		}
		if !found || k.InboxID != inbox.ID || k.Goal == nil {
			return liadesk.ErrNotFound
		}
		c := compile(k, compileNew)
		r := restraint{today: now.Truncate(24 * time.Hour)}
		switch {
		case r.days(Seen{Day: in.Day}) >= k.Goal.Days,
			k.Goal.Event != in.Event,
			in.Event == "" && (c.goal == nil || !c.goal.MatchPage(standsFor(inbox.Website, page))):
			return ErrNoGoal
		}
		seed := s.ids()[15]
		if err := tx.CountChat(k.AccountID, k.ID, db.FigureGoals, seed, now); err != nil {
			return err
		}
		value, currency := worth(*k.Goal, in)
		if value == 0 {
			return nil
		}
		return tx.CountChatWorth(k.AccountID, k.ID, currency, seed, value)
	})
}

// worth is what a reached goal is worth, in hundredths of its currency. What an
// event says of itself counts if it can be read, else what the goal says.
func worth(g liadesk.Goal, in GoalReached) (hundredths int64, currency string) {
	value, currency := g.Value, g.Currency
	if own, err := strconv.ParseFloat(strings.TrimSpace(in.Value), 64); err == nil && own >= 0 && own <= liadesk.MaxGoalValue {
		if code := strings.ToUpper(strings.TrimSpace(in.Currency)); liadesk.IsCurrency(code) {
			value, currency = own, code
		} else if in.Currency == "" && currency != "" {
			value = own
		}
	}
	return int64(math.Round(value * 100)), currency
}
