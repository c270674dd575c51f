package conversations

import (
	"context"
	"slices"
	"time"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

// MostReportDays is the longest time that a report looks back.
const MostReportDays = 90

// Figures say how conversations went.
type Figures struct {
	// Begun are threads that visitors began, or people who answered a text; Bot
	// those that LiaDesk answered in,
	// and Solved those where it helped, as the visitor said.
	Begun, Bot, Solved int64
	// HandedOver are threads given to people, Reasons why; Wrong those that
	// LiaDesk should have kept.
	HandedOver, Wrong int64
	Reasons           []ReasonFigure
	// Answered are threads that a person answered for the first time, of websites
	// since they were handed over, Median and P90 how long their visitors had waited, right within a
	// fifth; zero without any.
	Answered    int64
	Median, P90 time.Duration
	// Abandoned were over before a person came.
	Abandoned, Resolved int64
	// Replies and Missed count messages of people, and offers they let pass.
	Replies, Missed int64
	// Rating is the mean of Ratings, 1 to 5, 0 without any.
	Rating  float64
	Ratings int64
}

// ReasonFigure is how often a reason led to a handoff, and how often wrongly.
type ReasonFigure struct {
	Reason       liadesk.HandoffReason
	Count, Wrong int64
}

func figuresOf(t db.TalkSum) Figures {
	f := Figures{Begun: t.Of(db.TalkBegun), Bot: t.Of(db.TalkBotAnswers), Solved: t.Of(db.TalkBotSolved),
		HandedOver: t.Under(db.TalkHandedOver), Wrong: t.Under(db.TalkWrong), Answered: t.Of(db.TalkAnswered), Median: t.Waited(0.5), P90: t.Waited(0.9),
		Abandoned: t.Of(db.TalkAbandoned), Resolved: t.Of(db.TalkResolved), Replies: t.Of(db.TalkReplies), Missed: t.Of(db.TalkMissed)}
	f.Rating, f.Ratings = t.Rating()
	for _, r := range liadesk.HandoffReasons {
		if n := t.Of(db.TalkHandedOver + string(r)); n > 0 {
			f.Reasons = append(f.Reasons, ReasonFigure{r, n, t.Of(db.TalkWrong + string(r))})
		}
	}
	return f
}

// Report is how conversations went in the last days.
type Report struct {
	// Days are those of UTC, the oldest first, with the last one today.
	Days []DayFigures
	All  Figures
	// People have answered or were asked, the busiest first; Campaigns are those
	// that conversations came from, none on a plan without.
	People    []PersonFigures
	Campaigns []CampaignFigures
}

// DayFigures are those of one day.
type DayFigures struct {
	Day time.Time
	Figures
}

// PersonFigures are those of one person of the team.
type PersonFigures struct {
	User liadesk.User
	Figures
}

// CampaignFigures are those of one campaign.
type CampaignFigures struct {
	Campaign liadesk.Ref
	Figures
}

// Report reads how conversations went in so many days up to now. It names
// people, so it is for administrators.
func (s *Service) Report(ctx context.Context, actor liadesk.Actor, days int) (Report, error) {
	var v liadesk.Invalid
	if err := actor.Administrator(); err != nil {
		return Report{}, err
	}
	if days < 1 || days > MostReportDays {
		v.Add("days", "out_of_range", "Min", 1, "Max", MostReportDays)
		return Report{}, v.Err()
	}
	var r Report
	err := s.store.View(ctx, func(tx *db.Tx) error {
		now := s.now()
		f, err := tx.TalkFiguresOf(actor.Account, now, days)
		if err != nil {
			return err
		}
		r = Report{All: figuresOf(f.All)}
		today := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, time.UTC)
		for i, sum := range f.Days {
			r.Days = append(r.Days, DayFigures{today.AddDate(0, 0, i-days+1), figuresOf(sum)})
		}
		users, err := tx.Users(actor.Account)
		if err != nil {
			return err
		}
		for _, u := range users {
			if sum, did := f.Who[u.ID]; did {
				r.People = append(r.People, PersonFigures{u, figuresOf(sum)})
			}
		}
		slices.SortStableFunc(r.People, func(a, b PersonFigures) int { return int(b.Replies - a.Replies) })
		if !actor.Plan.Paid() {
			return nil
		}
		var ids []liadesk.ID
		for id := range f.From {
			ids = append(ids, id)
		}
		refs, err := tx.CampaignRefs(actor.Account, ids, ids)
		for id, ref := range refs { // those that are gone have no name
			r.Campaigns = append(r.Campaigns, CampaignFigures{ref, figuresOf(f.From[id])})
		}
		slices.SortFunc(r.Campaigns, func(a, b CampaignFigures) int {
			if a.Begun != b.Begun {
				return int(b.Begun - a.Begun)
			}
			return slices.Compare(a.Campaign.ID[:], b.Campaign.ID[:])
		})
		return err
	})
	return r, err
}
