package conversations_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/liadesk/campaigns/contacts"
	"github.com/liadesk/campaigns/conversations"
	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/db/dbtest"
	"github.com/liadesk/campaigns/liadesk"
)

const visitorsPhone = "+12125550142"

// texting lets the website's answers follow by text.
func (d *desk) texting(t testing.TB) {
	t.Helper()
	site := d.site
	w := *site.Website
	w.ReplyInboxID = d.number.ID
	site.Website = &w
	d.put(t, site)
	d.site = site
	d.PublicURL = "https://desk.example"
}

func (d *desk) outbox(t testing.TB) (list []liadesk.OutboxItem) {
	t.Helper()
	dbtest.View(t, d.store, func(tx *db.Tx) (err error) {
		list, err = tx.Outbox(d.account.ID, d.number.ID, 100)
		return err
	})
	return list
}

func (d *desk) mails(t testing.TB) (list []liadesk.MailItem) {
	t.Helper()
	dbtest.View(t, d.store, func(tx *db.Tx) (err error) {
		list, err = tx.Mails(d.account.ID, 100)
		return err
	})
	return list
}

// textsBack is what the visitor's phone sends to our number.
func (d *desk) textsBack(t testing.TB, text string) liadesk.Conversation {
	t.Helper()
	d.clock.Advance(time.Second) // what goes out stands in its order
	var c liadesk.Conversation
	dbtest.Update(t, d.store, func(tx *db.Tx) (err error) {
		c, _, err = d.ReceiveText(tx, conversations.InboundText{Account: d.account.ID, Inbox: d.number, From: visitorsPhone, Text: text, At: d.clock.Now(),
			Contact: liadesk.Contact{ID: liadesk.RandomIDs(d.clock.Now)(), AccountID: d.account.ID, Name: "Kim"}})
		return err
	})
	return c
}

func (d *desk) code(t testing.TB, text string) string {
	t.Helper()
	_, rest, found := strings.Cut(text, "https://desk.example/t/")
	if !found {
		t.Fatalf("no link in %q", text)
	}
	return strings.Fields(rest)[0]
}

// left is a visitor who asked a question, left a number and went away, and was
// answered.
func (d *desk) left(t *testing.T) conversations.VisitorAnswer {
	t.Helper()
	d.texting(t)
	a := d.write(t, "", clientID(1), "Do you repair lamps?")
	if _, err := d.LeaveReach(t.Context(), d.site, a.Token, "", "+1 (212) 555-0142"); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Reply(t.Context(), d.as(d.agent), a.Conversation.ID, "Yes, we do.", ""); err != nil {
		t.Fatal(err)
	}
	return a
}

func TestAnAnswerFollowsAVisitorWhoLeft(t *testing.T) {
	d := open(t)
	a := d.left(t)
	d.tick(t)
	if n := len(d.outbox(t)); n != 0 {
		t.Fatalf("%d texts before anybody could see the answer", n)
	}
	if _, err := d.Reply(t.Context(), d.as(d.agent), a.Conversation.ID, "Bring it any day.", ""); err != nil {
		t.Fatal(err)
	}
	d.clock.Advance(liadesk.FollowFor)
	d.restart() // the timer stands with the thread
	d.PublicURL = "https://desk.example"
	d.tick(t)
	d.clock.Advance(time.Hour)
	d.tick(t) // nothing twice
	list := d.outbox(t)
	if len(list) != 1 || list[0].Phone != visitorsPhone {
		t.Fatalf("outbox: %+v", list)
	}
	text := list[0].Text
	for _, part := range []string{d.account.Name + ": " + d.agent.Name + " answered: Yes, we do. Bring it any day.\n", "STOP ends these texts."} {
		if !strings.Contains(text, part) {
			t.Errorf("%q lacks %q", text, part)
		}
	}
	events := d.said(t, a.Conversation.ID)
	if !slices.Contains(events, "[texted "+visitorsPhone+"]") || !slices.Contains(events, "[reach "+visitorsPhone+"]") {
		t.Errorf("the team reads %q", events)
	}
	// What became of it stands with the event.
	dbtest.Update(t, d.store, func(tx *db.Tx) error {
		return d.TextState(tx, d.account.ID, list[0].ConversationID, list[0].MessageID, liadesk.DeliveryDelivered, "")
	})
	dbtest.View(t, d.store, func(tx *db.Tx) error {
		m, _, err := tx.Message(d.account.ID, list[0].ConversationID, list[0].MessageID)
		if m.Event != liadesk.EventTexted || m.Delivery != liadesk.DeliveryDelivered {
			t.Errorf("event %+v", m)
		}
		return err
	})
}

