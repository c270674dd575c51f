package handlers

import (
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/liadesk/campaigns/conversations"
	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

// conversationJSON is a thread as the API shows it; without messages in lists.
// On a plan without campaigns nothing in it speaks of one.
type conversationJSON struct {
	ID      liadesk.ID                 `json:"id"`
	Channel liadesk.InboxKind          `json:"channel"`
	Status  liadesk.ConversationStatus `json:"status"`
	Owner   ownerJSON                  `json:"owner"`
	InboxID liadesk.ID                 `json:"inbox_id"`
	// Contact is null while a visitor has not said who they are; Visitor is
	// then what the team's pages call them.
	Contact *contactRefJSON `json:"contact"`
	// Identity is what the company's page said about its visitor.
	Identity   *identityJSON `json:"identity"`
	Visitor    string        `json:"visitor,omitempty"`
	Phone      string        `json:"phone,omitempty"`
	CampaignID *liadesk.ID   `json:"campaign_id"`
	PageURL    string        `json:"page_url,omitempty"`
	// Handoff is why LiaDesk gave it to the team, null if it did not; Offered says
	// that the owner was asked and has not come yet.
	Handoff       *handoffJSON `json:"handoff"`
	Offered       bool         `json:"offered,omitempty"`
	SnoozedUntil  *time.Time   `json:"snoozed_until"`
	Rating        int          `json:"rating,omitempty"`
	Unread        int          `json:"unread"`
	WaitingSince  *time.Time   `json:"waiting_since"`
	CreatedAt     time.Time    `json:"created_at"`
	LastMessageAt time.Time    `json:"last_message_at"`
	LastText      string       `json:"last_text"`
	// Earlier is what ?before= must say for the messages before these, null
	// when there are none. Only beside messages.
	Earlier  *uint64       `json:"earlier,omitempty"`
	Messages []messageJSON `json:"messages,omitzero"`
}

// identityJSON is who a page says that its visitor is; verified, if the company's
// server vouches for it.
type identityJSON struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Email    string `json:"email"`
	Phone    string `json:"phone"`
	Verified bool   `json:"verified"`
}

type handoffJSON struct {
	Reason liadesk.HandoffReason `json:"reason"`
	At     *time.Time            `json:"at"`
	Wrong  bool                  `json:"wrong"`
}

type ownerJSON struct {
	Kind   liadesk.OwnerKind `json:"kind"`
	UserID *liadesk.ID       `json:"user_id,omitempty"`
	Name   string            `json:"name,omitempty"`
}

type contactRefJSON struct {
	ID    liadesk.ID `json:"id"`
	Name  string     `json:"name"`
	Phone string     `json:"phone"`
	Email string     `json:"email"`
}

type messageJSON struct {
	ID     liadesk.ID          `json:"id"`
	From   liadesk.MessageFrom `json:"from"`
	Author string              `json:"author"`
	Text   string              `json:"text"`
	At     time.Time           `json:"at"`
	// Status and ErrorCode are what became of a text.
	Status liadesk.DeliveryStatus `json:"status,omitempty"`
	// Private marks a note of the team's.
	Private   bool   `json:"private,omitempty"`
	ErrorCode string `json:"error_code,omitempty"`
	// File is one that was sent; Text then names it.
	File *fileJSON `json:"file,omitempty"`
}

func idOrNull(id liadesk.ID) *liadesk.ID {
	if id.IsZero() {
		return nil
	}
	return &id
}

func newConversationJSON(a liadesk.Actor, item conversations.Item) conversationJSON {
	c := item.Conversation
	var who *identityJSON
	if id := c.Identity; id != nil {
		who = &identityJSON{id.ID, id.Name, id.Email, id.Phone, id.Verified}
	}
	out := conversationJSON{Identity: who,
		ID: c.ID, Channel: c.Channel, Status: c.Status, InboxID: c.InboxID, Visitor: c.Visitor, Phone: c.Phone, PageURL: c.PageURL,
		Owner:  ownerJSON{Kind: c.Owner, UserID: idOrNull(c.OwnerID), Name: item.Owner.Name},
		Unread: c.Unread, WaitingSince: timeOrNull(c.WaitingSince), CreatedAt: c.CreatedAt, LastMessageAt: c.LastAt, LastText: c.LastText,
	}
	out.Offered, out.SnoozedUntil, out.Rating = c.Offer.Pending(), timeOrNull(c.SnoozedUntil), c.Rating
	if c.HandoffReason != "" {
		out.Handoff = &handoffJSON{c.HandoffReason, timeOrNull(c.HandedOverAt), c.HandoffWrong}
	}
	if !item.Contact.ID.IsZero() {
		out.Contact = &contactRefJSON{ID: item.Contact.ID, Name: item.Contact.Name, Phone: item.Contact.Phone, Email: item.Contact.Email}
	}
	if a.Plan.Paid() {
		out.CampaignID = idOrNull(c.CampaignID)
	}
	return out
}

