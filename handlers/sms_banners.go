package handlers

import (
	"fmt"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

// callbackPatience is how long a campaign may have been sending before it is
// odd that the carrier never reported anything.
const callbackPatience = 2 * time.Minute

// smsBanners are the conditions under which texts do not go out, or nothing is
// heard of them, the gravest first. Cards are those on the page: an inbox that
// was never called back matters once it has sent something.
func (s *Server) smsBanners(c *fiber.Ctx, inboxes smsInboxes, cards []smsCard) ([]Banner, error) {
	var banners []Banner
	held, is, err := s.SMS.Held(c.UserContext())
	if err != nil {
		return nil, err
	}
	switch {
	case held.Releasing:
		banners = append(banners, Banner{Tone: ToneInfo, Text: s.t(c, "sms.banner.releasing")})
	case is:
		banners = append(banners, Banner{Tone: ToneDanger, Text: s.heldText(c, held, "sms.banner"), Link: "/campaigns/sms/release", Label: s.t(c, "sms.banner.look")})
	}
	if s.SMS.DiskLow() {
		banners = append(banners, Banner{Tone: ToneDanger, Text: s.t(c, "sms.banner.disk")})
	}
	silent := map[liadesk.ID]bool{}
	for _, card := range cards {
		k := card.Campaign
		if card.Progress.Taken() > 0 && !k.StartedAt.IsZero() && s.Clock.Since(k.StartedAt) > callbackPatience {
			silent[k.InboxID] = true
		}
	}
	for _, in := range inboxes.list {
		link := "/inboxes/" + in.ID.String()
		if in.SMS.Trouble != liadesk.TroubleNone {
			tone := ToneWarning // it goes on by itself
			if in.SMS.Trouble == liadesk.TroubleUnauthorised || in.SMS.Trouble == liadesk.TroubleNoCredit {
				tone = ToneDanger
			}
			banners = append(banners, Banner{Tone: tone, Text: s.t(c, fmt.Sprintf("sms.banner.%s", in.SMS.Trouble), "Inbox", in.Name),
				Link: link, Label: s.t(c, "sms.banner.inbox")})
		}
		if in.SMS.CallbackSeenAt.IsZero() && silent[in.ID] {
			banners = append(banners, Banner{Tone: ToneWarning, Text: s.t(c, "sms.banner.no_callback", "Inbox", in.Name),
				Link: link, Label: s.t(c, "sms.banner.inbox")})
		}
	}
	return banners, nil
}

// heldText says why sending is held, in the words of a part of the catalogue.
func (s *Server) heldText(c *fiber.Ctx, held db.Held, part string) string {
	l := s.localizer(c)
	if part == "sms.banner" {
		part += ".held_"
	} else {
		part += "."
	}
	return l.T(fmt.Sprintf("%s%s", part, held.Reason), "When", l.DateTime(held.At, zone(c)), "Address", held.Address)
}

// smsHeld is the page on which sending is released.
type smsHeld struct {
	Held      bool
	Releasing bool // a person decided, and the carrier's lists are being read
	Text      string
	Warn      bool
}

func (s *Server) showRelease(c *fiber.Ctx) error {
	held, is, err := s.SMS.Held(c.UserContext())
	if err != nil {
		return err
	}
	v := smsHeld{Held: is, Releasing: held.Releasing}
	if is {
		v.Text, v.Warn = s.heldText(c, held, "sms.release"), held.Reason == db.HeldAddress
	}
	return s.page(c, "sms/release", Page{Title: s.t(c, "sms.release.title"), Nav: "sms", Data: v})
}

// releaseSending lets texts go out again. It is asked for on a page of its own
// that says what will happen.
func (s *Server) releaseSending(c *fiber.Ctx) error {
	if err := s.SMS.Release(c.UserContext(), actor(c)); err != nil {
		return err
	}
	// A long list takes minutes to read; the banner says so until it is done.
	if _, still, err := s.SMS.Held(c.UserContext()); err != nil {
		return err
	} else if !still {
		s.toast(c, ToneSuccess, s.t(c, "sms.done.released"))
	}
	return s.redirect(c, "/campaigns/sms")
}
