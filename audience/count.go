package audience

import (
	"context"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/jonboulle/clockwork"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

// Service counts audiences for people who are making a campaign, and keeps those
// that they gave a name.
type Service struct {
	store *db.Store
	clock clockwork.Clock
	ids   liadesk.IDs
}

// New opens the room.
func New(store *db.Store, clock clockwork.Clock, ids liadesk.IDs) *Service {
	return &Service{store: store, clock: clock, ids: ids}
}

// Count is an audience in figures: Matched = Reachable + the sum of Skipped.
type Count struct {
	Matched, Reachable int64
	Skipped            map[liadesk.SkipReason]int64
}

// Reasons are the reasons for which anybody is left out, in order.
func (c Count) Reasons() []liadesk.SkipReason {
	var list []liadesk.SkipReason
	for _, r := range liadesk.SkipReasons {
		if c.Skipped[r] > 0 {
			list = append(list, r)
		}
	}
	return list
}

// Figures counts a split.
func (s Split) Figures() Count {
	c := Count{Matched: int64(s.Matched.GetCardinality()), Reachable: int64(s.Reachable.GetCardinality()),
		Skipped: map[liadesk.SkipReason]int64{}}
	for reason, set := range s.Skipped {
		c.Skipped[reason] = int64(set.GetCardinality())
	}
	return c
}

// Count tells how many people a rule means and how many of them a text for
// this purpose would reach; an empty purpose is marketing, the stricter one.
func (s *Service) Count(ctx context.Context, actor liadesk.Actor, rule liadesk.Rule, purpose liadesk.Purpose) (Count, error) {
	if err := actor.ManageCampaigns(); err != nil {
		return Count{}, err
	}
	if err := checkPurpose(&purpose); err != nil {
		return Count{}, err
	}
	var c Count
	err := s.store.View(ctx, func(tx *db.Tx) error {
		split, err := Evaluate(tx, actor.Account, rule, purpose)
		if err == nil {
			c = split.Figures()
		}
		return err
	})
	return c, err
}

// Left is a filter for lists of contacts: those of a rule who are left out for
// a reason, all who match when the reason is "", or those who are reached when
// it is Reached.
func (s *Service) Left(actor liadesk.Actor, rule liadesk.Rule, purpose liadesk.Purpose, reason liadesk.SkipReason) (func(*db.Tx) (*roaring.Bitmap, error), error) {
	if err := actor.ManageCampaigns(); err != nil {
		return nil, err
	}
	if err := checkPurpose(&purpose); err != nil {
		return nil, err
	}
	if err := Validate(rule); err != nil {
		return nil, err
	}
	return func(tx *db.Tx) (*roaring.Bitmap, error) {
		split, err := Evaluate(tx, actor.Account, rule, purpose)
		switch {
		case err != nil:
			return nil, err
		case reason == "":
			return split.Matched, nil
		case reason == Reached:
			return split.Reachable, nil
		case split.Skipped[reason] == nil:
			return roaring.New(), nil
		}
		return split.Skipped[reason], nil
	}, nil
}

// Reached stands for "nothing keeps them" where a reason is asked for.
const Reached liadesk.SkipReason = "reachable"

func checkPurpose(p *liadesk.Purpose) error {
	switch *p {
	case "":
		*p = liadesk.PurposeMarketing
	case liadesk.PurposeMarketing, liadesk.PurposeTransactional:
	default:
		var v liadesk.Invalid
		v.Add("purpose", "bad_purpose")
		return v.Err()
	}
	return nil
}
