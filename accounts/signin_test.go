package accounts

import (
	"testing"
	"time"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/db/dbtest"
	"github.com/liadesk/campaigns/liadesk"
)

func TestSetupMakesAnAccountThatWorksOrNothing(t *testing.T) {
	d := newDesk(t)
	if _, err := d.SignIn(t.Context(), " ANA@acme.example ", testPassword, Origin{}); err != nil {
		t.Error("the administrator cannot sign in:", err)
	}
	actor, err := d.TokenActor(t.Context(), d.made.Token)
	if err != nil || actor.Account != d.made.Account.ID || actor.Role != liadesk.RoleAdministrator {
		t.Errorf("the token acts as %+v, %v", actor, err)
	}
	_, err = d.Setup(t.Context(), NewAccount{Account: "Copy", Plan: liadesk.PlanFree, Email: "ana@acme.example", Password: testPassword})
	wantCode(t, err, "email taken")
	dbtest.View(t, d.store, func(tx *db.Tx) error {
		ids, err := tx.AccountIDs(liadesk.ID{}, 10)
		if len(ids) != 1 {
			t.Errorf("%d accounts after a refused setup, want 1", len(ids))
		}
		return err
	})
}

func TestSetupSaysWhatIsWrong(t *testing.T) {
	good := NewAccount{Account: "Acme", Plan: liadesk.PlanFree, Email: "a@acme.example", Password: testPassword}
	for _, c := range []struct {
		name   string
		change func(*NewAccount)
		code   string
	}{
		{"no account", func(a *NewAccount) { a.Account = " \t" }, "account required"},
		{"no plan", func(a *NewAccount) { a.Plan = "gold" }, "plan unknown_plan"},
		{"no e-mail", func(a *NewAccount) { a.Email = "" }, "email required"},
		{"a name with the e-mail", func(a *NewAccount) { a.Email = "Ana <a@acme.example>" }, "email not_an_email"},
		{"two e-mails", func(a *NewAccount) { a.Email = "a@acme.example, b@acme.example" }, "email not_an_email"},
		{"short password", func(a *NewAccount) { a.Password = "1234567" }, "password too_short"},
		{"e-mail as password", func(a *NewAccount) { a.Password = "A@acme.example" }, "password same_as_email"},
		{"a region that is none", func(a *NewAccount) { a.Region = "XX1" }, "region unknown_region"},
		{"a continent", func(a *NewAccount) { a.Region = "150" }, "region unknown_region"},
		{"a zone that is none", func(a *NewAccount) { a.TimeZone = "Mars/Base" }, "time_zone unknown_zone"},
		{"a zone outside the database", func(a *NewAccount) { a.TimeZone = "../../etc/passwd" }, "time_zone unknown_zone"},
		{"the machine's zone", func(a *NewAccount) { a.TimeZone = "Local" }, "time_zone unknown_zone"},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := good
			c.change(&in)
			_, err := newRoom(t).Setup(t.Context(), in)
			wantCode(t, err, c.code)
		})
	}
}

