package audience

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

// maxSegmentName is the most characters of a segment's name.
const maxSegmentName = 60

// Segments lists the account's segments by name.
func (s *Service) Segments(ctx context.Context, actor liadesk.Actor) ([]liadesk.Segment, error) {
	if err := actor.ManageCampaigns(); err != nil {
		return nil, err
	}
	var list []liadesk.Segment
	err := s.store.View(ctx, func(tx *db.Tx) (err error) {
		list, err = tx.Segments(actor.Account)
		return err
	})
	slices.SortFunc(list, func(a, b liadesk.Segment) int {
		return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name))
	})
	return list, err
}

// Segment reads one of them.
func (s *Service) Segment(ctx context.Context, actor liadesk.Actor, id liadesk.ID) (liadesk.Segment, error) {
	if err := actor.ManageCampaigns(); err != nil {
		return liadesk.Segment{}, err
	}
	var found bool
	var out liadesk.Segment
	err := s.store.View(ctx, func(tx *db.Tx) (err error) {
		out, found, err = tx.Segment(actor.Account, id)
		return err
	})
	if err == nil && !found {
		err = liadesk.ErrNotFound
	}
	return out, err
}

// SaveSegment gives a rule a name. A name that another segment has is refused:
// two that are called the same would be mistaken for each other.
func (s *Service) SaveSegment(ctx context.Context, actor liadesk.Actor, name string, rule liadesk.Rule) (liadesk.Segment, error) {
	if err := actor.ManageCampaigns(); err != nil {
		return liadesk.Segment{}, err
	}
	var v liadesk.Invalid
	name = strings.Join(strings.Fields(name), " ")
	switch {
	case name == "":
		v.Add("name", "required")
	case utf8.RuneCountInString(name) > maxSegmentName:
		v.Add("name", "too_long", "Max", maxSegmentName)
	}
	if err := v.Err(); err != nil {
		return liadesk.Segment{}, err
	}
	if err := Validate(rule); err != nil {
		return liadesk.Segment{}, err
	}
	out := liadesk.Segment{ID: s.ids(), AccountID: actor.Account, Name: name, Rule: rule, CreatedAt: s.clock.Now().UTC(), CreatedBy: actor.User}
	err := s.store.Update(ctx, func(tx *db.Tx) error {
		var v liadesk.Invalid
		if err := CheckNames(tx, actor.Account, rule); err != nil {
			return err
		}
		list, err := tx.Segments(actor.Account)
		if err != nil {
			return err
		}
		switch {
		case slices.ContainsFunc(list, func(o liadesk.Segment) bool { return strings.EqualFold(o.Name, name) }):
			v.Add("name", "segment_name_taken", "Name", name)
		case len(list) >= db.MaxSegments:
			v.Add("name", "too_many", "Max", db.MaxSegments)
		}
		if err := v.Err(); err != nil {
			return err
		}
		return tx.PutSegment(out)
	})
	return out, err
}

// DeleteSegment forgets a segment. Campaigns that used it keep their audience.
func (s *Service) DeleteSegment(ctx context.Context, actor liadesk.Actor, id liadesk.ID) error {
	if err := actor.ManageCampaigns(); err != nil {
		return err
	}
	return s.store.Update(ctx, func(tx *db.Tx) error {
		if _, found, err := tx.Segment(actor.Account, id); err != nil {
			return err
		} else if !found {
			return liadesk.ErrNotFound
		}
		return tx.DeleteSegment(actor.Account, id)
	})
}

// TagUsers names the segments that ask for a tag. Without it they would go on to
// mean something else than their name says.
func (s *Service) TagUsers(tx *db.Tx, account liadesk.ID, tag string) ([]liadesk.Ref, error) {
	list, err := tx.Segments(account)
	if err != nil {
		return nil, err
	}
	var refs []liadesk.Ref
	for _, seg := range list {
		if seg.Rule.AsksTag(tag) {
			refs = append(refs, liadesk.Ref{ID: seg.ID, Name: seg.Name, Kind: "segment"})
		}
	}
	return refs, nil
}
