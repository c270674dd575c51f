package handlers

import (
	"fmt"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/sms"
)

// smsAlarm says what is wrong with a campaign, how that was reckoned, and what
// to do.
type smsAlarm struct{ Title, Formula, Advice string }

func (s *Server) smsAlarms(c *fiber.Ctx, r sms.Report) []smsAlarm {
	l := s.localizer(c)
	var list []smsAlarm
	for _, a := range r.Alarms {
		kind := string(a.Kind)
		if a.Kind == sms.AlarmFailed {
			kind += "_" + string(a.Class)
		}
		formula := fmt.Sprintf("reports.formula.%s", a.Kind)
		if (a.Kind == sms.AlarmOptOuts || a.Kind == sms.AlarmClicks) && r.OfAccepted {
			formula += "_accepted"
		}
		advice := l.T(fmt.Sprintf("reports.alarm.%s_advice", kind))
		if r.Campaign.Status == liadesk.SMSSending {
			advice += " " + l.T("reports.alarm.pause")
		}
		list = append(list, smsAlarm{
			Title: l.T(fmt.Sprintf("reports.alarm.%s", kind), "Share", l.Percent(float64(a.Part), float64(a.Whole))),
			Formula: l.T(formula, "Part", a.Part, "Whole", a.Whole, "Share", l.Percent(float64(a.Part), float64(a.Whole)),
				"Limit", l.Decimal(a.Limit*100, 1)),
			Advice: advice,
		})
	}
	return list
}

// Reachable is how many texts the carrier took or may have taken.
func (f smsFigures) Reachable() int64 { return f.Accepted + f.Progress.Unconfirmed }

// smsCosts is what a campaign cost in all and for each text or reply, in whole
// units of the carrier's currency; "" for what is not known.
type smsCosts struct{ All, PerDelivered, PerReply, Estimate, Charged string }

// costPlaces is to how many places carriers charge.
const costPlaces = 4

func (s *Server) smsCosts(c *fiber.Ctx, r sms.Report) smsCosts {
	amount := func(millionths float64) string { return s.localizer(c).Decimal(millionths/1e6, costPlaces) }
	write := func(millionths *float64) string {
		if millionths == nil || r.Progress.Cost == 0 {
			return ""
		}
		return amount(*millionths)
	}
	all := float64(r.Progress.Cost)
	costs := smsCosts{All: write(&all), PerDelivered: write(r.CostPerDelivered), PerReply: write(r.CostPerReply)}
	if e := r.Estimated; e != nil {
		costs.Estimate, costs.Charged = amount(float64(e.Estimate)), amount(float64(e.Charged))
	}
	return costs
}

// smsEnd says about when a campaign that sends will have handed over all who
// are next, and how that was reckoned. It is silent where something keeps the
// inbox from sending.
func (s *Server) smsEnd(c *fiber.Ctx, v smsCard, inbox liadesk.Inbox) string {
	if inbox.SMS == nil || inbox.SMS.Trouble != "" || s.SMS.DiskLow() {
		return ""
	}
	now, pace := s.Clock.Now(), inbox.SMS.MessagesPerSecond
	end, ok := sms.EstimateEnd(v.Campaign, v.Progress, pace, now)
	if !ok {
		return ""
	}
	l, next := s.localizer(c), v.Progress.Pending+v.Progress.Sending
	how := l.T("reports.end_how", "Next", next, "Pace", l.Decimal(pace, 2), "Count", max(1, v.Progress.Sharing))
	text := l.T("reports.end_soon", "How", how)
	if end.At.Sub(now) >= time.Minute || end.Left+end.Late > 0 {
		text = l.T("reports.end", "How", how, "When", l.DateTime(end.At.Add(time.Minute-1).Truncate(time.Minute), toZone(v.Zone)))
	}
	if end.Left > 0 {
		text += " " + l.T("reports.end_left", "Count", end.Left)
	}
	if end.Late > 0 {
		text += " " + l.T("reports.end_late", "Count", end.Late)
	}
	return text
}
