package handlers

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"runtime/debug"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/gofiber/contrib/websocket"
	"github.com/gofiber/fiber/v2"
	"golang.org/x/time/rate"

	"github.com/liadesk/campaigns/conversations"
	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/livechat"
	"github.com/liadesk/campaigns/views/texts"
)

// widgetMessage is a message as a visitor's browser gets it.
type widgetMessage struct {
	ID liadesk.ID `json:"id"`
	// Seq is the message's place in its thread: times may be equal.
	Seq    uint64              `json:"seq"`
	From   liadesk.MessageFrom `json:"from"`
	Author string              `json:"author,omitempty"`
	Avatar string              `json:"avatar,omitempty"`
	Text   string              `json:"text"`
	At     time.Time           `json:"at"`
	Blocks []livechat.Block    `json:"blocks,omitempty"`
	// Replies are answers in one tap, as long as it is the last message.
	Replies []string `json:"replies,omitempty"`
}

// visitorView puts a thread into words for one visitor. It keeps nothing of
// the request, so it may outlive it.
type visitorView struct {
	words *texts.Localizer
	// files says that visitors can send some, fileURL where one is found.
	files   bool
	fileURL func(liadesk.FileRef) string
	avatar  func(author liadesk.ID, bot bool) string
}

// visitorView speaks the visitor's language. Pictures are those of the moment.
func (s *Server) visitorView(c *fiber.Ctx, inbox liadesk.Inbox) (visitorView, error) {
	pictures, err := s.LiveChat.Pictures(c.UserContext(), inbox.Website.Key)
	key := inbox.Website.Key // and not all of the inbox: there are thousands of these
	return visitorView{words: s.localizer(c), files: !inbox.Website.NoFiles, fileURL: s.fileURL, avatar: func(author liadesk.ID, bot bool) string {
		return s.avatarURL(key, pictures[author], bot)
	}}, err
}

func (v visitorView) message(m liadesk.Message) widgetMessage {
	out := widgetMessage{ID: m.ID, Seq: m.Seq, From: m.From, Text: m.Text, At: m.At, Replies: m.Replies}
	switch m.From {
	case liadesk.FromAgent, liadesk.FromBot, liadesk.FromCampaign:
		out.Author, out.Avatar = m.Author, v.avatar(m.AuthorID, m.AuthorID.IsZero())
	}
	if m.File != nil {
		out.Blocks = fileBlocks(v.fileURL(*m.File), *m.File)
	}
	if m.HTML != "" {
		// What cannot be shown as blocks is still readable as text.
		if blocks, err := livechat.Blocks(m.HTML); err == nil {
			out.Blocks = blocks
		}
	}
	return out
}

// notice is the honest line under what a visitor wrote. Times are those of
// the business, and say so.
func (v visitorView) notice(n conversations.Notice) string {
	if n.Code == "" {
		return ""
	}
	until := ""
	if z, err := time.LoadLocation(n.Zone); err == nil && !n.Until.IsZero() {
		until = v.words.DateTime(n.Until, z)
	}
	code := string(n.Code)
	if n.Wait > 0 {
		code += "_wait"
	}
	return v.words.T("widget.notice."+code, "Name", n.Name, "Until", until,
		"Wait", v.words.T("widget.wait", "Count", max(1, int(math.Ceil(n.Wait.Minutes())))))
}

// visitorState is what a visitor is told about a thread beside its messages.
type visitorState struct {
	Status liadesk.ConversationStatus `json:"status"`
	Notice string                     `json:"notice"`
	// Owner is who answers: bot, agent or queue.
	Owner liadesk.OwnerKind `json:"owner"`
	// Rate says that the visitor may say how it was, Rating what they said.
	Rate   bool `json:"rate,omitempty"`
	Rating int  `json:"rating,omitempty"`
	// Ways are the ways in which the visitor can be told of the answer, when
	// nobody is here to give it: text, email, or both. Reached says which they
	// chose, in words.
	Ways    string `json:"ways,omitempty"`
	Files   bool   `json:"files,omitempty"`
	Reached string `json:"reached,omitempty"`
}

func (v visitorView) state(c liadesk.Conversation, n conversations.Notice) visitorState {
	return visitorState{Status: c.Status, Notice: v.notice(n), Owner: c.Owner, Rate: conversations.MayRate(c), Rating: c.Rating,
		Files: v.files && n.Code != conversations.NoticeMoved, Ways: waysOf(n.Ways), Reached: v.reached(c.Reach)}
}

func waysOf(w conversations.Ways) string {
	var list []string
	if w.Text {
		list = append(list, "text")
	}
	if w.Email {
		list = append(list, "email")
	}
	return strings.Join(list, " ")
}

