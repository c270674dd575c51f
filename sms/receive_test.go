package sms

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/liadesk/campaigns/conversations"
	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

func TestOnlyAWholeKeywordIsOne(t *testing.T) {
	settings := liadesk.Settings{OptOutKeywords: []string{"Adiós", "START."}, OptInKeywords: []string{"¡Sí!"}}
	for text, want := range map[string]Keyword{
		"STOP": KeywordOptOut, " stop. ": KeywordOptOut, "Stop!!!": KeywordOptOut, "STOP ALL": KeywordOptOut, "opt-out": KeywordOptOut,
		"Opt  Out": KeywordOptOut, "ｓｔｏｐ": KeywordOptOut, "ALTO": KeywordOptOut, "baja": KeywordOptOut, "PARAR": KeywordOptOut,
		"Sair": KeywordOptOut, "ARRÊT": KeywordOptOut, "désabonner": KeywordOptOut, "Stopp": KeywordOptOut, "cancella": KeywordOptOut,
		"adios": KeywordOptOut, "\"stop\"": KeywordOptOut, "stop 🛑": KeywordOptOut,
		"START": KeywordOptIn, "unstop": KeywordOptIn, "Voltar": KeywordOptIn, "si": KeywordOptIn,
		"help": KeywordHelp, "AYUDA?": KeywordHelp, "aiuto": KeywordHelp,
		"": KeywordNone, "👍": KeywordNone, "please stop the work": KeywordNone, "stop it": KeywordNone, "yes": KeywordNone, "stopper": KeywordNone,
		"please stop texting me": KeywordNone, strings.Repeat("stop", 100): KeywordNone, "end of story": KeywordNone, "al ta mar": KeywordNone,
		"S.T.O.P.": KeywordOptOut, "s t o p": KeywordOptOut, "S-T-O-P": KeywordOptOut, "ST0P": KeywordOptOut, "un-subscribe": KeywordOptOut, "arrêter": KeywordOptOut, "non-arrêt": KeywordOptIn,
	} {
		if got := ReadKeyword(text, settings, false); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
	if ReadKeyword("Yes", settings, true) != KeywordOptIn {
		t.Error("YES from somebody who opted out is an opt-in")
	}
	if ReadKeyword("stop", liadesk.Settings{OptInKeywords: []string{"stop"}}, false) != KeywordOptOut {
		t.Error("a setting took STOP away")
	}
}

// Every word of the table, as people type it: in capitals, small, with a full
// stop, with blanks around.
func TestEveryKeywordOfEveryLanguageIsObeyed(t *testing.T) {
	for want, words := range map[Keyword]string{
		KeywordOptOut: "STOP,STOPALL,STOP ALL,UNSUBSCRIBE,UNSUB,CANCEL,END,QUIT,REVOKE,OPTOUT,OPT OUT,OPT-OUT,REMOVE," +
			"ALTO,PARAR,BAJA,CANCELAR,DETENER,SALIR,SAIR,REMOVER,DESCADASTRAR,ARRET,ARRÊT,DESABONNER,DÉSABONNER,STOPP,ABMELDEN,ANNULLA,CANCELLA",
		KeywordOptIn: "START,UNSTOP,RESUME,SUBSCRIBE,INICIAR,VOLVER,RECIBIR,ALTA,VOLTAR,RECEBER,NONARRET,REPRENDRE",
		KeywordHelp:  "HELP,INFO,AYUDA,AJUDA,AIDE,HILFE,AIUTO",
	} {
		for word := range strings.SplitSeq(words, ",") {
			for _, typed := range []string{word, strings.ToLower(word), word + ".", "  " + word[:1] + strings.ToLower(word[1:]) + " \n"} {
				if got := ReadKeyword(typed, liadesk.Settings{}, false); got != want {
					t.Errorf("%q is %q, want %q", typed, got, want)
				}
			}
			if got := ReadKeyword(word+" please, all of you", liadesk.Settings{}, false); got != KeywordNone {
				t.Errorf("%q with more words is %q", word, got)
			}
		}
	}
}

func FuzzReadKeyword(f *testing.F) {
	for _, s := range []string{"STOP", "ARRÊT", "a\u0301", "\xff\xfe", "opt\u200bout", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if k := ReadKeyword(s, liadesk.Settings{}, false); k != ReadKeyword(" "+s+" ", liadesk.Settings{}, false) && len(s) < maxKeyword-2 {
			t.Errorf("%q is %q, and something else with blanks around", s, k)
		}
	})
}

