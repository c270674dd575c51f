package handlers

import (
	"github.com/gofiber/fiber/v2"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/livechat"
)

// liveChatRoutes are the pages of live chat campaigns. Words come before :id,
// for the first that matches answers.
func (s *Server) liveChatRoutes(desk fiber.Router) {
	g := desk.Group("/campaigns/live-chat", s.requireCampaigns)
	g.Get("/", s.listLiveChat)
	g.Post("/", s.createLiveChat)
	g.Get("/new", s.newLiveChat)
	g.Post("/new", s.newLiveChat) // back from the review
	g.Post("/review", s.reviewLiveChat)
	g.Post("/check", s.checkLiveChat)
	g.Post("/try", s.tryLiveChat)
	g.Post("/conditions", s.chatConditions)
	g.Get("/explain", s.explainLiveChat)
	g.Get("/debug", s.debugLiveChat)
	g.Get("/figures", s.figuresLiveChat)
	g.Get("/:id", s.showLiveChat)
	g.Post("/:id", s.updateLiveChat)
	g.Delete("/:id", s.deleteLiveChat)
	g.Get("/:id/edit", s.editLiveChat)
	g.Get("/:id/card", s.showLiveChatCard)
	g.Get("/:id/card/edit", s.editLiveChatCard)
	g.Post("/:id/card", s.updateLiveChatCard)
	g.Post("/:id/enable", s.enableLiveChat)
	g.Get("/:id/delete", s.askDeleteLiveChat) // for pages without scripts
	g.Post("/:id/delete", s.deleteLiveChat)
}

// chatList is a page of campaigns.
type chatList struct {
	Cards []chatCard
	Next  string
	First bool
	Live  string // where the figures of these cards are
}

// figuresLiveChat brings the figures of a page of cards up to date.
func (s *Server) figuresLiveChat(c *fiber.Ctx) error {
	list, err := s.LiveChat.List(c.UserContext(), actor(c), db.Page{After: c.Query("after"), Limit: cardsPerPage})
	if err != nil {
		return err
	}
	var out chatList
	for _, it := range list.Items {
		out.Cards = append(out.Cards, s.chatCard(c, it))
	}
	return s.fragment(c, "livechat/figures", Page{Nav: "live-chat", Data: out})
}

func (s *Server) listLiveChat(c *fiber.Ctx) error {
	list, err := s.LiveChat.List(c.UserContext(), actor(c), db.Page{After: c.Query("after"), Limit: cardsPerPage})
	if err != nil {
		return err
	}
	out := chatList{First: c.Query("after") == ""}
	for _, it := range list.Items {
		out.Cards = append(out.Cards, s.chatCard(c, it))
	}
	if out.Live, err = query("/campaigns/live-chat/figures", "after", c.Query("after")); err != nil {
		return err
	}
	if list.Next != "" {
		if out.Next, err = query("/campaigns/live-chat", "after", list.Next); err != nil {
			return err
		}
	}
	return s.page(c, "livechat/list", Page{Title: s.t(c, "livechat.title"), Nav: "live-chat", Data: out})
}

// chatItem reads the campaign that the path names.
func (s *Server) chatItem(c *fiber.Ctx) (livechat.Item, error) {
	id, err := pathID(c)
	if err != nil {
		return livechat.Item{}, err
	}
	return s.LiveChat.Get(c.UserContext(), actor(c), id)
}

func (s *Server) showLiveChat(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	r, err := s.LiveChat.Report(c.UserContext(), actor(c), id)
	if err != nil {
		return err
	}
	data, err := s.chatReport(c, r)
	if err != nil {
		return err
	}
	return s.page(c, "livechat/campaign", Page{Title: r.Campaign.Title, Nav: "live-chat", Data: data})
}

func (s *Server) showLiveChatCard(c *fiber.Ctx) error {
	it, err := s.chatItem(c)
	if err != nil {
		return err
	}
	return s.sendChatCard(c, it)
}