func (s *Server) messageJSON(a liadesk.Actor, m liadesk.Message) messageJSON {
	out := messageJSON{File: s.fileJSON(m.File), ID: m.ID, From: m.From, Author: m.Author, Text: m.Text, At: m.At, Status: m.Delivery, ErrorCode: m.ErrorCode, Private: m.Private}
	if m.From == liadesk.FromCampaign && !a.Plan.Paid() {
		out.From = liadesk.FromBot
		if !m.AuthorID.IsZero() {
			out.From = liadesk.FromAgent
		}
	}
	return out
}

func (s *Server) apiListConversations(c *fiber.Ctx) error {
	after, limit, err := listAsked(c)
	if err != nil {
		return err
	}
	items, next, err := s.deskItems(c.UserContext(), actor(c), deskFilterOf(c), db.Page{After: after, Limit: limit})
	if err != nil {
		return err
	}
	list := make([]conversationJSON, len(items))
	for i, item := range items {
		list[i] = newConversationJSON(actor(c), item)
	}
	return sendList(c, list, next)
}

// apiGetConversation answers with a thread's last messages, or those before a
// place in it.
func (s *Server) apiGetConversation(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	before, err := placeAsked(c)
	if err != nil {
		return err
	}
	th, err := s.Conversations.Get(c.UserContext(), actor(c), id, before)
	if err != nil {
		return err
	}
	out := newConversationJSON(actor(c), th.Item)
	out.Messages = make([]messageJSON, 0, len(th.Messages))
	for _, m := range th.Messages {
		if m.Event == "" { // nobody said what happened to the thread
			out.Messages = append(out.Messages, s.messageJSON(actor(c), m))
		}
	}
	if th.Earlier > 0 {
		out.Earlier = &th.Earlier
	}
	return c.JSON(out)
}

// apiReply answers a thread. The same client_id twice is one message.
func (s *Server) apiReply(c *fiber.Ctx) error { return s.apiWrite(c, s.Conversations.Reply) }

// apiAddNote writes a note for the team.
func (s *Server) apiAddNote(c *fiber.Ctx) error { return s.apiWrite(c, s.Conversations.AddNote) }

// apiWrite puts a text into a thread, as an answer or as a note.
func (s *Server) apiWrite(c *fiber.Ctx, put writing) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	var in struct {
		Text     string `json:"text"`
		ClientID string `json:"client_id"`
	}
	if err := readJSON(c, &in); err != nil {
		return err
	}
	m, err := put(c.UserContext(), actor(c), id, in.Text, in.ClientID)
	if err != nil {
		return err
	}
	return created(c, s.messageJSON(actor(c), m))
}

// apiChange does something to a thread and answers with it as it is then.
func (s *Server) apiChange(c *fiber.Ctx, change func(id liadesk.ID) error) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	if err := change(id); err != nil {
		return err
	}
	return s.apiGetConversation(c)
}

func (s *Server) apiResolveConversation(c *fiber.Ctx) error {
	return s.apiChange(c, func(id liadesk.ID) error {
		_, err := s.Conversations.Resolve(c.UserContext(), actor(c), id)
		return err
	})
}

func (s *Server) apiReopenConversation(c *fiber.Ctx) error {
	return s.apiChange(c, func(id liadesk.ID) error {
		_, err := s.Conversations.Reopen(c.UserContext(), actor(c), id)
		return err
	})
}

// apiAssign gives a thread to a person, by user_id, or back to the queue or to
// LiaDesk, by owner. It changes the owner whoever that is.
func (s *Server) apiAssign(c *fiber.Ctx) error {
	var in struct {
		UserID string `json:"user_id"`
		Owner  string `json:"owner"`
	}
	if err := readJSON(c, &in); err != nil {
		return err
	}
	return s.apiChange(c, func(id liadesk.ID) error {
		ctx, who := c.UserContext(), actor(c)
		var err error
		switch {
		case in.Owner == string(liadesk.OwnerQueue) && in.UserID == "":
			_, err = s.Conversations.Return(ctx, who, id)
		case in.Owner == string(liadesk.OwnerBot) && in.UserID == "":
			_, err = s.Conversations.GiveToBot(ctx, who, id)
		default:
			to, err := liadesk.ParseID(in.UserID)
			if err != nil {
				return err
			}
			item, err := s.Conversations.Item(ctx, who, id)
			if err != nil {
				return err
			}
			_, err = s.Conversations.Assign(ctx, who, id, to, item.Conversation.OwnerID)
			return err
		}
		return err
	})
}

// apiHandoff gives a thread of LiaDesk's to the team; one that people have
// already stays as it is.
func (s *Server) apiHandoff(c *fiber.Ctx) error {
	return s.apiChange(c, func(id liadesk.ID) error {
		_, err := s.Conversations.HandOver(c.UserContext(), actor(c), id)
		return err
	})
}

// apiSnooze puts a thread off until a moment, or brings it back when there is
// none.
func (s *Server) apiSnooze(c *fiber.Ctx) error {
	var in struct {
		Until *time.Time `json:"until"`
	}
	if err := readJSON(c, &in); err != nil {
		return err
	}
	return s.apiChange(c, func(id liadesk.ID) (err error) {
		if in.Until == nil {
			_, err = s.Conversations.Unsnooze(c.UserContext(), actor(c), id)
		} else {
			_, err = s.Conversations.Snooze(c.UserContext(), actor(c), id, *in.Until)
		}
		return err
	})
}
