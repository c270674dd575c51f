package contacts_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jonboulle/clockwork"

	"github.com/liadesk/campaigns/contacts"
	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/db/dbtest"
	"github.com/liadesk/campaigns/liadesk"
)

// desk is a room with an account, and another company beside it.
type desk struct {
	*contacts.Service
	t       *testing.T
	store   *db.Store
	clock   *clockwork.FakeClock
	account liadesk.Account
	admin   liadesk.Actor
	agent   liadesk.Actor
	other   liadesk.Actor // administrator of another account
}

func open(t *testing.T) *desk {
	t.Helper()
	s := dbtest.Open(t)
	clock := clockwork.NewFakeClockAt(dbtest.Now)
	a, u := dbtest.Account(t, s, "acme", liadesk.PlanGrowth)
	b, v := dbtest.Account(t, s, "rival", liadesk.PlanGrowth)
	agent := liadesk.ActorOf(a, u)
	agent.Role = liadesk.RoleAgent
	return &desk{Service: contacts.New(s, clock, liadesk.RandomIDs(clock.Now)), t: t, store: s, clock: clock, account: a,
		admin: liadesk.ActorOf(a, u), agent: agent, other: liadesk.ActorOf(b, v)}
}

func (d *desk) create(in contacts.Input) liadesk.Contact {
	d.t.Helper()
	c, err := d.Create(d.t.Context(), d.agent, in)
	if err != nil {
		d.t.Fatal(err)
	}
	return c
}

func (d *desk) contact(id liadesk.ID) contacts.View {
	d.t.Helper()
	v, err := d.Get(d.t.Context(), d.admin, id)
	if err != nil {
		d.t.Fatal(err)
	}
	return v
}

func (d *desk) names(q contacts.Query) []string {
	d.t.Helper()
	page, err := d.List(d.t.Context(), d.agent, q)
	if err != nil {
		d.t.Fatal(err)
	}
	out := []string{}
	for _, c := range page.Items {
		out = append(out, c.Label())
	}
	return out
}

// set tells who is in a set of contacts.
func (d *desk) set(ref db.SetRef) []uint32 {
	d.t.Helper()
	var out []uint32
	dbtest.View(d.t, d.store, func(tx *db.Tx) error {
		sets, err := tx.ReadSets(d.account.ID, []db.SetRef{ref})
		if err == nil {
			out = sets[0].ToArray()
		}
		return err
	})
	return out
}

func fields(t *testing.T, err error) string {
	t.Helper()
	e, ok := errors.AsType[*liadesk.Error](err)
	if !ok || e.Kind != liadesk.KindInvalid {
		t.Fatalf("got %v, want a refusal of fields", err)
	}
	var list []string
	for _, f := range e.Fields {
		list = append(list, f.Field+" "+f.Code)
	}
	return strings.Join(list, ", ")
}

func ptr[T any](v T) *T { return &v }

