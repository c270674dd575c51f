package liadesk

import (
	"time"
	"unicode/utf8"
)

// SenderKind is in whose name a live chat campaign speaks.
type SenderKind string

// The senders.
const (
	SenderBot   SenderKind = "bot"
	SenderAgent SenderKind = "agent"
)

// Sender is in whose name a live chat campaign speaks: the bot, LiaDesk, or
// an agent.
type Sender struct {
	Kind   SenderKind `cbor:"1,keyasint" json:"kind"`
	UserID ID         `cbor:"2,keyasint,omitempty" json:"user_id,omitzero"`
}

// LiveChatCampaign shows a message to visitors of a website.
type LiveChatCampaign struct {
	ID                ID        `cbor:"1,keyasint"`
	AccountID         ID        `cbor:"2,keyasint"`
	Title             string    `cbor:"3,keyasint"`
	Message           string    `cbor:"4,keyasint"` // sanitised HTML
	InboxID           ID        `cbor:"5,keyasint"`
	Sender            Sender    `cbor:"6,keyasint"`
	Trigger           Trigger   `cbor:"7,keyasint"`
	Enabled           bool      `cbor:"8,keyasint"`
	BusinessHoursOnly bool      `cbor:"9,keyasint"`
	CreatedAt         time.Time `cbor:"10,keyasint"`
	CreatedBy         ID        `cbor:"11,keyasint"`
	UpdatedAt         time.Time `cbor:"12,keyasint"`
	Version           uint64    `cbor:"13,keyasint"`
	// DisabledFor is why the system disabled it: "plan", "inbox"; "" when a
	// person did.
	DisabledFor DisabledFor `cbor:"14,keyasint,omitempty"`
	// InboxName is the name of the inbox when it was deleted, for the card.
	InboxName string `cbor:"15,keyasint,omitempty"`

	// OnlineOnly shows it only while somebody is there who could answer.
	OnlineOnly bool `cbor:"16,keyasint,omitempty"`
	// StartsAt and EndsAt bound the time in which it is shown; zero is no bound.
	StartsAt  time.Time `cbor:"17,keyasint"`
	EndsAt    time.Time `cbor:"18,keyasint"`
	Frequency Frequency `cbor:"19,keyasint"`
	Priority  Priority  `cbor:"20,keyasint,omitempty"`
	// QuickReplies are answers that a visitor gives in one tap.
	QuickReplies []string `cbor:"21,keyasint,omitempty"`
	// Goal is what the message is for, nil when nobody said.
	Goal *Goal `cbor:"22,keyasint,omitempty"`
	// Bot is whether LiaDesk answers those who answer the message, "" as the
	// inbox says.
	Bot BotPolicy `cbor:"23,keyasint,omitempty"`
}

// DisabledFor is why the system disabled a campaign.
type DisabledFor string

// The reasons. A campaign that the system disabled stays so until a person
// enables it again: neither an upgrade nor another inbox releases it.
const (
	DisabledByPerson DisabledFor = ""
	DisabledForPlan  DisabledFor = "plan"  // the account's plan ended
	DisabledForInbox DisabledFor = "inbox" // the inbox was deleted
)

// Bounds and defaults of a live chat campaign.
const (
	// MaxChatTitle is the longest title, in characters (Unicode code points).
	MaxChatTitle = 100
	// DefaultTimeOnPage and MaxTimeOnPage are in seconds.
	DefaultTimeOnPage = 10
	MaxTimeOnPage     = 3600
)

// Check notes what is wrong with the parts of a campaign that can be judged
// without looking anything up.
func (c LiveChatCampaign) Check(v *Invalid) {
	switch {
	case c.Title == "":
		v.Add("title", "required")
	case utf8.RuneCountInString(c.Title) > MaxChatTitle:
		v.Add("title", "too_long", "Max", MaxChatTitle)
	}
	if c.InboxID.IsZero() {
		v.Add("inbox_id", "required")
	}
	switch {
	case c.Sender.Kind != SenderBot && c.Sender.Kind != SenderAgent:
		v.Add("sender.kind", "unknown_sender")
	case c.Sender.Kind == SenderAgent && c.Sender.UserID.IsZero():
		v.Add("sender.user_id", "required")
	}
	c.Trigger.check(v)
	c.Frequency.check(v)
	if !c.StartsAt.IsZero() && !c.EndsAt.IsZero() && !c.EndsAt.After(c.StartsAt) {
		v.Add("ends_at", "before_start")
	}
	if !c.Bot.Valid() {
		v.Add("bot", "unknown_policy")
	}
	switch c.Priority {
	case PriorityNormal, PriorityHigh, PriorityLow:
	default:
		v.Add("priority", "unknown_priority")
	}
	if len(c.QuickReplies) > MaxQuickReplies {
		v.Add("quick_replies", "too_many", "Max", MaxQuickReplies)
	}
	for _, r := range c.QuickReplies {
		if utf8.RuneCountInString(r) > MaxQuickReply {
			v.Add("quick_replies", "too_long", "Max", MaxQuickReply)
			break
		}
	}
	if c.Goal != nil {
		c.Goal.check(v)
	}
}

// Bounds of the answers that a visitor gives in one tap.
const (
	MaxQuickReplies = 4
	MaxQuickReply   = 40 // characters
)

// Impression is a live chat campaign shown to one visitor on one page.
type Impression struct {
	ID         ID        `cbor:"1,keyasint"`
	CampaignID ID        `cbor:"2,keyasint"`
	InboxID    ID        `cbor:"3,keyasint"`
	PageURL    string    `cbor:"4,keyasint"`
	At         time.Time `cbor:"5,keyasint"`
	// HTML, Text (the same without markup) and Sender are what was shown, word
	// for word: the campaign may change later.
	HTML       string    `cbor:"6,keyasint"`
	Sender     Sender    `cbor:"7,keyasint"`
	SenderName string    `cbor:"8,keyasint"`
	OpenedAt   time.Time `cbor:"9,keyasint"`
	ClosedAt   time.Time `cbor:"10,keyasint"` // dismissed
	AnsweredAt time.Time `cbor:"11,keyasint"`
	Text       string    `cbor:"12,keyasint"`
	ClickedAt  time.Time `cbor:"13,keyasint"` // a link in the message
	GoalAt     time.Time `cbor:"14,keyasint"` // what it was for was done
}
