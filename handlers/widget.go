package handlers

import (
	"encoding/json"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/compress"

	"github.com/liadesk/campaigns/conversations"
	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/livechat"
)

// The widget's calls come from visitors' browsers on the companies' own
// sites: simple cross-origin requests (a text/plain body that holds JSON, no
// cookie, no preflight), from anybody. What a caller may do follows from what
// it knows: the public key and the page for a visit, a visitor's token for a
// thread.

// widgetLimits hold each address to a pace per call. They are far above what a
// person does, for an office may share an address. A visit has none: it costs
// less than a refusal.
type widgetLimits struct{ show, event, message, thread, ticket, identify, file *limiter }

func newWidgetLimits() widgetLimits {
	return widgetLimits{
		show:     newLimiter(time.Second/2, 60),
		event:    newLimiter(time.Second/2, 60),
		message:  newLimiter(2*time.Second, 20),
		thread:   newLimiter(time.Second/5, 120),
		ticket:   newLimiter(time.Second, 30),
		identify: newLimiter(2*time.Second, 20),
		file:     newLimiter(10*time.Second, 6),
	}
}

// widgetRoutes are the widget's calls; its files stand in assets.go.
func (s *Server) widgetRoutes(app fiber.Router) {
	files := compress.New(compress.Config{Level: compress.LevelBestSpeed})
	limits := newWidgetLimits()
	limited := func(l *limiter) fiber.Handler {
		return func(c *fiber.Ctx) error {
			if err := l.take(c.IP(), s.Clock.Now()); err != nil {
				return err
			}
			return c.Next()
		}
	}
	w := app.Group("/widget/v1")
	w.Post("/visit", s.widgetVisit)
	w.Post("/show", limited(limits.show), s.widgetShow)
	w.Post("/event", limited(limits.event), s.widgetEvent)
	w.Post("/message", limited(limits.message), s.widgetMessage)
	w.Post("/thread", limited(limits.thread), s.widgetThread)
	w.Post("/ticket", limited(limits.ticket), s.widgetTicket)
	w.Post("/identify", limited(limits.identify), s.widgetIdentify)
	w.Post("/debug", limited(limits.event), s.widgetDebug)
	w.Post("/track", limited(limits.event), s.widgetTrack)
	w.Post("/forget", limited(limits.identify), s.widgetForget)
	w.Post("/person", limited(limits.message), s.widgetPerson)
	w.Post("/rate", limited(limits.identify), s.widgetRate)
	w.Post("/file", limited(limits.file), s.widgetUpload)
	w.Post("/reach", limited(limits.identify), s.widgetReach)
	w.Post("/comeback", limited(limits.identify), s.widgetComeBack)
	w.Get("/live", limited(limits.ticket), s.widgetLive)
	w.Get("/avatar/liadesk.svg", files, s.widgetFile("favicon.svg"))
	w.Get("/avatar/:key/:name", s.widgetAvatar)
	w.Use(func(*fiber.Ctx) error { return fiber.ErrNotFound })
}

// crossOrigin lets pages of other sites read what is under /widget: nothing
// there belongs to a cookie. They may also see when to come back.
func crossOrigin(c *fiber.Ctx) {
	if strings.HasPrefix(c.Path(), "/widget") {
		c.Set(fiber.HeaderAccessControlAllowOrigin, "*")
		c.Set(fiber.HeaderAccessControlExposeHeaders, fiber.HeaderRetryAfter)
		c.Set("Cross-Origin-Resource-Policy", "cross-origin")
	}
}

