package liadesk

import (
	"slices"
	"time"
)

// ConversationStatus is where a conversation stands.
type ConversationStatus string

// The states of a conversation.
const (
	ConversationOpen     ConversationStatus = "open"
	ConversationResolved ConversationStatus = "resolved"
)

// OwnerKind is who answers a conversation now. There is one owner at a time,
// changed by compare-and-set.
type OwnerKind string

// The owners.
const (
	OwnerBot   OwnerKind = "bot"
	OwnerAgent OwnerKind = "agent"
	OwnerQueue OwnerKind = "queue"
)

// Conversation is a thread with a contact or an anonymous visitor.
type Conversation struct {
	ID        ID                 `cbor:"1,keyasint"`
	AccountID ID                 `cbor:"2,keyasint"`
	Channel   InboxKind          `cbor:"3,keyasint"`
	InboxID   ID                 `cbor:"4,keyasint"`
	Status    ConversationStatus `cbor:"5,keyasint"`
	Owner     OwnerKind          `cbor:"6,keyasint"`
	OwnerID   ID                 `cbor:"7,keyasint,omitempty"` // the agent
	// ContactID is zero while a visitor has not said who they are.
	ContactID ID `cbor:"8,keyasint,omitempty"`
	// Visitor is how the page names an anonymous visitor ("Visitor 3F2A").
	Visitor string `cbor:"9,keyasint,omitempty"`
	// Phone is the other side's number on the SMS channel.
	Phone string `cbor:"10,keyasint,omitempty"`
	// CampaignID started the thread, or is the text that it answers.
	CampaignID    ID            `cbor:"11,keyasint,omitempty"`
	PageURL       string        `cbor:"12,keyasint,omitempty"`
	HandoffReason HandoffReason `cbor:"13,keyasint,omitempty"`
	QueuedAt      time.Time     `cbor:"14,keyasint"`
	CreatedAt     time.Time     `cbor:"15,keyasint"`
	LastAt        time.Time     `cbor:"16,keyasint"`           // last message
	LastText      string        `cbor:"17,keyasint,omitempty"` // its beginning, for lists
	LastFrom      MessageFrom   `cbor:"18,keyasint,omitempty"`
	// Unread counts the other side's messages since the team last looked.
	Unread  int    `cbor:"19,keyasint,omitempty"`
	Version uint64 `cbor:"20,keyasint"`
	// Messages counts the thread's messages; it gives each its place.
	Messages uint64 `cbor:"21,keyasint"`
	// WaitingSince is the first message of the other side that nobody has
	// answered; zero when it is their turn.
	WaitingSince time.Time `cbor:"22,keyasint"`
	// CampaignAskedAt is when the visitor answered the campaign's message, until
	// a person of the team has answered them; then zero.
	CampaignAskedAt time.Time `cbor:"23,keyasint"`
	// HandedOverFor is the campaign for which a handoff was counted last.
	HandedOverFor ID `cbor:"24,keyasint,omitempty"`
	// Identity is what the company's page said about its visitor, nil for
	// nothing.
	Identity *Identity `cbor:"25,keyasint,omitempty"`
	// Offer is how far a thread that waits for a person has come.
	Offer Offer `cbor:"26,keyasint"`
	// Bot is what LiaDesk remembers of its part of the thread.
	Bot BotState `cbor:"27,keyasint"`
	// SnoozedUntil keeps an open thread out of sight until then; zero for not.
	SnoozedUntil time.Time `cbor:"28,keyasint"`
	// HandedOverAt is when the bot last gave the thread to the team, and
	// HandoffWrong says that a person thought it should not have.
	HandedOverAt time.Time `cbor:"29,keyasint"`
	HandoffWrong bool      `cbor:"30,keyasint,omitempty"`
	// AnsweredAt is when a person first answered since the handoff; zero before.
	AnsweredAt time.Time `cbor:"31,keyasint"`
	// LastAgentID is who of the team answered last.
	LastAgentID ID `cbor:"32,keyasint,omitempty"`
	// SeenSeq is the place of the last message that the visitor has seen.
	SeenSeq uint64 `cbor:"33,keyasint,omitempty"`
	// Rating is how the visitor found it, 1 to 5, 0 for not said; RatingText is
	// what they said about it.
	Rating     int       `cbor:"34,keyasint,omitempty"`
	RatingText string    `cbor:"35,keyasint,omitempty"`
	RatedAt    time.Time `cbor:"36,keyasint"`
	// Language is what the visitor seems to write: en, es, pt, or "" for unknown.
	Language string `cbor:"37,keyasint,omitempty"`
	// Reach is how the visitor is told of an answer after they have left.
	Reach Reach `cbor:"38,keyasint"`
	// Pages are those that the visitor wrote from, each once, the last one last;
	// PageURL is the first of all.
	Pages []string `cbor:"39,keyasint,omitempty"`
}

// MostPages is how many pages a conversation remembers.
const MostPages = 8

// WroteFrom notes the page that a visitor wrote from.
func (c *Conversation) WroteFrom(page string) {
	if page == "" {
		return
	}
	list := slices.DeleteFunc(slices.Clone(c.Pages), func(p string) bool { return p == page })
	if len(list) >= MostPages {
		list = list[1:]
	}
	c.Pages = append(list, page)
}

// Asleep tells whether an open thread is out of sight for now.
func (c Conversation) Asleep() bool {
	return c.Status == ConversationOpen && !c.SnoozedUntil.IsZero()
}

