package handlers

import (
	"bytes"
	"encoding/json"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/sms"
)

// apiSMSRoutes are what programs may do with SMS campaigns.
func (s *Server) apiSMSRoutes(api fiber.Router) {
	g := api.Group("/sms-campaigns", s.requireCampaigns)
	g.Get("/", s.apiListSMSCampaigns)
	g.Post("/", s.apiCreateSMSCampaign)
	g.Post("/stop", s.apiStopAllSMS)
	g.Get("/:id", s.apiGetSMSCampaign)
	g.Patch("/:id", s.apiEditSMSCampaign)
	g.Delete("/:id", s.apiDeleteSMSCampaign)
	g.Post("/:id/schedule", s.apiScheduleSMSCampaign)
	g.Post("/:id/pause", s.apiSMSMove((*sms.Service).Pause))
	g.Post("/:id/resume", s.apiSMSMove((*sms.Service).Resume))
	g.Post("/:id/cancel", s.apiSMSMove((*sms.Service).Cancel))
	g.Post("/:id/duplicate", s.apiSMSCopy((*sms.Service).Duplicate))
	g.Post("/:id/test", s.apiSendTest)
	g.Post("/:id/retry", s.apiSMSCopy((*sms.Service).RetryFailed))
	g.Post("/:id/replace", s.apiSMSCopy((*sms.Service).Replace))
	g.Get("/:id/deliveries", s.apiListDeliveries)
	g.Get("/:id/deliveries/export", s.apiExportDeliveries)
	s.apiSMSResolveRoutes(g)
	g.Get("/:id/report", s.apiSMSReport)
	api.Post("/forecasts", s.requireCampaigns, s.apiStartForecast)
	api.Get("/forecasts/:id", s.requireCampaigns, s.apiGetForecast)
	api.Post("/sms/measure", s.requireCampaigns, s.apiMeasure)
}

// smsCampaignJSON is an SMS campaign as programs see it.
type smsCampaignJSON struct {
	ID            liadesk.ID          `json:"id"`
	Title         string              `json:"title"`
	Status        liadesk.SMSStatus   `json:"status"`
	Reason        liadesk.PauseReason `json:"reason"` // why it is paused, or reasonHeld
	Message       string              `json:"message"`
	InboxID       liadesk.ID          `json:"inbox_id"`
	Purpose       liadesk.Purpose     `json:"purpose"`
	Audience      audienceJSON        `json:"audience"`
	ScheduledAt   *time.Time          `json:"scheduled_at"`
	Schedule      *sms.LocalTime      `json:"schedule,omitempty"`
	ExpiresAt     *time.Time          `json:"expires_at"`
	UsualEnd      bool                `json:"expires_by_default,omitempty"`
	StartedAt     *time.Time          `json:"started_at"`
	CompletedAt   *time.Time          `json:"completed_at"`
	SettlingUntil *time.Time          `json:"settling_until"`
	Progress      sms.Progress        `json:"progress"`
	Replies       int64               `json:"replies"`
	OptOuts       int64               `json:"opt_outs"`
	Segments      int64               `json:"segments"`
	Cost          money               `json:"cost"`
	ReplacesID    liadesk.ID          `json:"replaces_id,omitzero"`
	Override      *overrideJSON       `json:"override,omitempty"`
	Fold          bool                `json:"fold_accents,omitempty"`
	TrackClicks   bool                `json:"track_clicks,omitempty"`
	Unheard       *acknowledgedJSON   `json:"unheard,omitempty"`
	CreatedAt     time.Time           `json:"created_at"`
	UpdatedAt     time.Time           `json:"updated_at"`
	Version       uint64              `json:"version"`
}

// acknowledgedJSON is who said that they understand that answers may go
// unheard, and when.
type acknowledgedJSON struct {
	By liadesk.ID `json:"by"`
	At time.Time  `json:"at"`
}

// overrideJSON says why a campaign texts people again within a day, and who
// decided that.
type overrideJSON struct {
	Reason string     `json:"reason"`
	By     liadesk.ID `json:"by"`
	At     time.Time  `json:"at"`
}

type audienceJSON struct {
	Rule liadesk.Rule `json:"rule"`
}

// money is an amount in millionths of the carrier's currency, which programs
// get as a plain decimal number of whole units: 0.0055.
type money int64

// MarshalJSON writes all six places that it has, and no zeros at the end.
func (m money) MarshalJSON() ([]byte, error) {
	whole, part := int64(m)/1e6, int64(m)%1e6
	sign := ""
	if m < 0 {
		sign, whole, part = "-", -whole, -part
	}
	out := sign + strconv.FormatInt(whole, 10)
	if part != 0 {
		digits := strconv.FormatInt(1e6+part, 10)[1:]
		out += "." + string(bytes.TrimRight([]byte(digits), "0"))
	}
	return []byte(out), nil
}