// widgetFile serves a file that foreign pages load at an address that never
// changes: browsers ask again after five minutes, and get it only if it is
// another one.
func (s *Server) widgetFile(name string) fiber.Handler {
	return func(c *fiber.Ctx) error {
		digest, ok := s.assets.digest[name]
		if !ok {
			return fiber.ErrNotFound
		}
		c.Vary(fiber.HeaderAcceptEncoding)
		c.Set(fiber.HeaderCacheControl, "public, max-age=300, stale-while-revalidate=86400")
		// Weak, for the compressed file has the same one (RFC 9110 §8.8.3).
		tag := `W/"` + digest + `"`
		c.Set(fiber.HeaderETag, tag)
		if strings.Contains(c.Get(fiber.HeaderIfNoneMatch), tag) {
			return c.SendStatus(http.StatusNotModified)
		}
		data, err := fs.ReadFile(s.Static, name)
		if err != nil {
			return err
		}
		kind := mime.TypeByExtension(path.Ext(name))
		if path.Ext(name) == ".ts" { // not the film format that some machines know
			kind = "text/plain; charset=utf-8"
		}
		c.Set(fiber.HeaderContentType, kind)
		return c.Send(data)
	}
}

// seenBefore is how a browser says which campaigns it has met. An id that is
// none is one that we do not know, not an error.
type seenBefore []struct {
	Campaign string `json:"campaign"`
	Day      string `json:"day"`
	How      string `json:"how"`
	Session  bool   `json:"session"`
	Reached  bool   `json:"reached"`
}

func (l seenBefore) seen() []livechat.Seen {
	list := make([]livechat.Seen, 0, len(l))
	for _, v := range l {
		if id, err := liadesk.ParseID(v.Campaign); err == nil {
			list = append(list, livechat.Seen{Campaign: id, Day: v.Day, How: v.How, Session: v.Session, Reached: v.Reached})
		}
	}
	return list
}

// widgetView is what a widget says of its page and visitor. What it says more
// than a person's page can is cut, not refused.
type widgetView struct {
	Inbox    string     `json:"inbox"`
	URL      string     `json:"url"`
	Referrer string     `json:"referrer"`
	Landing  string     `json:"landing"`
	Language string     `json:"language"`
	Device   string     `json:"device"`
	Token    string     `json:"token"`
	Seen     seenBefore `json:"seen"`
	Recheck  bool       `json:"recheck"`
	Identity identity   `json:"identity"`
}

// identity is who a page says that its visitor is.
type identity struct {
	ID        scalar `json:"id"`
	Name      scalar `json:"name"`
	Email     scalar `json:"email"`
	Phone     scalar `json:"phone"`
	Signature scalar `json:"signature"`
}

func (i identity) claim() conversations.Claim {
	return conversations.Claim{ID: string(i.ID), Name: string(i.Name), Email: string(i.Email), Phone: string(i.Phone), Signature: string(i.Signature)}
}

// scalar is a text, or a number such as a page's own id of its visitor often is;
// anything else is as good as nothing.
type scalar string

// UnmarshalJSON never fails: what a page says wrongly is no reason to lose what
// its visitor wrote.
func (t *scalar) UnmarshalJSON(b []byte) error {
	var s string
	var n json.Number
	switch {
	case json.Unmarshal(b, &s) == nil:
		*t = scalar(s)
	case json.Unmarshal(b, &n) == nil:
		*t = scalar(n)
	}
	return nil
}

func (v widgetView) visit(c *fiber.Ctx) livechat.Visit {
	cut := func(s string, n int) string { return s[:min(len(s), n)] }
	return livechat.Visit{Key: v.Inbox, URL: v.URL, Origin: c.Get(fiber.HeaderOrigin), Referrer: cut(v.Referrer, livechat.MaxAddress),
		Landing: cut(v.Landing, 2000), Language: cut(v.Language, 40), Device: cut(v.Device, 20), Token: v.Token, Seen: v.Seen.seen(), Again: v.Recheck,
		Claim: v.Identity.claim()}
}

// visitJSON is the answer to a page view.
type visitJSON struct {
	Arm      []armJSON  `json:"arm"`
	Open     bool       `json:"open"`
	Recheck  int        `json:"recheck"`
	Count    bool       `json:"count,omitempty"`
	Launcher bool       `json:"launcher,omitempty"`
	Look     fiber.Map  `json:"look,omitempty"`
	Goals    []goalJSON `json:"goals,omitempty"`
}

