package conversations

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/phone"
	"github.com/liadesk/campaigns/speech"
)

// LiaDesk answers within the transaction that stores what the visitor wrote,
// and only while it owns the thread. So it never speaks after a person took
// over, and when the power goes, either both messages stand there or none does
// and the visitor's widget sends its own again.

// maxTried is how many of LiaDesk's answers a thread remembers for the person
// who goes on.
const maxTried = 5

// maxName is the longest that is taken for a visitor's name, in characters.
const maxName = 80

// talk is one turn of LiaDesk's: a thread, what was said, and what it does.
type talk struct {
	s     *Service
	tx    *db.Tx
	c     *liadesk.Conversation
	inbox liadesk.Inbox
	text  string
	added []liadesk.Message
}

// answer is LiaDesk's turn, after the visitor's message was added. What goes
// wrong in it is a reason for a person, not a reason to lose the message.
func (s *Service) answer(tx *db.Tx, c *liadesk.Conversation, inbox liadesk.Inbox, said liadesk.Message) (added []liadesk.Message, err error) {
	t := &talk{s: s, tx: tx, c: c, inbox: inbox, text: said.Text}
	if language := speech.Guess(said.Text); language != "" && said.File == nil {
		c.Language = language
	}
	why, err := t.notMine()
	switch {
	case err != nil:
		return nil, err
	case why != "":
		err = t.handOver(why)
	case said.File != nil: // it cannot look at it
		err = t.handOver(liadesk.HandoffFile)
	default:
		err = t.safely()
	}
	return t.added, err
}

// safely is turn, with a person where LiaDesk breaks down over what somebody
// wrote.
func (t *talk) safely() (err error) {
	defer func() {
		if p := recover(); p != nil {
			t.s.Log.Error("LiaDesk broke down over a message", "conversation", t.c.ID, "panic", fmt.Sprint(p))
			err = t.pass(liadesk.HandoffBotError)
		}
	}()
	return t.turn()
}

// notMine is why LiaDesk leaves a thread to people, "" when it does not.
func (t *talk) notMine() (liadesk.HandoffReason, error) {
	k, err := t.s.knowledge(t.tx, t.c.AccountID)
	if err != nil {
		return "", err
	}
	if len(k.entries) == 0 {
		return liadesk.HandoffNoBot, nil
	}
	policy := t.inbox.Website.Bot.Policy
	if !t.c.CampaignID.IsZero() {
		campaign, found, err := t.tx.LiveChatCampaign(t.c.AccountID, t.c.CampaignID)
		if err != nil {
			return "", err
		}
		if found && campaign.Bot != liadesk.BotAsInbox {
			policy = campaign.Bot
		}
	}
	switch policy {
	case liadesk.BotNever:
		return liadesk.HandoffPolicy, nil
	case liadesk.BotOffHours:
		here, err := t.s.StaffedNow(t.tx, t.inbox)
		if err != nil || here {
			return liadesk.HandoffPolicy, err
		}
	}
	if tag := t.inbox.Website.Bot.VIPTag; tag != "" && !t.c.ContactID.IsZero() {
		person, _, err := t.tx.Contact(t.c.AccountID, t.c.ContactID)
		if err != nil || slices.Contains(person.Tags, tag) {
			return liadesk.HandoffVIP, err
		}
	}
	return "", nil
}

// turn decides what LiaDesk says.
func (t *talk) turn() error {
	b := &t.c.Bot
	folded := strings.Join(speech.Fold(t.text), " ")
	repeated := folded != "" && folded == b.LastText
	b.LastText = folded
	if b.Handing != "" {
		return t.takeField()
	}
	switch {
	case speech.AsksToStop(t.text):
		b.Asking = liadesk.BotAsksNothing
		if err := t.say(speech.Leaving); err != nil {
			return err
		}
		return t.end(false)
	case speech.AsksForPerson(t.text):
		return t.handOver(liadesk.HandoffAsked)
	case speech.AsksWhetherBot(t.text):
		return t.say(speech.IAmABot, speech.Person)
	}
	if b.Asking == liadesk.BotAsksSolved {
		b.Asking = liadesk.BotAsksNothing
		switch {
		case speech.Denies(t.text):
			return t.handOver(liadesk.HandoffUnsolved)
		case speech.Affirms(t.text), speech.Thanks(t.text):
			if err := t.say(speech.Glad); err != nil {
				return err
			}
			return t.end(true)
		}
	}
	switch {
	case speech.Thanks(t.text):
		return t.say(speech.Glad)
	case speech.Greets(t.text):
		return t.say(speech.Hello)
	case repeated:
		return t.handOver(liadesk.HandoffRepeats)
	}
	return t.lookUp()
}