// confirmations are the texts in the outbox.
func (b *bench) outbox() []string {
	b.t.Helper()
	var texts []string
	if err := b.store.View(b.t.Context(), func(tx *db.Tx) error {
		texts = nil
		items, err := tx.Outbox(b.account.ID, b.inbox.ID, 100)
		for _, i := range items {
			texts = append(texts, i.Text)
		}
		return err
	}); err != nil {
		b.t.Fatal(err)
	}
	return texts
}

func (b *bench) optedOut(number string) bool {
	b.t.Helper()
	var out bool
	if err := b.store.View(b.t.Context(), func(tx *db.Tx) (err error) {
		_, out, err = tx.OptOutOf(b.account.ID, number)
		return err
	}); err != nil {
		b.t.Fatal(err)
	}
	return out
}

func TestStopOptsOutOnceAndIsConfirmedOnce(t *testing.T) {
	b := newBench(t)
	b.person(1, nil)
	c := b.schedule(nil)
	b.due()
	b.work()
	for range 2 {
		if err := b.text(number(1), "STOP"); err != nil {
			t.Fatal(err)
		}
	}
	if got := b.outbox(); !slices.Equal(got, []string{b.account.Settings.OptOutReply}) || !b.optedOut(number(1)) {
		t.Errorf("confirmations %q", got)
	}
	b.work()
	if last := b.carrier.taken[len(b.carrier.taken)-1]; len(b.carrier.taken) != 2 || last.To != number(1) || last.Text != b.account.Settings.OptOutReply {
		t.Errorf("the confirmation: %+v", b.carrier.taken)
	}
	if p := b.progress(c.ID); p.OptOuts != 1 || p.Replies != 0 {
		t.Errorf("%+v", p)
	}
	if err := b.text(number(1), "start"); err != nil {
		t.Fatal(err)
	}
	if b.optedOut(number(1)) {
		t.Error("START does nothing")
	}
}

func TestTheCarriersOwnConfirmationIsTheOnlyOne(t *testing.T) {
	b := newBench(t)
	form := url.Values{"MessageUUID": {"u1"}, "From": {number(1)[1:]}, "Text": {"STOP"}, "MessageIntent": {"optout"}}
	if err := b.svc.Receive(t.Context(), b.callback(InboundPath(b.inbox.ID), form)); err != nil {
		t.Fatal(err)
	}
	if got := b.outbox(); len(got) != 0 || !b.optedOut(number(1)) {
		t.Errorf("confirmations %q", got)
	}
	// Without the carrier's word, its documented list decides for its countries.
	b.inbox.SMS.Number = "+12025550100"
	b.update(func(tx *db.Tx) error { return tx.PutInbox(b.inbox) })
	for i, text := range []string{"STOP", "BAJA"} {
		form := url.Values{"MessageUUID": {text}, "From": {number(2 + i)[1:]}, "Text": {text}}
		if err := b.svc.Receive(t.Context(), b.callback(InboundPath(b.inbox.ID), form)); err != nil {
			t.Fatal(err)
		}
	}
	if got := b.outbox(); len(got) != 1 {
		t.Errorf("STOP is the carrier's to confirm and BAJA ours: %q", got)
	}
}

func TestAReplyLandsUnderTheTextItAnswersAndCountsOncePerPerson(t *testing.T) {
	b := newBench(t)
	b.person(1, nil)
	b.person(2, nil)
	c := b.schedule(nil)
	b.due()
	b.work()
	sentAt := b.clock.Now()
	b.clock.Advance(time.Hour)
	for _, text := range []string{"How much?", "And when?"} {
		if err := b.text(number(1), text); err != nil {
			t.Fatal(err)
		}
	}
	if p := b.progress(c.ID); p.Replies != 1 {
		t.Errorf("%+v", p)
	}
	talks, _, err := b.talk.List(t.Context(), b.admin, conversations.Filter{}, db.Page{})
	if err != nil || len(talks) != 1 || talks[0].CampaignID != c.ID {
		t.Fatalf("%+v, %v", talks, err)
	}
	thread, err := b.talk.Get(t.Context(), b.admin, talks[0].ID, 0)
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	for _, m := range thread.Messages {
		said = append(said, string(m.From)+": "+m.Text)
	}
	if want := []string{"campaign: Hi Person1, sale!", "visitor: How much?", "visitor: And when?"}; !slices.Equal(said, want) {
		t.Errorf("the thread reads %q", said)
	}
	if at := thread.Messages[0].At; at.After(sentAt) {
		t.Errorf("the campaign's text stands at %s, and went out by %s", at, sentAt)
	}
	b.clock.Advance(replyWindow + time.Hour)
	if err := b.text(number(2), "late"); err != nil {
		t.Fatal(err)
	}
	if p := b.progress(c.ID); p.Replies != 1 {
		t.Errorf("a reply after three days counts: %+v", p)
	}
}

