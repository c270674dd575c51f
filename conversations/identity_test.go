package conversations_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/liadesk/campaigns/conversations"
	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/db/dbtest"
	"github.com/liadesk/campaigns/liadesk"
)

// signed is a claim as the company's server would sign it.
func (d *desk) signed(c conversations.Claim) conversations.Claim {
	c.Signature = d.SignIdentity(d.site, c.ID, c.Email, c.Phone)
	return c
}

func (d *desk) says(t *testing.T, claim conversations.Claim, clientID string) liadesk.Conversation {
	t.Helper()
	out, err := d.WriteAsVisitor(t.Context(), conversations.VisitorMessage{Inbox: d.site, Text: "Hi", ClientID: clientID, Claim: claim})
	if err != nil {
		t.Fatal(err)
	}
	return out.Conversation
}

func (d *desk) known(t *testing.T, name, email, phone string) liadesk.Contact {
	t.Helper()
	c := liadesk.Contact{ID: liadesk.NewID(dbtest.Now, strings.NewReader(name+"01234567890123")), AccountID: d.account.ID, Name: name, Email: email, Phone: phone, Version: 1}
	dbtest.Update(t, d.store, func(tx *db.Tx) error { return tx.PutContact(nil, &c) })
	return c
}

func TestASignedIdentityFindsItsContactAndAnUnsignedOneIsOnlyProposed(t *testing.T) {
	d := open(t)
	ana := d.known(t, "Ana", "ana@mail.example", "+12125550123")
	claim := conversations.Claim{ID: "17", Name: "Ana", Email: "Ana@Mail.example"}

	c := d.says(t, claim, "a client id that is long")
	if !c.ContactID.IsZero() || c.Identity == nil || c.Identity.Verified {
		t.Errorf("what anybody can say linked %+v", c)
	}
	thread, err := d.Get(t.Context(), d.as(d.admin), c.ID, 0)
	if err != nil || thread.Proposed.ID != ana.ID || thread.Name() != "Ana" {
		t.Errorf("proposed %+v, %v", thread.Proposed, err)
	}

	c = d.says(t, d.signed(claim), "another client id, long")
	if c.ContactID != ana.ID || !c.Identity.Verified {
		t.Errorf("signed: %+v", c)
	}
	if thread, err = d.Get(t.Context(), d.as(d.admin), c.ID, 0); err != nil || !thread.Proposed.ID.IsZero() {
		t.Errorf("proposed %+v, %v", thread.Proposed, err)
	}

	c = d.says(t, d.signed(conversations.Claim{ID: "18", Name: "Bo", Phone: "+1 212 555 0199"}), "a third client id, long")
	var made liadesk.Contact
	dbtest.View(t, d.store, func(tx *db.Tx) (err error) {
		made, _, err = tx.Contact(d.account.ID, c.ContactID)
		return err
	})
	if made.Phone != "+12125550199" || made.Name != "Bo" || made.Consent.State != liadesk.ConsentUnknown {
		t.Errorf("made %+v", made)
	}
}

func TestASignatureIsForAllThatItSigns(t *testing.T) {
	d := open(t)
	good := d.signed(conversations.Claim{ID: "17", Email: "ana@mail.example"})
	other := d.site
	other.ID = d.number.ID
	renewed := d.site
	site := *d.site.Website
	site.IdentityRound++
	renewed.Website = &site
	for name, tt := range map[string]struct {
		inbox liadesk.Inbox
		claim conversations.Claim
		ok    bool
	}{
		"as signed":              {d.site, good, true},
		"in capitals":            {d.site, conversations.Claim{ID: "17", Email: "ana@mail.example", Signature: strings.ToUpper(good.Signature)}, true},
		"another name":           {d.site, conversations.Claim{ID: "17", Name: "Any", Email: "ana@mail.example", Signature: good.Signature}, true},
		"another e-mail":         {d.site, conversations.Claim{ID: "17", Email: "bo@mail.example", Signature: good.Signature}, false},
		"a number added":         {d.site, conversations.Claim{ID: "17", Email: "ana@mail.example", Phone: "+12125550123", Signature: good.Signature}, false},
		"the id as the e-mail":   {d.site, conversations.Claim{Email: "17", Signature: d.signed(conversations.Claim{ID: "17"}).Signature}, false},
		"lines moved":            {d.site, conversations.Claim{ID: "17\nana@mail.example", Signature: good.Signature}, false},
		"another inbox":          {other, good, false},
		"after it was renewed":   {renewed, good, false},
		"no signature":           {d.site, conversations.Claim{ID: "17"}, false},
		"a name alone, unsigned": {d.site, conversations.Claim{Name: "Ana", Signature: d.SignIdentity(d.site, "", "", "")}, false},
	} {
		if id, _ := d.Identify(tt.inbox, tt.claim); id.Verified != tt.ok {
			t.Errorf("%s: verified %v", name, id.Verified)
		}
	}
	if _, ok := d.Identify(d.site, conversations.Claim{Name: strings.Repeat("x", 321)}); ok {
		t.Error("an endless name is an identity")
	}
}