type armJSON struct {
	Campaign   liadesk.ID `json:"campaign"`
	Conditions struct {
		TimeOnPage int           `json:"time_on_page"`
		Rule       *liadesk.Rule `json:"rule,omitempty"`
	} `json:"conditions"`
}

type goalJSON struct {
	Campaign liadesk.ID `json:"campaign"`
	Event    string     `json:"event"`
}

// widgetVisit answers each page view of every site, so that it is kept short: it
// reads the body once, without the looks at oddities that calls get which store
// something.
func (s *Server) widgetVisit(c *fiber.Ctx) error {
	var in widgetView
	if json.Unmarshal(c.Body(), &in) != nil {
		if err := readJSON(c, &in); err != nil { // says what is wrong with it
			return err
		}
	}
	out, err := s.LiveChat.Visit(c.UserContext(), in.visit(c))
	if err != nil {
		return err
	}
	answer := visitJSON{Arm: make([]armJSON, len(out.Arm)), Open: out.Open, Recheck: out.Recheck, Count: out.Count, Launcher: out.Launcher}
	for i, a := range out.Arm {
		answer.Arm[i].Campaign = a.Campaign
		answer.Arm[i].Conditions.TimeOnPage, answer.Arm[i].Conditions.Rule = a.TimeOnPage, a.Conditions
	}
	for _, g := range out.Goals {
		answer.Goals = append(answer.Goals, goalJSON(g))
	}
	if out.Look != (liadesk.WidgetLook{}) {
		answer.Look = lookOf(out.Look)
	}
	return c.JSON(answer)
}

func (s *Server) widgetShow(c *fiber.Ctx) error {
	var in struct {
		widgetView
		Campaign string `json:"campaign"`
	}
	if err := readJSON(c, &in); err != nil {
		return err
	}
	campaign, err := liadesk.ParseID(in.Campaign)
	if err != nil {
		return c.JSON(fiber.Map{"blocked": livechat.BlockedEnded})
	}
	out, err := s.LiveChat.Show(c.UserContext(), livechat.Ask{Visit: in.visit(c), Campaign: campaign})
	switch {
	case err != nil:
		return err
	case out.Blocked != livechat.NotBlocked:
		return c.JSON(fiber.Map{"blocked": out.Blocked})
	}
	answer := fiber.Map{"impression": out.Impression, "blocks": out.Blocks,
		"sender": fiber.Map{"name": out.Speaker.Name, "avatar": s.avatarURL(in.Inbox, out.Speaker.Picture, out.Speaker.Bot)}}
	if len(out.QuickReplies) > 0 {
		answer["replies"] = out.QuickReplies
	}
	return c.JSON(answer)
}

// avatarURL is where visitors' browsers find a picture; "" means initials.
func (s *Server) avatarURL(key, picture string, bot bool) string {
	switch {
	case bot:
		return s.origin + "/widget/v1/avatar/liadesk.svg"
	case picture != "":
		return s.origin + "/widget/v1/avatar/" + key + "/" + picture
	}
	return ""
}

// widgetAvatar serves a picture, whose address names its content.
func (s *Server) widgetAvatar(c *fiber.Ctx) error {
	data, err := s.LiveChat.Picture(c.UserContext(), c.Params("key"), c.Params("name"))
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderCacheControl, "public, max-age=31536000, immutable")
	c.Set(fiber.HeaderContentType, http.DetectContentType(data))
	return c.Send(data)
}

// widgetAsk reads a call of the widget into in, and finds the inbox whose key
// then stands in it.
func (s *Server) widgetAsk(c *fiber.Ctx, in any, key *string) (liadesk.Inbox, error) {
	if err := readJSON(c, in); err != nil {
		return liadesk.Inbox{}, err
	}
	return s.widgetInbox(c, *key)
}