func TestAnAnswerThatWasSeenFollowsNobody(t *testing.T) {
	for name, seen := range map[string]func(*desk, conversations.VisitorAnswer) error{
		"seen on the page": func(d *desk, a conversations.VisitorAnswer) error {
			return d.SeenByVisitor(t.Context(), conversations.Ticket{Account: d.account.ID, Conversation: a.Conversation.ID}, 1000)
		},
		"answered on the page": func(d *desk, a conversations.VisitorAnswer) error {
			d.write(t, a.Token, clientID(2), "Good.")
			return nil
		},
		"taken back": func(d *desk, a conversations.VisitorAnswer) error {
			_, err := d.LeaveReach(t.Context(), d.site, a.Token, "", "")
			return err
		},
	} {
		d := open(t)
		a := d.left(t)
		if err := seen(d, a); err != nil {
			t.Fatal(err)
		}
		d.clock.Advance(time.Hour)
		d.tick(t)
		if n := len(d.outbox(t)); n != 0 {
			t.Errorf("%s: %d texts", name, n)
		}
	}
}

func TestAVisitorIsTextedThoughTheThreadWasResolvedAtOnce(t *testing.T) {
	d := open(t)
	a := d.left(t)
	if _, err := d.Resolve(t.Context(), d.as(d.agent), a.Conversation.ID); err != nil {
		t.Fatal(err)
	}
	d.clock.Advance(liadesk.FollowFor)
	d.tick(t)
	if n := len(d.outbox(t)); n != 1 || d.head(t, a.Conversation.ID).Status != liadesk.ConversationResolved {
		t.Errorf("%d texts, %s", n, d.head(t, a.Conversation.ID).Status)
	}
}

// The thread goes on over both channels.
func TestWhoAnswersTheTextIsInTheSameThread(t *testing.T) {
	d := open(t)
	a := d.left(t)
	d.clock.Advance(liadesk.FollowFor)
	d.tick(t)
	c := d.textsBack(t, "Tomorrow at nine?")
	if c.ID != a.Conversation.ID || c.ContactID.IsZero() || c.Status != liadesk.ConversationOpen {
		t.Fatalf("thread %+v", c)
	}
	if _, err := d.Reply(t.Context(), d.as(d.agent), c.ID, "Nine is fine.", ""); err != nil {
		t.Fatal(err)
	}
	list := d.outbox(t)
	if last := list[len(list)-1]; len(list) != 2 || last.Text != "Nine is fine." || last.Phone != visitorsPhone {
		t.Errorf("outbox: %+v", list)
	}
	// After a week, or after a campaign's text, a text is a matter of its own.
	d.clock.Advance(liadesk.TextsFor + time.Minute)
	if c := d.textsBack(t, "Hello again"); c.ID == a.Conversation.ID || c.Channel != liadesk.InboxSMS {
		t.Errorf("after a week: %+v", c)
	}
}