func TestTheSetupLinkWorksOnceAndOnlyTheNewest(t *testing.T) {
	d := newRoom(t)
	first, err := d.SetupLink(t.Context())
	if err != nil || first == "" {
		t.Fatal(first, err)
	}
	link, err := d.SetupLink(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	in := NewAccount{Account: "Acme", Plan: liadesk.PlanGrowth, Email: "ana@acme.example", Password: testPassword}
	_, err = d.SetupByLink(t.Context(), first, in, Origin{})
	wantCode(t, err, "setup_done")
	session, err := d.SetupByLink(t.Context(), link, in, Origin{})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := d.Session(t.Context(), session); err != nil || got.User.Name != "ana" {
		t.Errorf("signed in as %q, %v", got.User.Name, err)
	}
	in.Email = "eve@acme.example"
	_, err = d.SetupByLink(t.Context(), link, in, Origin{})
	wantCode(t, err, "setup_done")
	if again, err := d.SetupLink(t.Context()); again != "" || err != nil {
		t.Errorf("a link %q for an installation that has an account, %v", again, err)
	}
}

func TestUnknownWrongAndDeactivatedGetTheSameAnswer(t *testing.T) {
	d := newDesk(t)
	u, _ := d.join(t, "beto@acme.example", liadesk.RoleAgent)
	if _, err := d.Deactivate(t.Context(), d.admin, u.ID); err != nil {
		t.Fatal(err)
	}
	if _, _, err := d.Invite(t.Context(), d.admin, Invitation{Email: "new@acme.example", Role: liadesk.RoleAgent}); err != nil {
		t.Fatal(err)
	}
	for _, c := range [][2]string{{"nobody@acme.example", testPassword}, {"ana@acme.example", "wrong"},
		{"beto@acme.example", testPassword}, {"new@acme.example", "nobody's password"}} {
		if _, err := d.SignIn(t.Context(), c[0], c[1], Origin{}); err != ErrSignIn {
			t.Errorf("%s: %v, want %v", c[0], err, ErrSignIn)
		}
	}
}

func TestGuessingGetsSlower(t *testing.T) {
	d := newDesk(t)
	try := func(password, address string) error {
		_, err := d.SignIn(t.Context(), "ana@acme.example", password, Origin{Address: address})
		return err
	}
	for i := range freeTriesPerEmail {
		if err := try("wrong", "192.0.2.1"); err != ErrSignIn {
			t.Fatalf("try %d: %v", i, err)
		}
	}
	// Even the right password waits, or guessing would go on unhindered; and
	// another network address does not help.
	wantCode(t, try(testPassword, "198.51.100.9"), "too_many_sign_ins")
	d.clock.Advance(time.Second)
	if err := try("wrong", "192.0.2.1"); err != ErrSignIn {
		t.Fatal(err)
	}
	d.clock.Advance(time.Second)
	wantCode(t, try(testPassword, "192.0.2.1"), "too_many_sign_ins") // the wait has doubled
	d.clock.Advance(time.Second)
	if err := try(testPassword, "192.0.2.1"); err != nil {
		t.Fatal("the right password after the wait:", err)
	}
	if err := try("wrong", "192.0.2.1"); err != ErrSignIn {
		t.Error("a good sign-in should forgive the address:", err)
	}
}

func TestThrottleNeverWaitsLongerThanItsLimitAndForgets(t *testing.T) {
	d := newDesk(t)
	th := newThrottle(d.clock, 2, time.Minute)
	longest := time.Duration(0)
	for range 100 {
		wait := th.begin("x")
		longest = max(longest, wait)
		d.clock.Advance(wait)
	}
	if longest != time.Minute {
		t.Errorf("the longest wait was %v, want 1m", longest)
	}
	d.clock.Advance(forgetAfter + time.Minute)
	th.begin("x")
	if wait := th.begin("x"); wait != 0 {
		t.Errorf("still waits %v after %v", wait, forgetAfter)
	}
	for i := range maxThrottled + 100 {
		th.begin(string(rune(i)) + "y")
	}
	if len(th.names) > maxThrottled {
		t.Errorf("%d names are kept, want at most %d", len(th.names), maxThrottled)
	}
}

func TestANetworkIsWhatOnePersonHolds(t *testing.T) {
	for _, c := range [][2]string{
		{"192.0.2.7", "192.0.2.7"}, {"::ffff:192.0.2.7", "192.0.2.7"},
		{"2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"}, {"fe80::1%eth0", "fe80::/64"}, {"", ""},
	} {
		if got := networkOf(c[0]); got != c[1] {
			t.Errorf("networkOf(%q) = %q, want %q", c[0], got, c[1])
		}
	}
}

func TestASessionSlidesAndEnds(t *testing.T) {
	d := newDesk(t)
	secret, err := d.SignIn(t.Context(), "ana@acme.example", testPassword, Origin{Browser: "Firefox", Address: "192.0.2.1"})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		d.clock.Advance(29 * 24 * time.Hour)
		if _, err := d.Session(t.Context(), secret); err != nil {
			t.Fatal("a session in use ended:", err)
		}
	}
	d.clock.Advance(sessionLife)
	_, err = d.Session(t.Context(), secret)
	wantCode(t, err, "unauthenticated")
	_, err = d.Session(t.Context(), "forged")
	wantCode(t, err, "unauthenticated")
}

