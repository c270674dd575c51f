package handlers

import (
	"math"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/sms"
)

// deliveryJSON is one recipient of a campaign.
type deliveryJSON struct {
	ID         liadesk.ID             `json:"id"`
	ContactID  liadesk.ID             `json:"contact_id"`
	Phone      string                 `json:"phone"`
	Status     liadesk.DeliveryStatus `json:"status"`
	Reason     liadesk.SkipReason     `json:"reason,omitempty"` // of skipped ones
	Attempts   int                    `json:"attempts"`
	CarrierID  string                 `json:"carrier_id"`
	ErrorCode  string                 `json:"error_code"`
	Error      string                 `json:"error"`
	Segments   int                    `json:"segments"`
	Cost       money                  `json:"cost"`
	AcceptedAt *time.Time             `json:"accepted_at"`
	Delivered  *time.Time             `json:"delivered_at"`
	UpdatedAt  *time.Time             `json:"updated_at"`
	Evidence   string                 `json:"evidence"`
	RepliedAt  *time.Time             `json:"replied_at"`
	ClickedAt  *time.Time             `json:"clicked_at"`
	OptedOutAt *time.Time             `json:"opted_out_at"`
	NextAt     *time.Time             `json:"next_at,omitempty"` // of deferred ones
}

// whyFailed says why a text failed: in the carrier's words or, as a report on a
// text has only a code, in ours. It is empty for what did not fail.
func (s *Server) whyFailed(d sms.Recipient) string {
	if d.Error == "" && (d.Status == liadesk.DeliveryFailed || d.Status == liadesk.DeliveryUndelivered) {
		return s.carrierCode(s.texts.For("en"), d.ErrorCode)
	}
	return d.Error
}

func (s *Server) apiListDeliveries(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	after, limit, err := listAsked(c)
	if err != nil {
		return err
	}
	f, err := recipientFilter(c)
	if err != nil {
		return err
	}
	list, next, err := s.SMS.Deliveries(c.UserContext(), actor(c), id, f, db.Page{After: after, Limit: limit})
	if err != nil {
		return err
	}
	items := make([]deliveryJSON, len(list))
	for i, d := range list {
		items[i] = deliveryJSON{
			ID: d.ID, ContactID: d.ContactID, Phone: d.Phone, Status: d.Status, Reason: d.SkipReason, Attempts: d.Attempts,
			CarrierID: d.CarrierID, ErrorCode: d.ErrorCode, Error: s.whyFailed(d), Segments: d.Segments, Cost: money(d.Cost),
			AcceptedAt: moment(d.AcceptedAt), Delivered: moment(d.DeliveredAt), UpdatedAt: moment(d.UpdatedAt), Evidence: d.Evidence,
			RepliedAt: moment(d.RepliedAt), ClickedAt: moment(d.ClickedAt), OptedOutAt: moment(d.OptedOutAt), NextAt: moment(d.NextAt),
		}
	}
	return sendList(c, items, next)
}

// reportJSON is what came of a campaign; rates are null where there is nothing
// to divide by.
type reportJSON struct {
	Campaign         smsCampaignJSON `json:"campaign"`
	Attempted        int64           `json:"attempted"`
	Accepted         int64           `json:"accepted"`
	Refused          int64           `json:"refused"`
	DeliveryRate     *float64        `json:"delivery_rate"`
	ConfirmedShare   *float64        `json:"confirmed_share"`
	ReplyRate        *float64        `json:"reply_rate"`
	OptOutRate       *float64        `json:"opt_out_rate"`
	ClickRate        *float64        `json:"click_rate"`
	Clickers         int64           `json:"clickers"`
	Clicks           int64           `json:"clicks"`
	MachineClicks    int64           `json:"machine_clicks"`
	RatesOf          string          `json:"rates_of"` // what reply and opt-out rates are divided by
	CostPerDelivered *float64        `json:"cost_per_delivered"`
	CostPerReply     *float64        `json:"cost_per_reply"`
	Estimated        *estimatedJSON  `json:"estimated"` // null where nothing can be compared
	Unknown          int64           `json:"unknown"`
	UnknownShare     *float64        `json:"unknown_share"`
	ToArrive         *tookJSON       `json:"time_to_deliver"` // null where nothing is known
	ToAnswer         *tookJSON       `json:"time_to_reply"`
	Alarms           []sms.Alarm     `json:"alarms"`
	Failures         []failureJSON   `json:"failures"`
	Timeline         []sms.Step      `json:"over_time"`
}