// reached says to where answers follow the visitor. Whoever sits at the page
// next may not be the one who left a number: it is not spelled out.
func (v visitorView) reached(r liadesk.Reach) string {
	number, address := "", ""
	if len(r.Phone) > 4 {
		number = r.Phone[len(r.Phone)-4:]
	}
	if at := strings.LastIndexByte(r.Email, '@'); at > 0 {
		first, _ := utf8.DecodeRuneInString(r.Email)
		address = string(first) + "…" + r.Email[at:]
	}
	switch {
	case number != "" && address != "":
		return v.words.T("widget.reached_both", "Number", number, "Email", address)
	case number != "":
		return v.words.T("widget.reached_text", "Number", number)
	case address != "":
		return v.words.T("widget.reached_email", "Email", address)
	}
	return ""
}

// widgetLive is the socket of an open conversation: what the team says, as it
// is said. The visitor's own words go by POST, so that a retry is harmless.
func (s *Server) widgetLive(c *fiber.Ctx) error {
	if !websocket.IsWebSocketUpgrade(c) {
		return fiber.NewError(http.StatusUpgradeRequired, "websocket_only")
	}
	ticket, err := s.Conversations.Redeem(c.Query("ticket"), c.Get(fiber.HeaderOrigin))
	if err != nil {
		return err
	}
	inbox, err := s.LiveChat.InboxOf(c.UserContext(), ticket.Account, ticket.Conversation)
	if err != nil {
		return err
	}
	view, err := s.visitorView(c, inbox)
	if err != nil {
		return err
	}
	return s.upgrade(c, func(k *socket) { s.tellVisitor(k, view, ticket) })
}

// tellVisitor passes on what happens in a conversation until either side ends,
// and takes what a visitor tells by the way: that they write, and how far they
// have read.
func (s *Server) tellVisitor(k *socket, view visitorView, ticket conversations.Ticket) {
	var writing sync.Mutex
	var said visitorState
	writing.Lock()
	stop := s.Conversations.Live.Follow(ticket.Conversation, func(e *conversations.Event) (err error) {
		writing.Lock()
		defer writing.Unlock()
		// This runs on no goroutine of the socket's own, see serveSocket.
		defer func() {
			if r := recover(); r != nil {
				s.Log.Error("panic", "conversation", ticket.Conversation, "panic", fmt.Sprint(r), "stack", string(debug.Stack()))
				err = fmt.Errorf("a panic: %v", r)
			}
		}()
		if e, may := ticket.MayHear(e); may {
			return s.tellEvent(k, view, e, &said)
		}
		return nil
	}, func() {
		code := socketTryAgain
		if s.Conversations.Live.Closed() {
			code = socketGoingAway
		}
		k.close(code)
		k.conn.Close()
	})
	defer stop()
	// From here on nothing is missed: what was said before is to be read now.
	err := k.send([]byte(`{"type":"ready"}`))
	writing.Unlock()
	if err != nil {
		return
	}
	// A page says one thing in some seconds; what a flood says is let go.
	pace := rate.NewLimiter(2, 10)
	k.read(func(text []byte) bool {
		if pace.AllowN(s.Clock.Now(), 1) {
			if err := s.hearVisitor(k, ticket, text); err != nil {
				s.Log.Warn("what a visitor told by the way is lost", "error", err)
			}
		}
		return true
	})
}

// hearVisitor takes a message of the visitor's page. What makes no sense is let
// go.
func (s *Server) hearVisitor(k *socket, ticket conversations.Ticket, text []byte) error {
	var in struct {
		Type string `json:"type"`
		Seq  uint64 `json:"seq"`
	}
	if json.Unmarshal(text, &in) != nil {
		return nil
	}
	switch in.Type {
	case "typing":
		return s.Conversations.VisitorTypes(k.ctx, ticket)
	case "seen":
		return s.Conversations.SeenByVisitor(k.ctx, ticket, in.Seq)
	}
	return nil
}

// tellEvent sends what one event means to a visitor: the messages, who writes,
// and the thread's state with the line that says who will answer and when,
// whenever that is no longer what was said last.
func (s *Server) tellEvent(k *socket, view visitorView, e *conversations.Event, said *visitorState) error {
	send := func(frame any) error {
		text, err := json.Marshal(frame)
		if err != nil {
			return err
		}
		return k.send(text)
	}
	if e.Typing != "" {
		if e.TypingVisitor {
			return nil
		}
		return send(fiber.Map{"type": "typing", "text": view.words.T("widget.notice.typing", "Name", e.Typing)})
	}
	for _, m := range e.Messages {
		if err := send(fiber.Map{"type": "message", "message": view.message(m)}); err != nil {
			return err
		}
	}
	notice, err := s.Conversations.NoticeFor(k.ctx, e.Conversation)
	if err != nil {
		return err
	}
	now := view.state(e.Conversation, notice)
	if now == *said {
		return nil
	}
	*said = now
	return send(struct {
		Type string `json:"type"`
		visitorState
	}{"status", now})
}
