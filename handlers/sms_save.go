package handlers

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/liadesk/campaigns/audience"
	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/sms"
)

func (s *Server) createSMSCampaign(c *fiber.Ctx) error {
	if err := requireManager(c); err != nil {
		return err
	}
	f := readSMSForm(c)
	if again(c) {
		return s.smsFormPage(c, f, nil)
	}
	in, err := s.smsInput(c, &f)
	if err != nil {
		return s.smsFormPage(c, f, err)
	}
	k, err := s.SMS.Create(c.UserContext(), actor(c), in)
	if err != nil {
		return s.smsFormPage(c, f, err)
	}
	return s.smsSaved(c, k)
}

// smsSaved goes on after a draft was saved: to the review, to the inbox that it
// lacks, or to the list.
func (s *Server) smsSaved(c *fiber.Ctx, k liadesk.SMSCampaign) error {
	if c.FormValue("then") == "review" {
		return s.redirect(c, "/campaigns/sms/"+k.ID.String()+"/review")
	}
	s.toast(c, ToneSuccess, s.t(c, "sms.done.saved"))
	if c.FormValue("then") == "inbox" {
		return s.redirect(c, "/inboxes/new?kind=sms")
	}
	return s.redirect(c, "/campaigns/sms")
}

func (s *Server) updateSMSCampaign(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	f := readSMSForm(c)
	k, before, err := s.smsDraft(c)
	switch {
	case liadesk.KindOf(err) == liadesk.KindNotFound && f.Version != "": // it was made from one that was there
		return s.smsFormLost(c, f, "sms.form.lost_deleted")
	case err != nil:
		return err
	case k.Status != liadesk.SMSDraft:
		return s.smsFormLost(c, f, "sms.form.lost_scheduled")
	}
	f.ID, f.Replaces = before.ID, before.Replaces
	if again(c) {
		return s.smsFormPage(c, f, nil)
	}
	in, err := s.smsInput(c, &f)
	if err != nil {
		return s.smsFormPage(c, f, err)
	}
	k, err = s.SMS.Update(c.UserContext(), actor(c), id, in)
	switch {
	case liadesk.KindOf(err) == liadesk.KindNotFound:
		return s.smsFormLost(c, f, "sms.form.lost_deleted")
	case errors.Is(err, sms.ErrNotDraft):
		return s.smsFormLost(c, f, "sms.form.lost_scheduled")
	case err != nil:
		return s.smsFormPage(c, f, err)
	}
	return s.smsSaved(c, k)
}

// smsFormLost shows what was typed into a draft that is none any more, as a new
// one: somebody deleted or scheduled it meanwhile.
func (s *Server) smsFormLost(c *fiber.Ctx, f smsForm, why string) error {
	f.ID, f.Version, f.Replaces, f.Lost = "", "", "", s.t(c, why)
	if !again(c) {
		c.Status(http.StatusConflict)
	}
	return s.smsFormPage(c, f, nil)
}

// smsInput is the form as it is saved. Who asks for the review wants it whole;
// who saves a draft may have to look something up first, and gets a title for it.
func (s *Server) smsInput(c *fiber.Ctx, f *smsForm) (sms.Input, error) {
	in, err := f.input()
	if in.Unfinished = c.FormValue("then") != "review"; in.Unfinished {
		in.Audience = begun(in.Audience)
		if strings.TrimSpace(in.Title) == "" {
			in.Title = s.t(c, "sms.form.untitled")
		}
	}
	return in, err
}

// begun is what a rule of the form says so far: without the conditions that
// nobody has filled in, and nothing at all if there are no others. It never means
// everybody by that.
func begun(r liadesk.Rule) liadesk.Rule {
	for _, list := range []**[]liadesk.Rule{&r.All, &r.Any} {
		if *list == nil || len(**list) == 0 {
			continue
		}
		var parts []liadesk.Rule
		for _, part := range **list {
			if part = begun(part); !part.Empty() {
				parts = append(parts, part)
			}
		}
		if *list = &parts; parts == nil {
			return liadesk.Rule{}
		}
	}
	if r.Not != nil {
		not := begun(*r.Not)
		if r.Not = &not; not.Empty() {
			return liadesk.Rule{}
		}
	}
	return r
}

// smsConflict puts what two people changed in a draft into words.
func (s *Server) smsConflict(c *fiber.Ctx, changes []liadesk.Change) ([]conflictLine, error) {
	inboxes, err := s.smsInboxes(c)
	if err != nil {
		return nil, err
	}
	l := s.localizer(c)
	words := func(v any) string {
		switch v := v.(type) {
		case liadesk.ID:
			if in, ok := inboxes.byID[v]; ok {
				return in.Name
			}
			return l.T("common.none")
		case liadesk.Purpose:
			return l.T(fmt.Sprintf("sms.field.%s", v))
		case liadesk.Rule:
			return audience.Sentence(s.ruleSpeaker(c, l), v)
		case bool:
			if v {
				return l.T("common.yes")
			}
			return l.T("common.no")
		case sms.LocalTime:
			zone := zoneLabel(v.TimeZone)
			if v.TimeZone == liadesk.RecipientZone {
				zone = l.T("ownzone.option")
			}
			return cmp.Or(strings.TrimSpace(strings.Replace(v.Local, "T", " ", 1)+" "+zone), l.T("common.none"))
		case time.Time:
			if v.IsZero() {
				return l.T("common.none")
			}
			return l.DateTime(v, zone(c))
		}
		return s.words(c, v)
	}
	lines := make([]conflictLine, len(changes))
	for i, ch := range changes {
		lines[i] = conflictLine{l.T(fmt.Sprintf("sms.changed.%s", ch.Field)), words(ch.Theirs), words(ch.Yours)}
	}
	return lines, nil
}