// estimatedJSON is what texts should have cost, and what they did.
type estimatedJSON struct {
	Texts    int64 `json:"texts"`
	Estimate money `json:"estimate"`
	Charged  money `json:"charged"`
}

// tookJSON is how long something usually took, in seconds.
type tookJSON struct {
	Count  int64   `json:"count"`
	Median float64 `json:"median_seconds"`
	P95    float64 `json:"p95_seconds"`
}

func tookOut(t *sms.Took) *tookJSON {
	if t == nil {
		return nil
	}
	tenths := func(d time.Duration) float64 { return math.Round(d.Seconds()*10) / 10 }
	return &tookJSON{t.Count, tenths(t.Median), tenths(t.P95)}
}

type failureJSON struct {
	Code  string `json:"code"`
	Error string `json:"error"`
	Count int64  `json:"count"`
}

// inUnits makes whole units of the carrier's currency of millionths.
func inUnits(millionths *float64) *float64 {
	if millionths == nil {
		return nil
	}
	units := *millionths / 1e6
	return &units
}

func (s *Server) apiSMSReport(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	r, err := s.SMS.Report(c.UserContext(), actor(c), id)
	if err != nil {
		return err
	}
	_, held, err := s.SMS.Held(c.UserContext())
	if err != nil {
		return err
	}
	steps, err := s.SMS.Timeline(c.UserContext(), actor(c), id)
	if err != nil {
		return err
	}
	out := reportJSON{Timeline: append([]sms.Step{}, steps...),
		Campaign:  smsCampaignOut(sms.Card{Campaign: r.Campaign, Progress: r.Progress}, held),
		Attempted: r.Attempted, Accepted: r.Accepted, Refused: r.Refused, DeliveryRate: r.DeliveryRate, ConfirmedShare: r.ConfirmedShare,
		ReplyRate: r.ReplyRate, OptOutRate: r.OptOutRate, RatesOf: "delivered",
		ClickRate: r.ClickRate, Clickers: r.Progress.Clicks.People, Clicks: r.Progress.Clicks.Times, MachineClicks: r.Progress.Clicks.Machines,
		CostPerDelivered: inUnits(r.CostPerDelivered), CostPerReply: inUnits(r.CostPerReply),
		Unknown: r.Unknown, UnknownShare: r.UnknownShare, Alarms: append([]sms.Alarm{}, r.Alarms...), Failures: []failureJSON{},
		ToArrive: tookOut(r.ToArrive), ToAnswer: tookOut(r.ToAnswer),
	}
	if e := r.Estimated; e != nil {
		out.Estimated = &estimatedJSON{e.Texts, money(e.Estimate), money(e.Charged)}
	}
	if r.OfAccepted {
		out.RatesOf = "accepted"
	}
	for _, f := range r.Progress.Failures {
		out.Failures = append(out.Failures, failureJSON{f.Code, s.carrierCode(s.texts.For("en"), f.Code), f.Count})
	}
	return c.JSON(out)
}

// apiMeasure says what a text costs: exactly the text that is given, or with a
// purpose as a campaign would send it, filled in and with the footer.
func (s *Server) apiMeasure(c *fiber.Ctx) error {
	var in struct {
		Message     string          `json:"message"`
		Purpose     liadesk.Purpose `json:"purpose"`
		TrackClicks bool            `json:"track_clicks"`
	}
	if err := readJSON(c, &in); err != nil {
		return err
	}
	if in.Purpose == "" {
		return c.JSON(sms.MeasureOffering(in.Message))
	}
	m, err := s.SMS.Measure(c.UserContext(), actor(c), sms.Wording{Message: in.Message, Purpose: in.Purpose, TrackClicks: in.TrackClicks})
	if err != nil {
		return err
	}
	return c.JSON(m)
}