// Due is when time changes something about a thread by itself: an offer that
// ends, a snooze that is over, a question of LiaDesk's that is not answered, an
// answer that follows its visitor. Zero for never.
func (c Conversation) Due() time.Time {
	due := c.Reach.TellAt
	if c.Status != ConversationOpen {
		return due
	}
	for _, at := range []time.Time{c.Offer.Until, c.SnoozedUntil, c.Bot.AnswerBy} {
		if !at.IsZero() && (due.IsZero() || at.Before(due)) {
			due = at
		}
	}
	return due
}

// InQueue tells whether a thread waits for a person of the team to be found. A
// thread by text stands in the team's list and is not handed around: a text may
// be answered in an hour.
func (c Conversation) InQueue() bool {
	return c.Status == ConversationOpen && c.Owner == OwnerQueue && c.Channel == InboxWebsite && !c.Asleep()
}

// Identity is who a company's page says that its visitor is. Anybody can make a
// page say so; only what the company's server has signed is Verified.
type Identity struct {
	ID       string `cbor:"1,keyasint,omitempty"` // the company's own
	Name     string `cbor:"2,keyasint,omitempty"`
	Email    string `cbor:"3,keyasint,omitempty"`
	Phone    string `cbor:"4,keyasint,omitempty"` // as it was given
	Verified bool   `cbor:"5,keyasint,omitempty"`
}

// MaxIdentity is the longest part of an identity, in bytes; longer ones are no
// identity.
const MaxIdentity = 320

// MessageFrom is who wrote a message.
type MessageFrom string

// The authors of messages.
const (
	FromVisitor  MessageFrom = "visitor" // the other side, on either channel
	FromAgent    MessageFrom = "agent"
	FromBot      MessageFrom = "bot"
	FromCampaign MessageFrom = "campaign"
	FromSystem   MessageFrom = "system"
)

// Message is one entry of a conversation; never changed, but for the state of
// its sending.
type Message struct {
	ID             ID          `cbor:"1,keyasint"`
	ConversationID ID          `cbor:"2,keyasint"`
	From           MessageFrom `cbor:"3,keyasint"`
	AuthorID       ID          `cbor:"4,keyasint,omitempty"` // the user, for agents
	Author         string      `cbor:"5,keyasint,omitempty"` // the name at the time
	Text           string      `cbor:"6,keyasint"`           // plain; for system messages a code of the catalogue
	// HTML is a campaign's sanitised message; Text is then its plain form.
	HTML string    `cbor:"7,keyasint,omitempty"`
	At   time.Time `cbor:"8,keyasint"`
	// ClientID makes a visitor's retry harmless.
	ClientID string `cbor:"9,keyasint,omitempty"`
	// CampaignID is the campaign that a campaign message belongs to.
	CampaignID ID `cbor:"10,keyasint,omitempty"`
	// Delivery is the state of a text to the carrier, "" on the website.
	Delivery  DeliveryStatus `cbor:"11,keyasint,omitempty"`
	ErrorCode string         `cbor:"12,keyasint,omitempty"`
	// CarrierID is the carrier's id of an inbound text.
	CarrierID string `cbor:"13,keyasint,omitempty"`
	// Seq is the message's place in its thread, from 1 without gaps.
	Seq uint64 `cbor:"14,keyasint"`
	// Private says that the team alone may read it: a note, or an event.
	Private bool `cbor:"15,keyasint,omitempty"`
	// Event is what happened, for system messages that tell of the thread
	// itself; Subject is whom it happened to.
	Event   ThreadEvent `cbor:"16,keyasint,omitempty"`
	Subject string      `cbor:"17,keyasint,omitempty"`
	// Replies are answers that the visitor can give in one tap.
	Replies []string `cbor:"18,keyasint,omitempty"`
	// EntryID is the bot's entry that a message of the bot comes from, Score how
	// sure the bot was, in hundredths.
	EntryID ID  `cbor:"19,keyasint,omitempty"`
	Score   int `cbor:"20,keyasint,omitempty"`
	// ByText says that a message of a website's thread came or went by text.
	ByText bool `cbor:"21,keyasint,omitempty"`
	// File is a file that was sent; Text then names it.
	File *FileRef `cbor:"22,keyasint,omitempty"`
}

// ThreadEvent is something that happened to a thread, told to the team in it.
type ThreadEvent string

// The events.
const (
	EventHandedOver ThreadEvent = "handed_over" // Text is the reason
	EventOffered    ThreadEvent = "offered"     // to Subject
	EventMissed     ThreadEvent = "missed"      // by Subject, in the time of the offer
	EventTaken      ThreadEvent = "taken"       // by Author
	EventAssigned   ThreadEvent = "assigned"    // by Author to Subject
	EventReturned   ThreadEvent = "returned"    // by Author to the queue
	EventToBot      ThreadEvent = "to_bot"      // by Author
	EventResolved   ThreadEvent = "resolved"    // by Author
	EventReopened   ThreadEvent = "reopened"    // by Author
	EventSnoozed    ThreadEvent = "snoozed"     // by Author
	EventWoken      ThreadEvent = "woken"
	EventNobody     ThreadEvent = "nobody" // nobody came; the visitor was told
	EventRated      ThreadEvent = "rated"
	EventReach      ThreadEvent = "reach"    // the visitor left Subject to be told of the answer
	EventTexted     ThreadEvent = "texted"   // the answer followed them to the number Subject
	EventMailed     ThreadEvent = "mailed"   // likewise, to the address Subject
	EventNotTold    ThreadEvent = "not_told" // it did not: Subject cannot be reached from here any more
	EventNoText     ThreadEvent = "no_text"  // it did not: the number Subject wants no texts
)
