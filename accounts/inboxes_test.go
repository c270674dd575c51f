package accounts

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/db/dbtest"
	"github.com/liadesk/campaigns/liadesk"
)

func TestDomainsAreReadAsPeopleWriteThem(t *testing.T) {
	for in, want := range map[string]string{
		"shop.example":                        "shop.example",
		" HTTPS://Shop.Example:8443/cart?x#y": "shop.example",
		"shop.example.":                       "shop.example",
		"*.shop.example":                      "*.shop.example",
		"localhost:3000":                      "localhost",
		"demo.localhost":                      "demo.localhost",
		"127.0.0.1:3000":                      "127.0.0.1",
		"http://[::1]:3000/":                  "::1",
		"loja-são.example":                    "xn--loja-so-2wa.example",
		"//cdn.shop.example/x":                "cdn.shop.example",
	} {
		if got, code := domain(in); got != want || code != "" {
			t.Errorf("domain(%q) = %q, %q; want %q", in, got, code, want)
		}
	}
	for in, want := range map[string]string{
		"*": "star_first", "shop": "not_a_domain", "a..b": "not_a_domain", "*.com": "too_broad", "*.co.uk": "too_broad",
		"*.github.io": "too_broad", "shop.*.example": "star_first", "a b.example": "not_a_domain", "-a.example": "not_a_domain",
		"[::1": "not_a_domain", "*.": "star_first", strings.Repeat("a", 64) + ".example": "not_a_domain",
	} {
		if got, code := domain(in); code != want {
			t.Errorf("domain(%q) = %q, %q; want %q", in, got, code, want)
		}
	}
}

func FuzzADomainIsKeptAsItIsOnceRead(f *testing.F) {
	for _, s := range []string{"*.shop.example", "HTTP://A.b:80/", "[::1]:1", "ß.example", "xn--.example", "*.*.a.example"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		host, code := domain(s)
		if code != "" {
			return
		}
		if again, code := domain(host); again != host || code != "" {
			t.Errorf("%q is read as %q, and that as %q %q", s, host, again, code)
		}
	})
}

func TestAWebsiteInboxNeedsDomainsAndHasAKeyOfItsOwn(t *testing.T) {
	d := newDesk(t)
	a, b := d.website(t), d.website(t)
	if len(a.Website.Key) < 20 || a.Website.Key == b.Website.Key {
		t.Errorf("keys %q and %q", a.Website.Key, b.Website.Key)
	}
	if a.Website.Hours.Zone != "America/Sao_Paulo" {
		t.Errorf("the hours are in %q, want the account's zone", a.Website.Hours.Zone)
	}
	dbtest.View(t, d.store, func(tx *db.Tx) error {
		account, id, found, err := tx.InboxByKey(b.Website.Key)
		if account != d.made.Account.ID || id != b.ID || !found {
			t.Error("the key leads to", account, id, found)
		}
		return err
	})
	_, err := d.CreateInbox(t.Context(), d.admin, liadesk.InboxWebsite, InboxPatch{Name: new(""), Domains: &[]string{" "}})
	wantCode(t, err, "name required")
	wantCode(t, err, "domains required")
	_, err = d.CreateInbox(t.Context(), d.admin, liadesk.InboxWebsite, InboxPatch{Name: new("x"), Domains: &[]string{"a.example"}, Number: new("+14155550100")})
	wantCode(t, err, "number other_kind")
	_, err = d.CreateInbox(t.Context(), d.admin, "fax", InboxPatch{Name: new("x")})
	wantCode(t, err, "kind unknown_kind")
	_, err = d.EditInbox(t.Context(), d.admin, a.ID, InboxPatch{Domains: &[]string{}})
	wantCode(t, err, "domains required")

	got, err := d.EditInbox(t.Context(), d.admin, a.ID, InboxPatch{Domains: &[]string{"shop.example", "https://SHOP.example/", "*.shop.example"}})
	if err != nil || !slices.Equal(got.Website.Domains, []string{"shop.example", "*.shop.example"}) {
		t.Error(got.Website, err)
	}
	for host, want := range map[string]bool{"shop.example": true, "a.b.shop.example": true, "evilshop.example": false, "example": false, ".shop.example": false} {
		if got.Website.Allows(host) != want {
			t.Errorf("Allows(%q) = %t", host, !want)
		}
	}
}

