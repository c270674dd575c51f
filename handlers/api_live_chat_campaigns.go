package handlers

import (
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
	g.Get("/:id", s.apiGetLiveChat)
	g.Patch("/:id", s.apiEditLiveChat)
	g.Delete("/:id", s.apiDeleteLiveChat)
	g.Get("/:id/report", s.apiLiveChatReport)
}

// liveChatJSON is a campaign as programs read it.
type liveChatJSON struct {
	ID                liadesk.ID          `json:"id"`
	Title             string              `json:"title"`
	Message           string              `json:"message"`
	InboxID           liadesk.ID          `json:"inbox_id"`
	Sender            liadesk.Sender      `json:"sender"`
	Trigger           liadesk.Trigger     `json:"trigger"`
	Enabled           bool                `json:"enabled"`
	BusinessHoursOnly bool                `json:"business_hours_only"`
	DisabledFor       liadesk.DisabledFor `json:"disabled_for,omitempty"`
	Figures           livechat.Figures    `json:"figures"`
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
		CreatedAt: k.CreatedAt, UpdatedAt: k.UpdatedAt, Version: k.Version}
	for _, r := range it.Why {
		v.Warnings = append(v.Warnings, warningJSON{r.Code, r.Stops})
	}
	return v
}

// liveChatInput is what programs may say; what is absent stays, or takes the
// default.
type liveChatInput struct {
	Title   *string         `json:"title"`
	Message *string         `json:"message"`
	InboxID *liadesk.ID     `json:"inbox_id"`
	Sender  *liadesk.Sender `json:"sender"`
	Trigger struct {
		URL        *string `json:"url"`
		TimeOnPage *int    `json:"time_on_page"`
	} `json:"trigger"`
	Enabled           *bool  `json:"enabled"`
	BusinessHoursOnly *bool  `json:"business_hours_only"`
	Version           uint64 `json:"version"`
}

func readLiveChat(c *fiber.Ctx) (livechat.Patch, error) {
	var in liveChatInput
	err := readJSON(c, &in)
	return livechat.Patch{Title: in.Title, Message: in.Message, InboxID: in.InboxID, Sender: in.Sender, TriggerURL: in.Trigger.URL,
		TimeOnPage: in.Trigger.TimeOnPage, Enabled: in.Enabled, BusinessHoursOnly: in.BusinessHoursOnly, Version: in.Version}, err
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
		Date     string `json:"date"`
		Shown    int64  `json:"shown"`
		Answered int64  `json:"answered"`
	}
	days := make([]day, len(r.Days))
	for i, d := range r.Days {
		days[i] = day{d.Date.Format(time.DateOnly), d.Shown, d.Answered}
	}
	rates := fiber.Map{}
	opened, answered, dismissed := r.Figures.Rates()
	for name, rate := range map[string]livechat.Rate{"opened": opened, "answered": answered, "dismissed": dismissed} {
		rates[name] = rateJSON{rate.Value(), rate.Formula}
	}
	return c.JSON(struct {
		ID liadesk.ID `json:"id"`
		livechat.Figures
		Rates fiber.Map `json:"rates"`
		Days  []day     `json:"days"`
	}{id, r.Figures, rates, days})
}
