package accounts

import (
	"bytes"
	"encoding/base64"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

func TestAnInvitationWorksOnceWithinThreeDays(t *testing.T) {
	d := newDesk(t)
	u, link, err := d.Invite(t.Context(), d.admin, Invitation{Email: "Beto@acme.example", Role: liadesk.RoleAgent})
	if err != nil {
		t.Fatal(err)
	}
	if u.Active() || u.Name != "beto@acme.example" {
		t.Errorf("invited: active %t, name %q", u.Active(), u.Name)
	}
	if a, who, err := d.LinkHolder(t.Context(), link); err != nil || who.ID != u.ID || a.Name != "Acme" {
		t.Error(a, who, err)
	}
	_, err = d.Accept(t.Context(), link, "", "short", Origin{})
	wantCode(t, err, "name required")
	wantCode(t, err, "password too_short")
	if _, err := d.Accept(t.Context(), link, "Beto", testPassword, Origin{}); err != nil {
		t.Fatal(err)
	}
	_, err = d.Accept(t.Context(), link, "Eve", testPassword, Origin{})
	wantCode(t, err, "link_ended")

	_, late, err := d.Invite(t.Context(), d.admin, Invitation{Email: "late@acme.example", Role: liadesk.RoleAgent})
	if err != nil {
		t.Fatal(err)
	}
	d.clock.Advance(LinkLife)
	_, err = d.Accept(t.Context(), late, "Late", testPassword, Origin{})
	wantCode(t, err, "link_ended")
}

func TestANewLinkEndsTheOldOneAndResetsThePassword(t *testing.T) {
	d := newDesk(t)
	u, session := d.join(t, "beto@acme.example", liadesk.RoleAgent)
	_, first, err := d.NewLink(t.Context(), d.admin, u.ID)
	if err != nil {
		t.Fatal(err)
	}
	_, second, err := d.NewLink(t.Context(), d.admin, u.ID)
	if err != nil {
		t.Fatal(err)
	}
	_, err = d.Accept(t.Context(), first, "Beto", "a new password", Origin{})
	wantCode(t, err, "link_ended")
	if _, err := d.Session(t.Context(), session); err != nil {
		t.Error("an unused link ended a session:", err)
	}
	if _, err := d.Accept(t.Context(), second, "Beto", "a new password", Origin{}); err != nil {
		t.Fatal(err)
	}
	_, err = d.Session(t.Context(), session)
	wantCode(t, err, "unauthenticated")
	if _, err := d.SignIn(t.Context(), "beto@acme.example", "a new password", Origin{}); err != nil {
		t.Error(err)
	}
}

func TestAWithdrawnInvitationFreesTheAddress(t *testing.T) {
	d := newDesk(t)
	u, link, err := d.Invite(t.Context(), d.admin, Invitation{Email: "beto@acme.example", Role: liadesk.RoleAgent})
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = d.Invite(t.Context(), d.admin, Invitation{Email: "BETO@acme.example", Role: liadesk.RoleAgent})
	wantCode(t, err, "email taken")
	if err := d.Withdraw(t.Context(), d.admin, u.ID); err != nil {
		t.Fatal(err)
	}
	_, _, err = d.LinkHolder(t.Context(), link)
	wantCode(t, err, "link_ended")
	joined, _ := d.join(t, "beto@acme.example", liadesk.RoleAgent)
	wantCode(t, d.Withdraw(t.Context(), d.admin, joined.ID), "accepted")
}

func TestWhoServesLessIsToldToTheOtherRooms(t *testing.T) {
	d := newDesk(t)
	first, err := d.CreateInbox(t.Context(), d.admin, liadesk.InboxWebsite, InboxPatch{Name: new("First"), Domains: &[]string{"a.example"}})
	if err != nil {
		t.Fatal(err)
	}
	second, err := d.CreateInbox(t.Context(), d.admin, liadesk.InboxWebsite, InboxPatch{Name: new("Second"), Domains: &[]string{"b.example"}})
	if err != nil {
		t.Fatal(err)
	}
	u, _, err := d.Invite(t.Context(), d.admin, Invitation{Email: "rob@shop.example", Role: liadesk.RoleAgent, InboxIDs: []liadesk.ID{first.ID}})
	if err != nil {
		t.Fatal(err)
	}
	told := 0
	d.OnServesLess(func(_ *db.Tx, who liadesk.User) error {
		if who.ID != u.ID {
			t.Errorf("told of %s", who.Name)
		}
		told++
		return nil
	})
	for n, step := range []struct {
		patch UserPatch
		want  int
	}{
		{UserPatch{Name: new("Rob")}, 0},
		{UserPatch{InboxIDs: &[]liadesk.ID{first.ID, second.ID}}, 0},
		{UserPatch{InboxIDs: &[]liadesk.ID{second.ID}}, 1},
		{UserPatch{Role: new(liadesk.RoleAdministrator)}, 1},
		{UserPatch{Role: new(liadesk.RoleAgent)}, 2},
	} {
		if _, err := d.EditUser(t.Context(), d.admin, u.ID, step.patch); err != nil {
			t.Fatal(err)
		}
		if told != step.want {
			t.Errorf("step %d: told %d times, want %d", n, told, step.want)
		}
	}
}

func TestDeactivatingShutsOutAtOnceAndTellsTheOtherRooms(t *testing.T) {
	d := newDesk(t)
	u, session := d.join(t, "beto@acme.example", liadesk.RoleAgent)
	var told []liadesk.ID
	d.OnUserDeactivate(func(_ *db.Tx, u liadesk.User) error { told = append(told, u.ID); return nil })
	for range 2 { // a second click is harmless
		if _, err := d.Deactivate(t.Context(), d.admin, u.ID); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(told, []liadesk.ID{u.ID}) {
		t.Errorf("told %v, want once", told)
	}
	_, err := d.Session(t.Context(), session)
	wantCode(t, err, "unauthenticated")
	_, _, err = d.NewLink(t.Context(), d.admin, u.ID)
	wantCode(t, err, "deactivated")
	if _, err := d.Reactivate(t.Context(), d.admin, u.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := d.SignIn(t.Context(), "beto@acme.example", testPassword, Origin{}); err != nil {
		t.Error("after reactivation:", err)
	}
}

func TestARoomThatCannotFollowKeepsThePersonIn(t *testing.T) {
	d := newDesk(t)
	u, session := d.join(t, "beto@acme.example", liadesk.RoleAgent)
	broken := errors.New("disk")
	d.OnUserDeactivate(func(*db.Tx, liadesk.User) error { return broken })
	if _, err := d.Deactivate(t.Context(), d.admin, u.ID); !errors.Is(err, broken) {
		t.Fatal(err)
	}
	if _, err := d.Session(t.Context(), session); err != nil {
		t.Error("half of it was done:", err)
	}
}

func TestTheLastAdministratorStays(t *testing.T) {
	d := newDesk(t)
	_, err := d.Deactivate(t.Context(), d.admin, d.admin.User)
	wantCode(t, err, "last_administrator")
	_, err = d.EditUser(t.Context(), d.admin, d.admin.User, UserPatch{Role: new(liadesk.RoleAgent)})
	wantCode(t, err, "last_administrator")
	// Somebody who has not accepted manages nothing yet.
	if _, _, err := d.Invite(t.Context(), d.admin, Invitation{Email: "new@acme.example", Role: liadesk.RoleAdministrator}); err != nil {
		t.Fatal(err)
	}
	_, err = d.Deactivate(t.Context(), d.admin, d.admin.User)
	wantCode(t, err, "last_administrator")
	d.join(t, "beto@acme.example", liadesk.RoleAdministrator)
	if _, err := d.Deactivate(t.Context(), d.admin, d.admin.User); err != nil {
		t.Error(err)
	}
}

func TestASaveOverSomebodyElsesShowsBothValues(t *testing.T) {
	d := newDesk(t)
	u, _ := d.join(t, "beto@acme.example", liadesk.RoleAgent)
	seen := u.Version
	if _, err := d.EditUser(t.Context(), d.admin, u.ID, UserPatch{Name: new("Roberto"), Version: seen}); err != nil {
		t.Fatal(err)
	}
	_, err := d.EditUser(t.Context(), d.admin, u.ID, UserPatch{Name: new("Bob"), Version: seen})
	e, ok := errors.AsType[*liadesk.Error](err)
	if !ok || e.Kind != liadesk.KindConflict {
		t.Fatalf("%v, want a conflict", err)
	}
	changes, version := e.Changes()
	if len(changes) != 1 || changes[0] != (liadesk.Change{Field: "name", Theirs: "Roberto", Yours: "Bob"}) {
		t.Errorf("changes %v", changes)
	}
	if _, err := d.EditUser(t.Context(), d.admin, u.ID, UserPatch{Name: new("Bob"), Version: version}); err != nil {
		t.Error("saving over what was seen:", err)
	}
	// The same value from both is no conflict.
	if _, err := d.EditUser(t.Context(), d.admin, u.ID, UserPatch{Name: new("Bob"), Version: seen}); err != nil {
		t.Error(err)
	}
}

func TestAgentsManageNobodyAndOtherAccountsAreNotThere(t *testing.T) {
	d := newDesk(t)
	u, _ := d.join(t, "beto@acme.example", liadesk.RoleAgent)
	agent := liadesk.ActorOf(d.made.Account, u)
	other := d.setup(t, "Other", "eve@other.example")
	eve := liadesk.ActorOf(other.Account, other.User)
	mine := d.website(t)

	for name, verb := range map[string]func(liadesk.Actor) error{
		"team":       func(a liadesk.Actor) error { _, err := d.Team(t.Context(), a); return err },
		"edit":       func(a liadesk.Actor) error { _, err := d.EditUser(t.Context(), a, u.ID, UserPatch{}); return err },
		"deactivate": func(a liadesk.Actor) error { _, err := d.Deactivate(t.Context(), a, d.admin.User); return err },
		"reactivate": func(a liadesk.Actor) error { _, err := d.Reactivate(t.Context(), a, u.ID); return err },
		"link":       func(a liadesk.Actor) error { _, _, err := d.NewLink(t.Context(), a, u.ID); return err },
		"withdraw":   func(a liadesk.Actor) error { return d.Withdraw(t.Context(), a, u.ID) },
		"picture": func(a liadesk.Actor) error {
			_, err := d.SetPicture(t.Context(), a, d.admin.User, bytes.NewReader(drawn(t, 64, 64)))
			return err
		},
		"inbox":        func(a liadesk.Actor) error { _, err := d.EditInbox(t.Context(), a, mine.ID, InboxPatch{}); return err },
		"delete inbox": func(a liadesk.Actor) error { return d.DeleteInbox(t.Context(), a, mine.ID) },
		"inbox use":    func(a liadesk.Actor) error { _, _, err := d.InboxUse(t.Context(), a, mine.ID); return err },
	} {
		t.Run(name, func(t *testing.T) {
			wantCode(t, verb(agent), "forbidden")
			if err := verb(eve); name != "team" {
				wantCode(t, err, "not_found")
			} else if err != nil {
				t.Error(err)
			}
		})
	}
	team, err := d.Team(t.Context(), eve)
	if err != nil || len(team) != 1 {
		t.Errorf("another account sees %d people, %v", len(team), err)
	}
	_, err = d.Inbox(t.Context(), agent, mine.ID)
	wantCode(t, err, "not_found") // not served
	if _, err := d.EditUser(t.Context(), d.admin, u.ID, UserPatch{InboxIDs: &[]liadesk.ID{mine.ID, mine.ID}}); err != nil {
		t.Fatal(err)
	}
	_, err = d.EditUser(t.Context(), eve, other.User.ID, UserPatch{InboxIDs: &[]liadesk.ID{mine.ID}})
	wantCode(t, err, "unknown_inbox")
	agent.Inbox = []liadesk.ID{mine.ID}
	if _, err := d.Inbox(t.Context(), agent, mine.ID); err != nil {
		t.Error("the served inbox:", err)
	}
}

func drawn(t *testing.T, w, h int) []byte {
	t.Helper()
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			img.Set(x, y, color.NRGBA{uint8(x), uint8(y), 120, 255})
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// oneWebP is a picture of 16 by 16 white points, losslessly packed.
const oneWebP = "UklGRh4AAABXRUJQVlA4TBEAAAAvD8ADAAcQEf0PRET/Aw=="

func TestAPictureIsWrittenAnewWithoutWhatItCarried(t *testing.T) {
	d := newDesk(t)
	var photo bytes.Buffer
	half := image.NewNRGBA(image.Rect(0, 0, 300, 200)) // red above, blue below
	for y := range 200 {
		for x := range 300 {
			c := color.NRGBA{220, 20, 20, 255}
			if y >= 100 {
				c = color.NRGBA{20, 20, 220, 255}
			}
			half.SetNRGBA(x, y, c)
		}
	}
	if err := jpeg.Encode(&photo, half, nil); err != nil {
		t.Fatal(err)
	}
	// Taken with the phone upside down, somewhere secret.
	exif := "Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x03\x00\x00\x00\x00\x00\x00SECRET-PLACE"
	n := len(exif) + 2
	tagged := slices.Concat(photo.Bytes()[:2], []byte{0xff, 0xe1, byte(n >> 8), byte(n)}, []byte(exif), photo.Bytes()[2:])

	webp, err := base64.StdEncoding.DecodeString(oneWebP)
	if err != nil {
		t.Fatal(err)
	}
	for name, file := range map[string][]byte{"jpeg": tagged, "png": drawn(t, 500, 40), "webp": webp} {
		t.Run(name, func(t *testing.T) {
			u, err := d.SetPicture(t.Context(), d.admin, d.admin.User, bytes.NewReader(file))
			if err != nil {
				t.Fatal(err)
			}
			data, err := d.Picture(t.Context(), u.Picture)
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Contains(data, []byte("SECRET")) {
				t.Error("the picture kept what it carried")
			}
			img, format, err := image.Decode(bytes.NewReader(data))
			if err != nil || format != "png" || img.Bounds() != image.Rect(0, 0, pictureSide, pictureSide) {
				t.Fatalf("stored as %s %v, %v", format, img.Bounds(), err)
			}
			if r, _, b, _ := img.At(128, 20).RGBA(); name == "jpeg" && b < r {
				t.Error("the photograph was not turned upright")
			}
		})
	}
	before, err := d.Member(t.Context(), d.admin, d.admin.User)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.RemovePicture(t.Context(), d.admin, d.admin.User); err != nil {
		t.Fatal(err)
	}
	_, err = d.Picture(t.Context(), before.Picture)
	wantCode(t, err, "not_found")
}

func TestWhatIsNoPictureIsRefused(t *testing.T) {
	d := newDesk(t)
	bomb := bytes.Clone(drawn(t, 20, 20))
	copy(bomb[16:], []byte{0, 0, 0xff, 0xff, 0, 0, 0xff, 0xff}) // says it is 65,535 wide and high
	for name, c := range map[string]struct {
		file []byte
		code string
	}{
		"nothing":   {nil, "required"},
		"text":      {[]byte("<svg onload=alert(1)>"), "not_a_picture"},
		"too big":   {bytes.Repeat([]byte("x"), MaxPicture+1), "too_big"},
		"tiny":      {drawn(t, 3, 300), "too_small"},
		"cut short": {drawn(t, 200, 200)[:300], "not_a_picture"},
		// The header's sum no longer fits, which is refused as well.
		"a bomb": {bomb, "not_a_picture"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := d.SetPicture(t.Context(), d.admin, d.admin.User, bytes.NewReader(c.file))
			wantCode(t, err, "picture "+c.code)
		})
	}
}

func TestPresenceIsTheOnesWeKnow(t *testing.T) {
	d := newDesk(t)
	if err := d.SetPresence(t.Context(), d.admin, liadesk.PresenceBusy); err != nil {
		t.Fatal(err)
	}
	wantCode(t, d.SetPresence(t.Context(), d.admin, "asleep"), "unknown_presence")
	m, err := d.Member(t.Context(), d.admin, d.admin.User)
	if err != nil || m.Presence != liadesk.PresenceBusy {
		t.Error(m.Presence, err)
	}
}

func TestAnEditedAddressSignsInAndTheOldOneIsFree(t *testing.T) {
	d := newDesk(t)
	u, _ := d.join(t, "beto@acme.example", liadesk.RoleAgent)
	if _, err := d.EditUser(t.Context(), d.admin, u.ID, UserPatch{Email: new("roberto@acme.example")}); err != nil {
		t.Fatal(err)
	}
	if _, err := d.SignIn(t.Context(), "roberto@acme.example", testPassword, Origin{}); err != nil {
		t.Error(err)
	}
	if _, err := d.SignIn(t.Context(), "beto@acme.example", testPassword, Origin{}); !errors.Is(err, ErrSignIn) {
		t.Error(err)
	}
	d.join(t, "beto@acme.example", liadesk.RoleAgent)
	_, err := d.EditProfile(t.Context(), d.admin, strings.Repeat("é", maxName+1), 0)
	wantCode(t, err, "name too_long")
	d.clock.Advance(time.Minute)
}
