package handlers

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/liadesk/campaigns/audience"
	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/sms"
)

// smsReview is a draft before it is scheduled.
type smsReview struct {
	sms.Review
	Path     string
	Audience string
	Reach    smsReach
	Inbox    string
	From     string
	Zone     string
	Wrong    []string // why it cannot be scheduled, in words
	Next     uint64   // the number of another sample
	// Who is what somebody typed to see the text of one person, and Sought what
	// was found: why that person gets no text, or that there is nobody.
	Who, Sought string
	Segments    int   // of the sample's text
	AtMost      int64 // about how many segments in all
	// OutsideText says who gets it later.
	OutsideText string
	// RestrainedText says who is left out for what they got lately.
	RestrainedText string
	To             string // typed into "send a test"
	// Unheard asks for a word that answers may go unheard.
	Unheard bool
	When    smsWhen
	// Changed tells that somebody changed the draft since it was looked at.
	Changed bool
}

func (s *Server) reviewSMSCampaign(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	err = s.smsReviewPage(c, id, nil)
	if errors.Is(err, sms.ErrNotDraft) { // there is nothing left to decide
		return s.redirect(c, "/campaigns/sms/"+id.String())
	}
	return err
}

// smsReviewPage shows the review of a draft; refused is why it was not
// scheduled, and problems are those of the test that somebody asked for.
func (s *Server) smsReviewPage(c *fiber.Ctx, id liadesk.ID, refused error, problems ...Problem) error {
	n := uint64(max(c.QueryInt("sample"), 0))
	r, err := s.SMS.Review(c.UserContext(), actor(c), id, n)
	if err != nil {
		return err
	}
	inboxes, err := s.smsInboxes(c)
	if err != nil {
		return err
	}
	k, l := r.Campaign, s.localizer(c)
	f := smsFormOf(k, viewer(c).Account.Settings.TimeZone)
	v := smsReview{Review: r, Path: "/campaigns/sms/" + k.ID.String(), Audience: audience.Sentence(s.ruleSpeaker(c, l), k.Audience), Next: n + 1,
		Zone: f.readIn(f.accountZone), When: s.smsWhen(c, f), Segments: r.Cost.Segments, AtMost: r.Audience.Reachable * int64(r.Cost.Segments)}
	v.Reach = s.smsReach(c, r.Audience, k.Audience, k.Purpose)
	if later := r.Outside - r.Never - r.TooLate; later > 0 {
		v.OutsideText = l.T("sms.review.outside", "Count", later, "When", l.DateTime(r.FirstOpens, toZone(v.Zone)))
	}
	if r.Past > 0 {
		v.When.Lines = append(v.When.Lines, l.T("ownzone.past", "Count", r.Past))
	}
	if n := r.Restrained.Count; n > 0 && r.Restrained.AtMost {
		v.RestrainedText = l.T("restraint.left_out_at_most", "Count", n)
	} else if n > 0 {
		v.RestrainedText = l.T("restraint.left_out", "Count", n)
	}
	if in, ok := inboxes.byID[k.InboxID]; ok {
		v.Inbox, v.From = in.Name, in.SMS.Number
	}
	if v.Changed = errors.Is(refused, sms.ErrChanged); liadesk.KindOf(refused) != liadesk.KindInvalid {
		refused = r.Problems
	}
	if v.Unheard, err = s.SMS.Unheard(c.UserContext(), k); err != nil {
		return err
	}
	v.To = c.FormValue("to")
	if v.Who = strings.TrimSpace(c.Query("who")); v.Who != "" {
		if err := s.seekSample(c, &v); err != nil {
			return err
		}
	}
	p := Page{Title: s.t(c, "sms.review.title"), Nav: "sms", Data: v, Errors: problems}
	if refused != nil {
		for _, problem := range s.smsProblems(c, refused) {
			v.Wrong = append(v.Wrong, problem.Message)
		}
		p.Data = v
	}
	if p.Banners, err = s.smsBanners(c, inboxes, nil); err != nil {
		return err
	}
	return s.page(c, "sms/review", p)
}

// seekSample shows the text of the person whom somebody looks for.
func (s *Server) seekSample(c *fiber.Ctx, v *smsReview) error {
	p, found, err := s.SMS.Preview(c.UserContext(), actor(c), v.Campaign.ID, v.Who)
	if err != nil {
		return err
	}
	l := s.localizer(c)
	switch {
	case !found:
		v.Sought = l.T("preview.nobody", "Query", v.Who)
		return nil
	case !p.Meant:
		v.Sought = l.T("preview.not_meant", "Name", p.Person.Label())
	case p.LeftOut != "":
		v.Sought = l.T("preview.left_out", "Name", p.Person.Label(), "Reason", l.T(fmt.Sprintf("audience.skip.%s", p.LeftOut)))
	}
	if p.Text != "" {
		v.Sample, v.Text, v.Segments = p.Person, p.Text, p.Cost.Segments
	}
	return nil
}

func (s *Server) scheduleSMSCampaign(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	version, err := parseVersion(c.FormValue("version"))
	if err != nil {
		return err
	}
	_, err = s.SMS.Schedule(c.UserContext(), actor(c), id, sms.When{Version: version, Asked: true, Understood: c.FormValue("understood") != ""})
	if liadesk.KindOf(err) == liadesk.KindInvalid {
		c.Status(http.StatusUnprocessableEntity)
		return s.smsReviewPage(c, id, err)
	}
	switch {
	case errors.Is(err, sms.ErrChanged), errors.Is(err, sms.ErrReplaced):
		c.Status(http.StatusConflict)
		return s.smsReviewPage(c, id, err)
	case errors.Is(err, sms.ErrNotDraft):
		s.toast(c, ToneInfo, s.t(c, "sms.review.was_scheduled"))
		return s.redirect(c, "/campaigns/sms/"+id.String())
	case err != nil:
		return err
	}
	s.toast(c, ToneSuccess, s.t(c, "sms.done.scheduled"))
	return s.redirect(c, "/campaigns/sms/"+id.String())
}