// Somebody writes down a number that is not theirs. Whoever holds it gets a text
// that they can answer, and the one who wrote it down learns nothing of that.
func TestWhoWroteDownSomebodyElsesNumberReadsNothingOfTheirs(t *testing.T) {
	d := open(t)
	a := d.left(t)
	d.clock.Advance(liadesk.FollowFor)
	d.tick(t)
	ticket, err := d.TicketForVisitor(t.Context(), d.site, a.Token, "https://shop.example")
	if err != nil {
		t.Fatal(err)
	}
	redeemed, err := d.Redeem(ticket, "https://shop.example")
	if err != nil {
		t.Fatal(err)
	}
	events, stop := d.Live.Listen(a.Conversation.ID)
	defer stop()
	c := d.textsBack(t, "Who is this? My name is Kim")
	if _, err := d.Reply(t.Context(), d.as(d.agent), c.ID, "Dear Kim", ""); err != nil {
		t.Fatal(err)
	}
	th, err := d.ReadAsVisitor(t.Context(), d.site, a.Token, liadesk.ID{})
	if err != nil || th.Notice.Code != conversations.NoticeMoved || th.Conversation.Reach.Phone != "" {
		t.Errorf("notice %v, %+v, %v", th.Notice.Code, th.Conversation, err)
	}
	for _, m := range th.Messages {
		if strings.Contains(m.Text, "Kim") {
			t.Errorf("the page reads %q", m.Text)
		}
	}
	heard := 0
	for len(events) > 0 {
		e, ok := redeemed.MayHear(<-events)
		heard++
		if !ok {
			continue
		}
		for _, m := range e.Messages {
			t.Errorf("the page hears %q", m.Text)
		}
		if !e.Conversation.ContactID.IsZero() {
			t.Error("the page hears who it is")
		}
	}
	if heard == 0 {
		t.Fatal("nothing was heard at all")
	}
	dbtest.View(t, d.store, func(tx *db.Tx) error {
		k, err := d.Recognise(tx, d.site, a.Token, conversations.Claim{})
		if k.Talking || !k.Contact.ID.IsZero() {
			t.Errorf("the page is recognised as %+v", k)
		}
		return err
	})
	if err := d.EraseAsVisitor(t.Context(), d.site, a.Token); code(err) != "moved_to_phone" || d.head(t, c.ID).ID.IsZero() {
		t.Errorf("the page deleted it: %v", err)
	}
	if _, err := d.LeaveReach(t.Context(), d.site, a.Token, "", "+12125550199"); !errors.Is(err, liadesk.ErrNotFound) {
		t.Errorf("the page changes the number: %v", err)
	}
	// What they write now begins a thread of their own.
	if again := d.write(t, a.Token, clientID(7), "Hello?"); again.Conversation.ID == c.ID || again.Token == a.Token {
		t.Error("the page still writes into it")
	}

	// The phone itself reads everything, through the link.
	token, err := d.ComeBack(t.Context(), d.site, d.code(t, d.outbox(t)[0].Text))
	if err != nil {
		t.Fatal(err)
	}
	if th, err = d.ReadAsVisitor(t.Context(), d.site, token, liadesk.ID{}); err != nil || th.Messages[len(th.Messages)-1].Text != "Dear Kim" {
		t.Errorf("the phone reads %+v, %v", th.Messages, err)
	}
	// It stays the phone's, after it has written there and another day.
	if again := d.write(t, token, clientID(8), "It is me"); again.Conversation.ID != c.ID || again.Token != token {
		t.Error("the phone began another thread")
	}
	for range 2 {
		d.clock.Advance(25 * time.Hour)
		if th, err = d.ReadAsVisitor(t.Context(), d.site, token, liadesk.ID{}); err != nil || th.Notice.Code == conversations.NoticeMoved || th.Messages[len(th.Messages)-1].Text != "It is me" {
			t.Errorf("later the phone reads %v, %+v, %v", th.Notice.Code, th.Messages, err)
		}
	}
}

// A page that was opened from an e-mail's link proves no phone.
func TestALinkByMailDoesNotOpenWhatCameByText(t *testing.T) {
	d := open(t)
	d.Mails = true
	a := d.left(t)
	if _, err := d.LeaveReach(t.Context(), d.site, a.Token, "robin@shop.example", visitorsPhone); err != nil {
		t.Fatal(err)
	}
	d.clock.Advance(liadesk.FollowFor)
	d.tick(t)
	list := d.mails(t)
	if len(list) != 1 || list[0].To != "robin@shop.example" || !strings.Contains(list[0].Text, "Yes, we do.") || list[0].Subject != d.agent.Name+" of "+d.account.Name+" answered you" {
		t.Fatalf("mails: %+v", list)
	}
	d.textsBack(t, "A secret")
	token, err := d.ComeBack(t.Context(), d.site, d.code(t, list[0].Text))
	if err != nil {
		t.Fatal(err)
	}
	th, err := d.ReadAsVisitor(t.Context(), d.site, token, liadesk.ID{})
	if err != nil || th.Notice.Code != conversations.NoticeMoved || len(th.Messages) != 2 {
		t.Errorf("%v, %d messages, %v", th.Notice.Code, len(th.Messages), err)
	}
}