// widgetInbox finds whom a widget speaks to, and refuses pages of other sites.
func (s *Server) widgetInbox(c *fiber.Ctx, key string) (liadesk.Inbox, error) {
	return s.LiveChat.Inbox(c.UserContext(), key, c.Get(fiber.HeaderOrigin))
}

func (s *Server) widgetEvent(c *fiber.Ctx) error {
	var in struct {
		Inbox      string `json:"inbox"`
		Impression string `json:"impression"`
		Kind       string `json:"kind"`
		// Of a goal, which needs no impression.
		Campaign string `json:"campaign"`
		Day      string `json:"day"`
		URL      string `json:"url"`
		Event    string `json:"event"`
		Value    string `json:"value"`
		Currency string `json:"currency"`
	}
	inbox, err := s.widgetAsk(c, &in, &in.Inbox)
	if err != nil {
		return err
	}
	if in.Impression == "" && in.Kind == string(livechat.EventGoal) {
		campaign, err := liadesk.ParseID(in.Campaign)
		if err != nil {
			return err
		}
		if err := s.LiveChat.ReachGoal(c.UserContext(), inbox, livechat.GoalReached{Campaign: campaign, Day: in.Day, URL: in.URL,
			Event: in.Event, Value: in.Value, Currency: in.Currency}); err != nil {
			return err
		}
		return c.JSON(fiber.Map{})
	}
	impression, err := liadesk.ParseID(in.Impression)
	if err != nil {
		return err
	}
	if err := s.LiveChat.Event(c.UserContext(), inbox, impression, livechat.EventKind(in.Kind)); err != nil {
		return err
	}
	return c.JSON(fiber.Map{})
}

func (s *Server) widgetMessage(c *fiber.Ctx) error {
	var in struct {
		Inbox      string   `json:"inbox"`
		Impression string   `json:"impression"`
		Token      string   `json:"token"`
		Text       string   `json:"text"`
		ClientID   string   `json:"client_id"`
		URL        string   `json:"url"`
		Identity   identity `json:"identity"`
	}
	inbox, err := s.widgetAsk(c, &in, &in.Inbox)
	if err != nil {
		return err
	}
	impression, _ := liadesk.ParseID(in.Impression) // one that cannot be is none
	out, err := s.Conversations.WriteAsVisitor(c.UserContext(), conversations.VisitorMessage{
		Inbox: inbox, Token: in.Token, Impression: impression, Text: in.Text, ClientID: in.ClientID, PageURL: pageOf(c, in.URL),
		Claim: in.Identity.claim(),
	})
	if err != nil {
		return err
	}
	return c.JSON(fiber.Map{"token": out.Token, "conversation": out.Conversation.ID, "message": out.Message.ID})
}

// pageOf is the page that a visitor writes from, for the team: what the widget
// says, else what the browser lets us know.
func pageOf(c *fiber.Ctx, url string) string {
	for _, address := range []string{url, c.Get(fiber.HeaderReferer)} {
		if page, err := livechat.ParsePage(address); err == nil && len(page.String()) <= 2000 {
			return page.String()
		}
	}
	return ""
}

func (s *Server) widgetThread(c *fiber.Ctx) error {
	var in struct {
		visitorAsk
		After string `json:"after"`
	}
	inbox, err := s.widgetAsk(c, &in, &in.Inbox)
	if err != nil {
		return err
	}
	after, _ := liadesk.ParseID(in.After) // one that cannot be is none
	thread, err := s.Conversations.ReadAsVisitor(c.UserContext(), inbox, in.Token, after)
	if err != nil {
		return err
	}
	return s.sendThread(c, inbox, thread)
}

func (s *Server) widgetTicket(c *fiber.Ctx) error {
	var in visitorAsk
	inbox, err := s.widgetAsk(c, &in, &in.Inbox)
	if err != nil {
		return err
	}
	ticket, err := s.Conversations.TicketForVisitor(c.UserContext(), inbox, in.Token, c.Get(fiber.HeaderOrigin))
	if err != nil {
		return err
	}
	return c.JSON(fiber.Map{"ticket": ticket})
}