func TestSessionsAreRevokedOneByOneAndByTheirOwnerOnly(t *testing.T) {
	d := newDesk(t)
	other := d.setup(t, "Other", "eve@other.example")
	eve := liadesk.ActorOf(other.Account, other.User)
	secret, err := d.SignIn(t.Context(), "ana@acme.example", testPassword, Origin{})
	if err != nil {
		t.Fatal(err)
	}
	list, err := d.Sessions(t.Context(), d.admin)
	if err != nil || len(list) != 1 {
		t.Fatal(list, err)
	}
	wantCode(t, d.RevokeSession(t.Context(), eve, list[0].ID), "not_found")
	if _, err := d.Session(t.Context(), secret); err != nil {
		t.Fatal(err)
	}
	if err := d.RevokeSession(t.Context(), d.admin, list[0].ID); err != nil {
		t.Fatal(err)
	}
	_, err = d.Session(t.Context(), secret)
	wantCode(t, err, "unauthenticated")
	m, err := d.Member(t.Context(), d.admin, d.admin.User)
	if err != nil || m.Presence != liadesk.PresenceAway {
		t.Errorf("presence %q of somebody signed out everywhere, %v", m.Presence, err)
	}
}

func TestANewPasswordEndsAllOtherSessions(t *testing.T) {
	d := newDesk(t)
	here, err := d.SignIn(t.Context(), "ana@acme.example", testPassword, Origin{})
	if err != nil {
		t.Fatal(err)
	}
	there, err := d.SignIn(t.Context(), "ana@acme.example", testPassword, Origin{})
	if err != nil {
		t.Fatal(err)
	}
	in, err := d.Session(t.Context(), here)
	if err != nil {
		t.Fatal(err)
	}
	wantCode(t, d.ChangePassword(t.Context(), d.admin, in.Session.ID, "wrong", "another good one"), "current_password wrong_password")
	if err := d.ChangePassword(t.Context(), d.admin, in.Session.ID, testPassword, "another good one"); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Session(t.Context(), here); err != nil {
		t.Error("the session that changed it ended:", err)
	}
	_, err = d.Session(t.Context(), there)
	wantCode(t, err, "unauthenticated")

	if err := d.SetPassword(t.Context(), "Ana@acme.example", "from the terminal"); err != nil {
		t.Fatal(err)
	}
	_, err = d.Session(t.Context(), here)
	wantCode(t, err, "unauthenticated")
	if _, err := d.SignIn(t.Context(), "ana@acme.example", "from the terminal", Origin{}); err != nil {
		t.Error(err)
	}
	wantCode(t, d.SetPassword(t.Context(), "nobody@acme.example", testPassword), "no_such_user")
}

func TestAPersonHasABoundedNumberOfSessions(t *testing.T) {
	d := newDesk(t)
	for range db.MaxSessions + 5 {
		dbtest.Update(t, d.store, func(tx *db.Tx) error {
			_, err := d.begin(tx, d.made.User, Origin{})
			return err
		})
	}
	list, err := d.Sessions(t.Context(), d.admin)
	if err != nil || len(list) != db.MaxSessions {
		t.Errorf("%d sessions, %v, want %d", len(list), err, db.MaxSessions)
	}
}

func TestATokenIsShownOnceAndEndsWithItsPerson(t *testing.T) {
	d := newDesk(t)
	u, _ := d.join(t, "beto@acme.example", liadesk.RoleAdministrator)
	beto := liadesk.ActorOf(d.made.Account, u)
	token, secret, err := d.CreateToken(t.Context(), beto, " Shop  sync ")
	if err != nil || token.Name != "Shop sync" {
		t.Fatal(token, err)
	}
	if _, err := d.TokenActor(t.Context(), secret); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Deactivate(t.Context(), d.admin, u.ID); err != nil {
		t.Fatal(err)
	}
	_, err = d.TokenActor(t.Context(), secret)
	wantCode(t, err, "unauthenticated")
	if _, err := d.Reactivate(t.Context(), d.admin, u.ID); err != nil {
		t.Fatal(err)
	}
	other := d.setup(t, "Other", "eve@other.example")
	wantCode(t, d.RevokeToken(t.Context(), liadesk.ActorOf(other.Account, other.User), token.ID), "not_found")
	if err := d.RevokeToken(t.Context(), d.admin, token.ID); err != nil {
		t.Fatal(err)
	}
	_, err = d.TokenActor(t.Context(), secret)
	wantCode(t, err, "unauthenticated")
	agent, _ := d.join(t, "carla@acme.example", liadesk.RoleAgent)
	_, _, err = d.CreateToken(t.Context(), liadesk.ActorOf(d.made.Account, agent), "mine")
	wantCode(t, err, "forbidden")
}
