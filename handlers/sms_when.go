package handlers

import (
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/liadesk/campaigns/hours"
	"github.com/liadesk/campaigns/liadesk"
)

// smsWhen are sentences about the time that was chosen.
type smsWhen struct {
	At    time.Time
	Said  string // the time once more, with its day and zone; "" if it has passed
	Lines []string
}

// smsWhen says what a local time comes to. An unreadable one says nothing: the
// field does.
func (s *Server) smsWhen(c *fiber.Ctx, f smsForm) smsWhen {
	var w smsWhen
	l := s.localizer(c)
	if f.TimeZone == liadesk.RecipientZone {
		return s.smsWhenOwn(c, f)
	}
	at, shifted, err := hours.ParseLocal(f.Local, f.TimeZone)
	if err == nil {
		w.At = at
	}
	if err == nil && at.After(s.Clock.Now().Add(-time.Minute)) {
		there := l.DateTime(at, toZone(f.TimeZone))
		if w.Said = l.T("sms.when.at", "When", there); shifted {
			w.Lines = append(w.Lines, l.T("sms.when.shifted", "When", there))
		}
		if here := l.DateTime(at, zone(c)); here != there {
			w.Lines = append(w.Lines, l.T("sms.when.your", "When", here))
		}
	}
	w.Lines = append(w.Lines, s.smsHours(c, f))
	return w
}

// smsHours says at which hours the form's texts go out.
func (s *Server) smsHours(c *fiber.Ctx, f smsForm) string {
	switch {
	case liadesk.Purpose(f.Purpose) == liadesk.PurposeTransactional:
		return s.t(c, "sms.when.any_hour")
	case viewer(c).Account.Settings.RoundTheClock:
		return s.t(c, "sms.every_hour")
	}
	return s.t(c, "sms.when.window")
}

// smsWhenOwn is smsWhen for a time by each recipient's own clock.
func (s *Server) smsWhenOwn(c *fiber.Ctx, f smsForm) smsWhen {
	w := smsWhen{Lines: []string{s.t(c, "ownzone.when"), s.smsHours(c, f)}}
	if at, _, err := hours.ParseLocal(f.Local, f.readIn(f.accountZone)); err == nil {
		w.At = at
	}
	return w
}
