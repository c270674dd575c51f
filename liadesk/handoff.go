package liadesk

import (
	"slices"
	"time"
)

// HandoffReason is why a conversation went from the bot to a person.
type HandoffReason string

// The reasons.
const (
	HandoffNoBot    HandoffReason = "no_bot"    // LiaDesk has nothing to answer with here
	HandoffAsked    HandoffReason = "asked"     // the visitor asked for a person
	HandoffNoAnswer HandoffReason = "no_answer" // no confident answer, twice in a row
	HandoffRepeats  HandoffReason = "repeats"   // the visitor said the same again
	HandoffUnsolved HandoffReason = "unsolved"  // the answer did not help
	HandoffTopic    HandoffReason = "topic"     // what they asked is for people
	HandoffVIP      HandoffReason = "vip"       // the contact has the inbox's tag for it
	HandoffPolicy   HandoffReason = "policy"    // inbox or campaign says so
	HandoffBotError HandoffReason = "bot_error" // LiaDesk failed
	HandoffFile     HandoffReason = "file"      // the visitor sent a file
	HandoffByPerson HandoffReason = "person"    // somebody of the team took it, or gave it to another
)

// HandoffReasons are all reasons, in the order in which reports list them.
var HandoffReasons = []HandoffReason{HandoffAsked, HandoffNoAnswer, HandoffUnsolved, HandoffRepeats, HandoffTopic, HandoffVIP, HandoffFile,
	HandoffPolicy, HandoffNoBot, HandoffBotError, HandoffByPerson}

// Times of the ladder on which a waiting thread climbs. They are stored with
// the thread, so that a restart goes on where it was.
const (
	// OfferFor is how long one person has to take a thread.
	OfferFor = 45 * time.Second
	// QueueFor is how long a visitor waits while everybody is busy before we
	// tell them that it takes longer.
	QueueFor = 5 * time.Minute
)

// Rung is how far a waiting thread has come.
type Rung int

// The rungs, from the bottom.
const (
	RungNone    Rung = iota // nothing is waited for: somebody has it, or it was just handed over
	RungOffered             // one person was asked; a second one is asked the same way
	RungQueued              // everybody who could is busy
	RungAll                 // everybody was asked at once
	RungWaiting             // nobody came, and the visitor knows
)

// MaxOffers is how many people are asked one after the other before all are.
const MaxOffers = 2

// Offer is a thread's place on the ladder. While one person is asked, that
// person is its owner: there is never a second one.
type Offer struct {
	Rung Rung `cbor:"1,keyasint,omitempty"`
	// Until is when the rung ends; zero while no timer runs.
	Until time.Time `cbor:"2,keyasint"`
	// Tried are those who were asked and did not come.
	Tried []ID `cbor:"3,keyasint,omitempty"`
}

// Pending tells whether the owner was asked and has not yet taken the thread.
func (o Offer) Pending() bool { return o.Rung == RungOffered }

// Passed is the offer with one more person who did not come.
func (o Offer) Passed(who ID) Offer {
	o.Tried = append(slices.Clone(o.Tried), who)
	return o
}

// Hand is a person of the team as the one who looks for somebody sees them.
type Hand struct {
	ID ID
	// Load is how many threads they are busy with, Capacity how many they can be.
	Load, Capacity int
	// Idle sorts those with equal load: who was given a thread last comes last.
	Idle uint64
}

// Free tells whether a person can take one more.
func (h Hand) Free() bool { return h.Load < h.Capacity }

// Choose picks who is asked: of those preferred, in their order, the first who
// is free, else whoever is busy with the least. Nobody who was tried is asked
// again. Ok is false when no one is left.
func Choose(hands []Hand, preferred, tried []ID) (who ID, ok bool) {
	free := make([]Hand, 0, len(hands))
	for _, h := range hands {
		if h.Free() && !slices.Contains(tried, h.ID) {
			free = append(free, h)
		}
	}
	for _, id := range preferred {
		if slices.ContainsFunc(free, func(h Hand) bool { return h.ID == id }) {
			return id, true
		}
	}
	if len(free) == 0 {
		return ID{}, false
	}
	best := slices.MinFunc(free, func(a, b Hand) int {
		switch {
		case a.Load != b.Load:
			return a.Load - b.Load
		case a.Idle < b.Idle:
			return -1
		case a.Idle > b.Idle:
			return 1
		}
		return slices.Compare(a.ID[:], b.ID[:])
	})
	return best.ID, true
}

// BotPolicy is whether LiaDesk answers first.
type BotPolicy string

// The policies.
const (
	BotAsInbox  BotPolicy = ""          // of a campaign: as its inbox says; of an inbox: BotFirst
	BotFirst    BotPolicy = "bot_first" // LiaDesk, then people
	BotNever    BotPolicy = "human"     // people alone
	BotOffHours BotPolicy = "off_hours" // LiaDesk while nobody is there
)