func TestAnSMSInboxKeepsItsTokenSealed(t *testing.T) {
	d := newDesk(t)
	i := d.sms(t)
	if i.SMS.Number != "+14155550100" || i.SMS.MessagesPerSecond != DefaultPace {
		t.Errorf("%+v", i.SMS)
	}
	if bytes.Contains(i.SMS.SealedToken, []byte("t0ken")) {
		t.Error("the token is stored as it is")
	}
	if id, token, err := d.Credentials(i); id != "MAXXXX" || token != "t0ken" || err != nil {
		t.Error(id, token, err)
	}
	moved := i
	moved.ID = d.ids()
	if _, _, err := d.Credentials(moved); err == nil {
		t.Error("a token copied to another inbox was opened")
	}
	// An empty token on a form keeps the stored one.
	i, err := d.EditInbox(t.Context(), d.admin, i.ID, InboxPatch{Name: new("Numbers"), AuthID: new("MAXXXX"), AuthToken: new(" ")})
	if err != nil {
		t.Fatal(err)
	}
	if _, token, err := d.Credentials(i); token != "t0ken" || err != nil {
		t.Error(token, err)
	}
	_, err = d.EditInbox(t.Context(), d.admin, i.ID, InboxPatch{AuthID: new("MAOTHER")})
	wantCode(t, err, "auth_token required")
}

func TestSendersAndPaces(t *testing.T) {
	d := newDesk(t)
	i := d.sms(t)
	for in, want := range map[string]string{"+55 (11) 91234-5678": "+5511912345678", "ACME": "ACME", "Shop24": "Shop24"} {
		got, err := d.EditInbox(t.Context(), d.admin, i.ID, InboxPatch{Number: &in})
		if err != nil || got.SMS.Number != want {
			t.Errorf("%q is kept as %q, %v", in, got.SMS.Number, err)
		}
	}
	for in, want := range map[string]string{"": "required", "4155550100": "needs_country_code", "+0123456789": "not_a_number",
		"+1415": "not_a_number", "+1 415 CALL NOW": "not_a_number", "ACME SHOPS": "not_a_sender", "ACMESHOPSINC": "not_a_sender", "Ação": "not_a_sender"} {
		_, err := d.EditInbox(t.Context(), d.admin, i.ID, InboxPatch{Number: &in})
		wantCode(t, err, "number "+want)
	}
	for _, pace := range []float64{0.01, 0.5, 5, 1_000_000} {
		if got, err := d.EditInbox(t.Context(), d.admin, i.ID, InboxPatch{MessagesPerSecond: &pace}); err != nil || got.SMS.MessagesPerSecond != pace {
			t.Error(pace, err)
		}
	}
	for _, pace := range []float64{0, 0.001, -1, 1_000_001} {
		_, err := d.EditInbox(t.Context(), d.admin, i.ID, InboxPatch{MessagesPerSecond: &pace})
		wantCode(t, err, "messages_per_second out_of_range")
	}
}

func TestWhatTheSystemNotesIsNoConflict(t *testing.T) {
	d := newDesk(t)
	i := d.website(t)
	at := dbtest.Now.Add(time.Hour)
	dbtest.Update(t, d.store, func(tx *db.Tx) error {
		return d.SnippetSeen(tx, i.AccountID, i.ID, Seen{At: at, URL: "https://shop.example/"})
	})
	got, err := d.EditInbox(t.Context(), d.admin, i.ID, InboxPatch{Name: new("Store"), Version: i.Version})
	if err != nil || !got.Website.SnippetSeenAt.Equal(at) {
		t.Error(got.Website, err)
	}
	_, err = d.EditInbox(t.Context(), d.admin, i.ID, InboxPatch{Name: new("Boutique"), Version: i.Version})
	e, _ := errors.AsType[*liadesk.Error](err)
	if e == nil {
		t.Fatal(err)
	}
	changes, _ := e.Changes()
	if diff := cmp.Diff([]liadesk.Change{{Field: "name", Theirs: "Store", Yours: "Boutique"}}, changes); diff != "" {
		t.Error(diff)
	}
}

func TestDeletingAnInboxNamesItsCampaignsAndTellsTheOtherRooms(t *testing.T) {
	d := newDesk(t)
	i := d.website(t)
	d.InboxUsers(func(_ *db.Tx, in liadesk.Inbox) ([]liadesk.Ref, error) {
		return []liadesk.Ref{{ID: in.ID, Name: "Spring", Kind: "live_chat_campaign"}}, nil
	})
	var gone []string
	d.OnInboxDelete(func(_ *db.Tx, in liadesk.Inbox) error { gone = append(gone, in.Name); return nil })
	u, _ := d.join(t, "beto@acme.example", liadesk.RoleAgent)
	if _, err := d.EditUser(t.Context(), d.admin, u.ID, UserPatch{InboxIDs: &[]liadesk.ID{i.ID}}); err != nil {
		t.Fatal(err)
	}
	_, refs, err := d.InboxUse(t.Context(), d.admin, i.ID)
	if err != nil || len(refs) != 1 || refs[0].Name != "Spring" {
		t.Error(refs, err)
	}
	free := d.admin
	free.Plan = liadesk.PlanFree
	if _, refs, err := d.InboxUse(t.Context(), free, i.ID); err != nil || len(refs) != 0 {
		t.Error("an account without campaigns is told of", refs, err)
	}
	if err := d.DeleteInbox(t.Context(), d.admin, i.ID); err != nil {
		t.Fatal(err)
	}
	wantCode(t, d.DeleteInbox(t.Context(), d.admin, i.ID), "not_found")
	if !slices.Equal(gone, []string{"Shop"}) {
		t.Error("told:", gone)
	}
	m, err := d.Member(t.Context(), d.admin, u.ID)
	if err != nil || len(m.InboxIDs) != 0 {
		t.Error("still serves", m.InboxIDs, err)
	}
	dbtest.View(t, d.store, func(tx *db.Tx) error {
		_, _, byKey, err := tx.InboxByKey(i.Website.Key)
		_, byID, err2 := tx.InboxAccount(i.ID)
		if byKey || byID {
			t.Error("the public names still lead somewhere")
		}
		return errors.Join(err, err2)
	})
}