// lookUp answers from what LiaDesk knows.
func (t *talk) lookUp() error {
	b := &t.c.Bot
	k, err := t.s.knowledge(t.tx, t.c.AccountID)
	if err != nil {
		return err
	}
	found := speech.Judge(k.match(t.text, t.inbox.ID))
	switch {
	case found.Found:
		e := k.entries[found.Match.N]
		if e.ID == b.LastEntry && b.Answers > 0 {
			return t.handOver(liadesk.HandoffRepeats)
		}
		score := int(found.Match.Score*100 + 0.5)
		b.Misses, b.LastEntry = 0, e.ID
		if b.Answers++; b.Answers == 1 {
			if err := t.tx.CountTalk(*t.c, db.TalkBotAnswers, t.s.now()); err != nil {
				return err
			}
		}
		b.Tried = append(slices.Clone(b.Tried[max(0, len(b.Tried)-maxTried+1):]), liadesk.BotTry{Entry: e.ID, Title: e.Title(), Score: score})
		if err := t.tx.CountBotEntry(t.c.AccountID, e.ID, db.BotAsked, t.c.ID[15]); err != nil {
			return err
		}
		if e.Answer != "" {
			text, replies := e.Answer, e.Replies
			if !e.HandOver && len(replies) == 0 {
				b.Asking = liadesk.BotAsksSolved
				text += "\n\n" + speech.Say(e.Language, speech.DidItHelp)
				replies = []string{speech.Say(e.Language, speech.ThatHelped), speech.Say(e.Language, speech.No)}
			}
			t.c.Language = e.Language
			if err := t.add(liadesk.Message{Text: text, Replies: replies, EntryID: e.ID, Score: score}); err != nil {
				return err
			}
		}
		if e.HandOver {
			return t.handOver(liadesk.HandoffTopic)
		}
		return nil
	case b.Misses > 0:
		return t.handOver(liadesk.HandoffNoAnswer)
	case len(found.Perhaps) > 0:
		b.Misses++
		var replies []string
		for _, m := range found.Perhaps {
			replies = append(replies, k.entries[m.N].Title())
		}
		t.c.Language = k.entries[found.Perhaps[0].N].Language
		return t.add(liadesk.Message{Text: speech.Say(t.c.Language, speech.DidYouMean), Replies: append(replies, speech.Say(t.c.Language, speech.Person))})
	}
	b.Misses++
	return t.say(speech.Rephrase, speech.Person)
}

// end resolves a thread that LiaDesk alone answered. The visitor's next message
// opens it again.
func (t *talk) end(solved bool) error {
	t.c.Status, t.c.Unread = liadesk.ConversationResolved, 0
	if solved && !t.c.Bot.Solved {
		t.c.Bot.Solved = true
		if e := t.c.Bot.LastEntry; !e.IsZero() {
			if err := t.tx.CountBotEntry(t.c.AccountID, e, db.BotSolved, t.c.ID[15]); err != nil {
				return err
			}
		}
		return t.tx.CountTalk(*t.c, db.TalkBotSolved, t.s.now())
	}
	return nil
}

// handOver gives the thread to the team, after LiaDesk has asked for what the
// inbox wants to know of a visitor. Where people answer from the beginning it
// says and asks nothing.
func (t *talk) handOver(why liadesk.HandoffReason) error {
	if why == liadesk.HandoffNoBot || why == liadesk.HandoffPolicy {
		return t.give(why)
	}
	t.c.Bot.Handing = why
	return t.askOrPass(liadesk.BotAsksNothing)
}