// A website's thread texted the same number after the campaign did: what comes
// back is its answer, and no reply to the campaign.
func TestAnAnswerToAWebsitesThreadIsNoReplyToACampaign(t *testing.T) {
	b := newBench(t)
	b.person(1, nil)
	c := b.schedule(nil)
	b.due()
	b.work()
	b.clock.Advance(time.Hour)
	site := liadesk.Conversation{ID: b.options.IDs(), AccountID: b.inbox.AccountID, Channel: liadesk.InboxWebsite, InboxID: b.options.IDs(), Status: liadesk.ConversationOpen,
		Owner: liadesk.OwnerQueue, CreatedAt: b.clock.Now().UTC(), LastAt: b.clock.Now().UTC(),
		Reach: liadesk.Reach{Phone: number(1), InboxID: b.inbox.ID, TextedAt: b.clock.Now().UTC()}}
	b.update(func(tx *db.Tx) error { return tx.PutConversation(site) })
	b.clock.Advance(time.Minute)
	if err := b.text(number(1), "Friday is fine"); err != nil {
		t.Fatal(err)
	}
	if p := b.progress(c.ID); p.Replies != 0 {
		t.Errorf("%+v", p)
	}
	thread, err := b.talk.Get(t.Context(), b.admin, site.ID, 0)
	if err != nil || len(thread.Messages) != 1 || thread.Messages[0].Text != "Friday is fine" {
		t.Errorf("%+v, %v", thread.Messages, err)
	}
}

func TestATextThatComesTwiceIsOne(t *testing.T) {
	b := newBench(t)
	form := url.Values{"MessageUUID": {"u1"}, "From": {number(1)[1:]}, "Text": {"HELP"}, "MessageIntent": {""}}
	for range 2 { // repeated under a signature of its own
		if err := b.svc.Receive(t.Context(), b.callback(InboundPath(b.inbox.ID), form)); err != nil {
			t.Fatal(err)
		}
	}
	if got := b.outbox(); len(got) != 1 {
		t.Errorf("answers %q", got)
	}
}