// moment is an instant, or null for none.
func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// reasonHeld is given for a campaign that would go out, were not all sending
// held: the database came from a backup, or runs under another address.
const reasonHeld liadesk.PauseReason = "held"

// smsCampaignOut writes a campaign; held says that all sending is.
func smsCampaignOut(card sms.Card, held bool) smsCampaignJSON {
	k, p := card.Campaign, card.Progress
	out := smsCampaignJSON{
		ID: k.ID, Title: k.Title, Status: k.Status, Reason: k.Reason, Message: k.Message, InboxID: k.InboxID, Purpose: k.Purpose,
		Audience: audienceJSON{k.Audience}, ScheduledAt: moment(k.ScheduledAt), ExpiresAt: moment(k.ExpiresAt), Fold: k.Fold, TrackClicks: k.TrackClicks, UsualEnd: k.UsualEnd && !k.ExpiresAt.IsZero(),
		StartedAt: moment(k.StartedAt), CompletedAt: moment(k.CompletedAt), SettlingUntil: moment(p.SettlingUntil),
		Progress: p, Replies: p.Replies, OptOuts: p.OptOuts, Segments: p.Segments, Cost: money(p.Cost),
		ReplacesID: k.ReplacesID, CreatedAt: k.CreatedAt, UpdatedAt: k.UpdatedAt, Version: k.Version,
	}
	if held && (k.Status == liadesk.SMSScheduled || k.Status == liadesk.SMSSending) {
		out.Reason = reasonHeld
	}
	if o := k.Override; o != nil {
		out.Override = &overrideJSON{o.Reason, o.By, o.At}
	}
	if u := k.Unheard; u != nil {
		out.Unheard = &acknowledgedJSON{u.By, u.At}
	}
	if k.TimeZone != "" {
		out.Schedule = &sms.LocalTime{Local: k.Local, TimeZone: k.TimeZone}
	}
	return out
}

// given is a field of a patch: it may be absent, null, or have a value.
type given[T any] struct {
	Set   bool
	Value *T // nil for null
}

// UnmarshalJSON notes that the field is there.
func (g *given[T]) UnmarshalJSON(b []byte) error {
	g.Set = true
	return json.Unmarshal(b, &g.Value)
}

// smsPatch is what programs say about a campaign.
type smsPatch struct {
	Title    *string          `json:"title"`
	Message  *string          `json:"message"`
	InboxID  *string          `json:"inbox_id"`
	Purpose  *liadesk.Purpose `json:"purpose"`
	Audience *audienceJSON    `json:"audience"`
	Version  *uint64          `json:"version"`
	Override *string          `json:"override_reason"`
	Fold     *bool            `json:"fold_accents"`
	Clicks   *bool            `json:"track_clicks"`

	ScheduledAt given[string]        `json:"scheduled_at"`
	Schedule    given[sms.LocalTime] `json:"schedule"`
	ExpiresAt   given[string]        `json:"expires_at"`
}

// instant reads a field that holds a time with its zone (RFC 3339).
func instant(v *liadesk.Invalid, field string, g given[string]) time.Time {
	if g.Value == nil || *g.Value == "" {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339, *g.Value)
	if err != nil {
		v.Add(field, "not_an_instant")
	}
	return t
}

// apply changes input by what the patch has. A time that is given schedules the
// campaign; null takes the time away.
func (p smsPatch) apply(in sms.Input) (sms.Input, error) {
	var v liadesk.Invalid
	if p.Title != nil {
		in.Title = *p.Title
	}
	if p.Message != nil {
		in.Message = *p.Message
	}
	if p.InboxID != nil && *p.InboxID == "" {
		in.InboxID = liadesk.ID{}
	} else if p.InboxID != nil {
		id, err := liadesk.ParseID(*p.InboxID)
		if err != nil {
			v.Add("inbox_id", "not_found")
		}
		in.InboxID = id
	}
	if p.Purpose != nil {
		in.Purpose = *p.Purpose
	}
	if p.Audience != nil {
		in.Audience = p.Audience.Rule
	}
	if p.Fold != nil {
		in.Fold = *p.Fold
	}
	if p.Clicks != nil {
		in.TrackClicks = *p.Clicks
	}
	if p.Override != nil {
		in.OverrideReason = *p.Override
	}
	if p.Version != nil {
		in.Version = *p.Version
	}
	if p.ScheduledAt.Set || p.Schedule.Set {
		in.ScheduledAt, in.Schedule, in.Draft = instant(&v, "scheduled_at", p.ScheduledAt), p.Schedule.Value, false
	}
	if p.ExpiresAt.Set {
		in.ExpiresAt = instant(&v, "expires_at", p.ExpiresAt)
	}
	return in, v.Err()
}