func TestAContactIsStoredAsReadAndFoundAgain(t *testing.T) {
	d := open(t)
	c := d.create(contacts.Input{Name: "  Ana   Núñez ", Phone: "(212) 555-0101", Email: "Ana@example.org",
		Tags: []string{"VIP", " New  Customer", "vip", ""}, Attributes: map[string]string{"Loyalty Tier": "gold", "empty": " "},
		Language: "pt-br", TimeZone: "America/Denver", Source: contacts.SourceTeam})
	got := d.contact(c.ID).Contact
	want := liadesk.Contact{ID: c.ID, AccountID: d.account.ID, Dense: 1, Name: "Ana Núñez", Phone: "+12125550101", Email: "Ana@example.org",
		Tags: []string{"new customer", "vip"}, Attributes: map[string]string{"loyalty_tier": "gold"}, TimeZone: "America/Denver",
		Language: "pt-BR", Country: "US", CreatedAt: dbtest.Now, UpdatedAt: dbtest.Now, Version: 1,
		PhoneKind: "fixed_or_mobile", Class: "US/NY/America/Denver", Source: "agent"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	d.create(contacts.Input{Email: "bob@shop.example"})
	for q, want := range map[string]string{"": "bob@shop.example,Ana Núñez", "nunez": "Ana Núñez", "555 01 01": "Ana Núñez", "2125550": "Ana Núñez", "shop": "bob@shop.example", "zzz": ""} {
		if got := strings.Join(d.names(contacts.Query{Text: q}), ","); got != want {
			t.Errorf("%q finds %s, want %s", q, got, want)
		}
	}
	if got := d.names(contacts.Query{Tag: "VIP"}); !slices.Equal(got, []string{"Ana Núñez"}) {
		t.Errorf("tag: %v", got)
	}
}

func TestInputThatCannotBeIsRefusedFieldByField(t *testing.T) {
	d := open(t)
	for _, tc := range []struct {
		in   contacts.Input
		want string
	}{
		{contacts.Input{}, "name contact_empty"},
		{contacts.Input{Tags: []string{"vip"}}, "name contact_empty"},
		{contacts.Input{Name: strings.Repeat("ñ", 201)}, "name too_long"},
		{contacts.Input{Phone: "4.47911E+11"}, "phone spreadsheet_exponent"},
		{contacts.Input{Phone: "112"}, "phone emergency"},
		{contacts.Input{Email: "Ana <ana@example.org>"}, "email bad_email"},
		{contacts.Input{Email: "ana@localhost"}, "email bad_email"},
		{contacts.Input{Name: "A", Tags: []string{"a;b"}}, "tags bad_tag"},
		{contacts.Input{Name: "A", TimeZone: "Mars/Olympus", Language: "xx-yy-zz-!", Country: "Spain"}, "time_zone bad_time_zone, language bad_language, country bad_country"},
		{contacts.Input{Name: "A", Attributes: map[string]string{"??": "x"}}, "attributes bad_attribute"},
		{contacts.Input{Name: "A", Consent: &contacts.ConsentInput{Granted: true}}, "sms_consent.source required"},
		{contacts.Input{Name: "A", Consent: &contacts.ConsentInput{Granted: true, Source: "web", At: dbtest.Now.Add(time.Hour)}}, "sms_consent.at in_the_future"},
	} {
		_, err := d.Create(t.Context(), d.admin, tc.in)
		if got := fields(t, err); got != tc.want {
			t.Errorf("%+v: %s, want %s", tc.in, got, tc.want)
		}
	}
	if got := d.set(db.SetAll); len(got) != 0 {
		t.Errorf("refused contacts were stored: %v", got)
	}
}

func TestANumberBelongsToOneContactAndTheRefusalNamesIt(t *testing.T) {
	d := open(t)
	ana := d.create(contacts.Input{Name: "Ana", Phone: "+12125550101"})
	bob := d.create(contacts.Input{Name: "Bob", Phone: "+12125550102"})
	_, err := d.Create(t.Context(), d.admin, contacts.Input{Name: "Eve", Phone: "212 555 0101"})
	e, _ := errors.AsType[*liadesk.Error](err)
	if e == nil || e.Code != contacts.CodePhoneTaken || e.Args["contact_id"] != ana.ID {
		t.Errorf("create: %v", err)
	}
	_, err = d.Update(t.Context(), d.admin, bob.ID, contacts.Patch{Phone: ptr("+12125550101")})
	if !errors.Is(err, &liadesk.Error{Kind: liadesk.KindConflict, Code: contacts.CodePhoneTaken}) {
		t.Errorf("update: %v", err)
	}
	// Another company may know the same person.
	if _, err := d.Create(t.Context(), d.other, contacts.Input{Name: "Ana", Phone: "+12125550101"}); err != nil {
		t.Error(err)
	}
	// A number that was given up is free again.
	if _, err := d.Update(t.Context(), d.admin, ana.ID, contacts.Patch{Phone: ptr("")}); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Update(t.Context(), d.admin, bob.ID, contacts.Patch{Phone: ptr("+12125550101")}); err != nil {
		t.Error(err)
	}
}

func TestASaveOverSomebodyElsesShowsBothValues(t *testing.T) {
	d := open(t)
	c := d.create(contacts.Input{Name: "Ana", Tags: []string{"vip"}})
	if _, err := d.Update(t.Context(), d.agent, c.ID, contacts.Patch{Name: ptr("Ana María"), Version: 1}); err != nil {
		t.Fatal(err)
	}
	_, err := d.Update(t.Context(), d.admin, c.ID, contacts.Patch{Name: ptr("Anna"), Tags: &[]string{"vip"}, Version: 1})
	e, _ := errors.AsType[*liadesk.Error](err)
	if e == nil {
		t.Fatalf("got %v", err)
	}
	list, version := e.Changes()
	if diff := cmp.Diff([]liadesk.Change{{Field: "name", Theirs: "Ana María", Yours: "Anna"}}, list); diff != "" || version != 2 {
		t.Errorf("version %d: %s", version, diff)
	}
	// The same wish twice is no quarrel, and no new version.
	got, err := d.Update(t.Context(), d.admin, c.ID, contacts.Patch{Name: ptr("Ana María"), Version: 1})
	if err != nil || got.Version != 2 {
		t.Errorf("version %d, %v", got.Version, err)
	}
}

func TestAnotherAccountsContactsAreNotFound(t *testing.T) {
	d := open(t)
	c := d.create(contacts.Input{Name: "Ana", Phone: "+12125550101"})
	_, err1 := d.Get(t.Context(), d.other, c.ID)
	_, err2 := d.Update(t.Context(), d.other, c.ID, contacts.Patch{Name: ptr("X")})
	err3 := d.Delete(t.Context(), d.other, c.ID)
	_, _, err4 := d.Timeline(t.Context(), d.other, c.ID, db.Page{})
	_, err5 := d.ConsentHistory(t.Context(), d.other, c.ID)
	err6 := d.RemoveOptOut(t.Context(), d.other, "+12125550101", contacts.SourceTeam, "asked")
	_, err7 := d.RenameTag(t.Context(), d.other, "vip", "gold")
	for i, err := range []error{err1, err2, err3, err4, err5, err6, err7} {
		if !errors.Is(err, liadesk.ErrNotFound) {
			t.Errorf("%d: %v", i+1, err)
		}
	}
	page, err := d.List(t.Context(), d.other, contacts.Query{Text: "Ana"})
	if err != nil || page.Total != 0 || page.Any {
		t.Errorf("%+v, %v", page, err)
	}
	if got := d.contact(c.ID); got.Name != "Ana" {
		t.Error("it was changed")
	}
}

func TestOnlyAdministratorsDeleteAndImport(t *testing.T) {
	d := open(t)
	c := d.create(contacts.Input{Name: "Ana"})
	err1 := d.Delete(t.Context(), d.agent, c.ID)
	_, err2 := d.Upload(t.Context(), d.agent, "x.csv", strings.NewReader("name\nAna\n"))
	_, err3 := d.Imports(t.Context(), d.agent)
	_, err4 := d.RenameTag(t.Context(), d.agent, "a", "b")
	err5 := d.DeleteTag(t.Context(), d.agent, "a")
	_, err6 := d.UndoImport(t.Context(), d.agent, c.ID)
	_, err7 := d.StartImport(t.Context(), d.agent, c.ID, nil)
	for i, err := range []error{err1, err2, err3, err4, err5, err6, err7} {
		if !errors.Is(err, liadesk.ErrForbidden) {
			t.Errorf("%d: %v", i+1, err)
		}
	}
}

func TestOptOutsBelongToTheNumber(t *testing.T) {
	d := open(t)
	if _, err := d.AddOptOut(t.Context(), d.agent, "212 555 0101", contacts.SourceTeam, "told us on the phone"); err != nil {
		t.Fatal(err)
	}
	ana := d.create(contacts.Input{Name: "Ana", Phone: "+12125550101"})
	if d.contact(ana.ID).OptOut == nil || !slices.Equal(d.set(db.SetOptOut), []uint32{ana.Dense}) {
		t.Error("a contact who gets an opted-out number is not marked")
	}
	if _, err := d.Update(t.Context(), d.agent, ana.ID, contacts.Patch{Phone: ptr("+12125550102")}); err != nil {
		t.Fatal(err)
	}
	if len(d.set(db.SetOptOut)) != 0 {
		t.Error("the mark followed the contact to another number")
	}
	bob := d.create(contacts.Input{Name: "Bob", Phone: "+12125550101"})
	if err := d.Delete(t.Context(), d.admin, bob.ID); err != nil {
		t.Fatal(err)
	}
	eve := d.create(contacts.Input{Name: "Eve", Phone: "+12125550101"})
	if eve.Dense == bob.Dense {
		t.Error("a dense number was used again")
	}
	if d.contact(eve.ID).OptOut == nil {
		t.Error("deleting the contact forgot the opt-out")
	}
	if err := d.RemoveOptOut(t.Context(), d.agent, "+12125550101", contacts.SourceTeam, " "); fields(t, err) != "reason required" {
		t.Error(err)
	}
	if err := d.RemoveOptOut(t.Context(), d.agent, "+12125550101", contacts.SourceTeam, "asked for it in the shop"); err != nil {
		t.Fatal(err)
	}
	if v := d.contact(eve.ID); v.OptOut != nil || v.Consent.State != liadesk.ConsentUnknown || len(d.set(db.SetOptOut)) != 0 {
		t.Errorf("after removal: %+v", v)
	}
	if err := d.RemoveOptOut(t.Context(), d.agent, "+12125550101", contacts.SourceTeam, "again"); !errors.Is(err, liadesk.ErrNotFound) {
		t.Error(err)
	}
}

func TestStopAndStartByText(t *testing.T) {
	d := open(t)
	var c liadesk.Contact
	dbtest.Update(t, d.store, func(tx *db.Tx) (err error) {
		c, err = d.ByPhoneOrNew(tx, d.account.ID, "+12125550101", contacts.SourceSMS, dbtest.Now)
		return err
	})
	dbtest.Update(t, d.store, func(tx *db.Tx) error {
		again, err := d.ByPhoneOrNew(tx, d.account.ID, "+12125550101", contacts.SourceSMS, dbtest.Now)
		if again.ID != c.ID {
			t.Error("a second text made a second contact")
		}
		return err
	})
	if c.Consent.State != liadesk.ConsentUnknown {
		t.Error("whoever texts us has not agreed to marketing")
	}
	stop := liadesk.OptOut{Number: c.Phone, At: dbtest.Now, Source: contacts.SourceKeyword, Text: "STOP"}
	dbtest.Update(t, d.store, func(tx *db.Tx) error { return d.OptOut(tx, d.account.ID, stop) })
	dbtest.Update(t, d.store, func(tx *db.Tx) error { return d.OptOut(tx, d.account.ID, stop) })
	if d.contact(c.ID).OptOut == nil {
		t.Error("STOP was not heard")
	}
	dbtest.Update(t, d.store, func(tx *db.Tx) error {
		return d.OptIn(tx, d.account.ID, c.Phone, contacts.SourceKeyword, "START", dbtest.Now)
	})
	got := d.contact(c.ID)
	if got.OptOut != nil || got.Consent.State != liadesk.ConsentGranted || got.Consent.Text != "START" {
		t.Errorf("after START: %+v", got)
	}
	// A number that the plans do not know is kept and never texted.
	dbtest.Update(t, d.store, func(tx *db.Tx) error {
		odd, err := d.ByPhoneOrNew(tx, d.account.ID, "+99912345678", contacts.SourceSMS, dbtest.Now)
		if !odd.CannotText {
			t.Error("an unknown number counts as a mobile")
		}
		return err
	})
}

func TestABadNumberIsForgottenWithTheNumber(t *testing.T) {
	d := open(t)
	c := d.create(contacts.Input{Name: "Ana", Phone: "+12125550101"})
	dbtest.Update(t, d.store, func(tx *db.Tx) error { return d.MarkBadNumber(tx, d.account.ID, c.Phone, "50") })
	if got := d.set(db.SetBadNumber); !slices.Equal(got, []uint32{c.Dense}) {
		t.Errorf("marked: %v", got)
	}
	if _, err := d.Update(t.Context(), d.agent, c.ID, contacts.Patch{Name: ptr("Ana B")}); err != nil {
		t.Fatal(err)
	}
	if len(d.set(db.SetBadNumber)) != 1 {
		t.Error("an edit of the name forgot it")
	}
	if _, err := d.Update(t.Context(), d.agent, c.ID, contacts.Patch{Phone: ptr("+12125550109")}); err != nil {
		t.Fatal(err)
	}
	if len(d.set(db.SetBadNumber)) != 0 {
		t.Error("the new number is marked")
	}
}

func TestConsentHistoryOnlyGrows(t *testing.T) {
	d := open(t)
	c := d.create(contacts.Input{Name: "Ana", Phone: "+12125550101", Consent: &contacts.ConsentInput{Granted: true, Source: "web form", At: dbtest.Now.Add(-time.Hour)}})
	say := func(in contacts.ConsentInput) {
		d.clock.Advance(time.Minute)
		if _, err := d.Update(t.Context(), d.agent, c.ID, contacts.Patch{Consent: &in}); err != nil {
			t.Fatal(err)
		}
	}
	say(contacts.ConsentInput{Granted: true, Source: "web form"}) // nothing new
	say(contacts.ConsentInput{Source: "phone call"})
	say(contacts.ConsentInput{Granted: true, Source: "at the till"})
	if err := d.Delete(t.Context(), d.admin, c.ID); err != nil {
		t.Fatal(err)
	}
	dbtest.View(t, d.store, func(tx *db.Tx) error {
		list, err := tx.ConsentHistory(d.account.ID, c.ID, 10)
		var got []string
		for _, e := range list {
			got = append(got, string(e.Consent.State)+" "+e.Consent.Source+" "+e.Number)
		}
		want := []string{"granted at the till +12125550101", "refused phone call +12125550101", "granted web form +12125550101"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		return err
	})
}

func TestATagKeepsItsContactsAndItsOldNameWhenRenamed(t *testing.T) {
	d := open(t)
	ana := d.create(contacts.Input{Name: "Ana", Tags: []string{"vip", "gold"}})
	d.create(contacts.Input{Name: "Bob", Tags: []string{"vip"}})
	d.create(contacts.Input{Name: "Eve", Tags: []string{"gold"}})
	if _, err := d.RenameTag(t.Context(), d.admin, "VIP", "Gold"); err != nil {
		t.Fatal(err)
	}
	tags, err := d.Tags(t.Context(), d.agent)
	if err != nil || len(tags) != 1 || tags[0].Name != "gold" || tags[0].Count != 3 {
		t.Errorf("%v, %v", tags, err)
	}
	if got := d.contact(ana.ID).Tags; !slices.Equal(got, []string{"gold"}) {
		t.Errorf("Ana has %v", got)
	}
	if got := d.names(contacts.Query{Tag: "vip"}); len(got) != 3 {
		t.Errorf("the old name finds %v", got)
	}
	if c := d.create(contacts.Input{Name: "Kim", Tags: []string{"vip"}}); !slices.Equal(c.Tags, []string{"gold"}) {
		t.Errorf("the old name gave %v", c.Tags)
	}
	// On to a third name, and back to the first.
	if _, err := d.RenameTag(t.Context(), d.admin, "gold", "platinum"); err != nil {
		t.Fatal(err)
	}
	if tag, err := d.RenameTag(t.Context(), d.admin, "platinum", "vip"); err != nil || tag.Name != "vip" || tag.Count != 4 {
		t.Errorf("%v, %v", tag, err)
	}
	for _, name := range []string{"vip", "gold", "platinum"} {
		if got := d.names(contacts.Query{Tag: name}); len(got) != 4 {
			t.Errorf("%s finds %v", name, got)
		}
	}
}

func TestADeletedTagLeavesItsContactsUnlessACampaignNeedsIt(t *testing.T) {
	d := open(t)
	var uses []liadesk.Ref
	d.OnTagDelete(func(_ *db.Tx, _ liadesk.ID, tag string) ([]liadesk.Ref, error) {
		if tag == "vip" {
			return uses, nil
		}
		return nil, nil
	})
	c := d.create(contacts.Input{Name: "Ana", Tags: []string{"old", "vip"}})
	uses = []liadesk.Ref{{Name: "Spring sale", Kind: "sms_campaign"}}
	err := d.DeleteTag(t.Context(), d.admin, "vip")
	if e, _ := errors.AsType[*liadesk.Error](err); e == nil || e.Code != contacts.CodeTagInUse || e.Args["Campaigns"] != "Spring sale" {
		t.Errorf("got %v", err)
	}
	uses = nil
	if err := d.DeleteTag(t.Context(), d.admin, "vip"); err != nil {
		t.Fatal(err)
	}
	if got := d.contact(c.ID).Tags; !slices.Equal(got, []string{"old"}) {
		t.Errorf("Ana has %v", got)
	}
	if err := d.DeleteTag(t.Context(), d.admin, "vip"); !errors.Is(err, liadesk.ErrNotFound) {
		t.Error(err)
	}
	if c := d.create(contacts.Input{Name: "Bob", Tags: []string{"vip"}}); !slices.Equal(c.Tags, []string{"vip"}) {
		t.Error("the name cannot be used again")
	}
}

func TestATimelineTellsOneStoryOverBothChannels(t *testing.T) {
	d := open(t)
	c := d.create(contacts.Input{Name: "Ana", Phone: "+12125550101", Source: contacts.SourceTeam})
	inbox, campaign := liadesk.ID{0: 1, 1: 9}, liadesk.SMSCampaign{ID: liadesk.ID{0: 1, 1: 8}, AccountID: d.account.ID, Title: "Spring sale"}
	step := func() time.Time { d.clock.Advance(time.Hour); return d.clock.Now().UTC() }
	at := step()
	if _, err := d.Update(t.Context(), d.admin, c.ID, contacts.Patch{Consent: &contacts.ConsentInput{Granted: true, Source: "web form"}}); err != nil {
		t.Fatal(err)
	}
	at = step()
	dbtest.Update(t, d.store, func(tx *db.Tx) error {
		if err := tx.PutSMSCampaign(campaign); err != nil {
			return err
		}
		return tx.PutDelivery(d.account.ID, liadesk.Delivery{}, liadesk.Delivery{CampaignID: campaign.ID, ContactID: c.ID, Phone: c.Phone,
			Status: liadesk.DeliveryDelivered, StartedAt: at, AcceptedAt: at})
	})
	at = step()
	dbtest.Update(t, d.store, func(tx *db.Tx) error {
		return tx.PutConversation(liadesk.Conversation{ID: liadesk.ID{0: 1, 1: 7}, AccountID: d.account.ID, Channel: liadesk.InboxSMS, InboxID: inbox,
			Status: liadesk.ConversationOpen, ContactID: c.ID, Phone: c.Phone, CreatedAt: at, LastAt: at})
	})
	at = step()
	dbtest.Update(t, d.store, func(tx *db.Tx) error {
		return d.OptOut(tx, d.account.ID, liadesk.OptOut{Number: c.Phone, At: at, Source: contacts.SourceKeyword, Text: "STOP"})
	})
	kinds := func(actor liadesk.Actor, limit int) (got []string) {
		after := ""
		for {
			events, next, err := d.Timeline(t.Context(), actor, c.ID, db.Page{Limit: limit, After: after})
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range events {
				got = append(got, string(e.Kind))
			}
			if after = next; after == "" {
				return got
			}
		}
	}
	want := []string{"opt_out", "conversation", "text", "consent", "created"}
	for _, limit := range []int{1, 2, 50} {
		if diff := cmp.Diff(want, kinds(d.admin, limit)); diff != "" {
			t.Errorf("pages of %d: %s", limit, diff)
		}
	}
	if got := kinds(d.agent, 50); slices.Contains(got, "conversation") {
		t.Errorf("an agent sees an inbox that they do not serve: %v", got)
	}
	free := d.admin
	free.Plan = liadesk.PlanFree
	if got := kinds(free, 50); slices.Contains(got, "text") {
		t.Errorf("a plan without campaigns shows their texts: %v", got)
	}
}

// A tag with many contacts is renamed in steps. In between both names mean all of
// them: who excludes one of them excludes everybody.
func TestBothNamesOfATagMeanEverybodyWhileItIsRenamed(t *testing.T) {
	d := open(t)
	const people = 10_001 // one more than a person waits for
	dbtest.Update(t, d.store, func(tx *db.Tx) error {
		b := tx.ContactBatch(d.account.ID)
		for n := range people {
			c := liadesk.Contact{ID: liadesk.ID{0: 9, 14: byte(n >> 8), 15: byte(n)}, AccountID: d.account.ID, Tags: []string{"press"}}
			if err := b.Put(nil, &c); err != nil {
				return err
			}
		}
		return b.Flush()
	})
	d.create(contacts.Input{Name: "Bob", Tags: []string{"do-not-text"}})
	if _, err := d.RenameTag(t.Context(), d.admin, "press", "do-not-text"); err != nil {
		t.Fatal(err)
	}
	dbtest.View(t, d.store, func(tx *db.Tx) error {
		names, err := tx.TagNames(d.account.ID, []string{"press", "do-not-text"})
		for tag, got := range names {
			if !slices.Equal(got, []string{"do-not-text", "press"}) {
				t.Errorf("in between %s is filed under %q", tag, got)
			}
		}
		return err
	})
	// On to a third name before the first is through.
	if _, err := d.RenameTag(t.Context(), d.admin, "do-not-text", "quiet"); err != nil {
		t.Fatal(err)
	}
	for range 10 {
		if err := d.Tick(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"press", "do-not-text", "quiet"} {
		if tag, err := d.Tag(t.Context(), d.admin, name); err != nil || tag.Name != "quiet" || tag.Count != people+1 || len(tag.From) > 0 {
			t.Errorf("%s is %+v, %v", name, tag, err)
		}
	}
}