func TestADowngradeStopsCampaignsOnceAndAnUpgradeReleasesNothing(t *testing.T) {
	d := newDesk(t)
	stopped := 0
	d.OnDowngrade(func(_ *db.Tx, a liadesk.Account) error {
		if a.Plan.Paid() {
			t.Error("told of a plan that has campaigns:", a.Plan)
		}
		stopped++
		return nil
	})
	for _, p := range []liadesk.Plan{liadesk.PlanEnterprise, liadesk.PlanFree, liadesk.PlanFree, liadesk.PlanEssentials} {
		if a, err := d.SetPlan(t.Context(), d.made.Account.ID, p); err != nil || a.Plan != p {
			t.Fatal(a.Plan, err)
		}
	}
	if stopped != 1 {
		t.Errorf("stopped %d times, want once", stopped)
	}
	_, err := d.SetPlan(t.Context(), d.made.Account.ID, "gold")
	wantCode(t, err, "plan unknown_plan")
	_, err = d.SetPlan(t.Context(), d.ids(), liadesk.PlanFree)
	wantCode(t, err, "not_found")
}

func TestSettingsAreCheckedAndKept(t *testing.T) {
	d := newDesk(t)
	a, err := d.EditSettings(t.Context(), d.admin, SettingsPatch{Name: new("Acme Ltd"), Region: new("es"), TimeZone: new("Europe/Madrid"),
		Locale: new("pt-br"), MaxSegments: new(3), Footer: new("Acme\r\nReply STOP to opt out"), OptOutKeywords: &[]string{"chega", " Chega ", ""}})
	if err != nil {
		t.Fatal(err)
	}
	if a.Name != "Acme Ltd" || a.Settings.Region != "ES" || a.Settings.Locale != "pt-BR" || a.Settings.Footer != "Acme\nReply STOP to opt out" ||
		!slices.Equal(a.Settings.OptOutKeywords, []string{"CHEGA"}) {
		t.Errorf("%+v", a)
	}
	for code, p := range map[string]SettingsPatch{
		"name required":                    {Name: new(" ")},
		"time_zone unknown_zone":           {TimeZone: new("Madrid")},
		"locale unknown_locale":            {Locale: new("klingon language")},
		"max_segments out_of_range":        {MaxSegments: new(11)},
		"footer too_long":                  {Footer: new(strings.Repeat("x", maxFooter+1))},
		"help_reply required":              {HelpReply: new("")},
		"opt_in_keywords means_both":       {OptInKeywords: &[]string{"chega"}},
		"opt_out_keywords means_both":      {OptOutKeywords: &[]string{"start"}},
		"opt_in_keywords keyword_too_long": {OptInKeywords: &[]string{strings.Repeat("x", maxKeyword+1)}},
	} {
		_, err := d.EditSettings(t.Context(), d.admin, p)
		wantCode(t, err, code)
	}
	seen := a.Version
	if _, err := d.SetPlan(t.Context(), a.ID, liadesk.PlanEnterprise); err != nil {
		t.Fatal(err)
	}
	// The plan is no setting: a save from before it changed meets no conflict.
	if _, err := d.EditSettings(t.Context(), d.admin, SettingsPatch{Name: new("Acme Ltd"), Version: seen}); err != nil {
		t.Error(err)
	}
}

func TestASecretsKeyThatIsMissingOrDamagedStopsTheStart(t *testing.T) {
	folder := t.TempDir()
	if _, err := OpenSecrets(folder, false); err == nil || !strings.Contains(err.Error(), "backup") {
		t.Error(err)
	}
	made, err := OpenSecrets(folder, true)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder, SecretsFile)
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	again, err := OpenSecrets(folder, true)
	if err != nil || again.Text() != made.Text() {
		t.Fatal("the second start has another key", err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Error("mode", info.Mode(), err)
	}
	if err := os.WriteFile(path, []byte("half a key"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenSecrets(folder, true); err == nil {
		t.Error("a damaged key was taken")
	}
}
