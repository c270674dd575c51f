package handlers

import (
	"cmp"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/livechat"
)

// liveChatAPI are API v1's calls on live chat campaigns.
func (s *Server) liveChatAPI(api fiber.Router) {
	g := api.Group("/live-chat-campaigns", s.requireCampaigns)
	g.Get("/", s.apiListLiveChat)
	g.Post("/", s.apiCreateLiveChat)
	g.Post("/explain", s.apiExplainLiveChat)
	g.Get("/:id", s.apiGetLiveChat)
	g.Post("/:id/explain", s.apiExplainLiveChat)
	g.Patch("/:id", s.apiEditLiveChat)
	g.Delete("/:id", s.apiDeleteLiveChat)
	g.Get("/:id/report", s.apiLiveChatReport)
}

// liveChatJSON is a campaign as programs read it.
type liveChatJSON struct {
	ID                liadesk.ID        `json:"id"`
	Title             string            `json:"title"`
	Message           string            `json:"message"`
	InboxID           liadesk.ID        `json:"inbox_id"`
	Sender            liadesk.Sender    `json:"sender"`
	Trigger           liadesk.Trigger   `json:"trigger"`
	Enabled           bool              `json:"enabled"`
	BusinessHoursOnly bool              `json:"business_hours_only"`
	OnlyWhenOnline    bool              `json:"only_when_online"`
	StartsAt          *time.Time        `json:"starts_at"`
	EndsAt            *time.Time        `json:"ends_at"`
	Frequency         liadesk.Frequency `json:"frequency"`
	Priority          string            `json:"priority"`
	QuickReplies      []string          `json:"quick_replies"`
	Goal              *liadesk.Goal     `json:"goal"`
	// Bot is whether LiaDesk answers first, "" as the inbox says.
	Bot         liadesk.BotPolicy   `json:"bot"`
	DisabledFor liadesk.DisabledFor `json:"disabled_for,omitempty"`
	Figures     livechat.Figures    `json:"figures"`
	// Warnings say what keeps it from being shown, or will surprise.
	Warnings  []warningJSON `json:"warnings"`
	CreatedAt time.Time     `json:"created_at"`
	UpdatedAt time.Time     `json:"updated_at"`
	Version   uint64        `json:"version"`
	// Removed is what was taken out of the message by this request.
	Removed []removedJSON `json:"removed,omitempty"`
}

type warningJSON struct {
	Code  livechat.ReasonCode `json:"code"`
	Stops bool                `json:"stops"`
}

type removedJSON struct {
	Kind    livechat.RemovedKind `json:"kind"`
	Name    string               `json:"name,omitempty"`
	Example string               `json:"example,omitempty"`
	Count   int                  `json:"count"`
}

func liveChatView(it livechat.Item) liveChatJSON {
	k := it.Campaign
	v := liveChatJSON{ID: k.ID, Title: k.Title, Message: k.Message, InboxID: k.InboxID, Sender: k.Sender, Trigger: k.Trigger, Enabled: k.Enabled,
		BusinessHoursOnly: k.BusinessHoursOnly, DisabledFor: k.DisabledFor, Figures: it.Figures, Warnings: []warningJSON{},
		OnlyWhenOnline: k.OnlineOnly, StartsAt: timeOrNull(k.StartsAt), EndsAt: timeOrNull(k.EndsAt), Frequency: k.Frequency.OrDefault(),
		Priority: cmp.Or(string(k.Priority), normalPriority), QuickReplies: append([]string{}, k.QuickReplies...), Goal: k.Goal, Bot: k.Bot,
		CreatedAt: k.CreatedAt, UpdatedAt: k.UpdatedAt, Version: k.Version}
	for _, r := range it.Why {
		v.Warnings = append(v.Warnings, warningJSON{r.Code, r.Stops})
	}
	return v
}

// normalPriority is how programs write the priority that campaigns have unless
// they are told otherwise.
const normalPriority = "normal"

// liveChatPart is a field that may be null: nil for one that was left out, a
// pointer to nil for null.
func liveChatPart[T any](g given[T]) **T {
	if !g.Set {
		return nil
	}
	return &g.Value
}

// liveChatInput is what programs may say; what is absent stays, or takes the
// default.
type liveChatInput struct {
	Title   *string         `json:"title"`
	Message *string         `json:"message"`
	InboxID *liadesk.ID     `json:"inbox_id"`
	Sender  *liadesk.Sender `json:"sender"`
	Trigger struct {
		URL        *string             `json:"url"`
		URLs       *[]string           `json:"urls"`
		Except     *[]string           `json:"except"`
		TimeOnPage *int                `json:"time_on_page"`
		Conditions given[liadesk.Rule] `json:"conditions"`
	} `json:"trigger"`
	Enabled           *bool               `json:"enabled"`
	BusinessHoursOnly *bool               `json:"business_hours_only"`
	OnlyWhenOnline    *bool               `json:"only_when_online"`
	StartsAt          given[string]       `json:"starts_at"`
	EndsAt            given[string]       `json:"ends_at"`
	Frequency         *liadesk.Frequency  `json:"frequency"`
	Priority          *liadesk.Priority   `json:"priority"`
	QuickReplies      *[]string           `json:"quick_replies"`
	Goal              given[liadesk.Goal] `json:"goal"`
	Bot               *liadesk.BotPolicy  `json:"bot"`
	Version           uint64              `json:"version"`
}

