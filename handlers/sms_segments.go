package handlers

import (
	"errors"

	"github.com/gofiber/fiber/v2"

	"github.com/liadesk/campaigns/audience"
	"github.com/liadesk/campaigns/liadesk"
)

// smsSegment is a saved audience in the form.
type smsSegment struct{ ID, Name, Sentence string }

// smsSegments are the saved audiences, and what came of saving one.
type smsSegments struct {
	List  []smsSegment
	Name  string // what the audience is to be called
	Said  string // that it was saved, or removed
	Wrong string // why it was not
}

// doSegments does what the buttons and the list of saved audiences ask for:
// take one, save what the form has, remove one.
func (s *Server) doSegments(c *fiber.Ctx, f *smsForm) error {
	f.Segments.Name = c.FormValue("segment_name") // kept while conditions change
	if id, err := liadesk.ParseID(c.FormValue("segment")); err == nil {
		g, err := s.Audience.Segment(c.UserContext(), actor(c), id)
		if err != nil {
			return err
		}
		f.Builder, f.Rule = builder{}, ""
		f.setRule(g.Rule)
		f.Segments.Said = s.t(c, "segments.taken", "Name", g.Name)
	}
	if id, err := liadesk.ParseID(c.FormValue("drop_segment")); err == nil {
		if err := s.Audience.DeleteSegment(c.UserContext(), actor(c), id); err != nil && !errors.Is(err, liadesk.ErrNotFound) {
			return err
		}
		f.Segments.Said = s.t(c, "segments.removed")
	}
	if c.FormValue("save_segment") == "" {
		return nil
	}
	g, err := s.Audience.SaveSegment(c.UserContext(), actor(c), f.Segments.Name, f.rule())
	switch {
	case err == nil:
		f.Segments.Name, f.Segments.Said = "", s.t(c, "segments.saved", "Name", g.Name)
	case liadesk.KindOf(err) == liadesk.KindInvalid:
		f.Segments.Wrong = s.problems(c, err)[0].Message
	default:
		return err
	}
	return nil
}

func (s *Server) fillSegments(c *fiber.Ctx, f *smsForm) error {
	list, err := s.Audience.Segments(c.UserContext(), actor(c))
	if err != nil {
		return err
	}
	speaker := s.ruleSpeaker(c, s.localizer(c))
	f.Segments.List = make([]smsSegment, len(list))
	for i, g := range list {
		f.Segments.List[i] = smsSegment{g.ID.String(), g.Name, audience.Sentence(speaker, g.Rule)}
	}
	return nil
}