func TestForgedCallbacksAreRefusedAndChangeNothing(t *testing.T) {
	b := newBench(t)
	b.person(1, nil)
	c := b.schedule(nil)
	b.due()
	b.work()
	path := strings.TrimPrefix(b.carrier.taken[0].CallbackURL, b.options.PublicURL)
	attempt := path[strings.LastIndex(path, "/")+1:]
	form := url.Values{"MessageUUID": {uuidOf(0)}, "Status": {"delivered"}, "Sequence": {"3"}}
	sign := func(version, token string) func(string) string {
		header := map[string]string{"X-Plivo-Signature-" + version + "-Nonce": "123"}
		if version == "V3" {
			header["X-Plivo-Signature-V3"], _ = SignV3("POST", b.options.PublicURL+path, form, "123", token)
		} else {
			header["X-Plivo-Signature-V2"], _ = SignV2(b.options.PublicURL+path, "123", token)
		}
		return func(name string) string { return header[name] }
	}
	cb := Callback{Inbox: b.inbox.ID, Attempt: attempt, Form: form, Body: []byte(form.Encode())}
	for name, change := range map[string]func(*Callback){
		"unsigned":      func(cb *Callback) { cb.Header = func(string) string { return "" } },
		"wrong token":   func(cb *Callback) { cb.Header = sign("V3", "other") },
		"other inbox":   func(cb *Callback) { cb.Header = sign("V3", token); cb.Inbox = b.options.IDs() },
		"other attempt": func(cb *Callback) { cb.Header = sign("V3", token); cb.Attempt = b.options.IDs().String() },
		"other form":    func(cb *Callback) { cb.Header = sign("V3", token); cb.Form = url.Values{"Status": {"failed"}} },
	} {
		forged := cb
		change(&forged)
		if err := b.svc.ReportStatus(t.Context(), forged); !errors.Is(err, ErrForged) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if p := b.progress(c.ID); p.Accepted != 1 {
		t.Fatalf("a forged report was merged: %+v", p)
	}
	// V2 alone holds while the inbox has seen nothing better, but its nonce not
	// for another body, and never again once V3 was seen.
	cb.Header = sign("V2", token)
	if err := b.svc.ReportStatus(t.Context(), cb); err != nil {
		t.Fatal(err)
	}
	if err := b.svc.ReportStatus(t.Context(), cb); err != nil {
		t.Errorf("the carrier repeats itself: %v", err)
	}
	changed := cb
	changed.Body = []byte("Status=failed")
	if err := b.svc.ReportStatus(t.Context(), changed); !errors.Is(err, ErrForged) {
		t.Errorf("another body under a nonce that was used: %v", err)
	}
	if err := b.report(0, "delivered", "", 3); err != nil {
		t.Fatal(err)
	}
	if err := b.svc.ReportStatus(t.Context(), cb); !errors.Is(err, ErrForged) {
		t.Errorf("V2 after V3: %v", err)
	}
	if p := b.progress(c.ID); p.Delivered != 1 {
		t.Errorf("%+v", p)
	}
}

func TestTheCarriersCodesReachTheContact(t *testing.T) {
	b := newBench(t)
	for i := range 3 {
		b.person(i, nil)
	}
	c := b.schedule(nil)
	b.due()
	b.work()
	for i, code := range []string{"200", "50", "30"} {
		if err := b.report(i, "failed", code, 3); err != nil {
			t.Fatal(err)
		}
	}
	if !b.optedOut(b.carrier.taken[0].To) || b.optedOut(b.carrier.taken[2].To) {
		t.Error("code 200 is an opt-out, and no other")
	}
	var bad liadesk.Contact
	if err := b.store.View(t.Context(), func(tx *db.Tx) (err error) {
		bad, _, err = tx.ContactByPhone(b.account.ID, b.carrier.taken[1].To)
		return err
	}); err != nil || bad.BadNumber != "50" {
		t.Errorf("code 50 marks the number: %+v, %v", bad.BadNumber, err)
	}
	r, err := b.svc.Report(t.Context(), b.admin, c.ID)
	if err != nil || r.Progress.Failed != 3 || len(r.Progress.Failures) != 3 || r.Accepted != 3 || r.Refused != 0 || *r.ConfirmedShare != 1 || *r.DeliveryRate != 0 {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestNoncesAreForgottenAfterADay(t *testing.T) {
	b := newBench(t)
	if err := b.text(number(1), "hello"); err != nil {
		t.Fatal(err)
	}
	old := func() (old bool) {
		if err := b.store.View(t.Context(), func(tx *db.Tx) (err error) {
			old, err = tx.OldNonces(b.account.ID, b.inbox.ID, b.clock.Now())
			return err
		}); err != nil {
			t.Fatal(err)
		}
		return old
	}
	b.clock.Advance(49 * time.Hour)
	if !old() {
		t.Fatal("there is nothing to forget")
	}
	b.tick()
	if old() {
		t.Error("an old nonce was kept")
	}
}

func TestNobodyHasToAnswerAKeyword(t *testing.T) {
	b := newBench(t)
	b.person(1, nil)
	unread := func() int {
		n, err := b.talk.Unread(t.Context(), b.admin)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	for _, word := range []string{"HELP", "STOP", "START"} {
		if err := b.text(number(1), word); err != nil {
			t.Fatal(err)
		}
		if n := unread(); n != 0 {
			t.Errorf("%s asks the team for an answer", word)
		}
	}
	if err := b.text(number(1), "Are you open today?"); err != nil {
		t.Fatal(err)
	}
	if err := b.text(number(1), "STOP"); err != nil {
		t.Fatal(err)
	}
	if n := unread(); n != 1 {
		t.Errorf("the question behind which STOP stands counts %d times", n)
	}
	talks, _, err := b.talk.List(t.Context(), b.admin, conversations.Filter{}, db.Page{})
	if err != nil || len(talks) != 1 || talks[0].WaitingSince.IsZero() {
		t.Errorf("%+v, %v", talks, err)
	}
}

func TestWhoWritesWasSeenWithoutDisturbingWhoeverEditsThem(t *testing.T) {
	b := newBench(t)
	person := b.person(1, nil)
	read := func() (c liadesk.Contact) {
		b.update(func(tx *db.Tx) (err error) {
			c, _, err = tx.Contact(b.account.ID, person.ID)
			return err
		})
		return c
	}
	for range 2 { // the second within a minute costs no write
		if err := b.text(person.Phone, "hello"); err != nil {
			t.Fatal(err)
		}
		b.clock.Advance(20 * time.Second)
	}
	c := read()
	if !c.LastRepliedAt.Equal(noon) || !c.LastSeenAt.Equal(noon) || c.Version != person.Version {
		t.Errorf("%v %v, version %d", c.LastRepliedAt, c.LastSeenAt, c.Version)
	}
	b.clock.Advance(time.Hour)
	if err := b.text(person.Phone, "hello again"); err != nil {
		t.Fatal(err)
	}
	if got := read().LastRepliedAt; !got.Equal(b.clock.Now()) {
		t.Errorf("later: %v", got)
	}
}

// The carrier has words of its own, of its customers' choosing too. What it took
// for an opt-out is one here; what it took for an opt-in is one of somebody who
// had opted out, for YES answers questions.
func TestWhatTheCarrierTookForAnOptOutIsOne(t *testing.T) {
	b := newBench(t)
	b.person(1, nil)
	say := func(text, intent string) bool {
		t.Helper()
		b.nonces++
		if err := b.svc.Receive(t.Context(), b.callback(InboundPath(b.inbox.ID), url.Values{
			"MessageUUID": {fmt.Sprintf("in-%d", b.nonces)}, "From": {number(1)[1:]}, "Text": {text}, "MessageIntent": {intent},
		})); err != nil {
			t.Fatal(err)
		}
		var out bool
		b.update(func(tx *db.Tx) (err error) {
			_, out, err = tx.OptOutOf(b.account.ID, number(1))
			return err
		})
		return out
	}
	for _, c := range []struct {
		text, intent string
		out          bool
	}{{"YES", "optin", false}, {"no more bargains", "optout", true}, {"what is this", "", true}, {"GO", "optin", false}, {"GO", "", false}} {
		if out := say(c.text, c.intent); out != c.out {
			t.Errorf("after %q, taken for %q: opted out %v", c.text, c.intent, out)
		}
	}
}

// A reply belongs to the text that the person got, and not to a later one that
// the carrier says nobody did; to that one only where there is no other.
func TestAReplyIsToTheTextThatArrived(t *testing.T) {
	b := newBench(t)
	b.often()
	b.person(1, nil)
	one := b.sends(nil)
	two := b.sends(nil)
	for i, state := range []struct{ status, code string }{{"delivered", ""}, {"failed", "30"}} {
		if err := b.report(i, state.status, state.code, 3); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.text(number(1), "How much is it?"); err != nil {
		t.Fatal(err)
	}
	if a, c := b.progress(one.ID), b.progress(two.ID); a.Replies != 1 || c.Replies != 0 {
		t.Errorf("%d replies to the one that arrived, %d to the other", a.Replies, c.Replies)
	}
}

// The answer of a phone whose owner drives is nobody's reply; the owner's, later,
// is one.
func TestAnAutomaticAnswerIsNobodysReply(t *testing.T) {
	b := newBench(t)
	b.person(1, nil)
	c := b.sends(nil)
	for i, text := range []string{"Auto-reply: I am driving with Focus turned on.", "Do you have it in blue?"} {
		if err := b.text(number(1), text); err != nil {
			t.Fatal(err)
		}
		if p := b.progress(c.ID); p.Replies != int64(i) {
			t.Errorf("after %q: %d replies", text, p.Replies)
		}
	}
}

// The pictures of a message are the carrier's; that there are some is told.
func TestPicturesLeaveTheirMark(t *testing.T) {
	b := newBench(t)
	for i, c := range []struct{ text, media, want string }{
		{"", "1", "📎"}, {"is this the part?", "2", "is this the part? 📎"}, {"no picture", "0", "no picture"}, {"no word of any", "", "no word of any"},
	} {
		form := url.Values{"MessageUUID": {fmt.Sprint("mms-", i)}, "From": {fmt.Sprint("4670174070", i)}, "To": {strings.TrimPrefix(b.inbox.SMS.Number, "+")},
			"Body": {c.text}, "MediaCount": {c.media}, "MessageIntent": {""}}
		if err := b.svc.Receive(t.Context(), b.callback(InboundPath(b.inbox.ID), form)); err != nil {
			t.Fatal(err)
		}
		talks, _, err := b.talk.List(t.Context(), b.admin, conversations.Filter{}, db.Page{})
		if err != nil || len(talks) != i+1 {
			t.Fatalf("%d threads, %v", len(talks), err)
		}
		if !slices.ContainsFunc(talks, func(c2 liadesk.Conversation) bool { return c2.LastText == c.want }) {
			t.Errorf("%q with %q pictures is not %q", c.text, c.media, c.want)
		}
	}
}
