package accounts

import (
	"errors"
	"slices"
	"testing"

	"github.com/jonboulle/clockwork"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/db/dbtest"
	"github.com/liadesk/campaigns/liadesk"
)

const testPassword = "correct horse battery"

// desk is a room with one account, whose administrator signs in with
// testPassword.
type desk struct {
	*Service
	store *db.Store
	clock *clockwork.FakeClock
	made  Created
	admin liadesk.Actor
}

func newRoom(t *testing.T) *desk {
	t.Helper()
	secrets, err := OpenSecrets(t.TempDir(), true)
	if err != nil {
		t.Fatal(err)
	}
	store := dbtest.Open(t)
	clock := clockwork.NewFakeClockAt(dbtest.Now)
	s := New(store, clock, liadesk.RandomIDs(clock.Now), secrets)
	return &desk{Service: s, store: store, clock: clock}
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := newRoom(t)
	d.made = d.setup(t, "Acme", "ana@acme.example")
	d.admin = liadesk.ActorOf(d.made.Account, d.made.User)
	return d
}

func (d *desk) setup(t *testing.T, name, email string) Created {
	t.Helper()
	made, err := d.Setup(t.Context(), NewAccount{Account: name, Plan: liadesk.PlanGrowth, Name: "Ana Lima", Email: email,
		Password: testPassword, Region: "BR", TimeZone: "America/Sao_Paulo"})
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// join invites a person and accepts for them.
func (d *desk) join(t *testing.T, email string, role liadesk.Role) (liadesk.User, string) {
	t.Helper()
	u, link, err := d.Invite(t.Context(), d.admin, Invitation{Name: "Beto Souza", Email: email, Role: role})
	if err != nil {
		t.Fatal(err)
	}
	session, err := d.Accept(t.Context(), link, "Beto Souza", testPassword, Origin{})
	if err != nil {
		t.Fatal(err)
	}
	in, err := d.Session(t.Context(), session)
	if err != nil {
		t.Fatal(err)
	}
	if in.User.ID != u.ID {
		t.Fatalf("the link of %v signed %v in", u.ID, in.User.ID)
	}
	return in.User, session
}

func (d *desk) website(t *testing.T) liadesk.Inbox {
	t.Helper()
	i, err := d.CreateInbox(t.Context(), d.admin, liadesk.InboxWebsite, InboxPatch{Name: new("Shop"), Domains: &[]string{"shop.example"}})
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func (d *desk) sms(t *testing.T) liadesk.Inbox {
	t.Helper()
	i, err := d.CreateInbox(t.Context(), d.admin, liadesk.InboxSMS, InboxPatch{Name: new("Texts"), Number: new("+1 415 555-0100"),
		AuthID: new("MAXXXX"), AuthToken: new("t0ken")})
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// wantCode checks that an error has a code, or that one of its fields has.
func wantCode(t *testing.T, err error, code string) {
	t.Helper()
	e, ok := errors.AsType[*liadesk.Error](err)
	if !ok {
		t.Errorf("error %v, want code %s", err, code)
		return
	}
	if e.Code != code && !slices.ContainsFunc(e.Fields, func(f liadesk.FieldError) bool { return f.Code == code || f.Field+" "+f.Code == code }) {
		t.Errorf("error %v, want code %s", err, code)
	}
}