// sendChatCard answers htmx with a card, and everybody else with the list.
func (s *Server) sendChatCard(c *fiber.Ctx, it livechat.Item) error {
	if !wantsFragment(c) {
		return s.redirect(c, "/campaigns/live-chat")
	}
	return s.fragment(c, "livechat/card", Page{Nav: "live-chat", Data: s.chatCard(c, it)})
}

// enableLiveChat is the switch on a card and on a campaign's page.
func (s *Server) enableLiveChat(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	on := c.FormValue("enabled") == "true"
	campaign, err := s.LiveChat.Enable(c.UserContext(), actor(c), id, on)
	if err != nil {
		return err
	}
	said := "livechat.done.disabled"
	if on {
		said = "livechat.done.enabled"
	}
	s.toast(c, ToneSuccess, s.t(c, said, "Title", campaign.Title))
	if c.FormValue("from") == "page" {
		return s.redirect(c, chatPath(id))
	}
	it, err := s.LiveChat.Get(c.UserContext(), actor(c), id)
	if err != nil {
		return err
	}
	return s.sendChatCard(c, it)
}

// askDeleteLiveChat asks where no script can ask in a dialog.
func (s *Server) askDeleteLiveChat(c *fiber.Ctx) error {
	it, err := s.chatItem(c)
	if err != nil {
		return err
	}
	if err := requireManager(c); err != nil {
		return err
	}
	return s.page(c, "livechat/delete", Page{Title: s.t(c, "livechat.delete.title", "Title", it.Campaign.Title), Nav: "live-chat", Data: s.chatCard(c, it)})
}

func (s *Server) deleteLiveChat(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	campaign, err := s.LiveChat.Delete(c.UserContext(), actor(c), id)
	if err != nil {
		return err
	}
	s.toast(c, ToneSuccess, s.t(c, "livechat.done.deleted", "Title", campaign.Title))
	// The list says what is left, and shows the empty state when nothing is.
	return s.redirect(c, "/campaigns/live-chat")
}

// chatCardForm is the form inside a card: what is changed most often.
type chatCardForm struct {
	chatForm
	Campaign liadesk.LiveChatCampaign
}

func (s *Server) editLiveChatCard(c *fiber.Ctx) error {
	it, err := s.chatItem(c)
	if err != nil {
		return err
	}
	if err := requireManager(c); err != nil {
		return err
	}
	if !wantsFragment(c) {
		return s.redirect(c, chatPath(it.Campaign.ID)+"/edit")
	}
	return s.fragment(c, "livechat/card-form", Page{Nav: "live-chat", Data: chatCardForm{chatFormOf(it.Campaign, s.chatZone(c, it.Inbox)), it.Campaign}})
}

func (s *Server) updateLiveChatCard(c *fiber.Ctx) error {
	it, err := s.chatItem(c)
	if err != nil {
		return err
	}
	typed := readChatForm(c)
	f := chatFormOf(it.Campaign, s.chatZone(c, it.Inbox))
	f.Version, f.Title, f.Message, f.URL, f.Time, f.Accept = typed.Version, typed.Title, typed.Message, typed.URL, typed.Time, typed.Accept
	p := f.patch()
	p = livechat.Patch{Title: p.Title, Message: p.Message, TriggerURL: p.TriggerURL, TimeOnPage: p.TimeOnPage, Version: p.Version}
	saved, again, err := s.saveChat(c, it.Campaign, &f, p)
	if err != nil || again {
		page := Page{Nav: "live-chat", Data: chatCardForm{f, it.Campaign}}
		if again {
			return s.respond(c, "livechat/card-page", "livechat/card-form", page)
		}
		return s.invalid(c, err, "livechat/card-page", "livechat/card-form", page)
	}
	s.toast(c, ToneSuccess, s.t(c, "livechat.done.saved", "Title", saved.Title))
	it, err = s.LiveChat.Get(c.UserContext(), actor(c), saved.ID)
	if err != nil {
		return err
	}
	return s.sendChatCard(c, it)
}