func TestAClaimDoesNotReplaceWhatWasVerified(t *testing.T) {
	d := open(t)
	out, err := d.WriteAsVisitor(t.Context(), conversations.VisitorMessage{Inbox: d.site, Text: "Hi", ClientID: "a client id that is long",
		Claim: d.signed(conversations.Claim{ID: "17", Email: "ana@mail.example"})})
	if err != nil {
		t.Fatal(err)
	}
	verified, err := d.IdentifyVisitor(t.Context(), d.site, out.Token, conversations.Claim{Email: "boss@mail.example"})
	if err != nil || verified {
		t.Errorf("%v, %v", verified, err)
	}
	thread, err := d.Get(t.Context(), d.as(d.admin), out.Conversation.ID, 0)
	if err != nil || thread.Conversation.Identity.Email != "ana@mail.example" || !thread.Conversation.Identity.Verified {
		t.Errorf("%+v, %v", thread.Conversation.Identity, err)
	}
	if _, err := d.IdentifyVisitor(t.Context(), d.site, out.Token, conversations.Claim{}); liadesk.KindOf(err) != liadesk.KindInvalid {
		t.Errorf("an empty identity: %v", err)
	}
}

func TestTheTeamDecidesAboutAProposal(t *testing.T) {
	d := open(t)
	ana := d.known(t, "Ana", "ana@mail.example", "")
	c := d.says(t, conversations.Claim{Email: "ana@mail.example"}, "a client id that is long")
	if _, err := d.Link(t.Context(), d.as(d.admin), c.ID, c.ID); liadesk.KindOf(err) != liadesk.KindNotFound {
		t.Errorf("a contact that there is not: %v", err)
	}
	c, err := d.Link(t.Context(), d.as(d.admin), c.ID, ana.ID)
	if err != nil || c.ContactID != ana.ID {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestAVisitorsChatIsDeletedWithAllItsMessages(t *testing.T) {
	d := open(t)
	out, err := d.WriteAsVisitor(t.Context(), conversations.VisitorMessage{Inbox: d.site, Text: "Hi", ClientID: "a client id that is long"})
	if err != nil {
		t.Fatal(err)
	}
	for range 300 { // more than one transaction
		if _, err := d.Reply(t.Context(), d.as(d.admin), out.Conversation.ID, "Hello", ""); err != nil {
			t.Fatal(err)
		}
	}
	other := d.says(t, conversations.Claim{}, "another client id, long")
	// The power went in the middle of an earlier try.
	dbtest.Update(t, d.store, func(tx *db.Tx) error {
		_, err := tx.DeleteMessages(d.account.ID, out.Conversation.ID, 10)
		return err
	})
	for range 2 { // the second time there is nothing left, and that is no error
		if err := d.EraseAsVisitor(t.Context(), d.site, out.Token); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.EraseAsVisitor(t.Context(), d.site, "a token of nobody"); err != nil {
		t.Error(err)
	}
	list, _, err := d.List(t.Context(), d.as(d.admin), conversations.Filter{}, db.Page{})
	if err != nil || !slices.ContainsFunc(list, func(c liadesk.Conversation) bool { return c.ID == other.ID }) || len(list) != 1 {
		t.Errorf("left are %+v, %v", list, err)
	}
	if _, err := d.ReadAsVisitor(t.Context(), d.site, out.Token, liadesk.ID{}); liadesk.KindOf(err) != liadesk.KindNotFound {
		t.Errorf("read: %v", err)
	}
	dbtest.View(t, d.store, func(tx *db.Tx) error {
		list, err := tx.MessagesAfter(d.account.ID, out.Conversation.ID, 0, 10)
		if len(list) > 0 {
			t.Errorf("messages are left: %+v", list)
		}
		return err
	})
	if n, err := d.Unread(t.Context(), d.as(d.admin)); err != nil || n != 1 {
		t.Errorf("unread %d, %v", n, err)
	}
}
