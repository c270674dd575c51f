package mail_test

import (
	"context"
	"errors"
	"log/slog"
	"mime"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/jonboulle/clockwork"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/db/dbtest"
	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/mail"
	"github.com/liadesk/campaigns/mail/mailtest"
)

// told is what a thread heard of an e-mail.
type told struct {
	status liadesk.DeliveryStatus
	code   string
}

type room struct {
	*mail.Service
	office *mailtest.PostOffice
	clock  *clockwork.FakeClock
	store  *db.Store
	ids    liadesk.IDs
	heard  map[liadesk.ID]told
	item   liadesk.MailItem
}

func openRoom(t *testing.T) *room {
	t.Helper()
	r := &room{office: mailtest.Open(t), clock: clockwork.NewFakeClock(), store: dbtest.Open(t), heard: map[liadesk.ID]told{}}
	r.ids = liadesk.RandomIDs(r.clock.Now)
	server, err := mail.ParseServer("smtp://" + r.office.Addr + "?from=desk@shop.example")
	if err != nil {
		t.Fatal(err)
	}
	r.Service = &mail.Service{Store: r.store, Clock: r.clock, Log: slog.New(slog.DiscardHandler), Send: server.Send,
		Report: func(_ *db.Tx, _, _, message liadesk.ID, status liadesk.DeliveryStatus, code string) error {
			r.heard[message] = told{status, code}
			return nil
		}}
	account := liadesk.Account{ID: r.ids(), Name: "Shop"}
	r.item = liadesk.MailItem{ID: r.ids(), AccountID: account.ID, To: "kim@home.example", From: `Jörg "Lampe" & Söhne \`, Subject: "Ben hat geantwortet ✓",
		Text: "Ja, gern.\n.\nBis morgen!", MessageID: r.ids(), CreatedAt: r.clock.Now().UTC()}
	dbtest.Update(t, r.store, func(tx *db.Tx) error { return errors.Join(tx.PutAccount(account), tx.PutMail(r.item)) })
	return r
}

func (r *room) tick(t *testing.T) {
	t.Helper()
	if err := r.Tick(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func (r *room) waiting(t *testing.T) int {
	t.Helper()
	n := 0
	dbtest.View(t, r.store, func(tx *db.Tx) error {
		list, err := tx.Mails(r.item.AccountID, 10)
		n = len(list)
		return err
	})
	return n
}

func TestAnEMailArrivesAsItWasWritten(t *testing.T) {
	r := openRoom(t)
	r.tick(t)
	r.tick(t)
	m, body := r.office.Last(t)
	from, err := m.Header.AddressList("From")
	if err != nil || len(from) != 1 || from[0].Name != `Jörg "Lampe" & Söhne \` || from[0].Address != "desk@shop.example" {
		t.Errorf("from %v, %v", from, err)
	}
	subject, _ := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if subject != r.item.Subject || m.Header.Get("To") != "<kim@home.example>" || m.Header.Get("Auto-Submitted") != "auto-generated" {
		t.Errorf("headers %v", m.Header)
	}
	if !strings.Contains(body, "Ja, gern.\r\n") || !strings.Contains(body, "Bis morgen!") {
		t.Errorf("body %q", body)
	}
	if n := r.office.Count(); n != 1 || r.waiting(t) != 0 || r.heard[r.item.MessageID] != (told{liadesk.DeliverySent, ""}) {
		t.Errorf("%d arrived, %d wait, heard %v", n, r.waiting(t), r.heard)
	}
}

// What the names say is never read as a header.
func TestANameIsNoHeader(t *testing.T) {
	r := openRoom(t)
	r.item.From, r.item.Subject = "Eve\r\nBcc: all@shop.example", "Hi\r\nBcc: all@shop.example\r\n\r\nBuy"
	dbtest.Update(t, r.store, func(tx *db.Tx) error { return tx.PutMail(r.item) })
	r.tick(t)
	if m, body := r.office.Last(t); m.Header.Get("Bcc") != "" || strings.Contains(body, "Buy") {
		t.Errorf("headers %v, body %q", m.Header, body)
	}
}

func TestAnEMailThatIsRefusedForGoodIsGivenUp(t *testing.T) {
	r := openRoom(t)
	r.office.Refuse(&smtp.SMTPError{Code: 550, Message: "no such mailbox"})
	r.tick(t)
	if r.waiting(t) != 0 || r.heard[r.item.MessageID] != (told{liadesk.DeliveryFailed, mail.CodeRefused}) {
		t.Errorf("%d wait, heard %v", r.waiting(t), r.heard)
	}
}

func TestAnEMailThatCannotBeTakenNowIsTriedAgain(t *testing.T) {
	r := openRoom(t)
	r.office.Refuse(&smtp.SMTPError{Code: 451, Message: "come back later"})
	r.tick(t)
	r.office.Refuse(nil)
	r.tick(t) // too soon
	if r.office.Count() != 0 || r.waiting(t) != 1 || len(r.heard) != 0 {
		t.Fatalf("%d arrived, %d wait, heard %v", r.office.Count(), r.waiting(t), r.heard)
	}
	r.clock.Advance(time.Minute)
	r.tick(t)
	if r.office.Count() != 1 || r.waiting(t) != 0 {
		t.Errorf("%d arrived, %d wait", r.office.Count(), r.waiting(t))
	}
}

func TestNobodyWaitsForAnEMailLongerThanADay(t *testing.T) {
	r := openRoom(t)
	tries := 0
	r.Send = func(context.Context, liadesk.MailItem) error {
		tries++
		return &mail.Refused{Passing: true, Err: errors.New("no connection")}
	}
	for range 25 {
		r.tick(t)
		r.clock.Advance(time.Hour)
	}
	if r.waiting(t) != 0 || r.heard[r.item.MessageID] != (told{liadesk.DeliveryFailed, mail.CodeUnreachable}) || tries < 20 {
		t.Errorf("%d wait, heard %v, %d tries", r.waiting(t), r.heard, tries)
	}
}

// The power goes between the mail server's yes and our note of it.
func TestAnEMailThatIsSentTwiceIsKnownForTheSame(t *testing.T) {
	r := openRoom(t)
	r.tick(t)
	first, _ := r.office.Last(t)
	dbtest.Update(t, r.store, func(tx *db.Tx) error { return tx.PutMail(r.item) })
	r.tick(t)
	second, _ := r.office.Last(t)
	if a, b := first.Header.Get("Message-ID"), second.Header.Get("Message-ID"); r.office.Count() != 2 || a == "" || a != b {
		t.Errorf("%d arrived, as %q and %q", r.office.Count(), a, b)
	}
}

func TestTheAddressOfAMailServer(t *testing.T) {
	for _, good := range []string{"smtp://u@shop.example:secret@mail.example", "smtps://mail.example?from=desk@shop.example", "smtp://u:p@mail.example:2525?from=desk@shop.example", "smtp://desk%40shop.example:p@mail.example:587"} {
		if _, err := mail.ParseServer(good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range []string{"", "mail.example:587", "http://mail.example?from=a@b.example", "smtp://?from=a@b.example", "smtp://u:secret@mail.example", "smtp://u:secret@mail.example:0?from=a@b.example", "smtp://u:secret@mail.example?from=Ben+<a@b.example>", "smtp://mail.example/inbox?from=a@b.example"} {
		if _, err := mail.ParseServer(bad); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", bad, err)
		}
	}
}