func TestALinkLeadsBackOnceAndForAWeek(t *testing.T) {
	d := open(t)
	a := d.left(t)
	d.clock.Advance(liadesk.FollowFor)
	d.tick(t)
	code := d.code(t, d.outbox(t)[0].Text)
	for range 3 { // whatever looks at it uses nothing up
		if page, inbox, err := d.LinkBack(t.Context(), code); err != nil || inbox.ID != d.site.ID || page != a.Conversation.PageURL {
			t.Fatalf("%q, %v, %v", page, inbox.ID, err)
		}
	}
	first, err := d.ComeBack(t.Context(), d.site, code)
	if err != nil || first == a.Token {
		t.Fatalf("%q, %v", first, err)
	}
	if again, err := d.ComeBack(t.Context(), d.site, code); err != nil || again != first {
		t.Errorf("the answer got lost, and again: %q, %v", again, err)
	}
	other := d.site
	other.ID = liadesk.RandomIDs(d.clock.Now)()
	for name, try := range map[string]func() error{
		"another inbox": func() error { _, err := d.ComeBack(t.Context(), other, code); return err },
		"another code":  func() error { _, err := d.ComeBack(t.Context(), d.site, code[1:]); return err },
		"used": func() error {
			d.clock.Advance(time.Hour)
			_, err := d.ComeBack(t.Context(), d.site, code)
			return err
		},
		"a week later": func() error {
			d.clock.Advance(liadesk.ComebackFor)
			_, _, err := d.LinkBack(t.Context(), code)
			return err
		},
	} {
		if err := try(); !errors.Is(err, conversations.ErrLinkOver) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOnlyWhatIsSetUpIsOffered(t *testing.T) {
	d := open(t)
	a := d.write(t, "", clientID(1), "Hello")
	var invalid *liadesk.Error
	if _, err := d.LeaveReach(t.Context(), d.site, a.Token, "kim@shop.example", visitorsPhone); !errors.As(err, &invalid) || len(invalid.Fields) != 2 {
		t.Errorf("without any way: %v", err)
	}
	if th, _ := d.ReadAsVisitor(t.Context(), d.site, a.Token, liadesk.ID{}); th.Notice.Ways != (conversations.Ways{}) {
		t.Errorf("offered: %+v", th.Notice.Ways)
	}
	d.texting(t)
	if th, _ := d.ReadAsVisitor(t.Context(), d.site, a.Token, liadesk.ID{}); th.Notice.Ways != (conversations.Ways{Text: true}) {
		t.Errorf("offered: %+v", th.Notice.Ways)
	}
	for _, number := range []string{"12", "hello", "+1 212 555 0142 ext 3", "+44 20 7946 0000"} {
		if _, err := d.LeaveReach(t.Context(), d.site, a.Token, "", number); !errors.As(err, &invalid) || invalid.Fields[0].Field != "phone" {
			t.Errorf("%q: %v", number, err)
		}
	}
	d.Mails = true
	for _, email := range []string{"x", "a@b", "Kim <kim@shop.example>", "a@shop.example\r\nBcc: b@shop.example", "a@shop.example, b@shop.example"} {
		if _, err := d.LeaveReach(t.Context(), d.site, a.Token, email, ""); !errors.As(err, &invalid) || invalid.Fields[0].Field != "email" {
			t.Errorf("%q: %v", email, err)
		}
	}
}

// A number that asked for peace gets no text, whoever writes it down, and the
// team sees why.
func TestNoTextFollowsToANumberThatOptedOut(t *testing.T) {
	d := open(t)
	a := d.left(t)
	dbtest.Update(t, d.store, func(tx *db.Tx) error {
		return contacts.New(d.store, d.clock, liadesk.RandomIDs(d.clock.Now)).OptOut(tx, d.account.ID, liadesk.OptOut{Number: visitorsPhone, At: d.clock.Now(), Source: "keyword"})
	})
	d.clock.Advance(liadesk.FollowFor)
	d.tick(t)
	if n := len(d.outbox(t)); n != 0 {
		t.Errorf("%d texts", n)
	}
	if events := d.said(t, a.Conversation.ID); !slices.Contains(events, "[no_text "+visitorsPhone+"]") {
		t.Errorf("the team reads %q", events)
	}
}

// Whoever holds the phone takes the number back; what they wrote stays theirs.
func TestTakingANumberBackOpensNothingToTheOneWhoWroteItDown(t *testing.T) {
	d := open(t)
	d.Mails = true
	a := d.left(t)
	d.clock.Advance(liadesk.FollowFor)
	d.tick(t)
	link := d.outbox(t)[0].Text
	d.textsBack(t, "A secret")
	token, err := d.ComeBack(t.Context(), d.site, d.code(t, link))
	if err != nil {
		t.Fatal(err)
	}
	for name, leave := range map[string][2]string{"nowhere": {"", ""}, "by e-mail alone": {"kim@home.example", ""}} {
		if _, err := d.LeaveReach(t.Context(), d.site, token, leave[0], leave[1]); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		th, err := d.ReadAsVisitor(t.Context(), d.site, a.Token, liadesk.ID{})
		if err != nil || th.Notice.Code != conversations.NoticeMoved || len(th.Messages) != 2 {
			t.Errorf("%s: the first page reads %v, %d messages, %v", name, th.Notice.Code, len(th.Messages), err)
		}
		if th, err = d.ReadAsVisitor(t.Context(), d.site, token, liadesk.ID{}); err != nil || th.Messages[len(th.Messages)-1].Text != "A secret" {
			t.Errorf("%s: the phone reads %+v, %v", name, th.Messages, err)
		}
		if err := d.EraseAsVisitor(t.Context(), d.site, a.Token); code(err) != "moved_to_phone" {
			t.Errorf("%s: the first page deletes: %v", name, err)
		}
	}
	if _, err := d.LeaveReach(t.Context(), d.site, token, "", "+12125550199"); code(err) != "number_settled" {
		t.Errorf("another number: %v", err)
	}
}

// STOP ends the texts; it is no answer, and nobody has to answer it.
func TestAKeywordDoesNotMoveTheThread(t *testing.T) {
	d := open(t)
	a := d.left(t)
	d.clock.Advance(liadesk.FollowFor)
	d.tick(t)
	if _, err := d.Resolve(t.Context(), d.as(d.agent), a.Conversation.ID); err != nil {
		t.Fatal(err)
	}
	var c liadesk.Conversation
	dbtest.Update(t, d.store, func(tx *db.Tx) (err error) {
		c, _, err = d.ReceiveText(tx, conversations.InboundText{Account: d.account.ID, Inbox: d.number, From: visitorsPhone, Text: "STOP", At: d.clock.Now(), Obeyed: true})
		return err
	})
	head := d.head(t, a.Conversation.ID)
	if c.ID == a.Conversation.ID || head.Status != liadesk.ConversationResolved || head.Reach.Moved != 0 {
		t.Errorf("it is filed in %v; the thread is %s, moved %d", c.ID == a.Conversation.ID, head.Status, head.Reach.Moved)
	}
}

// Somebody asked in the number's own thread later: the answer belongs there.
func TestATextAnswersTheThreadThatTextedLast(t *testing.T) {
	d := open(t)
	a := d.left(t)
	d.clock.Advance(liadesk.FollowFor)
	d.tick(t)
	var own liadesk.Conversation
	dbtest.Update(t, d.store, func(tx *db.Tx) (err error) {
		own, _, err = d.ReceiveText(tx, conversations.InboundText{Account: d.account.ID, Inbox: d.number, From: visitorsPhone, Text: "STOP", At: d.clock.Now(), Obeyed: true})
		return err
	})
	d.clock.Advance(time.Hour)
	if _, err := d.Reply(t.Context(), d.as(d.admin), own.ID, "Friday at nine?", ""); err != nil {
		t.Fatal(err)
	}
	if c := d.textsBack(t, "Yes"); c.ID != own.ID {
		t.Errorf("it is in the website's thread: %v", c.ID == a.Conversation.ID)
	}
}

// The number that texts was deleted, or the mail server taken away, after the
// visitor had left: the team learns that nobody told them.
func TestAnAnswerThatCannotFollowAnyMoreSaysSo(t *testing.T) {
	d := open(t)
	d.Mails = true
	a := d.left(t)
	if _, err := d.LeaveReach(t.Context(), d.site, a.Token, "kim@home.example", visitorsPhone); err != nil {
		t.Fatal(err)
	}
	d.Mails = false
	dbtest.Update(t, d.store, func(tx *db.Tx) error { return tx.DeleteInbox(d.number) })
	d.clock.Advance(liadesk.FollowFor)
	d.tick(t)
	events := d.said(t, a.Conversation.ID)
	if len(d.outbox(t))+len(d.mails(t)) != 0 || !slices.Contains(events, "[not_told "+visitorsPhone+"]") || !slices.Contains(events, "[not_told kim@home.example]") {
		t.Errorf("%d texts, %d mails, the team reads %q", len(d.outbox(t)), len(d.mails(t)), events)
	}
}

// Whoever deletes a thread closes every way back to it.
func TestALinkToADeletedThreadLeadsNowhere(t *testing.T) {
	d := open(t)
	a := d.left(t)
	d.clock.Advance(liadesk.FollowFor)
	d.tick(t)
	code := d.code(t, d.outbox(t)[0].Text)
	if err := d.EraseAsVisitor(t.Context(), d.site, a.Token); err != nil {
		t.Fatal(err)
	}
	if _, _, err := d.LinkBack(t.Context(), code); !errors.Is(err, conversations.ErrLinkOver) {
		t.Errorf("the link: %v", err)
	}
	if _, err := d.ComeBack(t.Context(), d.site, code); !errors.Is(err, conversations.ErrLinkOver) {
		t.Errorf("its code: %v", err)
	}
	// A text that answers begins a thread of its own.
	if c := d.textsBack(t, "Hello?"); c.ID == a.Conversation.ID || c.Channel != liadesk.InboxSMS {
		t.Errorf("the text is in %+v", c)
	}
}