// askOrPass asks for the next field behind one, or gets a person when there is
// nothing more to ask.
func (t *talk) askOrPass(behind liadesk.BotAsks) error {
	next := t.missing(behind)
	if next == liadesk.BotAsksNothing {
		return t.pass(t.c.Bot.Handing)
	}
	t.c.Bot.Asking, t.c.Bot.AnswerBy = next, t.s.now().Add(liadesk.AnswerFor)
	line := asking[next]
	if next == liadesk.BotAsksPhone {
		ways, _, err := t.s.ways(t.tx, t.inbox)
		if err != nil {
			return err
		}
		if !ways.Text {
			line = speech.AskNumber
		}
	}
	return t.say(line, speech.Skip)
}

// pass tells the visitor that a person comes, or that nobody is here who could,
// and gives the thread away.
func (t *talk) pass(why liadesk.HandoffReason) error {
	here, err := t.s.StaffedNow(t.tx, t.inbox)
	if err != nil {
		return err
	}
	line := speech.Passing
	if !here {
		line = speech.NobodyHere
	}
	if err := t.say(line); err != nil {
		return err
	}
	return t.give(why)
}

func (t *talk) give(why liadesk.HandoffReason) error {
	added, err := t.s.handOff(t.tx, t.c, why)
	t.added = append(t.added, added...)
	return err
}

// giveUpAsking gets the person for whom a visitor asked, when they do not answer
// what LiaDesk asked before: they may have left.
func (s *Service) giveUpAsking(tx *db.Tx, c *liadesk.Conversation) ([]liadesk.Message, error) {
	if c.Owner != liadesk.OwnerBot || c.Bot.Handing == "" {
		c.Bot.AnswerBy = time.Time{}
		return nil, nil
	}
	c.WaitingSince, c.Unread = s.now(), 1
	inbox, _, err := tx.Inbox(c.AccountID, c.InboxID)
	if err != nil {
		return nil, err
	}
	t := &talk{s: s, tx: tx, c: c, inbox: inbox}
	err = t.pass(c.Bot.Handing)
	return t.added, err
}

// missing is the first field behind one that the inbox asks for and that is not
// known of the visitor.
func (t *talk) missing(behind liadesk.BotAsks) liadesk.BotAsks {
	asks := t.inbox.Website.Bot.Asks
	if i := slices.Index(asks, behind); i >= 0 {
		asks = asks[i+1:]
	}
	known := liadesk.Identity{}
	if t.c.Identity != nil {
		known = *t.c.Identity
	}
	for _, a := range asks {
		if t.c.ContactID.IsZero() && (a == liadesk.BotAsksName && known.Name == "" || a == liadesk.BotAsksEmail && known.Email == "" || a == liadesk.BotAsksPhone && known.Phone == "") {
			return a
		}
	}
	return liadesk.BotAsksNothing
}

var asking = map[liadesk.BotAsks]speech.Line{
	liadesk.BotAsksName: speech.AskName, liadesk.BotAsksEmail: speech.AskEmail, liadesk.BotAsksPhone: speech.AskPhone,
}

// takeField reads the answer to a question for a field. What makes no sense is
// asked once more; then, or when somebody does not want to say, it goes on.
func (t *talk) takeField() error {
	b := &t.c.Bot
	said := strings.TrimSpace(t.text)
	skip := strings.EqualFold(said, speech.Say(t.c.Language, speech.Skip)) || speech.Denies(said) && len(strings.Fields(said)) <= 3 || speech.AsksForPerson(said)
	if !skip {
		known := liadesk.Identity{}
		if t.c.Identity != nil {
			known = *t.c.Identity
		}
		var err error
		again := speech.Line("")
		switch b.Asking {
		case liadesk.BotAsksName:
			if utf8.RuneCountInString(said) <= maxName { // a longer one is no name
				known.Name = strings.Join(strings.Fields(said), " ")
			}
		case liadesk.BotAsksEmail:
			if known.Email = emailIn(said); known.Email == "" {
				again = speech.BadEmail
			}
		case liadesk.BotAsksPhone:
			if known.Phone, err = t.phoneIn(said); err != nil {
				return err
			}
			if known.Phone == "" {
				again = speech.BadPhone
			}
		}
		if again != "" && b.Misses < 1 {
			b.Misses++
			b.AnswerBy = t.s.now().Add(liadesk.AnswerFor)
			return t.say(again, speech.Skip)
		}
		if known != (liadesk.Identity{}) {
			known.Verified = false
			t.c.Identity = &known
		}
		if err := t.takeReach(known); err != nil {
			return err
		}
	}
	b.Misses = 0
	return t.askOrPass(b.Asking)
}