// sendSMSCampaign answers with a campaign as it stands now.
func (s *Server) sendSMSCampaign(c *fiber.Ctx, status int, id liadesk.ID) error {
	card, err := s.SMS.Card(c.UserContext(), actor(c), id)
	if err != nil {
		return err
	}
	_, held, err := s.SMS.Held(c.UserContext())
	if err != nil {
		return err
	}
	return c.Status(status).JSON(smsCampaignOut(card, held))
}

func (s *Server) apiListSMSCampaigns(c *fiber.Ctx) error {
	after, limit, err := listAsked(c)
	if err != nil {
		return err
	}
	cards, next, err := s.SMS.List(c.UserContext(), actor(c), db.Page{After: after, Limit: limit})
	if err != nil {
		return err
	}
	_, held, err := s.SMS.Held(c.UserContext())
	if err != nil {
		return err
	}
	items := make([]smsCampaignJSON, len(cards))
	for i, card := range cards {
		items[i] = smsCampaignOut(card, held)
	}
	return sendList(c, items, next)
}

func (s *Server) apiCreateSMSCampaign(c *fiber.Ctx) error {
	var p smsPatch
	if err := readJSON(c, &p); err != nil {
		return err
	}
	in, err := p.apply(sms.Input{})
	if err != nil {
		return err
	}
	k, err := s.SMS.Create(c.UserContext(), actor(c), in)
	if err != nil {
		return err
	}
	return s.sendSMSCampaign(c, fiber.StatusCreated, k.ID)
}

func (s *Server) apiGetSMSCampaign(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	return s.sendSMSCampaign(c, fiber.StatusOK, id)
}

func (s *Server) apiEditSMSCampaign(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	var p smsPatch
	if err := readJSON(c, &p); err != nil {
		return err
	}
	k, err := s.SMS.Get(c.UserContext(), actor(c), id)
	if err != nil {
		return err
	}
	in := sms.InputOf(k)
	in.Version = k.Version // what changes between reading and writing is not lost
	if in, err = p.apply(in); err != nil {
		return err
	}
	if _, err = s.SMS.Update(c.UserContext(), actor(c), id, in); err != nil {
		return err
	}
	return s.sendSMSCampaign(c, fiber.StatusOK, id)
}

func (s *Server) apiDeleteSMSCampaign(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	if err := s.SMS.Delete(c.UserContext(), actor(c), id); err != nil {
		return err
	}
	return noContent(c)
}

// apiScheduleSMSCampaign gives a draft its time; without a body the one that
// it has been given before holds.
func (s *Server) apiScheduleSMSCampaign(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	var p smsPatch
	if len(bytes.TrimSpace(c.Body())) > 0 {
		if err := readJSON(c, &p); err != nil {
			return err
		}
	}
	var v liadesk.Invalid
	when := sms.When{ScheduledAt: instant(&v, "scheduled_at", p.ScheduledAt), Schedule: p.Schedule.Value,
		ExpiresAt: instant(&v, "expires_at", p.ExpiresAt)}
	if p.Version != nil {
		when.Version = *p.Version
	}
	if err := v.Err(); err != nil {
		return err
	}
	if _, err := s.SMS.Schedule(c.UserContext(), actor(c), id, when); err != nil {
		return err
	}
	return s.sendSMSCampaign(c, fiber.StatusOK, id)
}

// apiSMSMove makes the handler of a verb that changes where a campaign stands.
func (s *Server) apiSMSMove(verb smsVerb) fiber.Handler {
	return func(c *fiber.Ctx) error {
		id, err := pathID(c)
		if err != nil {
			return err
		}
		if _, err := verb(s.SMS, c.UserContext(), actor(c), id); err != nil {
			return err
		}
		return s.sendSMSCampaign(c, fiber.StatusOK, id)
	}
}

// apiSMSCopy makes the handler of a verb that makes a draft of a campaign.
func (s *Server) apiSMSCopy(verb smsVerb) fiber.Handler {
	return func(c *fiber.Ctx) error {
		id, err := pathID(c)
		if err != nil {
			return err
		}
		draft, err := verb(s.SMS, c.UserContext(), actor(c), id)
		if err != nil {
			return err
		}
		return s.sendSMSCampaign(c, fiber.StatusCreated, draft.ID)
	}
}