// Valid tells whether p is a policy.
func (p BotPolicy) Valid() bool {
	return slices.Contains([]BotPolicy{BotAsInbox, BotFirst, BotNever, BotOffHours}, p)
}

// BotState is what LiaDesk remembers of its part of a thread.
type BotState struct {
	// Misses counts messages in a row that it had no answer to.
	Misses int `cbor:"1,keyasint,omitempty"`
	// Answers counts answers it gave since the thread began or was given back.
	Answers int `cbor:"2,keyasint,omitempty"`
	// LastEntry is the entry that it answered with last, LastText what the
	// visitor had said.
	LastEntry ID     `cbor:"3,keyasint,omitempty"`
	LastText  string `cbor:"4,keyasint,omitempty"`
	// Asking is what it has asked for: "solved", or a field of the visitor's.
	Asking BotAsks `cbor:"5,keyasint,omitempty"`
	// Handing is the reason for which it hands over once its questions are
	// answered.
	Handing HandoffReason `cbor:"6,keyasint,omitempty"`
	// Solved says that the visitor said so.
	Solved bool `cbor:"7,keyasint,omitempty"`
	// Tried is what it answered, for the person who goes on.
	Tried []BotTry `cbor:"8,keyasint,omitempty"`
	// AnswerBy is until when it waits for the answer to a question for a field;
	// then it hands over without. Zero while it waits for none.
	AnswerBy time.Time `cbor:"9,keyasint"`
}

// Done is the state once a person has the thread: nothing is asked any more.
func (b BotState) Done() BotState {
	b.Asking, b.Handing, b.Misses, b.AnswerBy = BotAsksNothing, "", 0, time.Time{}
	return b
}

// Again is the state when a visitor comes back to a thread that was over: what
// was said then is not said twice now.
func (b BotState) Again() BotState { return BotState{Tried: b.Tried} }

// AnswerFor is how long LiaDesk waits for a visitor's name, e-mail or number
// before it gets a person without.
const AnswerFor = 2 * time.Minute

// BotTry is one answer that LiaDesk gave.
type BotTry struct {
	Entry ID     `cbor:"1,keyasint"`
	Title string `cbor:"2,keyasint"`
	Score int    `cbor:"3,keyasint"` // hundredths
}

// BotAsks is what LiaDesk has asked a visitor.
type BotAsks string

// What it asks.
const (
	BotAsksNothing BotAsks = ""
	BotAsksSolved  BotAsks = "solved"
	BotAsksName    BotAsks = "name"
	BotAsksEmail   BotAsks = "email"
	BotAsksPhone   BotAsks = "phone"
)

// BotEntry is a question that LiaDesk knows, with its answer.
type BotEntry struct {
	ID        ID `cbor:"1,keyasint"`
	AccountID ID `cbor:"2,keyasint"`
	// Questions are ways to ask it; the first is its title.
	Questions []string `cbor:"3,keyasint"`
	Answer    string   `cbor:"4,keyasint"` // plain text
	// Language is en, es or pt.
	Language string `cbor:"5,keyasint"`
	// Replies are what a visitor may say next in one tap.
	Replies []string `cbor:"6,keyasint,omitempty"`
	// InboxIDs are the websites that it is for; none is all.
	InboxIDs []ID `cbor:"7,keyasint,omitempty"`
	// HandOver gives the thread to a person as soon as this is asked; Answer, if
	// any, is said before.
	HandOver  bool      `cbor:"8,keyasint,omitempty"`
	Off       bool      `cbor:"9,keyasint,omitempty"`
	CreatedAt time.Time `cbor:"10,keyasint"`
	UpdatedAt time.Time `cbor:"11,keyasint"`
	Version   uint64    `cbor:"12,keyasint"`
}

// Title is what the entry is called in lists.
func (e BotEntry) Title() string {
	if len(e.Questions) == 0 {
		return ""
	}
	return e.Questions[0]
}

// WebsiteBot is how LiaDesk behaves in one inbox.
type WebsiteBot struct {
	Policy BotPolicy `cbor:"1,keyasint,omitempty" json:"policy"`
	// Asks are what it asks for before a person takes over, in this order: name,
	// email and phone, each once at most.
	Asks []BotAsks `cbor:"2,keyasint,omitempty" json:"asks"`
	// VIPTag is a tag, folded as tags are, whose contacts get a person at once; ""
	// for none.
	VIPTag string `cbor:"3,keyasint,omitempty" json:"vip_tag"`
}

// Check notes what is wrong with how LiaDesk is to behave.
func (b WebsiteBot) Check(v *Invalid) {
	if !b.Policy.Valid() {
		v.Add("bot.policy", "unknown_policy")
	}
	for i, a := range b.Asks {
		if a != BotAsksName && a != BotAsksEmail && a != BotAsksPhone || slices.Contains(b.Asks[:i], a) {
			v.Add("bot.asks", "unknown_field")
			return
		}
	}
}