// takeReach lets the answer follow the visitor to where they just said: LiaDesk
// asked them for that.
func (t *talk) takeReach(known liadesk.Identity) error {
	ways, texts, err := t.s.ways(t.tx, t.inbox)
	if err != nil {
		return err
	}
	r := t.c.Reach
	switch asked := t.c.Bot.Asking; {
	case asked == liadesk.BotAsksEmail && ways.Email && known.Email != "":
		r.Email = known.Email
	case asked == liadesk.BotAsksPhone && ways.Text && known.Phone != "":
		r.Phone, r.InboxID = known.Phone, texts.ID
	default:
		return nil
	}
	if r.Moved > 0 && r.Phone != r.MovedTo {
		return nil // see reachAt
	}
	r.At = t.s.now()
	added, err := t.s.reachAt(t.tx, t.c, r)
	t.added = append(t.added, added...)
	return err
}

// emailIn is the e-mail address in what somebody says, "" for none.
func emailIn(said string) string {
	for _, w := range strings.Fields(said) {
		w = strings.Trim(w, ",;:<>()\"'")
		w = strings.TrimRight(w, ".")
		at := strings.LastIndexByte(w, '@')
		if at > 0 && strings.Contains(w[at:], ".") && len(w) <= liadesk.MaxIdentity && !strings.ContainsAny(w, "\r\n\x00") {
			return cleanEmail(strings.ToLower(w))
		}
	}
	return ""
}

// phoneIn is the number in what somebody says, in E.164, "" for none, or for one
// that cannot be texted where that is offered.
func (t *talk) phoneIn(said string) (string, error) {
	ways, _, err := t.s.ways(t.tx, t.inbox)
	if err != nil {
		return "", err
	}
	account, _, err := t.tx.Account(t.c.AccountID)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for _, r := range said {
		if '0' <= r && r <= '9' || r == '+' {
			b.WriteRune(r)
		}
	}
	n, err := phone.Parse(b.String(), account.Settings.Region)
	if err != nil || ways.Text && !n.CanText() {
		return "", nil
	}
	return n.E164, nil
}

func (t *talk) say(l speech.Line, replies ...speech.Line) error {
	m := liadesk.Message{Text: speech.Say(t.c.Language, l)}
	for _, r := range replies {
		m.Replies = append(m.Replies, speech.Say(t.c.Language, r))
	}
	return t.add(m)
}

func (t *talk) add(m liadesk.Message) error {
	m, err := t.s.say(t.tx, t.c, m)
	if err != nil {
		return fmt.Errorf("adding an answer of LiaDesk's: %w", err)
	}
	t.added = append(t.added, m)
	return nil
}

// handOff gives a thread of LiaDesk's to the team. The caller stores the head
// and then looks for somebody, see drain.
func (s *Service) handOff(tx *db.Tx, c *liadesk.Conversation, why liadesk.HandoffReason) ([]liadesk.Message, error) {
	s.enqueue(c, s.now())
	c.HandoffReason, c.HandedOverAt, c.HandoffWrong = why, s.now(), false
	c.AnsweredAt = time.Time{}
	c.Bot = c.Bot.Done()
	if err := tx.CountTalk(*c, db.TalkHandedOver+string(why), s.now()); err != nil {
		return nil, err
	}
	if !c.CampaignAskedAt.IsZero() && c.HandedOverFor != c.CampaignID && c.Channel == liadesk.InboxWebsite {
		c.HandedOverFor = c.CampaignID
		if err := tx.CountChat(c.AccountID, c.CampaignID, db.FigureHandedOver, c.ID[15], s.now()); err != nil {
			return nil, err
		}
	}
	c.Version++
	if why == liadesk.HandoffNoBot {
		return nil, nil // LiaDesk was never there
	}
	m, err := s.add(tx, c, liadesk.Message{From: liadesk.FromSystem, Private: true, Event: liadesk.EventHandedOver, Text: string(why)})
	return []liadesk.Message{m}, err
}