func readLiveChat(c *fiber.Ctx) (livechat.Patch, error) {
	var in liveChatInput
	if err := readJSON(c, &in); err != nil {
		return livechat.Patch{}, err
	}
	var v liadesk.Invalid
	at := func(field string, g given[string]) *time.Time {
		if !g.Set {
			return nil
		}
		return new(instant(&v, field, g))
	}
	if in.Priority != nil && *in.Priority == normalPriority {
		*in.Priority = liadesk.PriorityNormal
	}
	return livechat.Patch{Title: in.Title, Message: in.Message, InboxID: in.InboxID, Sender: in.Sender, TriggerURL: in.Trigger.URL,
		TimeOnPage: in.Trigger.TimeOnPage, Enabled: in.Enabled, BusinessHoursOnly: in.BusinessHoursOnly, Version: in.Version,
		URLs: in.Trigger.URLs, Except: in.Trigger.Except, Conditions: liveChatPart(in.Trigger.Conditions), OnlineOnly: in.OnlyWhenOnline,
		StartsAt: at("starts_at", in.StartsAt), EndsAt: at("ends_at", in.EndsAt), Frequency: in.Frequency, Priority: in.Priority,
		QuickReplies: in.QuickReplies, Goal: liveChatPart(in.Goal), Bot: in.Bot}, v.Err()
}

func (s *Server) apiListLiveChat(c *fiber.Ctx) error {
	after, limit, err := listAsked(c)
	if err != nil {
		return err
	}
	list, err := s.LiveChat.List(c.UserContext(), actor(c), db.Page{After: after, Limit: limit})
	if err != nil {
		return err
	}
	items := make([]liveChatJSON, len(list.Items))
	for i, it := range list.Items {
		items[i] = liveChatView(it)
	}
	return sendList(c, items, list.Next)
}

// liveChatSaved is a campaign just after it was saved.
func (s *Server) liveChatSaved(c *fiber.Ctx, id liadesk.ID, removed []livechat.Removed) (liveChatJSON, error) {
	it, err := s.LiveChat.Get(c.UserContext(), actor(c), id)
	v := liveChatView(it)
	for _, r := range removed {
		v.Removed = append(v.Removed, removedJSON(r))
	}
	return v, err
}

func (s *Server) apiCreateLiveChat(c *fiber.Ctx) error {
	p, err := readLiveChat(c)
	if err != nil {
		return err
	}
	campaign, removed, err := s.LiveChat.Create(c.UserContext(), actor(c), p)
	if err != nil {
		return err
	}
	v, err := s.liveChatSaved(c, campaign.ID, removed)
	if err != nil {
		return err
	}
	return created(c, v)
}

func (s *Server) apiGetLiveChat(c *fiber.Ctx) error {
	it, err := s.chatItem(c)
	if err != nil {
		return err
	}
	return c.JSON(liveChatView(it))
}

func (s *Server) apiEditLiveChat(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	p, err := readLiveChat(c)
	if err != nil {
		return err
	}
	_, removed, err := s.LiveChat.Update(c.UserContext(), actor(c), id, p)
	if err != nil {
		return err
	}
	v, err := s.liveChatSaved(c, id, removed)
	if err != nil {
		return err
	}
	return c.JSON(v)
}

func (s *Server) apiDeleteLiveChat(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	if _, err := s.LiveChat.Delete(c.UserContext(), actor(c), id); err != nil {
		return err
	}
	return noContent(c)
}

// rateJSON is a share with the formula that made it.
type rateJSON struct {
	Value   float64 `json:"value"`
	Formula string  `json:"formula"`
}

func (s *Server) apiLiveChatReport(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	r, err := s.LiveChat.Report(c.UserContext(), actor(c), id)
	if err != nil {
		return err
	}
	type day struct {
		Date string `json:"date"`
		livechat.Figures
	}
	days := make([]day, len(r.Days))
	for i, d := range r.Days {
		days[i] = day{d.Date.Format(time.DateOnly), d.Figures}
	}
	rates := fiber.Map{}
	opened, answered, dismissed := r.Figures.Rates()
	shown, goals, handedOver := r.Figures.MoreRates()
	for name, rate := range map[string]livechat.Rate{"opened": opened, "answered": answered, "dismissed": dismissed, "shown": shown, "goals": goals, "handed_over": handedOver} {
		rates[name] = rateJSON{rate.Value(), rate.Formula}
	}
	worth := fiber.Map{}
	for _, w := range r.Worth {
		worth[w.Currency] = w.Amount()
	}
	var wait *float64
	if r.HumanAnswers > 0 {
		wait = new(r.HumanAnswer.Seconds())
	}
	return c.JSON(struct {
		ID liadesk.ID `json:"id"`
		livechat.Figures
		Rates fiber.Map `json:"rates"`
		// GoalValue is what reached goals were worth, by currency.
		GoalValue fiber.Map `json:"goal_value"`
		// FirstAnswer is the median of the seconds until a person answered.
		HumanAnswers int64                  `json:"human_answers"`
		FirstAnswer  *float64               `json:"first_human_answer_seconds"`
		NotShown     []livechat.QuietReason `json:"not_shown"`
		Days         []day                  `json:"days"`
	}{id, r.Figures, rates, worth, r.HumanAnswers, wait, append([]livechat.QuietReason{}, r.Quiet...), days})
}
